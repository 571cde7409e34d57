"""Step `class_maps`: maps of water, land cover and snow that know the ground beforehand, and defect masks.

Every map is optional and any raster that GDAL reads; it is resampled (nearest) to the pixels of 20 m. Without
a map the rules that need it are skipped, and snow is possible everywhere. The layers come empty where there
is no map, so that later steps see none. The quality masks of the bands come as one layer: what is asked of
them is whether any band is defective, and all of them at once would hold 670 MB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from osgeo import gdal
from pydantic import Field, field_validator

from ipf.engine import Context, Findings, SourceStep, StepParameters, provides
from ipf.errors import AuxiliaryError
from ipf.kernels import pixels
from ipf.product.bands import BAND_NAMES
from ipf.product.images import EXTENSIONS
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.raster import Grid, Raster, Window
from ipf.product.reader import SafeProduct

RESOLUTION = 20
OUTSIDE = 255
"""Value of pixels that a map does not cover: ESA CCI's "no data" of the snow condition."""
Rasters = Mapping[str, Raster]
Bytes = npt.NDArray[np.uint8]


class ClassMapsParameters(StepParameters):
    """Paths of the maps; none where there is no map."""

    water_bodies: Path | None = Field(
        default=None, description="water bodies, value 2 for water (ESA CCI water bodies 150 m)"
    )
    land_cover: Path | None = Field(
        default=None, description="land cover, 190 urban, 200-202 bare, 210 water (ESA CCI land cover 300 m)"
    )
    snow_condition: Path | None = Field(
        default=None, description="snow occurrence in percent, 254 for water (ESA CCI snow condition 500 m)"
    )
    snow_climatology: Path | None = Field(
        default=None, description="snow climatology, not 0 where snow may lie (Sen2Cor's global snow map)"
    )
    defect_bands: tuple[str, ...] = Field(
        default=BAND_NAMES,
        max_length=len(BAND_NAMES),
        description="bands, separated by commas, whose quality masks of Level-1C make a pixel saturated or "
        "defective; empty for none",
    )

    @field_validator("defect_bands", mode="before")
    @classmethod
    def names_of_bands(cls, value: object) -> object:
        """Take text as a job order gives it, and refuse what is no band."""
        bands = tuple(value.replace(",", " ").split()) if isinstance(value, str) else value
        if isinstance(bands, tuple | list):
            unknown = [band for band in bands if band not in BAND_NAMES]
            if unknown:
                raise ValueError(f"{unknown[0]} is no band, expected some of {', '.join(BAND_NAMES)}")
        return bands


@dataclass(frozen=True)
class ClassMapsUsed:
    """File names of the maps that are used, None for none, and whether the climatology allows snow."""

    water_bodies: str | None = None
    land_cover: str | None = None
    snow_condition: str | None = None
    snow_climatology: str | None = None
    snow_possible: bool = True


@dataclass(frozen=True)
class Inputs:
    """The product: where the tile lies, and its quality masks."""

    l1c_product: SafeProduct


@dataclass(frozen=True)
class Outputs:
    """The maps on the tile at 20 m, quality flags of the chosen bands together, and what was used."""

    water_bodies: Annotated[Rasters, provides()]
    land_cover: Annotated[Rasters, provides()]
    snow_condition: Annotated[Rasters, provides()]
    defects: Annotated[Rasters, provides()]
    class_maps_used: ClassMapsUsed


def open_maps(inputs: Inputs, parameters: ClassMapsParameters, context: Context) -> Outputs:
    """Open the maps; raises `AuxiliaryError` naming the file that is missing or no raster."""
    product = inputs.l1c_product
    grid = product.grid.at(RESOLUTION)
    climatology = parameters.snow_climatology
    return Outputs(
        _layer("water_bodies", parameters.water_bodies, product),
        _layer("land_cover", parameters.land_cover, product),
        _layer("snow_condition", parameters.snow_condition, product),
        _defects(product, parameters.defect_bands),
        ClassMapsUsed(
            water_bodies=_name(parameters.water_bodies),
            land_cover=_name(parameters.land_cover),
            snow_condition=_name(parameters.snow_condition),
            snow_climatology=_name(climatology),
            snow_possible=climatology is None or bool((warped(climatology, grid, 0) > 0).any()),
        ),
    )


def _name(path: Path | None) -> str | None:
    return None if path is None else path.name


