"""Damage to real metadata is found by the check meant for it; what is within tolerance passes."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from ipf.compare.content import DocumentPart
from ipf.compare.documents import ComparedDocuments, compare_documents
from ipf.compare.results import CheckName, Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import MetadataTolerances, StructureTolerances, Tolerances
from ipf.compare.xml_siblings import local
from tests.compare.document_damage import (
    DAMAGE,
    INFO,
    METADATA,
    NAMING,
    NO_DAMAGE,
    PRODUCT,
    URI,
    Change,
    other_value,
    removed,
    text,
)

IDENTICAL = Tolerances()
LOOSE = Tolerances(
    metadata=MetadataTolerances(absolute=1e-3, relative=1e-3, seconds=0.01, consequences="report"),
    structure=StructureTolerances(naming="report"),
)
LARGEST = 500_000
"""Bytes of the documents that are damaged in many places; larger ones are longer, not of other kinds."""

KEY = "tile/metadata"


def compared(reference: Path, candidate: Path, tolerances: Tolerances = IDENTICAL) -> ComparedDocuments:
    return compare_documents(DocumentPart(KEY, reference), DocumentPart(KEY, candidate), tolerances)


def verdicts(result: ComparedDocuments) -> dict[CheckName, Status]:
    return {check.name: check.status for check in result[0]}


def paths(result: ComparedDocuments) -> list[str]:
    names = [name.place.removeprefix(f"{KEY}: ") for name in result[2]]
    return [each.path for each in result[1].document] + names


def changed(document: Path, folder: Path, change: Change) -> Path:
    root = etree.parse(document).getroot()
    before = etree.tostring(root)
    change(root)
    content = etree.tostring(root, encoding="utf-8")
    assert etree.tostring(root) != before, "the document is as it was"
    target = folder / "changed.xml"
    target.write_bytes(content)
    return target


def documents(reference_data: Path) -> Iterator[Path]:
    """Documents of every level: metadata of level 0 to 2A, manifests, reports, INSPIRE, job orders, GIPPs."""
    for folder in ("metadata", "products", "l1c_metadata", "joborders", "geometry_madeira"):
        for file in sorted((reference_data / folder).rglob("*")):
            if file.suffix not in (".xml", ".safe", ".gml") or not 1 < file.stat().st_size <= LARGEST:
                continue
            try:
                etree.parse(file)
            except etree.XMLSyntaxError:
                continue
            yield file


def the_file(reference_data: Path, pattern: str) -> Path:
    (file,) = sorted(reference_data.glob(pattern))
    return file


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_fails_the_check_meant_for_it(kind: str, reference_data: Path, tmp_path: Path) -> None:
    damage = DAMAGE[kind]
    reference = the_file(reference_data, damage.file)
    candidate = changed(reference, tmp_path, damage.change)
    result = compared(reference, candidate)
    assert verdicts(result) == {METADATA: Status.PASSED, NAMING: Status.PASSED, damage.check: Status.FAILED}
    assert paths(result)[0].startswith(damage.path)
    assert damage.path in next(check.message for check in result[0] if check.name is damage.check)
    loose = verdicts(compared(reference, candidate, LOOSE))
    assert loose == {METADATA: Status.PASSED if damage.tolerated else Status.FAILED}
    assert set(verdicts(compared(reference, reference)).values()) == {Status.PASSED}


@pytest.mark.parametrize("kind", NO_DAMAGE)
def test_what_says_the_same_passes(kind: str, reference_data: Path, tmp_path: Path) -> None:
    pattern, change = NO_DAMAGE[kind]
    reference = the_file(reference_data, pattern)
    result = compared(reference, changed(reference, tmp_path, change))
    assert paths(result) == []
    assert verdicts(result) == {METADATA: Status.PASSED, NAMING: Status.PASSED}


def rewritten(root: etree._Element) -> None:
    """Other white space, other order of attributes, comments: the same document."""
    for element in root.iter(etree.Element):
        values = list(element.attrib.items())
        element.attrib.clear()
        element.attrib.update(reversed(values))
    root.insert(0, etree.Comment("written another way"))
    etree.indent(root, "\t\t\t")


def test_a_copy_written_another_way_is_the_same(reference_data: Path, tmp_path: Path) -> None:
    seen = 0
    for document in documents(reference_data):
        result = compared(document, changed(document, tmp_path, rewritten))
        assert verdicts(result) == {METADATA: Status.PASSED, NAMING: Status.PASSED}, document
        assert paths(result) == [], document
        seen += 1
    assert seen > 100


def places(root: etree._Element) -> list[tuple[etree._Element, str | None]]:
    """Every leaf, and every attribute by its name."""
    found: list[tuple[etree._Element, str | None]] = []
    for element in root.iter(etree.Element):
        found.extend((element, str(name)) for name in element.attrib)
        if not len(element):
            found.append((element, None))
    return found


def path_of(element: etree._Element, attribute: str | None) -> str:
    steps = [local(str(each.tag)) for each in [*reversed(list(element.iterancestors())), element]][1:]
    return "/".join([*steps, *([f"@{local(attribute)}"] if attribute else [])])


def test_any_value_changed_by_its_last_letter_is_found(reference_data: Path, tmp_path: Path) -> None:
    """Leaves and attributes all over every kind of document; the path that is told is that of the change."""
    random = np.random.default_rng(4)
    tried = 0
    for document in documents(reference_data):
        everywhere = places(etree.parse(document).getroot())
        for index in random.choice(len(everywhere), min(3, len(everywhere)), replace=False):

            def change(root: etree._Element, index: int = int(index)) -> None:
                element, attribute = places(root)[index]
                if attribute is None:
                    element.text = other_value(element.text or "")
                else:
                    element.set(attribute, other_value(str(element.attrib[attribute])))

            result = compared(document, changed(document, tmp_path, change))
            assert Status.FAILED in verdicts(result).values(), (document, everywhere[index])
            told = [re.sub(r"\[.*?\]", "", path) for path in paths(result)]
            path = path_of(*everywhere[index])
            # Where the change is in what identifies an element, one is missing and another not expected.
            assert all(path == each or path.startswith(f"{each}/") for each in told), (path, told)
            assert len(told) <= 2
            tried += 1
    assert tried > 300


def small(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


@pytest.mark.parametrize("content", [" ", "", '{"a": 1}', "<a>", "<a/><b/>", "<!DOCTYPE a><a/>"])
@pytest.mark.parametrize("side", [0, 1])
def test_what_cannot_be_read_fails(content: str, side: int, tmp_path: Path) -> None:
    both = [small(tmp_path, "good.xml", "<a/>"), small(tmp_path, "bad.xml", content)]
    checks, result, names = compared(*(both if side else both[::-1]), LOOSE)
    assert [(check.name, check.status) for check in checks] == [(CheckName.READABLE, Status.FAILED)]
    assert "bad.xml" in checks[0].message
    assert (result.item, result.document, names) == (KEY, (), ())


def test_two_stand_ins_of_one_byte_are_no_documents(tmp_path: Path) -> None:
    both = small(tmp_path, "one.xml", " "), small(tmp_path, "other.xml", " ")
    assert verdicts(compared(*both)) == {CheckName.READABLE: Status.FAILED}


def test_a_missing_document_fails(tmp_path: Path) -> None:
    assert verdicts(compared(small(tmp_path, "one.xml", "<a/>"), tmp_path / "none.xml")) == {
        CheckName.READABLE: Status.FAILED
    }


ONE = "<a><v>1</v><w>2</w><x>3</x><GENERATION_TIME>2022-01-25T19:00:36Z</GENERATION_TIME></a>"


def test_the_message_counts_what_differs(tmp_path: Path) -> None:
    other = ONE.replace(">1<", ">1.5<").replace(">2<", ">2.0001<").replace(">3<", ">4<").replace("36Z", "37Z")
    both = small(tmp_path, "one.xml", ONE), small(tmp_path, "other.xml", other)
    tolerances = Tolerances(metadata=MetadataTolerances(absolute=0.1, ignore=("x",)))
    checks, result, names = compared(*both, tolerances)
    assert checks[0].message == (
        "1 difference, 1 within tolerance, 1 name or date apart, 1 at ignored paths: "
        "v differs by 0.5 ('1.5', expected '1')"
    )
    assert checks[0].figures == {"differences": 1, "essential": 0, "within_tolerance": 1, "ignored": 1}
    assert checks[1].message == (
        "1 name or date of the run: GENERATION_TIME: 2022-01-25T19:00:37Z, expected 2022-01-25T19:00:36Z"
    )
    assert [(each.path, each.counts) for each in result.document] == [("v", True), ("w", False), ("x", False)]
    assert [name.place for name in names] == [f"{KEY}: GENERATION_TIME"]


def test_only_the_first_differences_are_in_the_message_all_in_the_result(tmp_path: Path) -> None:
    rows = [f"<v>{number}</v>" for number in range(10)]
    both = (
        small(tmp_path, "one.xml", f"<a>{''.join(rows)}</a>"),
        small(tmp_path, "other.xml", f"<a>{''.join(reversed(rows))}</a>"),
    )
    checks, result, _ = compared(*both)
    assert checks[0].message.startswith("10 differences: v[1] ")
    assert checks[0].message.endswith("; and 7 more")
    assert len(result.document) == 10


@pytest.mark.parametrize(("differing", "status"), [("fail", Status.FAILED), ("report", Status.PASSED)])
def test_differences_may_be_for_the_report_alone(differing: str, status: Status, tmp_path: Path) -> None:
    both = small(tmp_path, "one.xml", ONE), small(tmp_path, "other.xml", ONE.replace(">1<", ">7<"))
    tolerances = Tolerances(metadata=MetadataTolerances.model_validate({"differing": differing}))
    result = compared(*both, tolerances)
    assert verdicts(result)[METADATA] is status
    assert result[1].document[0].counts


def largest(reference_data: Path) -> Path:
    datastrips = (reference_data / "l1c_metadata").rglob("MTD_DS.xml")
    return max(datastrips, key=lambda file: file.stat().st_size)


def in_datastrip(document: str) -> str:
    """The last time of a datastrip, a second later."""
    start = document.rindex("<GPS_TIME>") + len("<GPS_TIME>")
    stop = document.index("<", start)
    return document[:start] + other_value(document[start:stop]) + document[stop:]


@pytest.mark.parametrize(
    ("change", "differences"),
    [
        (in_datastrip, 1),
        (lambda document: document.replace("psd-14.sentinel2", "psd-15.sentinel2"), 1),
        (lambda document: document.replace("\n", "\n "), 0),
    ],
)
def test_the_largest_document_takes_seconds(
    change: Callable[[str], str], differences: int, reference_data: Path, tmp_path: Path
) -> None:
    """A datastrip of 13 MB: 0.5 s, and 2 s where no part of it is the same byte for byte."""
    reference = largest(reference_data)
    candidate = small(tmp_path, "changed.xml", change(reference.read_text("utf-8")))
    start = time.process_time()
    result = compared(reference, candidate)
    assert time.process_time() - start < 10, "several times what was measured"
    assert len(result[1].document) == differences


MEASURED = """
import re, sys
from pathlib import Path
from ipf.compare.content import DocumentPart
from ipf.compare.documents import compare_documents
from ipf.compare.tolerances import Tolerances
parts = [DocumentPart("datastrip", Path(name)) for name in sys.argv[1:]]
found = compare_documents(*parts, Tolerances())[1].document
# Not ru_maxrss: a process inherits that of the one that started it.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(len(found), int(peak[1]) // 1024)
"""


def test_the_largest_document_takes_300_megabytes_at_most(reference_data: Path, tmp_path: Path) -> None:
    reference = largest(reference_data)
    candidate = small(tmp_path, "changed.xml", in_datastrip(reference.read_text("utf-8")))
    command = [sys.executable, "-c", MEASURED, str(reference), str(candidate)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    differences, megabytes = map(int, said.split())
    assert differences == 1
    assert megabytes < 300


ESSENTIAL = {
    "orbit": f"{INFO}/Datatake/SENSING_ORBIT_NUMBER",
    "text": f"{INFO}/Datatake/SPACECRAFT_NAME",
    "tile in a name": URI,
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", ESSENTIAL)
def test_another_acquisition_fails_under_every_profile(
    kind: str, profile: str, reference_data: Path, tmp_path: Path
) -> None:
    damage = DAMAGE[kind]
    reference = the_file(reference_data, damage.file)
    result = compared(reference, changed(reference, tmp_path, damage.change), load_tolerances(profile))
    assert verdicts(result)[METADATA] is Status.FAILED
    check = result[0][0]
    assert check.figures["essential"] == 1
    assert check.limits["essential"] == 0
    assert ESSENTIAL[kind] in check.message


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("value", ["banana", "yesterday", ""])
@pytest.mark.parametrize("path", [f"{INFO}/GENERATION_TIME", f"{INFO}/PROCESSING_BASELINE"])
def test_no_date_and_no_baseline_fail_under_every_profile(
    path: str, value: str, profile: str, reference_data: Path, tmp_path: Path
) -> None:
    reference = the_file(reference_data, PRODUCT)
    result = compared(reference, changed(reference, tmp_path, text(path, value)), load_tolerances(profile))
    assert verdicts(result)[METADATA] is Status.FAILED
    assert result[2] == ()


def test_essential_differences_are_told_first(tmp_path: Path) -> None:
    rows = "".join(f"<v>{number}</v>" for number in range(10))
    one = f"<a>{rows}<ULX>5</ULX></a>"
    other = one.replace(">5<", ">6<").replace(">1<", ">11<")
    checks, result, _ = compared(small(tmp_path, "one.xml", one), small(tmp_path, "other.xml", other), LOOSE)
    assert checks[0].message.startswith("3 differences, 1 essential: ULX differs by 1")
    assert [each.path for each in result.document] == ["v[2]", "v[6]", "ULX"]


def test_documents_of_two_tiles_fail_under_the_loosest_profile(reference_data: Path) -> None:
    tiles = sorted((reference_data / "metadata").glob("Level-2A_Tile_ID*"))
    loosest = load_tolerances(PROFILES[-1])
    for one, other in itertools.pairwise(tiles):
        assert verdicts(compared(one, other, loosest))[METADATA] is Status.FAILED, (one, other)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ["GENERATION_TIME", "PROCESSING_BASELINE"])
def test_a_lost_date_or_baseline_fails_under_every_profile(
    name: str, profile: str, reference_data: Path, tmp_path: Path
) -> None:
    reference = the_file(reference_data, PRODUCT)
    candidate = changed(reference, tmp_path, removed(f"{INFO}/{name}"))
    result = compared(reference, candidate, load_tolerances(profile))
    assert verdicts(result)[METADATA] is Status.FAILED
    assert f"{INFO}/{name} is missing" in result[0][0].message
    assert result[0][0].figures["essential"] == 1


@pytest.mark.parametrize(("name", "side"), [("PRODUCT_DOI", 0), ("PROCESSING_BASELINE", 1)])
def test_what_came_with_a_baseline_is_told_under_the_loosest_profile(
    name: str, side: int, reference_data: Path, tmp_path: Path
) -> None:
    reference = the_file(reference_data, PRODUCT)
    without = changed(reference, tmp_path, removed(f"{INFO}/{name}"))
    pair = (reference, without) if side == 0 else (without, reference)
    result = compared(*pair, load_tolerances("cross-processor"))
    assert verdicts(result)[METADATA] is Status.PASSED
    assert f"{INFO}/{name} is {'missing' if side == 0 else 'not expected'}" in result[0][0].message
