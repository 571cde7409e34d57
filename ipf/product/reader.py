"""Level-1C and Level-2A products as lazy rasters.

Opening reads the product's and the tile's metadata; a band or a mask is decoded when it is first read, and
kept in the product's `BandStore` until released. The datastrip's metadata are read only on request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyproj

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.angles import FloatArray
from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.images import BandStore
from ipf.product.metadata import (
    DatastripMetadata,
    Level,
    ProductMetadata,
    Radiometry,
    TileMetadata,
)
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.names import baseline_in_name
from ipf.product.raster import Grid, Raster
from ipf.product.tile_rasters import TileRasters
from ipf.product.tile_reader import read_tile_metadata

NODATA_COUNT, SATURATED_COUNT = 0, 65535
"""Special values of every Level-1C and Level-2A image (PSD 14.8, Special_Values)."""


@dataclass(frozen=True, slots=True)
class SafeProduct:
    """One tile of a Level-1C or Level-2A product.

    `bands` are ``toa_reflectance/B02`` or ``boa_reflectance/B02``, and for Level-2A
    ``aerosol_optical_thickness``, ``water_vapour`` and ``scene_classification``; `masks` are
    ``detector_footprint/B02``, ``quality/B02``, ``cloud_classification``, ``cloud_probability`` and
    ``snow_probability``. A layer that is not at its native resolution ends in ``_10m``, ``_20m`` or ``_60m``.
    `images` holds every image listed by content and resolution (``("TCI", 10)``). `auxiliary_files` maps
    ``AUX_ECMWFT`` and ``AUX_CAMSFO`` to the embedded GRIB files. `metadata` is None for a tile that comes
    without a product.
    """

    level: Level
    tile: TileMetadata
    metadata: ProductMetadata | None
    radiometry: Radiometry
    tile_folder: Path
    datastrip_folder: Path
    bands: Mapping[str, Raster]
    masks: Mapping[str, Raster]
    images: Mapping[layout.ImageKey, Path]
    auxiliary_files: Mapping[str, Path]
    store: BandStore = field(repr=False)
    nodata: int = NODATA_COUNT
    saturated: int = SATURATED_COUNT

    @property
    def grid(self) -> Grid:
        """The 10 m grid."""
        return self.tile.grid

    def read_datastrip(self) -> DatastripMetadata:
        """Read the datastrip's metadata (up to a second: the document has some 10 MB).

        Raises ProductError naming the file when it is missing, a stand-in or malformed, or contradicts the
        product's metadata on how counts become reflectance.
        """
        document = layout.datastrip_document(self.datastrip_folder)
        datastrip = read_datastrip_metadata(document)
        if self.metadata is not None and datastrip.baseline != self.metadata.baseline:
            raise ProductError(
                f"{document}: PROCESSING_BASELINE is {datastrip.baseline}, expected"
                f" {self.metadata.baseline} as in the product metadata"
            )
        if datastrip.radiometry.offsets != self.radiometry.offsets:
            raise ProductError(f"{document}: offsets of the bands are not those of the product metadata")
        return datastrip

    def node_coordinates(self) -> tuple[FloatArray, FloatArray]:
        """Latitude and longitude (degrees, WGS 84) of the nodes of the angle grids."""
        sun = self.tile.angles.sun
        rows, columns = sun.zenith.shape
        northing = self.grid.upper_left_y - np.arange(rows) * sun.row_step
        easting = self.grid.upper_left_x + np.arange(columns) * sun.column_step
        to_geographic = pyproj.Transformer.from_crs(self.grid.epsg, 4326, always_xy=True)
        longitude, latitude = to_geographic.transform(*np.meshgrid(easting, northing))
        return np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)


def open_product(path: Path, tile: str | None = None, store: BandStore | None = None) -> SafeProduct:
    """Open a Level-1C or Level-2A product: its folder, or its metadata document.

    Products of baselines 02.04 to 05.11, compact and long-named. `tile` (``32TQR``, or a granule
    identifier) chooses one of several tiles of a long-named product. `store` holds decoded images; a new one
    with one thread when not given. Raises ProductError naming file and element when the product or tile
    metadata cannot be used; an image or a mask that is missing, cut or a stand-in raises when it is read.
    """
    document = layout.product_document(path)
    root = document.parent
    metadata = read_product_metadata(document)
    granule = layout.choose_granule(metadata, document, tile)
    names = {
        "PRODUCT_URI": metadata.uri,
        "datastripIdentifier": granule.datastrip_identifier,
        "granuleIdentifier": granule.granule_identifier,
    }
    _check_baseline(metadata.baseline, names, document)
    folder = layout.tile_folder(root, granule, document)
    tile_document = layout.tile_document(folder)
    tile_metadata = read_tile_metadata(tile_document)
    if (tile_metadata.level, tile_metadata.identifier) != (metadata.level, granule.granule_identifier):
        raise ProductError(
            f"{tile_document}: tile {tile_metadata.identifier}, expected {granule.granule_identifier} as in"
            f" {document.name}"
        )
    return _assemble(
        tile_metadata,
        metadata,
        metadata.radiometry,
        folder,
        layout.datastrip_folder(root, granule.datastrip_identifier, document),
        layout.product_images(root, folder, granule, document),
        tile_document,
        store or BandStore(),
    )


def open_tile(tile_folder: Path, datastrip_folder: Path, store: BandStore | None = None) -> SafeProduct:
    """Open a tile and its datastrip as a ground segment hands them over, each in a folder of its own.

    The radiometry comes from the datastrip's metadata. Raises ProductError as `open_product` does, and when
    the datastrip is not the tile's.
    """
    document = layout.tile_document(tile_folder)
    tile_metadata = read_tile_metadata(document)
    datastrip_document = layout.datastrip_document(datastrip_folder)
    datastrip = read_datastrip_metadata(datastrip_document)
    if datastrip.level != tile_metadata.level or tile_metadata.identifier not in datastrip.tiles:
        raise ProductError(f"{datastrip_document}: Tile_List lacks {tile_metadata.identifier} of {document}")
    names = {
        "DATASTRIP_ID of the tile": tile_metadata.datastrip_identifier,
        "tileId": tile_metadata.identifier,
    }
    _check_baseline(datastrip.baseline, names, datastrip_document)
    return _assemble(
        tile_metadata,
        None,
        datastrip.radiometry,
        tile_folder,
        datastrip_folder,
        layout.tile_images(tile_folder),
        document,
        store or BandStore(),
    )


def _check_baseline(baseline: str, names: Mapping[str, str], document: Path) -> None:
    """Refuse a PROCESSING_BASELINE that is not the one in the names beside it, by the element of each.

    The baseline decides whether counts have offsets; a wrong one would change every reflectance in silence.
    Names before December 2016 may tell none.
    """
    for element, name in names.items():
        if baseline_in_name(name) not in (None, baseline):
            raise ProductError(f"{document}: PROCESSING_BASELINE is {baseline}, but {element} is {name}")


def _assemble(
    tile: TileMetadata,
    metadata: ProductMetadata | None,
    radiometry: Radiometry,
    folder: Path,
    datastrip_folder: Path,
    images: Mapping[layout.ImageKey, Path],
    document: Path,
    store: BandStore,
) -> SafeProduct:
    nodata = NODATA_COUNT if metadata is None else metadata.nodata
    maker = TileRasters(tile, radiometry, nodata, folder, store)
    bands = [maker.band(content, resolution, path) for (content, resolution), path in images.items()]
    return SafeProduct(
        level=tile.level,
        tile=tile,
        metadata=metadata,
        radiometry=radiometry,
        tile_folder=folder,
        datastrip_folder=datastrip_folder,
        bands={raster.layer: raster for raster in bands if raster is not None},
        masks={raster.layer: raster for raster in maker.masks(document)},
        images=images,
        auxiliary_files=layout.auxiliary_files(folder),
        store=store,
        nodata=nodata,
        saturated=SATURATED_COUNT if metadata is None else metadata.saturated,
    )
