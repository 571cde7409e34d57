"""Product metadata, from the model to XML (MTD_MSIL1C.xml, MTD_MSIL2A.xml).

The counterpart of `ipf.product.metadata_reader`.
"""

from __future__ import annotations

from lxml import etree

from ipf.product.bands import BY_NAME
from ipf.product.metadata import Level, ProductMetadata
from ipf.product.metadata_writer import (
    LISTS_SINCE,
    add_atmosphere_references,
    add_dem_and_bulletin,
    add_display_order,
    add_gipps,
    add_level_2a_auxiliary,
    add_per_band,
    add_quantification,
    add_reflectance_conversion,
    add_six_decimals,
    add_spectral_information,
    fill_datatake,
    fill_image_content,
)
from ipf.product.xml_builder import Document, add, add_all, text_of

LEVEL_NAMES: dict[Level, str] = {"L1C": "Level-1C", "L2A": "Level-2A"}
"""Processing levels as documents spell them."""


def product_xml(metadata: ProductMetadata) -> bytes:
    """The product metadata document. PSD 14 and 15 give documents that the schemas 14.8 and 15.0 accept."""
    level = LEVEL_NAMES[metadata.level]
    document = Document(f"{level}_User_Product", f"User_Product_{level}.xsd", metadata.psd_version)
    general = document.add("General_Info")
    _fill_product_info(add(general, "Product_Info"), metadata)
    _fill_image_characteristics(add(general, "Product_Image_Characteristics"), metadata)
    _fill_geometry(document.add("Geometric_Info"), metadata)
    _fill_auxiliary(document.add("Auxiliary_Data_Info"), metadata)
    _fill_quality(document.add("Quality_Indicators_Info"), metadata)
    return document.serialised()


def _fill_product_info(info: etree._Element, metadata: ProductMetadata) -> None:
    add(info, "PRODUCT_START_TIME", metadata.start_time)
    add(info, "PRODUCT_STOP_TIME", metadata.stop_time)
    add(info, "PRODUCT_URI", metadata.uri)
    add(info, "PROCESSING_LEVEL", LEVEL_NAMES[metadata.level])
    add(info, "PRODUCT_TYPE", metadata.product_type)
    add(info, "PROCESSING_BASELINE", metadata.baseline)
    if metadata.doi is not None:
        add(info, "PRODUCT_DOI", metadata.doi)
    add(info, "GENERATION_TIME", metadata.generation_time)
    add(info, "PREVIEW_IMAGE_URL", "Not applicable")
    add(info, "PREVIEW_GEO_INFO", "Not applicable")
    fill_datatake(add(info, "Datatake", datatakeIdentifier=metadata.datatake.identifier), metadata.datatake)
    options = add(info, "Query_Options", completeSingleTile=metadata.complete_single_tile)
    add(options, "PRODUCT_FORMAT", metadata.product_format)
    granules = add(add(info, "Product_Organisation"), "Granule_List")
    for granule in metadata.granules:
        element = add(
            granules,
            "Granule",
            datastripIdentifier=granule.datastrip_identifier,
            granuleIdentifier=granule.granule_identifier,
            imageFormat=granule.image_format,
        )
        add_all(element, "IMAGE_FILE", granule.image_files)


def _fill_image_characteristics(image: etree._Element, metadata: ProductMetadata) -> None:
    for name, value in metadata.special_values.items():
        special = add(image, "Special_Values")
        add(special, "SPECIAL_VALUE_TEXT", name)
        add(special, "SPECIAL_VALUE_INDEX", value)
    add_display_order(image, metadata.radiometry)
    add_quantification(image, metadata.radiometry, metadata.level)
    add_reflectance_conversion(image, metadata.radiometry)
    add_spectral_information(image, metadata.radiometry)
    add_per_band(image, "PHYSICAL_GAINS", metadata.physical_gains, "bandId")
    if metadata.reference_band is not None:
        add(image, "REFERENCE_BAND", BY_NAME[metadata.reference_band].identifier)
    if metadata.scene_classes:
        classes = add(image, "Scene_Classification_List")
        for name, number in metadata.scene_classes.items():
            scene_class = add(classes, "Scene_Classification_ID")
            add(scene_class, "SCENE_CLASSIFICATION_TEXT", name)
            add(scene_class, "SCENE_CLASSIFICATION_INDEX", number)


def _fill_geometry(geometry: etree._Element, metadata: ProductMetadata) -> None:
    footprint = add(geometry, "Product_Footprint")
    ring = add(add(footprint, "Product_Footprint"), "Global_Footprint")
    add(ring, "EXT_POS_LIST", position_list(metadata.footprint))
    add(footprint, "RASTER_CS_TYPE", "POINT")
    add(footprint, "PIXEL_ORIGIN", 1)
    system = add(geometry, "Coordinate_Reference_System")
    add(system, "GEO_TABLES", "EPSG", version=1)
    add(system, "HORIZONTAL_CS_TYPE", "GEOGRAPHIC")


def position_list(ring: tuple[tuple[float, float], ...]) -> str:
    """Latitudes and longitudes of a ring, in degrees, separated by blanks."""
    return " ".join(text_of(angle) for point in ring for angle in point)


def _fill_auxiliary(element: etree._Element, metadata: ProductMetadata) -> None:
    add_gipps(element, metadata.auxiliary)
    add_dem_and_bulletin(element, metadata.auxiliary, metadata.baseline)
    add_atmosphere_references(element, metadata.auxiliary)
    if metadata.level == "L2A":
        add_level_2a_auxiliary(element, metadata.auxiliary)


def _fill_quality(element: etree._Element, metadata: ProductMetadata) -> None:
    quality = metadata.quality
    add(element, "Cloud_Coverage_Assessment", quality.cloud_coverage)
    if quality.snow_coverage is not None:
        add(element, "Snow_Coverage_Assessment", quality.snow_coverage)
    technical = add(element, "Technical_Quality_Assessment")
    add(technical, "DEGRADED_ANC_DATA_PERCENTAGE", quality.degraded_ancillary)
    add(technical, "DEGRADED_MSI_DATA_PERCENTAGE", quality.degraded_msi)
    checks = add(element, "Quality_Control_Checks")
    inspections = add(checks, "Quality_Inspections")
    for name, status in quality.checks.items():
        if metadata.baseline >= LISTS_SINCE:
            add(inspections, "quality_check", status, checkType=name)
        else:
            add(inspections, f"{name}_FLAG", status)
    failed = add(checks, "Failed_Inspections")
    for report in sorted(quality.failed, key=lambda report: report.subject):  # datastrips before granules
        attribute = f"{report.subject.lower()}Id"
        element_of = add(failed, f"{report.subject}_Report", **{attribute: report.identifier})
        add_all(element_of, "REPORT_FILENAME", report.files)
    if quality.content is not None:
        content = add(element, "Image_Content_QI")
        add_six_decimals(content, "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE", quality.content.cloudy_over_land)
        fill_image_content(content, quality.content, metadata.psd_version)
