"""Damaged files, absent angles, impossible forecasts: refused in one line, or a product that says what was
taken instead."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.simulator.spectra import Cover
from osgeo import gdal, osr

from ipf.auxiliary.grib import PARAMETERS, GribField
from ipf.auxiliary.grib_writer import encode_field
from ipf.product.angles import AngleGrid, TileAngles
from ipf.product.reader import SafeProduct
from tests.plugins.atmospheric import small_scenes
from tests.plugins.atmospheric.chain import Job
from tests.plugins.atmospheric.small_scenes import ANGLES, AOT, GRID, WATER_VAPOUR, assert_sound, run

gdal.UseExceptions()

BOTH_MODES = pytest.mark.parametrize("mode", ["accurate", "sen2cor"])
RETRIEVED = ("SEN2COR_DDV", "SEN2COR_APDA")
B05, DETFOO = "IMG_DATA/*_B05.jp2", "QI_DATA/MSK_DETFOO_B05.jp2"
Edit = Callable[[Path], object]


@pytest.fixture(scope="module")
def counts() -> small_scenes.Bands:
    """Forest, soil, crop and water."""
    return small_scenes.patches()


@pytest.fixture(scope="module")
def lake() -> small_scenes.Bands:
    """Nothing but water: whatever is retrieved over land falls back."""
    return small_scenes.patches((Cover.CLEAR_WATER,))


@pytest.fixture(scope="module")
def healthy(counts: small_scenes.Bands, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A job that has run."""
    job = small_scenes.job_of(tmp_path_factory.mktemp("healthy"), counts)
    outcome = run(job)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    return job


def test_a_healthy_scene_is_retrieved_and_passes(healthy: Job, counts: small_scenes.Bands) -> None:
    assert_sound(healthy.product, counts)
    assert small_scenes.methods(healthy.product) == RETRIEVED
    assert small_scenes.exceeded(healthy.product) == set()
    assert small_scenes.figures(healthy.product)["status"] == "PASSED"
    content = small_scenes.content_of(healthy.product)
    assert content.mean_aot == pytest.approx(AOT, abs=0.03 + 0.1 * AOT)
    assert content.mean_water_vapour == pytest.approx(WATER_VAPOUR, abs=0.2 + 0.1 * WATER_VAPOUR)


# Files


def cut(bytes_left: Callable[[int], int], path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: bytes_left(len(whole))])


def write_jp2(
    shape: tuple[int, ...], dtype: npt.DTypeLike, east_m: float, path: Path, resolution: int = 20
) -> None:
    """An image of constant samples in place of `path`, (rows, columns) or (planes, rows, columns)."""
    samples = np.full((1, *shape) if len(shape) == 2 else shape, 100, dtype)
    kind = {np.uint8: gdal.GDT_Byte, np.uint16: gdal.GDT_UInt16, np.int16: gdal.GDT_Int16}[
        np.dtype(dtype).type
    ]
    source = gdal.GetDriverByName("MEM").Create("", shape[-1], shape[-2], samples.shape[0], kind)
    left, *rest = GRID.at(resolution).geotransform
    source.SetGeoTransform((left + east_m, *rest))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(GRID.epsg)
    source.SetProjection(reference.ExportToWkt())
    for number, plane in enumerate(samples, start=1):
        source.GetRasterBand(number).WriteArray(plane)
    path.unlink()
    gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(
        str(path), source, options=["REVERSIBLE=YES", "QUALITY=100"]
    )


def jp2(shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint16, east_m: float = 0.0) -> Edit:
    return partial(write_jp2, shape, dtype, east_m)


def without(pattern: str, path: Path) -> None:
    """Take out of a text file what matches."""
    text = path.read_text()
    less = re.sub(pattern, "", text, flags=re.DOTALL)
    assert less != text
    path.write_text(less)


