"""Sections that product, datastrip and tile metadata share, from XML to the model."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ipf.product.bands import BAND_NAMES
from ipf.product.metadata import (
    OFFSETS_SINCE,
    AuxiliaryData,
    CamsReference,
    Datatake,
    EarthRotation,
    Gipp,
    ImageContent,
    Level,
    Quantification,
    Radiometry,
    SpectralBand,
)
from ipf.product.xml_nodes import Node

LEVEL_OF_ROOT_PREFIX: Mapping[str, Level] = {"Level-1C": "L1C", "Level-2A": "L2A"}
"""Processing level by the first letters of a document's root element."""

_OFFSET_ELEMENTS: Mapping[Level, str] = {
    "L1C": "Radiometric_Offset_List/RADIO_ADD_OFFSET",
    "L2A": "BOA_ADD_OFFSET_VALUES_LIST/BOA_ADD_OFFSET",
}

_PSD_NAMESPACE = re.compile(r"psd-(\d+)\.")


def level_of(root: Node) -> Level:
    """Level of a document whose root is ``Level-1C_…`` or ``Level-2A_…``."""
    return LEVEL_OF_ROOT_PREFIX[root.name.partition("_")[0]]


def psd_version(root: Node) -> int:
    """Major version of the Product Specification Document in the root's namespace, 0 when it tells none."""
    match = _PSD_NAMESPACE.search(root.element.nsmap.get(root.element.prefix) or "")
    return int(match[1]) if match else 0


def read_datatake(node: Node) -> Datatake:
    """Datatake of a product, Datatake_Info of a datastrip."""
    spacecraft = node.text("SPACECRAFT_NAME")
    match = re.fullmatch(r"Sentinel-(2[A-D])", spacecraft)
    if match is None:
        raise node.child("SPACECRAFT_NAME").error(
            f"SPACECRAFT_NAME is '{spacecraft}', expected Sentinel-2A to Sentinel-2D"
        )
    return Datatake(
        identifier=node.attribute("datatakeIdentifier"),
        satellite=f"S{match[1]}",
        kind=node.text("DATATAKE_TYPE"),
        sensing_start=node.time("DATATAKE_SENSING_START"),
        relative_orbit=node.integer("SENSING_ORBIT_NUMBER"),
        orbit_direction=node.optional_text("SENSING_ORBIT_DIRECTION"),
    )


def numbers_per_band(nodes: list[Node], attribute: str) -> dict[str, float]:
    """Number of each node by the band that its attribute names; a band given twice is an error."""
    values: dict[str, float] = {}
    for node in nodes:
        band = node.attribute_band(attribute)
        if band in values:
            raise node.error(f"{node.name} is given twice for band {band}")
        values[band] = node.number()
    return values


def read_radiometry(node: Node, level: Level, baseline: str) -> Radiometry:
    """Product_Image_Characteristics of a product, Radiometric_Info of a datastrip.

    From baseline 04.00 on an offset for every band is required: without it counts would be read 0.1 too
    bright.
    """
    return Radiometry(
        quantification=_read_quantification(node, level),
        offsets=_read_offsets(node, level, baseline),
        sun_distance_correction=node.number("Reflectance_Conversion/U"),
        solar_irradiance=numbers_per_band(
            node.all("Reflectance_Conversion/Solar_Irradiance_List/SOLAR_IRRADIANCE"), "bandId"
        ),
        spectral_bands=read_spectral_bands(node),
        display_order=read_display_order(node),
    )


def read_spectral_bands(node: Node) -> tuple[SpectralBand, ...]:
    """Spectral_Information_List of the section that `read_radiometry` reads, at any level."""
    return tuple(
        _read_spectral_band(band) for band in node.all("Spectral_Information_List/Spectral_Information")
    )


def read_display_order(node: Node) -> tuple[str, str, str]:
    """Bands of red, green and blue in Image_Display_Order of the same section."""
    return (
        node.band("Image_Display_Order/RED_CHANNEL"),
        node.band("Image_Display_Order/GREEN_CHANNEL"),
        node.band("Image_Display_Order/BLUE_CHANNEL"),
    )


def _read_offsets(node: Node, level: Level, baseline: str) -> dict[str, float]:
    path = _OFFSET_ELEMENTS[level]
    offsets = numbers_per_band(node.all(path), "band_id")
    missing = [band for band in BAND_NAMES if band not in offsets]
    if missing and (offsets or baseline >= OFFSETS_SINCE):
        raise node.error(
            f"{node.name}: element {path} is missing for {missing[0]}, expected for every band in baseline"
            f" {baseline}"
        )
    return offsets


def _read_quantification(node: Node, level: Level) -> Quantification:
    if level == "L1C":
        return Quantification(_positive(node.child("QUANTIFICATION_VALUE")))
    values = node.child("QUANTIFICATION_VALUES_LIST")
    return Quantification(
        reflectance=_positive(values.child("BOA_QUANTIFICATION_VALUE")),
        aot=_positive(values.child("AOT_QUANTIFICATION_VALUE")),
        water_vapour=_positive(values.child("WVP_QUANTIFICATION_VALUE")),
    )


