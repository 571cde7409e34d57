"""The set-up speaks clearly when it cannot go on, and a skip cannot hide reference data that is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "dirname", "env", "sort", "head", "sed", "rm", "mkdir", "chmod", "cat")
WORKING_PYTHON = f'exec {sys.executable} "$@"'
COMPILER = "exit 0"


class Machine:
    """A pretended machine: only the commands put into its folder exist."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.folder = folder
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.bin / tool).symlink_to(found)
        self.command("id", "echo 0")
        self.command("python3", WORKING_PYTHON)
        self.command("c++", COMPILER)

    def command(self, name: str, script: str) -> None:
        """Add a command made of a shell script."""
        path = self.bin / name
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)

    def install(self) -> tuple[int, str]:
        """Exit status and messages of the installation."""
        result = subprocess.run(
            [ROOT / ".ci" / "install", self.folder / "environment"],
            env={"PATH": str(self.bin), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return result.returncode, result.stdout + result.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_gdal_and_no_apt(machine: Machine) -> None:
    status, text = machine.install()
    assert status != 0
    assert text == (
        "install: missing gdal-bin libgdal-dev (their Debian names), and there is no apt-get here:"
        " install them, then run make again\n"
    )


def test_no_gdal_and_neither_root_nor_sudo(machine: Machine) -> None:
    machine.command("id", "echo 1000")
    machine.command("apt-get", "exit 0")
    status, text = machine.install()
    assert status != 0
    assert "neither root nor sudo: ask for 'apt-get install gdal-bin libgdal-dev'" in text


def test_sudo_is_used_when_not_root_and_a_failure_of_apt_is_told(machine: Machine) -> None:
    machine.command("id", "echo 1000")
    machine.command("apt-get", "exit 100")
    machine.command("sudo", f'echo "$*" >>{machine.folder}/sudo.log; exec "$@"')
    status, text = machine.install()
    assert status != 0
    assert "apt-get could not install gdal-bin libgdal-dev" in text
    log = (machine.folder / "sudo.log").read_text()
    assert "apt-get update" in log
    assert "apt-get install -y -qq --no-install-recommends gdal-bin libgdal-dev" in log


def test_apt_installs_what_is_missing_and_the_set_up_goes_on(machine: Machine) -> None:
    gdal_config = machine.bin / "gdal-config"
    script = "#!/bin/sh\\necho 3.5.1\\n"
    machine.command(
        "apt-get", f"[ $1 = update ] || {{ printf '{script}' >{gdal_config}; chmod 755 {gdal_config}; }}"
    )
    status, text = machine.install()
    assert status != 0
    assert text.endswith("install: GDAL is 3.5.1, expected 3.6 or newer\n")


def test_packages_that_do_not_help(machine: Machine) -> None:
    machine.command("apt-get", "exit 0")
    status, text = machine.install()
    assert status != 0
    assert "python3 still lacks gdal-bin libgdal-dev" in text


def test_old_python(machine: Machine) -> None:
    machine.command("gdal-config", "echo 3.6.2")
    machine.command(
        "python3",
        f'case "$*" in *version_info*) exit 1;; -V) echo Python 3.9.2;; *) {WORKING_PYTHON};; esac',
    )
    status, text = machine.install()
    assert status != 0
    assert "python3 is Python 3.9.2, expected Python 3.11 or newer" in text


def test_no_package_index(machine: Machine) -> None:
    environment = machine.folder / "environment" / "bin"
    environment.mkdir(parents=True)
    python = environment / "python"
    python.write_text("#!/bin/sh\necho 'no route to host' >&2\nexit 1\n")
    python.chmod(0o755)
    machine.command("gdal-config", "echo 3.6.2")
    status, text = machine.install()
    assert status != 0
    assert "no route to host\ninstall: pip could not do 'wheel'" in text
    assert not (machine.folder / "environment" / "installed").exists()


SKIPPING_TESTS = """
import pytest

def test_needs_data(reference_data):
    pytest.skip("something else is missing")

def test_speaks_of_data():
    pytest.skip("reference data has no such product")

def test_needs_nothing():
    pytest.skip("not on this machine")

@pytest.mark.parametrize("name", [])
def test_of_every_file(name):
    pass
"""


def outcomes(folder: Path, data: str) -> str:
    """Summary of a run of `SKIPPING_TESTS` under this project's conftest."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_skipping.py").write_text(SKIPPING_TESTS)
    (folder / "test_module.py").write_text(
        "import pytest\npytest.skip('no reference data', allow_module_level=True)\n"
    )
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-ra",
            "--continue-on-collection-errors",
            folder,
        ],
        cwd=folder,
        env={**os.environ, "IPF_REFERENCE_DATA": data},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return result.stdout


def test_skips_are_failures_where_the_data_is_present(tmp_path: Path) -> None:
    text = outcomes(tmp_path, str(tmp_path))
    assert "reference data is present, and yet this was skipped" in text
    for name in ("test_needs_data", "test_speaks_of_data", "test_of_every_file"):
        assert f"test_skipping.py::{name}" in text
    assert "2 failed, 1 skipped, 2 errors" in text


def test_skips_stay_skips_where_the_data_is_absent(tmp_path: Path) -> None:
    text = outcomes(tmp_path, "")
    assert "failed" not in text
    assert "5 skipped" in text


def test_make_help_names_the_two_commands() -> None:
    text = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "make demo" in text
    assert "make test" in text
