"""Overviews and masks within image files: pixels that others see, compared as those of the image itself.

An overview is what a viewer shows, a mask (TIFF's transparency mask, or a file beside the image) takes pixels
away whatever their counts are. Both are judged by the limits of the image, level by level. JPEG 2000 files
have neither: their levels are those of the code-stream.
"""

from __future__ import annotations

import filecmp
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from osgeo import gdal

from ipf.compare.class_maps import compare_class_maps
from ipf.compare.content import Nature, RasterPart
from ipf.compare.gdal_files import gdal_errors, open_dataset, said
from ipf.compare.image_tags import mask_kind
from ipf.compare.masks import compare_masks
from ipf.compare.pixels import Counts, Pixels, counts_of, dtype_of
from ipf.compare.raster_checks import no_data_check, saturation_check, statistics_check
from ipf.compare.raster_figures import raster_figures
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.tolerances import Tolerances
from ipf.errors import ProductError
from ipf.product.images import header_of
from ipf.product.raster import Window

_JPEG2000 = ".jp2"
_MASKS = ("of all components", "of each")
_VALID = {0: "valid"}

_Sides = tuple["_Levels", "_Levels"]


@dataclass(frozen=True, slots=True)
class _Levels:
    """An open file of a part. The dataset is kept, since bands do not keep it; `lock` guards it."""

    part: RasterPart
    dataset: gdal.Dataset
    lock: threading.Lock

    @property
    def bands(self) -> list[gdal.Band]:
        """Bands of the part's own components."""
        return [self.dataset.GetRasterBand(component + 1) for component in self.part.components]

    def level(self, number: int) -> list[gdal.Band]:
        """Bands of the overview `number`, from 1 on; 0 is the image itself."""
        return [band if number == 0 else band.GetOverview(number - 1) for band in self.bands]


def level_checks(
    reference: RasterPart, candidate: RasterPart, tolerances: Tolerances, threads: int = 1
) -> list[Check]:
    """Checks of the overviews and masks that are on both sides, of a mask also where it is on one.

    Their items are the part's key and the level, ``B02 10 m overview 128 x 128``. Overviews that only one
    side has are found by the check of encoding. What cannot be read is a failed check.
    """
    if any(part.path.suffix.lower() == _JPEG2000 for part in (reference, candidate)):
        return []
    try:
        sides = _opened(reference), _opened(candidate)
        if _same_bytes(*sides):
            return []
        with gdal_errors(candidate.path):
            levels = list(_common_levels(sides))
        return [
            check for number, size in levels for check in _checks_of(sides, number, size, tolerances, threads)
        ]
    except (ProductError, OSError) as problem:
        item = f"{reference.key} overviews and masks"
        return [Check(CheckName.READABLE, item, Status.FAILED, " ".join(str(problem).split()))]


def _opened(part: RasterPart) -> _Levels:
    with gdal_errors(part.path):
        dataset = open_dataset(part.path, part.page)
        if dataset.RasterCount <= max(part.components):
            raise ProductError(f"{part.path}: image of {dataset.RasterCount} components")
        return _Levels(part, dataset, threading.Lock())


def _same_bytes(reference: _Levels, candidate: _Levels) -> bool:
    """Whether both are the same image of files of the same bytes, with nothing in files beside them."""
    parts = reference.part, candidate.part
    alone = all(
        [str(side.part.path)] == list(side.dataset.GetFileList() or ()) for side in (reference, candidate)
    )
    same_place = parts[0].page == parts[1].page and parts[0].components == parts[1].components
    return alone and same_place and filecmp.cmp(parts[0].path, parts[1].path, shallow=False)


def _common_levels(sides: _Sides) -> Iterator[tuple[int, tuple[int, int]]]:
    """Number and size of the image (0) and of every overview that both sides have in the same size."""
    counts = [min(band.GetOverviewCount() for band in side.bands) for side in sides]
    for number in range(min(counts) + 1):
        sizes = {(band.YSize, band.XSize) for side in sides for band in side.level(number)}
        if len(sizes) == 1:
            yield number, sizes.pop()


