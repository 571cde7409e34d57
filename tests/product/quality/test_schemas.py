"""Validation against official schemas: which one, its errors, and the outcome without any."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipf.errors import ParameterError
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Item, Kind, Outcome, QualityParameters
from ipf.product.quality.schema_checks import INSPECTIONS, schema_name
from ipf.product.quality_report import Check
from tests.product.quality.small_products import item_of, write_l1c

(VALIDATOR,) = INSPECTIONS


def validated(item: Item, schemas: Path | None) -> Check:
    return VALIDATOR.check(item, QualityParameters(schemas=schemas))


def test_without_schemas_nothing_passes(l1c: Path) -> None:
    check = validated(item_of(l1c, "tile"), None)
    assert (check.outcome, check.message) == (Outcome.NOT_RUN, "NOT RUN: no folder of schemas was given")


@pytest.mark.parametrize("baseline", ["04.00", "05.11"])
@pytest.mark.parametrize("kind", ["product", "datastrip", "tile"])
def test_a_product_is_valid_and_a_damaged_one_is_not(
    reference_data: Path, tmp_path: Path, kind: Kind, baseline: str
) -> None:
    item = item_of(write_l1c(tmp_path, baseline), kind)
    folder = {"04.00": "PSD148", "05.11": "PSD150"}[baseline]
    for schemas in (reference_data / "xsd", reference_data / "xsd" / folder):
        assert validated(item, schemas).outcome is Outcome.PASSED
    content = item.document.read_text()
    item.document.write_text(content.replace("General_Info", "General_Inf"))
    damaged = validated(
        item_of(item.folder if kind == "product" else item.folder.parents[1], kind), reference_data / "xsd"
    )
    assert damaged.outcome is Outcome.FAILED
    assert "General_Inf" in damaged.message
    other = reference_data / "xsd" / ("PSD150" if folder == "PSD148" else "PSD148")
    assert validated(item, other).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("metadata/Level-0_*", 3),
        ("metadata/Level-1C_DataStrip_ID__N04.00*", 1),
        ("geometry_madeira/DATASTRIP/*/*.xml", 1),
        ("geometry_madeira/GRANULE/*20200816T120222*/*.xml", 6),
    ],
)
def test_real_documents_are_valid(reference_data: Path, pattern: str, count: int) -> None:
    documents = sorted(reference_data.glob(pattern))
    assert len(documents) == count
    for document in documents:
        (item,) = items_of(document)
        check = validated(item, reference_data / "xsd")
        assert (check.outcome, document.name) == (Outcome.PASSED, document.name), check.message


def test_documents_before_the_schemas_are_not_judged(reference_data: Path, early: Path) -> None:
    check = validated(item_of(early, "tile"), reference_data / "xsd")
    assert check.outcome is Outcome.NOT_RUN
    assert "02.06" in check.message


def test_a_folder_without_schemas_and_a_broken_schema_are_refused(l1c: Path, tmp_path: Path) -> None:
    item = item_of(l1c, "tile")
    check = validated(item, tmp_path)
    assert check.outcome is Outcome.ERROR
    assert "PSD148/S2_PDI_Level-1C_Tile_Metadata.xsd" in check.message
    (tmp_path / "S2_PDI_Level-1C_Tile_Metadata.xsd").write_text("<schema/>")
    assert validated(item, tmp_path).outcome is Outcome.ERROR
    with pytest.raises(ParameterError, match="not a schema"):
        VALIDATOR.run(item, QualityParameters(schemas=tmp_path))


def test_a_document_of_another_kind_has_no_schema(l1c: Path, tmp_path: Path) -> None:
    assert schema_name("Level-1B_User_Product") == "S2_User_Product_Level-1B_Metadata.xsd"
    assert schema_name("Level-2A_DataStrip_ID") == "S2_PDI_Level-2A_Datastrip_Metadata.xsd"
    assert schema_name("Earth_Explorer_File") is None
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    item = item_of(copy, "tile")
    item.document.write_text("<Earth_Explorer_File/>")
    assert validated(item_of(copy, "tile"), tmp_path).outcome is Outcome.FAILED
