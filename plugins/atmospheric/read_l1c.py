"""Step `read_l1c`: opens the Level-1C product, or the tile and its datastrip, without reading a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from ipf.engine import Context, Findings, NoParameters, SourceStep, TaskRequest, provides
from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.images import EXTENSIONS, check_image
from ipf.product.metadata import DatastripMetadata
from ipf.product.raster import Raster
from ipf.product.reader import SafeProduct, open_product, open_tile

PRODUCT_TYPES = ("L1C", "S2MSI1C", "MSI_L1C")
TILE_TYPE, DATASTRIP_TYPE = "MSI_L1C_TL", "MSI_L1C_DS"
LEVEL = "L1C"

Rasters = Mapping[str, Raster]


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the product."""


@dataclass(frozen=True)
class Outputs:
    """The product, its datastrip's metadata, and its bands and masks as lazy rasters.

    Masks are keyed by band; the cloud mask has no band.
    """

    l1c_product: SafeProduct
    l1c_datastrip: DatastripMetadata
    toa_reflectance: Annotated[Rasters, provides()]
    detector_footprint: Annotated[Rasters, provides()]
    quality: Annotated[Rasters, provides()]
    cloud_classification: Annotated[Rasters, provides()]


def read(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Open what the job order names; raises `ProductError` naming the file that cannot be used."""
    product = open_input(context.request)
    if product.level != LEVEL:
        raise ProductError(f"{product.tile_folder}: a {product.level} tile, expected {LEVEL}")
    bands = _of_quantity(product.bands, "toa_reflectance")
    missing = [name for name in BAND_NAMES if name not in bands]
    if missing:
        raise ProductError(f"{product.tile_folder}: no image of band {missing[0]}")
    return Outputs(
        product,
        product.read_datastrip(),
        bands,
        _of_quantity(product.masks, "detector_footprint"),
        _of_quantity(product.masks, "quality"),
        _of_quantity(product.masks, "cloud_classification"),
    )


def open_input(request: TaskRequest) -> SafeProduct:
    """Open the input of a task: a product, a folder that holds one, or a tile with its datastrip."""
    tile = request.find_input(TILE_TYPE)
    if tile is None:
        return open_product(_only(request.input_path(*PRODUCT_TYPES), "*.SAFE"))
    datastrip = request.input_path(DATASTRIP_TYPE)
    return open_tile(_only(tile, "*L1C_*"), _only(datastrip, "*DS_*"))


def _only(path: Path, pattern: str) -> Path:
    """`path` when it has metadata, else the one folder of the pattern in it.

    Raises `ProductError` when there are several.
    """
    if not path.is_dir() or any(path.glob("*MTD*.xml")):
        return path
    inside = [entry for entry in sorted(path.glob(pattern)) if entry.is_dir()]
    if len(inside) > 1:
        names = ", ".join(entry.name for entry in inside)
        raise ProductError(f"{path}: holds {len(inside)} folders, expected one: {names}")
    return inside[0] if inside else path


def _of_quantity(rasters: Rasters, quantity: str) -> dict[str, Raster]:
    """The rasters of one quantity by band, "" for one without bands."""
    found = {}
    for layer, raster in rasters.items():
        name, _, band = layer.partition("/")
        if name == quantity:
            found[band] = raster
    return found


def refuse_bad_files(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Refuse images and masks that are missing, empty, cut or of another tile, without decoding them.

    Raises `ProductError` naming the first one.
    """
    product: SafeProduct = known["l1c_product"]
    for layer, raster in (*product.bands.items(), *product.masks.items()):
        path = Path(raster.source)
        try:
            size = path.stat().st_size
        except OSError as problem:
            raise ProductError(f"{path}: {layer}: {problem.strerror or problem}") from problem
        if size <= 1:
            raise ProductError(f"{path}: {layer}: empty stand-in of {size} bytes, expected an image")
    for raster in (*product.bands.values(), *product.masks.values()):
        if Path(raster.source).suffix in EXTENSIONS:
            check_image(Path(raster.source), raster.grid, len(raster.flags) or 1, raster.dtype)
    return Findings(auxiliary=tuple(path for _, path in sorted(product.auxiliary_files.items())))


read_l1c = SourceStep(
    name="read_l1c",
    summary="opens the Level-1C product: metadata, bands and masks, no pixels",
    run=read,
    check=refuse_bad_files,
)
