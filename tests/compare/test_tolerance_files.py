"""Profiles and tolerance files: what they say, what is refused, and that they come back as written."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipf.compare.content import QUANTITIES
from ipf.compare.results import Check, CheckName, Comparison, Status
from ipf.compare.tolerance_files import PROFILES, UNITS, load_tolerances, profile_label, write_tolerances
from ipf.compare.tolerances import (
    ClassTolerances,
    MaskTolerances,
    MetadataTolerances,
    NumberTolerances,
    Override,
    RasterTolerances,
    StructureTolerances,
    Tolerances,
)
from ipf.errors import OutputError, ParameterError

AT_LEAST = {"correlation", "agreement", "intersection_over_union"}
SHARES = ("outside", "no_data", "saturation", "class_share")


def load(folder: Path, text: str) -> Tolerances:
    path = folder / "tolerances.toml"
    path.write_text(text, encoding="utf-8")
    return load_tolerances(path)


def test_the_profile_identical_is_what_tolerances_are_without_any() -> None:
    assert load_tolerances("identical") == Tolerances()


def test_a_profile_is_called_as_it_is_asked_for() -> None:
    for name in PROFILES:
        tolerances = load_tolerances(name)
        assert tolerances.profile == profile_label(tolerances) == name


@pytest.mark.parametrize("quantity", [*UNITS, "other", "something new"])
def test_each_profile_allows_at_least_what_the_stricter_one_does(quantity: str) -> None:
    limits = [load_tolerances(name).of_raster("", quantity).model_dump() for name in PROFILES]
    assert_looser(limits)


@pytest.mark.parametrize("table", ["classes", "masks"])
def test_so_it_does_for_classes_and_masks(table: str) -> None:
    assert_looser([getattr(load_tolerances(name), table).model_dump() for name in PROFILES])


def assert_looser(limits: list[dict[str, float | str]]) -> None:
    """Limits, and verdicts: ``report`` is looser than ``fail``."""
    for strict, loose in pairwise(limits):
        for name in strict:
            before, after = (
                ("fail", "report").index(value) if isinstance(value, str) else value
                for value in (strict[name], loose[name])
            )
            assert (after <= before) if name in AT_LEAST else (before <= after), name


def test_only_another_processor_may_lack_a_class_or_a_bit() -> None:
    found = [(each.classes.wiped, each.masks.wiped) for each in map(load_tolerances, PROFILES)]
    assert found == [("fail", "fail")] * 3 + [("report", "report")]


def test_what_may_differ_is_reported_from_the_same_profile_on() -> None:
    rows = [load_tolerances(name).structure.model_dump() for name in PROFILES]
    for strict, loose in pairwise(rows):
        assert [name for name in strict if strict[name] == "report" and loose[name] == "fail"] == []
    assert rows[1] == {"files": "fail", "naming": "report", "encoding": "fail", "bytes": "fail"}


@pytest.mark.parametrize("name", PROFILES[:3])
def test_reflectance_is_limited_in_every_respect_that_has_a_meaning_over_flat_ground(name: str) -> None:
    limits = load_tolerances(name).of_raster("", "reflectance").model_dump()
    endless = {key for key, limit in limits.items() if not math.isfinite(limit)}
    assert endless == (set() if name == "identical" else {"slope"})
    assert all(limits[key] < 0.01 for key in SHARES)


def test_a_file_says_only_what_differs_from_its_profile(tmp_path: Path) -> None:
    text = """
