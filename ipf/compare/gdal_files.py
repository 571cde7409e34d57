"""Files as GDAL opens them for a comparison: what it says goes into errors, and no pipe is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from osgeo import gdal

from ipf.errors import ProductError

_FIRST_PAGE = "GTIFF_DIR:1:"
_NAME_OF_SUBDATASET = "SUBDATASET_{}_NAME"


def check_is_file(path: Path) -> None:
    """ProductError naming a file that is missing, or a pipe or device, which GDAL would wait for for ever."""
    if path.is_file():
        return
    is_other = path.exists() and not path.is_dir()
    raise ProductError(
        f"{path}: {'is no regular file, expected an image' if is_other else 'image is missing'}"
    )


@contextmanager
def quiet_gdal() -> Iterator[None]:
    """GDAL of this thread: nothing printed, what it says is kept for `said`."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    gdal.ErrorReset()
    try:
        yield
    finally:
        gdal.PopErrorHandler()


@contextmanager
def gdal_errors(path: Path) -> Iterator[None]:
    """The same, and what GDAL raises is a ProductError that names the file."""
    with quiet_gdal():
        try:
            yield
        except RuntimeError as problem:
            raise ProductError(f"{path}: cannot be read: {' '.join(str(problem).split())}") from problem


def said() -> str:
    """What GDAL said last, in one line; empty for nothing."""
    return " ".join(gdal.GetLastErrorMsg().split())


def open_dataset(path: Path, page: int = 0) -> gdal.Dataset:
    """Open a raster file, or the further image `page` in it, a number of `further_pages` (0: the file).

    Raises ProductError naming the file when it is missing, a pipe, not an image, made of files that are such,
    or has no such page. To be called within `gdal_errors`, as all that is done with the dataset.
    """
    check_is_file(path)
    dataset = gdal.OpenEx(str(path), gdal.OF_RASTER)
    if page and dataset is not None:
        dataset = gdal.OpenEx(_page_name(dataset, path, page), gdal.OF_RASTER)
    if dataset is None or not dataset.RasterCount:
        raise ProductError(f"{path}: cannot be read: {said() or 'not an image'}")
    for name in dataset.GetFileList() or ():
        if Path(name).exists() and not Path(name).is_file():  # a pipe that a virtual raster is made of
            raise ProductError(f"{path}: is made of {name}, which is no regular file")
    return dataset


def further_pages(dataset: gdal.Dataset) -> dict[int, str]:
    """Further images in an open file by number: pages of a TIFF after its first, variables of other formats.

    The values are what tells them apart on both sides: a page's position, a variable's name.
    """
    names = dataset.GetMetadata("SUBDATASETS")
    numbers = [
        int(key.split("_")[1])
        for key, name in names.items()
        if key.endswith("_NAME") and not name.startswith(_FIRST_PAGE)
    ]
    if dataset.GetDriver().ShortName == "GTiff":
        return {number: f"page {place}" for place, number in enumerate(sorted(numbers), 2)}
    return {
        number: names[_NAME_OF_SUBDATASET.format(number)].rpartition(":")[2].strip('"/')
        for number in sorted(numbers)
    }


def _page_name(dataset: gdal.Dataset, path: Path, page: int) -> str:
    name = dataset.GetMetadata("SUBDATASETS").get(_NAME_OF_SUBDATASET.format(page))
    if name is None:
        raise ProductError(f"{path}: has no image of number {page}")
    return str(name)
