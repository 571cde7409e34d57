"""Parameters of the search for dark targets and of the aerosol that is told from them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ipf.engine import StepParameters

MARGIN_M = 500
"""Largest distance from clouds that can be asked for, m."""

SOURCE = "Sen2Cor 3, atmospheric correction"


def reflectance(default: float, text: str, high: float = 1.5) -> Any:
    """Field of a reflectance or a ratio."""
    extra: dict[str, Any] = {"unit": "1", "source": SOURCE}
    return Field(default=default, ge=0.0, le=high, description=text, json_schema_extra=extra)


def percent(default: float, text: str) -> Any:
    """Field of a share in percent."""
    extra: dict[str, Any] = {"unit": "%", "source": SOURCE}
    return Field(default=default, ge=0.0, le=100.0, description=text, json_schema_extra=extra)


class DarkTargetsParameters(StepParameters):
    """How aerosol is retrieved. Where the value of Sen2Cor differs from the default, the text names it."""

    method: Literal["dark_targets", "stated"] = Field(
        default="dark_targets",
        description="dark_targets: from dense dark vegetation (VIS_Update_Mode 1); stated: the forecast or "
        "default of atmospheric_state. A value given to atmospheric_state always wins",
    )
    relation: Literal["canopy", "swir_ratio"] = Field(
        default="canopy",
        description="brightness of vegetation in blue and red: told from B05, B8A, B11 and B12 by simulated "
        "canopies, or red as a share of B12 (Sen2Cor)",
    )
    forecast: Path | None = Field(
        default=None, description="GRIB file of CAMS whose aerosol is used where no target is found"
    )
    red_ratio: float = reflectance(0.5, "red over B12 for swir_ratio (Swir_22um_Red_Refl_Ratio)")
    blue_ratio: float = reflectance(0.5, "blue over red for swir_ratio (Red_Blue_Refl_Ratio)")
    swir_minimum: float = reflectance(0.01, "surface B12 above which it may be a target (Swir_Refl_Lower_Th)")
    swir_maximum_1: float = reflectance(0.05, "first range of surface B12 ends (Ddv_Swir_Refl_Th1)")
    swir_maximum_2: float = reflectance(0.10, "second range of surface B12 ends (Ddv_Swir_Refl_Th2)")
    swir_maximum_3: float = reflectance(0.12, "third range of surface B12 ends (Ddv_Swir_Refl_Th3)")
    area: float = percent(
        100.0, "further ranges are added until the targets cover more than this (AC_Min_Ddv_Area; Sen2Cor: 2)"
    )
    least_area: float = percent(0.05, "cover of targets below which they are too few (Sen2Cor: 2)")
    red_maximum: float = reflectance(
        0.15, "largest B04 at the top of the atmosphere of a target (Sen2Cor: 0.10, which thick haze exceeds)"
    )
    ndvi_minimum: float = reflectance(0.10, "least NDVI at the top of the atmosphere (Swir_Refl_Ndvi_Th)")
    nir_maximum: float = reflectance(0.60, "largest surface B8A of a target (Sen2Cor: 0.38)")
    green_red_ratio: float = reflectance(1.08, "least surface green over red of a target", 2.0)
    cloud_distance: int = Field(
        default=MARGIN_M,
        ge=0,
        le=MARGIN_M,
        multiple_of=20,
        description="distance in m from clouds (classes 8 to 10) that targets keep where enough do",
        json_schema_extra={"unit": "m", "source": SOURCE},
    )
    sun_zenith_maximum: float = Field(
        default=75.0,
        ge=0.0,
        le=80.0,
        description="mean zenith distance of the sun in degrees from which nothing is retrieved",
        json_schema_extra={"unit": "deg", "source": SOURCE},
    )
    water_maximum: float = percent(99.0, "cover of water above which no vegetation is looked for")
    bright_nir_minimum: float = reflectance(0.35, "B8A of bright vegetation (Dbv_Nir)")
    bright_ndvi_minimum: float = reflectance(0.66, "NDVI of bright vegetation (Dbv_Ndvi)")
    bright_red: float = reflectance(0.02, "red of the darkest bright vegetation (Red_Ref_Refl)")
    smoothing_km: float = Field(
        default=5.0,
        ge=0.3,
        le=20.0,
        description="standard deviation in km of the Gaussian that smooths the map (Ddv_Smooting_Window; "
        "Sen2Cor: 1); wide, since single stands depart from any relation but aerosol varies over tens of km",
        json_schema_extra={"unit": "km", "source": SOURCE},
    )
    negative_maximum: float = percent(
        1.0, "share of vegetation and soil that may come out too dark before the aerosol is lessened"
    )
    negative_red: float = Field(
        default=0.01, ge=-0.05, le=0.1, description="red below which a pixel of them is too dark"
    )
    negative_nir: float = Field(
        default=-0.005, ge=-0.05, le=0.1, description="B8A below which a pixel of them is too dark"
    )
    type_difference: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        description="how much nearer 1 the double ratio of path reflectances must be for another aerosol "
        "model than the preferred one (Aerosol_Type_Ratio_Th)",
    )

    visibility_limits: bool = Field(
        default=False,
        description="keep what is retrieved between the visibilities of 120 and 5 km, where the tables of "
        "Sen2Cor end",
        json_schema_extra={"source": SOURCE},
    )

    @property
    def swir_maxima(self) -> tuple[float, float, float]:
        """Ends of the three ranges of B12."""
        return self.swir_maximum_1, self.swir_maximum_2, self.swir_maximum_3

    @model_validator(mode="after")
    def ranges_rise(self) -> Self:
        """Refuse ranges that do not rise."""
        limits = (self.swir_minimum, *self.swir_maxima)
        if any(lower >= upper for lower, upper in pairwise(limits)):
            raise ValueError("swir_minimum, swir_maximum_1, _2 and _3 must rise")
        return self
