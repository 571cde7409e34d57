"""Outlines of datastrips as files come back, across the antimeridian too, and damaged ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ipf.errors import ProductError
from ipf.product.footprint_vector import read_footprint, write_footprint

NAME = "S2A_OPER_MSI_L1B_DS_MPC__20240830T153400_S20200816T120220_N05.00"
RING = np.array([(-18.0, 33.0), (-15.5, 33.4), (-15.2, 32.0), (-17.7, 31.6)])
PACIFIC = np.array([(179.5, -16.0), (180.5, -16.2), (180.3, -17.0), (179.2, -16.8)])


def test_rings_come_back(tmp_path: Path) -> None:
    write_footprint(tmp_path / "footprint.gml", NAME, (RING, PACIFIC))
    for place in (tmp_path, tmp_path / "footprint.gml"):
        rings = read_footprint(place)
        assert len(rings) == 2
        for found, given in zip(rings, (RING, PACIFIC), strict=True):
            np.testing.assert_allclose(found, given, atol=1e-8)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("EPSG::4326", "EPSG::32628", "expected EPSG:4326"),
        ("33.000000000 -18.000000000 ", "", "expected latitudes within 90|posList has"),
        ("33.000000000", "133.000000000", "expected latitudes within 90"),
        ("posList", "pointList", "is missing"),
        ("33.000000000", "north", "posList"),
        ("eop:Footprint", "eop:Mask", "Footprint"),
    ],
)
def test_what_is_damaged_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "footprint.gml"
    ring = RING[:3] if not after else RING
    write_footprint(path, NAME, (ring,))
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(ProductError, match=message) as problem:
        read_footprint(path)
    assert str(path) in str(problem.value)


def test_a_folder_of_none_or_several_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="0 files"):
        read_footprint(tmp_path)
    for name in ("one.gml", "two.xml"):
        write_footprint(tmp_path / name, NAME, (RING,))
    with pytest.raises(ProductError, match="2 files"):
        read_footprint(tmp_path)
