"""Patterns that match nothing in any document are told, whether or not the documents differ there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lxml import etree

from ipf.compare.comparison import compare
from ipf.compare.content import DocumentPart
from ipf.compare.documents import compare_documents, patterns_in
from ipf.compare.results import Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import MetadataTolerances, NumberTolerances, Tolerances
from ipf.compare.xml_patterns import element_paths, matched_patterns
from tests.product.products import write_small_l1c

DOCUMENT = '<T xmlns="n" v="1"><a><b id="2">3</b><b id="4"/></a><!-- c --><c xmlns:x="http://x" x:y="5"/></T>'


def test_paths_are_those_of_the_comparison() -> None:
    root = etree.fromstring(DOCUMENT, etree.XMLParser(remove_comments=True))
    paths = list(element_paths(root))
    assert sorted(paths) == ["", "@v", "a", "a/b", "a/b/@id", "c", "c/@y"]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("a/b", True),
        ("*/b", True),
        ("*b/@id", True),
        ("*", True),
        ("c/@y", True),
        ("b", False),
        ("A/b", False),
        ("a/b[1]", False),
        ("T/a", False),
        ("*@x", False),
        ("", True),
    ],
)
def test_a_pattern_matches_whole_paths(pattern: str, matches: bool) -> None:
    root = etree.fromstring(DOCUMENT, etree.XMLParser(remove_comments=True))
    found = matched_patterns(root, [("ignore", pattern), ("sets", "nothing")])
    assert found == ({("ignore", pattern)} if matches else set())


def tolerances(**metadata: object) -> Tolerances:
    return Tolerances(metadata=MetadataTolerances.model_validate(metadata))


@pytest.mark.parametrize(
    ("one", "other"),
    [("<T><a>1</a></T>", "<T><a>1</a></T>"), ("<T><a>1</a></T>", "<T/>"), ("<T/>", "<T><a>1</a></T>")],
)
def test_what_is_the_same_or_on_one_side_alone_is_seen(one: str, other: str, tmp_path: Path) -> None:
    parts = []
    for name, content in (("one.xml", one), ("other.xml", other)):
        (tmp_path / name).write_text(content)
        parts.append(DocumentPart("document", tmp_path / name))
    limits = tolerances(ignore=("a", "aa"), sets=("a",), numbers=(NumberTolerances(path="*a"),))
    _, result, _ = compare_documents(parts[0], parts[1], limits)
    assert result.patterns == {("ignore", "a"), ("sets", "a"), ("numbers", "*a")}


def test_a_document_without_partner_is_looked_at_even_if_it_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_text("<T><a/></T>")
    (tmp_path / "bad.xml").write_text("<T><a/>")
    limits = tolerances(ignore=("a", "b"))
    assert patterns_in(DocumentPart("good", tmp_path / "good.xml"), limits) == {("ignore", "a")}
    assert patterns_in(DocumentPart("bad", tmp_path / "bad.xml"), limits) == frozenset()


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_l1c(tmp_path_factory.mktemp("l1c"))


def file_of(folder: Path, text: str) -> Path:
    path = folder / "tolerances.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("profile", PROFILES)
def test_a_mistyped_pattern_is_told_and_no_other(reference: Path, tmp_path: Path, profile: str) -> None:
    """Those that the profiles bring along are of other products as well."""
    file = file_of(
        tmp_path,
        f"""profile = "{profile}"
[metadata]
ignore = ["*/SPACECRAFT_NAME", "*/SPACECRAFT_NAMES"]
sets = ["*/Granule_List", "*/Granule_Lists"]
[[metadata.numbers]]
path = "*/PHYSICAL_GAINS"
absolute = 0.1
[[metadata.numbers]]
path = "*/PHYSICAL_GAIN"
absolute = 0.1
""",
    )
    result = compare(reference, reference, load_tolerances(file))
    assert result.status is Status.PASSED
    assert [note.partition(" holds nowhere")[0] for note in result.notes] == [
        "metadata.numbers: '*/PHYSICAL_GAIN'",
        "metadata.ignore: '*/SPACECRAFT_NAMES'",
        "metadata.sets: '*/Granule_Lists'",
    ]
    assert compare(reference, reference, load_tolerances(profile)).notes == ()


def test_a_pattern_of_a_document_that_one_side_lacks_holds(reference: Path, tmp_path: Path) -> None:
    candidate = Path(shutil.copytree(reference, tmp_path / reference.name))
    (candidate / "INSPIRE.xml").unlink()
    limits = load_tolerances(file_of(tmp_path, '[metadata]\nignore = ["*MD_Keywords/keyword*"]'))
    for pair in ((reference, candidate), (candidate, reference)):
        assert compare(*pair, limits).notes == ()
    assert len(compare(candidate, candidate, limits).notes) == 1
