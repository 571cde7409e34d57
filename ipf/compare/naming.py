"""What a name says about the processing run is taken out of it, what identifies the data stays.

Two runs over the same data, or two processors, give names that differ in creation date, product
discriminator, processing baseline, file class and processing centre. `normalised` puts fixed words in their
places. Satellite, level, sensing time, orbit, tile, detector, band and the validity of a parameter file stay.
Compact and long names of one thing remain different; `facts` gives what both tell of the data. Source:
Sentinel-2 Product Specification Document (PSD 14.8), file naming; `ipf.product.names` reads and writes single
names by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

CREATION = "CREATION"
DISCRIMINATOR = "DISCRIMINATOR"
BASELINE = "BASELINE"
FILE_CLASS = "CLASS"
SITE = "SITE"

_TIME = r"\d{8}T\d{6}"
_NOT_WITHIN_A_WORD = r"(?<![A-Za-z0-9_])"
_END = r"(?![A-Za-z0-9])"

_LONG = re.compile(
    rf"{_NOT_WITHIN_A_WORD}(?P<satellite>S2[A-D_])_(?P<file_class>[A-Z0-9]{{4}})"
    r"_(?P<kind>[A-Z0-9]{3}_[A-Z0-9_]*?[A-Z0-9]_?)"
    rf"_(?P<site>[A-Z0-9_]{{3}}[A-Z0-9_])_(?P<creation>{_TIME})(?P<rest>[A-Za-z0-9_.\-]*)",
    re.ASCII,
)
"""``S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_N02.09`` and all of its kind: tiles, granules,
datastrips, images, masks, parameter files, auxiliary files and long-named products."""

_PRODUCT = re.compile(
    rf"{_NOT_WITHIN_A_WORD}(?P<head>S2[A-D]_MSIL(?:0|1A|1B|1C|2A)_{_TIME})_N\d{{4}}_(?P<orbit>R\d{{3}})"
    rf"(?P<tile>_T[0-9A-Z]{{5}})?_{_TIME}{_END}",
    re.ASCII,
)
"""``S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036``; sensor products have no tile."""

_PART = re.compile(
    rf"{_NOT_WITHIN_A_WORD}(?P<kind>DS|GR|TL)_[A-Z0-9_]{{4}}_{_TIME}(?P<rest>_[SA]\d{{6}})",
    re.ASCII,
)
"""``DS_SGS__20171207T032513_S20171207T002252``, a folder of a compact product."""

_DATATAKE = re.compile(
    rf"{_NOT_WITHIN_A_WORD}(?P<head>GS2[A-D]_{_TIME}_\d{{6}})_N\d{{2}}\.\d{{2}}{_END}", re.ASCII
)
"""``GS2A_20171207T002051_012823_N02.06``, the identifier of a datatake."""

_BASELINE_AT_END = re.compile(rf"_N\d{{2}}\.\d{{2}}{_END}", re.ASCII)

_WITHOUT_RUN = re.compile(
    rf"(?:L(?:1C|2A)_T[0-9A-Z]{{5}}_A\d{{6}}|(?:L2A_)?T[0-9A-Z]{{5}})_{_TIME}[A-Za-z0-9_]*|MSK_[A-Z]+_B\w\w",
    re.ASCII,
)
"""Names in which nothing depends on the run: tile folders, images and masks of compact products."""

_EXTENSION = r"(?:\.[A-Za-z]\w*)?"
_FACTS = (
    re.compile(
        rf"(?P<satellite>S2[A-D])_MSI(?P<level>L(?:0|1A|1B|1C|2A))_(?P<datatake_start>{_TIME})(?:_N\d{{4}})?"
        rf"_(?P<relative_orbit>R\d{{3}})(?:_(?P<tile>T[0-9A-Z]{{5}}))?(?:_{_TIME})?{_EXTENSION}",
        re.ASCII,
    ),
    re.compile(
        rf"L(?:1C|2A)_(?P<tile>T[0-9A-Z]{{5}})_(?P<absolute_orbit>A\d{{6}})_(?P<start>{_TIME})", re.ASCII
    ),
    re.compile(
        rf"(?:L2A_)?(?P<tile>T[0-9A-Z]{{5}})_(?P<datatake_start>{_TIME})(?:_[A-Za-z0-9]+)*{_EXTENSION}",
        re.ASCII,
    ),
    re.compile(
        rf"G(?P<satellite>S2[A-D])_(?P<datatake_start>{_TIME})_(?P<orbit>\d{{6}})_N\d{{2}}\.\d{{2}}", re.ASCII
    ),
)
"""Compact products, tile folders and images, datatakes: whole names, so that other folders tell nothing."""

_LONG_FACTS = re.compile(
    rf"(?:(?:(?P<satellite>S2[A-D])|S2_)_[A-Z0-9]{{4}}_(?P<kind>[A-Z0-9]{{3}}_[A-Z0-9_]*?[A-Z0-9]_?)|(?:DS|GR|TL))"
    rf"_[A-Z0-9_]{{3}}[A-Z0-9_]_{_TIME}(?P<rest>(?:_[A-Za-z0-9]+)*(?:_N\d{{2}}\.\d{{2}})?){_EXTENSION}",
    re.ASCII,
)
"""Long names, and the folders of compact products that begin with DS, GR or TL."""

_LONG_FACT = re.compile(
    r"_(?:(?P<relative_orbit>R\d{3})|(?P<absolute_orbit>A\d{6})|(?P<tile>T[0-9A-Z]{5})|(?P<detector>D\d{2})"
    rf"|S(?P<start>{_TIME})|V(?P<validity_start>{_TIME})(?:_(?P<validity_stop>{_TIME}))?)(?=_|$)",
    re.ASCII,
)
"""Fields after the creation date of a long name (PSD 14.8, file naming), each known by its first letter."""

_AUXILIARY = re.compile(r"S2[A-D_]_[A-Z0-9]{4}_(?!PRD|MSI|MTD|MSK|PVI)[A-Z0-9]{3}_\w+(?:\.\w+)*", re.ASCII)

CREATION_DATES = (
    "*GENERATION_TIME",
    "*Processing_Info/UTC_DATE_TIME",
    "*ARCHIVING_TIME",
    "*PRODUCTION_DATE",
    "*Creation_Date",
    "*report/@date",
    "*inspection/@creation",
    "*inspection/@execution",
    "*inspection/@duration",
    "*processing/@start",
    "*processing/@stop",
    "*dateStamp/*",
    "*Generation_Time",
    "*Processing_Time",
)
"""Where documents say when they were made: endings of element paths, attributes with ``@``.

