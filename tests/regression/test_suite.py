"""The project's own suite: every chain makes what it once made, and the same however it is run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ipf.cli.regression import PROGRAM
from ipf.compare.comparison import compare
from ipf.compare.references import matches
from ipf.compare.results import CheckName, Comparison
from ipf.compare.suite import Case, ReferenceInput, read_suite
from ipf.compare.suite_run import CaseResult, CaseStatus, Runner
from ipf.compare.tolerance_files import load_tolerances
from tests.cli.programs import call

SUITE = read_suite(Path(__file__).with_name("suite.toml"))
JOB_ORDERS = Path(__file__).parents[2] / "job_orders"


def compare_for(reference: Path, candidate: Path, case: Case) -> Comparison:
    return compare(reference, candidate, load_tolerances(case.tolerances))


def run(case: Case, work: Path, workers: int | None = None, block_size: int | None = None) -> CaseResult:
    return Runner(SUITE, work, PROGRAM, compare_for, workers, block_size).run(case)


def differences(first: CaseResult, second: CaseResult) -> list[str]:
    """What differs in the products of two runs, as the strictest profile sees it."""
    tolerances = load_tolerances("identical")
    products = matches(first.outputs, first.case.outputs)
    assert products == matches(second.outputs, second.case.outputs)
    assert products
    results = [compare(first.outputs / each, second.outputs / each, tolerances) for each in products]
    assert all(result.checks for result in results)
    return [f"{check.name} {check.item}: {check.message}" for each in results for check in each.failures]


def test_every_job_order_of_the_project_has_a_case() -> None:
    covered = {case.job_order.resolve() for case in SUITE.cases}
    assert {path.resolve() for path in JOB_ORDERS.glob("*.xml")} <= covered


def test_the_table_that_the_readme_shows_is_all_that_a_new_chain_needs(tmp_path: Path) -> None:
    readme = (JOB_ORDERS.parent / "README.md").read_text()
    (table,) = re.findall(r"```toml\n(\[\[case\]\]\n.*?)```", readme, re.S)
    copy = tmp_path / "suite.toml"
    copy.write_text(f"{SUITE.path.read_text()}\n{table}")
    case = read_suite(copy).case("my_chain")
    assert case.job_order == tmp_path / "job_orders" / "my_chain.xml"
    assert case.inputs == {"L1C": ReferenceInput("simulate_l1c", "L1C")}
    assert case.parameters == {"my_step.parameter": "3"}
    assert (case.tolerances, case.packed) == ("rounding", True)


def test_references_are_small() -> None:
    files = [path for path in SUITE.path.parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize("case", SUITE.cases, ids=lambda case: case.name)
def test_chain_makes_what_it_once_made_and_the_same_however_it_is_run(case: Case, tmp_path: Path) -> None:
    first = run(case, tmp_path / "first")
    assert first.status is CaseStatus.PASSED, [
        f"{check.name} {check.item}: {check.message}"
        for _, comparison in first.comparisons
        for check in comparison.failures
    ] or first.message
    again = run(case, tmp_path / "again")
    assert differences(first, again) == []
    blocks = run(case, tmp_path / "blocks", workers=1, block_size=300)
    assert differences(first, blocks) == []


@pytest.mark.slow
def test_a_change_of_the_air_fails_its_case(tmp_path: Path) -> None:
    case = SUITE.case("l2a_eegs")
    thicker = {**case.parameters, "atmospheric_state.aerosol_optical_thickness": "0.16"}
    result = run(replace(case, parameters=thicker), tmp_path)
    assert result.status is CaseStatus.FAILED
    assert any(
        check.name is CheckName.STATISTICS
        for _, comparison in result.comparisons
        for check in comparison.failures
    )


@pytest.mark.slow
def test_pages_are_written_for_each_case(tmp_path: Path) -> None:
    called = call("ipf", "regression", SUITE.path, "--case", "l2a_cog", "--html", tmp_path / "pages")
    assert called.code == 0, called.stdout
    assert (tmp_path / "pages" / "l2a_cog" / "index.html").is_file()
    assert 'href="l2a_cog/index.html"' in (tmp_path / "pages" / "index.html").read_text()
