"""Checks of the masks of a tile, and of the preview beside them: FORMAT_CORRECTNESS."""

from __future__ import annotations

import re
from pathlib import Path

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.jpeg2000 import ImageKind, coding_profile
from ipf.product.metadata import MaskFile
from ipf.product.quality.image_files import BYTE_BITS, Form, image_problem, is_there, listed, place_problem
from ipf.product.quality.model import Finding, Inspection, Item, QualityParameters, passed_or_failed
from ipf.product.quality.vector_masks import VECTOR_EXTENSION, vector_mask_problem
from ipf.product.quicklook import preview_grid
from ipf.product.raster import Grid
from ipf.product.vector_masks import VECTOR_MASKS
from ipf.product.xml_nodes import Node

_RASTER_MASKS = ("MSK_DETFOO", "MSK_QUALIT")
_CLOUD_MASKS = ("MSK_CLASSI", "MSK_CLOUDS")
_RASTER_MASKS_SINCE = "04.00"
_VECTOR_KINDS = (*VECTOR_MASKS, "MSK_CLOUDS")
_ALL_BANDS = "B00"
_CLOUD_RESOLUTION = 60
"""Pixel size of MSK_CLASSI in metres (PSD 14.8)."""
_RESOLUTION = re.compile(r"_(\d\d)m$", re.ASCII)
"""Pixel size in the name of a mask that comes in several: ``MSK_CLDPRB_20m``."""
_WORDS = re.compile(r"[_.]")
_KINDS = {
    "MSK_DETFOO": ImageKind.DETFOO,
    "MSK_QUALIT": ImageKind.QUALIT,
    "MSK_CLASSI": ImageKind.CLASSI,
    "MSK_CLDPRB": ImageKind.PROBABILITY,
    "MSK_SNWPRB": ImageKind.PROBABILITY,
}


