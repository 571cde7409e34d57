"""The frames of a datastrip: written and read back, and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.errors import ProductError
from ipf.product.frame_file import Frame, Frames, read_frames, write_frames

CONTENT = Frames(
    "S2A_DS",
    1.5e-3,
    {
        ("B01", 1): (Frame("S2A_GR_1", range(1, 385)), Frame("S2A_GR_3", range(769, 1000))),
        ("B8A", 12): (Frame("S2A_GR_2", range(1, 1153)),),
    },
    {("B01", 1): "2020-08-16T12:02:45.812731"},
    {("B8A", 12): (3, 0)},
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_frames(tmp_path / "frames.xml", CONTENT)
    assert read_frames(tmp_path / "frames.xml") == CONTENT


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("Frame_List", "Frames", "root element is Frames"),
        ('resolution="60"', 'resolution="10"', "resolution of B01, expected 60"),
        ('bandId="8"', 'bandId="13"', "band number"),
        ('detectorId="12"', 'detectorId="13"', "detector 01 to 12"),
        ("<FIRST_LINE>769<", "<FIRST_LINE>384<", "expected lines after"),
        ("<NUMBER_OF_LINES>231<", "<NUMBER_OF_LINES>0<", "0 lines from 769"),
        ("<NUMBER_OF_LINES>999<", "<NUMBER_OF_LINES>998<", r"\(1, 998\), those of its granules \(1, 999\)"),
        ("Granule_List>", "Granules>", "Granule_List/Granule is missing"),
        ("<Band ", "<Bund ", "Band/Detector is missing"),
        ("LINE_PERIOD", "PERIOD", "LINE_PERIOD is missing"),
    ],
)
def test_damaged(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "frames.xml"
    write_frames(path, CONTENT)
    text = path.read_text()
    assert before in text
    path.write_text(
        text.replace(before, after).replace("</Band", "</" + ("Bund" if "Bund" in after else "Band"))
    )
    with pytest.raises(ProductError, match=message) as problem:
        read_frames(path)
    assert str(path) in str(problem.value)
