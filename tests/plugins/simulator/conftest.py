"""A small simulated scene, made once and shared, and a way to run job orders in this process."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ipf_plugins.simulator.job import SCENE, adapted, newest

from ipf.engine import Plan, Plugins, RunOptions, RunReport, load_plugins, plan_job, run_plan
from ipf.joborder import BUILT_IN_DIALECTS, read_job_order, write_job_order
from ipf.product.bands import BAND_NAMES

SIZE_M = 1260
CREATION = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def fixed_atmosphere() -> dict[str, Any]:
    """Content of a file of coefficients."""
    band = {"rho_atm": 0.05, "t_scat": 0.8, "t_gas": 0.9, "s_alb": 0.1}
    return {
        "sza": 30.0, "saa": 140.0, "vza": 5.0, "vaa": 100.0, "aot550": 0.2, "wv_cm": 2.0, "o3_cm_atm": 0.3,
        "aerosol": "continental", "bands": {name: dict(band) for name in BAND_NAMES},
    }  # fmt: skip


class Listener:
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.messages: list[str] = []

    def message(self, level: str, text: str) -> None:
        self.messages.append(f"{level} {text}")

    def progress(self, task: str, step: str, fraction: float) -> None:
        self.fractions.append(fraction)

    def written(self, path: Path) -> None:
        self.messages.append(f"written {path}")


def plan_scene(
    folder: Path,
    parameters: Mapping[str, str] | None = None,
    *,
    workers: int = 2,
    block_size_m: int = 10980,
    plugins: Sequence[Path] = (),
) -> tuple[Plan, Plugins]:
    """Plan a scene in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"simulate_acquisition.size_m": str(SIZE_M), **(parameters or {})}
    write_job_order(adapted(SCENE, settings), folder / SCENE)
    loaded = load_plugins(tuple(plugins))
    options = RunOptions(workers=workers, block_size_m=block_size_m, creation_date=CREATION)
    order = read_job_order(folder / SCENE, BUILT_IN_DIALECTS)
    return plan_job(order, folder / SCENE, loaded, options), loaded


def run_scene(folder: Path, parameters: Mapping[str, str] | None = None, **options: Any) -> RunReport:
    """Make a scene in `folder` in this process."""
    plan, loaded = plan_scene(folder, parameters, **options)
    return run_plan(plan, loaded, Listener(), threading.Event())


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a scene with ``L1C`` and ``truth`` in it."""
    folder = tmp_path_factory.mktemp("scene")
    report = run_scene(folder)
    assert report.exit_code == 0, report.error
    return folder


@pytest.fixture(scope="session")
def product(scene: Path) -> Path:
    """The Level-1C product of the scene."""
    return newest(scene / "L1C", "*.SAFE")


@pytest.fixture(scope="session")
def truth(scene: Path) -> Path:
    """The truth of the scene."""
    return newest(scene / "truth", "*.TRUTH")
