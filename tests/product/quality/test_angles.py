"""Angles of a tile that are none, or do not fill their grids, fail the check of the metadata."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.product.quality.small_products import checks, item_of

METADATA = "FORMAT_CORRECTNESS.checkMetadata"
_SUN, _VIEW = "<Sun_Angles_Grid>.*?", "<Viewing_Incidence_Angles_Grids.*?"


@pytest.mark.parametrize(
    ("pattern", "new", "message"),
    [
        (rf"({_SUN}<VALUES>)\S+", r"\g<1>500", "expected 0 to 90"),
        (rf"({_SUN}<VALUES>)\S+ ", r"\1", "is not of 23 rows"),
        (rf"({_SUN})<VALUES>[^<]*</VALUES>", r"\1", "is not of 23 rows"),
        (rf"({_SUN}<COL_STEP[^>]*>)5000", r"\g<1>500", "COL_STEP of Zenith of Sun_Angles_Grid is 500"),
        (rf"({_VIEW}<ROW_STEP[^>]*>)5000", r"\g<1>500", "ROW_STEP of Zenith of Viewing"),
        (r'(<Viewing_Incidence_Angles_Grids[^>]*detectorId=")\d+', r"\g<1>13", "detectorId of"),
        (r"(<Mean_Viewing_Incidence_Angle .*?<ZENITH_ANGLE[^>]*>)[^<]*", r"\1NaN", "is NaN"),
        (r"(<Mean_Viewing_Incidence_Angle .*?<ZENITH_ANGLE[^>]*>)[^<]*", r"\g<1>190", "is 190"),
        (r"(<Mean_Sun_Angle>.*?<ZENITH_ANGLE[^>]*>)[^<]*", r"\g<1>1.5", "is not within its grid"),
    ],
)
def test_what_is_no_angle_is_told(l1c: Path, tmp_path: Path, pattern: str, new: str, message: str) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    tile = item_of(copy, "tile")
    content, number = re.subn(pattern, new, tile.document.read_text(), count=1, flags=re.DOTALL)
    assert number == 1
    tile.document.write_text(content)
    check = checks(item_of(copy, "tile"))[METADATA]
    assert not check.passed
    assert message in check.message


def test_a_view_without_a_number_is_told(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    tile = item_of(copy, "tile")
    text = tile.document.read_text()
    start = text.index("<Viewing_Incidence_Angles_Grids")
    end = text.index("</Zenith>", start)
    nothing = "<VALUES>" + " ".join(["NaN"] * 23) + "</VALUES>"
    grid = re.sub("<VALUES>[^<]*</VALUES>", nothing, text[start:end])
    tile.document.write_text(text[:start] + grid + text[end:])
    check = checks(item_of(copy, "tile"))[METADATA]
    assert "holds no number" in check.message
    assert not check.passed
