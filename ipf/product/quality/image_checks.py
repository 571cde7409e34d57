"""Checks of images and masks: present, sound, in their place, of their size."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.jp2_boxes import read_boxes
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.level_2a import IMAGES
from ipf.product.metadata import MaskFile
from ipf.product.names import image_content
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    QualityParameters,
    is_stand_in,
    not_run,
    passed_or_failed,
)
from ipf.product.quicklook import preview_grid
from ipf.product.raster import Grid
from ipf.product.xml_nodes import Node
from ipf.xml import parse_xml_bytes

_TRUE_COLOUR = "TCI"
_PREVIEW_COMPONENTS = 3
_SHOWN = 5
_BOXES_BYTES = 2**20
"""The boxes of an image stand in its first MiB; those of official ones take 3 KiB."""
_VECTOR_MASKS = ("MSK_DEFECT", "MSK_DETFOO", "MSK_NODATA", "MSK_SATURA", "MSK_TECQUA")
_RASTER_MASKS = ("MSK_DETFOO", "MSK_QUALIT")
_CLOUD_MASKS = ("MSK_CLASSI", "MSK_CLOUDS")
_RASTER_MASKS_SINCE = "04.00"


def expected_images(item: Item) -> tuple[Path, ...] | None:
    """Images that a tile must have; None where neither a product nor the level tells their names."""
    if item.images is not None:
        return tuple(item.folder / path for path in item.images)
    return None


def _absences(item: Item) -> list[str]:
    """What a tile lacks of its images: names of files, or contents where names are not known."""
    images = expected_images(item)
    if images is not None:
        return [path.name for path in images if not is_there(path)]
    found = {key for key, path in layout.tile_images(item.folder).items() if is_there(path)}
    if item.level == "L2A":
        wanted = [
            (content, resolution, f"{content}_{resolution}m")
            for resolution, contents in IMAGES.items()
            for content in contents
        ]
        return [text for content, resolution, text in wanted if (content, resolution) not in found]
    contents = {content for content, _ in found}
    return [content for content in (*BAND_NAMES, _TRUE_COLOUR) if content not in contents]


def is_there(path: Path) -> bool:
    return path.is_file() and not is_stand_in(path)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _images_present(item: Item, parameters: QualityParameters) -> Finding:
    absent = _absences(item)
    return passed_or_failed(not absent, f"Missing: {_listed(absent)}" if absent else "All bands are present.")


def _masks_present(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the masks are there that the metadata list and that the level demands, and the preview."""
    listed = item.root.child("Quality_Indicators_Info/Pixel_Level_QI").all("MASK_FILENAME")
    masks = [
        layout.mask_path(item.folder, MaskFile(node.text(), node.attribute("type")), item.document)
        for node in listed
    ]
    kinds = [(node.attribute("type"), node.optional_attribute("bandId") or "") for node in listed]
    unlisted = [name for name, kind, band in _demanded(item) if (kind, band) not in kinds]
    if not any(kind in _CLOUD_MASKS for kind, _ in kinds):
        unlisted.append("mask of clouds")
    absent = unlisted + [path.name for path in masks if not is_there(path)]
    named = item.masks or ()
    absent += [Path(path).name for path in named if not is_there(item.folder / path)]
    preview = _preview(item)
    if preview is not None and not is_there(preview):
        absent.append(preview.name)
    absent = list(dict.fromkeys(absent))
    message = f"Missing: {_listed(absent)}" if absent else "All elements in QI_DATA are present."
    return passed_or_failed(not absent, message)


def _demanded(item: Item) -> list[tuple[str, str, str]]:
    """Masks that every tile of the level has: name without extension, type, and band number (or nothing).

    The probability masks of a Level-2A tile depend on the pixel sizes that were wanted.
    """
    raster = item.baseline is None or item.baseline >= _RASTER_MASKS_SINCE
    if item.level == "L2A" and not raster:
        return []
    kinds = _RASTER_MASKS if raster else _VECTOR_MASKS
    return [(f"{kind}_{band}", kind, str(number)) for number, band in enumerate(BAND_NAMES) for kind in kinds]


def _preview(item: Item) -> Path | None:
    """The preview of a tile, None where its metadata name none."""
    name = item.root.optional_text("Quality_Indicators_Info/PVI_FILENAME")
    if name is None:
        return None
    return layout.mask_path(item.folder, MaskFile(name, "PVI"), item.document)


