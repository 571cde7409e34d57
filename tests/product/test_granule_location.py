"""The place of a granule in its metadata: written anew at Levels 1A and 1B, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipf.errors import ProductError
from ipf.product.granule_location import read_placed_granule, relocated_xml
from ipf.product.l1b_granule_reader import read_granule_metadata
from ipf.product.l1b_model import GranuleGeometry

PLACE = GranuleGeometry(
    ((1.5, 2.5, 3.5), (1.25, 2.5, 0.0), (1.25, 2.75, -0.5), (1.5, 2.75, 4.0), (1.5, 2.5, 3.5)),
    (1.375, 2.625, 7.0),
    (8.5, 277.25),
    (24.125, 136.5),
)


@pytest.fixture
def granule(reference_data: Path) -> Path:
    folder = next((reference_data / "geometry_madeira" / "GRANULE").glob("*_D11_*"))
    return next(folder.glob("*.xml"))


@pytest.mark.parametrize("level", ["1A", "1B"])
def test_only_the_place_changes(tmp_path: Path, granule: Path, level: str) -> None:
    path = tmp_path / "granule.xml"
    path.write_text(granule.read_text().replace("L1B", f"L{level}").replace("Level-1B", f"Level-{level}"))
    placed = read_placed_granule(path)
    assert placed.name.level == f"L{level}"
    assert placed.lines("B01") == range((placed.position - 1) // 6 + 1, (placed.position - 1) // 6 + 385)
    written = relocated_xml(placed, PLACE)
    changed = r"<(EXT_POS_LIST|GROUND_CENTER|ZENITH_ANGLE|AZIMUTH_ANGLE)[^<]*</|^<\?xml.*?\?>|\s+"
    before, after = (re.sub(changed, " ", text) for text in (path.read_text(), written.decode()))
    assert before.strip() == after.strip()
    if level == "1B":
        path.write_bytes(written)
        assert read_granule_metadata(path).geometry == PLACE


def test_a_document_without_angles_is_refused(tmp_path: Path, granule: Path) -> None:
    path = tmp_path / "granule.xml"
    path.write_text(granule.read_text().replace("Solar_Angles", "Angles"))
    with pytest.raises(ProductError, match="Solar_Angles is missing") as problem:
        relocated_xml(read_placed_granule(path), PLACE)
    assert str(path) in str(problem.value)
