"""What a Level-1C datastrip takes over from the Level-1B datastrip that it is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ipf.product.metadata import DatastripMetadata, Radiometry, XmlSection
from ipf.product.metadata_sections import (
    psd_version,
    read_auxiliary,
    read_datatake,
    read_display_order,
    read_spectral_bands,
)
from ipf.product.sensor_datastrip import datastrip_file
from ipf.product.xml_nodes import Node

ROOT = "Level-1B_DataStrip_ID"


def read_as_level_1c(datastrip: Path, radiometry: Radiometry) -> DatastripMetadata:
    """Metadata of the Level-1C datastrip of a Level-1B one, given by its metadata or their folder.

    radiometry : quantification, offsets and sun of Level 1C; spectral bands and display order are taken from
        the Level-1B datastrip

    Tiles are none yet; baseline, centres and times are those of the Level-1B datastrip: the caller replaces
    what it makes anew. Raises `ProductError` naming file, line and element.
    """
    root = Node.of_document(datastrip_file(datastrip), (ROOT,))
    info, image = root.child("General_Info"), root.child("Image_Data_Info")
    processing, quality = info.child("Processing_Info"), root.child("Quality_Indicators_Info")
    node = image.child("Radiometric_Info")
    return DatastripMetadata(
        level="L1C",
        psd_version=psd_version(root),
        datatake=read_datatake(info.child("Datatake_Info")),
        sensing_start=info.time("Datastrip_Time_Info/DATASTRIP_SENSING_START"),
        sensing_stop=info.time("Datastrip_Time_Info/DATASTRIP_SENSING_STOP"),
        baseline=processing.text("PROCESSING_BASELINE"),
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
        tiles=(),
        swir_rearrangement=node.flag("SWIR_REARRANGEMENT_PROC"),
        saturated_pixels=node.flag("SATURATED_PIXELS_PROC"),
        radiometry=replace(
            radiometry, spectral_bands=read_spectral_bands(node), display_order=read_display_order(node)
        ),
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
