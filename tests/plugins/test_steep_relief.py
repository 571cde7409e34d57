"""Terrain correction of steep relief, against the truth of simulated scenes, by the processor as a process.

The elevation is the scene's own. The simulator finds slopes, shadows and the view of the sky with kernels of
its own; its sky sends part of the diffuse light from around the sun, as the correction assumes.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipf_plugins.simulator.job import run_scene

from tests.plugins.closed_loop import PROCESSOR
from tests.plugins.known_truth import KnownTruth, reflectance, stripes

BANDS = ("B05", "B8A", "B11")
STEEP = 8.0
"""Degrees from which slopes count as such."""
GRAZING = 0.3
"""Direct light relative to flat ground below which neither is expected to be good."""
SCENE = {
    "simulate_acquisition.size_m": "3600",
    "simulate_acquisition.aot": "0.2",
    "simulate_acquisition.relief_m": "900",
    "simulate_acquisition.relief_scale_m": "3000",
    "simulate_cover.layout": "patches",
    "simulate_toa.circumsolar": "true",
    "simulate_sky.cloud_share": "0",
    "simulate_sky.cirrus": "0",
}
GIVEN = {
    "atmospheric_state.aerosol_optical_thickness": "0.2",
    "atmospheric_state.water_vapour": "2.0",
    "atmospheric_state.ozone": "0.33",
    "surface_reflectance.adjacency_range_m": "0",
    "format_l2a.jp2_profile": "fast",
}

Image = np.ndarray[Any, np.dtype[np.float64]]


def errors(tile: KnownTruth, chosen: Image, corrected: bool) -> dict[str, float]:
    """Root mean square error by band of chosen pixels of 20 m."""
    switch = str(corrected)
    parameters = {"terrain.correction": switch, "surface_reflectance.terrain": switch}
    dem = {"elevation.dem": str(tile.truth / "elevation.tif")}
    order = tile.job_order_with({**GIVEN, **dem, **parameters}, f"l2a_{switch}.xml")
    done = subprocess.run([PROCESSOR, order], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {}
    for band in BANDS:
        images = (whole(path) for path in (tile.level_2a_image(band), tile.true_reflectance(band)))
        difference = reflectance(next(images)) - next(images)
        found[band] = float(np.sqrt((difference[chosen] ** 2).mean()))
    return found


def whole(path: Path) -> Image:
    (image,) = stripes(path, whole=True)
    return image


@pytest.mark.parametrize("sun_zenith", ["30", "55"])
def test_steep_slopes_come_back_several_times_nearer_to_the_truth(tmp_path: Path, sun_zenith: str) -> None:
    l1c, truth = run_scene(tmp_path, {**SCENE, "simulate_acquisition.sun_zenith": sun_zenith})
    tile = KnownTruth(tmp_path, l1c, truth, {})
    south, east = np.gradient(whole(truth / "elevation.tif"), 20.0)
    steep = np.rad2deg(np.arctan(np.hypot(south, east))) > STEEP
    chosen = steep & (whole(truth / "direct_light.tif") > GRAZING)
    chosen[[0, -1]] = chosen[:, [0, -1]] = False  # whose slopes end with the model
    assert chosen.mean() > 0.3
    off, on = (errors(tile, chosen, corrected) for corrected in (False, True))
    for band in BANDS:
        print(f"sun {sun_zenith}, {band}: {off[band]:.4f} -> {on[band]:.4f} on {chosen.mean():.0%} of pixels")
        assert on[band] < 0.15 * off[band], band
