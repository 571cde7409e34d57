"""Parts of the regression command: job orders run apart, the worst check, notes of changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from ipf.compare.figures import Density, GroupFigures, Histogram, MaskFigures, RasterFigures, Thumbnails
from ipf.compare.references import change_note, matches, opened
from ipf.compare.results import Check, CheckName, Comparison, DocumentDifference, PartResult, Status
from ipf.compare.suite_job import apart
from ipf.compare.suite_report import worst
from ipf.compare.suite_run import CaseResult
from ipf.errors import JobOrderError, ProductError
from ipf.joborder import (
    Breakpoint,
    BreakpointFile,
    ConfigurationFile,
    FileNameType,
    Input,
    JobOrder,
    Output,
    Parameter,
    Task,
)

HOME, OUTPUTS, SCRATCH = Path("/orders"), Path("/case/outputs"), Path("/case/scratch")
DIRECTORY, PHYSICAL = FileNameType.DIRECTORY.value, FileNameType.PHYSICAL.value


def apart_from(order: JobOrder, inputs: dict[str, Path] | None = None, **parameters: str) -> JobOrder:
    return apart(order, HOME / "order.xml", OUTPUTS, SCRATCH, inputs or {}, parameters)


def order(*tasks: Task, dialect: str = "mmfi", **more: Any) -> JobOrder:
    return JobOrder(dialect, "P", "1", tasks=tasks, **more)


def test_every_output_goes_to_a_folder_of_its_own_and_later_inputs_follow() -> None:
    first = Task("A", outputs=(Output("X", ("../x",), DIRECTORY), Output("Y", ("y/a.npz",), PHYSICAL)))
    second = Task(
        "B",
        inputs=(Input("X", ("../x/part",)), Input("Y", ("y/a.npz",)), Input("Z", ("z", "/abs"))),
        outputs=(Output("X", ("elsewhere",), DIRECTORY),),
    )
    made = apart_from(order(first, second))
    assert [each.files for each in made.tasks[0].outputs] == [
        ("/case/outputs/X",),
        ("/case/outputs/Y/a.npz",),
    ]
    assert [each.files for each in made.tasks[1].inputs] == [
        ("/case/outputs/X/part",),
        ("/case/outputs/Y/a.npz",),
        ("/orders/z", "/abs"),
    ]
    assert made.tasks[1].outputs[0].files == ("/case/outputs/X.2",)


def test_folders_to_be_written_in_and_files_that_are_read_are_found_from_the_copy() -> None:
    task = Task(
        "A",
        inputs=(Input("WORKING", ("../working",)),),
        breakpoint=Breakpoint((BreakpointFile("../b/layer.tif"),)),
        configuration_files=(ConfigurationFile("c.toml"),),
    )
    made = apart_from(order(task, configuration_files=(ConfigurationFile("../d.toml"),)))
    assert made.tasks[0].inputs[0].files == ("/case/scratch",)
    assert made.tasks[0].breakpoint is not None
    assert made.tasks[0].breakpoint.files[0].path == "/case/scratch/layer.tif"
    assert made.tasks[0].configuration_files[0].path == "/orders/c.toml"
    assert made.configuration_files[0].path == "/orders/../d.toml"


@pytest.mark.parametrize("dialect", ["mmfi", "eegs"])
def test_parameters_and_inputs_of_a_case_win(dialect: str) -> None:
    given = (Parameter("a.b", "1"), Parameter("c.d", "2"))
    at_task = dialect == "eegs"
    task = Task("A", inputs=(Input("L", ("old",)),), parameters=given if at_task else ())
    made = apart_from(
        order(task, dialect=dialect, parameters=() if at_task else given), {"L": Path("/new")}, **{"a.b": "3"}
    )
    found = made.tasks[0].parameters if at_task else made.parameters
    assert found == (Parameter("a.b", "3"), Parameter("c.d", "2"))
    assert made.tasks[0].inputs[0].files == ("/new",)
    with pytest.raises(JobOrderError, match=r"/orders/order\.xml: expected inputs L, found M"):
        apart_from(order(task, dialect=dialect), {"M": Path("/new")})


def test_inputs_of_a_case_stay_away_from_what_earlier_tasks_make() -> None:
    first = Task("A", inputs=(Input("L", ("old",)),), outputs=(Output("L", files=("made",)),))
    second = Task("B", inputs=(Input("L", ("made",)),))
    made = apart_from(order(first, second), {"L": Path("/new")})
    assert made.tasks[0].inputs[0].files == ("/new",)
    assert made.tasks[1].inputs[0].files == (made.tasks[0].outputs[0].path,)


def test_patterns_stand_for_file_types_or_paths(tmp_path: Path) -> None:
    for name in ("L2A/b.SAFE/x.xml", "L2A/a.SAFE/x.xml", "KPI/k.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert matches(tmp_path, ["L2A"]) == [Path("L2A/a.SAFE"), Path("L2A/b.SAFE")]
    assert matches(tmp_path, ["L2A/a*/*", "KPI"]) == [Path("KPI/k.xml"), Path("L2A/a.SAFE/x.xml")]
    assert matches(tmp_path, ["L1C"]) == []


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "products.tar.xz").write_bytes(b"no archive")
    with pytest.raises(ProductError, match=r"products\.tar\.xz: cannot be unpacked"):
        opened(tmp_path, tmp_path / "scratch")


def check(name: CheckName, status: Status, figures: dict[str, float], limits: dict[str, float]) -> Check:
    return Check(name, "B04", status, "told", figures, limits)


def comparison(*checks: Check, parts: tuple[PartResult, ...] = ()) -> Comparison:
    return Comparison(Path("r"), Path("c"), "SAFE L2A", "rounding", checks, parts=parts)


def test_the_worst_check_failed_by_most_else_is_nearest_to_failing() -> None:
    near = check(CheckName.STATISTICS, Status.PASSED, {"bias": -0.9, "correlation": 0.99}, {"bias": 1.0})
    far = check(CheckName.CLASSES, Status.PASSED, {"agreement": 0.99}, {"agreement": 0.5})
    little = check(CheckName.NO_DATA, Status.FAILED, {"share": 0.2}, {"share": 0.1})
    much = check(CheckName.MASK, Status.FAILED, {"changed": 0.001}, {"changed": 0.0})

    def worst_of(*checks: Check) -> Check:
        result = cast(CaseResult, SimpleNamespace(comparisons=(("P.SAFE", comparison(*checks)),)))
        found = worst(result)
        assert found is not None
        assert found[0] == "P.SAFE"
        return found[1]

    assert worst_of(far, near) is near
    assert worst_of(near, little, far) is little
    assert worst_of(little, much, near) is much


def raster(differing: int) -> RasterFigures:
    """Figures of a raster in which some pixels differ."""
    nothing = np.zeros(0)
    return RasterFigures(
        unit="1",
        shape=(10, 10),
        all=GroupFigures(100, 0.001, 0.004, 0.005, 0.02, 0),
        differing=differing,
        maximum_at=(1, 2),
        percentiles={},
        mean_reference=0.1,
        mean_candidate=0.1,
        correlation=1.0,
        slope=1.0,
        intercept=0.0,
        no_data_lost=1 if differing else 0,
        no_data_gained=3 if differing else 0,
        saturation_lost=0,
        saturation_gained=0,
        histogram=Histogram(nothing, nothing.astype(np.int64)),
        density=Density(nothing, nothing.astype(np.int64)),
        thumbnails=Thumbnails(*(np.zeros((1, 1), np.float32) for _ in range(3)), step=10),
    )


def test_a_note_tells_what_changed_in_which_part() -> None:
    mask = MaskFigures(100, {"a": 1}, {"a": 2}, {"a": 3}, (0, 0), np.zeros((1, 1), np.float32), 10)
    untouched = MaskFigures(100, {"a": 1}, {"a": 0}, {"a": 0}, None, np.zeros((1, 1), np.float32), 10)
    document = tuple(DocumentDifference("A/B", "1", "2", "differs", counts) for counts in (True, False))
    parts = (
        PartResult("B04", raster=raster(differing=3)),
        PartResult("B05", raster=raster(differing=0)),
        PartResult("mask", mask=mask),
        PartResult("other mask", mask=untouched),
        PartResult("metadata", document=document),
    )
    failed = check(CheckName.MASK, Status.FAILED, {}, {})
    note = change_note(date(2026, 3, 4), "Better.", [("P.SAFE", comparison(failed, parts=parts))])
    assert note[:4] == ["## 2026-03-04", "", "Better.", ""]
    assert "| P.SAFE | B04 | maximum 0.02, RMS 0.005, 4 pixels without data on one side |" in note
    assert not any("B05" in line for line in note)
    assert "| P.SAFE | mask | 2 bits lost, 3 gained |" in note
    assert "| P.SAFE | metadata | 1 element of another content |" in note
    assert not any("other mask" in line for line in note)
    assert note[-1] == "- P.SAFE: mask of B04: told"


def test_a_note_names_no_folder_of_the_run() -> None:
    failed = replace(
        check(CheckName.FILES, Status.FAILED, {}, {}),
        message="/run/reference/L1B/G/a.jp2: no file, expected /run/outputs/L1B/G/b.jp2",
    )
    places = Path("/run/reference/L1B"), Path("/run/outputs/L1B")
    compared = Comparison(*places, "folder", "rounding", (failed,))
    note = change_note(date(2026, 3, 4), "Better.", [("L1B", compared)])
    assert note[-1] == "- L1B: files of B04: G/a.jp2: no file, expected G/b.jp2"


def test_a_note_tells_which_outputs_came_and_went() -> None:
    parts = (PartResult("B04", raster=raster(differing=3)),)
    note = change_note(
        date(2026, 3, 4),
        "Better.",
        [("P.SAFE", comparison(parts=parts))],
        [Path("A/old.txt"), Path("A/older.txt")],
        [Path("B/new.txt")],
    )
    text = "\n".join(note)
    assert "Outputs that went:\n\n- A/old.txt\n- A/older.txt\n\nOutputs that came:\n\n- B/new.txt\n" in text
    assert "maximum 0.02, RMS 0.005" in text
    alone = change_note(date(2026, 3, 4), "Better.", [], [Path("A/old.txt")], [])
    assert not any("no reference" in line for line in alone)
