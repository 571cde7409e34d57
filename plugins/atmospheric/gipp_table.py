"""What each field of Sen2Cor's parameter files sets here, as a table to be read: `gipp_settings` applies it.

Every field stands in one of two places: in `TARGETS` with the parameters of steps that it sets, or in
`WITHOUT_EFFECT` with the reason. Fields that act together are in `TOGETHER`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ipf.auxiliary.l2a_gipp_calibration import ProcessingBaseline, SceneClassificationCalibration
from ipf.auxiliary.l2a_gipp_configuration import Configuration
from ipf.auxiliary.l2a_gipp_correction import AtmosphericCorrectionCalibration
from ipf.auxiliary.l2a_gipp_model import Gipp


def unchanged(value: Any) -> Any:
    """The value as the file has it."""
    return value


def metres(kilometres: float) -> float:
    """Metres of so many kilometres."""
    return 1000.0 * kilometres


NOTHING = object()
"""What a conversion gives for a value that sets nothing; None unsets what an earlier file has set."""


def one_of(names: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """Conversion by a list of values; one that is not in it sets nothing."""
    return lambda value: names.get(value, NOTHING)


@dataclass(frozen=True, slots=True)
class Target:
    """A parameter of a step, and the conversion to it; a conversion that gives `NOTHING` sets nothing."""

    step: str
    parameter: str
    convert: Callable[[Any], Any] = unchanged


Targets = Mapping[str, tuple[Target, ...]]


def all_of(step: str, parameters: Mapping[str, str]) -> dict[str, tuple[Target, ...]]:
    """Fields of one step that are taken as they are: parameter by field."""
    return {field: (Target(step, parameter),) for field, parameter in parameters.items()}


TARGETS: Mapping[type[Gipp], Targets] = {
    Configuration: {
        "Force_Exit_On_DEM_Error": (
            Target("elevation", "on_missing", one_of({True: "error", False: "flat"})),
        ),
        "Handle_L1C_QLT_Mask": (Target("class_maps", "defect_bands", one_of({False: ""})),),
        "Median_Filter": (Target("scene_classification", "median_filter"),),
        "Aerosol_Type": (
            Target(
                "atmosphere_model",
                "aerosol_model",
                one_of({"RURAL": "continental", "MARITIME": "maritime", "AUTO": "auto"}),
            ),
        ),
        "Mid_Latitude": (Target("atmosphere_model", "season", str.lower),),
        "Ozone_Content": (
            Target("atmospheric_state", "ozone", lambda dobson: dobson / 1000.0 if dobson else None),
        ),
        "WV_Correction": (
            Target("apda", "method", one_of({0: "stated", 1: "apda", 2: "stated", 3: "apda", 4: "stated"})),
        ),
        "VIS_Update_Mode": (Target("dark_targets", "method", one_of({0: "stated", 1: "dark_targets"})),),
        "WV_Watermask": (Target("water_vapour", "water_mask"),),
        "Smooth_WV_Map": (Target("water_vapour", "smoothing_m"),),
        "Cirrus_Correction": (Target("cirrus_fit", "correct"),),
        "DEM_Terrain_Correction": (
            Target("terrain", "correction"),
            Target("surface_reflectance", "terrain"),
        ),
        "BRDF_Correction": (Target("surface_reflectance", "brdf"),),
        "BRDF_Lower_Bound": (Target("surface_reflectance", "brdf_lower_bound"),),
        "Adj_Km": (Target("surface_reflectance", "adjacency_range_m", metres),),
    },
    SceneClassificationCalibration: all_of(
        "spectral_classification",
        {
            "T1_B02": "snow_blue_low",
            "T2_B02": "snow_blue_high",
            "T1_B04": "cloud_red_low",
            "T2_B04": "cloud_red_high",
            "T1_B8A": "snow_nir_low",
            "T2_B8A": "snow_nir_high",
            "T1_B10": "cirrus_low",
            "T2_B10": "cirrus_high",
            "T_B02_B12": "shadow_distance_maximum",
            "T_CLOUD_MP": "cloud_medium_probability",
            "T_CLOUD_HP": "cloud_high_probability",
            "T1_NDSI_CLD": "cloud_ndsi_low",
            "T2_NDSI_CLD": "cloud_ndsi_high",
            "T1_NDSI_SNW": "snow_ndsi_low",
            "T2_NDSI_SNW": "snow_ndsi_high",
            "T1_NDVI": "vegetation_ndvi_low",
            "T2_NDVI": "vegetation_ndvi_high",
            "T1_SNOW": "snow_confidence_minimum",
            "T2_SNOW": "snow_ring_swir_maximum",
            "T1_R_B02_B04": "snow_blue_red_ratio_low",
            "T2_R_B02_B04": "snow_blue_red_ratio_high",
            "T2_R_B8A_B03": "recovery_vegetation_ratio",
            "T1_R_B8A_B11": "rock_ratio_low",
            "T2_R_B8A_B11": "rock_ratio_high",
            "T11_B02": "soil_blue_slope",
            "T12_B02": "soil_blue_intercept",
            "T11_R_B02_B11": "soil_ratio_low",
            "T12_R_B02_B11": "soil_ratio_high",
            "T21_R_B02_B11": "water_ratio_low",
            "T22_R_B02_B11": "water_ratio_high",
            "T21_B12": "water_swir_slope",
            "T22_B12": "water_swir_intercept",
        },
    ),
    AtmosphericCorrectionCalibration: {
        **all_of(
            "dark_targets",
            {
                "AC_Swir_Refl_Lower_Th": "swir_minimum",
                "AC_Swir_22um_Red_Refl_Ratio": "red_ratio",
                "AC_Red_Blue_Refl_Ratio": "blue_ratio",
                "AC_Cut_Off_Aot_Iter_Vegetation": "negative_red",
                "AC_Cut_Off_Aot_Iter_Water": "negative_nir",
                "AC_Aerosol_Type_Ratio_Th": "type_difference",
                "AC_Swir_Refl_Ndvi_Th": "ndvi_minimum",
                "AC_Ddv_Swir_Refl_Th1": "swir_maximum_1",
                "AC_Ddv_Swir_Refl_Th2": "swir_maximum_2",
                "AC_Ddv_Swir_Refl_Th3": "swir_maximum_3",
                "AC_Dbv_Nir_Refl_Th": "bright_nir_minimum",
                "AC_Dbv_Ndvi_Th": "bright_ndvi_minimum",
                "AC_Red_Ref_Refl_Th": "bright_red",
                "AC_Ddv_Smooting_Window": "smoothing_km",
            },
        ),
        "AC_Min_Ddv_Area": (Target("dark_targets", "area"), Target("dark_targets", "least_area")),
        "AC_Rng_Nbhd_Terrain_Corr": (Target("surface_reflectance", "slopes_range_m", metres),),
        "Rho_Retrieval_Step2": (Target("surface_reflectance", "adjacency_range_m", one_of({False: 0.0})),),
    },
    ProcessingBaseline: {"Baseline_Version": (Target("format_l2a", "baseline"),)},
}
"""Parameters of steps by field."""

TOGETHER: Mapping[type[Gipp], tuple[str, ...]] = {
    Configuration: ("DEM_Directory", "Visibility", "Altitude"),
    SceneClassificationCalibration: (
        "Snow_Map",
        "ESACCI_WaterBodies_Map",
        "ESACCI_LandCover_Map",
        "ESACCI_SnowCondition_Map_Dir",
    ),
    AtmosphericCorrectionCalibration: (),
    ProcessingBaseline: (),
}
"""Fields that other fields, or files beside the parameter file, bear on: see `gipp_settings`."""

_SCHEMA = "schemas are those of the product specification"
_CLASS = "classes have their fixed values"
_FORMER = "only former releases of Sen2Cor used it"
_ITERATION = "light on slopes is solved without iterations"
_WHOLE = "the whole tile is processed"
_COLOUR = "the blue path radiance stays as the tables have it"

WITHOUT_EFFECT: Mapping[type[Gipp], Mapping[str, str]] = {
    Configuration: {
        "Log_Level": "the job order says what is logged",
        "row0": _WHOLE,
        "col0": _WHOLE,
        "nrow_win": _WHOLE,
        "ncol_win": _WHOLE,
        "Product_DOI": "no identifier is given to products",
        "Nr_Threads": "the job order or --workers says how many threads there are",
        "Product_Generator": "products are written here",
        "DEM_Reference": "nothing is downloaded; products name the elevation model that was read",
        "Generate_DEM_Output": "the elevation model is not copied into the product",
        "Generate_TCI_Output": "true-colour images are always written",
        "Generate_DDV_Output": "the mask of dark vegetation is not written",
        "Downsample_20_to_60": "images of 60 m are always written",
        "PSD_Version": "the processing baseline says which product specification holds",
        "PSD_Scheme": _SCHEMA,
        "GIPP_Scheme": _SCHEMA,
        "SC_Scheme": _SCHEMA,
        "AC_Scheme": _SCHEMA,
        "PB_Scheme": _SCHEMA,
        "QI_Scheme": _SCHEMA,
        "WV_Threshold_Cirrus": "cirrus is corrected whatever the water vapour",
        "Database_Compression_Level": "no working files are kept",
    },
    SceneClassificationCalibration: {
        "NO_DATA": _CLASS,
        "SATURATED_DEFECTIVE": _CLASS,
        "DARK_FEATURES": _CLASS,
        "CLOUD_SHADOWS": _CLASS,
        "VEGETATION": _CLASS,
        "NOT_VEGETATED": _CLASS,
        "WATER": _CLASS,
        "UNCLASSIFIED": _CLASS,
        "MEDIUM_PROBA_CLOUDS": _CLASS,
        "HIGH_PROBA_CLOUDS": _CLASS,
        "THIN_CIRRUS": _CLASS,
        "SNOW_ICE": _CLASS,
        "T1_B12": _FORMER,
        "T2_B12": _FORMER,
        "T_CLOUD_LP": "every confidence below that of class 8 is class 7",
        "T1_R_B8A_B03": "Sen2Cor 2.8 left out the test on ageing vegetation",
        "RV_B2": _FORMER,
        "RV_B3": _FORMER,
        "RV_B4": _FORMER,
        "RV_B8": _FORMER,
        "RV_B11": _FORMER,
        "RV_B12": _FORMER,
        "T_SDW": _FORMER,
    },
    AtmosphericCorrectionCalibration: {
        "Scaling_Limiter": _COLOUR,
        "Scaling_Disabler": _COLOUR,
        "min_sc_blu": _COLOUR,
        "max_sc_blu": _COLOUR,
        "AC_Limit_Area_Path_Rad_Scale": _COLOUR,
        "Lib_Dir": "the parameter files do not choose the look-up tables, the parameters of the step do",
        "fwhm": "the look-up tables hold the measured spectral responses",
        "wavelength": "reflectance is corrected, not radiance",
        "AC_Topo_Corr_Th": _ITERATION,
        "AC_Max_Nr_Topo_Iter": _ITERATION,
        "AC_Topo_Corr_Cutoff": _ITERATION,
        "AC_Terrain_Refl_Start": _ITERATION,
        "AC_Slope_Th": "every slope is corrected",
        "AC_Dem_P2p_Val": "ground counts as flat only without elevation model",
        "AC_Ddv_16um_Refl_Th1": "B12 is always there",
        "AC_Ddv_16um_Refl_Th2": "B12 is always there",
        "AC_Ddv_16um_Refl_Th3": "B12 is always there",
        "AC_Dbv_Red_Veget_Tst_Ndvi_Th": "vegetation is told by the scene classification",
        "AC_Dbv_Red_Veget_Refl_Th": "vegetation is told by the scene classification",
        "AC_Vegetation_Index_Th": "vegetation is told by the scene classification",
        "AC_Wv_Iter_Start_Summer": "the retrieval starts from the forecast",
        "AC_Wv_Iter_Start_Winter": "the retrieval starts from the forecast",
        "AC_Spr_Refl_Percentage": "specular reflection is not taken off",
        "AC_Spr_Refl_Promille": "specular reflection is not taken off",
    },
    ProcessingBaseline: {"Idp_Sc_List": "products state the version of this processor"},
}
"""Why a field is read but does nothing, by field; whoever changed it from its default is told."""
