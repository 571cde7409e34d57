"""When, on which orbit and where a product was sensed must be told the same everywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lxml import etree

from ipf.product.quality.model import Item, Kind
from tests.product.quality.small_products import Damage, checks, item_of, value

METADATA = "FORMAT_CORRECTNESS.checkMetadata"


def stated(name: str, new: str) -> Damage:
    """The first element of a name in the manifest says something else."""

    def damage(item: Item) -> None:
        assert item.manifest is not None
        tree = etree.parse(item.manifest)
        next(tree.iter(f"{{*}}{name}")).text = new
        tree.write(item.manifest, encoding="utf-8")

    return damage


CASES: list[tuple[Kind, Damage, str]] = [
    ("product", stated("startTime", "2019-01-01T00:00:00.000Z"), "startTime of the manifest"),
    ("product", stated("relativeOrbitNumber", "99"), "relativeOrbitNumber of the manifest is 99"),
    ("product", stated("orbitNumber", "000007"), "orbitNumber of the manifest is 000007"),
    ("product", stated("coordinates", "1 2 3 4 1 2"), "footPrint of the manifest"),
    ("product", value("PRODUCT_START_TIME", "2019-10-05T11:54:11.024Z"), "PRODUCT_START_TIME is 2019"),
    ("product", value("PRODUCT_STOP_TIME", "2018-10-05T11:54:11.024Z"), "PRODUCT_STOP_TIME is 2018"),
    ("product", value("GENERATION_TIME", "2021-10-05T11:54:11.024Z"), "GENERATION_TIME is 2021"),
    ("product", value("DATATAKE_SENSING_START", "2015-10-05T11:54:11.024Z"), "SENSING_START is 2015"),
    ("product", value("PROCESSING_LEVEL", "Level-1B"), "PROCESSING_LEVEL is Level-1B"),
    ("datastrip", value("DATASTRIP_SENSING_STOP", "2099-10-05T11:54:11.024Z"), "SENSING_STOP is 2099"),
    ("datastrip", value("DATATAKE_SENSING_START", "2015-10-05T11:54:11.024Z"), "SENSING_START is 2015"),
]


@pytest.mark.parametrize("product", ["l1c", "early", "l2a"])
@pytest.mark.parametrize(
    ("kind", "damage", "message"), CASES, ids=[f"{kind}-{text}" for kind, _, text in CASES]
)
def test_another_time_orbit_or_place_fails_the_check_of_the_metadata(
    request: pytest.FixtureRequest, tmp_path: Path, product: str, kind: Kind, damage: Damage, message: str
) -> None:
    original: Path = request.getfixturevalue(product)
    copy = tmp_path / original.name
    shutil.copytree(original, copy)
    assert checks(item_of(copy, kind))[METADATA].passed
    damage(item_of(copy, kind))
    check = checks(item_of(copy, kind))[METADATA]
    assert not check.passed
    assert message in check.message


def test_a_datastrip_of_another_orbit_fails_the_product(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    value("SENSING_ORBIT_NUMBER", "99")(item_of(copy, "datastrip"))
    check = checks(item_of(copy, "product"))[METADATA]
    assert not check.passed
    assert "tells 99" in check.message
