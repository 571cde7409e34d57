"""A full tile from Level-1C to Level-2A as a process: its reflectance comes back, in what time and memory.

The floor is decoding the inputs and encoding the outputs, measured right after (see `floor.py`). On a busy
machine the ratio of processor times says more than that of wall times.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import floor
from tests.benchmarks.process import run_measured
from tests.plugins.known_truth import JUDGED, WANTED_SHARE, KnownTruth, results, table

PROGRAMS = Path(sys.executable).parent
PROCESSORS = 2
LARGEST_RATIO = 2.0
LARGEST_PEAK = 4e9
"""Bytes."""
LARGEST_FORECAST = 1.5
"""Forecast of memory over what was used."""


@pytest.fixture(scope="session")
def tile(full_tile_folder: Path, reference_data: Path) -> KnownTruth:
    """The tile, made when it is absent."""
    return KnownTruth.full_tile(full_tile_folder, reference_data)


@pytest.mark.parametrize("profile", ["fast", "official"])
def test_full_tile(tile: KnownTruth, profile: str) -> None:
    job_order = tile.job_order(profile)
    shutil.rmtree(tile.folder / "L2A", ignore_errors=True)
    forecast = memory_forecast(job_order)
    print(f"\nprofile {profile}, load of the machine {os.getloadavg()[0]:.1f}")

    cost = run_measured([PROGRAMS / "ipf-processor", job_order], PROCESSORS)
    print(
        f"processor: {cost.seconds:.0f} s, {cost.processor_seconds:.0f} s of processors, peak"
        f" {cost.peak_bytes / 1e6:.0f} MB, forecast {forecast / 1e6:.0f} MB"
    )
    assert cost.exit_code == 0, cost.output

    arguments = [floor.__file__, str(tile.l1c), str(tile.l2a), profile, str(PROCESSORS)]
    lowest = run_measured([sys.executable, *arguments], PROCESSORS)
    assert lowest.exit_code == 0, lowest.output
    least = json.loads(lowest.output.splitlines()[-1])
    ratio = cost.seconds / least["seconds"]
    ratio_of_processors = cost.processor_seconds / least["processor_seconds"]
    print(
        f"floor: decoding {least['inputs']} images {least['decoding']:.0f} s, encoding"
        f" {least['outputs']} images {least['encoding']:.0f} s; of processors"
        f" {least['decoding_processor']:.0f} + {least['encoding_processor']:.0f} s\n"
        f"ratio: {ratio:.2f} in wall time, {ratio_of_processors:.2f} in processor time"
    )
    found = results(tile)
    print(table(found))

    assert least["bytes"] == pytest.approx(least["product_bytes"], rel=0.01)
    assert all(result.within >= WANTED_SHARE for result in found if result.band in JUDGED)
    assert all(abs(result.simulation) < 1e-5 for result in found)
    assert cost.peak_bytes <= LARGEST_PEAK
    assert cost.peak_bytes <= forecast <= LARGEST_FORECAST * cost.peak_bytes
    assert ratio <= LARGEST_RATIO
    assert ratio_of_processors <= LARGEST_RATIO


def memory_forecast(job_order: Path) -> int:
    """What ``ipf plan`` says of memory, in bytes."""
    command = [PROGRAMS / "ipf", "plan", job_order, "--json"]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return int(plan["memory_bytes"])
