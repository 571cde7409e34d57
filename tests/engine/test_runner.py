"""Running the toy chain: results, invariance, breakpoints, failures, accounting."""

from __future__ import annotations

import logging
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ipf.engine import BlockStep, RunOptions, Status, Written, hookimpl
from ipf.engine.plugins import Provider
from ipf.engine.step import SinkStep
from ipf.errors import IpfError
from tests.engine.conftest import Workshop
from tests.engine.toy import (
    FormatInputs,
    NoParameters,
    SmoothInputs,
    SmoothOutputs,
    SurfaceInputs,
    SurfaceOutputs,
    SurfaceParameters,
    toy_rasters,
)


def expected_sums(gain: float = 1.0) -> str:
    """The toy chain in plain numpy, on whole arrays."""
    physical = {
        band: np.where(
            (counts := raster.read_all()) == 0,
            np.float32(np.nan),
            (counts.astype(np.float32) + np.float32(raster.offset)) * np.float32(1e-4),
        )
        for band, raster in toy_rasters().items()
    }
    fine = physical["B02"]
    rows, columns = fine.shape[0] // 2, fine.shape[1] // 2
    coarse = fine.reshape(rows, 2, columns, 2)
    b02 = (coarse[:, 0, :, 0] + coarse[:, 0, :, 1] + coarse[:, 1, :, 0] + coarse[:, 1, :, 1]) * np.float32(
        0.25
    )
    mean = (b02 + physical["B05"]) * np.float32(0.5)
    padded = np.pad(mean, 2, constant_values=np.nan)
    total = np.zeros((rows, columns), np.float32)
    for row in range(5):
        for column in range(5):
            total += padded[row : row + rows, column : column + columns]
    smooth = np.clip(np.rint(total / np.float32(25) * np.float32(1e4)), 1, 65535) * np.float32(1e-4)
    smooth[np.isnan(total)] = np.nan
    valid = smooth[~np.isnan(smooth)].astype(np.float64)
    path = np.float32(0.1 * (float(valid.sum()) / valid.size))
    lines = ["toy one"]
    for band, values in physical.items():
        boa = np.rint((values - path) * np.float32(gain) * np.float32(1e4) + np.float32(1000))
        lines.append(
            f"{band} {int(np.where(np.isnan(boa), 0, np.clip(boa, 1, 65535)).astype(np.int64).sum())}"
        )
    return "\n".join(lines) + "\n"


def test_chain_equals_plain_numpy(workshop: Workshop) -> None:
    report = workshop.run()
    assert report.status is Status.OK, report.error
    assert report.exit_code == 0
    assert workshop.sums.read_text() == expected_sums()
    assert workshop.recorder.paths == [workshop.sums]
    assert report.tasks[0].figures == {"bands": 3}
    assert {step.name for step in report.tasks[0].steps} == {
        "smooth",
        "mean",
        "surface_reflectance",
        "format_sums",
    }
    assert [step.band for step in report.tasks[0].steps if step.name == "surface_reflectance"] == [
        "B02",
        "B05",
        "B09",
    ]


@pytest.mark.parametrize("executor", ["serial", "threads"])
@pytest.mark.parametrize("block_size_m", [60, 360, 1260])
@pytest.mark.parametrize("workers", [1, 3])
def test_same_bytes_however_it_is_cut(
    workshop: Workshop, executor: str, block_size_m: int, workers: int
) -> None:
    options = RunOptions(executor=executor, block_size_m=block_size_m, workers=workers)
    assert workshop.run(options=options).exit_code == 0
    assert workshop.sums.read_text() == expected_sums()


def test_progress_rises_to_one(workshop: Workshop) -> None:
    workshop.run()
    fractions = workshop.recorder.fractions
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(set(fractions)) > 5


def test_breakpoint_is_written_and_loaded_in_place_of_its_step(workshop: Workshop) -> None:
    report = workshop.run(workshop.job(breakpoints="true"))
    assert report.exit_code == 0, report.error
    smooth = workshop.folder / "smooth.tif"
    assert smooth.is_file()
    first = workshop.sums.read_text()
    files = {"smooth": smooth, "mean_reflectance": workshop.folder / "mean.json"}
    workshop.run(options=RunOptions(breakpoints={"mean_reflectance": files["mean_reflectance"]}))
    bright = workshop.folder / "bright.tif"
    workshop.run(options=RunOptions(breakpoints={"bright": bright}))
    report = workshop.run(options=RunOptions(loaded={**files, "bright": bright}))
    assert report.exit_code == 0, report.error
    assert workshop.sums.read_text() == first
    assert not {"smooth", "mean"} & {step.name for step in report.tasks[0].steps}


def test_breakpoint_of_each_band(workshop: Workshop) -> None:
    folder = workshop.folder / "boa"
    assert workshop.run(options=RunOptions(breakpoints={"boa_reflectance": folder})).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["B02.tif", "B05.tif", "B09.tif"]
    assert workshop.sums.read_text() == expected_sums()


def test_step_is_replaced_by_a_users_file(workshop: Workshop) -> None:
    def doubled(inputs: SurfaceInputs, parameters: SurfaceParameters, context: Any) -> SurfaceOutputs:
        return SurfaceOutputs(inputs.toa_reflectance * np.float32(0.0))

    class Replacement:
        @hookimpl
        def ipf_steps(self) -> list[BlockStep]:
            return [BlockStep(name="surface_reflectance", run=doubled)]

    workshop.plugins.register(Replacement(), Provider("mine.py", "", 2))
    report = workshop.run()
    assert report.exit_code == 0
    assert {step.provider for step in report.tasks[0].steps if step.name == "surface_reflectance"} == {
        "mine.py"
    }
    counts = toy_rasters()["B02"].read_all()
    assert f"B02 {int((counts > 0).sum()) * 1000}\n" in workshop.sums.read_text()


