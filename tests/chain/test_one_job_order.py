"""One job order from nothing to Level-2A: a scene of known truth is made, and its product is processed."""

from __future__ import annotations

import json
from pathlib import Path

from ipf.joborder import Input, JobOrder, LogSelection, Output, Parameter, Task, write_job_order
from ipf.product.reader import open_product
from tests.cli.programs import call, of_level

PARAMETERS = {
    "simulate_acquisition.size_m": "1860",
    "simulate_acquisition.aot": "0.15",
    "format_l2a.jp2_profile": "fast",
}


def make_job(folder: Path) -> Path:
    order = JobOrder(
        "mmfi",
        "L2A",
        "01.00",
        (
            Task("SIMULATE_L1C", "01.00", (), (Output("L1C", ("L1C",)), Output("TRUTH", ("truth",)))),
            Task(
                "L2A",
                "01.00",
                (Input("L1C", ("L1C",), file_name_type="Directory"),),
                (Output("L2A", ("L2A",)), Output("REPORT", ("report.xml",))),
            ),
        ),
        parameters=tuple(Parameter(*each) for each in PARAMETERS.items()),
        stdout_log=LogSelection(("INFO",)),
        stderr_log=LogSelection(("ERROR",)),
    )
    write_job_order(order, folder / "JobOrder.7.xml")
    return folder / "JobOrder.7.xml"


def test_a_scene_is_made_and_processed_by_one_job_order(tmp_path: Path) -> None:
    path = make_job(tmp_path)
    planned = call("ipf", "plan", path, "--json")
    assert (planned.code, planned.error) == (0, "")
    simulation, level2a = json.loads(planned.stdout)["tasks"]
    assert (simulation["waits_for"], level2a["waits_for"]) == ({}, {"L1C": [str(tmp_path / "L1C")]})
    called = call("ipf", "run", path)
    assert called.code == 0, called.error
    (l1c,), (l2a,) = ((tmp_path / level).glob("*.SAFE") for level in ("L1C", "L2A"))
    assert (open_product(l1c).level, open_product(l2a).level) == ("L1C", "L2A")
    assert l2a.name.split("_")[2:6:3] == l1c.name.split("_")[2:6:3], "time and tile"
    assert [line for line in of_level(called.stdout, "I") if line.startswith("task ")] == [
        f"task L2A is planned when {tmp_path / 'L1C'} is made",
        "task SIMULATE_L1C started",
        "task SIMULATE_L1C ended",
        "task L2A started",
        "task L2A ended",
    ]
