"""A job of two tasks, the second of which reads what the first makes: what the programs show and leave."""

from __future__ import annotations

import json
from pathlib import Path

from lxml import etree

from ipf.joborder import Input, JobOrder, LogSelection, Output, Task, write_job_order
from tests.cli.programs import call, of_level

SUM = "out/sum.txt"


def make_job(folder: Path, second_input: str = SUM, extra: tuple[Input, ...] = ()) -> Path:
    """A job order of two tiny tasks in `folder`."""
    folder.mkdir()
    (folder / "in.tiny").write_text("ok")
    tasks = tuple(
        Task(
            name,
            "01.00",
            (Input("TINY", (source,)), *inputs),
            (Output("SUM", (target,)), Output("REPORT", (f"report_{name}.xml",))),
        )
        for name, source, target, inputs in (
            ("TINY", "in.tiny", SUM, ()),
            ("OLQC", second_input, "out/second.txt", extra),
        )
    )
    levels = LogSelection(("INFO",)), LogSelection(("WARNING",))
    order = JobOrder("mmfi", "TINY_CHAIN", "01.00", tasks, stdout_log=levels[0], stderr_log=levels[1])
    write_job_order(order, folder / "JobOrder.4711.xml")
    return folder / "JobOrder.4711.xml"


def told(report: Path) -> tuple[str | None, ...]:
    """What a report says: the job's status and code, the task's status, its outputs."""
    root = etree.parse(report).getroot()
    names = ("Status", "Exit_Code", ".//Ipf_Proc/Status", ".//Output_File_Name")
    return tuple(root.findtext(name) for name in names)


def test_a_plan_shows_what_is_planned_later_and_what_that_waits_for(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job")
    made = str(path.parent / SUM)
    called = call("ipf", "plan", path, "--json")
    assert (called.code, called.stderr) == (0, "")
    plan = json.loads(called.stdout)
    first, second = plan["tasks"]
    assert (first["planned_later"], first["waits_for"]) == (False, {})
    assert (second["planned_later"], second["waits_for"]) == (True, {"TINY": [made]})
    assert plan["memory_bytes"] == first["memory_bytes"] > 0
    assert second["memory_bytes"] is None
    assert second["inputs"] == {"TINY": [made]}
    assert [step["name"] for step in second["steps"]] == ["open_tiny", "double", "write_sum"]
    assert (second["outputs"], second["layers"]) == ([], [])
    shown = call("ipf", "plan", path).stdout
    assert "without OLQC, planned later\n" in shown
    assert "task OLQC 01.00 (chain TINY): " in shown
    assert "workers, planned later\n" in shown
    later = shown[shown.index("waits for") :].splitlines()
    assert any(line.split() == ["TINY", made] for line in later[:4])
    assert not (path.parent / "out").exists()


def test_both_tasks_are_run_and_reported(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job")
    called = call("ipf-processor", path)
    assert (called.code, called.stderr) == (0, "")
    assert sorted(of_level(called.stdout, "I")).count("step write_sum: one file") == 2
    outputs = [path.parent / SUM, path.parent / "out" / "second.txt"]
    assert [output.read_text() for output in outputs] == ["380\n", "380\n"]
    for name, output in zip(("TINY", "OLQC"), outputs, strict=True):
        assert told(path.parent / f"report_{name}.xml") == ("OK", "0", "OK", str(output))
    assert (path.parent / "4711.LIST").read_text() == "out/sum.txt\nout/second.txt\n"


def test_one_task_of_the_two_waits_for_nothing(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job")
    called = call("ipf", "run", path, "--task", "OLQC")
    assert called.code == 163
    assert f"task OLQC: input TINY: {path.parent / SUM} does not exist" in called.error


def test_a_task_refused_in_its_turn_is_a_refused_plan(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job", f"{SUM}/inside")
    called = call("ipf-processor", path)
    assert called.code == 163
    assert f"task OLQC: input TINY: {path.parent / SUM}/inside does not exist" in called.error
    assert (path.parent / SUM).read_text() == "380\n"
    assert told(path.parent / "report_TINY.xml") == ("FAILED", "163", "OK", str(path.parent / SUM))
    assert told(path.parent / "report_OLQC.xml") == ("FAILED", "163", "FAILED", None)
    assert not (path.parent / "4711.LIST").exists()


def test_what_is_wrong_with_a_later_task_is_told_before_the_first_runs(tmp_path: Path) -> None:
    path = make_job(tmp_path / "job", extra=(Input("MORE", ("absent",)),))
    for command in ("plan", "run"):
        called = call("ipf", command, path)
        assert called.code == 163
        assert "task OLQC: input MORE: " in called.error
        assert not (path.parent / SUM).exists()
