"""``ipf compare``: verdict, exit code, what a person is shown, reports, tolerance files, no input harmed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from lxml import etree

from ipf.cli import compare as command
from ipf.cli.comparison_view import SHOWN, comparison_text
from ipf.cli.exit_codes import exit_code_table
from ipf.compare.results import Check, CheckName, Comparison, NameDifference, Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import Tolerances
from ipf.errors import ComparisonError
from tests.cli.programs import call, of_level, run
from tests.compare.compared_products import full_comparison
from tests.compare.damaged import Samples, edit_image, only
from tests.product.products import tree, write_small_l1c

B04 = "IMG_DATA/*_B04.jp2"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_l1c(tmp_path_factory.mktemp("l1c"))


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reference, tmp_path / reference.name))


def one_count_more(product: Path) -> None:
    def change(samples: Samples) -> Samples:
        samples[150, 150] += 1
        return samples

    edit_image(product, B04, change)


def other_date(product: Path) -> None:
    document = only(product, "MTD_DS.xml")
    text = document.read_text()
    changed = re.sub(r"(<UTC_DATE_TIME>)\d{4}", r"\g<1>2031", text)
    assert changed != text
    document.write_text(changed)


def test_profiles_of_the_command_are_those_that_come_along() -> None:
    assert command.PROFILES == PROFILES


def test_an_untouched_copy_passes_and_leaves_both_alone(reference: Path, candidate: Path) -> None:
    before = tree(reference), tree(candidate)
    called = call("ipf", "compare", reference, candidate)
    assert (called.code, called.stderr) == (0, "")
    assert (tree(reference), tree(candidate)) == before
    lines = called.stdout.splitlines()
    assert re.fullmatch(r"PASSED +all \d+ checks passed", lines[-1])
    assert [line for line in lines if "FAILED" in line] == []
    assert re.search(r"^profile +identical$", called.stdout, re.MULTILINE)
    assert re.search(r"^T29UNU/B04 10 m +PASSED +equal$", called.stdout, re.MULTILINE)


def test_damage_fails_with_a_code_of_its_own_and_is_told_in_full(reference: Path, candidate: Path) -> None:
    one_count_more(candidate)
    called = call("ipf", "compare", reference, candidate)
    assert called.code == ComparisonError.exit_code == 171
    assert re.search(r"1 of \d+ checks against .* failed", called.error)
    assert str(candidate) in called.error
    (line,) = re.findall(r"^T29UNU/B04 10 m +FAILED +statistics +(.*)$", called.stdout, re.MULTILINE)
    assert "bias" in line
    assert "maximum 0.0001" in line
    (message,) = re.findall(r"^statistics of T29UNU/B04 10 m +(.*)$", called.stdout, re.MULTILINE)
    assert "row 150, column 150" in message
    assert re.fullmatch(r"FAILED +1 of \d+ checks failed", called.stdout.splitlines()[-1])
    assert call("ipf", "compare", reference, candidate, "--profile", "rounding").code == 0


def test_only_names_lead_to_a_hint_that_holds(reference: Path, candidate: Path) -> None:
    other_date(candidate)
    called = call("ipf", "compare", reference, candidate)
    assert called.code == 171
    assert called.stdout.splitlines()[-1].strip().endswith("'--profile rounding' lets them")
    assert "2031-" in called.stdout.split("name or date")[1]
    looser = call("ipf", "compare", reference, candidate, "--profile", "rounding")
    assert looser.code == 0
    assert "2031-" in looser.stdout.split("name or date")[1]
    assert "--profile" not in looser.stdout


def test_other_damage_has_no_such_hint(reference: Path, candidate: Path) -> None:
    other_date(candidate)
    one_count_more(candidate)
    assert "--profile" not in call("ipf", "compare", reference, candidate).stdout


def test_reports_are_written_whatever_the_verdict(reference: Path, candidate: Path, tmp_path: Path) -> None:
    one_count_more(candidate)
    json_file, junit = tmp_path / "new" / "c.json", tmp_path / "c.xml"
    called = call("ipf", "compare", reference, candidate, "--json", json_file, "--junit", junit)
    assert called.code == 171
    content = json.loads(json_file.read_text())
    assert content["status"] == "FAILED"
    failed = [(check["name"], check["item"]) for check in content["checks"] if check["status"] == "FAILED"]
    assert failed == [("statistics", "T29UNU/B04 10 m")]
    root = etree.parse(junit).getroot()
    assert (root.get("tests"), root.get("failures")) == (str(len(content["checks"])), "1")


def test_the_page_is_written_into_its_folder(
    reference: Path, candidate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = pytest.importorskip("ipf.compare.html_report")
    written: list[tuple[Comparison, Path]] = []
    monkeypatch.setattr(pages, "write_html", lambda *given: written.append(given))
    assert call("ipf", "compare", reference, candidate, "--html", tmp_path / "page").code == 0
    ((comparison, folder),) = written
    assert comparison.status is Status.PASSED
    assert folder == tmp_path / "page"


def test_a_tolerance_file_decides(reference: Path, candidate: Path, tmp_path: Path) -> None:
    one_count_more(candidate)
    tolerances = tmp_path / "tolerances.toml"
    limits = "absolute = 1e-4, bias = 1, rmse = 1, maximum = 1, slope = 1, correlation = 0.9, shift = 1"
    tolerances.write_text(
        f'[[overrides]]\nitem = "*/B04 10 m"\nlimits = {{ {limits}, local_shift = 1, outside = 1 }}\n'
    )
    called = call("ipf", "compare", reference, candidate, "--tolerances", tolerances)
    assert called.code == 0
    assert re.search(r"^profile +identical, changed$", called.stdout, re.MULTILINE)
    tolerances.write_text("[rasters.reflectance]\nabsolute = -1\n")
    called = call("ipf", "compare", reference, candidate, "--tolerances", tolerances)
    assert called.code == 164
    assert f"{tolerances}: rasters.reflectance.absolute" in called.error
    assert called.stdout == ""


def test_an_override_that_matches_nothing_cannot_be_overlooked(
    reference: Path, candidate: Path, tmp_path: Path
) -> None:
    tolerances, json_file = tmp_path / "tolerances.toml", tmp_path / "c.json"
    tolerances.write_text('[[overrides]]\nitem = "*/BO4*"\nlimits = { bias = 1 }\n')
    called = call("ipf", "compare", reference, candidate, "--tolerances", tolerances, "--json", json_file)
    assert called.code == 0
    note = "overrides of '*/BO4*' hold nowhere: no part of either product has such a key"
    assert called.stdout.splitlines()[-4:-1] == ["notes", note, ""]
    assert re.fullmatch(r"PASSED +all \d+ checks passed; 1 note above: .*", called.stdout.splitlines()[-1])
    assert json.loads(json_file.read_text())["notes"] == [note]


@pytest.mark.parametrize("profile", PROFILES)
def test_limits_of_a_profile_are_written_without_products(tmp_path: Path, profile: str) -> None:
    path = tmp_path / "t.toml"
    called = call("ipf", "compare", "--write-tolerances", path, "--profile", profile)
    assert (called.code, called.stdout) == (0, f"{path}\n")
    assert load_tolerances(path) == load_tolerances(profile)
    assert "measured" not in path.read_text().lower()


def test_with_products_what_was_measured_stands_beside(
    reference: Path, candidate: Path, tmp_path: Path
) -> None:
    one_count_more(candidate)
    path = tmp_path / "t.toml"
    assert call("ipf", "compare", reference, candidate, "--write-tolerances", path).code == 171
    assert load_tolerances(path) == Tolerances()
    (line,) = re.findall(r"^# T29UNU/B04 10 m: (.*)$", path.read_text(), re.MULTILINE)
    assert "maximum 0.0001" in line
    assert "rmse" in line


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "expected REFERENCE and CANDIDATE"),
        (["R"], "expected a second product"),
        (["R", "C", "--profile", "rounding", "--tolerances", "t.toml"], "expected one of them"),
        (["R", "C", "--profile", "exact"], "'exact' is not one of"),
        (["R", "C", "--workers", "0"], "--workers"),
        (["R", "C", "--json", "R"], "--json: R would be written over the input R"),
        (
            ["R", "C", "--junit", "C/QI_DATA/c.xml"],
            "--junit: C/QI_DATA/c.xml would be written over the input C",
        ),
        (["R", "C", "--html", "C"], "--html: C would be written over the input C"),
        (["R", "C", "--html", "link/page"], "--html: link/page would be written over the input C"),
        (["R", "C", "--json", "a", "--junit", "./a"], "--junit: a would be written over that of --json"),
        (["R", "C", "--json", "folder"], "--json: folder is a folder, expected a file"),
        (["--tolerances", "t.toml", "--write-tolerances", "t.toml"], "over the input t.toml"),
        (["--write-tolerances", "n.toml", "--json", "c.json"], "--json: there is nothing to write"),
    ],
)
def test_a_wrong_call_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("R", "C", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("C")
    (tmp_path / "t.toml").write_text("")
    before = tree(tmp_path)
    called = call("ipf", "compare", *options)
    assert (called.code, called.stdout) == (160, "")
    assert told in called.error
    assert tree(tmp_path) == before


def test_what_is_no_product_is_named(reference: Path, tmp_path: Path) -> None:
    called = call("ipf", "compare", reference, tmp_path / "nowhere")
    assert (called.code, called.stdout) == (165, "")
    assert str(tmp_path / "nowhere") in called.error


def test_a_process_says_the_same(reference: Path, candidate: Path) -> None:
    one_count_more(candidate)
    ended = run("ipf", "compare", reference, candidate, "--workers", "1")
    assert ended.returncode == 171
    assert len(of_level(ended.stderr, "E")) == 1
    assert ended.stdout.splitlines()[-1].startswith("FAILED")


def test_the_code_is_in_the_table_of_codes() -> None:
    (row,) = (row for row in exit_code_table() if row.name == "ComparisonError")
    assert row.code == "171"


def test_figures_of_every_nature_have_a_place() -> None:
    lines = dict(
        re.findall(r"^(\S+(?: \d+ m)?) {2,}(?:PASSED|FAILED)(.*)$", comparison_text(full_comparison()), re.M)
    )
    assert "4 parts pair" in lines["product"]
    band = lines["T/B02 10 m"]
    for told in ("statistics", "75 % differ", "bias 0.001 cm", "maximum 0.003 cm", "shift 0.250 px"):
        assert told in band
    assert "no data of 3 pixels changed" in band
    assert "1 % of another class" in lines["T/SCL 20 m"]
    assert "1 bits lost, 2 gained" in lines["T/MSK"]
    assert "1 difference of metadata" in lines["metadata"]


def test_what_the_profile_only_reports_is_told_too() -> None:
    def passed(name: CheckName, item: str, message: str, **figures: int) -> Check:
        return Check(name, item, Status.PASSED, message, figures)

    checks = (
        passed(CheckName.FILES, "product", "3 parts pair"),
        passed(CheckName.FILES, "HTML/page", "not in the reference"),
        passed(CheckName.ENCODING, "B02", "levels is 2", levels=2),
        passed(CheckName.ENCODING, "B03", "same encoding"),
        passed(CheckName.METADATA, "metadata", "2 differences", differences=2),
        passed(CheckName.CLASSES, "SCL", "cirrus is wiped out", wiped=1),
        passed(CheckName.MASK, "MSK", "equal", wiped=0),
    )
    text = comparison_text(Comparison(Path("r"), Path("c"), "k", "cross-processor", checks))
    allowed = text.split("\nallowed")[1].split("\n\n")[0].splitlines()[1:]
    assert [re.split(" {2,}", line) for line in allowed] == [
        ["files of HTML/page", "not in the reference"],
        ["encoding of B02", "levels is 2"],
        ["metadata of metadata", "2 differences"],
        ["classes of SCL", "cirrus is wiped out"],
    ]
    assert text.splitlines()[-1].split() == ["PASSED", "all", "7", "checks", "passed"]


def test_many_names_are_cut_and_counted_and_nothing_at_all_is_a_failure() -> None:
    names = tuple(NameDifference(f"place {n}", "old", "new") for n in range(SHOWN + 3))
    text = comparison_text(Comparison(Path("r"), Path("c"), "k", "rounding", (), names))
    assert f"place {SHOWN - 1} " in text
    assert f"place {SHOWN} " not in text
    assert "... and 3 more names and dates" in text
    assert text.splitlines()[-1].split() == ["FAILED", "nothing", "was", "compared"]
