"""Parameters of `scene_classification`: which rules are applied, and their limits.

Defaults are those of the accurate mode; each description tells what Sen2Cor 2.8 and 2.10 do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from ipf.engine import StepParameters

SEN2COR, SEN2COR_210 = "Sen2Cor 2.8, scene classification", "Sen2Cor 2.10, scene classification"


class When(StrEnum):
    """When a recovery from statistics of the scene is tried."""

    ALWAYS = "always"
    WITH_LAND_COVER = "with_land_cover"
    NEVER = "never"


class DarkClass(StrEnum):
    """What class 2 holds."""

    DARK = "dark"
    CAST_SHADOW = "cast_shadow"


def rule(default: Any, text: str, source: str = SEN2COR, unit: str = "") -> Any:
    """Field of a rule that is on, off or one of several."""
    return Field(default=default, description=text, json_schema_extra={"unit": unit, "source": source})


def limit(default: float, low: float, high: float, text: str, unit: str = "1", source: str = SEN2COR) -> Any:
    """Field of a number within `low`..`high`."""
    return Field(
        default=default,
        ge=low,
        le=high,
        description=text,
        json_schema_extra={"unit": unit, "source": source},
    )


class SceneClassificationParameters(StepParameters):
    """Rules that need more of a scene than a pixel's spectrum."""

    cloud_shadow: bool = rule(True, "whether cloud shadow (class 3) is looked for")
    shadow_probability_minimum: float = limit(
        0.05, 0.0, 1.0, "probability above which shade-like ground is cloud shadow"
    )
    dark_in_shadow: bool = rule(
        True, "whether dark pixels that a cloud may shade are its shadow; false in 2.8", SEN2COR_210
    )
    shadow_on_water: bool = rule(
        True,
        "whether water is cloud shadow where a cloud of known height shades it (cloud_field.match_heights)",
        "",
    )
    dim_illumination: float = limit(
        128 / 255, 0.0, 1.0, "illumination below which steep water is dark, and blue shade is shaded snow"
    )
    dark_illumination: float = limit(
        32 / 255, 0.0, 1.0, "illumination below which cloud shadow is topographic shadow"
    )
    steep_slope: float = limit(15.0, 0.0, 90.0, "slope above which no water lies", "degrees")
    dark_class: DarkClass = rule(
        DarkClass.CAST_SHADOW,
        "class 2: every dark pixel (dark, Sen2Cor 2.8), or where terrain is known shadow cast by it alone "
        "(cast_shadow, 2.10)",
        SEN2COR_210,
    )
    remainder_class: int = limit(
        7, 5, 7, "class of what no rule decides: 7 unclassified (2.8), 5 not vegetated (3.0)", "class"
    )
    land_recovery: When = rule(
        When.NEVER, "whether clouds as low as the ground (B10, B09/B8A) become land; 2.8: with_land_cover"
    )
    cirrus_recovery: When = rule(
        When.ALWAYS,
        "whether clear land and water brighter in B10 than the scene's become cirrus; 2.8: with_land_cover",
    )
    cirrus_elevation_maximum: float = limit(
        1500.0, -500.0, 9000.0, "ground elevation up to which thin cirrus is recovered", "m"
    )
    bright_ground: bool = rule(
        False, "whether small bright clouds with the spectrum of ground become ground (2.10)", SEN2COR_210
    )
    dilations: bool = rule(
        True, "whether clouds, their shadows and snow grow over their edges (2.10)", SEN2COR_210
    )
    cloud_dilation: int = limit(9, 1, 9, "side of the square by which clouds grow", "pixel", SEN2COR_210)
    cloud_dilation_confidence: int = limit(
        65, 0, 100, "cloud confidence above which a cloud grows", "%", SEN2COR_210
    )
    growth_spares: bool = rule(
        True,
        "whether clouds grow over neither cloud shadow nor snow, which their own tests found; false in 2.10",
        "",
    )
    shadow_dilation: int = limit(
        5, 1, 7, "side of the square by which cloud shadows grow", "pixel", SEN2COR_210
    )
    snow_dilation: int = limit(3, 1, 5, "side of the square by which snow grows", "pixel", SEN2COR_210)
    median_filter: int = limit(
        0, 0, 10, "side of the square of the class map's median filter (Median_Filter); 0 for none", "pixel"
    )
