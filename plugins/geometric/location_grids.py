"""Location grids as files, under the names and conventions of Sen2VM.

Direct grids: a file for each granule and band; node (r, c) is line 1 + r step and pixel c step of band and
detector, from the node nearest to the granule's first line to that of the next granule's; longitude, latitude
(deg), and height above the ellipsoid (m). Inverse grids: a file for each detector and band; node (r, c) lies
at ``ulx + c step, uly - r step``; column (pixel + 0.5) and row (line - 0.5) in the image of the whole
datastrip, NaN where the detector does not look.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
from ipf_plugins.geometric.grid_configuration import GridConfiguration, InverseArea
from osgeo import gdal

from ipf.atomic import atomic_path
from ipf.auxiliary.dem_files import quiet_gdal
from ipf.auxiliary.elevation import MissingTiles
from ipf.auxiliary.sensor_geometry import sensor_geometry
from ipf.auxiliary.terrain_files import open_terrain
from ipf.errors import OutputError, ParameterError
from ipf.geometry.sensor_model import SensorModel
from ipf.product.bands import BY_NAME
from ipf.product.l1b_reader import L1bProduct, read_l1b_product

Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], object]

MARGIN_PIXELS = 10.0
"""Pixels beyond a detector's ends at which inverse grids still tell a place: as those of Sen2VM do."""
MARGIN_DEG = 0.3
"""Ground around what the datastrip sees at height 0: more than the parallax of the highest mountains."""


@dataclass(frozen=True)
class GridJob:
    """The grids of a configuration, restricted to some bands and detectors."""

    configuration: GridConfiguration
    bands: Sequence[str]
    detectors: Sequence[int]
    threads: int
    report: Callable[[str], None]

    def write(self, folder: Path, progress: Progress) -> list[Path]:
        """Write the grids into `folder`; their paths. Raises IpfError naming file and element."""
        settings = self.configuration
        product = read_l1b_product(settings.l1b_product)
        geometry = sensor_geometry(
            product.datastrip,
            settings.gipp_folder,
            settings.iers,
            not settings.deactivate_available_refining,
            any_date=not settings.auto_gipp_selection,
        )
        flat = SensorModel(geometry, None, self.threads)
        absent = [detector for detector in self.detectors if not product.granules.get(detector)]
        for detector in absent:
            self.report(f"no granule of detector {detector:02d} is there: no grids of it")
        seen = [detector for detector in self.detectors if detector not in absent]
        box = _box(flat, product, seen)
        terrain = open_terrain(
            settings.dem, settings.geoid, *box, missing=MissingTiles.SEA_LEVEL, report=self.report
        )
        model = SensorModel(geometry, terrain, self.threads)
        grids = self._direct(model, product, seen)
        if settings.operation == "inverse":
            grids = self._inverse(model, product, seen)
        written: list[Path] = []
        total = self._count(product, seen)
        for name, bands in grids:
            path = folder / name
            _write(path, bands)
            written.append(path)
            progress(len(written) / max(total, 1), name)
        return written

    def _count(self, product: L1bProduct, detectors: Sequence[int]) -> int:
        each = 1 if self.configuration.operation == "inverse" else 0
        return len(self.bands) * sum(each or len(product.granules[detector]) for detector in detectors)

    def _direct(
        self, model: SensorModel, product: L1bProduct, detectors: Sequence[int]
    ) -> Iterator[tuple[str, list[Floats]]]:
        for detector in detectors:
            for granule in product.granules[detector]:
                identifier = granule.folder.name.replace("_MSI_", "_GEO_").rpartition("_N")[0]
                for band in self.bands:
                    resolution = BY_NAME[band].resolution
                    step = self.configuration.steps.of(resolution)
                    lines, columns = granule.metadata.lines(band), granule.metadata.shape(band)[1]
                    first, stop = (_nearest(line - 1, step) for line in (lines.start, lines.stop))
                    rows = 1.0 + np.arange(first, stop + 1) * step
                    pixels = np.arange(_nearest(columns, step) + 1) * step
                    place = model.direct_location(band, detector, rows[:, None], pixels)
                    values = [place.longitude, place.latitude]
                    if self.configuration.export_alt:
                        values.append(place.height)
                    yield f"{identifier}_{band}.tif", values

    def _inverse(
        self, model: SensorModel, product: L1bProduct, detectors: Sequence[int]
    ) -> Iterator[tuple[str, list[Floats]]]:
        area = self.configuration.inverse_location_additional_info
        assert area is not None
        strip = product.datastrip.file.parent.name.replace("_MSI_", "_INV_").rpartition("_N")[0]
        for detector in detectors:
            for band in self.bands:
                step = self.configuration.steps.of(BY_NAME[band].resolution)
                longitude, latitude = _nodes(area, step)
                lines = product.lines(band, detector)
                found, pixels = model.inverse_location(
                    band,
                    detector,
                    longitude,
                    latitude,
                    lines=(float(lines.start), float(lines.stop - 1)),
                    margin=MARGIN_PIXELS,
                )
                yield f"{strip}_D{detector:02d}_{band}.tif", [pixels + 0.5, found - 0.5]