def blind(path: Path) -> None:
    """Take the viewing angles of B05 away, at the nodes and on average."""
    for element in ("Viewing_Incidence_Angles_Grids", "Mean_Viewing_Incidence_Angle"):
        without(f'<{element} bandId="4".*?</{element}>', path)


SHAPE = GRID.at(20).shape
DAMAGES: dict[str, tuple[str, Edit, str]] = {
    "missing": (B05, Path.unlink, "No such file"),
    "empty": (B05, partial(cut, lambda size: 0), "empty stand-in of 0 bytes"),
    "stand-in": (B05, partial(cut, lambda size: 1), "empty stand-in of 1 bytes"),
    "text": (B05, lambda path: path.write_text("no image" * 99), "not a JP2 file"),
    "cut in half": (B05, partial(cut, lambda size: size // 2), "is cut"),
    "last 100 bytes cut": (B05, partial(cut, lambda size: size - 100), "is cut"),
    "B10 cut": ("IMG_DATA/*_B10.jp2", partial(cut, lambda size: size - 100), "is cut"),
    "too few rows": (B05, jp2((SHAPE[0] - 3, SHAPE[1])), "image of 60 x 63 pixels, expected 63 x 63"),
    "pixels of 10 m": (B05, jp2(GRID.shape), "image of 126 x 126 pixels, expected 63 x 63"),
    "three components": (B05, jp2((3, *SHAPE)), "3 components, expected 1"),
    "8 bits": (B05, jp2(SHAPE, np.uint8), "samples of uint8, expected uint16"),
    "signed": (B05, jp2(SHAPE, np.int16), "not unsigned integers"),
    "elsewhere": (B05, jp2(SHAPE, east_m=20.0), "geotransform"),
    "footprint of another size": (DETFOO, jp2((61, 63), np.uint8), "image of 61 x 63 pixels"),
    "footprint of 16 bits": (DETFOO, jp2(SHAPE), "samples of uint16, expected uint8"),
    "footprint of three planes": (DETFOO, jp2((3, *SHAPE), np.uint8), "3 components, expected 1"),
    "footprint cut": (DETFOO, partial(cut, lambda size: size // 2), "is cut"),
    "no quality mask": ("QI_DATA/MSK_QUALIT_B01.jp2", Path.unlink, "No such file"),
    "empty cloud mask": ("QI_DATA/MSK_CLASSI_B00.jp2", partial(cut, lambda size: 0), "empty stand-in"),
    "metadata cut": ("MTD_TL.xml", partial(cut, lambda size: size // 2), "not well-formed XML"),
    "no view of a band": ("MTD_TL.xml", blind, "no viewing angles of band B05"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_in_one_line(healthy: Job, tmp_path: Path, damage: str) -> None:
    pattern, edit, message = DAMAGES[damage]
    job = Job(tmp_path)
    shutil.copytree(healthy.demo / "L1C", job.demo / "L1C")
    (path,) = (job.demo / "L1C").glob(f"*.SAFE/GRANULE/*/{pattern}")
    edit(path)
    outcome = run(job)
    assert outcome.exit_code >= 128
    assert message in outcome.error
    assert (path.name if path.suffix == ".jp2" else "18LTM") in outcome.error
    assert "\n" not in outcome.error
    assert sorted(entry.name for entry in job.demo.iterdir()) == ["L1C"]


# Angles


def emptied(grid: AngleGrid, rows: slice, columns: slice) -> AngleGrid:
    """The grid without the values of some nodes."""
    zenith, azimuth = grid.zenith.copy(), grid.azimuth.copy()
    zenith[rows, columns] = azimuth[rows, columns] = np.nan
    return AngleGrid(zenith, azimuth, grid.row_step, grid.column_step)


def without_views(bands: tuple[str, ...], columns: slice) -> TileAngles:
    """Angles without views of bands (all, if none are named) at some columns of nodes."""
    viewing = {
        (band, detector): emptied(grid, slice(None), columns) if band in bands or not bands else grid
        for (band, detector), grid in ANGLES.viewing.items()
    }
    return replace(ANGLES, viewing=viewing)


EVERYWHERE = slice(None)
ABSENT: dict[str, TileAngles] = {
    "sun at one node": replace(ANGLES, sun=emptied(ANGLES.sun, slice(0, 1), slice(0, 1))),
    "views outside of the swath": without_views((), slice(1, None)),
    "views of one band": without_views(("B05",), EVERYWHERE),
    "views of the band of the clouds": without_views(("B04",), EVERYWHERE),
    "views of all bands": without_views((), EVERYWHERE),
}
BLIND = {
    "views of one band": "B05",
    "views of the band of the clouds": "B04",
    "views of all bands": "B01, B02, B03, B04, B05, B06, B07, B08, B8A, B09, B11, B12",
}


@pytest.mark.parametrize("absent", ABSENT)
def test_absent_angles_are_those_of_the_nearest_node_or_the_mean(
    healthy: Job, counts: small_scenes.Bands, tmp_path: Path, absent: str
) -> None:
    """All angles of the scene are the same: filled well, they give the same pixels."""
    job = small_scenes.job_of(tmp_path, counts, ABSENT[absent])
    outcome = run(job)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    told = [line for line in outcome.lines if "the mean direction is taken" in line]
    assert len(told) == (absent in BLIND)
    assert all(f" {BLIND[absent]}: no viewing angles at the nodes" in line for line in told)
    assert_same_images(job.product, healthy.product)


def assert_same_images(found: SafeProduct, expected: SafeProduct) -> None:
    for key, path in expected.images.items():
        assert found.images[key].read_bytes() == path.read_bytes(), key


def test_a_tile_without_any_sun_angle_is_refused(counts: small_scenes.Bands, tmp_path: Path) -> None:
    sunless = replace(ANGLES, sun=emptied(ANGLES.sun, EVERYWHERE, EVERYWHERE))
    outcome = run(small_scenes.job_of(tmp_path, counts, sunless))
    assert outcome.exit_code >= 128
    assert re.search(r"MTD_TL\.xml:\d+: Sun_Angles_Grid: no node has a zenith and an azimuth", outcome.error)


# Forecasts


def field(name: str, value: float, latitude: tuple[float, float] = (-10.0, -13.0)) -> GribField:
    """A constant forecast around the tile, or elsewhere."""
    (table, number), unit = next((key, unit) for key, (known, unit) in PARAMETERS.items() if known == name)
    time = datetime(2022, 1, 25, 12, tzinfo=UTC)
    north_to_south, west_to_east = np.linspace(*latitude, 7), np.linspace(-77.0, -74.0, 7)
    values = np.full((7, 7), value)
    return GribField(
        name, unit, table, number, 1, 0, time, time + timedelta(hours=3), north_to_south, west_to_east, values
    )


def forecasts(**other: Any) -> dict[str, bytes]:
    """Files embedded in a product: AOT 0.3, 2 cm of water, 0.28 cm-atm of ozone, 1013.25 hPa, or others."""
    known = {"aod550": 0.3, "tcwv": 20.0, "tco3": 0.006, "msl": 101325.0}
    given = {name: field(name, value) for name, value in known.items()}
    given.update(
        {name: each if isinstance(each, GribField) else field(name, each) for name, each in other.items()}
    )
    cams = [name for name in given if name in ("aod550", "z")]
    return {
        "AUX_CAMSFO": b"".join(encode_field(given[name]) for name in cams),
        "AUX_ECMWFT": b"".join(encode_field(each) for name, each in given.items() if name not in cams),
    }


IMPOSSIBLE: dict[str, tuple[dict[str, bytes], str]] = {
    "AOT of 30": (forecasts(aod550=30.0), r"AUX_CAMSFO: aod550 is 30 to 30, expected -0.01 to 10 \(tile"),
    "negative AOT": (forecasts(aod550=-0.1), "AUX_CAMSFO: aod550 is -0.1 to -0.1"),
    "50 cm of water": (forecasts(tcwv=500.0), "AUX_ECMWFT: tcwv is 50 to 50 cm, expected -0.05 to 15"),
    "negative water": (forecasts(tcwv=-5.0), "AUX_ECMWFT: tcwv is -0.5 to -0.5 cm"),
    "no ozone": (forecasts(tco3=0.0), "AUX_ECMWFT: tco3 is 0 to 0 cm-atm, expected 0.1 to 0.7"),
    "no pressure": (forecasts(msl=0.0), "AUX_ECMWFT: msl is 0 to 0 hPa, expected 850 to 1100"),
    "ground at 9 km": (forecasts(z=90000.0), "AUX_CAMSFO: z is 9177 to 9177 m, expected -500 to 6000"),
    "aerosol elsewhere": (
        forecasts(aod550=field("aod550", 0.3, (20.0, 10.0))),
        "AUX_CAMSFO: GRIB field aod550: latitude .* is outside 10 to 20 degrees",
    ),
    "water elsewhere": (
        forecasts(tcwv=field("tcwv", 20.0, (20.0, 10.0))),
        "AUX_ECMWFT: GRIB field tcwv: latitude .* is outside 10 to 20 degrees",
    ),
    "cut": ({**forecasts(), "AUX_ECMWFT": forecasts()["AUX_ECMWFT"][:200]}, "AUX_ECMWFT: .* cut"),
    "empty": ({**forecasts(), "AUX_ECMWFT": b""}, "AUX_ECMWFT: no GRIB message"),
    "text": ({**forecasts(), "AUX_CAMSFO": b"no forecast"}, "AUX_CAMSFO: .* does not start with GRIB"),
}


@pytest.mark.parametrize("forecast", IMPOSSIBLE)
def test_a_forecast_that_cannot_be_is_refused(
    counts: small_scenes.Bands, tmp_path: Path, forecast: str
) -> None:
    embedded, message = IMPOSSIBLE[forecast]
    job = small_scenes.job_of(tmp_path, counts, auxiliary=embedded)
    outcome = run(job)
    assert outcome.exit_code >= 128
    assert re.search(message, outcome.error)
    assert "\n" not in outcome.error
    assert not (job.demo / "L2A").exists()


@BOTH_MODES
def test_too_much_aerosol_and_water_in_a_forecast_are_limited_and_told(
    lake: small_scenes.Bands, tmp_path: Path, mode: str
) -> None:
    job = small_scenes.job_of(tmp_path, lake, auxiliary=forecasts(aod550=4.0, tcwv=120.0))
    outcome = run(job, mode=mode)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    assert_sound(job.product, lake)
    assert small_scenes.methods(job.product) == ("CAMS", "ECMWF")
    content = small_scenes.content_of(job.product)
    assert (content.mean_aot, content.mean_water_vapour) == (2.9, 9.0)
    limits = {"AOT_ABOVE_1", "GRANULE_WV_ABOVE_5_CM", "VISIBILITY_LESS_THAN_5_KM", "WATER_ONLY"}
    assert small_scenes.exceeded(job.product) == limits
    for told in ("aerosol optical thickness limited to 2.9", "water vapour limited to 9 cm"):
        assert any(told in line for line in outcome.lines)
    for limit in limits:
        assert any(limit in line for line in outcome.lines if line.startswith("WARNING"))


@pytest.mark.parametrize("water", [0.0, 3.0, 80.0])
def test_water_is_retrieved_however_far_off_the_forecast_is(
    counts: small_scenes.Bands, tmp_path: Path, water: float
) -> None:
    job = small_scenes.job_of(tmp_path, counts, auxiliary=forecasts(tcwv=water))
    outcome = run(job)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    assert_sound(job.product, counts)
    assert small_scenes.methods(job.product) == RETRIEVED
    content = small_scenes.content_of(job.product)
    assert content.mean_water_vapour == pytest.approx(WATER_VAPOUR, abs=0.2 + 0.1 * WATER_VAPOUR)
