"""``L2A_CAL_AC_GIPP.xml``: constants of Sen2Cor's atmospheric correction."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ipf.auxiliary.l2a_gipp_model import Gipp, entries, flag, number, whole_number, words

FLAGS = "Flags"
REFERENCES = "References"
RESOLUTION = "Sensor/Resolution/Band_List"
SCALING = "Sensor/Calibration"
CALIBRATION = "Sensor/Calibration/Band_List"
FIRST, SECOND, THIRD = "ACL_Prio_1", "ACL_Prio_2", "ACL_Prio_3"

BANDS = 13


class BandCalibration(BaseModel):
    """``wavelength``: centre of a band in micrometres, and the line from counts to radiance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: ClassVar[tuple[str, ...]] = ("c0", "c1")

    c0: float = Field(ge=0, le=1, allow_inf_nan=False)
    c1: float = Field(ge=0, le=1, allow_inf_nan=False)
    content: float = Field(ge=0, le=10, allow_inf_nan=False)


NOMINAL_WIDTHS = (0.020, 0.065, 0.035, 0.030, 0.015, 0.015, 0.020, 0.115, 0.020, 0.020, 0.030, 0.090, 0.180)
NOMINAL_CENTRES = (0.443, 0.490, 0.560, 0.665, 0.705, 0.740, 0.783, 0.842, 0.865, 0.945, 1.375, 1.610, 2.190)
GAINS = (*(0.001,) * 10, 0.0005, 0.0002, 0.00005)


def reflectance(default: float, section: str, text: str) -> Any:
    """Field of a reflectance or a ratio of two."""
    return number(default, 0.0, 1.0, section, text)


