"""``L2A_CAL_SC_GIPP.xml`` and ``L2A_PB_GIPP.xml``: scene classification, and processing baseline."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ipf.auxiliary.l2a_gipp_model import Gipp, choice, entries, number, words

REFERENCES = "Scene_Classification/References"
CLASSES = "Scene_Classification/Classificators"
THRESHOLDS = "Scene_Classification/Thresholds"


def threshold(default: float, text: str) -> Any:
    """Field of a threshold; the schema of Sen2Cor 2.1 bounds all of them alike."""
    return number(default, -10.0, 10.0, THRESHOLDS, text)


def class_value(value: int, text: str) -> Any:
    """Field of the value of a class in the class map, which is fixed."""
    return choice(value, (value,), CLASSES, text)


class SceneClassificationCalibration(Gipp):
    """Fields of ``L2A_CAL_SC_GIPP.xml``; reflectances are top of atmosphere."""

    file_type = "GIP_L2ACSC"
    file_name = "L2A_CAL_SC_GIPP.xml"
    root = "Level-2A_CAL_SC_Ground_Image_Processing_Parameter"
    former_names: ClassVar[dict[str, str]] = {
        "Snow_Map_Reference": "Snow_Map",
        "BARE_SOILS": "NOT_VEGETATED",
        "LOW_PROBA_CLOUDS": "UNCLASSIFIED",
    }

    Snow_Map: str = words("GlobalSnowMap.tiff", REFERENCES, "where snow may lie at all")
    ESACCI_WaterBodies_Map: str = words(
        "ESACCI-LC-L4-WB-Map-150m-P13Y-2000-v4.0.tif", REFERENCES, "water bodies, ESA CCI"
    )
    ESACCI_LandCover_Map: str = words(
        "ESACCI-LC-L4-LCCS-Map-300m-P1Y-2015-v2.0.7.tif", REFERENCES, "land cover, ESA CCI"
    )
    ESACCI_SnowCondition_Map_Dir: str = words(
        "ESACCI-LC-L4-Snow-Cond-500m-P13Y7D-2000-2012-v2.0", REFERENCES, "folder of snow by week, ESA CCI"
    )
    NO_DATA: int = class_value(0, "no data")
    SATURATED_DEFECTIVE: int = class_value(1, "saturated or defective")
    DARK_FEATURES: int = class_value(2, "dark features and topographic shadow")
    CLOUD_SHADOWS: int = class_value(3, "cloud shadow")
    VEGETATION: int = class_value(4, "vegetation")
    NOT_VEGETATED: int = class_value(5, "bare ground")
    WATER: int = class_value(6, "water")
    UNCLASSIFIED: int = class_value(7, "unclassified")
    MEDIUM_PROBA_CLOUDS: int = class_value(8, "cloud of medium probability")
    HIGH_PROBA_CLOUDS: int = class_value(9, "cloud of high probability")
    THIN_CIRRUS: int = class_value(10, "thin cirrus")
    SNOW_ICE: int = class_value(11, "snow or ice")
    T1_B02: float = threshold(0.18, "B02 where snow begins")
    T2_B02: float = threshold(0.22, "B02 of certain snow")
    T1_B04: float = threshold(0.06, "B04 that no cloud is darker than")
    T2_B04: float = threshold(0.25, "B04 from which brightness speaks fully for cloud")
    T1_B8A: float = threshold(0.15, "B8A where snow begins")
    T2_B8A: float = threshold(0.35, "B8A of certain snow")
    T1_B10: float = threshold(0.012, "B10 of thin cirrus")
    T2_B10: float = threshold(0.035, "B10 of a cloud")
    T1_B12: float = threshold(0.25, "B12 of the ring around snow, in former releases")
    T2_B12: float = threshold(0.12, "B12 of the ring around snow, in former releases")
    T_B02_B12: float = threshold(0.018, "distance to the spectrum of a cloud shadow")
    T_CLOUD_LP: float = threshold(0.0, "confidence of a cloud of low probability")
    T_CLOUD_MP: float = threshold(0.20, "confidence of a cloud of medium probability")
    T_CLOUD_HP: float = threshold(0.80, "confidence of a cloud of high probability")
    T1_NDSI_CLD: float = threshold(-0.24, "snow index that no cloud is below")
    T2_NDSI_CLD: float = threshold(-0.16, "snow index from which a cloud is possible without reserve")
    T1_NDSI_SNW: float = threshold(0.35, "snow index where snow begins")
    T2_NDSI_SNW: float = threshold(0.50, "snow index of certain snow")
    T1_NDVI: float = threshold(0.36, "vegetation index from which a cloud is less likely")
    T2_NDVI: float = threshold(0.42, "vegetation index of vegetation")
    T1_SNOW: float = threshold(0.12, "confidence that makes snow")
    T2_SNOW: float = threshold(0.25, "B12 below which the ring around snow is no cloud")
    T1_R_B02_B04: float = threshold(0.85, "B02/B04 where snow begins")
    T2_R_B02_B04: float = threshold(0.95, "B02/B04 of certain snow")
    T1_R_B8A_B03: float = threshold(1.50, "B8A/B03 from which a cloud was less likely, in former releases")
    T2_R_B8A_B03: float = threshold(2.50, "B8A/B03 above which dark is vegetation")
    T1_R_B8A_B11: float = threshold(0.90, "B8A/B11 of rock and sand")
    T2_R_B8A_B11: float = threshold(1.10, "B8A/B11 from which it is no rock or sand")
    T11_B02: float = threshold(-0.40, "slope of the limit of B02 over B02/B11 for soil")
    T12_B02: float = threshold(0.46, "intercept of the limit of B02 for soil")
    T11_R_B02_B11: float = threshold(0.70, "B02/B11 of bare soil")
    T12_R_B02_B11: float = threshold(1.00, "B02/B11 from which it is no bare soil")
    T21_R_B02_B11: float = threshold(2.00, "B02/B11 from which it may be water")
    T22_R_B02_B11: float = threshold(4.00, "B02/B11 of water")
    T21_B12: float = threshold(0.1, "slope of the limit of B12 over B02/B11 for water")
    T22_B12: float = threshold(-0.09, "intercept of the limit of B12 for water")
    RV_B2: float = threshold(6.96, "B02 in the reference spectrum of a cloud shadow")
    RV_B3: float = threshold(5.26667, "B03 in the reference spectrum of a cloud shadow")
    RV_B4: float = threshold(5.37708, "B04 in the reference spectrum of a cloud shadow")
    RV_B8: float = threshold(7.52, "B08 in the reference spectrum of a cloud shadow")
    RV_B11: float = threshold(5.45, "B11 in the reference spectrum of a cloud shadow")
    RV_B12: float = threshold(2.55, "B12 in the reference spectrum of a cloud shadow")
    T_SDW: float = threshold(0.75, "likeness to that spectrum which makes a shadow, in former releases")


class ProcessingComponent(BaseModel):
    """``Idp_Sc_List``: a program of the baseline, and its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: ClassVar[tuple[str, ...]] = ("workflow",)

    workflow: str = Field(min_length=1)
    Idp_Sc_Name: str = Field(min_length=1)
    Idp_Sc_Version: str = Field(pattern=r"^\d{2}\.\d{2}\.\d{2}$")


class ProcessingBaseline(Gipp):
    """Fields of ``L2A_PB_GIPP.xml``."""

    file_type = "GIP_PROBA2"
    file_name = "L2A_PB_GIPP.xml"
    root = "GS2_PROCESSING_BASELINE_PARAMETERS"

    Idp_Sc_List: tuple[ProcessingComponent, ...] = entries(
        (ProcessingComponent(workflow="l2a", Idp_Sc_Name="Sen2Cor", Idp_Sc_Version="02.08.00"),),
        None,
        "DATA",
        "programs of the baseline, with their versions",
    )
    Baseline_Version: str = Field(
        default="99.99",
        pattern=r"^\d{2}\.\d{2}$",
        description="processing baseline that products state; 99.99 is that of no ground segment",
        json_schema_extra={
            "section": "DATA",
            "unit": "",
            "expected": "two digits, a point and two digits",
            "release": "2.8",
            "source": "parameter files of Sen2Cor 2.8",
        },
    )
