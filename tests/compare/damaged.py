"""A small Level-2A product with the textures of a real one, and the tools that damage copies of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lxml import etree
from osgeo import gdal
from scipy import ndimage

from ipf.product.documents import Documents
from ipf.product.jp2_boxes import codestream_box_header, georeference_box, header_boxes
from ipf.product.jpeg2000 import CodingProfile, inspect_jpeg2000
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import IMAGES, PROBABILITIES, L2AProcessing
from ipf.product.raster import Grid
from ipf.product.reader import open_product
from ipf.product.utc import UtcTime
from tests.product.products import CONTENT, QUALITY, small_acquisition, write_small_l1c

Samples = npt.NDArray[Any]
Change = Callable[[Samples], Samples]

SIDE = 3840
"""Side of the tile in metres: 384, 192 and 64 pixels."""
GRID = Grid(32629, 499980.0, 5900040.0, 10, SIDE // 10, SIDE // 10)
CREATION = "2022-10-05T16:44:54.000000Z"


def texture(shape: tuple[int, int], seed: int) -> npt.NDArray[np.float64]:
    """Ground of several scales, of mean 0 and standard deviation 1, without structure of its own size."""
    random = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(random.normal(size=shape), scale, mode="wrap") for scale in (0.9, 3, 9)]
    total = sum(layer / layer.std() for layer in layers)
    return np.asarray((total - total.mean()) / total.std())


def reflectance_counts(shape: tuple[int, int], seed: int) -> npt.NDArray[np.uint16]:
    """Counts of surface reflectance around 0.2 with the offset of 1000, no data in one corner."""
    counts = np.clip(3000 + 500 * texture(shape, seed), 1, 12000).astype(np.uint16)
    rows, columns = np.indices(shape)
    counts[rows + columns < shape[0] // 6] = 0
    return counts


def classes(shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Scene classes in patches: vegetation, bare ground, water, some cloud, no data in the corner."""
    smooth = ndimage.gaussian_filter(texture(shape, 7), 4)
    values = np.digitize(smooth, np.quantile(smooth, [0.4, 0.75, 0.9]))
    labels = np.array([4, 5, 6, 9], np.uint8)[values]
    rows, columns = np.indices(shape)
    labels[rows + columns < shape[0] // 6] = 0
    return labels


def images(grid: Grid) -> dict[tuple[str, int], Samples]:
    """Every image of a Level-2A tile."""
    made: dict[tuple[str, int], Samples] = {}
    for resolution, contents in IMAGES.items():
        shape = grid.at(resolution).shape
        for number, content in enumerate(contents):
            seed = 100 * resolution + number
            if content == "TCI":
                planes = [np.clip(128 + 40 * texture(shape, seed + k), 1, 255) for k in range(3)]
                made[content, resolution] = np.stack(planes).astype(np.uint8)
            elif content == "SCL":
                made[content, resolution] = classes(shape)
            elif content in ("AOT", "WVP"):
                level = 150 if content == "AOT" else 2000
                made[content, resolution] = (level + level / 20 * texture(shape, seed)).astype(np.uint16)
            else:
                made[content, resolution] = reflectance_counts(shape, seed)
    return made


def documents_of(l1c: Path) -> Documents:
    product = open_product(l1c)
    assert product.metadata is not None
    return Documents(product.metadata, product.read_datastrip(), product.tile)


def write_product(folder: Path, creation: str = CREATION, baseline: str | None = None) -> Path:
    """The undamaged product."""
    grid = GRID
    l1c = write_small_l1c(folder / f"l1c-{creation[:10]}-{baseline}", small_acquisition())
    documents = documents_of(l1c)
    tile = documents.tile.__class__(
        **{name: getattr(documents.tile, name) for name in documents.tile.__dataclass_fields__}
        | {"grid": grid}
    )
    documents = Documents(documents.product, documents.datastrip, tile)
    processing = L2AProcessing(UtcTime.parse(creation), baseline, luts=("scattering.npz",))
    source = open_product(l1c)
    with L2AProductWriter(folder, documents, processing) as writer:
        for (content, resolution), image in images(grid).items():
            writer.add_image(content, resolution, image)
        for kind, resolution in PROBABILITIES:
            smooth = 50 + 15 * texture(grid.at(resolution).shape, resolution)
            writer.add_probability(kind, resolution, np.clip(smooth, 0, 100).astype(np.uint8))
        _add_masks(writer, grid)
        writer.copy_auxiliary(source.auxiliary_files)
        (product,) = writer.finish(CONTENT, 6.0, QUALITY)
    return product


def _add_masks(writer: L2AProductWriter, grid: Grid) -> None:
    from ipf.product.bands import BANDS

    for band in BANDS:
        rows, columns = np.indices(grid.at(band.resolution).shape)
        writer.add_footprint(band.name, np.where(columns < 2 * columns.max() / 5, 8, 9).astype(np.uint8))
        flags = np.zeros(rows.shape, np.uint8)
        flags[3:6, 4:9] = 0b1000_0000
        flags[10:12, 2:7] |= 0b0001_0010
        writer.add_quality(band.name, flags)
    clouds = np.zeros(grid.at(60).shape, np.uint8)
    clouds[5:15, 12:20], clouds[12:18, 18:25], clouds[25:28, 25:28] = 1, 2, 4
    writer.add_clouds(clouds)


def only(product: Path, pattern: str) -> Path:
    """The one file of a pattern below the product."""
    (path,) = product.rglob(pattern)
    return path


def image(content: str, resolution: int) -> str:
    """Pattern of an image."""
    return f"R{resolution}m/*_{content}_{resolution}m.jp2"


def read(path: Path) -> Samples:
    """Samples of an image: (rows, columns), or (components, rows, columns)."""
    return np.asarray(gdal.Open(str(path)).ReadAsArray())


def grid_of(path: Path) -> Grid:
    dataset = gdal.Open(str(path))
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    epsg = int(dataset.GetSpatialRef().GetAuthorityCode(None))
    return Grid(epsg, left, top, round(size), dataset.RasterYSize, dataset.RasterXSize)


def encode(
    path: Path,
    samples: Samples,
    grid: Grid,
    *,
    bits: int | None = None,
    options: Sequence[str] = (),
    **coding: int,
) -> None:
    """Write an image anew, coded as the file that is there but for `bits`, `options` of GDAL and `coding`."""
    old = inspect_jpeg2000(path)
    profile = CodingProfile(
        bits or old.bits,
        old.components,
        **{
            "tile": max(old.tile[0], 32),
            "code_block": old.code_block[0],
            "precinct": old.precincts[-1][0],
            "levels": old.levels,
        }
        | coding,
    )
    planes = samples.reshape(-1, *samples.shape[-2:])
    driver = gdal.GetDriverByName("MEM")
    kind = gdal.GDT_Byte if planes.dtype == np.uint8 else gdal.GDT_UInt16
    memory = driver.Create("", planes.shape[2], planes.shape[1], len(planes), kind)
    for number, plane in enumerate(planes, 1):
        memory.GetRasterBand(number).WriteArray(plane)
    precincts = ",".join([f"{{{profile.precinct},{profile.precinct}}}"] * (profile.levels + 1))
    settings = {
        "CODEC": "J2K",
        "PROFILE": "UNRESTRICTED",
        "REVERSIBLE": "YES",
        "QUALITY": "100",
        "PROGRESSION": "LRCP",
        "RESOLUTIONS": profile.levels + 1,
        "BLOCKXSIZE": profile.tile,
        "BLOCKYSIZE": profile.tile,
        "CODEBLOCK_WIDTH": profile.code_block,
        "CODEBLOCK_HEIGHT": profile.code_block,
        "PRECINCTS": precincts,
    }
    if profile.bits % 8:
        settings["NBITS"] = profile.bits
    settings |= dict(option.split("=") for option in options)
    stream = path.with_suffix(".j2k")
    given = [f"{name}={value}" for name, value in settings.items()]
    gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(stream), memory, 0, given)
    body = stream.read_bytes()
    stream.unlink()
    path.write_bytes(
        header_boxes(grid.rows, grid.columns, profile.components, profile.bits)
        + georeference_box(grid)
        + codestream_box_header(path, len(body))
        + body
    )


def edit_image(product: Path, pattern: str, change: Change, **coding: Any) -> None:
    """Change the samples of an image, keeping its coding but for `coding`."""
    path = only(product, pattern)
    samples = read(path)
    encode(path, change(samples.copy()), grid_of(path), **coding)


def edit_document(product: Path, pattern: str, change: Callable[[etree._Element], None]) -> None:
    """Change the tree of an XML document."""
    path = only(product, pattern)
    tree = etree.parse(path)
    change(tree.getroot())
    tree.write(path, xml_declaration=True, encoding="UTF-8")


def edit_text(product: Path, pattern: str, old: str, new: str) -> None:
    """Replace a text of a file, at its first place."""
    path = only(product, pattern)
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new, 1))


def element(root: etree._Element, name: str, number: int = 0) -> etree._Element:
    """An element by its local name."""
    return list(root.iter(f"{{*}}{name}"))[number]