PSD documents (GENERATION_TIME, ARCHIVING_TIME, the processing's UTC_DATE_TIME), parameter files
(PRODUCTION_DATE, the Earth Explorer header's Creation_Date), quality reports (dates of report and inspections
and how long these took), manifests (processing) and INSPIRE metadata (dateStamp).
"""


def normalised(text: str) -> str:
    """`text` with all that depends on the run replaced by fixed words in every Sentinel-2 name in it.

    Names may stand anywhere: in paths, in addresses, among other words. Applied twice it changes nothing
    more. ``S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_N02.09`` gives
    ``S2A_CLASS_MSI_L1C_TL_SITE_CREATION_A026481_T01LAC_NBASELINE``.
    """
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


def is_name(text: str) -> bool:
    """Whether `text` is one Sentinel-2 name and nothing else, with or without folders before it."""
    name = PurePosixPath(text.strip()).name
    patterns = (_LONG, _PRODUCT, _PART, _DATATAKE, _WITHOUT_RUN)
    return any((match := pattern.match(name)) and _closes(name, match.end()) for pattern in patterns)


def is_creation_date(path: str) -> bool:
    """Whether the element path (local names joined by ``/``, an attribute with ``@``) has a creation date."""
    return any(fnmatchcase(path, pattern) for pattern in CREATION_DATES)


def facts(text: str) -> dict[str, str]:
    """What a name tells of the data, by words for a person: tile, orbits, sensing times, validity.

    ``S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE`` gives satellite ``S2A``, level
    ``L1C``, datatake start ``20220125T151701``, relative orbit ``R125`` and tile ``T18LTM``;
    ``DS_SGS__20171207T032513_S20171207T002252`` gives start ``20171207T002252``. In a path every name tells
    its own, the last one having the last word. Names of folders that are none of Sentinel-2 tell nothing.
    """
    found: dict[str, str] = {}
    for name in PurePosixPath(text.strip()).parts:
        found |= _facts_of_name(name)
    return found


def facts_of_data(text: str) -> dict[str, str]:
    """`facts` of a name of images or their metadata; those of parameter and auxiliary files tell none."""
    return {} if _AUXILIARY.fullmatch(PurePosixPath(text.strip()).name) else facts(text)


def contradictions(reference: Mapping[str, str], candidate: Mapping[str, str]) -> tuple[str, ...]:
    """Facts that both sides tell and tell otherwise: ``relative orbit R124, expected R125``."""
    return tuple(
        f"{fact} {candidate[fact]}, expected {told}"
        for fact, told in reference.items()
        if candidate.get(fact, told) != told
    )


def _facts_of_name(name: str) -> dict[str, str]:
    match = next((match for pattern in _FACTS if (match := pattern.fullmatch(name))), None)
    groups: dict[str, str | None] = {} if match is None else match.groupdict()
    if match is None and (long := _LONG_FACTS.fullmatch(name)) is not None:
        groups["satellite"] = long["satellite"]
        groups["level"] = _level_of_product(long["kind"] or "")
        for field in _LONG_FACT.finditer(long["rest"]):
            groups |= {fact: told for fact, told in field.groupdict().items() if told}
    if orbit := groups.pop("orbit", None):
        groups["absolute_orbit"] = f"A{orbit}"
    return {fact.replace("_", " "): told for fact, told in groups.items() if told}


def _level_of_product(kind: str) -> str | None:
    """Level that the kind of a long product's name tells, as compact ones do: ``PRD_MSIL1C`` is ``L1C``."""
    return kind.removeprefix("PRD_MSI") if kind.startswith("PRD_MSIL") else None


def _closes(name: str, end: int) -> bool:
    """Whether nothing but the rest of a name and an extension follows `end`."""
    return re.fullmatch(r"\w*(?:\.\w+)*", name[end:], re.ASCII) is not None


def _long(match: re.Match[str]) -> str:
    rest = _BASELINE_AT_END.sub(f"_N{BASELINE}", match["rest"])
    return f"{match['satellite']}_{FILE_CLASS}_{match['kind']}_{SITE}_{CREATION}{rest}"


def _product(match: re.Match[str]) -> str:
    tile = match["tile"] or ""
    return f"{match['head']}_N{BASELINE}_{match['orbit']}{tile}_{DISCRIMINATOR}"


_REPLACEMENTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_LONG, _long),
    (_PRODUCT, _product),
    (_PART, lambda match: f"{match['kind']}_{SITE}_{CREATION}{match['rest']}"),
    (_DATATAKE, lambda match: f"{match['head']}_N{BASELINE}"),
)
