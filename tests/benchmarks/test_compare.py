"""Two full Level-2A tiles that really differ, compared: time against decoding both with GDAL, and memory.

Both are made of one Level-1C tile of known truth, with another aerosol. Whatever the comparison does beside
decoding (statistics, classes, shifts, documents) has to fit into what is left of the ratio.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tests.benchmarks import comparing
from tests.benchmarks.process import Cost, run_measured
from tests.plugins.known_truth import KnownTruth, newest

PROGRAMS = Path(sys.executable).parent
PROCESSORS = 2
LARGEST_RATIO = 1.3
LARGEST_PEAK = 2e9
"""Bytes."""
AEROSOLS = {"reference": 0.10, "candidate": 0.12}
SHOWN = 12
"""Parts whose time is printed: those after which most time had passed since the one before."""


def products(tile: KnownTruth) -> dict[str, Path]:
    """Both products; those that were made in the tile's folder before are taken again."""
    made = {}
    for side, aerosol in AEROSOLS.items():
        kept = tile.folder / f"compared_{side}"
        if not any(kept.glob("*.SAFE")):
            shutil.rmtree(tile.folder / "L2A", ignore_errors=True)
            parameters = {"atmospheric_state.aerosol_optical_thickness": str(aerosol)}
            order = tile.job_order_with({"atmospheric_state.ozone": "0.29", **parameters}, f"l2a_{side}.xml")
            cost = run_measured([PROGRAMS / "ipf-processor", order], PROCESSORS)
            assert cost.exit_code == 0, cost.output
            kept.mkdir(exist_ok=True)
            tile.l2a.rename(kept / tile.l2a.name)
        made[side] = newest(kept, "*.SAFE")
    return made


def measured(what: str, sides: dict[str, Path]) -> Cost:
    command = [sys.executable, "-m", comparing.__name__, what, *sides.values(), str(PROCESSORS)]
    cost = run_measured(command, PROCESSORS)
    assert cost.exit_code == 0, cost.output
    return cost


def judged(sides: dict[str, Path]) -> tuple[float, float]:
    """Compare and decode, print what it costs; gives the ratio of times and the peak of memory in bytes."""
    print(f"\nload of the machine {os.getloadavg()[0]:.1f}")
    decoding, comparison = measured("decode", sides), measured("compare", sides)
    floor, found = (json.loads(cost.output.splitlines()[-1]) for cost in (decoding, comparison))
    ratio = found["seconds"] / floor["seconds"]
    by_processor = comparison.processor_seconds / floor["processor_seconds"]
    print(
        f"decoding {floor['images']} images {floor['seconds']:.1f} s ({floor['processor_seconds']:.1f} s of"
        f" processors); comparison {found['seconds']:.1f} s ({comparison.processor_seconds:.1f} s), of"
        f" {found['parts']} parts, {found['rasters']} of them images of values\n"
        f"ratio: {ratio:.2f} in wall time, {by_processor:.2f} in processor time; peak"
        f" {comparison.peak_bytes / 1e6:.0f} MB\nfailed: {', '.join(found['failed'])}"
    )
    before = [0.0, *(seconds for seconds, _ in found["ended"][:-1])]
    stages = [(at - start, key) for start, (at, key) in zip(before, found["ended"], strict=True)]
    print("  ".join(f"{key} {seconds:.2f} s" for seconds, key in sorted(stages, reverse=True)[:SHOWN]))
    assert not found["unreadable"]
    assert found["rasters"] > found["equal"]
    return ratio, comparison.peak_bytes


def test_full_tile(full_tile_folder: Path, reference_data: Path) -> None:
    ratio, peak = judged(products(KnownTruth.full_tile(full_tile_folder, reference_data)))
    assert ratio <= LARGEST_RATIO
    assert peak <= LARGEST_PEAK


def test_part_of_a_tile(tmp_path: Path, reference_data: Path) -> None:
    """The same on 1830 x 1830 pixels: that it runs; starting the program costs more than decoding."""
    judged(products(KnownTruth.sixth(tmp_path, reference_data)))
