"""What the values of a run look like: another date or baseline is one of naming, what is none is a fault."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipf.compare.xml_rules import Patterns
from ipf.compare.xml_values import is_time


class _Form(NamedTuple):
    """What the values at some element paths look like, and what that is called."""

    paths: Patterns
    expression: re.Pattern[str]
    called: str


_FORMS = (
    _Form(
        Patterns(("*PROCESSING_BASELINE",)), re.compile(r"\d{2}\.\d{2}", re.ASCII), "baseline such as 05.11"
    ),
    _Form(
        Patterns(("*PROCESSING_CENTER", "*_CENTRE")),
        re.compile(r"[A-Z0-9_]{4}", re.ASCII),
        "centre of four capitals, digits or underscores",
    ),
    _Form(
        Patterns(("*PRODUCT_DOI",)),
        re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?10\.\d{4,9}/\S+", re.ASCII),
        "DOI",
    ),
    _Form(
        Patterns(("*_VERSION", "*Creator_Version")), re.compile(r".*\d.*", re.ASCII), "version with a number"
    ),
    _Form(Patterns(("*inspection/@duration",)), re.compile(r"\d+(?:\.\d+)?", re.ASCII), "number of seconds"),
)
"""PSD 14.8 (processing baseline, centres of four letters), DOI Handbook section 2.2, OLQC reports."""


def lost_form(rule: str, reference: str, candidate: str) -> str | None:
    """Why `candidate` is no value for the path `rule`, as `reference` is one; None when it is of its form.

    Times stay times, baselines baselines, and what says something is never empty. A reference that is itself
    of no form asks for none.
    """
    if not candidate.strip():
        return "is empty" if reference.strip() else None
    if is_time(reference):
        return None if is_time(candidate) else "is no time"
    for form in _FORMS:
        if form.paths.match(rule) and form.expression.fullmatch(reference.strip()):
            return None if form.expression.fullmatch(candidate.strip()) else f"is no {form.called}"
    return None
