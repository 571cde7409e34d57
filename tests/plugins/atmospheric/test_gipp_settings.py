"""Sen2Cor's parameter files set parameters of steps: every field does, or says why it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ipf_auxdata.gipp import generate
from ipf_plugins.atmospheric.apda import ApdaParameters
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModelParameters
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericStateParameters
from ipf_plugins.atmospheric.cirrus import CirrusParameters
from ipf_plugins.atmospheric.class_maps import ClassMapsParameters
from ipf_plugins.atmospheric.classification_rules import SceneClassificationParameters
from ipf_plugins.atmospheric.elevation import ElevationParameters
from ipf_plugins.atmospheric.format_l2a import FormatL2AParameters
from ipf_plugins.atmospheric.gipp_settings import settings_of_gipps, settings_of_inputs
from ipf_plugins.atmospheric.gipp_table import TARGETS, TOGETHER, WITHOUT_EFFECT
from ipf_plugins.atmospheric.surface_reflectance import SurfaceReflectanceParameters
from ipf_plugins.atmospheric.target_parameters import DarkTargetsParameters
from ipf_plugins.atmospheric.terrain import TerrainParameters
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters
from ipf_plugins.atmospheric.water_vapour import WaterVapourParameters

from ipf.auxiliary.l2a_gipp import FILE_TYPES, GIPPS, read_gipp
from ipf.auxiliary.l2a_gipp_calibration import ProcessingBaseline, SceneClassificationCalibration
from ipf.auxiliary.l2a_gipp_configuration import Configuration
from ipf.auxiliary.l2a_gipp_correction import AtmosphericCorrectionCalibration
from ipf.auxiliary.l2a_gipp_model import Gipp
from ipf.engine import StepParameters, TaskSettings

SHIPPED = Path(generate.__file__).parent
PARAMETERS: dict[str, type[StepParameters]] = {
    "apda": ApdaParameters,
    "atmosphere_model": AtmosphereModelParameters,
    "atmospheric_state": AtmosphericStateParameters,
    "cirrus_fit": CirrusParameters,
    "class_maps": ClassMapsParameters,
    "dark_targets": DarkTargetsParameters,
    "elevation": ElevationParameters,
    "format_l2a": FormatL2AParameters,
    "scene_classification": SceneClassificationParameters,
    "spectral_classification": SpectralClassificationParameters,
    "surface_reflectance": SurfaceReflectanceParameters,
    "terrain": TerrainParameters,
    "water_vapour": WaterVapourParameters,
}
"""Parameters by the name of their step."""


def settings(folder: Path, model: type[Gipp], content: str) -> TaskSettings:
    """Settings of a parameter file with `content` between the tags of its root, in ``home/cfg``."""
    path = folder / "home" / "cfg" / model.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<{model.root}>{content}</{model.root}>", encoding="utf-8")
    return settings_of_gipps([read_gipp(path, model)])


def values(made: TaskSettings) -> dict[str, Any]:
    return {f"{item.step}.{item.name}": item.value for item in made.settings}


def resolved(made: TaskSettings, step: str) -> Any:
    """Parameters of a step under these settings, which it must accept."""
    chosen = {item.name: item.value for item in made.settings if item.step == step}
    return PARAMETERS[step](**chosen)


@pytest.fixture(scope="module")
def default() -> TaskSettings:
    return settings_of_inputs({gipp.file_type: [SHIPPED / gipp.file_name] for gipp in GIPPS})


@pytest.mark.parametrize("model", GIPPS, ids=lambda model: model.file_type)
def test_every_field_stands_in_exactly_one_table(model: type[Gipp]) -> None:
    fields = [*TARGETS[model], *TOGETHER[model], *WITHOUT_EFFECT[model]]
    assert sorted(fields) == sorted(model.model_fields)


def test_every_parameter_that_is_set_exists() -> None:
    targets = [target for by_field in TARGETS.values() for targets in by_field.values() for target in targets]
    for target in targets:
        assert target.parameter in PARAMETERS[target.step].model_fields, target
    assert len({(target.step, target.parameter) for target in targets}) == len(targets) - 1, (
        "only the reach of adjacency is set by two fields"
    )


def test_the_default_files_are_accepted_by_every_step_and_warn_of_nothing(default: TaskSettings) -> None:
    assert default.warnings == ()
    assert default.files == tuple(SHIPPED / FILE_TYPES[name].file_name for name in FILE_TYPES)
    for step in PARAMETERS:
        resolved(default, step)


def test_default_files_give_the_values_of_sen2cor(default: TaskSettings) -> None:
    targets, ground = resolved(default, "dark_targets"), resolved(default, "surface_reflectance")
    assert (targets.area, targets.least_area, targets.smoothing_km) == (2.0, 2.0, 1.0)
    assert (ground.adjacency_range_m, ground.slopes_range_m, ground.brdf) == (1000.0, 500.0, 0)
    state = resolved(default, "atmospheric_state")
    assert (state.ozone, state.ground_elevation, state.aerosol_optical_thickness) == (0.331, 100.0, None)
    assert resolved(default, "elevation").on_missing == "flat"
    assert resolved(default, "spectral_classification") == SpectralClassificationParameters()


def test_a_setting_names_file_and_field_as_its_origin(tmp_path: Path) -> None:
    made = settings(tmp_path, Configuration, "<Flags><BRDF_Correction>21</BRDF_Correction></Flags>")
    (only,) = made.settings
    path = tmp_path / "home" / "cfg" / "L2A_GIPP.xml"
    assert (only.step, only.name, only.value) == ("surface_reflectance", "brdf", 21)
    assert only.origin == f"{path}: BRDF_Correction"
    assert made.files == (path,)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<Aerosol_Type>MARITIME</Aerosol_Type>", {"atmosphere_model.aerosol_model": "maritime"}),
        ("<Aerosol_Type>AUTO</Aerosol_Type>", {"atmosphere_model.aerosol_model": "auto"}),
        ("<Mid_Latitude>WINTER</Mid_Latitude>", {"atmosphere_model.season": "winter"}),
        ("<Ozone_Content>0</Ozone_Content>", {"atmospheric_state.ozone": None}),
        ("<Ozone_Content>450</Ozone_Content>", {"atmospheric_state.ozone": 0.45}),
        ("<WV_Correction>0</WV_Correction>", {"apda.method": "stated"}),
        ("<Handle_L1C_QLT_Mask>FALSE</Handle_L1C_QLT_Mask>", {"class_maps.defect_bands": ""}),
        ("<Handle_L1C_QLT_Mask>TRUE</Handle_L1C_QLT_Mask>", {}),
        ("<Force_Exit_On_DEM_Error>TRUE</Force_Exit_On_DEM_Error>", {"elevation.on_missing": "error"}),
        (
            "<DEM_Terrain_Correction>FALSE</DEM_Terrain_Correction>",
            {"terrain.correction": False, "surface_reflectance.terrain": False},
        ),
        ("<Adj_Km>0.5</Adj_Km>", {"surface_reflectance.adjacency_range_m": 500.0}),
        (
            "<VIS_Update_Mode>0</VIS_Update_Mode><Visibility>23</Visibility><Altitude>0</Altitude>",
            {
                "dark_targets.method": "stated",
                "atmospheric_state.aerosol_optical_thickness": 0.3226,
                "atmospheric_state.ground_elevation": 0.0,
            },
        ),
        ("<Visibility>40</Visibility>", {}),
        ("<WV_Watermask>2</WV_Watermask>", {"water_vapour.water_mask": 2}),
        ("<Smooth_WV_Map>300</Smooth_WV_Map>", {"water_vapour.smoothing_m": 300.0}),
    ],
)
def test_fields_are_translated(content: str, expected: dict[str, Any], tmp_path: Path) -> None:
    made = settings(tmp_path, Configuration, content)
    assert values(made) == pytest.approx(expected)
    assert made.warnings == ()
    for step in {item.step for item in made.settings}:
        resolved(made, step)


def test_a_file_takes_back_the_ozone_of_an_earlier_one(tmp_path: Path) -> None:
    """Ozone_Content 0 is that of the product, in the mode whose default files say 331."""
    own = tmp_path / Configuration.file_name
    own.write_text(f"<{Configuration.root}><Ozone_Content>0</Ozone_Content></{Configuration.root}>")
    made = settings_of_gipps(read_gipp(path, Configuration) for path in (SHIPPED / own.name, own))
    assert resolved(made, "atmospheric_state").ozone is None


def test_an_elevation_model_is_looked_for_where_sen2cor_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "home" / "dem").mkdir(parents=True)
    content = "<DEM_Directory>dem</DEM_Directory><Altitude>0.4</Altitude>"
    made = settings(tmp_path, Configuration, content)
    assert values(made) == {"elevation.dem": tmp_path / "home" / "dem"}
    assert made.warnings[0].endswith("Altitude = 0.4: without effect: the elevation model has the elevation")
    elsewhere = settings(tmp_path, Configuration, f"<DEM_Directory>{tmp_path}</DEM_Directory>")
    assert values(elsewhere) == {"elevation.dem": tmp_path}


def test_maps_that_are_there_are_used(tmp_path: Path) -> None:
    """Beside the file or among Sen2Cor's auxiliary data; one with a name of the user's own is missed."""
    folder = tmp_path / "home" / "aux_data"
    folder.mkdir(parents=True)
    (folder / "water.tif").touch()
    made = settings(
        tmp_path,
        SceneClassificationCalibration,
        "<ESACCI_WaterBodies_Map>water.tif</ESACCI_WaterBodies_Map><Snow_Map>snow.tif</Snow_Map>"
        "<ESACCI_LandCover_Map>ESACCI-LC-L4-LCCS-Map-300m-P1Y-2015-v2.0.7.tif</ESACCI_LandCover_Map>",
    )
    assert values(made) == {"class_maps.water_bodies": folder / "water.tif"}
    (warning,) = made.warnings
    assert warning.endswith(
        "Snow_Map = snow.tif: without effect: there is no such map; the scene is classified without it"
    )


def test_thresholds_reach_the_classification(tmp_path: Path) -> None:
    """Those of Sen2Cor 2.1."""
    made = settings(
        tmp_path,
        SceneClassificationCalibration,
        "<T1_NDSI_SNW>0.20</T1_NDSI_SNW><T2_NDSI_SNW>0.42</T2_NDSI_SNW><T_CLOUD_MP>0.35</T_CLOUD_MP>",
    )
    parameters = resolved(made, "spectral_classification")
    assert (parameters.snow_ndsi_low, parameters.snow_ndsi_high) == (0.20, 0.42)
    assert parameters.cloud_medium_probability == 0.35


def test_the_second_retrieval_can_be_left_out(tmp_path: Path) -> None:
    made = settings(
        tmp_path, AtmosphericCorrectionCalibration, "<Rho_Retrieval_Step2>FALSE</Rho_Retrieval_Step2>"
    )
    assert values(made) == {"surface_reflectance.adjacency_range_m": 0.0}


def test_the_baseline_is_that_of_the_file(tmp_path: Path) -> None:
    made = settings(tmp_path, ProcessingBaseline, "<DATA><Baseline_Version>05.11</Baseline_Version></DATA>")
    assert resolved(made, "format_l2a").baseline == "05.11"


def test_a_field_changed_in_vain_is_told_with_the_reason(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        Configuration,
        "<Common_Section><Nr_Threads>4</Nr_Threads><Log_Level>INFO</Log_Level><DEM_Unit>0</DEM_Unit>"
        "</Common_Section><Visibility>60</Visibility><WV_Correction>2</WV_Correction>",
    )
    path = tmp_path / "home" / "cfg" / "L2A_GIPP.xml"
    assert made.warnings == (
        f"{path}: Common_Section/DEM_Unit: unknown field, left out",
        f"{path}: Nr_Threads = 4: without effect: the job order or --workers says how many threads there are",
        f"{path}: Visibility = 60.0: without effect: the retrieval needs no start value (VIS_Update_Mode 1)",
        f"{path}: WV_Correction = 2: Sentinel-2 sees the water vapour at 940 nm alone",
    )
    assert values(made) == {"apda.method": "stated"}


def test_inputs_of_other_types_are_left_alone() -> None:
    assert settings_of_inputs({"GIP_JP2KPA": [Path("absent.xml")]}) == TaskSettings()
