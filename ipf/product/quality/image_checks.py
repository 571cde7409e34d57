"""Checks of images: present, sound, in their place, of their size."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.level_2a import images_from
from ipf.product.names import image_content
from ipf.product.quality.image_files import (
    BYTE_BITS,
    WORD_BITS,
    Form,
    image_problem,
    is_there,
    listed,
    place_problem,
)
from ipf.product.quality.mask_checks import finest_grid, preview_path, preview_problem
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    QualityParameters,
    not_run,
    passed_or_failed,
)
from ipf.product.raster import Grid

_GRANULE_IMAGE = re.compile(
    r"S2[A-D]_[A-Z0-9]{4}_MSI_L1[AB]_GR_\w{4}_\d{8}T\d{6}_S\d{8}T\d{6}_D\d{2}_(?P<band>B\d[0-9A])\.jp2",
    re.ASCII,
)
_TRUE_COLOUR, _COLOURS = "TCI", 3
_BYTE_CONTENTS = (_TRUE_COLOUR, "SCL")
"""Images whose samples are bytes; those of bands and maps have more bits."""
_LATER_IMAGES = {("B01", 20): "04.00"}
"""Images that Level-2A tiles have from a baseline on."""


def expected_images(item: Item) -> tuple[Path, ...] | None:
    """Images that a tile must have; None where neither a product nor the level tells their names."""
    if item.images is not None:
        return tuple(item.folder / path for path in item.images)
    return None


def _absences(item: Item) -> list[str]:
    """What a Level-2A tile lacks of its images.

    Those that its product lists must be there. Whether it lists them or not, the images of the level must be:
    all of them from the smallest listed pixels on, as a product may have been made without finer ones.
    """
    images = expected_images(item) or ()
    absent = [path.name for path in images if not is_there(path)]
    known = tile_images(item)
    found = {key for key, path in known.items() if item.images is not None or is_there(path)}
    finest = min((_resolution(key) for key in known), default=0) if item.images is not None else 0
    return absent + [
        f"{content}_{resolution}m"
        for resolution, contents in images_from(finest).items()
        for content in contents
        if (content, resolution) not in found and _is_of_baseline(item, content, resolution)
    ]


def _is_of_baseline(item: Item, content: str, resolution: int) -> bool:
    return item.baseline is None or item.baseline >= _LATER_IMAGES.get((content, resolution), "")


def _images_present(item: Item, parameters: QualityParameters) -> Finding:
    absent = _absences(item)
    return passed_or_failed(not absent, f"Missing: {listed(absent)}" if absent else "All bands are present.")


def _pictures_consistent(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the preview is a whole colour image of its size, in its place, and the true-colour image is
    one, where it is there.

    That it is there, and its size, is the business of the dimensions' check.
    """
    path = preview_path(item)
    if path is None:
        return passed_or_failed(False, "The metadata name no PVI file.")
    if not is_there(path):
        return passed_or_failed(False, f"PVI file {path.name} is missing.")
    problem = preview_problem(item, path) or _true_colour_problem(item)
    if problem is not None:
        return passed_or_failed(False, f"Not consistent: {problem}")
    return passed_or_failed(True, "PVI file is consistent.")


def _true_colour_problem(item: Item) -> str | None:
    if item.images is None and not (item.folder / "IMG_DATA").is_dir():
        return None
    grid = finest_grid(item)
    for (content, _), path in tile_images(item).items():
        if content != _TRUE_COLOUR or not is_there(path):
            continue
        problem = image_problem(path, Form(None, _COLOURS, BYTE_BITS))
        # An image of another size lies elsewhere as well; the dimensions' check tells of its size.
        if problem is None and image_problem(path, Form(grid.shape, None, None)) is None:
            problem = place_problem(path, grid)
        if problem is not None:
            return problem
    return None


