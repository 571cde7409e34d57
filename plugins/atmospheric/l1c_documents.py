"""Metadata of the Level-1C product that a Level-2A product is derived from, complete and with compact names.

Products before December 2016 have long names, and a tile that comes with its datastrip alone has no product
metadata; the Level-2A product needs both.
"""

from __future__ import annotations

from dataclasses import replace

import pyproj

from ipf.product.documents import Documents
from ipf.product.metadata import (
    NODATA,
    SATURATED,
    DatastripMetadata,
    GranuleReference,
    ProductMetadata,
    ProductQuality,
    TileMetadata,
)
from ipf.product.names import ProductName, TileName
from ipf.product.raster import Grid
from ipf.product.reader import SafeProduct


def l1c_documents(product: SafeProduct, datastrip: DatastripMetadata) -> Documents:
    """Product, datastrip and tile metadata of an opened product."""
    tile = product.tile
    metadata = product.metadata or _of_tile(product, datastrip)
    return Documents(replace(metadata, uri=compact_uri(metadata, tile)), datastrip, tile)


def compact_uri(metadata: ProductMetadata, tile: TileMetadata) -> str:
    """Name of the product's folder, in compact form."""
    try:
        return ProductName.parse(metadata.uri).folder
    except ValueError:
        name = TileName.parse(tile.identifier)
    datatake = metadata.datatake
    return ProductName(
        datatake.satellite,
        "L1C",
        datatake.sensing_start.compact,
        metadata.baseline,
        datatake.relative_orbit,
        name.tile,
        name.creation,
    ).folder


def _of_tile(product: SafeProduct, datastrip: DatastripMetadata) -> ProductMetadata:
    """Product metadata as far as a tile and its datastrip tell."""
    tile = product.tile
    start = datastrip.datatake.sensing_start
    return ProductMetadata(
        level="L1C",
        psd_version=tile.psd_version,
        uri="",
        start_time=start,
        stop_time=start,
        product_type="S2MSI1C",
        baseline=datastrip.baseline,
        doi=datastrip.doi,
        generation_time=datastrip.processing_time,
        datatake=datastrip.datatake,
        granules=(GranuleReference(tile.identifier, tile.datastrip_identifier, ()),),
        special_values={NODATA: product.nodata, SATURATED: product.saturated},
        radiometry=datastrip.radiometry,
        physical_gains={},
        reference_band=None,
        scene_classes={},
        footprint=grid_footprint(tile.grid),
        auxiliary=datastrip.auxiliary,
        quality=ProductQuality(
            tile.quality.cloudy,
            tile.quality.snow,
            datastrip.degraded_ancillary,
            tile.quality.degraded_msi,
            {},
        ),
    )


def grid_footprint(grid: Grid) -> tuple[tuple[float, float], ...]:
    """Closed ring of the corners of a grid, latitude and longitude in degrees."""
    left, top = grid.upper_left_x, grid.upper_left_y
    right, bottom = left + grid.columns * grid.resolution, top - grid.rows * grid.resolution
    to_geographic = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    ring = []
    for corner in [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]:
        longitude, latitude = to_geographic.transform(*corner)
        ring.append((float(latitude), float(longitude)))
    return tuple(ring)
