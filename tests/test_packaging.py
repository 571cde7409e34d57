"""The package as others get it: every file of the four packages travels in the wheel and works from there."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"ipf": "ipf", "ipf_plugins": "plugins", "ipf_auxdata": "auxdata", "ipf_job_orders": "job_orders"}


def files_of(folder: Path) -> set[str]:
    """Relative names of the files below `folder`, compiled ones excepted."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def metadata() -> configparser.ConfigParser:
    """The package metadata."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder into which the project's wheel, built from a clean copy of the sources, is installed."""
    work = tmp_path_factory.mktemp("wheel")
    source = work / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    for folder in FOLDERS.values():
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", work, source]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = work.glob("ipf-*-py3-none-any.whl")
    target = work / "target"
    install = [*pip, "install", "--no-deps", "--no-index", "--no-compile", "--target", target, wheel]
    subprocess.run(install, check=True, timeout=300)
    return target


def run(installed: Path, folder: Path, *command: str | Path) -> str:
    """Standard output of a command that imports the installed wheel, run from another folder."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_folder_with_modules_is_a_declared_package() -> None:
    declared = set(metadata()["options"]["packages"].split())
    found = {
        ".".join([package, *init.parent.relative_to(ROOT / folder).parts])
        for package, folder in FOLDERS.items()
        for init in (ROOT / folder).rglob("__init__.py")
    }
    modules = {
        ".".join([package, *module.parent.relative_to(ROOT / folder).parts])
        for package, folder in FOLDERS.items()
        for module in (ROOT / folder).rglob("*.py")
    }
    assert declared == found == modules


@pytest.mark.parametrize("package", FOLDERS)
def test_every_file_travels_in_the_wheel(installed: Path, package: str) -> None:
    assert files_of(ROOT / FOLDERS[package]) == files_of(installed / package)


def test_packages_import_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import ipf, ipf_plugins, ipf_auxdata, ipf_job_orders as j; print(ipf.__version__, ipf.__file__)"
    version, place = run(installed, tmp_path, sys.executable, "-c", code).split()
    assert Path(place).is_relative_to(installed)
    assert (installed / f"ipf-{version}.dist-info" / "licenses" / "LICENSE").is_file() or (
        installed / f"ipf-{version}.dist-info" / "LICENSE"
    ).is_file()


def test_lower_bounds_are_stated_for_every_dependency() -> None:
    options, extras = metadata()["options"], metadata()["options.extras_require"]
    for requirement in [*options["install_requires"].split(), *" ".join(extras.values()).split()]:
        assert ">=" in requirement, requirement


def test_the_program_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, tmp_path, sys.executable, "-c", "from ipf.cli.guard import ipf; ipf()", "plugins")
    for step in ("surface_reflectance", "simulate_surface"):
        assert step in listed
    assert "not available" not in listed
    assert (installed / "bin" / "ipf").is_file()
    assert (installed / "bin" / "ipf-processor").is_file()


def test_data_is_found_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The table of the atmosphere and the job orders are resources of the installed package."""
    code = (
        "from importlib.resources import files; import ipf_job_orders;"
        " from ipf.atmosphere.storage import load_scattering_table as load;"
        " orders = [file for file in files(ipf_job_orders).iterdir() if file.name.endswith('xml')];"
        " print(load('S2A').satellite, len(orders))"
    )
    satellite, count = run(installed, tmp_path, sys.executable, "-c", code).split()
    assert satellite == "S2A"
    assert int(count) == len(list((ROOT / "job_orders").glob("*.xml")))