profile = "rounding"
[rasters.reflectance]
bias = 0.5
[rasters.quality]
bias = 0.25
[metadata]
ignore = ["*QI*"]
[[overrides]]
item = "*/B09*"
limits = { bias = 1, shift = inf }
"""
    found, base = load(tmp_path, text), load_tolerances("rounding")
    assert found.of_raster("", "reflectance") == base.rasters["reflectance"].model_copy(update={"bias": 0.5})
    assert found.of_raster("", "quality") == base.rasters["other"].model_copy(update={"bias": 0.25})
    assert found.metadata == base.metadata.model_copy(update={"ignore": ("*QI*",)})
    assert found.of_raster("T/B09", "reflectance").shift == math.inf
    assert (found.classes, found.masks, found.structure) == (base.classes, base.masks, base.structure)
    assert found.profile == "rounding"
    assert profile_label(found) == "rounding, changed"


def test_without_a_profile_a_file_differs_from_the_strictest(tmp_path: Path) -> None:
    assert load(tmp_path, "") == load_tolerances("identical")
    assert load(tmp_path, "[masks]\nchanged = 1\n") == Tolerances(masks=MaskTolerances(changed=1))


def test_the_order_of_tables_makes_no_difference(tmp_path: Path) -> None:
    tables = ["[rasters.quality]\nbias = 1\n", "[rasters.other]\nrmse = 2\n"]
    assert load(tmp_path, "".join(tables)) == load(tmp_path, "".join(reversed(tables)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('profile = "roundng"', "profile: 'roundng', expected one of identical, rounding"),
        ("profile = 3", "profile: 3, expected one of"),
        (
            "[rasters.reflectance]\nabsolute = -1",
            "rasters.reflectance.absolute: .*than or equal to 0, found -1",
        ),
        ("[rasters.reflectance]\nabsolut = 1", "rasters.reflectance.absolut: unknown key"),
        ("[rasters.reflectance]\nbias = nan", "rasters.reflectance.bias: .*found nan"),
        (
            '[rasters.reflectance]\nbias = "0.1"',
            "rasters.reflectance.bias: expected a number, found '0.1'",
        ),
        ("[rasters]\nreflectance = 3", "rasters.reflectance: expected a table, found 3"),
        ("rasters = 1", "rasters: expected a table, found 1"),
        ("[masks]\nchanged = true", "masks.changed: expected a number, found True"),
        ("[masks]\nchanged = 1.5", "masks.changed: expected less than or equal to 1, found 1.5"),
        ('[structure]\nnaming = "ignore"', "structure.naming: expected 'fail' or 'report', found 'ignore'"),
        ("[metadata]\nignore = [1]", "metadata.ignore, number 1: expected text, found 1"),
        ('metadata.ignore = "*"', "metadata.ignore: expected a list"),
        ("[[metadata.numbers]]\nabsolute = 1", "metadata.numbers, number 1: path: is missing"),
        ("[[overrides]]\nlimits = { bias = 1 }", "overrides, number 1: item: is missing"),
        (
            "[rasters.reflektance]\nbias = 1",
            "rasters.reflektance: no such quantity, expected .*counts",
        ),
        ("overrides = 3", "overrides: expected a list, found 3"),
        ('[[overrides]]\nitem = "a"\nlimits = { outside = 2 }', "overrides of 'a': outside: expected less"),
        ('[[overrides]]\nitem = "a"\nlimits = { outsid = 2 }', "overrides of 'a': no limit called outsid"),
        ('[[overrides]]\nitem = "a"\nlimits = { bias = nan }', "overrides of 'a': a limit is not a number"),
        (
            '[[overrides]]\nitem = "a"\nlimits = { bias = "fail" }',
            "overrides of 'a': bias: expected a number",
        ),
        (
            '[[overrides]]\nitem = "a"\nlimits = { wiped = "no" }',
            "overrides of 'a': wiped: expected 'fail' or 'report', found 'no'",
        ),
        ('[[overrides]]\nitem = "a"\nlimits = { wiped = 1 }', "overrides of 'a': wiped: expected 'fail' or"),
        ('[masks]\nwiped = "no"', "masks.wiped: expected 'fail' or 'report', found 'no'"),
        ("unknown = 1", "unknown: unknown key"),
        ("masks = [", "not a TOML file: "),
        ("[masks]\n[masks]", "not a TOML file: "),
    ],
)
def test_a_bad_file_is_refused_in_one_line_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ParameterError, match=told) as refused:
        load(tmp_path, text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'tolerances.toml'}: ")
    assert "\n" not in message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"masks\.changed: .*; structure\.files: .*"):
        load(tmp_path, '[masks]\nchanged = 2\n[structure]\nfiles = "no"\n')


def test_what_is_neither_a_profile_nor_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"roundng: cannot be read.*profiles are identical, rounding"):
        load_tolerances("roundng")
    with pytest.raises(ParameterError, match="cannot be read"):
        load_tolerances(tmp_path)
    (tmp_path / "noise.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="not a TOML file"):
        load_tolerances(tmp_path / "noise.toml")


limit = st.floats(0, allow_nan=False)
share = st.floats(0, 1)
verdict = st.sampled_from(["fail", "report"])
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.builds(NumberTolerances, path=text, absolute=limit, relative=limit)
rasters = st.builds(
    RasterTolerances,
    **dict.fromkeys(RasterTolerances.model_fields, limit)
    | dict.fromkeys(SHARES, share)
    | {"correlation": st.floats(-1, 1)},
)
overrides = st.builds(
    Override,
    item=text,
    limits=st.dictionaries(st.sampled_from(["bias", "rmse", "shift"]), limit)
    | st.dictionaries(st.sampled_from(["agreement", "changed", "outside"]), share)
    | st.dictionaries(st.just("wiped"), verdict),
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "classes": st.builds(ClassTolerances, agreement=share, intersection_over_union=share, wiped=verdict),
        "masks": st.builds(MaskTolerances, changed=share, wiped=verdict),
        "metadata": st.builds(
            MetadataTolerances,
            absolute=limit,
            relative=limit,
            seconds=limit,
            numbers=st.lists(numbers, max_size=2).map(tuple),
            differing=verdict,
            consequences=verdict,
            ignore=st.lists(text, max_size=3).map(tuple),
            sets=st.lists(text, max_size=3).map(tuple),
        ),
        "structure": st.builds(
            StructureTolerances, files=verdict, naming=verdict, encoding=verdict, bytes=verdict
        ),
        "overrides": st.lists(overrides, max_size=3).map(tuple),
    },
)


@given(
    profile=st.sampled_from(PROFILES),
    quantities=st.dictionaries(st.sampled_from(sorted(QUANTITIES)), rasters, max_size=3),
    changed=changes,
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_what_is_written_reads_back_equal(
    tmp_path: Path, profile: str, quantities: dict[str, RasterTolerances], changed: dict[str, object]
) -> None:
    base = load_tolerances(profile)
    tolerances = base.model_copy(update=changed | {"rasters": {**base.rasters, **quantities}})
    path = tmp_path / "tolerances.toml"
    write_tolerances(path, tolerances)
    assert load_tolerances(path) == tolerances


@pytest.mark.parametrize("profile", PROFILES)
def test_a_written_file_is_complete_and_tells_what_each_limit_means(tmp_path: Path, profile: str) -> None:
    tolerances = load_tolerances(profile)
    path = tmp_path / "tolerances.toml"
    write_tolerances(path, tolerances)
    content = tomllib.loads(path.read_text())
    assert set(content["rasters"]) == set(tolerances.rasters)
    assert set(content["rasters"]["other"]) == set(RasterTolerances.model_fields)
    for line in path.read_text().splitlines():
        assert re.match(r"(#|\[|profile =|$)", line) or "  # " in line, line
    for quantity in set(tolerances.rasters) & set(UNITS):
        assert f"# Values in {UNITS[quantity]}.\n[rasters.{quantity}]" in path.read_text()


def test_what_was_measured_is_told_beside(tmp_path: Path) -> None:
    check = Check(
        CheckName.STATISTICS,
        "T32TQR/B02 10 m",
        Status.FAILED,
        "told",
        {"bias": -0.00123, "pixels": 3},
        {"bias": 0.001, "rmse": 0.1},
    )
    comparison = Comparison(Path("a\nb"), Path("c"), "SAFE L2A", "rounding", (check,))
    path = tmp_path / "tolerances.toml"
    write_tolerances(path, load_tolerances("rounding"), comparison)
    assert path.read_text().endswith("# Measured between a b and c:\n# T32TQR/B02 10 m: bias -0.00123\n")
    write_tolerances(path, load_tolerances("rounding"), replace(comparison, checks=()))
    assert load_tolerances(path) == load_tolerances("rounding")


def test_tolerances_of_no_profile_and_files_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="profile 'mine': expected one of"):
        write_tolerances(tmp_path / "t.toml", Tolerances(profile="mine"))
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_tolerances(tmp_path / "file" / "t.toml", Tolerances())