def test_hook_wrapper_sees_each_step_once(workshop: Workshop) -> None:
    seen: list[str] = []

    class Watcher:
        @hookimpl(wrapper=True)
        def ipf_run_step(self, step: Any, band: str) -> Generator[None, Any, Any]:
            seen.append(f"{step.name}{band} begins")
            result = yield
            seen.append(f"{step.name}{band} ends")
            return result

    workshop.plugins.register(Watcher(), Provider("watcher", "", 2))
    assert workshop.run().exit_code == 0
    assert seen.count("smooth begins") == seen.count("smooth ends") == 1
    assert seen.index("format_sums begins") < seen.index("surface_reflectanceB09 begins")
    assert seen[-1] == "format_sums ends"


def replaced(name: str, step: Any) -> Any:
    class Replacement:
        @hookimpl
        def ipf_steps(self) -> list[Any]:
            return [step]

    return Replacement()


def test_failing_step_is_named_and_leaves_nothing(workshop: Workshop) -> None:
    def fails(inputs: SurfaceInputs, parameters: SurfaceParameters, context: Any) -> SurfaceOutputs:
        raise ZeroDivisionError("oops")

    step = BlockStep(name="surface_reflectance", run=fails)
    workshop.plugins.register(replaced("surface_reflectance", step), Provider("mine.py", "", 2))
    report = workshop.run()
    assert report.status is Status.FAILED
    assert report.exit_code == 167
    assert "step surface_reflectance B02: ZeroDivisionError: oops" in report.error
    assert not workshop.sums.exists()
    assert any("Traceback" in text for level, text in workshop.recorder.messages if level == "DEBUG")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda values: values[1:], "shape"),
        (lambda values: values.astype(np.float64), "type float64, expected float32"),
    ],
)
def test_wrong_output_is_refused(workshop: Workshop, result: Any, message: str) -> None:
    def wrong(inputs: SurfaceInputs, parameters: SurfaceParameters, context: Any) -> SurfaceOutputs:
        return SurfaceOutputs(result(inputs.toa_reflectance))

    step = BlockStep(name="surface_reflectance", run=wrong)
    workshop.plugins.register(replaced("surface_reflectance", step), Provider("mine.py", "", 2))
    report = workshop.run()
    assert report.exit_code == 167
    assert message in report.error


def test_missing_and_surplus_outputs_are_failures(workshop: Workshop) -> None:
    def forgets(inputs: FormatInputs, parameters: NoParameters, context: Any) -> Written:
        return Written(())

    def check(known: Any, parameters: NoParameters, context: Any) -> Any:
        from tests.engine.toy import plan_format

        return plan_format(known, parameters, context)

    step = SinkStep(name="format_sums", run=forgets, check=check)
    workshop.plugins.register(replaced("format_sums", step), Provider("mine.py", "", 2))
    report = workshop.run()
    assert report.exit_code == 168
    assert "was not written" in report.error


def test_warning_of_a_step_makes_the_status(workshop: Workshop) -> None:
    def warns(inputs: SurfaceInputs, parameters: SurfaceParameters, context: Any) -> SurfaceOutputs:
        assert isinstance(context.logger, logging.Logger)
        context.logger.warning("doubtful\npixels")
        return SurfaceOutputs(inputs.toa_reflectance)

    step = BlockStep(name="surface_reflectance", run=warns)
    workshop.plugins.register(replaced("surface_reflectance", step), Provider("mine.py", "", 2))
    report = workshop.run()
    assert report.status is Status.WARNING
    assert report.exit_code == 0
    assert "doubtful" in report.warnings


def test_stop_ends_the_run(workshop: Workshop) -> None:
    workshop.stop.set()
    report = workshop.run()
    assert report.status is Status.FAILED
    assert report.exit_code >= 128
    assert not workshop.sums.exists()


def test_own_errors_keep_their_exit_code(workshop: Workshop) -> None:
    def fails(inputs: SurfaceInputs, parameters: SurfaceParameters, context: Any) -> SurfaceOutputs:
        raise IpfError("plain")

    step = BlockStep(name="surface_reflectance", run=fails)
    workshop.plugins.register(replaced("surface_reflectance", step), Provider("mine.py", "", 2))
    assert workshop.run().exit_code == IpfError.exit_code


def test_earlier_output_survives_a_failure(workshop: Workshop, tmp_path: Path) -> None:
    assert workshop.run().exit_code == 0
    before = workshop.sums.read_bytes()
    broken = BlockStep(name="smooth", run=_broken)
    workshop.plugins.register(replaced("smooth", broken), Provider("mine.py", "", 2))
    assert workshop.run().exit_code >= 128
    assert workshop.sums.read_bytes() == before


def _broken(inputs: SmoothInputs, parameters: NoParameters, context: Any) -> SmoothOutputs:
    raise RuntimeError("broken")


def test_onlooker_that_fails_at_the_end_spoils_nothing(workshop: Workshop) -> None:
    class Onlooker:
        @hookimpl
        def ipf_finish(self, report: Any) -> None:
            raise RuntimeError("boo")

    workshop.plugins.register(Onlooker(), Provider("onlooker", "", 2))
    report = workshop.run()
    assert report.exit_code == 0
    assert ("WARNING", "hook ipf_finish failed: RuntimeError: boo") in workshop.recorder.messages
