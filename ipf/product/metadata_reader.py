"""Product metadata, from XML (MTD_MSIL1C.xml, MTD_MSIL2A.xml) to the model."""

from __future__ import annotations

from pathlib import Path

from ipf.product.metadata import (
    NODATA,
    SATURATED,
    FailedReport,
    GranuleReference,
    Level,
    ProductMetadata,
    ProductQuality,
)
from ipf.product.metadata_sections import (
    level_of,
    numbers_per_band,
    psd_version,
    read_auxiliary,
    read_datatake,
    read_image_content,
    read_radiometry,
)
from ipf.product.xml_nodes import Node

ROOTS = ("Level-1C_User_Product", "Level-2A_User_Product")

_GRANULE_ELEMENTS = ("Granule", "Granules")
_IMAGE_ELEMENTS = ("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID", "IMAGE_ID_2A")
_FLAG_SUFFIX = "_FLAG"


def read_product_metadata(path: Path) -> ProductMetadata:
    """Read the metadata of a Level-1C or Level-2A product, baselines 02.04 to 05.11.

    Raises ProductError naming file, line and element when the document is missing, a stand-in, malformed, or
    lacks an element that these baselines share.
    """
    root = Node.of_document(path, ROOTS)
    level = level_of(root)
    info = root.child("General_Info/Product_Info")
    image = root.child("General_Info/Product_Image_Characteristics")
    options = info.find("Query_Options")
    baseline = info.text("PROCESSING_BASELINE")
    return ProductMetadata(
        level=level,
        psd_version=psd_version(root),
        uri=info.text("PRODUCT_URI"),
        start_time=info.time("PRODUCT_START_TIME"),
        stop_time=info.time("PRODUCT_STOP_TIME"),
        product_type=info.text("PRODUCT_TYPE"),
        baseline=baseline,
        doi=info.optional_text("PRODUCT_DOI"),
        generation_time=info.time("GENERATION_TIME"),
        datatake=read_datatake(info.child("Datatake")),
        granules=_read_granules(info.child("Product_Organisation")),
        special_values=_read_special_values(image),
        radiometry=read_radiometry(image, level, baseline),
        physical_gains=numbers_per_band(image.all("PHYSICAL_GAINS"), "bandId"),
        reference_band=None if image.find("REFERENCE_BAND") is None else image.band("REFERENCE_BAND"),
        scene_classes={
            item.text("SCENE_CLASSIFICATION_TEXT"): item.integer("SCENE_CLASSIFICATION_INDEX")
            for item in image.all("Scene_Classification_List/Scene_Classification_ID")
        },
        footprint=_read_footprint(
            root.child("Geometric_Info/Product_Footprint/Product_Footprint/Global_Footprint")
        ),
        auxiliary=read_auxiliary(root.child("Auxiliary_Data_Info")),
        quality=_read_quality(root.child("Quality_Indicators_Info"), level),
        product_format=(options and options.optional_text("PRODUCT_FORMAT")) or "SAFE",
        complete_single_tile=options is not None
        and options.optional_attribute("completeSingleTile") in {"true", "1"},
    )


def _read_granules(organisation: Node) -> tuple[GranuleReference, ...]:
    granules = [
        GranuleReference(
            granule_identifier=granule.attribute("granuleIdentifier"),
            datastrip_identifier=granule.attribute("datastripIdentifier"),
            image_files=tuple(image.text() for name in _IMAGE_ELEMENTS for image in granule.all(name)),
            image_format=granule.optional_attribute("imageFormat") or "JPEG2000",
        )
        for name in _GRANULE_ELEMENTS
        for granule in organisation.all(f"Granule_List/{name}")
    ]
    if not granules:
        raise organisation.error("Product_Organisation lists no granule")
    return tuple(granules)


def _read_special_values(image: Node) -> dict[str, int]:
    values = {
        item.text("SPECIAL_VALUE_TEXT"): item.integer("SPECIAL_VALUE_INDEX")
        for item in image.all("Special_Values")
    }
    for name in (NODATA, SATURATED):
        if name not in values:
            raise image.error(f"Special_Values has no {name}")
    return values


def _read_footprint(node: Node) -> tuple[tuple[float, float], ...]:
    """Ring of latitudes and longitudes."""
    numbers = node.numbers("EXT_POS_LIST").tolist()
    if len(numbers) % 2 or len(numbers) < 8:
        raise node.error(f"EXT_POS_LIST has {len(numbers)} numbers, expected pairs of latitude and longitude")
    ring = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    for latitude, longitude in ring:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 360):
            raise node.error(f"EXT_POS_LIST: {latitude} {longitude} is not a latitude and a longitude")
    return ring


def _read_quality(node: Node, level: Level) -> ProductQuality:
    technical = node.child("Technical_Quality_Assessment")
    checks = node.child("Quality_Control_Checks")
    return ProductQuality(
        cloud_coverage=node.number("Cloud_Coverage_Assessment"),
        snow_coverage=node.optional_number("Snow_Coverage_Assessment"),
        degraded_ancillary=technical.number("DEGRADED_ANC_DATA_PERCENTAGE"),
        degraded_msi=technical.number("DEGRADED_MSI_DATA_PERCENTAGE"),
        checks=_read_checks(checks.child("Quality_Inspections")),
        failed=_read_failed(checks),
        content=read_image_content(node.child("Image_Content_QI")) if level == "L2A" else None,
    )


def _read_checks(inspections: Node) -> dict[str, str]:
    checks = {check.attribute("checkType"): check.text() for check in inspections.all("quality_check")}
    # Up to baseline 02.05 each checklist had an element of its own, SENSOR_QUALITY_FLAG.
    for flag in inspections.all("*"):
        if flag.name.endswith(_FLAG_SUFFIX):
            checks[flag.name.removesuffix(_FLAG_SUFFIX)] = flag.text()
    return checks


def _read_failed(checks: Node) -> tuple[FailedReport, ...]:
    reports = [
        FailedReport("Datastrip", node.attribute("datastripId"), _report_files(node))
        for node in checks.all("Failed_Inspections/Datastrip_Report")
    ]
    reports += [
        FailedReport("Granule", node.attribute("granuleId"), _report_files(node))
        for node in checks.all("Failed_Inspections/Granule_Report")
    ]
    return tuple(reports)


def _report_files(node: Node) -> tuple[str, ...]:
    return tuple(file.text() for file in node.all("REPORT_FILENAME"))
