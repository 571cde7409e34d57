"""The comparison as a whole: open both sides, pair their parts, compare each part, gather the verdicts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.compare.content import DocumentPart, OtherPart, RasterPart
from ipf.compare.documents import compare_documents
from ipf.compare.opening import open_content
from ipf.compare.pairing import Pairing, file_checks, pair
from ipf.compare.pixels import open_pixels
from ipf.compare.raster_comparison import compare_rasters
from ipf.compare.results import Check, CheckName, Comparison, NameDifference, PartResult, Status
from ipf.compare.structure import byte_check, structure_checks
from ipf.compare.tolerances import Tolerances
from ipf.errors import IpfError, ProductError
from ipf.product.raster import Window

Part = RasterPart | DocumentPart | OtherPart
Classes = npt.NDArray[np.uint8]
Progress = Callable[[float, str], None]
"""Is told the share done (0 to 1) and the part that was compared last."""

_POLL_SECONDS = 0.2
"""How long the caller's thread waits at a time, so that signals reach it."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found of one pair of parts."""

    checks: tuple[Check, ...]
    part: PartResult
    naming: tuple[NameDifference, ...] = ()


def compare(
    reference: Path,
    candidate: Path,
    tolerances: Tolerances,
    *,
    threads: int = 2,
    progress: Progress | None = None,
) -> Comparison:
    """Compare a product with its reference, `threads` parts at a time.

    The figures do not depend on `threads`. Raises `ProductError` when one side is nothing that can be
    compared with the other; whatever goes wrong with single parts is a failed check of those.
    """
    ours, theirs = open_content(reference), open_content(candidate)
    pairing = pair(ours, theirs)
    pairs: list[tuple[Part, Part]] = [*pairing.rasters, *pairing.documents, *pairing.others]
    classes = _ClassMaps({first.key: first for first, _ in pairing.rasters})
    outcomes = _all_compared(pairs, tolerances, classes, threads, progress)
    found = [outcomes[first.key] for first, _ in pairs]
    return Comparison(
        reference=reference,
        candidate=candidate,
        kind=ours.kind,
        profile=tolerances.profile,
        checks=(*file_checks(pairing, tolerances), *(check for each in found for check in each.checks)),
        naming=_naming(pairing, found),
        parts=tuple(each.part for each in found),
    )


def _naming(pairing: Pairing, found: Sequence[_Outcome]) -> tuple[NameDifference, ...]:
    return (*pairing.naming, *(name for each in found for name in each.naming))


def _all_compared(
    pairs: Sequence[tuple[Part, Part]],
    tolerances: Tolerances,
    classes: _ClassMaps,
    threads: int,
    progress: Progress | None,
) -> dict[str, _Outcome]:
    """Outcomes by key. The largest files come first, so that no long one is left to the end."""
    sizes = {first.key: _size(first.path) + _size(second.path) for first, second in pairs}
    total = sum(sizes.values()) or 1
    done = 0
    outcomes: dict[str, _Outcome] = {}
    with _pool(threads) as pool:
        waiting: dict[Future[_Outcome], str] = {
            pool.submit(_compared, first, second, tolerances, classes): first.key
            for first, second in sorted(pairs, key=lambda each: -sizes[each[0].key])
        }
        while waiting:
            # The processor's main thread must be able to receive signals while it waits.
            finished, _ = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                key = waiting.pop(future)
                outcomes[key] = future.result()
                done += sizes[key]
                if progress is not None:
                    progress(done / total, key)
    return outcomes


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that starts nothing new once the block is left, however that is."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="compare")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _compared(reference: Part, candidate: Part, tolerances: Tolerances, classes: _ClassMaps) -> _Outcome:
    """Compare one pair of parts; what the project raises on purpose is a failed check."""
    try:
        if isinstance(reference, RasterPart) and isinstance(candidate, RasterPart):
            return _rasters_compared(reference, candidate, tolerances, classes)
        if isinstance(reference, DocumentPart) and isinstance(candidate, DocumentPart):
            checks, part, naming = compare_documents(reference, candidate, tolerances)
            return _Outcome(tuple(checks), part, naming)
        if isinstance(reference, OtherPart) and isinstance(candidate, OtherPart):
            check = byte_check(reference, candidate, tolerances)
            return _Outcome((check,), PartResult(reference.key))
        raise ProductError(f"{candidate.path}: is of another nature than {reference.path}")
    except IpfError as problem:
        check = Check(CheckName.READABLE, reference.key, Status.FAILED, str(problem))
        return _Outcome((check,), PartResult(reference.key))


def _rasters_compared(
    reference: RasterPart, candidate: RasterPart, tolerances: Tolerances, classes: _ClassMaps
) -> _Outcome:
    structure = structure_checks(reference, candidate, tolerances)
    if any(check.name is CheckName.READABLE and check.status is Status.FAILED for check in structure):
        return _Outcome(tuple(structure), PartResult(reference.key))
    values, part = compare_rasters(reference, candidate, tolerances, classes.of(reference.classification))
    return _Outcome((*structure, *values), part)


class _ClassMaps:
    """Scene classifications of the reference, each read once, by whichever thread needs it first."""

    def __init__(self, parts: Mapping[str, RasterPart]) -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._read: dict[str, Classes | None] = {}

    def of(self, key: str | None) -> Classes | None:
        """The classes of a key; None without one, and where they cannot be read: their own check says so."""
        if key is None or key not in self._parts:
            return None
        with self._lock:
            if key not in self._read:
                self._read[key] = self._classes(self._parts[key])
            return self._read[key]

    @staticmethod
    def _classes(part: RasterPart) -> Classes | None:
        try:
            pixels = open_pixels(part)
            return np.asarray(pixels.read(Window(0, 0, *pixels.shape)), np.uint8)
        except ProductError:
            return None