def _positive(node: Node) -> float:
    value = node.number()
    if value <= 0:
        raise node.error(f"{node.name} is {value:g}, expected a positive number")
    return value


def _read_spectral_band(node: Node) -> SpectralBand:
    return SpectralBand(
        band=node.attribute_band("bandId"),
        resolution=node.integer("RESOLUTION"),
        minimum=node.number("Wavelength/MIN"),
        maximum=node.number("Wavelength/MAX"),
        central=node.number("Wavelength/CENTRAL"),
        response_step=node.number("Spectral_Response/STEP"),
        response=tuple(node.numbers("Spectral_Response/VALUES").tolist()),
    )


def read_auxiliary(node: Node) -> AuxiliaryData:
    """Auxiliary_Data_Info of a product or a datastrip."""
    cams = node.find("CAMS_DATA_REF")
    rotation = node.find("IERS_Bulletin")
    # Before baseline 02.06 the reference images stood in the section itself.
    gris = node.all("GRI_List/GRI_FILENAME") + node.all("GRI_FILENAME")
    return AuxiliaryData(
        gipps=tuple(
            Gipp(gipp.text(), gipp.attribute("type"), gipp.optional_attribute("version"))
            for gipp in node.all("GIPP_List/GIPP_FILENAME")
        ),
        dem=node.text("PRODUCTION_DEM_TYPE"),
        iers_bulletin=node.text("IERS_BULLETIN_FILENAME"),
        gris=tuple(gri.text() for gri in gris),
        ecmwf=node.optional_text("ECMWF_DATA_REF"),
        cams=None if cams is None else CamsReference(cams.text(), cams.attribute("type")),
        earth_rotation=None if rotation is None else _read_earth_rotation(rotation),
        luts=tuple(lut.text() for lut in node.all("LUT_List/LUT_FILENAME")),
        snow_climatology=node.optional_text("SNOW_CLIMATOLOGY_MAP"),
        water_bodies=node.optional_text("ESACCI_WaterBodies_Map"),
        land_cover=node.optional_text("ESACCI_LandCover_Map"),
        snow_condition=node.optional_text("ESACCI_SnowCondition_Map_Dir"),
    )


def _read_earth_rotation(node: Node) -> EarthRotation:
    return EarthRotation(
        ut1_utc=node.number("UT1_UTC"),
        gps_time_utc=node.number("GPS_TIME_UTC"),
        gps_time_tai=node.number("GPS_TIME_TAI"),
        pole_u=node.number("POLE_U_ANGLE"),
        pole_v=node.number("POLE_V_ANGLE"),
    )


def read_image_content(node: Node) -> ImageContent:
    """Image_Content_QI of a Level-2A product or tile."""
    # Class 2 changed its name with PSD 15; some products of PSD 14 use the new name already.
    shadow = "CAST_SHADOW_PERCENTAGE"
    if node.find(shadow) is None:
        shadow = "DARK_FEATURES_PERCENTAGE"
    return ImageContent(
        cloudy_over_land=node.optional_number("CLOUDY_PIXEL_OVER_LAND_PERCENTAGE"),
        nodata=node.number("NODATA_PIXEL_PERCENTAGE"),
        saturated_defective=node.number("SATURATED_DEFECTIVE_PIXEL_PERCENTAGE"),
        shadow=node.number(shadow),
        cloud_shadow=node.number("CLOUD_SHADOW_PERCENTAGE"),
        vegetation=node.number("VEGETATION_PERCENTAGE"),
        not_vegetated=node.number("NOT_VEGETATED_PERCENTAGE"),
        water=node.number("WATER_PERCENTAGE"),
        unclassified=node.number("UNCLASSIFIED_PERCENTAGE"),
        medium_probability_clouds=node.number("MEDIUM_PROBA_CLOUDS_PERCENTAGE"),
        high_probability_clouds=node.number("HIGH_PROBA_CLOUDS_PERCENTAGE"),
        thin_cirrus=node.number("THIN_CIRRUS_PERCENTAGE"),
        snow_ice=node.number("SNOW_ICE_PERCENTAGE"),
        radiative_transfer_accuracy=node.number("RADIATIVE_TRANSFER_ACCURACY"),
        water_vapour_retrieval_accuracy=node.number("WATER_VAPOUR_RETRIEVAL_ACCURACY"),
        aot_retrieval_accuracy=node.number("AOT_RETRIEVAL_ACCURACY"),
        aot_retrieval_method=node.optional_text("AOT_RETRIEVAL_METHOD"),
        mean_aot=node.optional_number("GRANULE_MEAN_AOT"),
        mean_water_vapour=node.optional_number("GRANULE_MEAN_WV"),
        ozone_source=node.optional_text("OZONE_SOURCE"),
        ozone=node.optional_number("OZONE_VALUE"),
    )
