"""The comparison as JSON: everything but pictures, in words that any reader of JSON knows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ipf.compare.report_json import VERSION, comparison_json
from ipf.compare.results import Comparison
from tests.compare.compared_products import AWKWARD, full_comparison


def read(comparison: Comparison) -> Any:
    """Strictly: NaN and Infinity are no JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = comparison_json(comparison)
    return json.loads(text.encode("ascii"), parse_constant=refuse)


def test_what_was_compared_and_the_verdict_come_first() -> None:
    content = read(full_comparison())
    assert list(content) == [
        "version",
        "status",
        "kind",
        "profile",
        "reference",
        "candidate",
        "notes",
        "checks",
        "naming",
        "parts",
    ]
    assert content["version"] == VERSION
    assert [content[name] for name in ("status", "kind", "profile", "reference", "candidate")] == [
        "FAILED",
        "SAFE L2A",
        "rounding",
        "old",
        "new",
    ]


def test_notes_are_told() -> None:
    assert read(full_comparison())["notes"] == [AWKWARD]
    assert read(replace(full_comparison(), notes=()))["notes"] == []


def test_every_check_has_figures_and_limits() -> None:
    comparison = full_comparison()
    checks = read(comparison)["checks"]
    assert [(check["name"], check["item"], check["status"]) for check in checks] == [
        (check.name.value, check.item, check.status.value) for check in comparison.checks
    ]
    assert checks[1]["message"] == AWKWARD
    assert checks[1]["figures"] == {"bias": 0.001, "correlation": None}
    assert checks[1]["limits"] == {"bias": "inf", "correlation": "inf"}


def test_every_part_has_the_figures_of_its_nature() -> None:
    parts = {part["item"]: part for part in read(full_comparison())["parts"]}
    band = parts["T/B02 10 m"]["raster"]
    assert band["all"] == {
        "pixels": 4,
        "accuracy": 0.001,
        "precision": None,
        "uncertainty": 0.002,
        "maximum": 0.003,
        "outside": 1,
    }
    assert band["percentiles"] == {"0.1": -0.5, "50.0": 0.25}
    assert band["classes"]["4"] == band["all"]
    assert (band["shape"], band["maximum_at"], band["correlation"]) == ([2, 2], [1, 0], None)
    assert parts["T/B02 10 m"]["shift"]["rows"] == [[0.25, None]]
    assert parts["T/SCL 20 m"]["classes"]["confusion"] == [[7, 1], [0, 92]]
    assert parts["T/SCL 20 m"]["classes"]["names"] == {"4": "vegetation", "5": "bare"}
    assert parts["T/MSK"]["mask"]["gained"] == {"a": 2}
    assert parts["metadata"]["document"] == [
        {"path": "A/B", "reference": "1", "candidate": None, "message": "is missing", "counts": False}
    ]
    assert read(full_comparison())["naming"] == [
        {"place": "product", "reference": "S2A_OLD.SAFE", "candidate": "S2A_NEW.SAFE"}
    ]


def test_there_are_no_pictures() -> None:
    text = comparison_json(full_comparison())
    assert [name for name in ("thumbnails", "density", '"step"') if name in text] == []


def test_the_same_comparison_gives_the_same_text_and_another_another() -> None:
    comparison = full_comparison()
    assert comparison_json(comparison) == comparison_json(full_comparison())
    changed = replace(comparison, checks=comparison.checks[::-1])
    assert comparison_json(changed) != comparison_json(comparison)
    assert read(replace(comparison, checks=()))["status"] == "FAILED", "nothing was compared"
