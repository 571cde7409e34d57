"""Verdicts beside those of official reports; what cannot be compared is listed with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Item, Outcome, QualityParameters, inspect
from ipf.product.quality_report import Check, Report

PRODUCTS = (
    "products/S2A_MSIL1C_20220125*",
    "products/S2A_MSIL2A_20221005*",
    "l1c_metadata/S2A_MSIL1C_20171207*",
)
AGREEING = {"datastrip 02.06": 27, "tile 02.06": 13, "tile 04.00 L1C": 15, "tile 04.00 L2A": 13}
"""Checks that could be compared, by item; the others lack a manifest of the item, its document or images."""


@dataclass(frozen=True)
class Row:
    """One check of one item: their verdict and title, ours, and why they are not compared (else empty)."""

    item: Item
    name: str
    theirs: str
    title: str
    ours: Check | None
    reason: str

    def __str__(self) -> str:
        ours = self.ours.outcome if self.ours else "none"
        return f"{self.item.identifier[-44:]:<45}{self.name:<60}{self.theirs:<8}{ours:<9}{self.reason}"


def official(item: Item) -> dict[str, tuple[str, str]]:
    """Verdict and title of every check that the reports beside an item hold."""
    found = {}
    for path in sorted((item.folder / "QI_DATA").glob("*.xml")):
        root = etree.parse(path).getroot()
        checklist = root.findtext(".//{*}checkList/{*}name")
        for node in root.iter("{*}inspection"):
            found[f"{checklist}.{node.get('id')}"] = node.get("status"), node.get("name").strip()
    return found


def why_not(item: Item, check: Check | None) -> str:
    """Why a check cannot be compared; empty where it can."""
    if check is None:
        return ""
    if check.outcome is Outcome.NOT_RUN:
        return check.message
    if not item.document.is_file() or item.document.stat().st_size <= 1:
        return "metadata document is absent or a stand-in"
    strip = item.datastrip
    if check.identifier == "Sensing_Time" and strip and not strip.document.is_file():
        return "metadata document of the datastrip is absent"
    if check.identifier == "Sensing_Time" and strip and strip.document.stat().st_size <= 1:
        return "metadata document of the datastrip is a stand-in"
    if check.identifier.startswith("Granule_Dimensions") or check.identifier in ("Jp2Gml", "checkL2AImages"):
        absent = [path for path in item.images or () if is_no_image(item.folder / path)]
        if absent and check.outcome is not Outcome.PASSED:
            return f"{len(absent)} images are absent or stand-ins"
    return ""


def is_no_image(path: Path) -> bool:
    """Whether an image is absent, or so small that it stands in for one."""
    return not path.is_file() or path.stat().st_size < 4000


def rows(item: Item, reports: Sequence[Report]) -> list[Row]:
    """Every check that either side has."""
    ours = {f"{report.checklist}.{check.identifier}": check for report in reports for check in report.checks}
    return [
        Row(item, name, status, title, ours.get(name), why_not(item, ours.get(name)))
        for name, (status, title) in official(item).items()
    ]


@pytest.fixture(scope="module")
def inspected(reference_data: Path) -> list[tuple[Item, Sequence[Report]]]:
    """Every item but products with its reports, made once: images of real tiles are decoded for them."""
    parameters = QualityParameters(schemas=reference_data / "xsd")
    products = [product for pattern in PRODUCTS for product in reference_data.glob(pattern)]
    assert len(products) == len(PRODUCTS)
    items = [item for product in products for item in items_of(product) if item.kind != "product"]
    return [(item, inspect(item, INSPECTIONS, parameters)) for item in items]


@pytest.fixture(scope="module")
def table(inspected: list[tuple[Item, Sequence[Report]]]) -> list[Row]:
    """The comparison of all items with official reports, printed (see it with -s or -rP)."""
    found = [row for item, reports in inspected for row in rows(item, reports)]
    print()
    print("\n".join(str(row) for row in found))
    return found


def test_every_official_check_is_made(table: list[Row]) -> None:
    assert [str(row) for row in table if row.ours is None] == []
    assert {row.title for row in table} <= {inspection.title for inspection in INSPECTIONS}
    assert [str(row) for row in table if row.ours and row.ours.title != row.title] == []


def test_the_verdicts_agree_wherever_the_inputs_are_there(table: list[Row]) -> None:
    compared = [row for row in table if not row.reason]
    assert [str(row) for row in compared if row.ours is None or row.ours.outcome != row.theirs] == []
    numbers: dict[str, int] = {}
    for row in compared:
        level = f" {row.item.level}" if row.item.baseline == "04.00" else ""
        key = f"{row.item.kind} {row.item.baseline}{level}"
        numbers[key] = numbers.get(key, 0) + 1
    assert numbers == AGREEING


def test_what_is_not_compared_did_not_pass_here(table: list[Row]) -> None:
    left_out = [row for row in table if row.reason]
    assert [str(row) for row in left_out if row.ours and row.ours.passed] == []


def test_the_figures_are_those_of_the_official_reports(
    reference_data: Path, inspected: list[tuple[Item, Sequence[Report]]]
) -> None:
    (product,) = reference_data.glob(PRODUCTS[1])
    tile = items_of(product)[2]
    (reports,) = (reports for item, reports in inspected if item.folder == tile.folder)
    values = {
        check.identifier: {name: str(value) for name, value in check.values.items()}
        for report in reports
        for check in report.checks
    }
    assert values["Solar_Angle_Zenith"] == {"EXPECTED": "70.0", "SOLAR_ZENITH_ANGLE": "57.820574357679"}
    assert values["Solar_Angle_Azimuth"] == {"EXPECTED": "360.0", "SOLAR_AZIMUTH_ANGLE": "172.840206897213"}
    assert values["Tile_Position_Geoposition"]["ULY(20)"] == "5900040"
    (document,) = product.glob("GRANULE/*/QI_DATA/L2A_QUALITY.xml")
    theirs = {node.get("name"): node.text for node in etree.parse(document).getroot().iter("{*}value")}
    classes = values["SCENE_CLASS_QUALITY"]
    assert len(classes) == 15
    # Theirs were summed in single precision.
    for name, figure in classes.items():
        assert float(figure) == pytest.approx(float(theirs[name]), abs=1e-5), name
    assert values["ATMOSPHERIC_CORRECTION_QUALITY"]["GRANULE_MEAN_AOT"] == theirs["GRANULE_MEAN_AOT"]