def _checks_of(
    sides: _Sides, number: int, size: tuple[int, int], tolerances: Tolerances, threads: int
) -> list[Check]:
    name = f" overview {size[0]} x {size[1]}" if number else ""
    checks = _values(sides, number, size, tolerances, threads) if number else []
    found = [replace(check, item=check.item + name) for check in checks]
    masks = [
        replace(check, item=f"{check.item}{name} mask") for check in _masks(sides, number, size, tolerances)
    ]
    return [*found, *masks]


def _values(
    sides: _Sides, number: int, size: tuple[int, int], tolerances: Tolerances, threads: int
) -> list[Check]:
    """Checks of the values of an overview, their item the part's key, so that overrides of it hold."""
    part = sides[0].part
    if sides[1].part.nature is not part.nature or len(sides[1].part.components) != len(part.components):
        return []  # the comparison of the images themselves says so
    one, other = ((side.part, _pixels(side, number, size)) for side in sides)
    if part.nature is Nature.CLASSES:
        return compare_class_maps(one, other, tolerances)[0]
    if part.nature is Nature.MASK:
        return compare_masks(one, other, tolerances)[0]
    limits = tolerances.of_raster(part.key, part.quantity)
    figures = raster_figures(one, other, limits, None, threads)
    pixels = size[0] * size[1] * len(part.components)
    checks = [
        statistics_check(figures, limits, part.key),
        no_data_check(figures, limits, pixels, part.key),
    ]
    if part.saturated is not None or sides[1].part.saturated is not None:
        checks.append(saturation_check(figures, limits, pixels, part.key))
    return checks


def _masks(sides: _Sides, number: int, size: tuple[int, int], tolerances: Tolerances) -> list[Check]:
    """The check of the masks of a level, where one side has any; components are the bits.

    A mask of all components is compared with the first of them.
    """
    with gdal_errors(sides[1].part.path):
        kinds = {mask_kind(band) for side in sides for band in side.level(number)}
    if not kinds.intersection(_MASKS) or ("of each" not in kinds and 0 not in sides[0].part.components):
        return []
    parts = [
        replace(
            side.part,
            nature=Nature.MASK,
            quantity="quality",
            components=side.part.components if "of each" in kinds else side.part.components[:1],
            names=_VALID,
        )
        for side in sides
    ]
    one, other = (
        (part, Pixels(size, np.dtype(np.uint8), _reader_of_masks(replace(side, part=part), number)))
        for part, side in zip(parts, sides, strict=True)
    )
    return compare_masks(one, other, tolerances)[0]


def _pixels(side: _Levels, number: int, size: tuple[int, int]) -> Pixels:
    def read(window: Window) -> Counts:
        with side.lock, gdal_errors(side.part.path):
            samples = _read(side.level(number), window, side.part.path)
        return counts_of(side.part, samples)

    return Pixels(size, dtype_of(side.part, header_of(side.dataset)), read)


def _reader_of_masks(side: _Levels, number: int) -> Callable[[Window], Counts]:
    def read(window: Window) -> Counts:
        with side.lock, gdal_errors(side.part.path):
            masks = [band.GetMaskBand() for band in side.level(number)]
            planes = (_read(masks, window, side.part.path) != 0).astype(np.uint8)
        return counts_of(side.part, planes)

    return read


def _read(bands: list[gdal.Band], window: Window, path: Path) -> Counts:
    """Samples (bands, rows, columns) of a window."""
    planes = [band.ReadAsArray(window.column, window.row, window.width, window.height) for band in bands]
    if any(plane is None for plane in planes) or gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise ProductError(f"{path}: cannot be decoded: {said() or 'damaged'}")
    return np.stack(planes)