def _layer(name: str, path: Path | None, product: SafeProduct) -> dict[str, Raster]:
    """The map as a lazy raster without bands; empty where there is none."""
    if path is None:
        return {}
    _open(path)
    grid, key = product.grid.at(RESOLUTION), f"{path}:{name}"

    def read(window: Window) -> Bytes:
        return product.store.counts(key, lambda _threads: warped(path, grid, OUTSIDE))[window.slices]

    release = partial(product.store.release, key)
    return {"": Raster(name, grid, np.dtype(np.uint8), "class", read, source=str(path), on_release=release)}


def _defects(product: SafeProduct, bands: tuple[str, ...]) -> dict[str, Raster]:
    """Quality flags that any of the chosen bands has, on pixels of 20 m; empty where there is no mask."""
    masks = [product.masks[f"quality/{band}"] for band in bands if f"quality/{band}" in product.masks]
    if not masks:
        return {}
    grid, key = product.grid.at(RESOLUTION), f"{masks[0].source}:defects"

    def read(window: Window) -> Bytes:
        return product.store.counts(key, lambda _threads: united(masks, grid))[window.slices]

    release = partial(product.store.release, key)
    sources = ", ".join(mask.source for mask in masks)
    raster = Raster("defects", grid, np.dtype(np.uint8), "flags", read, source=sources, on_release=release)
    return {"": replace(raster, flags=QUALITY_FLAGS)}


def united(masks: Iterable[Raster], grid: Grid) -> Bytes:
    """Flags that any of the masks has, on coarser or finer pixels of the same area; uint8, read-only.

    One mask is held at a time. Masks in image form whose files are the same, as those of bands without
    defects are, are decoded once. Raises ProductError naming a file that cannot be decoded.
    """
    flags = np.zeros(grid.shape, np.uint8)
    for mask in {_content(mask): mask for mask in masks}.values():
        own, native = mask.read_all(), mask.grid.resolution
        if native < grid.resolution:
            own = pixels.combine_flags(own, grid.resolution // native)
        elif native > grid.resolution:
            own = pixels.repeat(own, native // grid.resolution)
        flags |= own
        mask.release()
    flags.flags.writeable = False
    return flags


def _content(mask: Raster) -> tuple[str | bytes, int]:
    """What tells masks apart: the content of an image file and its pixels' size; else the layer's name."""
    path, resolution = Path(mask.source), mask.grid.resolution
    try:
        # A vector mask is several files.
        content = path.read_bytes() if path.suffix in EXTENSIONS else b""
    except OSError:  # reading the mask tells it better
        content = b""
    return (hashlib.blake2b(content).digest() if content else mask.layer), resolution


def _open(path: Path) -> gdal.Dataset:
    try:
        dataset = gdal.Open(str(path))
    except RuntimeError:
        dataset = None
    if dataset is None:
        raise AuxiliaryError(f"{path}: expected a raster map that GDAL reads: {gdal.GetLastErrorMsg()}")
    return dataset


def warped(path: Path, grid: Grid, outside: int) -> Bytes:
    """The map on a grid, nearest neighbour, `outside` where it does not reach; uint8.

    Raises `AuxiliaryError` naming the file that cannot be read.
    """
    left, top = grid.upper_left_x, grid.upper_left_y
    options = gdal.WarpOptions(
        format="MEM",
        dstSRS=f"EPSG:{grid.epsg}",
        outputBounds=(left, top - grid.rows * grid.resolution, left + grid.columns * grid.resolution, top),
        xRes=grid.resolution,
        yRes=grid.resolution,
        resampleAlg="near",
        outputType=gdal.GDT_Byte,
        dstNodata=outside,
    )
    try:
        made = gdal.Warp("", _open(path), options=options)
        values = None if made is None else made.GetRasterBand(1).ReadAsArray()
    except RuntimeError:
        values = None
    if values is None:
        raise AuxiliaryError(f"{path}: cannot be resampled to the tile: {gdal.GetLastErrorMsg()}")
    return np.asarray(values, np.uint8)


def name_maps(known: Mapping[str, Any], parameters: ClassMapsParameters, context: Context) -> Findings:
    """Name the maps that are used."""
    paths = (
        parameters.water_bodies,
        parameters.land_cover,
        parameters.snow_condition,
        parameters.snow_climatology,
    )
    return Findings(auxiliary=tuple(path for path in paths if path is not None))


class_maps = SourceStep(
    name="class_maps",
    summary="optional maps of water bodies, land cover and snow, and defect masks of Level-1C",
    run=open_maps,
    check=name_maps,
)
