"""Small products that the tests write."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.product.acquisition import Acquisition, l1c_documents
from ipf.product.angles import AngleGrid, Direction, TileAngles
from ipf.product.bands import BAND_NAMES, BANDS
from ipf.product.documents import Documents
from ipf.product.l1c_writer import L1CMasks, write_l1c_product
from ipf.product.l2a_quality import AtmosphericQuality
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import IMAGES, PROBABILITIES
from ipf.product.metadata import ImageContent
from ipf.product.raster import Grid
from ipf.product.utc import UtcTime

SIDE = 1860
"""Side of the small tile in metres: 186, 93 and 31 pixels."""
SMALL_GRID = Grid(32629, 499980.0, 5900040.0, 10, SIDE // 10, SIDE // 10)
DETECTORS = (8, 9)


def grib_message(table: int, parameter: int) -> bytes:
    """A framed message of GRIB edition 1 that tells its parameter, and holds no values."""
    definition = b"\0\0\x1c" + bytes([table, 98, 128, 255, 0, parameter]) + bytes(19)
    length = 8 + len(definition) + 4
    return b"GRIB" + length.to_bytes(3, "big") + b"\x01" + definition + b"7777"


AUXILIARY = {
    "AUX_ECMWFT": b"".join(grib_message(128, parameter) for parameter in (137, 151, 206)),
    "AUX_CAMSFO": b"".join(grib_message(*field) for field in ((128, 129), (210, 207))),
}
"""Messages of the fields that official files hold, without values."""
CONTENT = ImageContent(
    cloudy_over_land=7.0,
    nodata=0.5,
    saturated_defective=0.0,
    shadow=1.0,
    cloud_shadow=2.0,
    vegetation=40.0,
    not_vegetated=30.0,
    water=10.0,
    unclassified=1.5,
    medium_probability_clouds=3.0,
    high_probability_clouds=2.0,
    thin_cirrus=1.0,
    snow_ice=9.0,
    aot_retrieval_method="CAMS",
    mean_aot=0.12,
    mean_water_vapour=1.5,
    ozone_source="AUX_ECMWFT",
    ozone=310.25,
)
QUALITY = AtmosphericQuality(
    "CONFIG",
    start_visibility=40.0,
    visibility_from_ddv=23.0,
    final_visibility=23.0,
    ddv_pixels=2.5,
    ddv_reflectance=0.05,
    blue_path_radiance_rescaling=1.0,
    negative_reflectance={"B01": 0.25, "B12": 0.0},
    look_up_tables=("scattering.npz",),
    dem="COPERNICUS_90",
    mean_altitude=0.3,
    mean_slope=2.0,
    auxiliary_files=("w010_n51.dt1",),
)


def angles() -> TileAngles:
    """Angles on the nodes of a whole tile, different in every band, detector and direction."""
    rows, columns = np.indices((23, 23), dtype=np.float64)

    def grid(zenith: float, azimuth: float) -> AngleGrid:
        # Tile metadata hold six significant digits.
        return AngleGrid(np.round(zenith + 0.01 * rows, 2), np.round(azimuth - 0.02 * columns, 2))

    viewing = {}
    for number, band in enumerate(BAND_NAMES):
        for detector in DETECTORS:
            viewing[band, detector] = grid(5 + 0.1 * number + detector / 10, 100.0 + 180 * (detector % 2))
    return TileAngles(
        sun=grid(35.0, 160.0),
        mean_sun=Direction(35.11, 159.78),
        viewing=viewing,
        mean_viewing={band: Direction(6.0 + number / 10, 101.5) for number, band in enumerate(BAND_NAMES)},
    )


def small_acquisition(
    baseline: str = "04.00", satellite: str = "S2A", grid: Grid = SMALL_GRID
) -> Acquisition:
    """An acquisition with the identifiers of the real Level-2A product of T29UNU."""
    return Acquisition(
        satellite=satellite,
        tile="29UNU",
        grid=grid,
        sensing_time=UtcTime.parse("2022-10-05T11:56:49.581767Z"),
        angles=angles(),
        absolute_orbit=38058,
        relative_orbit=23,
        creation=UtcTime.parse("2022-10-05T15:30:22.000000Z"),
        baseline=baseline,
        centre="ATOS",
        datatake_start=UtcTime.parse("2022-10-05T11:54:11.024Z"),
        datastrip_start=UtcTime.parse("2022-10-05T11:54:07.461Z"),
    )


def counts(grid: Grid = SMALL_GRID) -> dict[str, npt.NDArray[np.uint16]]:
    """Smooth noisy counts of every band, without data in the upper-left corner."""
    random = np.random.default_rng(11)
    bands = {}
    for number, band in enumerate(BANDS):
        rows, columns = np.indices(grid.at(band.resolution).shape) * band.resolution / SIDE
        surface = 2000 + 150 * number + 900 * np.sin(5 * rows) * np.cos(4 * columns)
        noisy = (surface + random.normal(0, 8, surface.shape)).astype(np.uint16)
        noisy[rows + columns < 0.2] = 0
        bands[band.name] = noisy
    return bands


def masks(bands: Mapping[str, npt.NDArray[np.uint16]]) -> L1CMasks:
    """Two detectors side by side, some flags in three bands, and clouds."""
    footprints, quality = {}, {}
    for number, (band, values) in enumerate(bands.items()):
        columns = np.arange(values.shape[1])
        detectors = np.where(columns < values.shape[1] // 2, *DETECTORS).astype(np.uint8)
        footprints[band] = np.where(values > 0, detectors, 0).astype(np.uint8)
        if number % 5 == 0:
            flags = np.zeros(values.shape, np.uint8)
            flags[3:6, 4:9] = 0b1000_0000
            flags[10:12, 2:7] |= 0b0001_0010
            quality[band] = flags
    clouds = np.zeros(bands["B01"].shape, np.uint8)
    clouds[5:15, 12:20] = 0b001
    clouds[12:18, 18:25] = 0b010
    clouds[25:28, 25:28] = 0b100
    return L1CMasks(footprints, quality, clouds)


def write_small_l1c(parent: Path, acquisition: Acquisition | None = None, workers: int = 1) -> Path:
    """A complete small Level-1C product."""
    bands = counts()
    documents = l1c_documents(acquisition or small_acquisition())
    auxiliary = AUXILIARY if documents.baseline >= "04.00" else {"AUX_ECMWFT": AUXILIARY["AUX_ECMWFT"]}
    return write_l1c_product(parent, documents, bands, masks(bands), auxiliary, workers=workers)


def l2a_images(documents: Documents) -> dict[tuple[str, int], npt.NDArray[np.uint8] | npt.NDArray[np.uint16]]:
    """Every image of a Level-2A tile."""
    random = np.random.default_rng(23)
    images: dict[tuple[str, int], npt.NDArray[np.uint8] | npt.NDArray[np.uint16]] = {}
    for resolution, contents in IMAGES.items():
        shape = documents.tile.grid.at(resolution).shape
        for content in contents:
            if content == "TCI":
                images[content, resolution] = random.integers(1, 256, (3, *shape), dtype=np.uint8)
            elif content == "SCL":
                images[content, resolution] = random.integers(0, 12, shape, dtype=np.uint8)
            else:
                images[content, resolution] = random.integers(1, 9000, shape, dtype=np.uint16)
    return images


def l2a_probabilities(documents: Documents) -> dict[tuple[str, int], npt.NDArray[np.uint8]]:
    """Every probability mask of a Level-2A tile."""
    random = np.random.default_rng(29)
    return {
        (kind, resolution): random.integers(0, 101, documents.tile.grid.at(resolution).shape, dtype=np.uint8)
        for kind, resolution in PROBABILITIES
    }


def fill_l2a(
    writer: L2AProductWriter, documents: Documents, l1c: Path, auxiliary: Mapping[str, Path]
) -> None:
    """Add all images and masks to a writer, those of Level-1C from the folder of its tile."""
    for (content, resolution), image in l2a_images(documents).items():
        writer.add_image(content, resolution, image)
    for (kind, resolution), probability in l2a_probabilities(documents).items():
        writer.add_probability(kind, resolution, probability)
    writer.copy_masks(l1c / "QI_DATA")
    writer.copy_auxiliary(auxiliary)


def tree(product: Path) -> dict[str, str]:
    """Every file of a product by path, with the hash of its content."""
    return {
        path.relative_to(product).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(product.rglob("*"))
        if path.is_file()
    }


def schema(reference_data: Path, baseline: str, name: str) -> etree.XMLSchema:
    """An official schema: PSD 15.0 from baseline 05.11 on, else 14.8."""
    folder = "PSD150" if baseline >= "05.11" else "PSD148"
    return etree.XMLSchema(etree.parse(reference_data / "xsd" / folder / name))
