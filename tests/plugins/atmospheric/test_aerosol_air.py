"""Aerosol from dark vegetation where no row of reference reaches: haze, other aerosol, high ground.

The truth is made with the project's own tables: what is tested is the retrieval, not the tables.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmosphere_model import LEVELS
from ipf_plugins.atmospheric.cell_solution import BANDS
from ipf_plugins.atmospheric.dark_targets import dark_targets
from ipf_plugins.atmospheric.look_up_tables import VectorTables
from ipf_plugins.atmospheric.target_parameters import DarkTargetsParameters
from ipf_plugins.simulator.spectra import Cover

from ipf.atmosphere.coupling import Conditions, couple
from ipf.atmosphere.gases import load_gas_model
from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import ScatteringTable
from ipf.engine.testing import StepCase, run_step
from ipf.product.raster import raster_of_array
from tests.plugins.atmospheric.retrieval_scenes import BANDS as MADE
from tests.plugins.atmospheric.retrieval_scenes import PatchScene, patch_scene

COVERS = (Cover.GREEN_CROP, Cover.BROADLEAF_FOREST, Cover.CONIFER_FOREST, Cover.DRY_SOIL)


@cache
def table(aerosol: str) -> ScatteringTable:
    return load_scattering_table("S2A", aerosol)


def air(
    aot: float, *, aerosol: str = "continental", sun: float = 35.0, elevation_km: float = 0.0
) -> dict[str, Any]:
    """An atmosphere with 2.5 cm of water, as the files of reference state theirs."""
    pressure = 1013.25 * float(pressure_at(elevation_km)) / float(pressure_at(0.0))
    numbers = (aot, 2.5, 0.331, pressure, sun, 6.0, 70.0)
    conditions = Conditions(*(np.array(number) for number in numbers))
    bands = {}
    for band in MADE:
        coupling = couple(table(aerosol), load_gas_model(), band, conditions)
        bands[band] = {
            "rho_atm": float(coupling.path),
            "t_gas": float(coupling.gain),
            "t_scat": 1.0,
            "s_alb": float(coupling.albedo),
        }
    angles = {"sza": sun, "saa": 100.0, "vza": 6.0, "vaa": 30.0}
    return {**angles, "aot550": aot, "o3_cm_atm": 0.331, "bands": bands}


def field_of(scene: PatchScene, **layers: Any) -> AerosolField:
    case = StepCase(dark_targets, {**scene.layers(*BANDS), **layers}, scene.models, DarkTargetsParameters())
    found = run_step(case).model.aerosol_field
    assert isinstance(found, AerosolField)
    return found


@pytest.mark.parametrize("sun", [25.0, 60.0])
@pytest.mark.parametrize("aot", [0.03, 0.1, 0.4, 0.8, 1.1])
def test_clear_air_and_haze_come_back(aot: float, sun: float) -> None:
    found = field_of(patch_scene(air(aot, sun=sun), COVERS, size_m=4800))
    print(f"{aot} at {sun}: {found.mean - aot:+.3f}")
    assert found.method == "SEN2COR_DDV"
    assert abs(found.mean - aot) <= 0.03 + 0.1 * aot


@pytest.mark.parametrize("aerosol", ["continental", "maritime"])
def test_the_colour_of_the_path_tells_the_aerosol(aerosol: str) -> None:
    scene = patch_scene(air(0.5, aerosol=aerosol), COVERS, size_m=4800)
    both = VectorTables({name: table(name) for name in ("continental", "maritime")}, load_gas_model())
    scene = replace(scene, model=replace(scene.model, tables=both, _reduced={}))
    found = field_of(scene)
    assert found.aerosol_model == aerosol
    assert abs(found.mean - 0.5) <= 0.08


def test_high_ground_has_less_air_above_it() -> None:
    """Taken for sea level it would pass for clear: molecules make up the path that is missing."""
    scene = patch_scene(air(0.2, elevation_km=1.5), COVERS, size_m=4800)
    flat = field_of(scene)
    grid = scene.grid.at(20)
    elevation = {
        "": raster_of_array("elevation", grid, np.full(grid.shape, 1500, np.int16), "m", 1.0, 0.0, -32768)
    }
    uneven = replace(scene, model=replace(scene.model, levels=LEVELS, _reduced={}))
    found = field_of(uneven, elevation=elevation)
    assert abs(found.mean - 0.2) <= 0.05
    assert flat.mean < found.mean - 0.1
