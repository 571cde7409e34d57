"""Where plugins come from, who wins, and what a broken one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipf.engine import BlockStep, Plugins, hookimpl, load_plugins
from ipf.engine.plugins import Provider
from ipf.errors import PluginError
from tests.engine.toy import SMOOTH

PLUGIN = """
from tests.engine.toy import smooth
from ipf.engine import BlockStep, hookimpl

__version__ = "3.2"

@hookimpl
def ipf_steps():
    yield BlockStep(name="{name}", run=smooth)
"""


class Steps:
    def __init__(self, *names: str) -> None:
        self.names = names

    @hookimpl
    def ipf_steps(self) -> list[BlockStep]:
        return [BlockStep(name=name, run=SMOOTH.run) for name in self.names]


def test_users_file_replaces_what_is_installed(tmp_path: Path, toy_plugins: Plugins) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN.format(name="smooth"))
    mine = load_plugins([tmp_path / "mine.py"], use_entry_points=False)
    assert mine.step("smooth").provider.name.endswith("mine.py")
    assert mine.step("smooth").provider.version == "3.2"
    toy_plugins.register(Steps("smooth"), Provider("mine.py", "", 2))
    assert toy_plugins.step("smooth").provider.name == "mine.py"
    rows = [row for row in toy_plugins.providers() if row[:2] == ("ipf_steps", "smooth")]
    assert [row[4] for row in rows] == ["", "replaced by mine.py"]


def test_folder_of_plugins(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(PLUGIN.format(name="one"))
    (tmp_path / "_private.py").write_text("raise RuntimeError")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text(PLUGIN.format(name="two"))
    (tmp_path / "_helpers").mkdir()
    (tmp_path / "_helpers" / "__init__.py").write_text("raise RuntimeError")
    plugins = load_plugins([tmp_path], use_entry_points=False)
    assert set(plugins.table("ipf_steps")) == {"one", "two"}


def test_two_of_the_same_rank_are_an_error_naming_both() -> None:
    plugins = load_plugins(use_entry_points=False)
    plugins.register(Steps("smooth"), Provider("first", "1", 1))
    plugins.register(Steps("smooth"), Provider("second", "2", 1))
    with pytest.raises(PluginError, match="smooth is offered by both first 1 and second 2"):
        plugins.offers()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import not_there_at_all", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("from ipf.engine import hookimpl\n@hookimpl\ndef ipf_stepz(): pass", "ipf_stepz"),
        ("from ipf.engine import hookimpl\n@hookimpl\ndef ipf_steps(soup): pass", "soup"),
    ],
)
def test_broken_users_file_is_an_error_naming_it(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "bad.py").write_text(content)
    with pytest.raises(PluginError, match=rf"bad\.py.*{message}"):
        load_plugins([tmp_path / "bad.py"], use_entry_points=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (PLUGIN.replace("@hookimpl\n", ""), r"ipf_steps must be marked with @hookimpl"),
        ("from tests.engine.toy import SMOOTH", r"begins with _"),
        ("", r"begins with _"),
    ],
)
@pytest.mark.parametrize("named", ["useless.py", "."])
def test_a_users_file_that_implements_no_hook_is_an_error_naming_it(
    tmp_path: Path, content: str, message: str, named: str
) -> None:
    (tmp_path / "useless.py").write_text(content.format(name="smooth"))
    with pytest.raises(PluginError, match=rf"useless\.py: implements no hook.*{message}"):
        load_plugins([tmp_path / named], use_entry_points=False)


def test_a_users_file_that_only_looks_on_is_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "watch.py").write_text(
        "from ipf.engine import hookimpl\n@hookimpl\ndef ipf_finish(report): pass"
    )
    plugins = load_plugins([tmp_path / "watch.py"], use_entry_points=False)
    assert ("ipf_finish", "", str(tmp_path / "watch.py"), "", "event") in plugins.providers()


def test_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no such plugin"):
        load_plugins([tmp_path / "absent"], use_entry_points=False)
    with pytest.raises(PluginError, match="no plugin in this folder"):
        load_plugins([tmp_path], use_entry_points=False)


def test_hook_that_fails_names_its_plugin() -> None:
    class Failing:
        @hookimpl
        def ipf_steps(self) -> list[Any]:
            raise RuntimeError("not today")

    plugins = load_plugins(use_entry_points=False)
    plugins.register(Failing(), Provider("failing", "1", 1))
    with pytest.raises(PluginError, match="plugin failing: ipf_steps failed: not today"):
        plugins.offers()


def fake_distribution(folder: Path, name: str, module: str, content: str) -> None:
    (folder / f"{module}.py").write_text(content)
    info = folder / f"{name}-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
    (info / "entry_points.txt").write_text(f"[ipf.plugins]\n{module} = {module}\n")


def test_installed_plugins_and_one_that_does_not_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_distribution(tmp_path, "good-plugin", "ipf_test_good", PLUGIN.format(name="good"))
    fake_distribution(tmp_path, "bad-plugin", "ipf_test_bad", "import not_there_at_all")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = load_plugins()
    assert str(plugins.step("good").provider) == "good-plugin/ipf_test_good 9.9"
    assert "not_there_at_all" in plugins.failures["bad-plugin/ipf_test_bad"]
    with pytest.raises(PluginError, match=r"no step is called absent.*bad-plugin/\w+ is not available"):
        plugins.step("absent")


def test_executors_are_offered_by_the_engine() -> None:
    plugins = load_plugins(use_entry_points=False)
    assert {"serial", "threads"} <= set(plugins.table("ipf_executors"))
    with pytest.raises(PluginError, match="no executor is called ponies"):
        plugins.executor("ponies")


def test_a_file_named_twice_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN.format(name="smooth"))
    monkeypatch.chdir(tmp_path)
    plugins = load_plugins([tmp_path / "mine.py", Path("mine.py"), tmp_path], use_entry_points=False)
    assert set(plugins.table("ipf_steps")) == {"smooth"}


def test_a_file_that_exits_at_import_is_an_error_naming_it(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("raise SystemExit(0)")
    with pytest.raises(PluginError, match=r"bad\.py.*SystemExit"):
        load_plugins([tmp_path / "bad.py"], use_entry_points=False)


def test_what_has_no_name_is_refused() -> None:
    class Nameless:
        @hookimpl
        def ipf_steps(self) -> list[Any]:
            return [object()]

    plugins = load_plugins(use_entry_points=False)
    plugins.register(Nameless(), Provider("nameless", "1", 1))
    with pytest.raises(PluginError, match="plugin nameless: ipf_steps yields a object without a name"):
        plugins.offers()
