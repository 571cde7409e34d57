"""The memory forecast against what is really held."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import resource, sys, threading
from pathlib import Path
import tests.engine.toy as toy
toy.SIZE_M = 30000
toy.toy_rasters.__defaults__ = (30000, 1)
from tests.engine.conftest import Recorder, Workshop
from ipf.engine import RunOptions, load_plugins
from ipf.engine.plugins import Provider

folder = Path(sys.argv[1])
(folder / "toy.txt").write_text("toy one")
plugins = load_plugins(use_entry_points=False)
plugins.register(toy.ToyPlugin(), Provider("toys", "1.0", 1))
workshop = Workshop(folder, plugins)
options = RunOptions(workers=2, block_size_m=6000)
forecast = workshop.plan(options=options).memory_bytes
report = workshop.run(options=options)
assert report.exit_code == 0, report.error
print(forecast, report.peak_memory_bytes)
"""


def test_measured_memory_stays_below_the_forecast(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=root,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    forecast, peak = map(int, run.stdout.split())
    print(f"forecast {forecast / 2**20:.0f} MB, measured {peak / 2**20:.0f} MB")
    assert peak <= forecast
    assert peak > forecast / 3, "a forecast three times too high is no forecast"
