"""Patterns of a tolerance file that match nothing: limits which whoever wrote them believes to hold.

One file may serve several kinds of products, so that an unused pattern is no failure; a mistyped one must be
seen all the same. What a profile itself brings along is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from ipf.compare.content import DocumentPart, Nature, OtherPart, RasterPart
from ipf.compare.results import Pattern
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import (
    ClassTolerances,
    MaskTolerances,
    MetadataTolerances,
    Override,
    RasterTolerances,
    Tolerances,
)

_LIMITS = {
    Nature.CONTINUOUS: RasterTolerances.model_fields,
    Nature.PICTURE: RasterTolerances.model_fields,
    Nature.CLASSES: ClassTolerances.model_fields,
    Nature.MASK: MaskTolerances.model_fields,
}
"""Limits that the parts of a nature have."""


def override_notes(
    tolerances: Tolerances, parts: Iterable[RasterPart | DocumentPart | OtherPart]
) -> tuple[str, ...]:
    """Overrides without effect on any of the `parts`, those of both products, in a sentence each."""
    every = tuple(parts)
    return tuple(note for override in tolerances.overrides for note in _notes_of(override, every))


def _notes_of(override: Override, parts: tuple[RasterPart | DocumentPart | OtherPart, ...]) -> Iterator[str]:
    matched = [part for part in parts if fnmatchcase(part.key, override.item)]
    if not matched:
        yield f"overrides of {override.item!r} hold nowhere: no part of either product has such a key"
        return
    natures = {part.nature for part in matched if isinstance(part, RasterPart)}
    known = {name for nature in natures for name in _LIMITS[nature]}
    idle = sorted(set(override.limits) - known)
    if idle:
        yield (
            f"overrides of {override.item!r}: {', '.join(idle)} hold nowhere: no part with such a key has"
            " limits of that name"
        )


def metadata_notes(tolerances: Tolerances, used: Iterable[Pattern]) -> tuple[str, ...]:
    """Patterns of element paths that are not among those `used`, in a sentence each."""
    seen = set(used)
    return tuple(
        f"metadata.{table}: {path!r} holds nowhere: no document of either product has such an element path"
        for table, path in own_patterns(tolerances)
        if (table, path) not in seen
    )


def own_patterns(tolerances: Tolerances) -> tuple[Pattern, ...]:
    """Patterns of element paths that the profile does not bring along, each once."""
    own = dict.fromkeys(patterns_of(tolerances.metadata))
    if own and tolerances.profile in PROFILES:
        brought = set(patterns_of(load_tolerances(tolerances.profile).metadata))
        return tuple(pattern for pattern in own if pattern not in brought)
    return tuple(own)


def patterns_of(metadata: MetadataTolerances) -> tuple[Pattern, ...]:
    """All patterns of element paths, each with the table that it stands in."""
    return (
        *(("numbers", rule.path) for rule in metadata.numbers),
        *(("ignore", path) for path in metadata.ignore),
        *(("sets", path) for path in metadata.sets),
    )
