"""Level-1B products: metadata of granules and datastrip, images and masks, laid out as specified.

The counterpart of `ipf.product.l1b_reader`. Documents are valid by the schemas of PSD 15.0. Manifests and
inventories are not made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.atomic import write_bytes
from ipf.errors import OutputError
from ipf.product.bands import BAND_NAMES, BY_NAME, RESOLUTIONS
from ipf.product.datastrip_writer import fill_general
from ipf.product.jpeg2000 import CodingStyle, ImageKind, encode_sensor_image
from ipf.product.l1b_model import GranuleMetadata, L1bDatastripMetadata
from ipf.product.metadata import EarthRotation
from ipf.product.metadata_writer import (
    add_dem_and_bulletin,
    add_display_order,
    add_earth_rotation,
    add_gipps,
    add_per_band,
    add_spectral_information,
)
from ipf.product.nominal_datastrip import geometric_quality, radiometric_quality
from ipf.product.sensor_sections import (
    add_angles,
    add_geometric_headers,
    add_geometric_info,
    add_granules,
    add_sensor_configuration,
    fill_ancillary_data,
)
from ipf.product.xml_builder import Document, Text, add, add_section, text_of

Counts = npt.NDArray[np.uint16]
Planes = npt.NDArray[Any]

_GPS_MINUS_TAI = -19.0  # s (IS-GPS-200)
_REFERENCE_BAND = "B04"


def granule_xml(metadata: GranuleMetadata, psd_version: int = 15) -> bytes:
    """The metadata document of a granule."""
    document = Document("Level-1B_Granule_ID", "S2_PDI_Level-1B_Granule_Metadata.xsd", psd_version)
    general = document.add("General_Info")
    add(general, "GRANULE_ID", str(metadata.name), metadataLevel="Brief")
    add(general, "DETECTOR_ID", f"{metadata.detector:02d}", metadataLevel="Brief")
    add(general, "DATASTRIP_ID", metadata.datastrip, metadataLevel="Brief")
    add(general, "DOWNLINK_PRIORITY", metadata.downlink_priority, metadataLevel="Standard")
    add(general, "SENSING_TIME", metadata.sensing_time, metadataLevel="Standard")
    archiving = add(general, "Archiving_Info", metadataLevel="Expertise")
    add(archiving, "ARCHIVING_CENTRE", metadata.archiving_centre)
    add(archiving, "ARCHIVING_TIME", metadata.archiving_time)
    _fill_place(document.add("Geometric_Info"), metadata)
    quality = document.add("Quality_Indicators_Info", metadataLevel="Standard")
    content = add(quality, "Image_Content_QI")
    add(content, "CLOUDY_PIXEL_PERCENTAGE", metadata.cloudy)
    add(content, "DEGRADED_MSI_DATA_PERCENTAGE", metadata.degraded_msi)
    masks = add(quality, "Pixel_Level_QI", geometry="FULL_RESOLUTION")
    for band, name in _mask_names(metadata).items():
        attributes: dict[str, Text] = {"bandId": BY_NAME[band].identifier, "type": "MSK_QUALIT"}
        add(masks, "MASK_FILENAME", name, detectorId=f"{metadata.detector:02d}", **attributes)
    return document.serialised()


def _mask_names(metadata: GranuleMetadata) -> Mapping[str, str]:
    if metadata.masks is not None:
        return metadata.masks
    return {band: metadata.name.quality_mask(band) for band in BAND_NAMES}


def _fill_place(place: etree._Element, metadata: GranuleMetadata) -> None:
    geometry = metadata.geometry
    footprint = add(place, "Granule_Footprint", metadataLevel="Brief")
    ring = add(add(footprint, "Granule_Footprint"), "Footprint")
    add(ring, "EXT_POS_LIST", " ".join(text_of(value) for corner in geometry.footprint for value in corner))
    add(footprint, "RASTER_CS_TYPE", "POINT")
    add(footprint, "PIXEL_ORIGIN", 1)
    position = add(place, "Granule_Position", metadataLevel="Standard")
    add(position, "POSITION", metadata.position)
    header = add(position, "Geometric_Header")
    add(header, "GROUND_CENTER", " ".join(map(text_of, geometry.ground_centre)))
    add_angles(header, "Incidence_Angles", geometry.incidence)
    add_angles(header, "Solar_Angles", geometry.sun)
    dimensions = add(place, "Granule_Dimensions", metadataLevel="Standard")
    for resolution in RESOLUTIONS:
        size = add(dimensions, "Size", resolution=resolution)
        add(size, "NROWS", metadata.sizes[resolution][0])
        add(size, "NCOLS", metadata.sizes[resolution][1])


def write_granule(
    product: Path,
    metadata: GranuleMetadata,
    images: Mapping[str, Counts],
    masks: Mapping[str, Sequence[Planes]] | None = None,
    style: CodingStyle = "official",
    threads: int = 1,
) -> Path:
    """Write a granule below the folder `product`, its metadata last; the granule's folder.

    images : counts by band, (rows, columns) uint16 up to 32767, as the metadata tell their sizes
    masks : by band the eight planes of the quality mask, uint8

    Raises `OutputError` naming the file.
    """
    folder = product / "GRANULE" / str(metadata.name)
    for band, counts in images.items():
        _check_shape(folder, metadata, band, counts.shape)
        path = folder / "IMG_DATA" / f"{metadata.name.image(band)}.jp2"
        encode_sensor_image(path, counts, BY_NAME[band].resolution, ImageKind.BAND, style, threads)
    names = _mask_names(metadata)
    for band, planes in (masks or {}).items():
        _check_shape(folder, metadata, band, planes[0].shape)
        if band not in names:
            raise OutputError(f"{folder}: quality mask of {band}, which the metadata do not name")
        path = folder / "QI_DATA" / f"{names[band]}.jp2"
        encode_sensor_image(path, planes, BY_NAME[band].resolution, ImageKind.QUALIT, style, threads)
    write_bytes(folder / metadata.name.metadata_file, granule_xml(metadata))
    return folder


def _check_shape(folder: Path, metadata: GranuleMetadata, band: str, shape: tuple[int, ...]) -> None:
    if shape != metadata.shape(band):
        raise OutputError(f"{folder}: image of {band} of {shape}, expected {metadata.shape(band)}")


def l1b_datastrip_xml(metadata: L1bDatastripMetadata) -> bytes:
    """The metadata document of a Level-1B datastrip."""
    document = Document(
        "Level-1B_DataStrip_ID",
        "S2_PDI_Level-1B_Datastrip_Metadata.xsd",
        metadata.psd_version,
        datastripIdentifier=str(metadata.name),
    )
    fill_general(document.add("General_Info"), metadata)
    image = document.add("Image_Data_Info")
    add_granules(image, metadata.granules)
    add_sensor_configuration(image, metadata.datation, metadata.epoch, metadata.tdi, metadata.gains)
    add_geometric_headers(image, metadata.headers, metadata.epoch)
    _fill_radiometry(add(image, "Radiometric_Info", metadataLevel="Standard"), metadata)
    add_geometric_info(image, metadata.refining)
    ancillary = document.add("Satellite_Ancillary_Data_Info")
    fill_ancillary_data(ancillary, metadata.ephemeris, metadata.attitude, metadata.epoch)
    quality = document.add("Quality_Indicators_Info", metadataLevel="Brief")
    add_section(quality, geometric_quality(metadata.sensing_start))
    add_section(quality, radiometric_quality())
    add(quality, "DEGRADED_ANC_DATA_PERCENTAGE", 0)
    auxiliary = document.add("Auxiliary_Data_Info", metadataLevel="Standard")
    earth = metadata.earth
    rotation = (earth.ut1_minus_utc, earth.gps_minus_utc, _GPS_MINUS_TAI, earth.pole_x, earth.pole_y)
    add_earth_rotation(auxiliary, EarthRotation(*rotation))
    add_gipps(auxiliary, metadata.auxiliary)
    add_dem_and_bulletin(auxiliary, metadata.auxiliary, metadata.baseline)
    add(auxiliary, "REFERENCE_BAND", BY_NAME[_REFERENCE_BAND].identifier)
    return document.serialised()


def _fill_radiometry(element: etree._Element, metadata: L1bDatastripMetadata) -> None:
    """What was done to the radiances: nothing but the nominal, no restoration."""
    add(element, "SWIR_REARRANGEMENT_PROC", False)
    bands = add(add(element, "Equalization", processed=True), "Equalized_Band_List")
    for band in BAND_NAMES:
        equalised = add(bands, "Equalized_Band", bandId=BY_NAME[band].identifier)
        add(equalised, "OFFSET_PROC", True)
        add(equalised, "DARK_SIGNAL_NON_UNIFORMITY_PROC", True)
    for name in ("CROSSTALK_OPTICAL_PROC", "CROSSTALK_ELECTRONIC_PROC"):
        add(element, name, False)
    for name in ("REMOVE_BLIND_PIXELS_PROC", "DEFECTIVE_PIXELS_PROC"):
        add(element, name, True)
    add(element, "Restoration", processed=False)
    for name in ("BINNING_PROC", "PIXELS_NO_DATA_PROC", "SATURATED_PIXELS_PROC"):
        add(element, name, True)
    add_spectral_information(element, metadata.radiometry)
    add_display_order(element, metadata.radiometry)
    offsets = add(element, "Radiometric_Offset_List")
    add_per_band(offsets, "RADIO_ADD_OFFSET", metadata.radiometry.offsets, "band_id")


def write_l1b_datastrip(product: Path, metadata: L1bDatastripMetadata) -> Path:
    """Write a datastrip below the folder `product`; the datastrip's folder. Raises `OutputError`."""
    if not metadata.headers:
        raise OutputError(f"{product}: datastrip without a geometric header, expected one at least")
    folder = product / "DATASTRIP" / str(metadata.name)
    write_bytes(folder / metadata.name.metadata_file, l1b_datastrip_xml(metadata))
    return folder
