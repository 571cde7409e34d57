"""Tile metadata, from the model to XML (MTD_TL.xml).

The counterpart of `ipf.product.tile_reader`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.product.angles import AngleGrid, Direction, TileAngles
from ipf.product.bands import BY_NAME, RESOLUTIONS
from ipf.product.metadata import TileMetadata
from ipf.product.metadata_writer import add_six_decimals, fill_image_content
from ipf.product.raster import Grid
from ipf.product.user_product_writer import LEVEL_NAMES
from ipf.product.xml_builder import Document, Text, add, add_all, grid_rows


def tile_xml(metadata: TileMetadata) -> bytes:
    """The tile metadata document. PSD 14 and 15 give documents that the schemas 14.8 and 15.0 accept."""
    level = LEVEL_NAMES[metadata.level]
    document = Document(f"{level}_Tile_ID", f"S2_PDI_{level}_Tile_Metadata.xsd", metadata.psd_version)
    _fill_general(document.add("General_Info"), metadata)
    geometry = document.add("Geometric_Info")
    _add_geocoding(geometry, metadata.grid, metadata.coordinate_system)
    _add_angles(geometry, metadata.angles)
    _fill_quality(document.add("Quality_Indicators_Info", metadataLevel="Standard"), metadata)
    return document.serialised()


def _fill_general(general: etree._Element, metadata: TileMetadata) -> None:
    if metadata.l1c_identifier is not None:
        add(general, "L1C_TILE_ID", metadata.l1c_identifier, metadataLevel="Brief")
    add(general, "TILE_ID", metadata.identifier, metadataLevel="Brief")
    add(general, "DATASTRIP_ID", metadata.datastrip_identifier, metadataLevel="Standard")
    add(general, "DOWNLINK_PRIORITY", metadata.downlink_priority, metadataLevel="Standard")
    add(general, "SENSING_TIME", metadata.sensing_time, metadataLevel="Standard")
    archiving = add(general, "Archiving_Info", metadataLevel="Expertise")
    add(archiving, "ARCHIVING_CENTRE", metadata.archiving_centre)
    add(archiving, "ARCHIVING_TIME", metadata.archiving_time)


def _add_geocoding(geometry: etree._Element, grid: Grid, coordinate_system: str) -> None:
    geocoding = add(geometry, "Tile_Geocoding", metadataLevel="Brief")
    add(geocoding, "HORIZONTAL_CS_NAME", coordinate_system)
    add(geocoding, "HORIZONTAL_CS_CODE", f"EPSG:{grid.epsg}")
    grids = [grid.at(resolution) for resolution in RESOLUTIONS]
    for one in grids:
        size = add(geocoding, "Size", resolution=one.resolution)
        add(size, "NROWS", one.rows)
        add(size, "NCOLS", one.columns)
    for one in grids:
        position = add(geocoding, "Geoposition", resolution=one.resolution)
        add(position, "ULX", one.upper_left_x)
        add(position, "ULY", one.upper_left_y)
        add(position, "XDIM", one.resolution)
        add(position, "YDIM", -one.resolution)


def _add_angles(geometry: etree._Element, angles: TileAngles) -> None:
    element = add(geometry, "Tile_Angles", metadataLevel="Standard")
    _fill_angle_grid(add(element, "Sun_Angles_Grid"), angles.sun)
    _fill_direction(add(element, "Mean_Sun_Angle"), angles.mean_sun)
    for (band, detector), grid in angles.viewing.items():
        viewing = add(
            element, "Viewing_Incidence_Angles_Grids", bandId=BY_NAME[band].identifier, detectorId=detector
        )
        _fill_angle_grid(viewing, grid)
    means = add(element, "Mean_Viewing_Incidence_Angle_List")
    for band, direction in angles.mean_viewing.items():
        _fill_direction(
            add(means, "Mean_Viewing_Incidence_Angle", bandId=BY_NAME[band].identifier), direction
        )


def _fill_angle_grid(element: etree._Element, grid: AngleGrid) -> None:
    _add_values(element, "Zenith", grid.zenith, grid)
    _add_values(element, "Azimuth", grid.azimuth, grid)


def _add_values(parent: etree._Element, name: str, values: npt.NDArray[np.float64], grid: AngleGrid) -> None:
    element = add(parent, name)
    add(element, "COL_STEP", grid.column_step, unit="m")
    add(element, "ROW_STEP", grid.row_step, unit="m")
    add_all(add(element, "Values_List"), "VALUES", grid_rows(values))


def _fill_direction(element: etree._Element, direction: Direction) -> None:
    add(element, "ZENITH_ANGLE", direction.zenith, unit="deg")
    add(element, "AZIMUTH_ANGLE", direction.azimuth, unit="deg")


def _fill_quality(element: etree._Element, metadata: TileMetadata) -> None:
    quality = metadata.quality
    content = add(element, "Image_Content_QI")
    if quality.content is None:
        add(content, "CLOUDY_PIXEL_PERCENTAGE", quality.cloudy)
        add(content, "DEGRADED_MSI_DATA_PERCENTAGE", quality.degraded_msi)
        if quality.snow is not None:
            add(content, "SNOW_PIXEL_PERCENTAGE", quality.snow)
    else:
        add_six_decimals(content, "CLOUDY_PIXEL_PERCENTAGE", quality.cloudy)
        add_six_decimals(content, "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE", quality.content.cloudy_over_land)
        add_six_decimals(content, "DEGRADED_MSI_DATA_PERCENTAGE", quality.degraded_msi)
        fill_image_content(content, quality.content, metadata.psd_version)
    masks = add(element, "Pixel_Level_QI", geometry="FULL_RESOLUTION")
    for mask in quality.masks:
        attributes: dict[str, Text] = {"type": mask.kind}
        if mask.band is not None:
            attributes["bandId"] = BY_NAME[mask.band].identifier
        if mask.detector is not None:
            attributes["detectorId"] = mask.detector
        add(masks, "MASK_FILENAME", mask.path, **attributes)
    add(element, "PVI_FILENAME", quality.preview)
