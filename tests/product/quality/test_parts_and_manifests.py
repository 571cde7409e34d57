"""What a product lists, what it holds and what its manifest names, each damaged beside the others."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ipf.errors import ProductError
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Outcome
from tests.product.quality.small_products import broken, checks, item_of, substitute

FORMAT = "FORMAT_CORRECTNESS"
Change = Callable[[Path], object]


@pytest.fixture
def product(l1c: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    return shutil.copytree(l1c, tmp_path / l1c.name)


def document(product: Path) -> Path:
    return product / "MTD_MSIL1C.xml"


def replaced(path: Path, pattern: str, new: str, least: int = 1) -> None:
    """Every match of a pattern in a file, of which there must be some, becomes `new`."""
    content, number = re.subn(pattern, new, path.read_text(), flags=re.DOTALL)
    assert number >= least
    path.write_text(content)


def failed(product: Path, check: str) -> str:
    """The message of a check of the product as a whole, which must have failed."""
    found = checks(item_of(product, "product"))[f"{FORMAT}.{check}"]
    assert found.outcome is Outcome.FAILED, found
    return found.message


def unnamed(product: Path, name: str) -> Path:
    return product.rename(product.parent / name)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("S2A_MSIL1C_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE", "GRANULE"),
        ("plain", "manifest.safe"),
        ("plain", "DATASTRIP"),
    ],
)
def test_a_product_without_its_metadata_is_one_that_fails(product: Path, name: str, without: str) -> None:
    document(product).unlink()
    product = unnamed(product, name)
    place = product / without
    place.unlink() if place.is_file() else shutil.rmtree(place)
    whole, *parts = items_of(product)
    assert (whole.kind, whole.level) == ("product", "L1C")
    assert len(parts) == (2 if without == "manifest.safe" else 1)
    assert failed(product, "checkMetadata") == "Metadata file MTD_MSIL1C.xml is missing."


def test_a_product_of_a_level_that_nothing_tells_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "some.SAFE"
    folder.mkdir()
    with pytest.raises(ProductError, match="of a level that nothing tells"):
        items_of(folder)


def test_parts_that_are_not_listed_are_inspected_and_told_of(product: Path) -> None:
    replaced(document(product), r"<Granule_List>.*?</Granule_List>", "")
    assert [item.kind for item in items_of(product)] == ["product", "datastrip", "tile"]
    assert "MTD_MSIL1C.xml lists no granule" in failed(product, "hrefExist")
    assert "not listed by MTD_MSIL1C.xml" in failed(product, "extraData")


def test_a_second_granule_is_inspected_and_told_of(product: Path) -> None:
    (granule,) = (product / "GRANULE").iterdir()
    second = granule.with_name(granule.name.replace("T29UNU", "T29UNV"))
    shutil.copytree(granule, second)
    assert [item.kind for item in items_of(product)] == ["product", "datastrip", "tile", "tile"]
    message = failed(product, "extraData")
    assert message.startswith(f"Extra Files: GRANULE/{second.name} (not listed by MTD_MSIL1C.xml), ")


def test_a_granule_that_is_listed_and_missing_fails(product: Path) -> None:
    (granule,) = (product / "GRANULE").iterdir()
    shutil.rmtree(granule)
    assert f"wrong: GRANULE/{granule.name} is listed and missing, " in failed(product, "hrefExist")
    assert f"{FORMAT}.checkMetadata" in broken(item_of(product, "tile"))


@pytest.mark.parametrize("path", ["/etc/passwd", "../../elsewhere"])
def test_an_image_outside_the_product_fails_a_check_and_no_more(product: Path, path: str) -> None:
    replaced(document(product), r"<IMAGE_FILE>[^<]*_B02</IMAGE_FILE>", f"<IMAGE_FILE>{path}</IMAGE_FILE>")
    assert f"'{path}' is not a path inside the product" in failed(product, "hrefExist")
    assert items_of(product)[2].kind == "tile"


def test_a_product_without_manifest_fails(product: Path) -> None:
    (product / "manifest.safe").unlink()
    assert failed(product, "checkSafeManifest") == "manifest.safe is missing."
    assert broken(item_of(product, "product")) == {f"{FORMAT}.checkSafeManifest"}
    assert f"{FORMAT}.checkSafeManifest" not in broken(item_of(product, "tile"))


@pytest.mark.parametrize(("place", "owes"), [("", True), ("GRANULE", False), ("GRANULE/DB1", False)])
def test_a_part_owes_a_manifest_where_it_is_handed_over_alone(
    l1c: Path, tmp_path: Path, place: str, owes: bool
) -> None:
    (granule,) = (l1c / "GRANULE").iterdir()
    name = "S2A_OPER_MSI_L1C_TL_MTI__20221005T164454_A038058_T29UNU_N04.00"
    part = shutil.copytree(granule, tmp_path / place / name)
    (part / "MTD_TL.xml").rename(part / f"{name.replace('_MSI_', '_MTD_').removesuffix('_N04.00')}.xml")
    (item,) = items_of(part)
    assert (f"{FORMAT}.checkSafeManifest" in broken(item)) is owes
    found = checks(item)
    assert found[f"{FORMAT}.hrefExist"].outcome is Outcome.NOT_RUN


def ring(product: Path) -> None:
    (product / "GRANULE/ring").symlink_to(product)


def linked_folder(product: Path) -> None:
    elsewhere = product.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "notes.txt").write_text("note")
    (product / "HTML").symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (linked_folder, "HTML/notes.txt"),
        (lambda product: (product / "lost").symlink_to("nowhere"), "lost"),
        (ring, "GRANULE/ring"),
        (lambda product: (product / "rep_info/evil.exe").write_text("x"), "rep_info/evil.exe"),
        (lambda product: (product / "rep_info/notes.txt").write_text("x"), "rep_info/notes.txt"),
    ],
)
def test_extra_files_are_seen_behind_links(product: Path, change: Change, path: str) -> None:
    change(product)
    assert failed(product, "extraData") == f"Extra Files: {path}"


def test_a_product_of_links_is_as_good_as_its_files(l1c: Path, tmp_path: Path) -> None:
    product = tmp_path / l1c.name
    product.mkdir()
    for entry in l1c.iterdir():
        (product / entry.name).symlink_to(entry)
    (product / "rep_info").unlink()
    shutil.copytree(l1c / "rep_info", product / "rep_info")
    (product / "rep_info/S2_User_Product_Level-1C_Metadata.xsd").write_text("<schema/>")
    assert broken(item_of(product, "product")) == set()


def test_references_to_schemas_that_are_missing_fail(product: Path) -> None:
    manifest = product / "manifest.safe"
    reference = '<metadataReference href="./rep_info/lost.xsd" locatorType="URL" vocabularyName="SDF"/>'
    section = '<metadataObject ID="S2_Schema" category="REP" classification="SYNTAX">'
    substitute(manifest, "</metadataSection>", f"{section}{reference}</metadataObject></metadataSection>")
    assert "rep_info/lost.xsd is missing" in failed(product, "hrefExist")
    (product / "rep_info/lost.xsd").write_text("<schema/>")
    assert broken(item_of(product, "product")) == set()


def test_a_manifest_without_checksums_fails(product: Path) -> None:
    replaced(product / "manifest.safe", r"<checksum [^>]*>[^<]*</checksum>", "", 10)
    assert "has no checksum" in failed(product, "hrefExist")


def test_data_objects_that_nothing_points_to_fail(product: Path) -> None:
    replaced(product / "manifest.safe", r"<dataObjectPointer [^>]*/>", "", 10)
    assert "referred to by nothing: " in failed(product, "idReferences")
