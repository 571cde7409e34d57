"""Decoding of images and the store, against GDAL's own reading; images that are missing, cut or stand-ins."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osgeo import gdal, osr

from ipf.errors import ProductError
from ipf.product.images import BandStore, decode_flags, decode_image, decode_reduced, image_pieces
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.raster import Grid
from ipf.product.tile_parts import check_codestream

UINT8, UINT16 = np.dtype(np.uint8), np.dtype(np.uint16)
GRID = Grid(32632, 600000.0, 4900020.0, 60, 500, 400)


@pytest.fixture
def counts() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 2**15, GRID.shape).astype(np.uint16)


@pytest.fixture
def image(tmp_path: Path, counts: np.ndarray) -> Path:
    path = tmp_path / "T32TQR_20220125T151701_B01.jp2"
    encode_jpeg2000(path, counts, GRID, ImageKind.BAND)
    return path


@pytest.fixture(scope="module")
def granule(reference_data: Path) -> Path:
    (folder,) = reference_data.glob("products/*T18LTM*/GRANULE/*")
    return folder


TILE = Grid(32718, 199980.0, 8700040.0, 10, 10980, 10980)


@pytest.mark.parametrize("threads", [1, 2])
def test_real_band_is_what_gdal_reads_block_by_block(granule: Path, threads: int):
    path = granule / "IMG_DATA" / "T18LTM_20220125T151701_B09.jp2"
    ours = decode_image(path, TILE.at(60), UINT16, threads)
    dataset = gdal.Open(str(path))
    for row, column in ((0, 0), (1000, 700), (1750, 1700)):
        np.testing.assert_array_equal(
            ours[row : row + 80, column : column + 130], dataset.ReadAsArray(column, row, 130, 80)
        )
    assert ours.dtype == UINT16
    assert not ours.flags.writeable


def test_written_band_comes_back(image: Path, counts: np.ndarray):
    np.testing.assert_array_equal(decode_image(image, GRID, UINT16), counts)


@pytest.mark.parametrize("coarse", [GRID.at(120), GRID.at(240), GRID])
def test_a_band_is_read_coarsely(image: Path, counts: np.ndarray, coarse: Grid):
    """As the mean of its pixels, but for what the wavelets' low-pass differs from it."""
    smooth = np.add.outer(np.arange(GRID.rows), np.arange(GRID.columns)).astype(np.uint16) + np.uint16(100)
    encode_jpeg2000(image, smooth, GRID, ImageKind.BAND)
    factor = coarse.resolution // GRID.resolution
    means = smooth.reshape(coarse.rows, factor, coarse.columns, factor).mean(axis=(1, 3))
    found = decode_reduced(image, GRID, coarse)
    assert found.shape == coarse.shape
    np.testing.assert_allclose(found, means, atol=factor)


def test_what_is_left_over_beside_whole_coarse_pixels_is_not_squeezed_in(image: Path):
    columns = np.broadcast_to(np.arange(GRID.columns, dtype=np.uint16) + 100, GRID.shape)
    encode_jpeg2000(image, np.ascontiguousarray(columns), GRID, ImageKind.BAND)
    coarse = Grid(GRID.epsg, GRID.upper_left_x, GRID.upper_left_y, 360, 83, 66)
    found = decode_reduced(image, GRID, coarse)
    np.testing.assert_allclose(found[40], 102.5 + 6 * np.arange(66), atol=6)


def test_planes_of_a_real_quality_mask_become_bits(granule: Path):
    path = granule / "QI_DATA" / "MSK_QUALIT_B10.jp2"
    flags = decode_flags(path, TILE.at(60), 8)
    planes = gdal.Open(str(path)).ReadAsArray()
    for bit, plane in enumerate(planes):
        np.testing.assert_array_equal((flags >> bit) & 1, plane != 0)
    assert flags.max() > 0


