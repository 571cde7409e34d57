"""A comparison as a page for people: `index.html` and its pictures in a folder; nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ipf import __version__
from ipf.atomic import write_bytes, write_text
from ipf.compare import report_sections
from ipf.compare.figures import RasterFigures
from ipf.compare.report_checks import CheckGroup, grouped, number
from ipf.compare.report_colours import NO_DATA, ONE_SIDE, UNCHANGED, change_gradient, css, difference_gradient
from ipf.compare.report_junit import printable
from ipf.compare.report_pictures import (
    DifferencePicture,
    ImagePictures,
    class_pictures,
    difference_picture,
    image_pictures,
    mask_picture,
)
from ipf.compare.report_plots import difference_plots, has_moved
from ipf.compare.results import CheckName, Comparison, PartResult, Status

PAGE, TEMPLATE = "index.html", "report.html.j2"
PICTURES = 60
"""Pictures of a page, at most: those of the parts that differ most."""
SHOWN, LISTED = 12, 400
"""Entries of a list that are seen at once, and that are listed at all."""
_LONGEST_TEXT = 240
"""Characters of a value of XML that are printed."""
_NAME_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Section:
    """The details of a part; `files` are its pictures by what they show, none when there were too many."""

    part: PartResult
    anchor: str
    checks: CheckGroup | None
    files: dict[str, str] = field(default_factory=dict)
    difference: DifferencePicture | None = None
    images: ImagePictures | None = None

    @property
    def item(self) -> str:
        """Key of the part."""
        return self.part.item

    @property
    def arrows(self) -> bool:
        """Whether shifts are drawn."""
        return self.part.shift is not None and has_moved(self.part.shift)

    @property
    def failed(self) -> bool:
        """Whether a check of the part failed."""
        return self.checks is not None and self.checks.failed


def write_html(comparison: Comparison, folder: Path) -> Path:
    """Write the page and its pictures into `folder`, which may exist; returns the page's path.

    The page comes last, so that it never lacks a picture. The same comparison gives the same bytes. Raises
    `OutputError` when the folder cannot be written.
    """
    groups = grouped(comparison.checks)
    sections = _sections(comparison, {group.item: group for group in groups})
    chosen = _chosen(sections)
    tolerances = _tolerances(comparison)
    shown = [
        _with_pictures(section, folder, tolerances.get(section.item)) if section.anchor in chosen else section
        for section in sections
    ]
    write_text(folder / PAGE, printable(_rendered(comparison, groups, shown)))
    return folder / PAGE


def _sections(comparison: Comparison, groups: dict[str, CheckGroup]) -> list[Section]:
    """Parts that differ; those that failed come first."""
    sections = [
        Section(part, f"part-{place}", groups.get(part.item))
        for place, part in enumerate(comparison.parts)
        if report_sections.differs(part)
    ]
    return sorted(sections, key=lambda section: not section.failed)


def _chosen(sections: Iterable[Section]) -> set[str]:
    """Anchors of the sections that have pictures: failures first, then what differs most."""
    chosen: set[str] = set()
    left = PICTURES
    for section in sorted(
        sections, key=lambda each: (not each.failed, -report_sections.differing_share(each.part))
    ):
        wanted = _pictures_of(section.part)
        if 0 < wanted <= left:
            chosen.add(section.anchor)
            left -= wanted
    return chosen


def _pictures_of(part: PartResult) -> int:
    """Number of pictures that a part has."""
    if part.raster is not None:
        return 4 if part.raster.all.pixels else 3
    if part.classes is not None:
        return 2
    return 1 if part.mask is not None else 0


def _with_pictures(section: Section, folder: Path, tolerance: tuple[float, float] | None) -> Section:
    """Write the pictures of a section; their names begin with that of the part, as far as it is a file's."""
    part = section.part
    name = re.sub("[^A-Za-z0-9]+", "-", part.item).strip("-")[:_NAME_LENGTH]
    names: dict[str, str] = {}

    def write(kind: str, png: bytes) -> None:
        names[kind] = f"{section.anchor}-{name}-{kind}.png" if name else f"{section.anchor}-{kind}.png"
        write_bytes(folder / names[kind], png)

    difference = images = None
    if part.raster is not None:
        difference = difference_picture(part.raster.thumbnails)
        images = image_pictures(part.raster.thumbnails)
        write("difference", difference.png)
        write("reference", images.reference)
        write("candidate", images.candidate)
        if part.raster.all.pixels:
            write("plots", difference_plots(part.raster, part.shift, _at_mean(tolerance, part.raster)))
    elif part.classes is not None:
        for kind, png in zip(("reference", "candidate"), class_pictures(part.classes), strict=True):
            write(kind, png)
    elif part.mask is not None:
        write("changed", mask_picture(part.mask))
    return Section(part, section.anchor, section.checks, names, difference, images)


def _tolerances(comparison: Comparison) -> dict[str, tuple[float, float]]:
    """Absolute and relative tolerance of a pixel by part, where its check tells them."""
    found = {}
    for check in comparison.checks:
        absolute, relative = (check.limits.get(name, 0.0) for name in ("absolute", "relative"))
        if check.name is CheckName.STATISTICS and "absolute" in check.limits:
            found[check.item] = float(absolute), float(relative)
    return found


def _at_mean(tolerance: tuple[float, float] | None, figures: RasterFigures) -> float | None:
    """Difference that a pixel of the reference's mean may have."""
    if tolerance is None:
        return None
    absolute, relative = tolerance
    return absolute + (relative * abs(figures.mean_reference) if relative else 0.0)


def page_templates() -> Environment:
    """The templates of pages, with what they share."""
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["shortened"] = _shortened
    return environment


def _rendered(comparison: Comparison, groups: list[CheckGroup], sections: list[Section]) -> str:
    differing = {section.item for section in sections}
    kinds: dict[str, Callable[[PartResult], bool]] = {
        "rasters": lambda part: part.raster is not None or part.shift is not None,
        "classes": lambda part: part.classes is not None,
        "masks": lambda part: part.mask is not None,
        "documents": lambda part: bool(part.document),
    }
    template = page_templates().get_template(TEMPLATE)
    return template.render(
        comparison=comparison,
        passed=comparison.status is Status.PASSED,
        groups=[group for group in groups if group.failed or group.item in differing],
        equal=[group for group in groups if not (group.failed or group.item in differing)],
        anchors={section.item: section.anchor for section in sections},
        without_pictures=[
            section.item for section in sections if _pictures_of(section.part) and not section.files
        ],
        view=report_sections,
        gradients={"difference": difference_gradient(), "change": change_gradient()},
        colours={"no_data": css(NO_DATA), "one_side": css(ONE_SIDE), "unchanged": css(UNCHANGED)},
        shown=SHOWN,
        listed=LISTED,
        version=__version__,
        **{
            kind: [section for section in sections if belongs(section.part)]
            for kind, belongs in kinds.items()
        },
    )


def _source(name: str) -> str:
    return files("ipf.compare").joinpath(name).read_text(encoding="utf-8")


def _shortened(text: str | None) -> str:
    """A value of XML, the middle of a long one left out."""
    if text is None:
        return ""
    if len(text) <= _LONGEST_TEXT:
        return text
    half = _LONGEST_TEXT // 2
    return f"{text[:half]} … {text[-half:]} ({number(len(text))} characters)"
