"""Where images lie and how they are encoded: each difference is found, named, and fails when it has to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import gdal

from ipf.compare.content import Nature, OtherPart, RasterPart
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.structure import (
    ALWAYS_FAILS,
    FAILS_IN_EVERY_PROFILE,
    LENIENT_PROFILE,
    byte_check,
    structure_checks,
)
from ipf.compare.tolerances import StructureTolerances, Tolerances
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.raster import Grid
from tests.compare.damaged import encode, grid_of, read
from tests.compare.rasters import ground

GRID = Grid(32629, 499980.0, 5900040.0, 10, 256, 256)
STRICT = Tolerances()
REPORTING = Tolerances(
    profile="same-algorithm",
    structure=StructureTolerances(encoding="report", bytes="report", naming="report"),
)
LENIENT = REPORTING.model_copy(update={"profile": LENIENT_PROFILE})
SHAPE = GRID.shape


def raster(path: Path, **more: Any) -> RasterPart:
    return RasterPart("B04 10 m", path, Nature.CONTINUOUS, "reflectance", **more)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    (tmp_path / "reference").mkdir()
    path = tmp_path / "reference" / "image.jp2"
    encode_jpeg2000(path, ground(SHAPE), GRID, ImageKind.BAND)
    return path


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    (tmp_path / "candidate").mkdir()
    path = tmp_path / "candidate" / "image.jp2"
    path.write_bytes(reference.read_bytes())
    return path


def checks(reference: Path, candidate: Path, tolerances: Tolerances = STRICT) -> list[Check]:
    return structure_checks(raster(reference), raster(candidate), tolerances)


def failed_but_names(found: list[Check]) -> list[CheckName]:
    """The encoder comments on what it did, which depends on its options."""
    return [name for name in failed(found) if name is not CheckName.NAMING]


def failed(found: list[Check]) -> list[CheckName]:
    return [check.name for check in found if check.status is Status.FAILED]


def message(found: list[Check], name: CheckName) -> str:
    (check,) = [check for check in found if check.name is name]
    return check.message


def test_an_untouched_copy_passes_all_checks(reference: Path, candidate: Path) -> None:
    found = checks(reference, candidate)
    assert [check.name for check in found] == [
        CheckName.GEOREFERENCE,
        CheckName.ENCODING,
        CheckName.NAMING,
    ]
    assert not failed(found)


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        (replace(GRID, epsg=32630), "reference system is EPSG:32630, expected EPSG:32629"),
        (replace(GRID, upper_left_x=499990.0), "geotransform is (499990.0"),
        (replace(GRID, upper_left_y=5900040.1), "5900040.1"),
        (replace(GRID, resolution=20), "geotransform is (499980.0, 20.0"),
    ],
)
@pytest.mark.parametrize("tolerances", [STRICT, LENIENT])
def test_another_place_always_fails(
    reference: Path, candidate: Path, grid: Grid, told: str, tolerances: Tolerances
) -> None:
    encode(candidate, read(candidate), grid)
    found = checks(reference, candidate, tolerances)
    assert failed(found) == [CheckName.GEOREFERENCE]
    assert told in message(found, CheckName.GEOREFERENCE)


@pytest.mark.parametrize(("rows", "columns"), [(255, 256), (256, 255)])
def test_another_shape_always_fails(reference: Path, candidate: Path, rows: int, columns: int) -> None:
    encode(candidate, read(candidate)[:rows, :columns], replace(GRID, rows=rows, columns=columns))
    found = checks(reference, candidate, LENIENT)
    assert failed(found) == [CheckName.GEOREFERENCE]
    assert "is 255, expected 256" in message(found, CheckName.GEOREFERENCE)


def recoded(options: tuple[str, ...] = (), **coding: int) -> Callable[[Path], None]:
    return lambda path: encode(path, read(path), grid_of(path), options=options, **coding)


@pytest.mark.parametrize(
    ("damage", "told", "loses"),
    [
        (recoded(("REVERSIBLE=NO", "QUALITY=20")), "reversible is false, expected true", True),
        (recoded(bits=14), "bits is 14, expected 15", True),
        (recoded(bits=16), "bits is 16, expected 15", False),
        (recoded(tile=128), "tile is (128, 128), expected (256, 256)", False),
        (recoded(levels=2), "levels is 2, expected 4", False),
        (recoded(code_block=16), "code block is (16, 16), expected (64, 64)", False),
        (recoded(precinct=128), "precincts is ((128, 128)", False),
        (recoded(("PROGRESSION=RLCP",)), "progression is 1, expected 0", False),
        (recoded(("QUALITY=30,60,100",)), "layers is 3, expected 1", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_code_stream_is_found(
    reference: Path, candidate: Path, damage: Callable[[Path], None], told: str, loses: bool
) -> None:
    """It fails, or is only reported, as the tolerances say; what loses something fails in either case."""
    damage(candidate)
    strict = checks(reference, candidate)
    assert failed_but_names(strict) == [CheckName.ENCODING]
    assert told in message(strict, CheckName.ENCODING)
    reporting = checks(reference, candidate, REPORTING)
    assert failed(reporting) == ([CheckName.ENCODING] if loses else [])
    lenient = checks(reference, candidate, LENIENT)
    assert not failed(lenient)
    assert told in message(reporting, CheckName.ENCODING) == message(lenient, CheckName.ENCODING)


def test_what_gains_does_not_fail_where_encoding_is_reported(reference: Path, candidate: Path) -> None:
    """A lossless image in place of a lossy one."""
    recoded(("REVERSIBLE=NO", "QUALITY=20"))(candidate)
    assert not failed(checks(candidate, reference, REPORTING))


@pytest.mark.parametrize("tolerances", [STRICT, REPORTING, LENIENT])
def test_a_component_more_fails_in_every_profile(
    reference: Path, candidate: Path, tolerances: Tolerances
) -> None:
    """Nothing would compare it."""
    three = np.stack([ground(SHAPE)] * 3)
    encode(candidate, three, GRID)
    found = checks(reference, candidate, tolerances)
    assert failed(found) == [CheckName.ENCODING]
    assert "components is 3, expected 1" in message(found, CheckName.ENCODING)


def test_the_component_transform_is_found(tmp_path: Path) -> None:
    colours = np.stack([ground(SHAPE, seed) // 32 for seed in (1, 2, 3)]).astype(np.uint8)
    paths = tmp_path / "with.jp2", tmp_path / "without.jp2"
    for path in paths:
        encode_jpeg2000(path, colours, GRID, ImageKind.TCI)
    encode(paths[1], colours, GRID, options=("YCC=NO",))
    found = checks(*paths)
    assert "component transform is false, expected true" in message(found, CheckName.ENCODING)


@pytest.mark.parametrize("change", [{"offset": -1000.0}, {"scale": 1e-3}])
def test_another_quantification_is_one_of_encoding(
    reference: Path, candidate: Path, change: dict[str, float]
) -> None:
    parts = raster(reference), raster(candidate, **change)
    (name,) = change
    found = structure_checks(*parts, STRICT)
    assert failed(found) == [CheckName.ENCODING]
    assert name in message(found, CheckName.ENCODING)
    assert not failed(structure_checks(*parts, REPORTING))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "image.jp2"),
        (lambda path: path.write_bytes(b"no image at all"), "image.jp2"),
        (lambda path: path.write_bytes(b""), "empty stand-in of 0 bytes"),
        (lambda path: path.write_bytes(b"\n"), "empty stand-in of 1 bytes"),
        (lambda path: path.unlink(), "image is missing"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "no regular file"),
        (lambda path: (path.unlink(), path.mkdir()), "image is missing"),
    ],
)
def test_what_cannot_be_opened_is_not_readable(
    reference: Path, candidate: Path, damage: Callable[[Path], object], told: str
) -> None:
    damage(candidate)
    for pair in ((reference, candidate), (candidate, reference)):
        (check,) = checks(*pair, LENIENT)
        assert (check.name, check.status) == (CheckName.READABLE, Status.FAILED)
        assert told in check.message


@pytest.mark.parametrize("damage", [None, recoded(("REVERSIBLE=NO", "QUALITY=20")), recoded(bits=14)])
def test_an_extension_in_capitals_hides_nothing(
    reference: Path, candidate: Path, damage: Callable[[Path], None] | None
) -> None:
    if damage is not None:
        damage(candidate)
    capitals = candidate.rename(candidate.with_suffix(".JP2"))
    found = checks(reference, capitals, REPORTING)
    assert failed(found) == ([] if damage is None else [CheckName.ENCODING])
    assert failed_but_names(checks(reference, capitals)) == failed(found)


def test_a_cut_image_with_an_extension_in_capitals_is_not_readable(reference: Path, candidate: Path) -> None:
    capitals = candidate.rename(candidate.with_suffix(".JP2"))
    capitals.write_bytes(capitals.read_bytes()[:-2])
    assert failed(checks(reference, capitals, LENIENT)) == [CheckName.READABLE]


def write_tiff(path: Path, *, tags: dict[str, float] | None = None, dtype: int = 2, **options: str) -> Path:
    """A GeoTIFF of `GRID`; `tags` are set on its band, `dtype` is GDAL's."""
    given = {"TILED": "YES", "COMPRESS": "DEFLATE", "BLOCKXSIZE": "64", "BLOCKYSIZE": "64"} | options
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), GRID.columns, GRID.rows, 1, dtype, [f"{name}={value}" for name, value in given.items()]
    )
    dataset.SetGeoTransform(GRID.geotransform)
    band = dataset.GetRasterBand(1)
    for tag, value in (tags or {}).items():
        getattr(band, f"Set{tag}")(value)
    band.WriteArray(ground(SHAPE) // 32)
    return path


@pytest.mark.parametrize(
    ("options", "told", "loses"),
    [
        ({"COMPRESS": "LZW"}, "compression is LZW, expected DEFLATE", False),
        ({"PREDICTOR": "2"}, "predictor is 2, expected", False),
        ({"BLOCKXSIZE": "128", "BLOCKYSIZE": "128"}, "blocks is 128 x 128, expected 64 x 64", False),
        ({"tags": {"NoDataValue": 0}}, "no-data tag is 0.0, expected none", False),
        ({"tags": {"Scale": 0.1}}, "scale tag is 0.1, expected none", False),
        ({"tags": {"Offset": 5.0}}, "offset tag is 5.0, expected none", False),
        ({"NBITS": "10"}, "bits is 10, expected all", True),
        ({"dtype": gdal.GDT_Byte}, "data type is Byte, expected UInt16", True),
        ({"dtype": gdal.GDT_Byte, "COMPRESS": "JPEG"}, "compression is JPEG", True),
        ({"dtype": gdal.GDT_Float32}, "data type is Float32, expected UInt16", False),
    ],
)
def test_another_geotiff_is_found(tmp_path: Path, options: dict[str, Any], told: str, loses: bool) -> None:
    first, second = write_tiff(tmp_path / "a.tif"), write_tiff(tmp_path / "b.tif", **options)
    strict = checks(first, second)
    assert failed(strict) == [CheckName.ENCODING]
    assert told in message(strict, CheckName.ENCODING)
    assert failed(checks(first, second, REPORTING)) == ([CheckName.ENCODING] if loses else [])
    assert not failed(checks(first, second, LENIENT))


@pytest.mark.parametrize("tags", [{"Scale": 0.0}, {"Scale": float("nan")}, {"Offset": float("inf")}])
def test_a_tag_that_is_no_number_fails_in_every_profile(tmp_path: Path, tags: dict[str, float]) -> None:
    first = write_tiff(tmp_path / "a.tif", tags={"Scale": 1e-4, "Offset": -0.1})
    second = write_tiff(tmp_path / "b.tif", tags={"Scale": 1e-4, "Offset": -0.1} | tags)
    for tolerances in (STRICT, REPORTING, LENIENT):
        assert failed(checks(first, second, tolerances)) == [CheckName.ENCODING]
    assert not failed(checks(second, first, LENIENT))


def test_overviews_are_found(tmp_path: Path) -> None:
    first, second = write_tiff(tmp_path / "a.tif"), write_tiff(tmp_path / "b.tif")
    gdal.Open(str(second), gdal.GA_Update).BuildOverviews("NEAREST", [2])
    found = checks(first, second)
    assert failed(found) == [CheckName.ENCODING]
    assert "overviews is ((128, 128),)" in message(found, CheckName.ENCODING)


def test_an_image_without_a_place_differs_from_one_that_has_it(tmp_path: Path) -> None:
    first, second = write_tiff(tmp_path / "a.tif"), tmp_path / "b.tif"
    gdal.Translate(str(second), str(first), creationOptions=["PROFILE=BASELINE", "TFW=NO"])
    second.with_suffix(".tif.aux.xml").unlink(missing_ok=True)
    assert CheckName.GEOREFERENCE in failed(checks(first, second, LENIENT))


def test_formats_differ_but_not_their_samples(reference: Path, tmp_path: Path) -> None:
    """The same counts as GeoTIFF: another encoding in the same place."""
    other = tmp_path / "image.tif"
    gdal.Translate(str(other), str(reference))
    found = checks(reference, other)
    assert failed(found) == [CheckName.ENCODING]
    assert "format is GTiff, expected JP2OpenJPEG" in message(found, CheckName.ENCODING)
    assert not failed(checks(reference, other, REPORTING))


def test_all_that_always_fails_is_something_that_is_compared(reference: Path, tmp_path: Path) -> None:
    from ipf.compare.image_file import inspect_image

    known = inspect_image(reference).encoding | inspect_image(write_tiff(tmp_path / "a.tif")).encoding
    assert ALWAYS_FAILS.keys() | FAILS_IN_EVERY_PROFILE.keys() <= known.keys()


def other(path: Path) -> OtherPart:
    return OtherPart("T29UNU/AUX_ECMWFT", path)


@pytest.mark.parametrize(
    ("size", "position"),
    [(100, 0), (100, 99), (2**20 + 10, 2**20 - 1), (2**20 + 10, 2**20), (2**21, 2**21 - 1)],
)
def test_one_byte_is_found_wherever_it_is(tmp_path: Path, size: int, position: int) -> None:
    content = np.random.default_rng(5).integers(0, 256, size, np.uint8)
    first, second = tmp_path / "a.grib", tmp_path / "b.grib"
    first.write_bytes(content.tobytes())
    second.write_bytes(content.tobytes())
    assert byte_check(other(first), other(second), STRICT).status is Status.PASSED
    content[position] ^= 1
    second.write_bytes(content.tobytes())
    check = byte_check(other(first), other(second), STRICT)
    assert (check.name, check.status) == (CheckName.BYTES, Status.FAILED)
    assert check.figures["first difference"] == position
    assert byte_check(other(first), other(second), REPORTING).status is Status.PASSED


def test_a_byte_more_is_found(tmp_path: Path) -> None:
    first, second = tmp_path / "a.grib", tmp_path / "b.grib"
    first.write_bytes(b"GRIB")
    second.write_bytes(b"GRIB\0")
    check = byte_check(other(first), other(second), STRICT)
    assert check.status is Status.FAILED
    assert check.message == "5 bytes, expected 4; the first to differ is byte 4 (from 0)"
    assert byte_check(other(second), other(first), STRICT).status is Status.FAILED


def test_files_that_cannot_be_read_fail(tmp_path: Path) -> None:
    there, absent, pipe = tmp_path / "a.grib", tmp_path / "b.grib", tmp_path / "pipe"
    there.write_bytes(b"GRIB")
    os.mkfifo(pipe)
    for path, told in ((absent, "No such file"), (pipe, "no regular file"), (tmp_path, "no regular file")):
        check = byte_check(other(there), other(path), REPORTING)
        assert (check.name, check.status) == (CheckName.READABLE, Status.FAILED)
        assert str(path) in check.message
        assert told in check.message


def test_folders_without_files_are_the_same_for_the_same_reason(tmp_path: Path) -> None:
    """A folder that is empty, or another name of one that is compared elsewhere."""
    empty, link = (OtherPart("HTML/", tmp_path, kind) for kind in ("empty", "a link to GRANULE"))
    for part in (empty, link):
        same = byte_check(part, part, STRICT)
        assert (same.name, same.status) == (CheckName.FILES, Status.PASSED)
    check = byte_check(empty, link, STRICT)
    assert (check.name, check.status) == (CheckName.FILES, Status.FAILED)
    assert check.message == "folder is a link to GRANULE, expected empty"
