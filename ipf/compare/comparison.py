"""The comparison as a whole: open both sides, pair their parts, compare each part, gather the verdicts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.compare.content import Content, DocumentPart, Nature, OtherPart, RasterPart
from ipf.compare.documents import compare_documents, patterns_in
from ipf.compare.gdal_files import check_is_file
from ipf.compare.image_levels import level_checks
from ipf.compare.opening import open_content
from ipf.compare.pairing import Pairing, file_checks, pair
from ipf.compare.pixels import open_pixels
from ipf.compare.raster_comparison import compare_rasters
from ipf.compare.results import Check, CheckName, Comparison, NameDifference, PartResult, Pattern, Status
from ipf.compare.schedule import Job, done_in_threads
from ipf.compare.structure import byte_check, structure_checks
from ipf.compare.tolerance_files import profile_label
from ipf.compare.tolerances import Tolerances
from ipf.compare.unused import metadata_notes, override_notes
from ipf.errors import IpfError, ProductError
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.raster import Window

Part = RasterPart | DocumentPart | OtherPart
Classes = npt.NDArray[np.uint8]
Progress = Callable[[float, str], None]
"""Is told the share done (0 to 1) and the part that was compared last."""

_MEMORY = 1_600_000_000
"""Bytes that the parts under way may hold, so that with the program itself they keep within 2 GB."""

_WORKING_MEMORY = 170_000_000
"""Bytes that comparing a pair of images takes besides their pixels, measured at 10980 x 10980 pixels."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found of one pair of parts."""

    checks: tuple[Check, ...]
    part: PartResult
    naming: tuple[NameDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opened:
    """Both sides: their kind, the reference's class maps, parts by pairs, what each pair holds (bytes).

    `patterns` are those of the tolerances that match in documents without a partner.
    """

    kind: str
    pairing: Pairing
    pairs: tuple[tuple[Part, Part], ...]
    rasters: Mapping[str, RasterPart]
    decoded: Mapping[str, int]
    stored: Mapping[str, int]
    patterns: frozenset[Pattern]


def compare(
    reference: Path,
    candidate: Path,
    tolerances: Tolerances,
    *,
    threads: int = 2,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a product with its reference in `threads`, the calling one being free for signals.

    The result does not depend on `threads`. Raises `ProductError` when a side is nothing that is known; what
    goes wrong with single parts is a failed check of those.
    """
    opened = _in_thread(lambda: _opened(reference, candidate, tolerances))
    outcomes = _all_compared(opened, tolerances, threads, progress)
    found = [outcomes[first.key] for first, _ in opened.pairs]
    patterns = opened.patterns.union(*(each.part.patterns for each in found))
    checks = [*file_checks(opened.pairing, tolerances), *(check for each in found for check in each.checks)]
    return Comparison(
        reference=reference,
        candidate=candidate,
        kind=opened.kind,
        profile=profile_label(tolerances),
        checks=tuple(checks),
        naming=(*opened.pairing.naming, *(name for each in found for name in each.naming)),
        parts=tuple(each.part for each in found),
        notes=(*override_notes(tolerances, _parts(opened)), *metadata_notes(tolerances, patterns)),
    )


def _parts(opened: _Opened) -> Iterator[Part]:
    """Every part of both sides, those without a partner too."""
    for pair_of_parts in opened.pairs:
        yield from pair_of_parts
    yield from opened.pairing.missing
    yield from opened.pairing.extra


def _in_thread(work: Callable[[], _Opened]) -> _Opened:
    ((_, result),) = done_in_threads([Job("", lambda _: work())], 1, 0)
    return result


def _opened(reference: Path, candidate: Path, tolerances: Tolerances) -> _Opened:
    ours, theirs = open_content(reference), open_content(candidate)
    pairing = pair(ours, theirs)
    pairs: tuple[tuple[Part, Part], ...] = (*pairing.rasters, *pairing.documents, *pairing.others)
    alone = [part for part in (*pairing.missing, *pairing.extra) if isinstance(part, DocumentPart)]
    return _Opened(
        _kind(ours, theirs),
        pairing,
        pairs,
        ours.rasters,
        {first.key: _decoded_bytes(first) + _decoded_bytes(second) for first, second in pairs},
        {first.key: _stored_bytes(first.path) + _stored_bytes(second.path) for first, second in pairs},
        frozenset[Pattern]().union(*(patterns_in(part, tolerances) for part in alone)),
    )


def _kind(ours: Content, theirs: Content) -> str:
    return ours.kind if ours.kind == theirs.kind else f"{ours.kind} and {theirs.kind}"


def _decoded_bytes(part: Part) -> int:
    """Bytes of a JPEG 2000 image in memory; others are read by windows, and damaged ones not at all."""
    if not isinstance(part, RasterPart) or part.path.suffix.lower() != ".jp2":
        return 0
    try:
        check_is_file(part.path)
        stream = inspect_jpeg2000(part.path)
    except ProductError:
        return 0  # its comparison says so
    held = 1 if part.nature is Nature.MASK else len(part.components)  # a mask's components are bits
    return stream.shape[0] * stream.shape[1] * held * (2 if stream.bits > 8 else 1)


def _stored_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # its comparison says so


def _all_compared(
    opened: _Opened, tolerances: Tolerances, threads: int, progress: Progress | None
) -> dict[str, _Outcome]:
    """Outcomes by key. The largest images come first, so that no long one is left to the end."""
    classes = _ClassMaps(opened.rasters)
    jobs = [_job(first, second, opened, tolerances, classes) for first, second in opened.pairs]
    jobs.sort(key=lambda job: (-job.memory, -opened.stored[job.key], job.key))
    total, done = sum(opened.stored.values()) or 1, 0
    outcomes: dict[str, _Outcome] = {}
    for job, outcome in done_in_threads(jobs, threads, _MEMORY):
        outcomes[job.key] = outcome
        done += opened.stored[job.key]
        if progress is not None:
            progress(done / total, job.key)
    return outcomes


def _job(
    reference: Part, candidate: Part, opened: _Opened, tolerances: Tolerances, classes: _ClassMaps
) -> Job[_Outcome]:
    decoded = opened.decoded[reference.key]
    return Job(
        reference.key,
        lambda threads: _compared(reference, candidate, tolerances, classes, threads),
        decoded + _WORKING_MEMORY if decoded else 0,
    )


def _compared(
    reference: Part, candidate: Part, tolerances: Tolerances, classes: _ClassMaps, threads: int
) -> _Outcome:
    """Compare one pair of parts; what cannot be read is a failed check, a programming error is raised."""
    try:
        if isinstance(reference, RasterPart) and isinstance(candidate, RasterPart):
            return _rasters_compared(reference, candidate, tolerances, classes, threads)
        if isinstance(reference, DocumentPart) and isinstance(candidate, DocumentPart):
            checks, part, naming = compare_documents(reference, candidate, tolerances)
            return _Outcome(tuple(checks), part, naming)
        if isinstance(reference, OtherPart) and isinstance(candidate, OtherPart):
            return _Outcome((byte_check(reference, candidate, tolerances),), PartResult(reference.key))
        raise ProductError(f"{candidate.path}: is of another nature than {reference.path}")
    except IpfError as problem:
        return _unreadable(reference.key, str(problem))
    except OSError as problem:
        return _unreadable(
            reference.key, f"{problem.filename or reference.path}: {problem.strerror or problem}"
        )


def _unreadable(key: str, message: str) -> _Outcome:
    check = Check(CheckName.READABLE, key, Status.FAILED, " ".join(message.split()))
    return _Outcome((check,), PartResult(key))


def _rasters_compared(
    reference: RasterPart, candidate: RasterPart, tolerances: Tolerances, classes: _ClassMaps, threads: int
) -> _Outcome:
    """Structure, then values, last those of overviews and masks; where the file cannot be opened, that is all
    there is to say.
    """
    structure = structure_checks(reference, candidate, tolerances)
    if any(check.name is CheckName.READABLE and check.status is Status.FAILED for check in structure):
        return _Outcome(tuple(structure), PartResult(reference.key))
    found = classes.of(reference.classification)
    values, part = compare_rasters(
        reference, candidate, tolerances, None if isinstance(found, str) else found, threads
    )
    if isinstance(found, str):
        values = [*values, Check(CheckName.CLASS_STATISTICS, reference.key, Status.FAILED, found)]
    levels = level_checks(reference, candidate, tolerances, threads)
    return _Outcome((*structure, *values, *levels), part)


class _ClassMaps:
    """Scene classifications of the reference, each read once, by whichever thread needs it first."""

    def __init__(self, parts: Mapping[str, RasterPart]) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._read: dict[str, Classes | str] = {}

    def of(self, key: str | None) -> Classes | str | None:
        """The classes of a key, or why they cannot be read; None without a key."""
        if key is None:
            return None
        with self._lock:
            if key not in self._read:
                self._read[key] = self._classes(key)
            return self._read[key]

    def _classes(self, key: str) -> Classes | str:
        try:
            pixels = open_pixels(self._parts[key])
            return np.asarray(pixels.read(Window(0, 0, *pixels.shape)), np.uint8)
        except ProductError as problem:
            return f"{key} cannot be read: {problem}"
