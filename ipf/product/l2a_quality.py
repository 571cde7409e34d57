"""What Level-2A processing reports of itself: the checklists of L2A_QUALITY.xml.

Names of the figures are those of official documents (baseline 04.00).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ipf.product.metadata import ImageContent, TileMetadata
from ipf.product.metadata_writer import class_percentages
from ipf.product.quality_report import PASSED, Check, Outcome, Report
from ipf.product.xml_builder import Text

UNKNOWN = "NONE"
"""What the report says of a figure that the method does not know."""

_SHORT_VISIBILITY_KM = 5.0
_HIGH_AOT = 1.0
_HIGH_WATER_VAPOUR_CM = 5.0
_HIGH_GROUND_KM = 3.0
_LOW_SUN_DEGREES = 70.0
_HIGHEST_GROUND_KM = 3.5
_WHOLE = 99.0
"""Percentage of the pixels with data from which the whole tile counts as cloud or water: Sen2Cor looks for no
dark vegetation above it."""
_FATAL = ("SOLAR_ZENITH_ANGLE_ABOVE_70_DEG", "HIGHEST_GROUND_ABOVE_3.5_KM", "NO_DATA_AT_ALL")
"""Limits beyond which the report does not pass; beyond the others a product is only to be used with care."""


@dataclass(frozen=True, slots=True)
class AtmosphericQuality:
    """Figures of the atmospheric correction of a tile; None stands for one that the method does not know.

    Visibilities and altitudes in km, mean slope in degrees, percentages of 0-100; `highest` is the altitude
    of the highest pixel. Without dark dense vegetation `ddv_pixels`, `ddv_reflectance` (upper end of the
    reflectances at 2.2 um that counted as dark) and `visibility_from_ddv` are 0. `negative_reflectance` is
    the percentage of negative surface reflectances by band name. `look_up_tables` and `auxiliary_files` are
    file names. `corrected` tells whether reflectances are those of the surface, `gas_model` where the
    absorption by gases is known from.
    """

    water_vapour_method: str
    start_visibility: float | None = None
    visibility_from_ddv: float | None = None
    final_visibility: float | None = None
    ddv_pixels: float | None = None
    ddv_reflectance: float | None = None
    blue_path_radiance_rescaling: float | None = None
    negative_reflectance: Mapping[str, float] = field(default_factory=dict)
    look_up_tables: tuple[str, ...] = ()
    dem: str | None = None
    mean_altitude: float | None = None
    mean_slope: float | None = None
    auxiliary_files: tuple[str, ...] = ()
    highest: float | None = None
    corrected: bool = True
    gas_model: str | None = None


def exceeded_limits(tile: TileMetadata, quality: AtmosphericQuality) -> dict[str, bool | None]:
    """Limits within which the correction is known to hold, by name, and whether the tile is beyond them.

    None where that is not known. Sun, ground, aerosol and water vapour: Sen2Cor User Manual, product
    limitations; a tile without ground to see, or without data, has no figure that stands for it.
    """
    content = tile.quality.content
    if content is None:
        raise ValueError(f"{tile.identifier}: a tile without Image_Content_QI has no Level-2A quality")
    empty = content.nodata >= 100.0
    altitude = quality.mean_altitude if quality.highest is None else quality.highest
    return {
        "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG": tile.angles.mean_sun.zenith > _LOW_SUN_DEGREES,
        "GROUND_ELEVATION_ABOVE_3_KM": _above(quality.mean_altitude, _HIGH_GROUND_KM),
        "HIGHEST_GROUND_ABOVE_3.5_KM": _above(altitude, _HIGHEST_GROUND_KM),
        "AOT_ABOVE_1": _above(content.mean_aot, _HIGH_AOT),
        "GRANULE_WV_ABOVE_5_CM": _above(content.mean_water_vapour, _HIGH_WATER_VAPOUR_CM),
        "VISIBILITY_LESS_THAN_5_KM": _below(quality.final_visibility, _SHORT_VISIBILITY_KM),
        "NO_DATA_AT_ALL": empty,
        "CLOUD_ONLY": tile.quality.cloudy >= _WHOLE,
        "WATER_ONLY": content.water >= _WHOLE,
    }


def l2a_quality_reports(tile: TileMetadata, quality: AtmosphericQuality) -> tuple[Report, ...]:
    """The three checklists of a Level-2A tile; a tile without Image_Content_QI raises ValueError."""
    content = tile.quality.content
    if content is None:
        raise ValueError(f"{tile.identifier}: a tile without Image_Content_QI has no Level-2A quality")
    limits = exceeded_limits(tile, quality)
    checklists = {
        "SCENE_CLASS_QUALITY": ("L2A_SC", [_classes(tile, content)]),
        "ATMOSPHERIC_CORRECTION_QUALITY": ("L2A_AC", _correction(tile, content, quality, limits)),
        "AUX_DATA_QUALITY": ("L2A_AUX", _auxiliary(content, quality, limits)),
    }
    return tuple(
        Report(name, tile.identifier, tuple(checks), parent) for name, (parent, checks) in checklists.items()
    )


def _classes(tile: TileMetadata, content: ImageContent) -> Check:
    percentages = {
        "CLOUDY_PIXEL_PERCENTAGE": tile.quality.cloudy,
        "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE": content.cloudy_over_land,
        "DEGRADED_MSI_DATA_PERCENTAGE": tile.quality.degraded_msi,
        **class_percentages(content, tile.psd_version),
    }
    return _figures("Percentage of classified pixels", percentages)


def _correction(
    tile: TileMetadata,
    content: ImageContent,
    quality: AtmosphericQuality,
    limits: Mapping[str, bool | None],
) -> list[Check]:
    values = {
        "AOT_RETRIEVAL_ACCURACY": content.aot_retrieval_accuracy,
        "GRANULE_MEAN_AOT": content.mean_aot,
        "WV_RETRIEVAL_ACCURACY": content.water_vapour_retrieval_accuracy,
        "GRANULE_MEAN_WV": content.mean_water_vapour,
        "OZONE_VALUE": content.ozone,
        "START_VISIBILITY_KM": quality.start_visibility,
        "VISIBILITY_FROM_DDV_KM": quality.visibility_from_ddv,
        "FINAL_VISIBILITY_KM": quality.final_visibility,
        "AVERAGE_SOLAR_ZENITH_ANGLE": tile.angles.mean_sun.zenith,
        "DDV_PIXEL_PERCENTAGE": quality.ddv_pixels,
        "DDV_REFLECTANCE_RANGE": quality.ddv_reflectance,
        "BLUE_PATH_RADIANCE_RESCALING_FACTOR": quality.blue_path_radiance_rescaling,
    }
    control = {
        "AC_ENABLED": quality.corrected,
        "WV_RETRIEVAL_METHOD": quality.water_vapour_method,
        "AOT_RETRIEVAL_METHOD": content.aot_retrieval_method,
        **_of(limits, "VISIBILITY_LESS_THAN_5_KM", "AOT_ABOVE_1", "GRANULE_WV_ABOVE_5_CM"),
        "GAS_MODEL": quality.gas_model,
    }
    return [
        _figures("Atmospheric correction quality values", values),
        _figures("Atmospheric correction quality control", control),
        _figures("Percentage of negative BOA pixels", quality.negative_reflectance),
        _figures("Look up table file list", {"LUT_DATA_FILES": str(list(quality.look_up_tables))}),
        _with_limits(
            _figures("Limits of the method", _of(limits, "NO_DATA_AT_ALL", "CLOUD_ONLY", "WATER_ONLY")),
            limits,
        ),
    ]


def _auxiliary(
    content: ImageContent, quality: AtmosphericQuality, limits: Mapping[str, bool | None]
) -> list[Check]:
    values = {
        "DEM_TYPE": quality.dem,
        "DEM_MEAN_ALTITUDE_KM": quality.mean_altitude,
        "DEM_MEAN_SLOPE": quality.mean_slope,
        **_of(limits, "GROUND_ELEVATION_ABOVE_3_KM", "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG"),
        "OZONE_SOURCE": content.ozone_source,
    }
    return [
        _figures("AUX related parameters", values),
        _figures("AUX data file list", {"AUX_DATA_FILES": str(list(quality.auxiliary_files))}),
        _figures("Limits of the ground", _of(limits, "HIGHEST_GROUND_ABOVE_3.5_KM")),
    ]


def _of(limits: Mapping[str, bool | None], *names: str) -> dict[str, bool | None]:
    return {name: limits[name] for name in names}


def _with_limits(check: Check, limits: Mapping[str, bool | None]) -> Check:
    """The check, failed when a limit that matters so much is exceeded."""
    return replace(check, outcome=Outcome.of(not any(limits[name] for name in _FATAL)))


def _above(value: float | None, limit: float) -> bool | None:
    return None if value is None else value > limit


def _below(value: float | None, limit: float) -> bool | None:
    return None if value is None else value < limit


def _figures(message: str, values: Mapping[str, Text | None]) -> Check:
    """A check that states figures: numbers with six decimals, flags as ``True`` and ``False``."""
    return Check(message, "", PASSED, message, {name: _figure(value) for name, value in values.items()})


def _figure(value: Text | None) -> Text:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return str(value)
    return f"{value:.6f}" if isinstance(value, float) else value
