"""The command ``ipf simulate strip``, and the job orders that it leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipf.joborder import BUILT_IN_DIALECTS, read_job_order

Ended = subprocess.CompletedProcess[str]
IPF = [sys.executable, "-c", "from ipf.cli.guard import ipf; ipf()"]

SMALL = ("--size", "600", "--set", "simulate_strip.margin_m=600", "--set", "simulate_strip.granule_lines=642")
TILE = "35WNS"


def ipf(*arguments: str | Path) -> Ended:
    return subprocess.run([*IPF, *arguments], capture_output=True, text=True, check=False, timeout=300)


def simulate(folder: Path, *options: str) -> Ended:
    return ipf("simulate", "strip", folder, *SMALL, *options)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    folder = tmp_path_factory.mktemp("strips") / "here"
    called = simulate(folder, "--tile", TILE, "--relief", "300")
    assert called.returncode == 0, called.stderr
    return folder, called


def test_it_says_where_the_datastrip_and_the_next_job_order_are(made: tuple[Path, Ended]) -> None:
    folder, called = made
    datastrip, order = (Path(line) for line in called.stdout.split()[-2:])
    assert datastrip.parent == folder / "L1B" / "DATASTRIP"
    assert order == folder / "l1c_mmfi.xml"
    assert {path.name for path in folder.iterdir()} == {
        "L1B",
        "GIPP",
        "DEM",
        "L1B_truth",
        "simulate_l1b.xml",
        "l1c_mmfi.xml",
    }


def test_its_job_orders_are_for_one_piece_of_one_tile(made: tuple[Path, Ended]) -> None:
    folder, _ = made
    first, second = (
        {each.name: each.value for each in read_job_order(folder / name, BUILT_IN_DIALECTS).parameters}
        for name in ("simulate_l1b.xml", "l1c_mmfi.xml")
    )
    assert first["simulate_strip.tile"] == second["PARALLEL_TILE_IDENT"] == TILE
    assert first["simulate_strip.size_m"] == second["tile_geometry.size_m"] == "600"
    assert float(first["simulate_strip.relief_m"]) == 300.0


def test_its_second_job_order_makes_level_1c_of_it(made: tuple[Path, Ended]) -> None:
    folder, _ = made
    called = ipf("run", folder / "l1c_mmfi.xml")
    assert called.returncode == 0, called.stderr
    (product,) = (folder / "L1C").iterdir()
    assert f"_T{TILE}_" in product.name


def test_a_setting_of_the_tile_holds_for_both_job_orders(tmp_path: Path) -> None:
    simulate(tmp_path, "--set", "simulate_strip.tile=01KAB", "--set", "simulate_strip.day=2016-01-01")
    order = read_job_order(tmp_path / "l1c_mmfi.xml", BUILT_IN_DIALECTS)
    assert {each.name: each.value for each in order.parameters}["PARALLEL_TILE_IDENT"] == "01KAB"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--tile", "99ZZZ"), "simulate_strip.tile is 99ZZZ"),
        (("--size", "610"), "simulate_strip.size_m"),
        (("--set", "simulate_strip.day=2016-12-31"), "simulate_strip.day"),
        (("--set", "nothing"), "expected STEP.NAME=VALUE"),
    ],
)
def test_bad_options_are_refused(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    called = simulate(tmp_path, *options)
    assert called.returncode >= 128
    assert told in called.stderr
    assert not (tmp_path / "L1B").exists()


def test_a_second_datastrip_in_one_folder_is_refused(made: tuple[Path, Ended]) -> None:
    called = simulate(made[0])
    assert called.returncode >= 128
    assert "holds a datastrip already" in called.stderr
