"""Small tiles as the tasks before formatting leave them, with the datastrip that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.geometric.tile_list import TileList, write_tile_list

from ipf.atomic import write_bytes
from ipf.geometry.tiles import tile_of_name
from ipf.product.acquisition import Acquisition, l1c_documents
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.geotiff import write_geotiff
from ipf.product.l1b_writer import write_l1b_datastrip
from ipf.product.metadata import TileMetadata
from ipf.product.names import TileName
from ipf.product.raster import Grid, raster_of_array
from ipf.product.tile_writer import tile_xml
from ipf.product.utc import UtcTime
from tests.product.products import AUXILIARY, angles, counts, masks
from tests.product.test_l1b_product import START, datastrip

TILES = ("28SCB", "28SCC")
SIDE = 186
CREATION = "2024-09-01T10:20:30Z"
SENSED = UtcTime.parse("2020-08-16T12:02:31.123456Z")


@dataclass(frozen=True)
class MadeTile:
    """A tile as it was made: its metadata and arrays, to hold what comes of them to."""

    metadata: TileMetadata
    counts: Mapping[str, npt.NDArray[np.uint16]]
    footprints: Mapping[str, npt.NDArray[np.uint8]]
    quality: Mapping[str, npt.NDArray[np.uint8]]
    clouds: npt.NDArray[np.uint8]


def grid_of_tile(name: str) -> Grid:
    """The upper left corner of a tile, 1.86 km wide."""
    tile = tile_of_name(name)
    return Grid(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), 10, SIDE, SIDE)


def tile_metadata(name: str, baseline: str) -> TileMetadata:
    """Metadata of a tile as they are before it is finished."""
    acquisition = Acquisition(
        satellite="S2A",
        tile=name,
        grid=grid_of_tile(name),
        sensing_time=SENSED,
        angles=angles(),
        absolute_orbit=26904,
        relative_orbit=23,
        creation=UtcTime.parse("2024-08-31T00:00:00Z"),
        baseline=baseline,
        centre="MPC_",
        datatake_start=START,
        datastrip_start=START,
    )
    tile = l1c_documents(acquisition).tile
    return replace(tile, quality=replace(tile.quality, preview=f"QI_DATA/T{name}_{START.compact}_PVI.jp2"))


def make_tile(folder: Path, name: str = TILES[0], baseline: str = "05.00") -> MadeTile:
    """Write into `folder` what all tasks up to the cloud mask make of a tile."""
    metadata = tile_metadata(name, baseline)
    place, bands = folder / metadata.identifier, counts(metadata.grid)
    made = masks(bands)
    quality = {band: made.quality.get(band, np.zeros_like(made.footprints[band])) for band in BAND_NAMES}
    assert made.clouds is not None
    tile = MadeTile(metadata, bands, made.footprints, quality, made.clouds)
    document = metadata.identifier.replace("_MSI_", "_MTD_").rpartition("_N")[0] + ".xml"
    write_bytes(place / document, tile_xml(metadata))
    write_tile_images(place, tile)
    for kind, content in AUXILIARY.items():
        write_bytes(place / "AUX_DATA" / kind, content)
    return tile


def write_tile_images(folder: Path, tile: MadeTile) -> None:
    """Write all images and masks of a tile, cut to the size that its metadata tell."""
    name = TileName.parse(tile.metadata.identifier).tile
    for band in BAND_NAMES:
        images = {
            f"IMG_DATA/T{name}_{START.compact}_{band}.tif": tile.counts[band],
            f"QI_DATA/MSK_DETFOO_{band}.tif": tile.footprints[band],
            f"QI_DATA/MSK_QUALIT_{band}.tif": tile.quality[band],
        }
        for path, values in images.items():
            write_counts(folder / path, tile.metadata, band, values)
    write_counts(folder / "QI_DATA" / "MSK_CLASSI_B00.tif", tile.metadata, "B01", tile.clouds)


def write_counts(path: Path, metadata: TileMetadata, band: str, values: npt.NDArray[np.generic]) -> None:
    """Write an image of a band as tasks leave it."""
    grid = metadata.grid.at(BY_NAME[band].resolution)
    inside = values[: grid.rows, : grid.columns]
    write_geotiff(raster_of_array(path.stem, grid, inside, ""), path, compress=False)


def make_datastrip(folder: Path, **changes: object) -> Path:
    """Write a Level-1B datastrip; its folder."""
    return write_l1b_datastrip(folder, replace(datastrip(), **changes))  # type: ignore[arg-type]


def make_list(path: Path, names: Sequence[str] = TILES[:1]) -> Path:
    """Write the list of tiles."""
    write_tile_list(path, TileList(str(datastrip().name), tuple(map(tile_of_name, names))))
    return path
