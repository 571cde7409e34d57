"""Sections that product, datastrip and tile metadata share, from the model to XML.

The counterpart of `ipf.product.metadata_sections`. Elements stand in the order of the schemas of the Product
Specification Document, 14.8 and 15.0.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from ipf.product.bands import BY_NAME
from ipf.product.metadata import (
    OFFSETS_SINCE,
    AuxiliaryData,
    Datatake,
    EarthRotation,
    ImageContent,
    Level,
    Radiometry,
)
from ipf.product.xml_builder import Text, add, add_all

LISTS_SINCE = "02.06"
"""First baseline that lists reference images and quality checks; before, each had an element of its own."""

CAST_SHADOW_SINCE_PSD = 15
"""First PSD that calls class 2 cast shadow instead of dark features."""


PSD_15_SINCE = "05.11"
"""First baseline of PSD 15."""

_SATELLITES_OF_PSD_14 = ("S2A", "S2B")
_FIRST_BASELINE = "02.04"


def psd_version_of(baseline: str) -> int:
    """Major version of the Product Specification Document that products of `baseline` are written by."""
    return 15 if baseline >= PSD_15_SINCE else 14


def first_baseline_of(satellite: str) -> str:
    """First baseline by whose schemas products of a satellite are valid.

    PSD 14.8 knows Sentinel-2A and Sentinel-2B only (datatakeIdentifier, SPACECRAFT_NAME).
    """
    return _FIRST_BASELINE if satellite in _SATELLITES_OF_PSD_14 else PSD_15_SINCE


def has_raster_masks(baseline: str) -> bool:
    """Whether products of `baseline` carry offsets and raster masks; before, neither, and masks are GML."""
    return baseline >= OFFSETS_SINCE


def fill_datatake(element: etree._Element, datatake: Datatake) -> None:
    """Content of Datatake and Datatake_Info."""
    add(element, "SPACECRAFT_NAME", datatake.spacecraft_name)
    add(element, "DATATAKE_TYPE", datatake.kind)
    add(element, "DATATAKE_SENSING_START", datatake.sensing_start)
    add(element, "SENSING_ORBIT_NUMBER", datatake.relative_orbit)
    if datatake.orbit_direction is not None:
        add(element, "SENSING_ORBIT_DIRECTION", datatake.orbit_direction)


def add_per_band(
    parent: etree._Element, name: str, values: Mapping[str, float], attribute: str, **attributes: Text
) -> None:
    """One element per band, the band number in `attribute`."""
    for band, value in values.items():
        add(parent, name, value, **{attribute: BY_NAME[band].identifier}, **attributes)


def add_display_order(parent: etree._Element, radiometry: Radiometry) -> None:
    """Image_Display_Order: the band numbers of red, green and blue."""
    order = add(parent, "Image_Display_Order")
    for colour, band in zip(("RED", "GREEN", "BLUE"), radiometry.display_order, strict=True):
        add(order, f"{colour}_CHANNEL", BY_NAME[band].identifier)


def add_quantification(parent: etree._Element, radiometry: Radiometry, level: Level) -> None:
    """Quantification values and, where there are any, radiometric offsets."""
    values = radiometry.quantification
    if level == "L1C":
        add(parent, "QUANTIFICATION_VALUE", values.reflectance, unit="none")
        offsets_list, offset = "Radiometric_Offset_List", "RADIO_ADD_OFFSET"
    else:
        quantification = add(parent, "QUANTIFICATION_VALUES_LIST")
        add(quantification, "BOA_QUANTIFICATION_VALUE", values.reflectance, unit="none")
        if values.aot is not None:
            add(quantification, "AOT_QUANTIFICATION_VALUE", values.aot, unit="none")
        if values.water_vapour is not None:
            add(quantification, "WVP_QUANTIFICATION_VALUE", values.water_vapour, unit="cm")
        offsets_list, offset = "BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET"
    if radiometry.offsets:
        add_per_band(add(parent, offsets_list), offset, radiometry.offsets, "band_id")


def add_reflectance_conversion(parent: etree._Element, radiometry: Radiometry) -> None:
    """Reflectance_Conversion: sun-distance correction and solar irradiance."""
    conversion = add(parent, "Reflectance_Conversion")
    add(conversion, "U", radiometry.sun_distance_correction)
    irradiance = add(conversion, "Solar_Irradiance_List")
    add_per_band(irradiance, "SOLAR_IRRADIANCE", radiometry.solar_irradiance, "bandId", unit="W/m²/µm")


def add_spectral_information(parent: etree._Element, radiometry: Radiometry) -> None:
    """Spectral_Information_List; left out when no band is described."""
    if not radiometry.spectral_bands:
        return
    information_list = add(parent, "Spectral_Information_List")
    for band in radiometry.spectral_bands:
        description = BY_NAME[band.band]
        information = add(
            information_list,
            "Spectral_Information",
            bandId=description.identifier,
            physicalBand=description.physical,
        )
        add(information, "RESOLUTION", band.resolution)
        wavelength = add(information, "Wavelength")
        add(wavelength, "MIN", band.minimum, unit="nm")
        add(wavelength, "MAX", band.maximum, unit="nm")
        add(wavelength, "CENTRAL", band.central, unit="nm")
        response = add(information, "Spectral_Response")
        add(response, "STEP", band.response_step, unit="nm")
        add(response, "VALUES", " ".join(f"{value:.9g}" for value in band.response))


def add_gipps(parent: etree._Element, auxiliary: AuxiliaryData) -> None:
    """GIPP_List."""
    gipps = add(parent, "GIPP_List")
    for gipp in auxiliary.gipps:
        version = {} if gipp.version is None else {"version": gipp.version}
        add(gipps, "GIPP_FILENAME", gipp.name, type=gipp.kind, **version)


def add_dem_and_bulletin(parent: etree._Element, auxiliary: AuxiliaryData, baseline: str) -> None:
    """Elevation model, Earth-rotation bulletin and reference images."""
    add(parent, "PRODUCTION_DEM_TYPE", auxiliary.dem)
    add(parent, "IERS_BULLETIN_FILENAME", auxiliary.iers_bulletin)
    images = add(parent, "GRI_List") if baseline >= LISTS_SINCE else parent
    add_all(images, "GRI_FILENAME", auxiliary.gris)


def add_atmosphere_references(parent: etree._Element, auxiliary: AuxiliaryData) -> None:
    """References to the ECMWF and CAMS files."""
    if auxiliary.ecmwf is not None:
        add(parent, "ECMWF_DATA_REF", auxiliary.ecmwf)
    if auxiliary.cams is not None:
        add(parent, "CAMS_DATA_REF", auxiliary.cams.name, type=auxiliary.cams.kind)


def add_level_2a_auxiliary(parent: etree._Element, auxiliary: AuxiliaryData) -> None:
    """Look-up tables and maps that only Level-2A names; an absent one is written as ``None``."""
    add_all(add(parent, "LUT_List"), "LUT_FILENAME", auxiliary.luts or ("None",))
    add(parent, "SNOW_CLIMATOLOGY_MAP", auxiliary.snow_climatology or "None")
    add(parent, "ESACCI_WaterBodies_Map", auxiliary.water_bodies or "None")
    add(parent, "ESACCI_LandCover_Map", auxiliary.land_cover or "None")
    add(parent, "ESACCI_SnowCondition_Map_Dir", auxiliary.snow_condition or "None")


def add_earth_rotation(parent: etree._Element, rotation: EarthRotation) -> None:
    """IERS_Bulletin of a datastrip."""
    bulletin = add(parent, "IERS_Bulletin")
    add(bulletin, "UT1_UTC", rotation.ut1_utc, unit="s")
    add(bulletin, "GPS_TIME_UTC", rotation.gps_time_utc, unit="s")
    add(bulletin, "GPS_TIME_TAI", rotation.gps_time_tai, unit="s")
    add(bulletin, "POLE_U_ANGLE", rotation.pole_u, unit="arcsec")
    add(bulletin, "POLE_V_ANGLE", rotation.pole_v, unit="arcsec")


def class_percentages(content: ImageContent, psd_version: int) -> dict[str, float]:
    """The percentages of the scene classes, by element name in the order of the schema."""
    shadow = "CAST_SHADOW" if psd_version >= CAST_SHADOW_SINCE_PSD else "DARK_FEATURES"
    values = {
        "NODATA_PIXEL": content.nodata,
        "SATURATED_DEFECTIVE_PIXEL": content.saturated_defective,
        shadow: content.shadow,
        "CLOUD_SHADOW": content.cloud_shadow,
        "VEGETATION": content.vegetation,
        "NOT_VEGETATED": content.not_vegetated,
        "WATER": content.water,
        "UNCLASSIFIED": content.unclassified,
        "MEDIUM_PROBA_CLOUDS": content.medium_probability_clouds,
        "HIGH_PROBA_CLOUDS": content.high_probability_clouds,
        "THIN_CIRRUS": content.thin_cirrus,
        "SNOW_ICE": content.snow_ice,
    }
    return {f"{name}_PERCENTAGE": value for name, value in values.items()}


def fill_image_content(element: etree._Element, content: ImageContent, psd_version: int) -> None:
    """Class percentages and retrieval figures of Image_Content_QI, with six decimals as official products."""
    for name, value in class_percentages(content, psd_version).items():
        add_six_decimals(element, name, value)
    add(element, "RADIATIVE_TRANSFER_ACCURACY", content.radiative_transfer_accuracy)
    add(element, "WATER_VAPOUR_RETRIEVAL_ACCURACY", content.water_vapour_retrieval_accuracy)
    add(element, "AOT_RETRIEVAL_ACCURACY", content.aot_retrieval_accuracy)
    if content.aot_retrieval_method is not None:
        add(element, "AOT_RETRIEVAL_METHOD", content.aot_retrieval_method)
    add_six_decimals(element, "GRANULE_MEAN_AOT", content.mean_aot)
    add_six_decimals(element, "GRANULE_MEAN_WV", content.mean_water_vapour)
    if content.ozone_source is not None:
        add(element, "OZONE_SOURCE", content.ozone_source)
    add_six_decimals(element, "OZONE_VALUE", content.ozone)


def add_six_decimals(parent: etree._Element, name: str, value: float | None) -> None:
    """Element with a number of six decimals; nothing when it is None."""
    if value is not None:
        add(parent, name, f"{value:.6f}")