def _nearest(place: float, step: float) -> int:
    return math.floor((place + step / 2) / step)


def _nodes(area: InverseArea, step: float) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of the nodes of inverse grids."""
    try:
        to_geographic = pyproj.Transformer.from_crs(area.referential, 4326, always_xy=True)
    except pyproj.exceptions.CRSError as problem:
        raise ParameterError(f"referential '{area.referential}': {problem}") from problem
    columns = math.ceil((area.lr_x - area.ul_x) / step) + 1
    rows = math.ceil((area.ul_y - area.lr_y) / step) + 1
    if columns < 2 or rows < 2:
        raise ParameterError(
            f"inverse_location_additional_info: {rows} x {columns} nodes, expected 2 x 2 or more"
        )
    x, y = np.meshgrid(area.ul_x + step * np.arange(columns), area.ul_y - step * np.arange(rows))
    longitude, latitude = to_geographic.transform(x, y)
    return np.asarray(longitude), np.asarray(latitude)


def _box(
    model: SensorModel, product: L1bProduct, detectors: Sequence[int]
) -> tuple[float, float, float, float]:
    """West, south, east and north of what the detectors see at height 0, with a margin, in degrees."""
    places = []
    for detector in detectors:
        lines = product.lines("B03", detector)
        rows = np.linspace(lines.start, lines.stop, 9)[:, None]
        edge = np.array([0.0, model.pixel_count("B03", detector) - 1.0])
        places.append(model.direct_location("B03", detector, rows, edge, height=0.0))
    if not places:
        raise ParameterError("none of the detectors asked for has a granule")
    longitude = np.concatenate([place.longitude.ravel() for place in places])
    latitude = np.concatenate([place.latitude.ravel() for place in places])
    turned = np.rad2deg(np.unwrap(np.deg2rad(longitude)))
    west, east = (float(value) for value in (turned.min() - MARGIN_DEG, turned.max() + MARGIN_DEG))
    south, north = float(latitude.min()) - MARGIN_DEG, float(latitude.max()) + MARGIN_DEG
    return (west + 180.0) % 360.0 - 180.0, south, (east + 180.0) % 360.0 - 180.0, north


def _write(path: Path, bands: Sequence[Floats]) -> None:
    """A GeoTIFF of float64 bands on a local grid of pixels, origin at the lower left, as Sen2VM writes it."""
    rows, columns = bands[0].shape
    with atomic_path(path) as temporary, quiet_gdal():
        try:
            driver = gdal.GetDriverByName("GTiff")
            dataset = driver.Create(
                str(temporary), columns, rows, len(bands), gdal.GDT_Float64, ["INTERLEAVE=PIXEL"]
            )
            dataset.SetGeoTransform((0.0, 1.0, 0.0, float(rows), 0.0, -1.0))
            for number, values in enumerate(bands, 1):
                dataset.GetRasterBand(number).WriteArray(np.ascontiguousarray(values))
            dataset.FlushCache()
        except RuntimeError as problem:
            raise OutputError(f"{path}: cannot be written: {problem}") from problem