def _georeferenced(item: Item, parameters: QualityParameters) -> Finding:
    """Whether every band is there and its image says where it lies, as the metadata do."""
    images = {key: path for key, path in tile_images(item).items() if key[0] in BY_NAME}
    missing = sorted(set(BAND_NAMES) - {content for content, _ in images})
    absent = missing + [path.name for path in images.values() if not is_there(path)]
    if absent:
        return passed_or_failed(False, f"Missing: {listed(absent)}")
    wrong = [
        problem
        for (content, _), path in images.items()
        if (problem := place_problem(path, _grid(item, BY_NAME[content].resolution)))
    ]
    if wrong:
        return passed_or_failed(False, listed(wrong))
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


def _dimensions(resolution: int, item: Item, parameters: QualityParameters) -> Finding:
    """Whether the images of one pixel size are there, whole, and of the form that metadata and level tell.

    Those of Level-2A must say that they lie where the metadata do; no other check looks at them. Whole means
    that boxes and tile-parts end where they say: samples are not decoded, so that other bytes between these
    ends are for the checksums of the manifest to tell.
    """
    if item.kind == "granule":
        return _granule_dimensions(resolution, item)
    images = {key: path for key, path in tile_images(item).items() if _resolution(key) == resolution}
    grid = _grid(item, resolution)
    if not images:
        if item.images is not None:
            return not_run(f"no image of {resolution} m belongs to this tile")
        return passed_or_failed(False, f"No image of {resolution} m.")
    return _forms(resolution, images, grid.shape, grid if item.level == "L2A" else None)


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
            images = {
                key: path for key, path in _granule_images(item).items() if _resolution(key) == resolution
            }
            if not images:
                return passed_or_failed(False, f"No image of {resolution} m.")
            bands = {content for content, _ in images}
            absent = [
                band for band in BAND_NAMES if BY_NAME[band].resolution == resolution and band not in bands
            ]
            if absent:
                return passed_or_failed(False, f"Missing: {listed(absent)}")
            return _forms(resolution, images, shape, None)
    return passed_or_failed(False, f"The metadata state no Size of {resolution} m.")


def _granule_images(item: Item) -> dict[layout.ImageKey, Path]:
    """Images of a granule by band: ``S2A_OPER_MSI_L1B_GR_…_D02_B05.jp2``."""
    folder = item.folder / "IMG_DATA"
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    matches = ((_GRANULE_IMAGE.fullmatch(path.name), path) for path in files)
    return {(match["band"], None): path for match, path in matches if match is not None}


def _forms(
    resolution: int, images: dict[layout.ImageKey, Path], shape: tuple[int, int], grid: Grid | None
) -> Finding:
    """Whether images are whole, of one shape, of their components and bits, and in their place in `grid`."""
    absent = [path.name for path in images.values() if not is_there(path)]
    if absent:
        return passed_or_failed(False, f"Missing: {listed(absent)}")
    wrong = [problem for key, path in images.items() if (problem := image_problem(path, _form(key, shape)))]
    if wrong:
        return passed_or_failed(False, f"Other images than of {shape[0]} x {shape[1]}: {listed(wrong)}")
    if grid is not None:
        wrong = [problem for path in images.values() if (problem := place_problem(path, grid))]
    if wrong:
        return passed_or_failed(False, listed(wrong))
    return passed_or_failed(True, f"{resolution}m resolution granules/tiles dimensions are correct.")


def _form(key: layout.ImageKey, shape: tuple[int, int]) -> Form:
    content, _ = key
    components = _COLOURS if content == _TRUE_COLOUR else 1
    return Form(shape, components, BYTE_BITS if content in _BYTE_CONTENTS else WORD_BITS)


INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "checkL2AImages",
        "FORMAT_CORRECTNESS",
        "L2A images availability check.",
        ("tile",),
        ("L2A",),
        _images_present,
        "images that the product lists, and all of the level, are there",
        on_document=False,
    ),
    Inspection(
        "PVI_and_TCI",
        "FORMAT_CORRECTNESS",
        "Check of consistency of PVI",
        ("tile",),
        ("L1C",),
        _pictures_consistent,
        "preview and true-colour image are colour images in their place",
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
            f"images of {resolution} m are whole files of the size that the metadata state; none is decoded",
            on_document=False,
        )
        for resolution in (60, 20, 10)
    ),
)
"""The checks of images, of the checklists FORMAT_CORRECTNESS and GEOMETRIC_QUALITY."""
