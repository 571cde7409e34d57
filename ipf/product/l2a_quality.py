"""What Level-2A processing reports of itself: the checklists of L2A_QUALITY.xml.

Names of the figures are those of official documents (baseline 04.00).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ipf.product.metadata import ImageContent, TileMetadata
from ipf.product.metadata_writer import class_percentages
from ipf.product.quality_report import Check, Report
from ipf.product.xml_builder import Text

_SHORT_VISIBILITY_KM = 5.0
_HIGH_AOT = 1.0
_HIGH_WATER_VAPOUR_CM = 5.0
_HIGH_GROUND_KM = 3.0
_LOW_SUN_DEGREES = 70.0


@dataclass(frozen=True, slots=True)
class AtmosphericQuality:
    """Figures of the atmospheric correction of a tile; None stands for one that the method does not know.

    Visibilities and mean altitude in km, mean slope in degrees, percentages of 0-100.
    `negative_reflectance` is the percentage of negative surface reflectances by band name. `look_up_tables`
    and `auxiliary_files` are file names.
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


def l2a_quality_reports(tile: TileMetadata, quality: AtmosphericQuality) -> tuple[Report, ...]:
    """The three checklists of a Level-2A tile; a tile without Image_Content_QI raises ValueError."""
    content = tile.quality.content
    if content is None:
        raise ValueError(f"{tile.identifier}: a tile without Image_Content_QI has no Level-2A quality")
    checklists = {
        "SCENE_CLASS_QUALITY": ("L2A_SC", [_classes(tile, content)]),
        "ATMOSPHERIC_CORRECTION_QUALITY": ("L2A_AC", _correction(tile, content, quality)),
        "AUX_DATA_QUALITY": ("L2A_AUX", _auxiliary(tile, content, quality)),
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


def _correction(tile: TileMetadata, content: ImageContent, quality: AtmosphericQuality) -> list[Check]:
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
    visibility = quality.final_visibility
    control = {
        "WV_RETRIEVAL_METHOD": quality.water_vapour_method,
        "AOT_RETRIEVAL_METHOD": content.aot_retrieval_method,
        "VISIBILITY_LESS_THAN_5_KM": None if visibility is None else visibility < _SHORT_VISIBILITY_KM,
        "AOT_ABOVE_1": _above(content.mean_aot, _HIGH_AOT),
        "GRANULE_WV_ABOVE_5_CM": _above(content.mean_water_vapour, _HIGH_WATER_VAPOUR_CM),
    }
    checks = [
        _figures("Atmospheric correction quality values", values),
        _figures("Atmospheric correction quality control", control),
    ]
    if quality.negative_reflectance:
        checks.append(_figures("Percentage of negative surface reflectance", quality.negative_reflectance))
    if quality.look_up_tables:
        checks.append(_figures("Look-up tables", {"LUT_DATA_FILES": " ".join(quality.look_up_tables)}))
    return checks


def _auxiliary(tile: TileMetadata, content: ImageContent, quality: AtmosphericQuality) -> list[Check]:
    values = {
        "DEM_TYPE": quality.dem or "NONE",
        "DEM_MEAN_ALTITUDE_KM": quality.mean_altitude,
        "DEM_MEAN_SLOPE": quality.mean_slope,
        "GROUND_ELEVATION_ABOVE_3_KM": _above(quality.mean_altitude, _HIGH_GROUND_KM),
        "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG": _above(tile.angles.mean_sun.zenith, _LOW_SUN_DEGREES),
        "OZONE_SOURCE": content.ozone_source,
    }
    checks = [_figures("Auxiliary parameters", values)]
    if quality.auxiliary_files:
        checks.append(_figures("Auxiliary files", {"AUX_DATA_FILES": " ".join(quality.auxiliary_files)}))
    return checks


def _above(value: float | None, limit: float) -> bool | None:
    return None if value is None else value > limit


def _figures(message: str, values: Mapping[str, Text | None]) -> Check:
    """A check that states figures: numbers with six decimals, flags as ``True`` and ``False``."""
    known = {name: _figure(value) for name, value in values.items() if value is not None}
    return Check(message, "", True, message, known)


def _figure(value: Text) -> Text:
    if isinstance(value, bool):
        return str(value)
    return f"{value:.6f}" if isinstance(value, float) else value
