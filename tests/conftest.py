"""Fixtures shared by every test, and the rule that reference data at hand is used."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

# A first call may compile a kernel; the examples are the same in every run.
hypothesis.settings.register_profile("ipf", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ipf")


def reference_folder() -> Path | None:
    """Folder of real Sentinel-2 data and independent results, named by IPF_REFERENCE_DATA; None without."""
    folder = os.environ.get("IPF_REFERENCE_DATA")
    return Path(folder) if folder and Path(folder).is_dir() else None


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of reference data; a test that asks for it is skipped where there is none."""
    folder = reference_folder()
    if folder is None:
        pytest.skip("reference data absent: IPF_REFERENCE_DATA names no folder")
    return folder


def pytest_report_header() -> str:
    """Say which reference data the run uses."""
    return f"reference data: {reference_folder() or 'none (IPF_REFERENCE_DATA names no folder)'}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that needs reference data into a failure where the data is present."""
    report = yield
    needs_data = "reference_data" in getattr(item, "fixturenames", ())
    if needs_data or _speaks_of_data(report):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    if _speaks_of_data(report):
        _refuse_skip(report)
    return report


def _speaks_of_data(report: pytest.TestReport | pytest.CollectReport) -> bool:
    """Whether the reason of a skip is the data, or that nothing was found to make parameters of."""
    reason = str(report.longrepr)
    return any(word in reason for word in ("reference data", "IPF_REFERENCE_DATA", "empty parameter set"))


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skipped report a failed one, unless the data is absent."""
    expected_failure = hasattr(report, "wasxfail")
    if report.outcome == "skipped" and not expected_failure and reference_folder() is not None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"reference data is present, and yet this was skipped: {reason}"
