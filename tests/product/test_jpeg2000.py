"""JPEG 2000 profiles against the code-streams of real products, and the encoder's promises."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from osgeo import gdal

from ipf.errors import OutputError, ProductError
from ipf.product.jp2_boxes import read_boxes
from ipf.product.jpeg2000 import (
    ImageKind,
    coding_profile,
    encode_jpeg2000,
    inspect_jpeg2000,
    inspect_jpeg2000_bytes,
)
from ipf.product.raster import Grid

L1C = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"

REAL_FILES = [
    (L1C, "IMG_DATA/T18LTM_20220125T151701_B01.jp2", ImageKind.BAND, 60),
    (L1C, "IMG_DATA/T18LTM_20220125T151701_B10.jp2", ImageKind.BAND, 60),
    (L1C, "QI_DATA/MSK_DETFOO_B02.jp2", ImageKind.DETFOO, 10),
    (L1C, "QI_DATA/MSK_DETFOO_B05.jp2", ImageKind.DETFOO, 20),
    (L1C, "QI_DATA/MSK_DETFOO_B01.jp2", ImageKind.DETFOO, 60),
    (L1C, "QI_DATA/MSK_QUALIT_B02.jp2", ImageKind.QUALIT, 10),
    (L1C, "QI_DATA/MSK_QUALIT_B05.jp2", ImageKind.QUALIT, 20),
    (L1C, "QI_DATA/MSK_QUALIT_B01.jp2", ImageKind.QUALIT, 60),
    (L1C, "QI_DATA/MSK_CLASSI_B00.jp2", ImageKind.CLASSI, 60),
    (L1C, "QI_DATA/T18LTM_20220125T151701_PVI.jp2", ImageKind.PVI, 320),
    (L2A, "IMG_DATA/R60m/T29UNU_20221005T115411_B8A_60m.jp2", ImageKind.BAND, 60),
    (L2A, "IMG_DATA/R10m/T29UNU_20221005T115411_AOT_10m.jp2", ImageKind.AOT, 10),
    (L2A, "IMG_DATA/R20m/T29UNU_20221005T115411_AOT_20m.jp2", ImageKind.AOT, 20),
    (L2A, "IMG_DATA/R60m/T29UNU_20221005T115411_WVP_60m.jp2", ImageKind.WVP, 60),
    (L2A, "IMG_DATA/R20m/T29UNU_20221005T115411_SCL_20m.jp2", ImageKind.SCL, 20),
    (L2A, "IMG_DATA/R60m/T29UNU_20221005T115411_SCL_60m.jp2", ImageKind.SCL, 60),
    (L2A, "IMG_DATA/R60m/T29UNU_20221005T115411_TCI_60m.jp2", ImageKind.TCI, 60),
    (L2A, "QI_DATA/MSK_CLDPRB_20m.jp2", ImageKind.PROBABILITY, 20),
    (L2A, "QI_DATA/MSK_SNWPRB_60m.jp2", ImageKind.PROBABILITY, 60),
]

ALLOWED_DIFFERENCES = {
    # The driver takes no tiles under 32 pixels.
    ImageKind.PVI: {"tile"},
    # The driver applies the reversible component transform to images of three components only.
    ImageKind.QUALIT: {"component_transform"},
}

PARAMETERS = (
    "components",
    "bits",
    "tile",
    "progression",
    "layers",
    "component_transform",
    "levels",
    "code_block",
    "reversible",
    "precincts",
)


def texture(grid: Grid, kind: ImageKind) -> np.ndarray:
    """Samples of any value the kind can hold, in smooth patches with noise."""
    profile = coding_profile(kind, grid.resolution)
    shape = grid.shape if profile.components == 1 else (profile.components, *grid.shape)
    random = np.random.default_rng(7)
    rows, columns = np.indices(grid.shape)
    smooth = 0.4 + 0.3 * np.sin(rows / 40.0) * np.cos(columns / 55.0)
    noise = 0.02 * random.random(shape)
    return ((smooth + noise) * (2**profile.bits - 1)).astype(profile.dtype)


@pytest.mark.parametrize(("product", "file", "kind", "resolution"), REAL_FILES)
def test_official_profile_is_that_of_the_real_file(
    reference_data: Path, tmp_path: Path, product: str, file: str, kind: ImageKind, resolution: int
) -> None:
    (granule,) = (reference_data / product / "GRANULE").iterdir()
    real = inspect_jpeg2000(granule / file)
    side = max(real.tile) + resolution  # two tiles across: tile size cannot hide behind the image's size
    grid = Grid(32629, 499980.0, 5900040.0, resolution, side, side)
    constant = np.zeros_like(texture(grid, kind))
    encode_jpeg2000(tmp_path / "image.jp2", constant, grid, kind)
    ours = inspect_jpeg2000(tmp_path / "image.jp2")
    differing = {name for name in PARAMETERS if getattr(ours, name) != getattr(real, name)}
    assert differing == ALLOWED_DIFFERENCES.get(kind, set())


def test_boxes_and_georeference_are_those_of_the_real_file(reference_data: Path, tmp_path: Path) -> None:
    (granule,) = (reference_data / L1C / "GRANULE").iterdir()
    real = granule / "IMG_DATA/T18LTM_20220125T151701_B01.jp2"
    grid = Grid(32718, 199980.0, 8700040.0, 60, 1830, 1830)
    ours = tmp_path / "image.jp2"
    encode_jpeg2000(ours, np.zeros(grid.shape, np.uint16), grid, ImageKind.BAND)

    outlines, documents = [], []
    for path in (real, ours):
        content = path.read_bytes()
        boxes = read_boxes(content, len(content), str(path), ProductError)
        outlines.append([(box.kind, box.depth) for box in boxes])
        (xml,) = (box for box in boxes if box.kind == "xml ")
        document = etree.fromstring(
            content[xml.start : xml.start + xml.length], etree.XMLParser(remove_blank_text=True)
        )
        documents.append(etree.tostring(document, method="c14n"))
        header = content.index(b"asoc") - 4
        assert content[:header] == real.read_bytes()[:header]
    assert outlines[0] == outlines[1]
    assert documents[0] == documents[1]

    expected, opened = gdal.Open(str(real)), gdal.Open(str(ours))
    assert opened.GetGeoTransform() == expected.GetGeoTransform()
    assert opened.GetSpatialRef().IsSame(expected.GetSpatialRef())
    assert opened.GetRasterBand(1).GetMetadata("IMAGE_STRUCTURE") == expected.GetRasterBand(1).GetMetadata(
        "IMAGE_STRUCTURE"
    )


@pytest.mark.parametrize("style", ["official", "fast"])
@pytest.mark.parametrize(("kind", "resolution"), [(k, r) for k in ImageKind for r in (10, 20, 60)])
def test_every_image_comes_back_unchanged(
    tmp_path: Path, kind: ImageKind, resolution: int, style: str
) -> None:
    if kind is ImageKind.PVI:
        resolution = 320
    grid = Grid(32632, 600000.0, 5000040.0, resolution, 300, 203)
    samples = texture(grid, kind)
    path = tmp_path / "image.jp2"
    encode_jpeg2000(path, samples, grid, kind, style)  # type: ignore[arg-type]
    decoded = gdal.Open(str(path))
    assert np.array_equal(decoded.ReadAsArray(), samples)
    assert decoded.GetGeoTransform() == grid.geotransform
    assert sorted(tmp_path.iterdir()) == [path]


def test_fast_profile_has_large_code_blocks_and_the_official_tiles() -> None:
    for kind in set(ImageKind) - {ImageKind.PVI}:
        for resolution in (10, 20, 60):
            official, fast = (coding_profile(kind, resolution, style) for style in ("official", "fast"))
            assert fast.code_block == 64
            assert (fast.tile, fast.levels, fast.bits) == (official.tile, official.levels, official.bits)


@pytest.mark.parametrize("side", [1, 2, 3, 17, 31, 32, 33, 61])
def test_images_smaller_than_the_deepest_level(tmp_path: Path, side: int) -> None:
    grid = Grid(32632, 600000.0, 5000040.0, 60, side, side)
    samples = np.arange(side * side, dtype=np.uint16).reshape(side, side)
    encode_jpeg2000(tmp_path / "image.jp2", samples, grid, ImageKind.BAND)
    decoded = gdal.Open(str(tmp_path / "image.jp2")).ReadAsArray()
    assert np.array_equal(np.atleast_2d(decoded), samples)


def test_threads_encode_side_by_side_into_the_same_bytes(tmp_path: Path) -> None:
    grid = Grid(32632, 600000.0, 5000040.0, 20, 700, 700)
    samples = texture(grid, ImageKind.BAND)
    paths = [tmp_path / f"{number}.jp2" for number in range(4)]
    with ThreadPoolExecutor(2) as executor:
        jobs = [
            executor.submit(encode_jpeg2000, path, samples, grid, ImageKind.BAND, "official", 1 + number % 2)
            for number, path in enumerate(paths)
        ]
        for job in jobs:
            job.result()
    assert len({path.read_bytes() for path in paths}) == 1


def test_array_in_any_memory_layout(tmp_path: Path) -> None:
    grid = Grid(32632, 600000.0, 5000040.0, 60, 50, 40)
    samples = texture(grid, ImageKind.BAND)
    for name, view in {
        "columns": np.asfortranarray(samples),
        "strided": np.repeat(samples, 2, 1)[:, ::2],
    }.items():
        encode_jpeg2000(tmp_path / f"{name}.jp2", view, grid, ImageKind.BAND)
        assert np.array_equal(gdal.Open(str(tmp_path / f"{name}.jp2")).ReadAsArray(), samples)


def test_one_plane_stands_for_several_components(tmp_path: Path) -> None:
    grid = Grid(32632, 600000.0, 5000040.0, 60, 50, 40)
    empty, one = np.zeros(grid.shape, np.uint8), np.ones(grid.shape, np.uint8)
    planes = [empty, one, *[empty] * 6]
    encode_jpeg2000(tmp_path / "image.jp2", planes, grid, ImageKind.QUALIT)
    assert np.array_equal(gdal.Open(str(tmp_path / "image.jp2")).ReadAsArray(), np.stack(planes))


@pytest.mark.parametrize(
    ("samples", "kind", "message"),
    [
        (np.zeros((60, 60), np.uint8), ImageKind.BAND, "samples of uint8"),
        (np.zeros((60, 61), np.uint16), ImageKind.BAND, r"shape \(60, 61\), expected uint16 and \(60, 60\)"),
        (np.full((60, 60), 32768, np.uint16), ImageKind.BAND, "sample of 32768, expected at most 32767"),
        (np.zeros((60, 60), np.uint8), ImageKind.TCI, "1 components, expected 3"),
        (np.zeros((3, 60, 60), np.uint8), ImageKind.QUALIT, "3 components, expected 8"),
    ],
)
def test_samples_that_do_not_fit_are_refused(
    tmp_path: Path, samples: np.ndarray, kind: ImageKind, message: str
) -> None:
    grid = Grid(32632, 600000.0, 5000040.0, 60, 60, 60)
    with pytest.raises(OutputError, match=message) as caught:
        encode_jpeg2000(tmp_path / "image.jp2", samples, grid, kind)
    assert "image.jp2" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_unknown_pixel_size_is_refused() -> None:
    with pytest.raises(ValueError, match="MSK_DETFOO at 30 m"):
        coding_profile(ImageKind.DETFOO, 30)


def test_unwritable_folder_is_one_clear_error(tmp_path: Path) -> None:
    grid = Grid(32632, 600000.0, 5000040.0, 60, 60, 60)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/image.jp2: cannot be written"):
        encode_jpeg2000(tmp_path / "file/image.jp2", np.zeros((60, 60), np.uint16), grid, ImageKind.BAND)


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit on file size stands for the full disk; it needs a process of its own."""
    script = textwrap.dedent(
        """
        import signal, sys
        from pathlib import Path
        import numpy as np
        from ipf.errors import OutputError
        from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
        from ipf.product.raster import Grid
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        noise = np.random.default_rng(0).integers(0, 32767, (600, 600), dtype=np.uint16)
        grid = Grid(32632, 600000.0, 5000040.0, 60, 600, 600)
        try:
            encode_jpeg2000(Path(sys.argv[1]) / "image.jp2", noise, grid, ImageKind.BAND)
        except OutputError as problem:
            print(problem)
        """
    )
    limit = 100_000
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert "image.jp2: JPEG 2000 encoding failed" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    grid = Grid(32632, 600000.0, 5000040.0, 60, 8, 8)
    path = tmp_path_factory.mktemp("jp2") / "image.jp2"
    encode_jpeg2000(path, np.zeros(grid.shape, np.uint16), grid, ImageKind.BAND)
    return path.read_bytes()


@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(small_file: bytes, data: st.DataObject) -> None:
    content = bytearray(small_file)
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(ProductError):
        inspect_jpeg2000_bytes(damaged, len(damaged), "damaged.jp2")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"absent.jp2: cannot be read"):
        inspect_jpeg2000(tmp_path / "absent.jp2")


def test_a_stand_in_is_refused(reference_data: Path) -> None:
    (granule,) = (reference_data / L1C / "GRANULE").iterdir()
    with pytest.raises(ProductError, match="not a JP2 file"):
        inspect_jpeg2000(granule / "IMG_DATA/T18LTM_20220125T151701_B02.jp2")