class AtmosphericCorrectionCalibration(Gipp):
    """Fields of ``L2A_CAL_AC_GIPP.xml``."""

    file_type = "GIP_L2ACAC"
    file_name = "L2A_CAL_AC_GIPP.xml"
    root = "Level-2A_CAL_AC_Ground_Image_Processing_Parameter"

    Scaling_Limiter: bool = flag(True, FLAGS, "bound the factor on the blue path radiance")
    Scaling_Disabler: bool = flag(True, FLAGS, "leave the blue path radiance as the tables have it")
    Rho_Retrieval_Step2: bool = flag(True, FLAGS, "correct adjacency, spherical albedo and reflected terrain")
    Lib_Dir: str = words("lib", REFERENCES, "folder of the look-up tables")
    fwhm: tuple[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)], ...] = entries(
        NOMINAL_WIDTHS, BANDS, RESOLUTION, "widths of the bands B01 to B12, micrometres"
    )
    min_sc_blu: float = number(0.9, 0.0, 2.0, SCALING, "least factor on the blue path radiance")
    max_sc_blu: float = number(1.1, 0.0, 2.0, SCALING, "greatest factor on the blue path radiance")
    wavelength: tuple[BandCalibration, ...] = entries(
        tuple(
            BandCalibration(c0=0.0, c1=gain, content=centre)
            for centre, gain in zip(NOMINAL_CENTRES, GAINS, strict=True)
        ),
        BANDS,
        CALIBRATION,
        "centres of the bands in micrometres; radiance is c0 + c1 counts, mW/(cm² sr µm)",
    )
    AC_Min_Ddv_Area: float = number(
        2.0, 0.0, 100.0, FIRST, "least area of dark vegetation that gives the aerosol", "%"
    )
    AC_Swir_Refl_Lower_Th: float = reflectance(0.01, FIRST, "B12 below which nothing is dark vegetation")
    AC_Swir_22um_Red_Refl_Ratio: float = number(0.5, 0.0, 2.0, FIRST, "red over B12 of dark vegetation")
    AC_Red_Blue_Refl_Ratio: float = number(0.5, 0.0, 2.0, FIRST, "blue over red of dark vegetation")
    AC_Cut_Off_Aot_Iter_Vegetation: float = number(
        0.01, -1.0, 1.0, FIRST, "red reflectance of vegetation below which there is too much aerosol"
    )
    AC_Cut_Off_Aot_Iter_Water: float = number(
        -0.005, -1.0, 1.0, FIRST, "near infrared of water below which there is too much aerosol"
    )
    AC_Aerosol_Type_Ratio_Th: float = reflectance(
        0.05, FIRST, "tolerance of the ratio that finds the aerosol"
    )
    AC_Topo_Corr_Th: float = reflectance(
        0.01, FIRST, "change of reflectance that ends the terrain's iterations"
    )
    AC_Slope_Th: float = number(6.0, 0.0, 90.0, FIRST, "slope from which terrain is corrected", "degrees")
    AC_Dem_P2p_Val: float = number(
        50.0, 0.0, 10000.0, FIRST, "range of elevation from which ground is not flat", "m"
    )
    AC_Swir_Refl_Ndvi_Th: float = number(0.10, -1.0, 1.0, SECOND, "vegetation index of dark vegetation")
    AC_Ddv_Swir_Refl_Th1: float = reflectance(0.05, SECOND, "B12 of dark vegetation, first try")
    AC_Ddv_Swir_Refl_Th2: float = reflectance(0.10, SECOND, "B12 of dark vegetation, second try")
    AC_Ddv_Swir_Refl_Th3: float = reflectance(0.12, SECOND, "B12 of dark vegetation, last try")
    AC_Ddv_16um_Refl_Th1: float = reflectance(0.10, SECOND, "B11 of dark vegetation, first try")
    AC_Ddv_16um_Refl_Th2: float = reflectance(0.15, SECOND, "B11 of dark vegetation, second try")
    AC_Ddv_16um_Refl_Th3: float = reflectance(0.18, SECOND, "B11 of dark vegetation, last try")
    AC_Dbv_Nir_Refl_Th: float = reflectance(0.35, SECOND, "near infrared of bright vegetation")
    AC_Dbv_Ndvi_Th: float = number(0.66, -1.0, 1.0, SECOND, "vegetation index of bright vegetation")
    AC_Red_Ref_Refl_Th: float = reflectance(0.02, SECOND, "red reflectance of the darkest bright vegetation")
    AC_Dbv_Red_Veget_Tst_Ndvi_Th: float = number(
        0.40, -1.0, 1.0, SECOND, "vegetation index of the test on red vegetation"
    )
    AC_Dbv_Red_Veget_Refl_Th: float = reflectance(0.15, SECOND, "red reflectance of that test")
    AC_Wv_Iter_Start_Summer: float = number(1.0, 0.1, 5.0, SECOND, "water vapour to start with, summer", "cm")
    AC_Wv_Iter_Start_Winter: float = number(0.4, 0.1, 5.0, SECOND, "water vapour to start with, winter", "cm")
    AC_Rng_Nbhd_Terrain_Corr: float = number(
        0.5, 0.0, 10.0, SECOND, "reach of light that surrounding ground reflects", "km"
    )
    AC_Max_Nr_Topo_Iter: int = whole_number(3, 0, 10, SECOND, "greatest number of the terrain's iterations")
    AC_Topo_Corr_Cutoff: float = number(1.5, 0.0, 10.0, SECOND, "reflectance that a correction does not pass")
    AC_Vegetation_Index_Th: float = number(
        3.0, 0.0, 100.0, SECOND, "near infrared over red of vegetation in the correction of lit slopes"
    )
    AC_Limit_Area_Path_Rad_Scale: float = number(
        0.0, 0.0, 100.0, THIRD, "area of dark vegetation from which blue is scaled", "%"
    )
    AC_Ddv_Smooting_Window: float = number(1.0, 0.0, 10.0, THIRD, "window that smooths the aerosol", "km")
    AC_Terrain_Refl_Start: float = reflectance(0.1, THIRD, "reflectance of surrounding ground to start with")
    AC_Spr_Refl_Percentage: float = number(
        0.25, 0.0, 100.0, THIRD, "share of the specular reflection that is taken off", "%"
    )
    AC_Spr_Refl_Promille: float = number(
        0.3, 0.0, 1000.0, THIRD, "share of pixels whose specular reflection is looked for", "per mille"
    )
