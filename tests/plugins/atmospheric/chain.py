"""The chain from a Level-1C product on disk to a Level-2A product on disk, through a job order."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.engine import Plan, RunOptions, RunReport, load_plugins, plan_job, run_plan
from ipf.joborder import read_job_order
from ipf.product.acquisition import Acquisition, l1c_documents
from ipf.product.angles import TileAngles
from ipf.product.l1c_writer import write_l1c_product
from ipf.product.raster import Grid
from ipf.product.reader import SafeProduct, open_product
from ipf.product.utc import UtcTime

JOB_ORDERS = Path(__file__).resolve().parents[3] / "job_orders"
SENSING = UtcTime.parse("2022-01-25T15:23:41.500Z")
CREATION = datetime(2024, 5, 1, 12, tzinfo=UTC)

Counts = npt.NDArray[np.uint16]


class Messages:
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def message(self, level: str, text: str) -> None:
        self.lines.append(f"{level} {text}")

    def progress(self, task: str, step: str, fraction: float) -> None:
        pass

    def written(self, path: Path) -> None:
        pass


@dataclass(frozen=True)
class Job:
    """A folder with a shipped job order and the demo folder that it speaks of."""

    folder: Path
    name: str = "l2a_mmfi.xml"

    @property
    def demo(self) -> Path:
        """Where the job order finds its input and puts its output."""
        return self.folder / "demo"

    @property
    def path(self) -> Path:
        """The job order, as shipped."""
        copy = self.folder / "job_orders" / self.name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(JOB_ORDERS / self.name, copy)
        return copy

    def plan(self, parameters: Mapping[str, str] | None = None, workers: int = 2) -> Plan:
        """Plan the job order."""
        options = RunOptions(workers=workers, parameters=parameters or {}, creation_date=CREATION)
        return plan_job(read_job_order(self.path), self.path, load_plugins(), options)

    def run(self, parameters: Mapping[str, str] | None = None, workers: int = 2) -> RunReport:
        """Run the job order."""
        plan = self.plan(parameters, workers)
        return run_plan(plan, load_plugins(), Messages(), threading.Event())

    @property
    def product(self) -> SafeProduct:
        """The one product in the output folder of `l2a_mmfi.xml`."""
        (folder,) = (self.demo / "L2A").glob("*.SAFE")
        return open_product(folder)


def write_l1c(
    job: Job,
    grid: Grid,
    angles: TileAngles,
    bands: Mapping[str, Counts],
    baseline: str = "04.00",
    tile: str = "18LTM",
    auxiliary: Mapping[str, bytes] | None = None,
) -> Path:
    """Write bands as the Level-1C product that the job order reads."""
    acquisition = Acquisition(
        satellite="S2A",
        tile=tile,
        grid=grid,
        sensing_time=SENSING,
        angles=angles,
        absolute_orbit=34442,
        relative_orbit=125,
        creation=UtcTime(CREATION, 3),
        baseline=baseline,
    )
    return write_l1c_product(
        job.demo / "L1C", l1c_documents(acquisition), bands, auxiliary=auxiliary, style="fast", workers=2
    )
