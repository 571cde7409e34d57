"""``ipf regression``: cases are run apart, compared, told of, and made references where there is a reason."""

from __future__ import annotations

import json
import re
import shutil
import signal
import tarfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ipf.cli import regression
from ipf.compare.comparison import Progress
from ipf.compare.results import Check, CheckName, Comparison, Status
from ipf.compare.suite import Case
from ipf.errors import ParameterError
from tests.cli.programs import TIMEOUT_S, Called, call, make_job, of_level, run, start

SUITE = """
tolerances = "rounding"
timeout = 60

[[case]]
name = "first"
job_order = "first/JobOrder.4711.xml"
outputs = ["SUM"]
reference = "references/first"

[[case]]
name = "second"
job_order = "second/JobOrder.4711.xml"
outputs = ["SUM/*.txt"]
reference = "references/second"
packed = true
"""


def compare_bytes(
    reference: Path, candidate: Path, case: Case, threads: int, progress: Progress
) -> Comparison:
    """A comparison of one check; the tiny chain makes text, of which the real one knows nothing."""
    assert case.tolerances == "rounding"
    progress(1.0, candidate.name)
    same = reference.read_bytes() == candidate.read_bytes()
    check = Check(
        CheckName.BYTES,
        candidate.name,
        Status.PASSED if same else Status.FAILED,
        "the same bytes" if same else "other bytes",
    )
    return Comparison(reference, candidate, "text", "rounding", (check,))


def make_suite(folder: Path) -> Path:
    """A suite of two tiny jobs that has no reference yet."""
    make_job(folder / "first")
    make_job(folder / "second")
    path = folder / "suite.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite that has no reference yet."""
    monkeypatch.setattr(regression, "_compare", compare_bytes)
    return make_suite(tmp_path)


@pytest.fixture(scope="session")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """References of the suite."""
    made = make_suite(tmp_path_factory.mktemp("suite"))
    assert update(made).code == 0
    return made.parent / "references"


@pytest.fixture
def approved(suite: Path, references: Path) -> Path:
    """The suite with references."""
    shutil.copytree(references, suite.parent / "references")
    return suite


def update(suite: Path, *more: str) -> Called:
    return call("ipf", "regression", suite, "--update-references", "--reason", "They are good.", *more)


def statuses(called: Called) -> dict[str, str]:
    """Status of each case in the printed table."""
    rows = [line.split() for line in called.stdout.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) > 1 and row[0] in ("first", "second")}


def set_behaviour(suite: Path, case: str, behaviour: str) -> None:
    (suite.parent / case / "in.tiny").write_text(behaviour)


def damage(suite: Path) -> None:
    """Change the reference of the first case."""
    (sum_file,) = (suite.parent / "references" / "first" / "SUM").iterdir()
    sum_file.write_text("0\n")


def test_cases_without_references_are_errors_and_the_others_still_run(suite: Path) -> None:
    assert update(suite, "--case", "second").code == 0
    called = call("ipf", "regression", suite)
    assert called.code >= 128
    assert statuses(called) == {"first": "ERROR", "second": "PASSED"}
    assert f"{suite.parent / 'references' / 'first'}: no such reference" in called.stdout


def test_references_in_both_forms_are_passed(approved: Path) -> None:
    references = approved.parent / "references"
    assert (references / "first" / "SUM" / "sum.txt").is_file()
    with tarfile.open(references / "second" / "products.tar.xz") as packed:
        assert packed.getnames() == ["SUM/sum.txt"]
    called = call("ipf", "regression", approved)
    assert (called.code, statuses(called)) == (0, {"first": "PASSED", "second": "PASSED"})


def test_a_changed_product_fails_its_case_only(approved: Path) -> None:
    damage(approved)
    called = call("ipf", "regression", approved)
    assert called.code >= 128
    assert statuses(called) == {"first": "FAILED", "second": "PASSED"}
    assert "bytes of sum.txt in SUM/sum.txt: other bytes (1 of 1 check failed)" in called.stdout
    assert call("ipf", "regression", approved, "--case", "second").code == 0


