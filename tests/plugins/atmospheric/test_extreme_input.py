"""Scenes beyond the ordinary: no data, one class alone, a low sun, high ground, odd counts.

Each gives a product in which every layer is sound, and whose quality report names the fallbacks and the
limits that are exceeded; or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.simulator.spectra import Cover
from osgeo import gdal, osr

from ipf.product.angles import Direction, TileAngles
from ipf.product.bands import BAND_NAMES
from ipf.product.reader import SafeProduct
from tests.plugins.atmospheric import atmospheres, small_scenes
from tests.plugins.atmospheric.small_scenes import GRID, Bands, Outcome, assert_sound, image, native, run

gdal.UseExceptions()

ACCURATE, SEN2COR = "accurate", "sen2cor"
BOTH_MODES = pytest.mark.parametrize("mode", [ACCURATE, SEN2COR])
STATED, RETRIEVED = ("DEFAULT", "DEFAULT"), ("SEN2COR_DDV", "SEN2COR_APDA")
NO_DATA, SATURATED, WATER, UNCLASSIFIED, CLOUD_HIGH, SNOW = 0, 1, 6, 7, 9, 11
LOW_SUN, HIGH_MEAN = "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG", "GROUND_ELEVATION_ABOVE_3_KM"
HIGH_PEAK, EMPTY = "HIGHEST_GROUND_ABOVE_3.5_KM", "NO_DATA_AT_ALL"
FATAL = {LOW_SUN, HIGH_PEAK, EMPTY}
CLOUD = {**dict.fromkeys(BAND_NAMES, 0.7), "B09": 0.5, "B10": 0.05, "B11": 0.45, "B12": 0.4}
MIDDLE_M = 600
"""A multiple of 60 m from the corner of the scenes."""


@pytest.fixture(scope="module")
def ordinary() -> Bands:
    """Forest, soil, crop and water."""
    return small_scenes.patches()


@pytest.fixture(scope="module")
def lake() -> Bands:
    return small_scenes.patches((Cover.CLEAR_WATER,))


@dataclass(frozen=True)
class Made:
    """A product, what it says of itself, and what the run said."""

    product: SafeProduct
    outcome: Outcome

    @property
    def methods(self) -> tuple[str, str]:
        return small_scenes.methods(self.product)

    @property
    def limits(self) -> set[str]:
        return small_scenes.exceeded(self.product)


def process(
    folder: Path,
    counts: Bands,
    mode: str = ACCURATE,
    parameters: Mapping[str, str] | None = None,
    angles: TileAngles = small_scenes.ANGLES,
) -> Made:
    """The product of a scene, which must be sound and tell of its limits alike everywhere."""
    job = small_scenes.job_of(folder, counts, angles)
    outcome = run(job, parameters, mode)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    made = Made(job.product, outcome)
    assert_sound(made.product, counts)
    for limit in made.limits:
        assert any(line.startswith("WARNING") and limit in line for line in outcome.lines)
    passes = "FAILED" if made.limits & FATAL else "PASSED"
    assert small_scenes.figures(made.product)["status"] == passes
    return made


def refusal(folder: Path, counts: Bands, **how: object) -> str:
    """Why a scene is refused: one line, and nothing is left."""
    job = small_scenes.job_of(folder, counts, how.pop("angles", small_scenes.ANGLES))  # type: ignore[arg-type]
    outcome = run(job, **how)  # type: ignore[arg-type]
    assert outcome.exit_code >= 128
    assert "\n" not in outcome.error
    assert not (job.demo / "L2A").exists() or not list((job.demo / "L2A").iterdir())
    return outcome.error


# What the scene shows


def without(counts: Bands, *bands: str) -> Bands:
    """The scene with bands that hold no data."""
    return {band: 0 * each if band in bands or not bands else each for band, each in counts.items()}


def alone(counts: Bands, side_m: int) -> Bands:
    """A square in the middle, of one pixel at least, without data around it."""
    left = without(counts)
    for band, each in counts.items():
        first, side = MIDDLE_M // native(band), max(side_m // native(band), 1)
        here = slice(first, first + side), slice(first, first + side)
        left[band][here] = each[here]
    return left


def holed(counts: Bands) -> Bands:
    """The scene with single pixels of some bands missing."""
    with_holes = {band: each.copy() for band, each in counts.items()}
    for band, row, column in (("B02", 40, 41), ("B11", 30, 3), ("B09", 7, 7), ("B10", 9, 9)):
        with_holes[band][row, column] = 0
    return with_holes


def noise(counts: Bands) -> Bands:
    """Any counts, no data among them."""
    random = np.random.default_rng(0)
    return {band: random.integers(0, 32768, each.shape).astype(np.uint16) for band, each in counts.items()}


Scene = tuple[Callable[[Bands], Bands], tuple[str, str], set[str] | None, int | None]
SCENES: dict[str, Scene] = {
    "no data": (without, STATED, {EMPTY}, NO_DATA),
    "no B02": (lambda counts: without(counts, "B02"), STATED, {EMPTY}, NO_DATA),
    "no B09": (lambda counts: without(counts, "B09"), STATED, {EMPTY}, NO_DATA),
    "no B10": (lambda counts: without(counts, "B10"), STATED, {EMPTY}, NO_DATA),
    "cloud": (lambda _: small_scenes.constant(CLOUD), STATED, {"CLOUD_ONLY"}, CLOUD_HIGH),
    "brighter than white": (lambda _: small_scenes.constant(1.9), STATED, {"CLOUD_ONLY"}, CLOUD_HIGH),
    "the brightest counts": (lambda _: small_scenes.constant(3.1767), STATED, {"CLOUD_ONLY"}, CLOUD_HIGH),
    "the darkest counts": (lambda _: small_scenes.constant(-0.0999), STATED, set(), UNCLASSIFIED),
    "water": (lambda _: small_scenes.patches((Cover.CLEAR_WATER,)), STATED, {"WATER_ONLY"}, WATER),
    "snow": (lambda _: small_scenes.patches((Cover.SNOW,)), ("DEFAULT", "SEN2COR_APDA"), set(), SNOW),
    "forest": (lambda _: small_scenes.patches((Cover.CONIFER_FOREST,)), RETRIEVED, set(), 4),
    "one pixel of 10 m": (lambda counts: alone(counts, 10), STATED, {EMPTY}, NO_DATA),
    "one pixel of 20 m": (lambda counts: alone(counts, 20), STATED, {"WATER_ONLY"}, None),
    "one pixel of 60 m": (lambda counts: alone(counts, 60), STATED, {"WATER_ONLY"}, None),
    "holes": (holed, RETRIEVED, set(), None),
    "noise": (noise, STATED, None, None),
}


@BOTH_MODES
@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_of_its_own_kind(ordinary: Bands, tmp_path: Path, scene: str, mode: str) -> None:
    change, methods, limits, only_class = SCENES[scene]
    made = process(tmp_path, change(ordinary), mode)
    assert made.methods == methods
    if limits is not None:
        assert made.limits == limits
    if only_class is not None:
        assert np.all(image(made.product, "SCL", 20) == only_class)
    content = small_scenes.content_of(made.product)
    if methods == STATED and only_class != NO_DATA:
        assert (content.mean_aot, content.mean_water_vapour) == (0.2, 2.0)


# Counts


def test_counts_that_stand_for_saturation_are_a_class_of_their_own(ordinary: Bands, tmp_path: Path) -> None:
    job = small_scenes.job_of(tmp_path, ordinary)
    here = slice(9, 18), slice(9, 18)
    counts = ordinary["B8A"].copy()
    counts[here] = 65535
    (path,) = (job.demo / "L1C").glob("*.SAFE/GRANULE/*/IMG_DATA/*_B8A.jp2")
    rewrite(path, counts)
    outcome = run(job)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    assert_sound(job.product, {**ordinary, "B8A": counts})
    expected = np.zeros(counts.shape, np.bool_)
    expected[here] = True
    np.testing.assert_array_equal(image(job.product, "SCL", 20) == SATURATED, expected)
    content = small_scenes.content_of(job.product)
    assert content.saturated_defective == pytest.approx(100 * expected.mean(), abs=1e-6)
    assert np.all(image(job.product, "B8A", 20)[here] == small_scenes.LARGEST_COUNT)
    reference = process(tmp_path / "ordinary", ordinary).product
    for band in ("B02", "B8A"):  # what is not known leaves no dark seam around it
        wide = np.repeat(np.repeat(expected, 20 // native(band), 0), 20 // native(band), 1)
        found, wanted = (image(each, band, native(band))[~wide] for each in (job.product, reference))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=30)


def rewrite(path: Path, counts: npt.NDArray[np.uint16]) -> None:
    """An image of 16 bits in place of one of 15."""
    source = gdal.GetDriverByName("MEM").Create("", counts.shape[1], counts.shape[0], 1, gdal.GDT_UInt16)
    source.GetRasterBand(1).WriteArray(counts)
    path.unlink()
    gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(
        str(path), source, options=["REVERSIBLE=YES", "QUALITY=100"]
    )


def test_negative_reflectance_is_kept(lake: Bands, tmp_path: Path) -> None:
    made = process(tmp_path, {**lake, "B8A": (lake["B8A"] - 150).astype(np.uint16)})
    found = image(made.product, "B8A", 20)
    assert np.all((found > 700) & (found < 1000))
    assert small_scenes.figures(made.product)["B8A"] == "100.000000"


@BOTH_MODES
@pytest.mark.parametrize("count", [1, 1000, 32767])
@pytest.mark.parametrize("band", ["B09", "B10"])
def test_a_band_without_signal_or_full_of_it(
    ordinary: Bands, tmp_path: Path, band: str, count: int, mode: str
) -> None:
    made = process(tmp_path, {**ordinary, band: np.full_like(ordinary[band], count)}, mode)
    if band == "B09":
        assert made.methods == ("SEN2COR_DDV", "DEFAULT")
    else:
        assert made.methods == (RETRIEVED if count <= 1000 else STATED)
        assert made.limits == ({"CLOUD_ONLY"} if count > 1000 else set())


# Sun


def under(zenith: float) -> TileAngles:
    return atmospheres.constant_angles(Direction(zenith, 60.0), small_scenes.VIEW, small_scenes.NODES)


@pytest.mark.parametrize(
    ("zenith", "mode"),
    [
        (69.9, ACCURATE),
        (70.1, ACCURATE),
        (75.0, ACCURATE),
        (75.0, SEN2COR),
        (79.0, SEN2COR),
        (80.0, ACCURATE),
    ],
)
def test_a_low_sun_is_told(ordinary: Bands, tmp_path: Path, zenith: float, mode: str) -> None:
    made = process(tmp_path, ordinary, mode, angles=under(zenith))
    assert made.limits == ({LOW_SUN} if zenith > 70 else set())
    checks = made.product.metadata.quality.checks if made.product.metadata else {}
    assert checks["GENERAL_QUALITY"] == ("FAILED" if zenith > 70 else "PASSED")


@pytest.mark.parametrize("zenith", [80.1, 85.0, 90.0, 91.0])
def test_a_sun_below_the_tables_is_refused(ordinary: Bands, tmp_path: Path, zenith: float) -> None:
    error = refusal(tmp_path, ordinary, angles=under(zenith))
    assert f"solar zenith (degrees): {zenith:g} is outside the look-up table (0 to 80)" in error


# Ground


@pytest.mark.parametrize(
    ("metres", "limits", "mode"),
    [
        (-500, set(), ACCURATE),
        (3000, set(), ACCURATE),
        (3001, {HIGH_MEAN}, SEN2COR),
        (3600, {HIGH_MEAN, HIGH_PEAK}, ACCURATE),
        (3600, {HIGH_MEAN, HIGH_PEAK}, SEN2COR),
        (5500, {HIGH_MEAN, HIGH_PEAK}, ACCURATE),
    ],
)
def test_level_ground_on_high(
    ordinary: Bands, tmp_path: Path, metres: int, limits: set[str], mode: str
) -> None:
    parameters = {"atmospheric_state.ground_elevation": str(metres)}
    made = process(tmp_path, ordinary, mode, parameters)
    assert made.limits == limits
    assert small_scenes.figures(made.product)["DEM_MEAN_ALTITUDE_KM"] == f"{metres / 1000:.6f}"


def test_ground_above_the_tables_is_refused(ordinary: Bands, tmp_path: Path) -> None:
    error = refusal(tmp_path, ordinary, parameters={"atmospheric_state.ground_elevation": "5501"})
    assert "ground_elevation" in error
    assert "5500" in error


DEM_SIDE = 95
ROW, COLUMN = np.mgrid[0:DEM_SIDE, 0:DEM_SIDE].astype(np.float64)
HILLS = 200.0 * np.sin(COLUMN / 9.0) * np.cos(ROW / 7.0)


def with_void(value: float) -> npt.NDArray[np.float64]:
    ground = 500.0 + HILLS
    ground[20:25, 30:36] = value
    return ground


def write_dem(
    path: Path, metres: npt.NDArray[np.float64], nodata: float | None = None, east_m: float = 0.0
) -> Path:
    """Elevations on pixels of 20 m, 300 m beyond the tile on each side."""
    kind = gdal.GDT_Float32
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), metres.shape[1], metres.shape[0], 1, kind)
    left, top = GRID.upper_left_x - 300.0 + east_m, GRID.upper_left_y + 300.0
    dataset.SetGeoTransform((left, 20.0, 0.0, top, 0.0, -20.0))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(GRID.epsg)
    dataset.SetProjection(reference.ExportToWkt())
    if nodata is not None:
        dataset.GetRasterBand(1).SetNoDataValue(nodata)
    dataset.GetRasterBand(1).WriteArray(metres)
    return path


DEMS: dict[str, tuple[npt.NDArray[np.float64], float | None, set[str], float]] = {
    "below the sea": (HILLS - 420.0, None, set(), -0.42),
    "a peak": (1000.0 + 13.0 * np.maximum(HILLS, 0.0), None, {HIGH_PEAK}, 1.54),
    "high": (3400.0 + HILLS, None, {HIGH_MEAN, HIGH_PEAK}, 3.4),
    "above the levels": (4500.0 + HILLS, None, {HIGH_MEAN, HIGH_PEAK}, 4.5),
    "highest": (8000.0 + HILLS, None, {HIGH_MEAN, HIGH_PEAK}, 8.0),
    "a cliff": (np.where(COLUMN > 45, 4000.0, 0.0), None, {HIGH_PEAK}, 2.03),
    "void": (with_void(-32768.0), -32768.0, set(), 0.5),
    "void of NaN": (with_void(np.nan), None, set(), 0.5),
    "undeclared void": (with_void(-9999.0), None, set(), 0.5),
    "absurd pixels": (with_void(1e30), None, set(), 0.5),
}


@pytest.mark.parametrize("dem", DEMS)
def test_an_elevation_model(ordinary: Bands, tmp_path: Path, dem: str) -> None:
    metres, nodata, limits, mean = DEMS[dem]
    path = write_dem(tmp_path / "dem.tif", metres, nodata)
    made = process(tmp_path, ordinary, parameters={"elevation.dem": str(path)})
    assert made.limits == limits
    figures = small_scenes.figures(made.product)
    assert figures["DEM_TYPE"] == "dem.tif"
    assert float(figures["DEM_MEAN_ALTITUDE_KM"]) == pytest.approx(mean, abs=0.02)
    told = "elevation: 30 void pixels interpolated, 0 (0.00%) without elevation"
    assert any(told in line for line in made.outcome.lines) == (mean == 0.5)


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def text(path: Path) -> Path:
    path.write_text("no elevation")
    return path


UNUSABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "elsewhere": (lambda path: write_dem(path, HILLS, east_m=1e5), "no elevation within"),
    "no raster": (text, "cannot be opened as elevation"),
    "not there": (lambda path: path, "dem.tif"),
}


@pytest.mark.parametrize("dem", UNUSABLE)
def test_an_elevation_model_that_cannot_be_used(ordinary: Bands, tmp_path: Path, dem: str) -> None:
    make, message = UNUSABLE[dem]
    parameters = {"elevation.dem": str(make(tmp_path / "dem.tif"))}
    error = refusal(tmp_path / "refused", ordinary, parameters=parameters)
    assert "dem.tif: " in error
    assert message in error
    made = process(tmp_path / "flat", ordinary, parameters={**parameters, "elevation.on_missing": "flat"})
    assert small_scenes.figures(made.product)["DEM_TYPE"] == "NONE"
    assert any("flat ground at 0 m instead of the elevation model" in line for line in made.outcome.lines)


def test_an_elevation_model_that_is_cut_is_refused(ordinary: Bands, tmp_path: Path) -> None:
    path = cut(write_dem(tmp_path / "dem.tif", HILLS))
    error = refusal(tmp_path, ordinary, parameters={"elevation.dem": str(path)})
    assert "dem.tif: elevation cannot be read" in error


def test_half_an_elevation_model_is_told(ordinary: Bands, tmp_path: Path) -> None:
    path = write_dem(tmp_path / "dem.tif", 900.0 + HILLS[:, :50])
    made = process(tmp_path / "made", ordinary, parameters={"elevation.dem": str(path)})
    told = "1 file, 55.5% of the tile, the rest taken as sea level"
    assert any(told in line for line in made.outcome.lines)
    parameters = {"elevation.dem": str(path), "elevation.missing_tiles": "error"}
    assert "covers 55.5% of the tile" in refusal(tmp_path / "refused", ordinary, parameters=parameters)
