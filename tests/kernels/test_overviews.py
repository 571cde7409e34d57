"""Overviews: means of the pixels with data, whatever the size of the image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ipf.kernels.overviews import halved
from ipf.kernels.pixels import NO_NODATA


def expected(counts: npt.NDArray[np.uint16], nodata: int) -> npt.NDArray[np.int64]:
    """The same in plain numpy: cells padded with no data, halves rounded up."""
    padded = np.full([side + side % 2 for side in counts.shape], -1, np.int64)
    padded[: counts.shape[0], : counts.shape[1]] = counts
    rows, columns = padded.shape
    cells = padded.reshape(rows // 2, 2, columns // 2, 2)
    data = (cells >= 0) & (cells != nodata)
    total, present = np.where(data, cells, 0).sum(axis=(1, 3)), data.sum(axis=(1, 3))
    return np.where(present, np.floor(total / np.maximum(present, 1) + 0.5), nodata).astype(np.int64)


@pytest.mark.parametrize("shape", [(8, 8), (7, 8), (8, 5), (1, 1), (3, 9)])
@pytest.mark.parametrize("nodata", [0, NO_NODATA])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_means_of_the_pixels_with_data(shape: tuple[int, int], nodata: int, dtype: type) -> None:
    counts = np.random.default_rng(5).integers(0, 4, shape).astype(dtype)
    found = halved(counts, nodata)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected(counts, nodata))
    np.testing.assert_array_equal(halved.py_func(counts, nodata), found)  # type: ignore[attr-defined]


def test_large_counts_do_not_overflow() -> None:
    counts = np.full((4, 4), 65535, np.uint16)
    np.testing.assert_array_equal(halved(counts, 0), 65535)
