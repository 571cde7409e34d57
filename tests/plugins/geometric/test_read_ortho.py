"""Images and masks of a tile come back by window, and what is wrong with them is told by their file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.geometric.read_ortho import Inputs, Outputs, read, read_ortho

from ipf.engine import Context, NoParameters, TaskRequest
from ipf.engine.testing import check_declaration
from ipf.errors import IpfError
from ipf.product.bands import BAND_NAMES
from ipf.product.raster import Window
from tests.plugins.geometric.made_tiles import TILES, MadeTile, make_list, make_tile, write_counts


@pytest.fixture
def made(tmp_path: Path) -> MadeTile:
    make_list(tmp_path / "tile_list_file.xml")
    return make_tile(tmp_path / "tiles")


def opened(folder: Path, *tiles: str, **parameters: str) -> Outputs:
    """The layers of the tile, from inputs in `folder`."""
    inputs = {
        "PDI_DS_TILE_LIST": tuple(folder / name for name in tiles or ("tiles",)),
        "TILE_LIST_FILE": (folder / "tile_list_file.xml",),
    }
    request = TaskRequest("L1C", "00.00", "FORMAT_IMG_L1C", inputs, {}, parameters, part=TILES[0])
    context = Context(request, datetime(2024, 9, 1, tzinfo=UTC), folder)
    outputs: Outputs = read(Inputs(), NoParameters(), context)
    return outputs


def folder_of(root: Path, made: MadeTile) -> Path:
    return root / "tiles" / made.metadata.identifier


def test_declared() -> None:
    check_declaration(read_ortho)


def test_windows(tmp_path: Path, made: MadeTile) -> None:
    layers = opened(tmp_path)
    assert layers.tile_frame.grid == layers.tile_metadata.grid == made.metadata.grid
    assert tuple(layers.toa_reflectance) == tuple(layers.quality) == BAND_NAMES
    window = Window(3, 7, 11, 19)
    for band in BAND_NAMES:
        for rasters, expected in (
            (layers.toa_reflectance, made.counts),
            (layers.detector_footprint, made.footprints),
            (layers.quality, made.quality),
        ):
            read_back = rasters[band].read(window)
            assert read_back.dtype == expected[band].dtype
            assert np.array_equal(read_back, expected[band][window.slices])
            assert np.array_equal(rasters[band].read_all(), expected[band])
    reflectance = layers.toa_reflectance["B02"].read_physical(window)
    raw = made.counts["B02"][window.slices].astype(np.float64)
    known = raw > 0
    assert known.any()
    assert not known.all()
    assert np.isnan(reflectance[~known]).all()
    assert np.allclose(reflectance[known], (raw[known] - 1000) / 10000, rtol=0, atol=1e-7)
    assert np.array_equal(layers.cloud_classification[""].read_all(), made.clouds)
    assert layers.quality["B02"].flags[7] == "saturated"


def test_some_bands_and_no_clouds(tmp_path: Path, made: MadeTile) -> None:
    folder = folder_of(tmp_path, made)
    (folder / "QI_DATA" / "MSK_CLASSI_B00.tif").unlink()
    (folder / "QI_DATA" / "MSK_DETFOO_B12.tif").unlink()
    layers = opened(tmp_path, PARALLEL_BAND_IDENT="B01-B08")
    assert tuple(layers.toa_reflectance) == ("B02", "B8A")
    assert not layers.cloud_classification


def test_several_folders(tmp_path: Path, made: MadeTile) -> None:
    """The first folder that has a file gives it."""
    other = tmp_path / "later" / made.metadata.identifier / "QI_DATA" / "MSK_CLASSI_B00.tif"
    write_counts(other, made.metadata, "B01", made.clouds ^ 7)
    assert np.array_equal(opened(tmp_path).cloud_classification[""].read_all(), made.clouds)
    later = opened(tmp_path, "later", "tiles")
    assert np.array_equal(later.cloud_classification[""].read_all(), made.clouds ^ 7)


def _remove(path: Path, made: MadeTile) -> None:
    path.unlink()


def _cut(path: Path, made: MadeTile) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _garble(path: Path, made: MadeTile) -> None:
    path.write_bytes(b"no image at all, but long enough for one")


def _empty(path: Path, made: MadeTile) -> None:
    path.write_bytes(b"")


def _of_bytes(path: Path, made: MadeTile) -> None:
    write_counts(path, made.metadata, "B05", made.footprints["B05"])


def _of_another_size(path: Path, made: MadeTile) -> None:
    write_counts(path, made.metadata, "B04", made.counts["B04"])


def _elsewhere(path: Path, made: MadeTile) -> None:
    grid = replace(made.metadata.grid, upper_left_x=made.metadata.grid.upper_left_x + 20)
    write_counts(path, replace(made.metadata, grid=grid), "B05", made.counts["B05"])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_remove, "no IMG_DATA/T28SCB_*_B05.tif, which an earlier task makes"),
        (_cut, "is cut"),
        (_garble, "cannot be"),
        (_empty, "stand-in"),
        (_of_bytes, "samples of uint8, expected uint16"),
        (_of_another_size, "image of 186 x 186 pixels, expected 93 x 93"),
        (_elsewhere, "geotransform"),
    ],
)
def test_bad_image(
    tmp_path: Path, made: MadeTile, damage: Callable[[Path, MadeTile], None], message: str
) -> None:
    (path,) = (folder_of(tmp_path, made) / "IMG_DATA").glob("*_B05.tif")
    damage(path, made)
    with pytest.raises(IpfError) as caught:
        opened(tmp_path)
    assert message in str(caught.value)
    assert "B05" in str(caught.value)


def test_tile_of_another_place(tmp_path: Path, made: MadeTile) -> None:
    (document,) = folder_of(tmp_path, made).glob("*.xml")
    document.write_text(document.read_text().replace("<ULX>3", "<ULX>4"))
    with pytest.raises(IpfError, match="the grid of another tile than 28SCB"):
        opened(tmp_path)
