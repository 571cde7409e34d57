"""Tile metadata, from XML (MTD_TL.xml) to the model."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ipf.product.angles import AngleGrid, Direction, FloatArray, TileAngles
from ipf.product.bands import RESOLUTIONS
from ipf.product.metadata import Level, MaskFile, TileMetadata, TileQuality
from ipf.product.metadata_sections import level_of, psd_version, read_image_content
from ipf.product.raster import Grid
from ipf.product.xml_nodes import Node

ROOTS = ("Level-1C_Tile_ID", "Level-2A_Tile_ID")

MAXIMUM_SIDE = 10980
"""Rows and columns of a whole tile at 10 m (109.8 km); smaller tiles are accepted."""

_EPSG = re.compile(r"(?:urn:ogc:def:crs:)?EPSG:{1,2}(\d{4,5})", re.ASCII)


def read_tile_metadata(path: Path) -> TileMetadata:
    """Read the metadata of a Level-1C or Level-2A tile, baselines 02.04 to 05.11.

    Raises ProductError naming file, line and element.
    """
    root = Node.of_document(path, ROOTS)
    level = level_of(root)
    info = root.child("General_Info")
    geometry = root.child("Geometric_Info")
    grid = _read_grid(geometry.child("Tile_Geocoding"))
    return TileMetadata(
        level=level,
        psd_version=psd_version(root),
        identifier=info.text("TILE_ID"),
        datastrip_identifier=info.text("DATASTRIP_ID"),
        l1c_identifier=info.optional_text("L1C_TILE_ID"),
        downlink_priority=info.text("DOWNLINK_PRIORITY"),
        sensing_time=info.time("SENSING_TIME"),
        archiving_centre=info.text("Archiving_Info/ARCHIVING_CENTRE"),
        archiving_time=info.time("Archiving_Info/ARCHIVING_TIME"),
        coordinate_system=geometry.text("Tile_Geocoding/HORIZONTAL_CS_NAME"),
        grid=grid,
        angles=_read_angles(geometry.child("Tile_Angles"), grid),
        quality=_read_quality(root.child("Quality_Indicators_Info"), level),
    )


def _read_grid(node: Node) -> Grid:
    """The 10 m grid, after checking that those of 20 and 60 m cover the same area."""
    code = node.text("HORIZONTAL_CS_CODE")
    match = _EPSG.fullmatch(code)
    if match is None:
        raise node.child("HORIZONTAL_CS_CODE").error(f"HORIZONTAL_CS_CODE is '{code}', expected EPSG:nnnnn")
    sizes = {size.attribute_integer("resolution"): size for size in node.all("Size")}
    positions = {place.attribute_integer("resolution"): place for place in node.all("Geoposition")}
    grids = {}
    for resolution in RESOLUTIONS:
        if resolution not in sizes or resolution not in positions:
            raise node.error(f"Tile_Geocoding has no Size or Geoposition for {resolution} m")
        size, position = sizes[resolution], positions[resolution]
        if (position.number("XDIM"), position.number("YDIM")) != (resolution, -resolution):
            raise position.error(f"XDIM and YDIM are not {resolution} and -{resolution}")
        grids[resolution] = Grid(
            epsg=int(match[1]),
            upper_left_x=position.number("ULX"),
            upper_left_y=position.number("ULY"),
            resolution=resolution,
            rows=size.integer("NROWS"),
            columns=size.integer("NCOLS"),
        )
    finest = grids[RESOLUTIONS[0]]
    if not (0 < finest.rows <= MAXIMUM_SIDE and 0 < finest.columns <= MAXIMUM_SIDE):
        raise node.error(
            f"Tile_Geocoding: NROWS and NCOLS are {finest.rows} and {finest.columns}, expected 1 to"
            f" {MAXIMUM_SIDE}"
        )
    for resolution, grid in grids.items():
        if finest.rows * finest.resolution % resolution or grid != finest.at(resolution):
            raise node.error(f"Tile_Geocoding: the {resolution} m grid does not cover that of 10 m")
    return finest


def _read_angles(node: Node, grid: Grid) -> TileAngles:
    viewing: dict[tuple[str, int], AngleGrid] = {}
    for item in node.all("Viewing_Incidence_Angles_Grids"):
        key = (item.attribute_band("bandId"), item.attribute_integer("detectorId"))
        if key in viewing:
            raise item.error(f"Viewing_Incidence_Angles_Grids is given twice for band {key[0]}, {key[1]}")
        viewing[key] = _read_angle_grid(item, grid)
    mean_viewing = {
        item.attribute_band("bandId"): _read_direction(item)
        for item in node.all("Mean_Viewing_Incidence_Angle_List/Mean_Viewing_Incidence_Angle")
    }
    sun_node = node.child("Sun_Angles_Grid")
    sun = _read_angle_grid(sun_node, grid)
    if np.isnan(sun.zenith + sun.azimuth).all():
        raise sun_node.error("Sun_Angles_Grid: no node has a zenith and an azimuth")
    return TileAngles(
        sun=sun,
        mean_sun=_read_direction(node.child("Mean_Sun_Angle")),
        viewing=viewing,
        mean_viewing=mean_viewing,
    )


def _read_direction(node: Node) -> Direction:
    return Direction(node.number("ZENITH_ANGLE"), node.number("AZIMUTH_ANGLE"))


def _read_angle_grid(node: Node, grid: Grid) -> AngleGrid:
    zenith, azimuth = node.child("Zenith"), node.child("Azimuth")
    values = _read_values(zenith), _read_values(azimuth)
    if values[0].shape != values[1].shape:
        raise node.error(f"{node.name}: zenith of shape {values[0].shape}, azimuth {values[1].shape}")
    steps = zenith.number("ROW_STEP"), zenith.number("COL_STEP")
    extents = grid.rows * grid.resolution, grid.columns * grid.resolution
    for nodes, step, extent in zip(values[0].shape, steps, extents, strict=True):
        if step <= 0 or (nodes - 1) * step < extent:
            raise node.error(f"{node.name}: {nodes} nodes of {step:g} m do not cover {extent} m")
    if (azimuth.number("ROW_STEP"), azimuth.number("COL_STEP")) != steps:
        raise node.error(f"{node.name}: zenith and azimuth have different steps")
    return AngleGrid(*values, row_step=steps[0], column_step=steps[1])


def _read_values(node: Node) -> FloatArray:
    rows = [row.numbers(allow_nan=True) for row in node.all("Values_List/VALUES")]
    if len({row.size for row in rows}) != 1:
        raise node.error(f"{node.name}: VALUES are {len(rows)} rows of different or no lengths")
    return np.stack(rows)


def _read_quality(node: Node, level: Level) -> TileQuality:
    content = node.child("Image_Content_QI")
    return TileQuality(
        cloudy=content.number("CLOUDY_PIXEL_PERCENTAGE"),
        degraded_msi=content.number("DEGRADED_MSI_DATA_PERCENTAGE"),
        snow=content.optional_number("SNOW_PIXEL_PERCENTAGE"),
        content=read_image_content(content) if level == "L2A" else None,
        masks=tuple(_read_mask(mask) for mask in node.all("Pixel_Level_QI/MASK_FILENAME")),
        preview=node.text("PVI_FILENAME"),
    )


def _read_mask(node: Node) -> MaskFile:
    band, detector = node.optional_attribute("bandId"), node.optional_attribute("detectorId")
    return MaskFile(
        path=node.text(),
        kind=node.attribute("type"),
        band=None if band is None else node.attribute_band("bandId"),
        detector=None if detector is None else node.attribute_integer("detectorId"),
    )