def test_every_report_says_the_same(approved: Path, tmp_path: Path) -> None:
    damage(approved)
    set_behaviour(approved, "second", "unreadable")
    called = call("ipf", "regression", approved, "--json", tmp_path / "r.json", "--junit", tmp_path / "r.xml")
    assert called.code >= 128
    cases = json.loads((tmp_path / "r.json").read_text())["cases"]
    assert {case["name"]: case["status"] for case in cases} == {"first": "FAILED", "second": "ERROR"}
    assert cases[0]["comparisons"][0]["checks"][0]["message"] == "other bytes"
    junit = etree.parse(tmp_path / "r.xml").getroot()
    counts = {name: junit.get(name) for name in ("name", "tests", "failures", "errors", "skipped")}
    assert counts == {"name": "suite", "tests": "4", "failures": "1", "errors": "1", "skipped": "0"}
    assert junit.xpath("testsuite[@name='first']/testcase/failure/@message") == ["other bytes"]
    (error,) = junit.xpath("testsuite[@name='second']/testcase[@name='run']/error/@message")
    assert error == cases[1]["message"]
    assert "ended with exit code 165" in error


def test_every_report_shows_the_notes_of_comparisons(
    approved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare_with_a_note(
        reference: Path, candidate: Path, case: Case, threads: int, progress: Progress
    ) -> Comparison:
        compared = compare_bytes(reference, candidate, case, threads, progress)
        return replace(compared, notes=("limits of <B99> hold nowhere",) if case.name == "second" else ())

    monkeypatch.setattr(regression, "_compare", compare_with_a_note)
    made = {option: tmp_path / name for option, name in (("--json", "r"), ("--junit", "x"), ("--html", "p"))}
    called = call("ipf", "regression", approved, *(word for pair in made.items() for word in pair))
    assert called.code == 0
    assert "note: second: SUM/sum.txt: limits of <B99> hold nowhere" in called.stdout.splitlines()
    cases = json.loads(made["--json"].read_text())["cases"]
    assert [case["comparisons"][0]["notes"] for case in cases] == [[], ["limits of <B99> hold nowhere"]]
    junit = etree.parse(made["--junit"]).getroot()
    assert junit.xpath("//skipped/@message") == ["limits of <B99> hold nowhere"]
    assert junit.xpath("//testcase[skipped]/@classname") == ["second: SUM/sum.txt"]
    assert (junit.get("tests"), junit.get("skipped"), junit.get("failures")) == ("7", "1", "0")
    page = (made["--html"] / "index.html").read_text()
    section = page[page.index('<section aria-labelledby="case-1"') :]
    assert "limits of &lt;B99&gt; hold nowhere" in section
    assert page.count("hold nowhere") == 1
    assert '<a href="#case-1">1 note</a>' in page


def test_a_job_that_fails_or_takes_too_long_is_an_error(approved: Path, tmp_path: Path) -> None:
    set_behaviour(approved, "first", "unreadable")
    set_behaviour(approved, "second", "long_python")
    approved.write_text(approved.read_text().replace("timeout = 60", "timeout = 3"))
    called = call("ipf", "regression", approved, "--work", tmp_path / "work")
    assert statuses(called) == {"first": "ERROR", "second": "ERROR"}
    assert "took more than 3 s" in called.stdout
    assert "[E]" in (tmp_path / "work" / "first" / "log.txt").read_text()


def test_an_output_that_is_not_made_is_an_error(approved: Path) -> None:
    approved.write_text(approved.read_text().replace('"SUM/*.txt"', '"SUM/*.txt", "SUM/*.tif"'))
    called = call("ipf", "regression", approved)
    assert statuses(called) == {"first": "PASSED", "second": "ERROR"}
    assert "made no output 'SUM/*.tif'" in called.stdout


def sums(suite: Path, case: str = "first") -> Path:
    """Where the reference of a case has the outputs of its one file type."""
    return suite.parent / "references" / case / "SUM"


def rename_stored(suite: Path) -> None:
    (sums(suite) / "sum.txt").rename(sums(suite) / "total.txt")


def lose_stored(suite: Path) -> None:
    (sums(suite) / "sum.txt").unlink()


def add_stored(suite: Path) -> None:
    (sums(suite) / "more.txt").write_text("1\n")


@pytest.mark.parametrize(
    ("change", "told", "missing", "added"),
    [
        (add_stored, "missing SUM/more.txt; 1 check passed", ["SUM/more.txt"], []),
        (lose_stored, "added SUM/sum.txt; nothing was compared", [], ["SUM/sum.txt"]),
        (
            rename_stored,
            "missing SUM/total.txt; added SUM/sum.txt; nothing was compared",
            ["SUM/total.txt"],
            ["SUM/sum.txt"],
        ),
    ],
)
def test_outputs_that_came_or_went_fail_their_case_and_can_be_approved(
    approved: Path,
    tmp_path: Path,
    change: Callable[[Path], None],
    told: str,
    missing: list[str],
    added: list[str],
) -> None:
    change(approved)
    reports = ("--json", tmp_path / "r.json", "--junit", tmp_path / "r.xml", "--html", tmp_path / "pages")
    called = call("ipf", "regression", approved, "--case", "first", *reports)
    assert (called.code, statuses(called)) == (171, {"first": "FAILED"})
    assert told in called.stdout
    case = json.loads((tmp_path / "r.json").read_text())["cases"][0]
    assert (case["missing_outputs"], case["added_outputs"]) == (missing, added)
    junit = etree.parse(tmp_path / "r.xml").getroot()
    assert junit.get("failures") == "1"
    (failure,) = junit.xpath("testsuite[@name='first']/testcase[@name='outputs']/failure/@message")
    assert failure == ", ".join(
        [*(f"missing {path}" for path in missing), *(f"added {path}" for path in added)]
    )
    page = (tmp_path / "pages" / "index.html").read_text()
    assert all(f'<code class="name">{path}</code>' in page for path in missing + added)
    assert statuses(update(approved, "--case", "first")) == {"first": "UPDATED"}
    note = (sums(approved).parent / "CHANGES.md").read_text()
    assert ("Outputs that went:\n\n- " + "".join(missing) + "\n" in note) is bool(missing)
    assert ("Outputs that came:\n\n- " + "".join(added) + "\n" in note) is bool(added)
    assert call("ipf", "regression", approved, "--case", "first").code == 0


def test_what_a_case_leaves_out_since_its_reference_was_made_is_told(approved: Path) -> None:
    (sums(approved) / "more.tif").write_text("1\n")
    approved.write_text(approved.read_text().replace('outputs = ["SUM"]', 'outputs = ["SUM/*.txt"]'))
    called = call("ipf", "regression", approved, "--case", "first")
    assert statuses(called) == {"first": "FAILED"}
    assert "missing SUM/more.tif" in called.stdout


def test_a_reference_stays_where_the_case_asks_for_what_is_no_longer_made(approved: Path) -> None:
    (sums(approved) / "more.tif").write_text("1\n")
    before = contents(approved.parent / "references")
    approved.write_text(approved.read_text().replace('["SUM"]', '["SUM/*.txt", "SUM/*.tif"]'))
    called = update(approved, "--case", "first")
    assert (called.code, statuses(called)) == (171, {"first": "FAILED"})
    assert "the reference stays: take 'SUM/*.tif', of which nothing was made, out of" in called.stdout
    assert contents(approved.parent / "references") == before


def test_a_bug_is_an_error_of_its_case_only(
    approved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(reference: Path, candidate: Path, case: Case, threads: int, progress: Progress) -> Comparison:
        if case.name == "first":
            raise ZeroDivisionError("a bug\nin a comparison")
        return compare_bytes(reference, candidate, case, threads, progress)

    monkeypatch.setattr(regression, "_compare", stumble)
    before = contents(approved.parent / "references")
    more = ("--work", tmp_path / "work", "--junit", tmp_path / "r.xml", "--html", tmp_path / "pages")
    called = update(approved, *map(str, more))
    assert (called.code, statuses(called)) == (171, {"first": "ERROR", "second": "PASSED"})
    assert called.error == f"{approved}: 1 of 2 cases did not pass: first"
    log = tmp_path / "work" / "first" / "log.txt"
    assert f"ZeroDivisionError: a bug in a comparison (see {log})" in called.stdout
    assert "Traceback (most recent call last)" in log.read_text()
    assert "[P]" in log.read_text() or "[I]" in log.read_text()
    (error,) = etree.parse(tmp_path / "r.xml").findall(".//error")
    assert "Traceback" in (error.text or "")
    assert "Traceback" in (tmp_path / "pages" / "index.html").read_text()
    assert contents(approved.parent / "references") == before


def test_a_bug_in_a_page_or_an_update_is_an_error_too(
    approved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*arguments: object, **more: object) -> None:
        raise KeyError("a bug")

    damage(approved)
    with monkeypatch.context() as patched:
        patched.setattr("ipf.compare.suite_html.write_html", stumble)
        called = call("ipf", "regression", approved, "--case", "first", "--html", tmp_path / "pages")
    assert (called.code, statuses(called)) == (171, {"first": "ERROR"})
    assert 'href="first' not in (tmp_path / "pages" / "index.html").read_text()
    monkeypatch.setattr("ipf.compare.suite_update.change_note", stumble)
    called = update(approved, "--case", "first")
    assert (called.code, statuses(called)) == (171, {"first": "ERROR"})


def test_a_page_leads_to_those_of_all_comparisons(approved: Path, tmp_path: Path) -> None:
    damage(approved)
    (approved.parent / "first" / "in.tiny").write_text("ok")
    called = call("ipf", "regression", approved, "--html", tmp_path / "pages")
    assert f"page: {tmp_path / 'pages' / 'index.html'}" in called.stdout
    page = (tmp_path / "pages" / "index.html").read_text()
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script", page)
    links = re.findall(r'href="([^"#]+)"', page)
    assert set(links) == {"first/index.html", "second/index.html"}
    assert all((tmp_path / "pages" / link).is_file() for link in links)
    anchors = set(re.findall(r'href="#([^"]*)"', page))
    assert anchors == set(re.findall(r'\bid="([^"]*)"', page))
    assert page.index("<table") < page.index("<section")
    assert "1 FAILED" in page
    assert "other bytes" in page


def test_reports_are_never_written_over_what_the_suite_reads(approved: Path) -> None:
    before = contents(approved.parent)
    for option, path in (
        ("--json", approved),
        ("--junit", approved.parent / "first" / "JobOrder.4711.xml"),
        ("--html", sums(approved).parent),
    ):
        called = call("ipf", "regression", approved, option, path)
        assert called.code == 160
        assert option in called.error
    assert contents(approved.parent) == before


def test_progress_rises_over_all_cases() -> None:
    told: list[tuple[float, str]] = []
    shown = regression._Advance(lambda fraction, text: told.append((fraction, text)), 2)
    shown.case("first")
    shown.comparison(0.5, "B02")
    shown.comparison(1.0, "B03")
    shown.comparison(0.5, "B04")
    shown.case("second")
    shown.comparison(1.0, "B02")
    fractions = [fraction for fraction, _ in told]
    assert fractions == [0.0, 0.375, 0.5, 0.5, 0.5, 1.0]
    assert told[0][1] == "first (1 of 2): running the job"
    assert told[-1][1] == "second (2 of 2): comparing B02"


def test_a_folder_that_is_told_of_is_there_when_the_program_has_ended(suite: Path, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    more = {"TMPDIR": str(tmp_path / "temporary")}
    ended = run("ipf", "regression", suite, "--case", "first", env=more)
    assert ended.returncode == 171
    (kept,) = (tmp_path / "temporary").iterdir()
    assert f"products and logs: {kept}" in ended.stdout
    assert (kept / "first" / "outputs" / "SUM" / "sum.txt").is_file()


@pytest.mark.parametrize(
    ("number", "behaviour"), [(signal.SIGTERM, "long_python"), (signal.SIGINT, "long_native_locked")]
)
def test_an_interrupt_leaves_nothing(suite: Path, tmp_path: Path, number: int, behaviour: str) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    set_behaviour(suite, "first", behaviour)
    process = start("ipf", "regression", suite, TMPDIR=str(temporary))
    end = time.monotonic() + TIMEOUT_S
    while not list(temporary.glob("*/first/outputs/SUM/*.begun")):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 128 + number
    assert of_level(errors, "E") == [f"interrupted by {signal.Signals(number).name}"]
    assert list(temporary.iterdir()) == []
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(temporary) in text_of(path)]


def text_of(path: Path) -> str:
    """Text of a file that may have gone."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_work_folders_are_kept_on_failure_and_never_taken_from_others(
    approved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    assert call("ipf", "regression", approved).code == 0
    assert list((tmp_path / "temporary").iterdir()) == []
    damage(approved)
    called = call("ipf", "regression", approved)
    (kept,) = (tmp_path / "temporary").iterdir()
    assert f"products and logs: {kept}" in called.stdout
    assert (kept / "first" / "outputs" / "SUM" / "sum.txt").is_file()
    other = tmp_path / "work" / "first" / "mine.txt"
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    called = call("ipf", "regression", approved, "--work", tmp_path / "work")
    assert statuses(called) == {"first": "ERROR", "second": "PASSED"}
    assert other.read_text() == "mine"


def test_jobs_leave_the_places_that_job_orders_name_alone(approved: Path) -> None:
    assert not (approved.parent / "first" / "out").exists()
    assert not (approved.parent / "first" / "report").exists()


def test_references_change_with_a_reason_only(approved: Path) -> None:
    damage(approved)
    before = contents(approved.parent / "references")
    for reason in ([], ["--reason", "  "]):
        called = call("ipf", "regression", approved, "--update-references", *reason)
        assert called.code == 160
        assert "expected a reason" in called.error
    assert contents(approved.parent / "references") == before


def test_only_references_of_cases_that_do_not_pass_change(approved: Path) -> None:
    references = approved.parent / "references"
    damage(approved)
    before = contents(references / "second")
    called = update(approved)
    assert (called.code, statuses(called)) == (0, {"first": "UPDATED", "second": "PASSED"})
    assert contents(references / "second") == before
    note = (references / "first" / "CHANGES.md").read_text()
    assert note.startswith("# first\n\n## 20")
    assert note.count("They are good.") == 2
    assert note.endswith("- SUM/sum.txt: bytes of sum.txt: other bytes\n")
    assert call("ipf", "regression", approved).code == 0
    assert sorted(path.name for path in references.iterdir()) == ["first", "second"]


def test_a_failed_job_changes_no_reference(approved: Path) -> None:
    before = contents(approved.parent / "references")
    set_behaviour(approved, "first", "unreadable")
    called = update(approved)
    assert called.code >= 128
    assert statuses(called) == {"first": "ERROR", "second": "PASSED"}
    assert contents(approved.parent / "references") == before


def test_errors_of_a_comparison_change_no_reference(approved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> Comparison:
        raise ParameterError("own.toml: cannot be read")

    monkeypatch.setattr(regression, "_compare", refuse)
    damage(approved)
    (approved.parent / "references" / "second" / "products.tar.xz").write_bytes(b"no archive")
    before = contents(approved.parent / "references")
    called = update(approved)
    assert called.code >= 128
    assert statuses(called) == {"first": "ERROR", "second": "ERROR"}
    assert contents(approved.parent / "references") == before


def test_a_first_reference_is_told_as_such(suite: Path) -> None:
    called = update(suite, "--case", "first")
    assert "new reference; there was none" in called.stdout
    note = (suite.parent / "references" / "first" / "CHANGES.md").read_text()
    assert note.endswith("There was no reference to compare with.\n")


@pytest.mark.parametrize("name", ["mine.txt", "CHANGES.md", "SUM/sum.txt"])
def test_folders_that_are_no_references_are_never_replaced(suite: Path, name: str) -> None:
    mine = suite.parent / "references" / "first" / "SUM" / "sum.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("0\n")
    (suite.parent / "references" / "first" / name).write_text("mine")
    before = contents(suite.parent / "references")
    called = update(suite, "--case", "first")
    assert called.code == 171
    assert "cannot be replaced: expected a reference" in called.stdout
    assert contents(suite.parent / "references") == before


def test_files_beside_a_reference_are_never_replaced(approved: Path) -> None:
    damage(approved)
    (approved.parent / "references" / "first" / "mine.txt").write_text("mine")
    before = contents(approved.parent / "references")
    called = update(approved)
    assert called.code == 171
    assert "found mine.txt" in called.stdout
    assert contents(approved.parent / "references") == before


def test_a_reference_that_cannot_be_replaced_stays(approved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(approved)
    before = contents(approved.parent / "references")
    rename: Callable[[Path, Path], Path] = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    called = update(approved)
    assert called.code == 171
    assert "No space left" in called.stdout
    assert contents(approved.parent / "references") == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "first"', 'name = "../first"', "case '../first': name: "),
        ('outputs = ["SUM"]', "outputs = []", "case 'first': outputs: "),
        ('outputs = ["SUM"]', 'outputs = ["SUM"]\ncolour = "red"', "case 'first': colour: "),
        ("timeout = 60", "timeout = -1", "timeout: "),
        ('reference = "references/first"', "", "case 'first': reference: is missing"),
        ('name = "second"', 'name = "first"', "case 'first': expected names that differ"),
        ('references/second"', 'references/first"', "case 'first': reference: expected a folder of its own"),
        ("packed = true", 'inputs.TINY = { case = "third", path = "SUM" }', "expected a case, found 'third'"),
        ("timeout = 60", "timeout =", "cannot be read as TOML"),
        ('"references/second"', '"."', "case 'second': reference: expected a folder of its own"),
        ('"references/second"', '".."', "case 'second': reference: expected a folder of its own"),
        ('"references/second"', '"references"', "case 'second': reference: expected a folder of its own"),
        ('"references/second"', '"references/first/x"', "case 'first': reference: expected a folder of"),
        ('"references/second"', '"references/x/../first"', "reference: expected a folder of its own"),
        ('"references/second"', '"second"', "which holds"),
        ('name = "first"', 'name = "Fi/rst"', "expected text of the form '^[A-Za-z0-9]"),
        ("packed = true", "inputs.TINY = 5", "case 'second': inputs.TINY: expected text, found 5"),
        ("packed = true", "inputs.TINY = { case = 'first' }", "case 'second': inputs.TINY.path: is missing"),
        ("packed = true", "parameters.a = [1]", "parameters.a: expected text, a number, true or false"),
    ],
)
def test_a_bad_suite_is_refused_naming_file_and_table(suite: Path, old: str, new: str, told: str) -> None:
    text = suite.read_text()
    assert old in text
    suite.write_text(text.replace(old, new, 1))
    called = call("ipf", "regression", suite)
    assert called.code == 164
    assert str(suite) in called.error
    assert told in called.error
    assert called.error.count(str(suite)) == 1


@pytest.mark.parametrize("text", ["case = 1", "case = []", "case = [1]", "timeout = 3"])
def test_a_suite_without_tables_of_cases_is_refused_in_words_of_toml(tmp_path: Path, text: str) -> None:
    (tmp_path / "suite.toml").write_text(text)
    called = call("ipf", "regression", tmp_path / "suite.toml")
    assert called.code == 164
    assert "expected" in called.error
    assert "_Case" not in called.error
    assert "tuple" not in called.error


def test_unknown_cases_and_missing_suites_are_refused(suite: Path) -> None:
    called = call("ipf", "regression", suite, "--case", "third")
    assert called.code == 164
    assert "expected a case called one of first, second, found 'third'" in called.error
    called = call("ipf", "regression", suite.with_name("none.toml"))
    assert called.code == 164
    assert "none.toml: cannot be read: No such file" in called.error


def test_an_input_may_be_part_of_another_cases_reference(approved: Path) -> None:
    text = approved.read_text().replace(
        "packed = true", 'packed = true\ninputs.TINY = { case = "first", path = "SUM/*" }'
    )
    approved.write_text(text)
    set_behaviour(approved, "second", "unreadable")
    assert call("ipf", "regression", approved, "--case", "second").code == 0


def test_the_program_itself_ends_with_the_documented_code(approved: Path) -> None:
    ended = run("ipf", "regression", approved, "--case", "third")
    assert ended.returncode == 164


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
