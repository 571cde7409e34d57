"""What the formatting tasks refuse: parts missing, damaged, unfinished, or not of one acquisition."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ipf.product.tile_reader import read_tile_metadata
from ipf.product.tile_writer import tile_xml
from ipf.product.utc import UtcTime
from tests.plugins.geometric.chain_jobs import Formatting
from tests.plugins.geometric.made_tiles import TILES, make_datastrip, make_list, make_tile, write_tile_images

ALL = (
    "FORMAT_IMG_L1C",
    "FORMAT_IMG_PVI_TCI",
    "FORMAT_METADATA_TILE_L1C",
    "FORMAT_METADATA_DS_L1C",
    "FORMAT_PRODUCT_L1C",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all tasks have been run."""
    folder = tmp_path_factory.mktemp("finished")
    make_datastrip(folder / "l1b")
    make_list(folder / "tile_list_file.xml")
    make_tile(folder / "tiles")
    assert Formatting(folder, folder / "out").run().code == 0
    return folder


@pytest.fixture
def jobs(finished: Path, tmp_path: Path) -> Formatting:
    """A copy of it, to be damaged."""
    shutil.copytree(finished, tmp_path / "copy")
    return Formatting(tmp_path / "copy", tmp_path / "copy" / "out")


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def _remove(pattern: str) -> Callable[[Formatting], None]:
    return lambda jobs: only(jobs.made, pattern).unlink()


def _cut(pattern: str) -> Callable[[Formatting], None]:
    def cut(jobs: Formatting) -> None:
        path = only(jobs.made, pattern)
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: len(content) // 2])

    return cut


def _of_another_time(jobs: Formatting) -> None:
    shutil.rmtree(jobs.made / "l1b")
    make_datastrip(jobs.made / "l1b", sensing_start=UtcTime.parse("2020-08-16T12:02:19.458Z"))


def _of_another_satellite(jobs: Formatting) -> None:
    document = only(jobs.made, "l1b/DATASTRIP/*/*.xml")
    document.write_text(document.read_text().replace("Sentinel-2A<", "Sentinel-2B<"))


def _two_datastrips(jobs: Formatting) -> None:
    folder = only(jobs.made, "l1b/DATASTRIP/*")
    shutil.copytree(folder, folder.with_name("another"))


def _unfinished(jobs: Formatting) -> None:
    shutil.rmtree(jobs.made / "out" / "metadata")
    shutil.copytree(jobs.made / "tiles", jobs.made / "out" / "metadata")


def _of_level_1b(jobs: Formatting) -> None:
    shutil.rmtree(jobs.made / "out" / "datastrip")
    shutil.copytree(jobs.made / "l1b" / "DATASTRIP", jobs.made / "out" / "datastrip")


def _renamed_datastrip(jobs: Formatting) -> None:
    folder = only(jobs.made, "out/datastrip/*")
    folder.rename(folder.with_name(folder.name.replace("MPC_", "2APS")))


def _tile_of_another_datastrip(jobs: Formatting) -> None:
    made = make_tile(jobs.made / "tiles", TILES[1])
    make_list(jobs.made / "tile_list_file.xml", TILES)
    document = only(jobs.made / "tiles" / made.metadata.identifier, "*.xml")
    document.write_text(document.read_text().replace("_S20200816T120220", "_S20200816T120300"))


def _unlisted_tile(jobs: Formatting) -> None:
    make_tile(jobs.made / "tiles", TILES[1])


def _other_identifier(jobs: Formatting) -> None:
    document = only(jobs.made, "out/metadata/*/*_MTD_*.xml")
    document.write_text(document.read_text().replace("_A026904_T28SCB_N", "_A026905_T28SCB_N", 1))


