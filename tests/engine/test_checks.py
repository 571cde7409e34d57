"""Quality checks that plugins give: variants, replacement, conflicts and order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from ipf.engine import CheckDefinition, Plugins, TaskDefinition, hookimpl, load_plugins
from ipf.engine.plugins import Provider
from ipf.errors import PluginError
from ipf.product.quality.model import Finding, Inspection, Item, QualityParameters, passed_or_failed
from tests.engine.conftest import Workshop
from tests.engine.toy import ToyPlugin


def fine(item: Item, parameters: QualityParameters) -> Finding:
    return passed_or_failed(True, "fine")


CHECK = Inspection("Fine", "GENERAL_QUALITY", "Is it fine?", ("tile",), ("L1C",), fine, "is fine")
EARLY = replace(CHECK, baselines=("00.00", "03.99"))
LATE = replace(CHECK, baselines=("04.00", "99.99"))


class Checks:
    def __init__(self, *checks: Any) -> None:
        self.checks = checks

    @hookimpl
    def ipf_checks(self) -> Iterable[CheckDefinition]:
        return self.checks


def plugins_with(*plugins: tuple[Checks, str, int]) -> Plugins:
    loaded = load_plugins(use_entry_points=False)
    for plugin, name, rank in plugins:
        loaded.register(plugin, Provider(name, "1", rank))
    return loaded


def test_checks_keep_their_order_and_may_have_variants() -> None:
    zebra = replace(CHECK, identifier="Zebra")
    plugins = plugins_with((Checks(zebra, EARLY, LATE), "library", 1))
    assert plugins.checks() == (zebra, EARLY, LATE)
    rows = [row[1] for row in plugins.providers() if row[0] == "ipf_checks"]
    assert rows == ["GENERAL_QUALITY.Fine", "GENERAL_QUALITY.Fine", "GENERAL_QUALITY.Zebra"]


def test_a_users_check_replaces_all_variants_in_their_place() -> None:
    other = replace(CHECK, identifier="Other")
    mine = replace(CHECK, title="Mine")
    plugins = plugins_with((Checks(EARLY, LATE, other), "library", 1), (Checks(mine), "mine.py", 2))
    assert plugins.checks() == (mine, other)
    notes = [row[4] for row in plugins.providers() if row[1] == "GENERAL_QUALITY.Fine"]
    assert sorted(notes) == ["", "replaced by mine.py", "replaced by mine.py"]


def test_two_plugins_with_one_check_are_an_error_naming_both() -> None:
    plugins = plugins_with((Checks(EARLY), "one", 1), (Checks(LATE), "two", 1))
    with pytest.raises(PluginError, match=r"GENERAL_QUALITY\.Fine is offered by both one 1 and two 1"):
        plugins.checks()


def test_variants_that_overlap_are_an_error() -> None:
    plugins = plugins_with((Checks(CHECK, LATE), "library", 1))
    with pytest.raises(PluginError, match=r"GENERAL_QUALITY\.Fine is offered by both library"):
        plugins.checks()


def test_what_is_no_check_is_refused() -> None:
    with pytest.raises(PluginError, match="plugin odd: ipf_checks yields a str, no Inspection"):
        plugins_with((Checks("Fine"), "odd", 1)).checks()


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({"checklist": "GENERAL"}, "FORMAT_CORRECTNESS, GENERAL_QUALITY, GEOMETRIC_QUALITY, SENSOR_QUALITY"),
        (
            {"checklist": "L2A_QUALITY"},
            "FORMAT_CORRECTNESS, GENERAL_QUALITY, GEOMETRIC_QUALITY, SENSOR_QUALITY",
        ),
        ({"kinds": ("product",)}, "FORMAT_CORRECTNESS"),
        ({"kinds": ("granule",)}, "none"),
    ],
)
def test_a_check_that_no_item_would_get_is_refused(change: dict[str, Any], known: str) -> None:
    odd = replace(CHECK, **change)
    with pytest.raises(PluginError, match=rf"plugin odd: check {odd.name}: .* expected one of {known}$"):
        plugins_with((Checks(odd), "odd", 1)).checks()


def test_a_check_that_some_items_get_is_kept() -> None:
    wide = replace(CHECK, checklist="L2A_QUALITY", levels=("L1C", "L2A"))
    assert plugins_with((Checks(wide), "wide", 1)).checks() == (wide,)


@pytest.mark.parametrize(
    ("change", "overlaps"),
    [
        ({}, True),
        ({"kinds": ("granule", "tile")}, True),
        ({"kinds": ("datastrip",)}, False),
        ({"levels": ("L2A",)}, False),
        ({"levels": ("L2A", "L1C")}, True),
        ({"baselines": ("00.00", "03.99")}, False),
        ({"baselines": ("00.00", "04.00")}, True),
    ],
)
def test_overlap(change: dict[str, Any], overlaps: bool) -> None:
    other = replace(CHECK, **change)
    assert LATE.overlaps(other) is other.overlaps(LATE) is overlaps


def test_other_levels_know_the_later_checks_only() -> None:
    early, late = (replace(each, levels=("L1C", "L2A")) for each in (EARLY, LATE))
    assert not early.overlaps(late)


class AliasPlugin:
    @hookimpl
    def ipf_tasks(self) -> Iterable[TaskDefinition]:
        yield TaskDefinition(name="OTHER", steps=(), aliases=("TOY",))


@pytest.mark.parametrize(("rank", "task"), [(1, "TOY"), (2, "OTHER")])
def test_an_alias_of_a_users_plugin_goes_before_an_installed_name(rank: int, task: str) -> None:
    plugins = load_plugins(use_entry_points=False)
    plugins.register(ToyPlugin(), Provider("toy", "1", 1))
    plugins.register(AliasPlugin(), Provider("other", "1", rank))
    assert plugins.task("TOY").name == task


def test_checks_reach_the_steps(workshop: Workshop) -> None:
    workshop.plugins.register(Checks(CHECK), Provider("mine", "1", 2))
    plan = workshop.plan()
    assert [task.context.checks for task in plan.tasks] == [(CHECK,)]