@pytest.mark.parametrize("rows", [range(500), range(190, 195), range(192, 384), range(400, 500), range(1)])
@pytest.mark.parametrize("kind", [ImageKind.BAND, ImageKind.DETFOO])
def test_pieces_hold_the_rows_that_are_wanted_and_no_tiles_beside(
    tmp_path: Path, counts: np.ndarray, rows: range, kind: ImageKind
):
    path, side = tmp_path / "image.jp2", 192 if kind is ImageKind.BAND else 256
    samples = counts if kind is ImageKind.BAND else np.zeros(GRID.shape, np.uint8)
    encode_jpeg2000(path, samples, GRID, kind)
    times = np.zeros(GRID.shape, np.int64)
    for windows, made in image_pieces(path, 1, rows):
        for window in windows:
            times[window.slices] += 1
            np.testing.assert_array_equal(made[0], samples[window.slices])
    held = slice(rows.start // side * side, -(-rows.stop // side) * side)
    assert (times[held] == 1).all()
    assert times.sum() == times[held].size


def test_geotiff_is_read_too(tmp_path: Path, counts: np.ndarray):
    path = tmp_path / "T32TQR_20220125T151701_B01.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), GRID.columns, GRID.rows, 1, gdal.GDT_UInt16)
    dataset.SetGeoTransform(GRID.geotransform)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(GRID.epsg)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(counts)
    del dataset
    np.testing.assert_array_equal(decode_image(path, GRID, UINT16), counts)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.999])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_cut_image_is_one_clear_error_and_prints_nothing(
    image: Path, share: float, threads: int, capfd: pytest.CaptureFixture[str]
):
    content = image.read_bytes()
    image.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ProductError) as caught:
        decode_image(image, GRID, UINT16, threads)
    assert str(image) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@given(start=st.integers(0, 10**6), lost=st.integers(1, 10**5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_lost_anywhere_are_noticed_before_decoding(image: Path, start: int, lost: int):
    content = image.read_bytes()
    start %= len(content)
    damaged = image.with_name("damaged.jp2")
    damaged.write_bytes(content[:start] + content[start + lost :])
    with pytest.raises(ProductError) as caught:
        check_codestream(damaged)
    assert str(damaged) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_real_image_is_whole(reference_data: Path):
    images = [path for path in sorted(reference_data.rglob("*.jp2")) if path.stat().st_size > 1]
    assert len(images) > 100
    for path in images:
        check_codestream(path)


def test_stand_ins_of_real_products_are_named(granule: Path, reference_data: Path):
    with pytest.raises(ProductError, match=r"B02\.jp2: empty stand-in of 1 bytes"):
        decode_image(granule / "IMG_DATA" / "T18LTM_20220125T151701_B02.jp2", TILE, UINT16)
    (flattened,) = reference_data.glob("l1c_metadata/*T55JEJ*/GRANULE/*/IMG_DATA/*_B01.jp2")
    with pytest.raises(ProductError, match=r"image of 29 x 29 pixels, expected 1830 x 1830"):
        decode_image(flattened, Grid(32755, 499980.0, 6900040.0, 60, 1830, 1830), UINT16)


def test_what_is_not_the_expected_image_is_named(image: Path, tmp_path: Path):
    cases = [
        (
            image,
            Grid(32633, 600000.0, 4900020.0, 60, 500, 400),
            UINT16,
            "image in EPSG:32632, expected EPSG:32633 as in the tile metadata",
        ),
        (
            image,
            Grid(32632, 600060.0, 4900020.0, 60, 500, 400),
            UINT16,
            "expected .* as in the tile metadata",
        ),
        (image, GRID, UINT8, "samples of uint16, expected uint8"),
        (tmp_path / "absent.jp2", GRID, UINT16, "image is missing"),
        (tmp_path / "mask.gml", GRID, UINT16, "expected an image file"),
        (tmp_path, GRID, UINT16, "expected an image file"),
    ]
    for path, grid, dtype, expected in cases:
        with pytest.raises(ProductError, match=expected):
            decode_image(path, grid, dtype)
    with pytest.raises(ProductError, match="image of 1 components, expected 8"):
        decode_flags(image, GRID, 8)
    noise = tmp_path / "noise.jp2"
    noise.write_bytes(b"noise" * 100)
    with pytest.raises(ProductError, match="not a JP2 file"):
        decode_image(noise, GRID, UINT16)


def test_decoding_leaves_gdal_as_it_was(image: Path):
    before = gdal.GetThreadLocalConfigOption("GDAL_NUM_THREADS", None), gdal.GetUseExceptions()
    decode_image(image, GRID, UINT16, 2)
    image.write_bytes(b"")
    with pytest.raises(ProductError):
        decode_image(image, GRID, UINT16, 2)
    assert (gdal.GetThreadLocalConfigOption("GDAL_NUM_THREADS", None), gdal.GetUseExceptions()) == before


def test_decoding_works_alike_whether_or_not_gdal_raises_exceptions(image: Path):
    before = gdal.GetUseExceptions()
    noise = image.with_name("noise.tif")
    noise.write_bytes(b"noise" * 100)
    try:
        for choose in (gdal.UseExceptions, gdal.DontUseExceptions):
            choose()
            assert decode_image(image, GRID, UINT16).any()
            with pytest.raises(ProductError, match="cannot be decoded"):
                decode_image(noise, GRID, UINT16)
    finally:
        (gdal.UseExceptions if before else gdal.DontUseExceptions)()


def test_store_decodes_an_image_once_for_many_threads():
    store = BandStore(threads=3)
    calls = []

    def decode(threads: int) -> np.ndarray:
        calls.append(threads)
        time.sleep(0.05)
        return np.zeros((3, 5), np.uint16)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: store.counts("B02", decode), range(16)))
    assert calls == [3]
    assert all(result is results[0] for result in results)
    assert store.held == {"B02": 30}


def test_store_decodes_different_images_side_by_side():
    store = BandStore()
    barrier = threading.Barrier(2, timeout=5)

    def decode(threads: int) -> np.ndarray:
        barrier.wait()
        return np.zeros(1, np.uint8)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: store.counts(name, decode), ("B02", "B03")))


def test_store_forgets_what_is_released_and_what_failed():
    store = BandStore()
    assert store.counts("B02", lambda _: np.zeros(2, np.uint8)).size == 2
    store.release("B02")
    store.release("never held")
    assert store.held == {}
    assert store.counts("B02", lambda _: np.zeros(4, np.uint8)).size == 4

    def fail(threads: int) -> np.ndarray:
        raise ProductError("cut")

    with pytest.raises(ProductError, match="cut"):
        store.counts("B03", fail)
    assert store.counts("B03", lambda _: np.zeros(3, np.uint8)).size == 3
