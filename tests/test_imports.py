"""The walls of the house: which room may import which (contracts in pyproject.toml)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(configuration: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of `configuration` from `folder`."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--config", configuration],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_contract_is_kept() -> None:
    result = lint(ROOT / "pyproject.toml", ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("ipf/kernels/bad.py", "import ipf.engine"),
        ("ipf/product/bad.py", "import ipf.engine"),
        ("ipf/engine/bad.py", "import ipf_plugins.simulator"),
        ("ipf_plugins/simulator/bad.py", "import ipf_plugins.atmospheric"),
        ("ipf_plugins/simulator/bad.py", "import ipf.cli"),
    ],
)
def test_a_breach_is_seen(tmp_path: Path, room: str, forbidden: str) -> None:
    for package, source in (("ipf", "ipf"), ("ipf_plugins", "plugins")):
        for module in sorted((ROOT / source).rglob("*.py")):
            empty = tmp_path / package / module.relative_to(ROOT / source)
            empty.parent.mkdir(parents=True, exist_ok=True)
            empty.touch()
    (tmp_path / room).write_text(forbidden + "\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    result = lint(tmp_path / "pyproject.toml", tmp_path)
    assert result.returncode != 0
    assert " 0 broken" not in result.stdout, result.stdout
    assert "broken" in result.stdout, result.stdout


def test_kernels_import_numpy_and_numba_only() -> None:
    allowed = sys.stdlib_module_names | {"numpy", "numba"}
    for module in sorted((ROOT / "ipf" / "kernels").glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{module}: relative import"
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in allowed or name.startswith("ipf.kernels"), f"{module}: {name}"
