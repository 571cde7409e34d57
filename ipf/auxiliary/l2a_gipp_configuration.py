"""``L2A_GIPP.xml``: what a user of Sen2Cor sets for a run."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ipf.auxiliary.l2a_gipp_model import Gipp, choice, entries, flag, keyword_or_number, number, whole_number
from ipf.auxiliary.l2a_gipp_model import words as text_field

COMMON = "Common_Section"
WINDOW = "Common_Section/Region_Of_Interest"
FILTERS = "Scene_Classification/Filters"
TABLES = "Atmospheric_Correction/Look_Up_Tables"
FLAGS = "Atmospheric_Correction/Flags"
CALIBRATION = "Atmospheric_Correction/Calibration"

SUMMER_OZONE = (250, 290, 331, 370, 410, 450)
WINTER_OZONE = (250, 290, 330, 377, 420, 460)
"""Ozone columns of the look-up tables in Dobson units, by season."""

TILE_PIXELS = 10980


class PsdScheme(BaseModel):
    """``PSD_Scheme``: names of the schemas of one version of the product specification."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: ClassVar[tuple[str, ...]] = ("PSD_Version", "PSD_Reference")

    PSD_Version: str = Field(pattern=r"^\d\d\.\d{1,2}$")
    PSD_Reference: str = Field(min_length=1)
    UP_Scheme_1C: str = "S2_User_Product_Level-1C_Metadata"
    UP_Scheme_2A: str = "S2_User_Product_Level-2A_Metadata"
    Tile_Scheme_1C: str = "S2_PDI_Level-1C_Tile_Metadata"
    Tile_Scheme_2A: str = "S2_PDI_Level-2A_Tile_Metadata"
    DS_Scheme_1C: str = "S2_PDI_Level-1C_Datastrip_Metadata"
    DS_Scheme_2A: str = "S2_PDI_Level-2A_Datastrip_Metadata"


def psd_scheme(version: str, author: str = "TAS") -> PsdScheme:
    """Schema names of a version of the product specification."""
    return PsdScheme(PSD_Version=version, PSD_Reference=f"S2-PDGS-{author}-DI-PSD-V{version}_Schema")


SCHEMES = (
    *(psd_scheme(version) for version in ("14.2", "14.5", "14.6", "14.7", "14.8", "14.9", "14.91")),
    psd_scheme("15.0", "CS"),
)


