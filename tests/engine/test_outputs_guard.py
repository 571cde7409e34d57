"""Inputs are never written through, whatever path or link an output takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.engine.outputs_guard import refuse_outputs_in_inputs, refuse_shared_outputs, refuse_unwritable
from ipf.errors import PlanError


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """An input product with a file in it, a link to it, and an output folder."""
    (tmp_path / "real" / "IMG_DATA").mkdir(parents=True)
    (tmp_path / "real" / "IMG_DATA" / "B01.jp2").write_text("")
    (tmp_path / "input").symlink_to("real", target_is_directory=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "backdoor").symlink_to("../input/IMG_DATA", target_is_directory=True)
    return tmp_path


@pytest.mark.parametrize(
    "output",
    [
        "real",
        "input",
        "input/new.jp2",
        "real/IMG_DATA/B01.jp2",
        "out/../real/new",
        "out/backdoor/B01.jp2",
        "out/backdoor/not/yet/there",
    ],
)
def test_an_output_in_an_input_is_refused(folders: Path, output: str) -> None:
    with pytest.raises(PlanError, match=r"output VECTOR .* would write into input PDI_DS"):
        refuse_outputs_in_inputs({"PDI_DS": [folders / "input"]}, {"VECTOR": [folders / output]})


@pytest.mark.parametrize("output", [".", "out", "out/new", "reality", "not/yet/there"])
def test_other_places_are_not(folders: Path, output: str) -> None:
    refuse_outputs_in_inputs({"PDI_DS": [folders / "input"]}, {"VECTOR": [folders / output]})


def test_the_working_folder_is_given_to_be_written_in(folders: Path) -> None:
    refuse_outputs_in_inputs({"WORKING": [folders]}, {"VECTOR": [folders / "out" / "new"]})


def test_a_file_is_protected_too(folders: Path) -> None:
    file = folders / "real" / "IMG_DATA" / "B01.jp2"
    with pytest.raises(PlanError, match="GIP_VIEDIR"):
        refuse_outputs_in_inputs({"GIP_VIEDIR": [file]}, {"VECTOR": [folders / "out/backdoor/B01.jp2"]})


def test_two_things_in_one_place_are_refused(tmp_path: Path) -> None:
    product, report = tmp_path / "product", tmp_path / "report.xml"
    refuse_shared_outputs([("L2A", product), ("REPORT", report)])
    for place in (product, product / "report.xml", product / "a" / ".." / "b"):
        with pytest.raises(PlanError, match="would write over"):
            refuse_shared_outputs([("REPORT", place), ("L2A", product)])


def test_places_that_cannot_be_written_in_are_refused(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folders / "ring").symlink_to("ring")
    (folders / "lost").symlink_to("nowhere")
    refuse_unwritable([("L2A", folders / "out"), ("L2A", folders / "not" / "yet" / "there")])
    for place in ("real/IMG_DATA/B01.jp2/new", "ring/new", "lost/new", "x" * 300):
        with pytest.raises(PlanError, match=r"L2A .* cannot be written: \w+"):
            refuse_unwritable([("L2A", folders / place)])
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != folders)
    refuse_unwritable([("L2A", folders / "out"), ("L2A", folders / "out" / "new")])
    with pytest.raises(PlanError, match=r"L2A .*new cannot be written: Permission denied"):
        refuse_unwritable([("L2A", folders / "new")])
