"""The contract tests must pass for a good step and be able to fail for each kind of bad one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pytest

from ipf.engine import BlockStep, NoParameters, StepParameters, reads, writes
from ipf.engine.testing import (
    StepCase,
    check_contract,
    check_declaration,
    check_empty_scene,
    check_invariance,
    run_step,
)
from tests.engine.toy import MEAN, SMOOTH, SURFACE, MeanModel, toy_rasters

Image = npt.NDArray[np.float32]


def case(step: Any, **models: Any) -> StepCase:
    return StepCase(step, {"toa_reflectance": toy_rasters(420)}, models)


def test_good_block_step_passes() -> None:
    check_contract(case(SMOOTH))


def test_good_step_for_each_band_passes() -> None:
    layers = run_step(case(SMOOTH)).layers
    from ipf.product.raster import raster_of_array

    grid = toy_rasters(420)["B05"].grid
    bright = {"": raster_of_array("bright", grid, layers["bright"], "class", nodata=0)}
    check_contract(
        StepCase(
            SURFACE,
            {"toa_reflectance": toy_rasters(420), "bright": bright},
            {"mean_reflectance": MeanModel(0.1, 5)},
        )
    )


def test_good_scene_step_passes() -> None:
    from ipf.product.raster import raster_of_array

    layers = run_step(case(SMOOTH)).layers
    grid = toy_rasters(420)["B05"].grid
    smooth = {"": raster_of_array("smooth", grid, layers["smooth"], "1", 1e-4, 0.0, 0)}
    check_contract(StepCase(MEAN, {"smooth": smooth}))


@dataclass(frozen=True)
class Inputs:
    toa_reflectance: Annotated[Image, reads(each_band=True)]


@dataclass(frozen=True)
class Counts:
    toa_reflectance: Annotated[Image, reads(each_band=True)]


@dataclass(frozen=True)
class Outputs:
    out: Annotated[Image, writes(unit="1", dtype="float32", each_band=True)]


def depends_on_block(inputs: Inputs, parameters: NoParameters, context: Any) -> Outputs:
    return Outputs(inputs.toa_reflectance - np.nanmean(inputs.toa_reflectance[:1, :1]))


def fails_when_empty(inputs: Inputs, parameters: NoParameters, context: Any) -> Outputs:
    if np.isnan(inputs.toa_reflectance).all():
        raise ValueError("nothing there")
    return Outputs(inputs.toa_reflectance)


@dataclass(frozen=True)
class ClassInputs:
    classes: Annotated[npt.NDArray[np.uint8], reads()]


@dataclass(frozen=True)
class ClassOutputs:
    out: Annotated[npt.NDArray[np.uint8], writes(unit="class", dtype="uint8")]


def writes_into_input(inputs: ClassInputs, parameters: NoParameters, context: Any) -> ClassOutputs:
    inputs.classes[:] = 7
    return ClassOutputs(inputs.classes)


class Undescribed(StepParameters):
    """A parameter without a description."""

    gain: float = 1.0


def undescribed(inputs: Inputs, parameters: Undescribed, context: Any) -> Outputs:
    return Outputs(inputs.toa_reflectance)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_check_can_fail() -> None:
    with pytest.raises(AssertionError, match="differs with blocks of"):
        check_invariance(case(BlockStep(name="bad", run=depends_on_block)))
    with pytest.raises(ValueError, match="nothing there"):
        check_empty_scene(case(BlockStep(name="bad", run=fails_when_empty)))
    with pytest.raises(AssertionError, match="gain has no description"):
        check_declaration(BlockStep(name="bad", run=undescribed))


def test_what_a_step_is_given_is_its_own() -> None:
    from ipf.product.raster import raster_of_array

    grid = toy_rasters(420)["B05"].grid
    classes = {"": raster_of_array("classes", grid, np.ones(grid.shape, np.uint8), "class", nodata=0)}
    run_step(StepCase(BlockStep(name="rude", run=writes_into_input), {"classes": classes}))
    assert (classes[""].read_all() == 1).all()
