"""Which part of one product belongs to which of the other: by key, and of one form.

What one side lacks is a check of its own, so that nothing is left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from ipf.compare.content import Content, DocumentPart, OtherPart, RasterPart
from ipf.compare.naming import contradictions, facts
from ipf.compare.results import Check, CheckName, NameDifference, Status
from ipf.compare.tolerances import Tolerances
from ipf.errors import ProductError

Part = RasterPart | DocumentPart | OtherPart
_AnyPart = TypeVar("_AnyPart", RasterPart, DocumentPart, OtherPart)

PRODUCT = "product"
"""Item of the checks that are about no part."""
_METADATA = "metadata"
_FORMS_OF_TILES = ("SAFE", "rasters")
"""Forms of one and the same content, whose kinds may differ: a product folder, a folder of GeoTIFFs."""
_SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class Pairing:
    """Parts of reference and candidate that belong together, each in the order of keys.

    `missing` are those that the candidate lacks, `extra` those that the reference lacks; a key whose files
    are of another form on either side (a raster here, a document there) is in both.
    """

    rasters: tuple[tuple[RasterPart, RasterPart], ...]
    documents: tuple[tuple[DocumentPart, DocumentPart], ...]
    others: tuple[tuple[OtherPart, OtherPart], ...]
    missing: tuple[Part, ...]
    extra: tuple[Part, ...]
    naming: tuple[NameDifference, ...]

    @property
    def count(self) -> int:
        """Number of parts that have a partner."""
        return len(self.rasters) + len(self.documents) + len(self.others)


def pair(reference: Content, candidate: Content) -> Pairing:
    """Pair the parts of two contents of one kind; ProductError naming both kinds when they differ."""
    if not _comparable(reference.kind, candidate.kind):
        raise ProductError(
            f"{candidate.root}: {candidate.kind}, expected {reference.kind} as {reference.root} is"
        )
    return Pairing(
        rasters=_pairs(reference.rasters, candidate.rasters),
        documents=_pairs(reference.documents, candidate.documents),
        others=_pairs(reference.others, candidate.others),
        missing=_without_partner(reference, candidate),
        extra=_without_partner(candidate, reference),
        naming=tuple(
            NameDifference(place, reference.names[place], candidate.names[place])
            for place in sorted(reference.names.keys() & candidate.names.keys())
            if reference.names[place] != candidate.names[place]
        ),
    )


def _comparable(one: str, other: str) -> bool:
    """Whether two kinds may be compared: equal, or two forms of one level (``rasters`` may tell none)."""
    if one == other:
        return True
    (form, _, level), (other_form, _, other_level) = one.partition(" "), other.partition(" ")
    forms = {form, other_form} == set(_FORMS_OF_TILES)
    return forms and (level == other_level or not level or not other_level)


def _pairs(
    reference: Mapping[str, _AnyPart], candidate: Mapping[str, _AnyPart]
) -> tuple[tuple[_AnyPart, _AnyPart], ...]:
    return tuple((reference[key], candidate[key]) for key in sorted(reference.keys() & candidate.keys()))


def _without_partner(content: Content, other: Content) -> tuple[Part, ...]:
    """Parts of `content` that have no part of the same key and form on the other side."""
    alone: list[Part] = [
        *(part for key, part in content.rasters.items() if key not in other.rasters),
        *(part for key, part in content.documents.items() if key not in other.documents),
        *(part for key, part in content.others.items() if key not in other.others),
    ]
    return tuple(sorted(alone, key=lambda part: part.key))


def file_checks(pairing: Pairing, tolerances: Tolerances) -> list[Check]:
    """FILES of all parts together and of each that one side lacks, and NAMING.

    A part that one side lacks fails unless the tolerances say that it is only reported; a raster or a
    metadata document that the candidate lacks always fails, as do products that have nothing in common.
    """
    return [
        _pairing_check(pairing),
        *(_lacking_check(part, "missing from the candidate", tolerances, True) for part in pairing.missing),
        *(_lacking_check(part, "not in the reference", tolerances, False) for part in pairing.extra),
        _naming_check(pairing, tolerances),
    ]


def _pairing_check(pairing: Pairing) -> Check:
    """How many parts pair; none at all is a failure."""
    figures = {"paired": pairing.count, "missing": len(pairing.missing), "extra": len(pairing.extra)}
    message = (
        f"{pairing.count} parts pair: {len(pairing.rasters)} rasters, {len(pairing.documents)} documents,"
        f" {len(pairing.others)} other files; {len(pairing.missing)} missing, {len(pairing.extra)} extra"
    )
    if not pairing.count:
        return Check(CheckName.FILES, PRODUCT, Status.FAILED, f"nothing to compare: {message}", figures)
    return Check(CheckName.FILES, PRODUCT, Status.PASSED, message, figures)


def _lacking_check(part: Part, how: str, tolerances: Tolerances, is_missing: bool) -> Check:
    essential = is_missing and is_essential(part)
    failed = essential or tolerances.structure.files == "fail"
    status = Status.FAILED if failed else Status.PASSED
    return Check(CheckName.FILES, part.key, status, f"{part.path}: {how}")


def is_essential(part: Part) -> bool:
    """Whether a product without the part is none: rasters, and the metadata documents."""
    return isinstance(part, RasterPart) or part.key.rpartition("/")[2] == _METADATA


def _naming_check(pairing: Pairing, tolerances: Tolerances) -> Check:
    """Whether files and folders are called the same; the first few names that differ are told.

    Names that tell other data (another orbit, tile, sensing time, validity) fail under any tolerances, and
    are told first; what depends on the run alone fails where names must be the same.
    """
    different = len(pairing.naming)
    contrary = [(name, told) for name in pairing.naming if (told := _contradictions(name))]
    figures = {"different": different, "of_other_data": len(contrary)}
    if not different:
        return Check(
            CheckName.NAMING, PRODUCT, Status.PASSED, "names of files and folders are equal", figures
        )
    others = [name for name in pairing.naming if not _contradictions(name)]
    sentences = [
        *(f"{_renamed(name)}, which is of other data ({', '.join(told)})" for name, told in contrary),
        *map(_renamed, others),
    ]
    more = f"; and {different - _SHOWN_NAMES} more" if different > _SHOWN_NAMES else ""
    strict = tolerances.structure.naming == "fail"
    return Check(
        CheckName.NAMING,
        PRODUCT,
        Status.FAILED if strict or contrary else Status.PASSED,
        f"{different} names of files or folders differ: {'; '.join(sentences[:_SHOWN_NAMES])}{more}",
        figures,
        ({"different": 0} if strict else {}) | {"of_other_data": 0},
    )


def _contradictions(name: NameDifference) -> tuple[str, ...]:
    return contradictions(facts(name.reference), facts(name.candidate))


def _renamed(name: NameDifference) -> str:
    return f"{name.place}: {name.reference} is {name.candidate}"
