"""What a comparison says: checks with a verdict, and the figures behind them.

A check is one question about one part (``statistics`` of ``B02 10 m``). Nothing that could not be compared is
left out: it is a failed check. Differences of names and creation dates are kept apart, in `NameDifference`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ipf.compare.figures import ClassMapFigures, MaskFigures, RasterFigures, ShiftField

Figure = float | int | str
"""A measured value or a limit, as reports print it."""

Pattern = tuple[str, str]
"""A pattern of element paths and the table of tolerances that it stands in: numbers, ignore or sets."""


class Status(StrEnum):
    """Outcome of a check, and of all together."""

    PASSED = "PASSED"
    FAILED = "FAILED"


class CheckName(StrEnum):
    """The questions that are asked."""

    FILES = "files"
    """Are the same parts there on both sides?"""
    READABLE = "readable"
    """Could both sides be read and compared at all?"""
    NAMING = "naming"
    """Are names, identifiers and creation dates the same?"""
    GEOREFERENCE = "georeference"
    """Are reference system, corner, pixel size and shape the same?"""
    ENCODING = "encoding"
    """Are data type, quantification and the structure of the JPEG 2000 code-stream the same?"""
    STATISTICS = "statistics"
    """Are the values the same, within tolerance?"""
    CLASS_STATISTICS = "class_statistics"
    """Are they over each class of the scene classification?"""
    SHIFT = "shift"
    """Are the images in the same place?"""
    NO_DATA = "no_data"
    """Are the same pixels without data?"""
    SATURATION = "saturation"
    """Are the same pixels saturated?"""
    CLASSES = "classes"
    """Do class maps agree?"""
    MASK = "mask"
    """Do masks agree, bit by bit?"""
    METADATA = "metadata"
    """Do XML documents say the same?"""
    BYTES = "bytes"
    """Are files of no known structure the same, byte for byte?"""


@dataclass(frozen=True, slots=True)
class Check:
    """One question about one part: `item` is the part's key, `message` one line for a person.

    `figures` are what was measured, `limits` what was allowed, under the same names where they belong
    together.
    """

    name: CheckName
    item: str
    status: Status
    message: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    limits: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NameDifference:
    """A name, identifier or creation date that differs: where it stands, and what both sides say."""

    place: str
    reference: str
    candidate: str


@dataclass(frozen=True, slots=True)
class DocumentDifference:
    """A difference of two XML documents at an element path; None stands for an element that is not there.

    `counts` tells whether it is beyond tolerance.
    """

    path: str
    reference: str | None
    candidate: str | None
    message: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class PartResult:
    """The figures of one part, for reports; only those that its nature has are given.

    `patterns` are those of the tolerances that an element of the document matches, on either side.
    """

    item: str
    raster: RasterFigures | None = None
    shift: ShiftField | None = None
    classes: ClassMapFigures | None = None
    mask: MaskFigures | None = None
    document: tuple[DocumentDifference, ...] = ()
    patterns: frozenset[Pattern] = frozenset()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything about one comparison. `kind` says what was compared, `profile` how strictly.

    `notes` are sentences about the comparison as a whole that its reader must see: tolerances that hold
    nowhere.
    """

    reference: Path
    candidate: Path
    kind: str
    profile: str
    checks: tuple[Check, ...]
    naming: tuple[NameDifference, ...] = ()
    parts: tuple[PartResult, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status is Status.FAILED)

    @property
    def status(self) -> Status:
        """PASSED when every check passed, and something was checked at all."""
        return Status.PASSED if self.checks and not self.failures else Status.FAILED