def _masks(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the masks are there that the metadata list and that the level demands, and the preview, and
    each is one.
    """
    nodes = item.root.child("Quality_Indicators_Info/Pixel_Level_QI").all("MASK_FILENAME")
    masks = [(node, _path(item, node)) for node in nodes]
    absent = _unlisted(item, nodes) + [path.name for _, path in masks if not is_there(path)]
    absent += [Path(path).name for path in item.masks or () if not is_there(item.folder / path)]
    preview = preview_path(item)
    if preview is not None and not is_there(preview):
        absent.append(preview.name)
    if absent:
        return passed_or_failed(False, f"Missing: {listed(list(dict.fromkeys(absent)))}")
    wrong = [problem for node, path in masks if (problem := _mask_problem(item, node, path))]
    if item.level == "L2A" and preview is not None and (problem := preview_problem(item, preview)):
        wrong.append(problem)
    message = f"Wrong: {listed(wrong)}" if wrong else "All elements in QI_DATA are present."
    return passed_or_failed(not wrong, message)


def _path(item: Item, node: Node) -> Path:
    return layout.mask_path(item.folder, MaskFile(node.text(), node.attribute("type")), item.document)


def _unlisted(item: Item, nodes: list[Node]) -> list[str]:
    """Masks that the level demands and the metadata do not list."""
    kinds = [(node.attribute("type"), node.optional_attribute("bandId") or "") for node in nodes]
    names = [name for name, kind, band in _demanded(item) if (kind, band) not in kinds]
    if not any(kind in _CLOUD_MASKS for kind, _ in kinds):
        names.append("mask of clouds")
    return names


def _demanded(item: Item) -> list[tuple[str, str, str]]:
    """Masks that every tile of the level has: name without extension, type, and band number (or nothing).

    The probability masks of a Level-2A tile depend on the pixel sizes that were wanted.
    """
    raster = item.baseline is None or item.baseline >= _RASTER_MASKS_SINCE
    if item.level == "L2A" and not raster:
        return []
    kinds = _RASTER_MASKS if raster else VECTOR_MASKS
    return [(f"{kind}_{band}", kind, str(number)) for number, band in enumerate(BAND_NAMES) for kind in kinds]


def _mask_problem(item: Item, node: Node, path: Path) -> str | None:
    """What is wrong with a mask that is there: another one's, no image or GML document, cut, of another form
    or place.
    """
    if (problem := _name_problem(node, path)) is not None:
        return problem
    if path.suffix == VECTOR_EXTENSION:
        return _vector_problem(item, node, path)
    kind, resolution = _KINDS.get(node.attribute("type")), _mask_resolution(node, path)
    grid = None if resolution is None else item.tile_grids.get(resolution)
    if resolution is not None and grid is None:
        raise ProductError(f"{item.document}: no Size of {resolution} m")
    components = None if kind is None or grid is None else coding_profile(kind, grid.resolution).components
    problem = image_problem(path, Form(None if grid is None else grid.shape, components, BYTE_BITS))
    if problem is not None or grid is None:
        return problem
    return place_problem(path, grid)


def _name_problem(node: Node, path: Path) -> str | None:
    """Whether the name of a band's mask tells another kind or band than the metadata (``MSK_QUALIT_B02``)."""
    kind = node.attribute("type")
    if kind not in (*_RASTER_MASKS, *VECTOR_MASKS):
        return None
    band = node.attribute_band("bandId")
    if {kind.removeprefix("MSK_"), band} <= set(_WORDS.split(path.name)):
        return None
    return f"{path.name}: is listed as {kind} of {band}"


def _mask_resolution(node: Node, path: Path) -> int | None:
    """Pixel size in metres of a raster mask, None where neither its name nor its type tells."""
    named = _RESOLUTION.search(path.stem)
    if named is not None:
        return int(named[1])
    kind = node.attribute("type")
    if kind in _RASTER_MASKS:
        return BY_NAME[node.attribute_band("bandId")].resolution
    return _CLOUD_RESOLUTION if kind in _CLOUD_MASKS else None


def _vector_problem(item: Item, node: Node, path: Path) -> str | None:
    kind = node.attribute("type")
    if kind not in _VECTOR_KINDS:
        return f"{path.name}: type is '{kind}', expected one of {', '.join(_VECTOR_KINDS)}"
    band = _ALL_BANDS if kind in _CLOUD_MASKS else node.attribute_band("bandId")
    return vector_mask_problem(path, kind, band, finest_grid(item))


def preview_path(item: Item) -> Path | None:
    """The preview of a tile, None where its metadata name none."""
    name = item.root.optional_text("Quality_Indicators_Info/PVI_FILENAME")
    if name is None:
        return None
    return layout.mask_path(item.folder, MaskFile(name, "PVI"), item.document)


def preview_problem(item: Item, path: Path) -> str | None:
    """What is wrong with a preview that is there: no whole colour image of its size, or in another place."""
    try:
        grid: Grid = preview_grid(finest_grid(item))
    except ValueError as problem:
        raise ProductError(f"{item.document}: {problem}") from problem
    components = coding_profile(ImageKind.PVI, grid.resolution).components
    return image_problem(path, Form(grid.shape, components, BYTE_BITS)) or place_problem(
        path, grid, with_size=False
    )


def finest_grid(item: Item) -> Grid:
    """Grid of the smallest pixels of a tile."""
    grids = item.tile_grids
    return grids[min(grids)]


INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "checkL1CMasks",
        "FORMAT_CORRECTNESS",
        "Masks availability check.",
        ("tile",),
        ("L1C",),
        _masks,
        "masks that the metadata list and the level demands are there, whole, and of their size",
        on_document=False,
    ),
    Inspection(
        "checkL2AMasks",
        "FORMAT_CORRECTNESS",
        "L2A Masks availability check.",
        ("tile",),
        ("L2A",),
        _masks,
        "masks that the metadata list and the level demands are there, whole, and of their size",
        on_document=False,
    ),
)
"""The checks of masks."""
