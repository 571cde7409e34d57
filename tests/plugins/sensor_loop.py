"""From a map to lines of pixels and back: how far what is orthorectified is from what the map holds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import scipy.fft
from ipf_plugins.simulator.map_scenes import TexturedScene
from ipf_plugins.simulator.sensor_view import LARGEST_COUNT, SensorView, ViewCalibration
from ipf_plugins.simulator.view_metadata import Acquired, GranuleLines
from ipf_plugins.simulator.view_product import write_view
from scipy.ndimage import convolve1d

from ipf.compare.phase_correlation import cross_spectrum
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.orthorectification import (
    DetectorImage,
    GroundNodes,
    HeightLevels,
    MapArea,
    SensorGrid,
    orthorectify,
)
from ipf.geometry.resampling import Interpolation, PixelWindow, SensorImage
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.sun_field import SunField, TimeField
from ipf.geometry.terrain import Terrain
from ipf.kernels.reflectance import reflectance_of_counts
from ipf.product.bands import BY_NAME
from ipf.product.l1b_reader import L1bProduct, read_l1b_product
from ipf.product.sensor_datastrip import read_sensor_datastrip
from ipf.product.utc import UtcTime

Image = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]
Shift = tuple[float, float]

CREATION = UtcTime.parse("2026-01-02T03:04:05Z")
UTM_ZONE_28 = 32628
SLOPE = np.array([-1.0, 8.0, 0.0, -8.0, 1.0]) / 12.0
"""Weights of five pixels for the slope at the middle one, as convolutions take them."""
SUMMIT = (-16.9425, 32.7594)
"""Longitude and latitude of Pico Ruivo, 1862 m."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A window of a band's map: what came back, what the map holds, by which detector, over which heights."""

    window: PixelWindow
    made: Image
    truth: Image
    detectors: Flags
    relief: float

    @property
    def error(self) -> Image:
        """Reflectance too much."""
        return self.made - self.truth

    @property
    def whole(self) -> bool:
        """Whether every pixel was seen."""
        return bool(np.all(np.isfinite(self.made)))

    def bias(self) -> float:
        """Mean reflectance too much, as a share of the truth."""
        return float(np.mean(self.error, dtype=np.float64) / np.mean(self.truth, dtype=np.float64))

    def correlated(self) -> Shift:
        """Where what came back lies against the map, rows and columns, by phase correlation."""
        return phase_shift(self.truth, self.made)

    def fitted(self) -> Shift:
        """The same by least squares: the shift that explains most of the error."""
        slopes = [convolve1d(self.truth.astype(np.float64), SLOPE, axis) for axis in (0, 1)]
        design = np.stack([-slope[8:-8, 8:-8].ravel() for slope in slopes], axis=1)
        found = np.linalg.lstsq(design, self.error[8:-8, 8:-8].ravel().astype(np.float64), rcond=None)[0]
        return float(found[0]), float(found[1])


FREQUENCIES = (0.02, 0.24)
"""Cycles in a pixel between which the scene's textures have all that there is to be seen of a shift."""


def phase_shift(reference: Image, candidate: Image) -> Shift:
    """Where the content of the candidate lies against the reference, down and right, in pixels.

    The plane through the phases of the cross spectrum of both, tapered all over, at `FREQUENCIES` (Stone,
    Orchard, Chang and Martucci 2001, doi:10.1109/36.957286): beyond them a scene of limited wavelengths has
    no phases, and the peak of a correlation of all would be pulled to zero. The weight of a phase is the
    square root of its amplitude: with 1 weak ones bring noise, with the whole strong ones leak into others.
    """
    spectrum = cross_spectrum(
        reference.astype(np.float64), candidate.astype(np.float64), taper=max(reference.shape)
    )
    rows, columns = np.broadcast_arrays(
        scipy.fft.fftfreq(reference.shape[0])[:, np.newaxis], scipy.fft.rfftfreq(reference.shape[1])
    )
    frequency = np.hypot(rows, columns)
    kept = (frequency >= FREQUENCIES[0]) & (frequency <= FREQUENCIES[1])
    design = -2.0 * math.pi * np.stack((rows[kept], columns[kept]), axis=1)
    weights = np.abs(spectrum.values[kept]) ** 0.25
    phases = np.angle(spectrum.values[kept])
    found = np.linalg.lstsq(design * weights[:, np.newaxis], phases * weights, rcond=None)[0]
    return float(found[0]), float(found[1])


def area_around(longitude: float, latitude: float, size: int, shift: tuple[int, int] = (0, 0)) -> MapArea:
    """A square of `size` m around a place, moved `shift` m to the east and north."""
    to_map = pyproj.Transformer.from_crs(4326, UTM_ZONE_28, always_xy=True)
    easting, northing = to_map.transform(longitude, latitude)
    left = math.floor((easting + shift[0] - size / 2) / 60) * 60
    top = math.ceil((northing + shift[1] + size / 2) / 60) * 60
    return MapArea(UTM_ZONE_28, float(left), float(top), size)


