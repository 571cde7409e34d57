"""Datastrip metadata, from the model to XML (MTD_DS.xml).

The counterpart of `ipf.product.datastrip_reader`.
"""

from __future__ import annotations

from typing import Protocol

from lxml import etree

from ipf.product.metadata import DatastripMetadata, Datatake
from ipf.product.metadata_writer import (
    add_atmosphere_references,
    add_dem_and_bulletin,
    add_display_order,
    add_earth_rotation,
    add_gipps,
    add_level_2a_auxiliary,
    add_quantification,
    add_reflectance_conversion,
    add_spectral_information,
    fill_datatake,
)
from ipf.product.user_product_writer import LEVEL_NAMES
from ipf.product.utc import UtcTime
from ipf.product.xml_builder import Document, add, add_section


def datastrip_xml(metadata: DatastripMetadata) -> bytes:
    """The datastrip metadata document. PSD 14 and 15 give documents that the schemas 14.8 and 15.0 accept."""
    level = LEVEL_NAMES[metadata.level]
    document = Document(
        f"{level}_DataStrip_ID", f"S2_PDI_{level}_Datastrip_Metadata.xsd", metadata.psd_version
    )
    fill_general(document.add("General_Info"), metadata)
    _fill_image_data(document.add("Image_Data_Info"), metadata)
    ancillary = metadata.satellite_ancillary_data
    add_section(document.root, ancillary, document.qualified(ancillary.name))
    quality = document.add("Quality_Indicators_Info", metadataLevel="Brief")
    add_section(quality, metadata.geometric_quality)
    add_section(quality, metadata.radiometric_quality)
    add(quality, "DEGRADED_ANC_DATA_PERCENTAGE", metadata.degraded_ancillary)
    _fill_auxiliary(document.add("Auxiliary_Data_Info", metadataLevel="Standard"), metadata)
    return document.serialised()


class GeneralInformation(Protocol):
    """What General_Info of a datastrip of any level says."""

    @property
    def datatake(self) -> Datatake: ...
    @property
    def sensing_start(self) -> UtcTime: ...
    @property
    def sensing_stop(self) -> UtcTime: ...
    @property
    def baseline(self) -> str: ...
    @property
    def doi(self) -> str | None: ...
    @property
    def processing_centre(self) -> str: ...
    @property
    def processing_time(self) -> UtcTime: ...
    @property
    def reception_station(self) -> str: ...
    @property
    def downlink_orbit(self) -> int: ...
    @property
    def archiving_centre(self) -> str: ...
    @property
    def archiving_time(self) -> UtcTime: ...
    @property
    def processing_parameters(self) -> str | None: ...


def fill_general(general: etree._Element, metadata: GeneralInformation) -> None:
    """Fill General_Info of a datastrip."""
    datatake = add(
        general, "Datatake_Info", datatakeIdentifier=metadata.datatake.identifier, metadataLevel="Brief"
    )
    fill_datatake(datatake, metadata.datatake)
    times = add(general, "Datastrip_Time_Info", metadataLevel="Brief")
    add(times, "DATASTRIP_SENSING_START", metadata.sensing_start)
    add(times, "DATASTRIP_SENSING_STOP", metadata.sensing_stop)
    processing = add(general, "Processing_Info", metadataLevel="Expertise")
    add(processing, "PROCESSING_BASELINE", metadata.baseline)
    if metadata.doi is not None:
        add(processing, "PRODUCT_DOI", metadata.doi)
    add(processing, "PROCESSING_CENTER", metadata.processing_centre)
    add(processing, "UTC_DATE_TIME", metadata.processing_time)
    downlink = add(general, "Downlink_Info", metadataLevel="Standard")
    add(downlink, "RECEPTION_STATION", metadata.reception_station)
    add(downlink, "DOWNLINK_ORBIT_NUMBER", metadata.downlink_orbit)
    archiving = add(general, "Archiving_Info", metadataLevel="Expertise")
    add(archiving, "ARCHIVING_CENTRE", metadata.archiving_centre)
    add(archiving, "ARCHIVING_TIME", metadata.archiving_time)
    if metadata.processing_parameters is not None:
        parameters = add(general, "PROCESSING_SPECIFIC_PARAMETERS", metadataLevel="Expertise")
        add(parameters, "PROCESSING_SPECIFIC_PARAMETERS", metadata.processing_parameters)


def _fill_image_data(image: etree._Element, metadata: DatastripMetadata) -> None:
    tiles = add(add(image, "Tiles_Information", metadataLevel="Standard"), "Tile_List")
    for tile in metadata.tiles:
        add(tiles, "Tile", tileId=tile)
    add_section(image, metadata.sensor_configuration)
    radiometry = add(image, "Radiometric_Info", metadataLevel="Standard")
    add(radiometry, "SWIR_REARRANGEMENT_PROC", metadata.swir_rearrangement)
    add(radiometry, "SATURATED_PIXELS_PROC", metadata.saturated_pixels)
    add_spectral_information(radiometry, metadata.radiometry)
    add_display_order(radiometry, metadata.radiometry)
    add_quantification(radiometry, metadata.radiometry, metadata.level)
    add_reflectance_conversion(radiometry, metadata.radiometry)
    add_section(image, metadata.geometric_info)


def _fill_auxiliary(element: etree._Element, metadata: DatastripMetadata) -> None:
    if metadata.auxiliary.earth_rotation is not None:
        add_earth_rotation(element, metadata.auxiliary.earth_rotation)
    add_gipps(element, metadata.auxiliary)
    add_atmosphere_references(element, metadata.auxiliary)
    add_dem_and_bulletin(element, metadata.auxiliary, metadata.baseline)
    if metadata.level == "L2A":
        add_level_2a_auxiliary(element, metadata.auxiliary)
