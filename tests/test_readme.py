"""What README.md says is true: its commands run, its plugin works, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from ipf_plugins.atmospheric.modes import sen2cor_settings

from ipf.engine import load_plugins

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCENE_SIZE_M = "1980"


def blocks(language: str) -> list[str]:
    """Code blocks of a language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def passages() -> list[list[str]]:
    """Commands of the blocks that stand alone; one that begins by removing goes on where the last one ended.

    Tests may be spread over processes, each with a workplace of its own: a passage relies on no other.
    """
    found: list[list[str]] = []
    for block in blocks("bash"):
        lines = [line for line in block.splitlines() if line.strip()]
        if lines[0].startswith("rm "):
            found[-1] += lines
        else:
            found.append(lines)
    return found


PASSAGES = passages()
COMMANDS = [line for passage in PASSAGES for line in passage]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a newcomer has it after `make demo`: job orders, a small scene, plugins of the README."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "job_orders", folder / "job_orders", ignore=shutil.ignore_patterns("__pycache__"))
    size = f"simulate_acquisition.size_m={SCENE_SIZE_M}"
    run(f"ipf run job_orders/simulate_l1c.xml --set {size}", folder)
    for block in blocks("python"):
        if named := re.match(r"# (\w+\.py)$", block, re.MULTILINE):
            (folder / named[1]).write_text(block, encoding="utf-8")
    return folder


def run(command: str, folder: Path, more: Mapping[str, str] | None = None) -> str:
    """Output of a command that succeeds, with the programs of this environment first on the path."""
    programs = str(Path(sys.executable).parent)
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    result = subprocess.run(
        command.split(),
        cwd=folder,
        env={**os.environ, "PATH": path, **(more or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{command}: exit code {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.mark.parametrize("command", [each for each in COMMANDS if each.startswith("make ")])
def test_make_targets_exist(command: str) -> None:
    run(f"{command} --dry-run", ROOT)


@pytest.mark.parametrize(
    "commands", [each for each in PASSAGES if not each[0].startswith("make ")], ids=" ".join
)
def test_commands_run(workplace: Path, commands: list[str]) -> None:
    """Those of a passage one after the other, as a reader runs them."""
    for command in commands:
        assert run(command, workplace).strip()


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert set(re.findall(r"^```(\w+)", README, re.MULTILINE)) == {"bash", "python", "toml"}
    assert len(COMMANDS) > 8


def test_the_plugin_replaces_the_step(workplace: Path) -> None:
    command = next(each for each in COMMANDS if "--plugins" in each)
    plan = run(command.replace("ipf run", "ipf plan"), workplace, {"COLUMNS": "300"})
    line = next(
        each for each in plan.splitlines() if "surface_reflectance" in each and "my_plugin.py" in each
    )
    assert "block" in line
    assert re.search(r"surface_reflectance\s+dark\s+0\.02\s+command line", plan)


def test_other_python_blocks_run() -> None:
    for block in blocks("python"):
        if not re.match(r"# \w+\.py$", block, re.MULTILINE):
            exec(compile(block, "README.md", "exec"), {})


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#][^)]*)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-") for line in README.splitlines()
    }
    for anchor in re.findall(r"\]\(#([^)]+)\)", README):
        assert anchor in headings, anchor


def test_every_difference_between_the_modes_is_listed() -> None:
    plugins = load_plugins()
    section = README[README.index("## Two modes") : README.index("## Architecture")]
    for setting in sen2cor_settings().settings:
        default = getattr(plugins.step(setting.step).description.parameters(), setting.name)
        if default != setting.value and str(default) != str(setting.value):
            assert f"`{setting.step}.{setting.name}`" in section


def test_every_job_order_has_its_line() -> None:
    listed = (ROOT / "job_orders" / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "job_orders").glob("*.xml")):
        assert f"`{path.name}`" in listed