def _preview_consistent(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the preview is a colour image of its size, in its place."""
    path = _preview(item)
    if path is None:
        return passed_or_failed(False, "The metadata name no PVI file.")
    if not is_there(path):
        return passed_or_failed(False, f"PVI file {path.name} is missing.")
    found = inspect_jpeg2000(path)
    try:
        grid = preview_grid(_finest(item))
    except ValueError as problem:
        raise ProductError(f"{item.document}: {problem}") from problem
    if (found.shape, found.components) != (grid.shape, _PREVIEW_COMPONENTS):
        size = f"{found.shape[0]} x {found.shape[1]} pixels of {found.components} components"
        return passed_or_failed(
            False, f"PVI file is {size}, expected {grid.shape[0]} x {grid.shape[1]} of 3."
        )
    return passed_or_failed(True, "PVI file is consistent.")


def _finest(item: Item) -> Grid:
    grids = item.tile_grids
    return grids[min(grids)]


def _georeferenced(item: Item, parameters: QualityParameters) -> Finding:
    """Whether every band is there and its image says where it lies, as the metadata do."""
    images = {key: path for key, path in tile_images(item).items() if key[0] in BY_NAME}
    missing = sorted(set(BAND_NAMES) - {content for content, _ in images})
    absent = missing + [path.name for path in images.values() if not is_there(path)]
    if absent:
        return passed_or_failed(False, f"Missing: {_listed(absent)}")
    wrong = [
        problem
        for (content, _), path in images.items()
        if (problem := _gml_difference(path, _grid(item, BY_NAME[content].resolution)))
    ]
    if wrong:
        return passed_or_failed(False, _listed(wrong))
    return passed_or_failed(True, f"found {len(images)} band(s). JP2GML boxes agree with the metadata.")


def _grid(item: Item, resolution: int) -> Grid:
    grid = item.tile_grids.get(resolution)
    if grid is None:
        raise ProductError(f"{item.document}: no Size of {resolution} m")
    return grid


def tile_images(item: Item) -> dict[layout.ImageKey, Path]:
    """Images of a tile that are named or, where nothing names them, there."""
    named = expected_images(item)
    return (
        layout.tile_images(item.folder)
        if named is None
        else {image_content(path.stem): path for path in named}
    )


def _gml_difference(path: Path, grid: Grid) -> str | None:
    """What the georeference in GML of an image says other than `grid`, None where they agree."""
    root = _georeference(path)
    if root is None:
        return f"{path.name} has no JP2GML box"
    domain = root.find("featureMember/FeatureCollection/featureMember/RectifiedGridCoverage")
    grids = [] if domain is None else domain.all("rectifiedGridDomain/RectifiedGrid")
    if not grids:
        return f"{path.name}: JP2GML box has no RectifiedGrid"
    origin = grids[0].child("origin/Point")
    half = grid.resolution / 2
    vectors = [tuple(node.numbers()) for node in grids[0].all("offsetVector")]
    high, low = grids[0].numbers("limits/GridEnvelope/high"), grids[0].numbers("limits/GridEnvelope/low")
    expected = {
        "reference system": (origin.attribute("srsName").rpartition(":")[2], str(grid.epsg)),
        "origin": (
            tuple(origin.numbers("pos")),
            (grid.upper_left_x + half, grid.upper_left_y - half),
        ),
        "pixel size": (vectors, [(grid.resolution, 0), (0, -grid.resolution)]),
        "size": (tuple(high - low + 1), (grid.columns, grid.rows)),
    }
    wrong = [name for name, (found, wanted) in expected.items() if found != wanted]
    return f"{path.name}: {' and '.join(wrong)} of the JP2GML box differ" if wrong else None


def _georeference(path: Path) -> Node | None:
    """Root of the first GML document of an image, None where it holds none."""
    try:
        with path.open("rb") as file:
            content = file.read(_BOXES_BYTES)
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    for box in read_boxes(content, path.stat().st_size, str(path), ProductError):
        if box.kind == "xml ":
            text = content[box.start : box.start + box.length].rstrip(b"\0")
            return Node(parse_xml_bytes(text, str(path), ProductError), str(path))
    return None


def _dimensions(resolution: int, item: Item, parameters: QualityParameters) -> Finding:
    """Whether the images of one pixel size are there and have the size that the metadata state."""
    if item.kind == "granule":
        return _granule_dimensions(resolution, item)
    paths = [path for key, path in tile_images(item).items() if _resolution(key) == resolution]
    grid = _grid(item, resolution)
    if not paths:
        if item.images is not None:
            return not_run(f"no image of {resolution} m belongs to this tile")
        return passed_or_failed(False, f"No image of {resolution} m.")
    return _sizes(resolution, paths, grid.shape)


def _resolution(key: layout.ImageKey) -> int:
    """Pixel size of an image; that of a Level-1C image follows from its content."""
    content, resolution = key
    if resolution is not None:
        return resolution
    return BY_NAME[content].resolution if content in BY_NAME else 10


def _granule_dimensions(resolution: int, item: Item) -> Finding:
    for size in item.root.child("Geometric_Info/Granule_Dimensions").all("Size"):
        if size.attribute_integer("resolution") == resolution:
            shape = size.integer("NROWS"), size.integer("NCOLS")
            paths = (
                [
                    path
                    for key, path in layout.tile_images(item.folder).items()
                    if _resolution(key) == resolution
                ]
                if (item.folder / "IMG_DATA").is_dir()
                else []
            )
            if not paths:
                return passed_or_failed(False, f"No image of {resolution} m.")
            return _sizes(resolution, paths, shape)
    return passed_or_failed(False, f"The metadata state no Size of {resolution} m.")


def _sizes(resolution: int, paths: list[Path], shape: tuple[int, int]) -> Finding:
    absent = [path.name for path in paths if not is_there(path)]
    if absent:
        return passed_or_failed(False, f"Missing: {_listed(absent)}")
    wrong = []
    for path in paths:
        found = inspect_jpeg2000(path).shape
        if found != shape:
            wrong.append(f"{path.name} ({found[0]} x {found[1]})")
    if wrong:
        return passed_or_failed(
            False, f"Images of other sizes than {shape[0]} x {shape[1]}: {_listed(wrong)}"
        )
    return passed_or_failed(True, f"{resolution}m resolution granules/tiles dimensions are correct.")


INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "checkL1CMasks",
        "FORMAT_CORRECTNESS",
        "Masks availability check.",
        ("tile",),
        ("L1C",),
        _masks_present,
        "masks that the metadata list and the level demands are there",
        on_document=False,
        baselines=("04.00", "99.99"),
    ),
    Inspection(
        "checkL2AMasks",
        "FORMAT_CORRECTNESS",
        "L2A Masks availability check.",
        ("tile",),
        ("L2A",),
        _masks_present,
        "masks that the metadata list and the level demands are there",
        on_document=False,
    ),
    Inspection(
        "checkL2AImages",
        "FORMAT_CORRECTNESS",
        "L2A images availability check.",
        ("tile",),
        ("L2A",),
        _images_present,
        "images that the product lists, or all of the level, are there",
        on_document=False,
    ),
    Inspection(
        "PVI_and_TCI",
        "FORMAT_CORRECTNESS",
        "Check of consistency of PVI",
        ("tile",),
        ("L1C",),
        _preview_consistent,
        "preview is a colour image of its size",
        on_document=False,
    ),
    Inspection(
        "Jp2Gml",
        "FORMAT_CORRECTNESS",
        "Checks JP2GML boxes in images",
        ("tile",),
        ("L1C",),
        _georeferenced,
        "every band is there and lies where the metadata say",
        on_document=False,
        baselines=("04.00", "99.99"),
    ),
    *(
        Inspection(
            f"Granule_Dimensions_{resolution}m",
            "GEOMETRIC_QUALITY",
            f"Check the {resolution}m consistency of granules/tiles.",
            ("granule", "tile"),
            ("L1A", "L1B", "L1C", "L2A"),
            partial(_dimensions, resolution),
            f"images of {resolution} m have the size that the metadata state",
            on_document=False,
        )
        for resolution in (60, 20, 10)
    ),
)
"""The checks of images and masks, of the checklists FORMAT_CORRECTNESS and GEOMETRIC_QUALITY."""