@pytest.mark.parametrize(
    ("task", "damage", "message"),
    [
        ("FORMAT_IMG_L1C", _remove("tiles/*/IMG_DATA/*_B11.tif"), "no IMG_DATA/T28SCB_*_B11.tif"),
        ("FORMAT_IMG_L1C", _remove("tiles/*/QI_DATA/MSK_QUALIT_B02.tif"), "no QI_DATA/MSK_QUALIT_B02.tif"),
        ("FORMAT_IMG_L1C", _of_another_time, "expected that of S2A_OPER_MSI_L1C_DS_MPC__20240831T000000"),
        ("FORMAT_IMG_L1C", _of_another_satellite, "datastrip of S2B at 20200816T120220"),
        ("FORMAT_IMG_L1C", _two_datastrips, "2 datastrips, expected one"),
        ("FORMAT_IMG_PVI_TCI", _cut("tiles/*/IMG_DATA/*_B03.tif"), "_B03.tif: is cut"),
        (
            "FORMAT_METADATA_TILE_L1C",
            _remove("out/images/*/IMG_DATA/*_B11.jp2"),
            "_B11.jp2, which an earlier",
        ),
        (
            "FORMAT_METADATA_TILE_L1C",
            _remove("out/images/*/QI_DATA/MSK_CLASSI_B00.jp2"),
            "MSK_CLASSI_B00.jp2",
        ),
        ("FORMAT_METADATA_TILE_L1C", _cut("out/images/*/QI_DATA/MSK_DETFOO_B01.jp2"), "MSK_DETFOO_B01.jp2"),
        ("FORMAT_METADATA_TILE_L1C", _cut("out/images/*/QI_DATA/MSK_QUALIT_B10.jp2"), "MSK_QUALIT_B10.jp2"),
        ("FORMAT_METADATA_DS_L1C", _tile_of_another_datastrip, "T28SCC_N05.00: DATASTRIP_ID is"),
        ("FORMAT_METADATA_DS_L1C", _unlisted_tile, "tile 28SCC is not under datastrip"),
        ("FORMAT_PRODUCT_L1C", _unfinished, "expected the metadata that FORMAT_METADATA_TILE_L1C makes"),
        ("FORMAT_PRODUCT_L1C", _of_level_1b, "root element is Level-1B_DataStrip_ID"),
        ("FORMAT_PRODUCT_L1C", _renamed_datastrip, "expected S2A_OPER_MSI_L1C_DS_MPC__20240831T000000"),
        ("FORMAT_PRODUCT_L1C", _remove("out/colours/*/IMG_DATA/*.jp2"), "_TCI.jp2, which an earlier"),
        ("FORMAT_PRODUCT_L1C", _remove("out/previews/*/QI_DATA/*.jp2"), "_PVI.jp2, which an earlier"),
        ("FORMAT_PRODUCT_L1C", _cut("out/previews/*/QI_DATA/*.jp2"), "_PVI.jp2"),
        ("FORMAT_PRODUCT_L1C", _other_identifier, "TILE_ID is"),
    ],
)
def test_refused(jobs: Formatting, task: str, damage: Callable[[Formatting], None], message: str) -> None:
    shutil.rmtree(jobs.out / "products")
    damage(jobs)
    before = sorted(jobs.made.rglob("*"))
    called = jobs.run(task)
    assert called.code >= 128
    assert message in called.stderr
    assert "Traceback" not in called.stderr
    left = {path for path in jobs.made.rglob("*") if path not in before}
    assert {path.name.split(".")[0] for path in left} <= {"JobOrder", "products"}


def test_the_same_damage_left_out(jobs: Formatting) -> None:
    """Without damage everything goes through once more."""
    shutil.rmtree(jobs.out / "products")
    for task in ALL:
        called = jobs.run(task)
        assert called.code == 0, called.stderr


def test_product_that_exists(jobs: Formatting) -> None:
    before = {path: path.stat().st_mtime_ns for path in (jobs.out / "products").rglob("*")}
    called = jobs.run("FORMAT_PRODUCT_L1C")
    assert called.code >= 128
    assert "exists already" in called.stderr
    assert {path: path.stat().st_mtime_ns for path in (jobs.out / "products").rglob("*")} == before


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"PROCESSING_BASELINE": "05.09"}, "PROCESSING_BASELINE is 05.09, expected 05.00"),
        ({"PROCESSING_BASELINE": "5"}, "baseline"),
        ({"PROCESSING_CENTER": "toolong"}, "processing_centre"),
        ({"PARALLEL_BAND_IDENT": "B13"}, "PARALLEL_BAND_IDENT: B13, expected B00 to B12"),
        ({"PARALLEL_TILE_IDENT": "007"}, "PARALLEL_TILE_IDENT: tile 007"),
        ({"encode_images.jp2_profile": "best"}, "jp2_profile"),
    ],
)
def test_parameters(jobs: Formatting, parameters: dict[str, str], message: str) -> None:
    called = jobs.run("FORMAT_IMG_L1C", **parameters)
    assert called.code >= 128
    assert message in called.stderr


def test_old_baselines(tmp_path: Path) -> None:
    """Counts have offsets, which products before 04.00 know nothing of."""
    make_datastrip(tmp_path / "l1b")
    make_list(tmp_path / "tile_list_file.xml")
    make_tile(tmp_path / "tiles", baseline="02.09")
    called = Formatting(tmp_path, tmp_path / "out").run("FORMAT_IMG_L1C")
    assert called.code >= 128
    assert "of baseline 04.00 or later" in called.stderr


def test_too_small_for_a_preview(tmp_path: Path) -> None:
    make_datastrip(tmp_path / "l1b")
    make_list(tmp_path / "tile_list_file.xml")
    made = make_tile(tmp_path / "tiles")
    document = only(tmp_path / "tiles", "*/*.xml")
    metadata = read_tile_metadata(document)
    tiny = replace(metadata.grid, rows=30, columns=30)
    document.write_bytes(tile_xml(replace(metadata, grid=tiny)))
    write_tile_images(document.parent, replace(made, metadata=replace(metadata, grid=tiny)))
    called = Formatting(tmp_path, tmp_path / "out").run("FORMAT_IMG_PVI_TCI")
    assert called.code >= 128
    assert "no preview of 30 x 30 pixels" in called.stderr
