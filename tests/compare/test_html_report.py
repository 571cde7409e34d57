"""The page of a comparison: it names every failure, needs no network, and stands whatever it is given."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from ipf.compare.comparison import compare
from ipf.compare.figures import MaskFigures, RasterFigures
from ipf.compare.html_report import write_html
from ipf.compare.results import (
    Check,
    CheckName,
    Comparison,
    DocumentDifference,
    NameDifference,
    PartResult,
    Status,
)
from ipf.compare.tolerance_files import load_tolerances
from ipf.errors import OutputError
from tests.compare import damaged
from tests.compare.compared_products import class_map, full, ground, of, raster, shifts, statistics

HOSTILE = "<script>alert(1)</script>\"'&</style>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a comparison with every kind of part."""
    return write_html(full(), tmp_path_factory.mktemp("page"))


def text_of(page: Path) -> str:
    """What is read: without tags, each white space one blank."""
    content = re.sub(r"<(style|script)\b.*?</\1>", "", page.read_text(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())


def references(page: Path) -> set[str]:
    return set(re.findall(r'(?:src|href)="([^"]*)"', page.read_text()))


def pictures(page: Path) -> list[Path]:
    return sorted(page.parent.glob("*.png"))


def only(figures: RasterFigures, item: str = "B02 10 m") -> Comparison:
    """A comparison of one raster alone, the limits of which are broken by any difference."""
    return of(PartResult(item, raster=figures), checks=(statistics(item, figures, 0.0),))


def test_every_failed_check_is_named_with_what_was_found(page: Path) -> None:
    text = text_of(page)
    assert "FAILED" in text
    for check in full().failures:
        assert check.item in text
        assert check.message in text


def test_the_verdict_is_that_of_the_comparison(tmp_path: Path) -> None:
    same = raster(ground(), ground())
    passed = write_html(only(same), tmp_path)
    assert "PASSED" in text_of(passed)
    assert "FAILED" not in text_of(passed)


def test_nothing_is_fetched(page: Path) -> None:
    content = page.read_text()
    assert not re.search(r"https?:|//[a-z]|@import|url\(", content)
    for name in references(page):
        assert name.startswith(("#", "data:")) or (page.parent / name).is_file(), name


def test_notes_stand_with_the_verdict(tmp_path: Path) -> None:
    comparison = replace(full(), notes=("overrides of '*/B9*' hold nowhere", HOSTILE))
    text = text_of(write_html(comparison, tmp_path))
    assert text.index("overrides of '*/B9*' hold nowhere") < text.index("What failed")
    assert "<script>alert" not in (tmp_path / "index.html").read_text()
    assert "Note" in text
    assert "Note" not in text_of(write_html(full(), tmp_path))


def test_links_within_the_page_lead_somewhere(page: Path) -> None:
    places = re.findall(r'\bid="([^"]*)"', page.read_text())
    assert len(places) == len(set(places))
    assert {name[1:] for name in references(page) if name.startswith("#")} <= set(places)


def test_every_picture_is_shown_described_and_not_blank(page: Path) -> None:
    assert pictures(page)
    assert {path.name for path in pictures(page)} == {
        name for name in references(page) if name.endswith(".png")
    }
    for path in pictures(page):
        pixels = imread(path)
        assert pixels.min() < pixels.max(), path
    described = re.findall(r"<img\b[^>]*>", page.read_text())
    assert all(re.search(r'alt="[^"]+"', image) for image in described)


def test_the_same_comparison_gives_the_same_bytes(page: Path, tmp_path: Path) -> None:
    again = write_html(full(), tmp_path)
    assert {path.name for path in again.parent.iterdir()} == {path.name for path in page.parent.iterdir()}
    for path in again.parent.iterdir():
        assert path.read_bytes() == (page.parent / path.name).read_bytes(), path.name


def test_differences_of_documents_and_names_are_listed(page: Path) -> None:
    text = text_of(page)
    for told in ("Tile/Sun_Angle/ZENITH", "31.20", "31.25", "Tile/Row[29]", "L2A_T32TQR_A1", "L2A_T32TQR_A2"):
        assert told in text
    assert "<details" in page.read_text()


def test_equal_parts_have_a_row_and_no_picture(tmp_path: Path) -> None:
    same = raster(ground(), ground())
    items = [f"B{number:03d} 10 m" for number in range(120)]
    parts = [PartResult(item, raster=same, shift=shifts(0.0, 0.0)) for item in items]
    page = write_html(of(*parts, checks=tuple(statistics(item, same, 0.0) for item in items)), tmp_path)
    assert not pictures(page)
    assert page.stat().st_size < 100_000
    text = text_of(page)
    assert all(item in text for item in items)


def test_pictures_are_few_however_many_parts_differ_and_no_part_is_left_out(tmp_path: Path) -> None:
    tiny = np.linspace(0.1, 0.3, 16).reshape(4, 4)
    other = raster(tiny, tiny + 0.01 * np.arange(16).reshape(4, 4))
    items = [f"mask {number:03d}" for number in range(90)]
    mask = MaskFigures(16, {"bit": 1}, {"bit": 1}, {"bit": 0}, (0, 0), np.eye(4, dtype=np.float32), 1)
    parts = [PartResult("B02", raster=other), *(PartResult(item, mask=mask) for item in items)]
    page = write_html(of(*parts, checks=(statistics("B02", other, 0.0),)), tmp_path)
    assert 50 <= len(pictures(page)) <= 60
    text = text_of(page)
    assert all(item in text for item in items)


def test_a_band_without_data_is_told(tmp_path: Path) -> None:
    nothing = np.full((120, 120), np.nan)
    figures = raster(nothing, nothing, no_data_gained=1234)
    page = write_html(only(figures, "B10 60 m"), tmp_path)
    assert "B10 60 m" in text_of(page)
    assert re.search(r"1.?234", text_of(page))


def test_a_comparison_of_nothing_is_a_failure(tmp_path: Path) -> None:
    text = text_of(write_html(of(checks=()), tmp_path))
    assert "FAILED" in text
    assert "PASSED" not in text


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    some = raster(ground(), 1.1 * ground(), unit=HOSTILE)
    labels = replace(class_map(), names={4: HOSTILE})
    bits = MaskFigures(9, {HOSTILE: 1}, {HOSTILE: 2}, {HOSTILE: 3}, (0, 0), np.eye(3, dtype=np.float32), 1)
    parts = (
        PartResult(HOSTILE, raster=some),
        PartResult(f"../../{HOSTILE}", classes=labels),
        PartResult(f"{HOSTILE} mask", mask=bits),
        PartResult(f"{HOSTILE} document", document=(DocumentDifference(HOSTILE, HOSTILE, None, HOSTILE),)),
    )
    checks = tuple(
        Check(CheckName.BYTES, part.item, Status.FAILED, HOSTILE, {HOSTILE: HOSTILE}, {HOSTILE: 1.0})
        for part in parts
    )
    comparison = of(*parts, checks=checks, naming=(NameDifference(HOSTILE, HOSTILE, HOSTILE),))
    page = write_html(
        replace(comparison, reference=Path(HOSTILE), kind=HOSTILE, profile=HOSTILE), tmp_path / "in"
    )
    content = page.read_text()
    assert "<script>alert" not in content
    assert content.count("</style>") == content.count("<style>")
    assert "alert(1)" in text_of(page)
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", path.name) for path in page.parent.iterdir())


def test_a_unit_is_no_formula(tmp_path: Path) -> None:
    assert write_html(only(raster(ground(), 1.1 * ground(), unit=r"$\frac{$")), tmp_path).is_file()


def test_a_single_pixel_that_differs_is_seen(tmp_path: Path) -> None:
    candidate = ground()
    candidate[60, 60] += 0.1
    page = write_html(only(raster(ground(), candidate)), tmp_path)
    assert "360" in text_of(page)
    (shown,) = [path for path in pictures(page) if "difference" in path.name]
    pixels = imread(shown)[..., :3]
    coloured = (pixels.max(axis=-1) - pixels.min(axis=-1)) > 0.3
    assert coloured.any()


def test_an_infinite_difference_is_printed(tmp_path: Path) -> None:
    figures = raster(ground(), 1.1 * ground())
    figures = replace(figures, all=replace(figures.all, maximum=float("inf")), slope=float("nan"))
    assert "∞" in text_of(write_html(only(figures), tmp_path))


def test_a_folder_that_exists_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("earlier")
    (tmp_path / "kept.txt").write_text("kept")
    page = write_html(full(), tmp_path)
    assert "earlier" not in page.read_text()
    assert (tmp_path / "kept.txt").read_text() == "kept"
    assert not list(tmp_path.glob(".ipf-*"))


def test_a_folder_that_is_a_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("a file")
    with pytest.raises(OutputError, match="page"):
        write_html(full(), tmp_path / "page")


def test_a_real_product_and_its_damaged_copy(tmp_path: Path) -> None:
    reference = damaged.write_product(tmp_path / "reference")
    candidate = tmp_path / "candidate" / reference.name
    shutil.copytree(reference, candidate)
    limits = load_tolerances("identical")
    equal = write_html(compare(reference, candidate, limits), tmp_path / "equal")
    assert "FAILED" not in text_of(equal)
    assert not pictures(equal)
    damaged.edit_image(candidate, damaged.image("B02", 10), lambda counts: np.roll(counts, 1, axis=1))
    damaged.edit_image(
        candidate, damaged.image("SCL", 20), lambda classes: np.where(classes == 4, 5, classes)
    )
    comparison = compare(reference, candidate, limits)
    page = write_html(comparison, tmp_path / "different")
    assert {"T29UNU/B02 10 m", "T29UNU/SCL 20 m"} <= {check.item for check in comparison.failures}
    assert all(check.item in text_of(page) for check in comparison.failures)
    assert pictures(page)
