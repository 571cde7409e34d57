"""A full tile from Level-1C to Level-2A as a process: its reflectance comes back, in what time and memory.

The floor is decoding the inputs and encoding the outputs, measured right after (see `floor.py`). On a busy
machine the ratio of processor times says more than that of wall times.

* `test_stated_air`: aerosol and water vapour given, level ground: every pixel is judged.
* `test_everything_on`: all retrievals, terrain and adjacency, over an elevation model that the scene knows
  nothing of; its pixels are not judged, its aerosol neither.
* `test_cloud_optimized_geotiff`: the same retrievals, written as GeoTIFF.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.simulator.job import LEVEL_2A, adapted
from osgeo import gdal, osr
from scipy.ndimage import gaussian_filter

from ipf.joborder import write_job_order
from ipf.joborder.loglevels import LogSelection
from tests.benchmarks import floor
from tests.benchmarks.process import Cost, run_measured
from tests.plugins.known_truth import JUDGED, WANTED_SHARE, KnownTruth, results, table

PROGRAMS = Path(sys.executable).parent
PROCESSORS = 2
LARGEST_RATIO = 1.5
LARGEST_PEAK = 3e9
"""Bytes."""
LARGEST_FORECAST = 1.6
"""Forecast of memory over what was used."""
RELIEF_M = 1800.0
"""Height of the relief over which terrain is corrected."""
ENDED = re.compile(r"\[D\] step (\w+)(?: \w+)? ended after ([\d.]+) s")


@pytest.fixture(scope="session")
def tile(full_tile_folder: Path, reference_data: Path) -> KnownTruth:
    """The tile, made when it is absent."""
    return KnownTruth.full_tile(full_tile_folder, reference_data)


@pytest.fixture(scope="session")
def relief(tile: KnownTruth) -> Path:
    """An elevation model of 90 m over the tile, of hills and valleys."""
    path = tile.folder / "relief.tif"
    side, rng = 1300, np.random.default_rng(1)
    scales = ((40, 1.0), (12, 0.1), (4, 0.006))
    heights = sum(
        gaussian_filter(rng.standard_normal((side, side)), size) * size * weight for size, weight in scales
    )
    heights = RELIEF_M * (heights - heights.min()) / np.ptp(heights)
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((199980 - 3000, 90, 0, 8700040 + 3000, 0, -90))
    system = osr.SpatialReference()
    system.ImportFromEPSG(32718)
    dataset.SetProjection(system.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(heights.astype(np.float32))
    return path


@pytest.mark.parametrize("profile", ["fast", "official"])
def test_stated_air(tile: KnownTruth, profile: str) -> None:
    cost = processed(tile, tile.job_order(profile), f"stated air, profile {profile}")
    compared_with_floor(tile, cost, profile)
    found = results(tile)
    print(table(found))
    assert all(result.within >= WANTED_SHARE for result in found if result.band in JUDGED)
    assert all(abs(result.simulation) < 1e-5 for result in found)


@pytest.mark.parametrize("profile", ["fast", "official"])
def test_everything_on(tile: KnownTruth, relief: Path, profile: str) -> None:
    order = with_everything(tile, {"elevation.dem": str(relief), "format_l2a.jp2_profile": profile})
    cost = processed(tile, order, f"everything on, profile {profile}")
    compared_with_floor(tile, cost, profile)


def test_cloud_optimized_geotiff(tile: KnownTruth, relief: Path) -> None:
    order = with_everything(tile, {"elevation.dem": str(relief), "format_l2a.format": "cog"})
    processed(tile, order, "everything on, Cloud Optimized GeoTIFF")


def with_everything(tile: KnownTruth, parameters: dict[str, str]) -> Path:
    """A job order that retrieves what it can, and tells how long every step takes."""
    order = adapted(LEVEL_2A, {"atmospheric_state.ozone": "0.29", **parameters})
    path = tile.folder / "l2a_everything.xml"
    write_job_order(replace(order, stdout_log=LogSelection(("DEBUG",))), path)
    return path


def processed(tile: KnownTruth, job_order: Path, title: str) -> Cost:
    """Run the processor; prints what it costs, the seconds of every step and the forecast of memory."""
    shutil.rmtree(tile.folder / "L2A", ignore_errors=True)
    forecast = memory_forecast(job_order)
    print(f"\n{title}, load of the machine {os.getloadavg()[0]:.1f}")
    cost = run_measured([PROGRAMS / "ipf-processor", job_order], PROCESSORS)
    print(
        f"processor: {cost.seconds:.0f} s, {cost.processor_seconds:.0f} s of processors, peak"
        f" {cost.peak_bytes / 1e6:.0f} MB, forecast {forecast / 1e6:.0f} MB"
    )
    assert cost.exit_code == 0, cost.output
    seconds: Counter[str] = Counter()
    for step, elapsed in ENDED.findall(cost.output):
        seconds[step] += float(elapsed)
    print("  ".join(f"{step} {elapsed:.1f} s" for step, elapsed in seconds.items()))
    assert cost.peak_bytes <= LARGEST_PEAK
    assert cost.peak_bytes <= forecast <= LARGEST_FORECAST * cost.peak_bytes
    return cost


def compared_with_floor(tile: KnownTruth, cost: Cost, profile: str) -> None:
    """Measure the floor of the product that was made, and hold the processor's cost against it."""
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
    assert least["bytes"] == pytest.approx(least["product_bytes"], rel=0.01)
    assert ratio <= LARGEST_RATIO
    assert ratio_of_processors <= LARGEST_RATIO


def memory_forecast(job_order: Path) -> int:
    """What ``ipf plan`` says of memory, in bytes."""
    command = [PROGRAMS / "ipf", "plan", job_order, "--json"]
    plan = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return int(plan["memory_bytes"])
