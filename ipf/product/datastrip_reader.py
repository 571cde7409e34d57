"""Datastrip metadata, from XML (MTD_DS.xml) to the model."""

from __future__ import annotations

from pathlib import Path

from ipf.product.metadata import DatastripMetadata, XmlSection
from ipf.product.metadata_sections import (
    level_of,
    psd_version,
    read_auxiliary,
    read_datatake,
    read_radiometry,
)
from ipf.product.xml_nodes import Node

ROOTS = ("Level-1C_DataStrip_ID", "Level-2A_DataStrip_ID")


def read_datastrip_metadata(path: Path) -> DatastripMetadata:
    """Read the metadata of a Level-1C or Level-2A datastrip, baselines 02.04 to 05.11.

    Raises ProductError naming file, line and element.
    """
    root = Node.of_document(path, ROOTS)
    level = level_of(root)
    info = root.child("General_Info")
    processing = info.child("Processing_Info")
    image = root.child("Image_Data_Info")
    radiometry = image.child("Radiometric_Info")
    quality = root.child("Quality_Indicators_Info")
    baseline = processing.text("PROCESSING_BASELINE")
    return DatastripMetadata(
        level=level,
        psd_version=psd_version(root),
        datatake=read_datatake(info.child("Datatake_Info")),
        sensing_start=info.time("Datastrip_Time_Info/DATASTRIP_SENSING_START"),
        sensing_stop=info.time("Datastrip_Time_Info/DATASTRIP_SENSING_STOP"),
        baseline=baseline,
        doi=processing.optional_text("PRODUCT_DOI"),
        processing_centre=processing.text("PROCESSING_CENTER"),
        processing_time=processing.time("UTC_DATE_TIME"),
        reception_station=info.text("Downlink_Info/RECEPTION_STATION"),
        downlink_orbit=info.integer("Downlink_Info/DOWNLINK_ORBIT_NUMBER"),
        archiving_centre=info.text("Archiving_Info/ARCHIVING_CENTRE"),
        archiving_time=info.time("Archiving_Info/ARCHIVING_TIME"),
        processing_parameters=info.optional_text(
            "PROCESSING_SPECIFIC_PARAMETERS/PROCESSING_SPECIFIC_PARAMETERS"
        ),
        tiles=tuple(tile.attribute("tileId") for tile in image.all("Tiles_Information/Tile_List/Tile")),
        swir_rearrangement=radiometry.flag("SWIR_REARRANGEMENT_PROC"),
        saturated_pixels=radiometry.flag("SATURATED_PIXELS_PROC"),
        radiometry=read_radiometry(radiometry, level, baseline),
        degraded_ancillary=quality.number("DEGRADED_ANC_DATA_PERCENTAGE"),
        auxiliary=read_auxiliary(root.child("Auxiliary_Data_Info")),
        sensor_configuration=_section(image.child("Sensor_Configuration")),
        geometric_info=_section(image.child("Geometric_Info")),
        satellite_ancillary_data=_section(root.child("Satellite_Ancillary_Data_Info")),
        geometric_quality=_section(quality.child("Geometric_Info")),
        radiometric_quality=_section(quality.child("Radiometric_Info")),
    )


def _section(node: Node) -> XmlSection:
    return XmlSection(node.name, node.serialised())