def mesh_of(area: MapArea, count: int = 25) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitudes and latitudes all over an area, (count * count,) each."""
    along = np.linspace(0.0, float(area.size), count)
    longitude, latitude = area.geographic(along[:, np.newaxis], along[np.newaxis, :])
    return longitude.ravel(), latitude.ravel()


def view_of(data: Path, acquisition: SensorGeometry, terrain: Terrain, scene: TexturedScene) -> SensorView:
    """The view of a scene over Madeira."""
    strip = read_sensor_datastrip(next((data / "geometry_madeira" / "DATASTRIP").iterdir()))
    return SensorView(SensorModel(acquisition, terrain), scene, ViewCalibration.of(strip), threads=2)


def product_of(
    folder: Path, data: Path, view: SensorView, granules: GranuleLines, bands: Sequence[str]
) -> L1bProduct:
    """The view written and read again."""
    strip = read_sensor_datastrip(next((data / "geometry_madeira" / "DATASTRIP").iterdir()))
    write_view(folder, view, Acquired.of(strip), granules, bands, CREATION)
    return read_l1b_product(folder)


@dataclass
class Loop:
    """Maps of an area, made of a product that `model` knows the geometry of, against a scene."""

    product: L1bProduct
    model: SensorModel
    scene: TexturedScene
    area: MapArea
    threads: int = 2
    _ground: dict[int, GroundNodes] = field(default_factory=dict)

    def ground(self, resolution: int) -> GroundNodes:
        """Heights of the ground."""
        if resolution not in self._ground:
            self._ground[resolution] = GroundNodes.of(self.model, self.area, resolution)
        return self._ground[resolution]

    def grids(self, band: str) -> list[SensorGrid]:
        """Where the detectors see the area."""
        levels = HeightLevels.over(*self.ground(60).bounds(), margin=50.0)
        found = []
        for detector in sorted(self.product.granules):
            lines = self.product.lines(band, detector)
            reach = float(lines.start), float(lines.stop - 1)
            grid = SensorGrid.of(self.model, self.area, band, detector, levels, reach)
            if grid is not None:
                found.append(grid)
        return found

    def images(self, band: str, grids: Sequence[SensorGrid]) -> Mapping[int, DetectorImage]:
        """Counts of the detectors."""
        made = {}
        for grid in grids:
            counts = self.product.counts(band, grid.detector, threads=self.threads)
            made[grid.detector] = DetectorImage(SensorImage(counts, float(LARGEST_COUNT)))
        return made

    def windows(
        self,
        band: str,
        size: int,
        overlap: int = 0,
        method: Interpolation = Interpolation.B_SPLINE,
        images: Mapping[int, DetectorImage] | None = None,
    ) -> Iterator[Seen]:
        """The area in windows of `size` pixels."""
        resolution = BY_NAME[band].resolution
        grids = self.grids(band)
        images = self.images(band, grids) if images is None else images
        sun = SunField.of(self.model, self.area, TimeField.of(self.model, grids))
        count = self.area.size // resolution
        for row in range(0, count - size + 1, size - overlap):
            for column in range(0, count - size + 1, size - overlap):
                window = PixelWindow(row, column, size, size)
                pixels = orthorectify(grids, images, self.ground(resolution), window, method)
                made = self.reflectance(band, pixels.values, sun.cosine(resolution, window))
                yield Seen(
                    window, made, self.truth(band, window), pixels.detectors, self.relief(band, window)
                )

    def reflectance(self, band: str, counts: Image, cosine: Image) -> Image:
        """Counts of the map to reflectance, as at Level 1C."""
        calibration = ViewCalibration.of(self.product.datastrip)
        made = np.empty_like(counts)
        factor = 1.0 / calibration.factor(band)
        reflectance_of_counts(counts, cosine, calibration.offsets[band], factor, made)
        return made

    def truth(self, band: str, window: PixelWindow, shift: Shift = (0.0, 0.0)) -> Image:
        """What the scene has at the pixels' centres, moved down and to the right by `shift` pixels."""
        resolution = float(BY_NAME[band].resolution)
        rows = (window.row + np.arange(window.height) + 0.5 - shift[0]) * resolution
        columns = (window.column + np.arange(window.width) + 0.5 - shift[1]) * resolution
        eastings, northings = np.meshgrid(self.area.left + columns, self.area.top - rows)
        return self.scene.reflectance(band, eastings, northings)

    def relief(self, band: str, window: PixelWindow) -> float:
        """Metres between the lowest and the highest ground of a window."""
        ground = self.ground(BY_NAME[band].resolution)
        rows, columns = (
            slice(first // ground.step, -(-(first + length) // ground.step))
            for first, length in ((window.row, window.height), (window.column, window.width))
        )
        return float(np.ptp(ground.heights[rows, columns]))


@dataclass(frozen=True, slots=True)
class SeamFigures:
    """Errors of reflectance on both sides of where the detector changes, and elsewhere."""

    pixels: int
    rms: float
    rms_elsewhere: float
    step: float
    """Mean error on the right of the seam less that on its left."""
    step_error: float
    """Standard deviation of that mean, were there no seam."""


def seam(windows: Sequence[Seen], reach: int = 2) -> SeamFigures:
    """Figures of the `reach` pixels on either side of every change of detector along a row."""
    left, right, others = [], [], []
    for seen in windows:
        changes = seen.detectors[:, 1:] != seen.detectors[:, :-1]
        near = np.zeros(seen.detectors.shape, bool)
        for row, column in zip(*np.nonzero(changes), strict=True):
            if reach <= column + 1 <= seen.detectors.shape[1] - reach:
                left.append(seen.error[row, column + 1 - reach : column + 1])
                right.append(seen.error[row, column + 1 : column + 1 + reach])
            near[row, max(column + 1 - reach, 0) : column + 1 + reach] = True
        others.append(seen.error[~near])
    here, there = np.stack(left).astype(np.float64), np.stack(right).astype(np.float64)
    elsewhere = np.concatenate(others).astype(np.float64)
    differences = there.mean(axis=1) - here.mean(axis=1)
    return SeamFigures(
        here.size + there.size,
        float(np.sqrt(np.mean(np.concatenate((here, there)) ** 2))),
        float(np.sqrt(np.mean(elsewhere**2))),
        float(differences.mean()),
        float(differences.std() / math.sqrt(len(differences))),
    )
