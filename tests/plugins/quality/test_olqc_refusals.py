"""What the task OLQC refuses: inputs that are none, and to write where it must not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.programs import of_level
from tests.plugins.quality.jobs import copied, inspections, make_job, reports_in
from tests.product.products import tree


def linked_to(product: Path, folder: Path, copy: str = "") -> Path:
    """A folder of links to what a part holds, but for `copy`, which is copied."""
    target = folder / product.name
    target.mkdir(parents=True)
    for entry in product.iterdir():
        if entry.name == copy:
            shutil.copytree(entry, target / copy)
        else:
            (target / entry.name).symlink_to(entry)
    return target


def test_links_are_followed_to_read_where_quality_data_are_a_copy(
    tmp_path: Path, l2a_parts: tuple[Path, Path]
) -> None:
    before = tree(l2a_parts[0])
    tile = linked_to(l2a_parts[0], tmp_path, "QI_DATA")
    called = make_job(tmp_path / "job", [tile]).run()
    assert called.code == 0, called.stderr
    written = reports_in(tile).values()
    assert {next(root.iter("{*}report")).get("date") for root in written} == {"2026-02-03T04:05:06.000000Z"}
    assert tree(l2a_parts[0]) == before


@pytest.mark.parametrize("make", [linked_to, lambda part, folder: link(part, folder / part.name)])
def test_nothing_is_written_through_a_link(
    tmp_path: Path, l2a_parts: tuple[Path, Path], make: Callable[[Path, Path], Path]
) -> None:
    before = tree(l2a_parts[0])
    called = make_job(tmp_path / "job", [make(l2a_parts[0], tmp_path)]).run()
    assert called.code == 168
    assert "is reached through the symbolic link" in called.error
    assert tree(l2a_parts[0]) == before


def link(target: Path, path: Path) -> Path:
    path.symlink_to(target)
    return path


def test_a_manifest_behind_a_link_stays_and_the_operator_is_told(
    tmp_path: Path, small_l1c: Path, gipp: Path
) -> None:
    product = copied(small_l1c, tmp_path)
    elsewhere = tmp_path / "elsewhere.safe"
    (product / "manifest.safe").rename(elsewhere)
    (product / "manifest.safe").symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    called = make_job(tmp_path / "job", [product], gipp=gipp).run()
    assert called.code == 0, called.stderr
    assert elsewhere.read_bytes() == before
    assert any("will not know the new reports" in line for line in of_level(called.stdout, "W"))


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    called = make_job(tmp_path / "job", [tmp_path / "nowhere"]).run()
    assert called.code == 163
    assert "input PDI_SAFE" in called.error
    assert "does not exist" in called.error


def test_a_part_given_twice_is_refused(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    (tile,) = (product / "GRANULE").iterdir()
    called = make_job(tmp_path / "job", [product, tile]).run()
    assert called.code == 160
    assert "is given twice" in called.error


def test_what_is_no_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    called = make_job(tmp_path / "job", [tmp_path / "folder"]).run()
    assert called.code == 165
    assert str(tmp_path / "folder") in called.error


def test_an_unreadable_parameter_file_is_refused(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    product = copied(small_l1c, tmp_path)
    before = tree(product)
    gipp.write_bytes(gipp.read_bytes()[:500])
    called = make_job(tmp_path / "job", [product], gipp=gipp).run()
    assert called.code == 166
    assert str(gipp) in called.error
    assert tree(product) == before


def test_a_threshold_out_of_range_is_refused(tmp_path: Path, small_l1c: Path, gipp: Path) -> None:
    gipp.write_bytes(gipp.read_bytes().replace(b">1000</TILE_SIDE_M", b">-5</TILE_SIDE_M"))
    called = make_job(tmp_path / "job", [small_l1c], gipp=gipp).run()
    assert called.code == 166
    assert "TILE_SIDE_MINIMUM = -5: input should be greater than 0" in called.error


def test_a_part_without_metadata_fails_its_check(tmp_path: Path, small_l1c: Path) -> None:
    product = copied(small_l1c, tmp_path)
    (document,) = product.glob("GRANULE/*/MTD_TL.xml")
    document.unlink()
    called = make_job(tmp_path / "job", [product]).run()
    assert called.code == 0, called.stderr
    (root,) = [root for path, root in reports_in(product).items() if "GRANULE" in path and "FORMAT" in path]
    assert inspections(root)["checkMetadata"] == "FAILED"
