"""Another date or baseline is of its form; what is none is told."""

from __future__ import annotations

import pytest

from ipf.compare.xml_forms import lost_form

INFO = "General_Info/Product_Info"
CREATED = ("GENERATION_TIME", "2022-01-25T19:00:36.000000Z")

KEPT = [
    (*CREATED, "2024-11-15T12:55:42.1Z"),
    ("Creation_Date", "UTC=2022-01-25T20:00:40", "UTC=2023-01-25T20:00:40"),
    ("Creation_Date", "UTC=2022-01-25T20:00:40", "2023-01-25T20:00:40Z"),
    ("PROCESSING_BASELINE", "04.00", "05.11"),
    ("PROCESSING_CENTER", "SGS_", "2BPS"),
    ("ARCHIVING_CENTRE", "SGS_", "VGS2"),
    ("PRODUCT_DOI", "https://doi.org/10.5270/S2_-znk9xsj", "https://doi.org/10.5270/S2_-742ikth"),
    ("SOFTWARE_VERSION", "06.00.00", "ipf 1.2"),
    ("Source/Creator_Version", "2.0", "05.01.00"),
    ("Source/System", "OLQC-SC", "Sen2Cor"),
    ("Source/Creator", "", "ipf"),
    ("Source/Creator", "", ""),
    ("inspection/@duration", "4", "0.5"),
    ("item/@url", "/data/run/MTD_DS.xml", "MTD_DS.xml"),
    ("PROCESSING_BASELINE", "Not applicable", "05.11"),
]

LOST = [
    (*CREATED, "yesterday", "is no time"),
    (*CREATED, "banana", "is no time"),
    (*CREATED, "2022-13-25T19:00:36Z", "is no time"),
    (*CREATED, "2022-02-30T19:00:36Z", "is no time"),
    (*CREATED, "20220125T190036", "is no time"),
    (*CREATED, "1643137236", "is no time"),
    (*CREATED, "", "is empty"),
    (*CREATED, " \n", "is empty"),
    ("report/@date", "2022-01-25T19:00:36.000Z", "today", "is no time"),
    ("PROCESSING_BASELINE", "04.00", "banana", "is no baseline such as 05.11"),
    ("PROCESSING_BASELINE", "04.00", "4", "is no baseline such as 05.11"),
    ("PROCESSING_BASELINE", "04.00", "N0400", "is no baseline such as 05.11"),
    ("PROCESSING_BASELINE", "04.00", "", "is empty"),
    ("PROCESSING_CENTER", "SGS_", "banana", "is no centre of four capitals, digits or underscores"),
    ("PRODUCT_DOI", "https://doi.org/10.5270/S2_-znk9xsj", "banana", "is no DOI"),
    ("SOFTWARE_VERSION", "06.00.00", "banana", "is no version with a number"),
    ("inspection/@duration", "4", "long", "is no number of seconds"),
    ("Source/System", "OLQC-SC", "", "is empty"),
]


@pytest.mark.parametrize(("name", "reference", "candidate"), KEPT)
def test_values_of_another_run_are_of_one_form(name: str, reference: str, candidate: str) -> None:
    assert lost_form(f"{INFO}/{name}", reference, candidate) is None


@pytest.mark.parametrize(("name", "reference", "candidate", "told"), LOST)
def test_what_is_no_such_value_is_told(name: str, reference: str, candidate: str, told: str) -> None:
    assert lost_form(f"{INFO}/{name}", reference, candidate) == told