class Configuration(Gipp):
    """Fields of ``L2A_GIPP.xml``."""

    file_type = "GIP_L2ACFG"
    file_name = "L2A_GIPP.xml"
    root = "Level-2A_Ground_Image_Processing_Parameter"
    former_names: ClassVar[dict[str, str]] = {"Trace_Level": "Log_Level"}

    Log_Level: str = choice(
        "INFO",
        ("NOTSET", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        COMMON,
        "least severe message that is logged",
    )
    row0: int | str = keyword_or_number(
        "OFF",
        ("OFF", "AUTO"),
        0,
        TILE_PIXELS,
        WINDOW,
        "middle line of the window to process, pixels of 10 m; OFF is the whole tile",
        release="3.0",
    )
    col0: int | str = keyword_or_number(
        "OFF",
        ("OFF", "AUTO"),
        0,
        TILE_PIXELS,
        WINDOW,
        "middle column of the window to process, pixels of 10 m; OFF is the whole tile",
        release="3.0",
    )
    nrow_win: int | str = keyword_or_number(
        1200,
        ("OFF", "AUTO"),
        0,
        TILE_PIXELS,
        WINDOW,
        "height of the window, pixels of 10 m",
        release="3.0",
    )
    ncol_win: int | str = keyword_or_number(
        1200,
        ("OFF", "AUTO"),
        0,
        TILE_PIXELS,
        WINDOW,
        "width of the window, pixels of 10 m",
        release="3.0",
    )
    Product_DOI: str = text_field(
        "https://doi.org/10.5270/S2_-znk9xsj",
        COMMON,
        "digital object identifier that the product states",
        release="3.0",
    )
    Nr_Threads: int | str = keyword_or_number(
        "AUTO", ("AUTO",), 1, 8, COMMON, "threads that decode images; AUTO counts the processors"
    )
    Product_Generator: str = text_field(
        "NONE", COMMON, "folder of a product generator, or NONE", release="3.0"
    )
    DEM_Directory: str = text_field("NONE", COMMON, "folder of the elevation model, or NONE for flat ground")
    DEM_Reference: str = text_field(
        "NONE", COMMON, "where the elevation model comes from, as metadata say", empty=True
    )
    Generate_DEM_Output: bool = flag(False, COMMON, "write the elevation model beside the product")
    Force_Exit_On_DEM_Error: bool = flag(
        False,
        COMMON,
        "fail where the elevation model cannot be read, rather than take flat ground",
        release="3.0",
    )
    Generate_TCI_Output: bool = flag(True, COMMON, "write true-colour images")
    Generate_DDV_Output: bool = flag(False, COMMON, "write the mask of dark dense vegetation")
    Handle_L1C_QLT_Mask: bool = flag(
        True, COMMON, "heed the quality masks of the Level-1C product", release="3.0"
    )
    Downsample_20_to_60: bool = flag(True, COMMON, "make the 60 m images of the 20 m ones")
    PSD_Version: str = choice(
        "DEFAULT",
        ("DEFAULT", *(scheme.PSD_Version for scheme in SCHEMES)),
        COMMON,
        "version of the product specification to write; DEFAULT is that of the input",
        release="2.11",
    )
    PSD_Scheme: tuple[PsdScheme, ...] = entries(
        SCHEMES, None, COMMON, "schema names, for each version of the product specification"
    )
    GIPP_Scheme: str = text_field("L2A_GIPP", COMMON, "schema of this file")
    SC_Scheme: str = text_field("L2A_CAL_SC_GIPP", COMMON, "schema of the scene classification's file")
    AC_Scheme: str = text_field("L2A_CAL_AC_GIPP", COMMON, "schema of the atmospheric correction's file")
    PB_Scheme: str = text_field("L2A_PB_GIPP", COMMON, "schema of the processing baseline's file")
    QI_Scheme: str = text_field("L2A_QUALITY", COMMON, "schema of the quality report", release="2.11")
    Median_Filter: int = whole_number(0, 0, 10, FILTERS, "width of the class map's median filter; 0 is none")
    Aerosol_Type: str = choice(
        "RURAL", ("RURAL", "MARITIME", "AUTO"), TABLES, "aerosol of the look-up tables"
    )
    Mid_Latitude: str = choice("SUMMER", ("SUMMER", "WINTER", "AUTO"), TABLES, "season of the look-up tables")
    Ozone_Content: int = choice(
        331,
        tuple(sorted({0, *SUMMER_OZONE, *WINTER_OZONE})),
        TABLES,
        "ozone column of the look-up tables; 0 takes the one nearest to the product's metadata",
        unit="DU",
    )
    WV_Correction: int = whole_number(
        1, 0, 4, FLAGS, "water vapour from 0 nothing, 1 940 nm, 2 1130 nm, 3 both, 4 thermal bands"
    )
    VIS_Update_Mode: int = whole_number(1, 0, 1, FLAGS, "visibility: 0 one value, 1 a map from the image")
    WV_Watermask: int = whole_number(
        1, 0, 2, FLAGS, "water vapour over water: 0 as retrieved, 1 mean of the land, 2 mean of the line"
    )
    Cirrus_Correction: bool = flag(False, FLAGS, "remove thin cirrus by B10")
    DEM_Terrain_Correction: bool = flag(True, FLAGS, "correct illumination by the elevation model")
    BRDF_Correction: int = choice(
        0,
        (0, 1, 2, 11, 12, 21, 22),
        FLAGS,
        "empirical correction of faintly lit slopes: 0 none, else its law",
    )
    BRDF_Lower_Bound: float = number(0.22, 0.1, 0.25, FLAGS, "least factor of that correction")
    Adj_Km: float = number(1.0, 0.0, 10.0, CALIBRATION, "reach of the adjacency effect; 0 is none", "km")
    Visibility: float = number(40.0, 5.0, 120.0, CALIBRATION, "visibility where it is not retrieved", "km")
    Altitude: float = number(0.1, 0.0, 2.5, CALIBRATION, "ground elevation without elevation model", "km")
    Smooth_WV_Map: float = number(100.0, 0.0, 300.0, CALIBRATION, "box that smooths water vapour", "m")
    WV_Threshold_Cirrus: float = number(
        0.25, 0.1, 1.0, CALIBRATION, "water vapour below which cirrus is not corrected", "cm"
    )
    Database_Compression_Level: int = whole_number(
        0, 0, 9, CALIBRATION, "compression of the working files: 0 fast, 9 small"
    )
