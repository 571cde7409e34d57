"""Percentiles of many values, exact, in bounded memory: of a histogram of whole numbers, or of kept values.

Percentiles are numpy's default: linear between the two order statistics around ``(n - 1) p / 100``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile

import numpy as np
import numpy.typing as npt

from ipf.kernels.value_comparison import DIGIT, count_digits

Values = npt.NDArray[np.float64]

_IN_MEMORY = 2**26
"""Bytes of values that are kept in memory; more go to a temporary file."""
_CHUNK = 2**24
"""Bytes that are read at a time."""
_KEY_BITS = 64


def percentiles_of(
    order_statistics: Callable[[Sequence[int]], Sequence[float]], pixels: int, percentiles: Sequence[float]
) -> dict[float, float]:
    """Percentiles of `pixels` values, NaN of none; `order_statistics` gives the values of ranks from 0 on."""
    if not pixels:
        return dict.fromkeys(percentiles, np.nan)
    places = [(pixels - 1) * np.true_divide(percentile, 100) for percentile in percentiles]
    ranks = sorted({rank for place in places for rank in _ranks(place, pixels)})
    values = dict(zip(ranks, order_statistics(ranks), strict=True))
    return {
        percentile: _between(values, place, pixels)
        for percentile, place in zip(percentiles, places, strict=True)
    }


def _ranks(place: float, pixels: int) -> tuple[int, int]:
    low = int(place)
    return low, min(low + 1, pixels - 1)


def _between(values: Mapping[int, float], place: float, pixels: int) -> float:
    """Between the values of two ranks, as numpy rounds it: from the nearer one."""
    low, high = (values[rank] for rank in _ranks(place, pixels))
    share = place - int(place)
    return float(high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share)


def of_histogram(counts: npt.NDArray[np.int64], values: Values) -> Callable[[Sequence[int]], list[float]]:
    """Order statistics of values that occur `counts` times, in rising order."""
    last_ranks = np.cumsum(counts)
    return lambda ranks: [float(value) for value in values[np.searchsorted(last_ranks, ranks, side="right")]]


@contextmanager
def kept_values() -> Iterator[KeptValues]:
    """Values kept aside for a while: in a temporary file where they are many, which is gone at the end."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        yield KeptValues(file)


class KeptValues:
    """Values that are kept aside for their order statistics; OSError passes where they cannot be written."""

    def __init__(self, file: SpooledTemporaryFile[bytes]) -> None:
        self._file = file

    def add(self, values: Values) -> None:
        """Keep values; their order does not matter."""
        self._file.write(np.ascontiguousarray(values).tobytes())

    def chunks(self) -> Iterator[Values]:
        """All values, some at a time."""
        self._file.seek(0)
        while content := self._file.read(_CHUNK):
            yield np.frombuffer(content, np.float64)

    def order_statistics(self, ranks: Sequence[int]) -> list[float]:
        """Values of `ranks` (from 0 on, in rising order), found digit by digit of their keys."""
        return order_statistics(self.chunks, ranks)


def order_statistics(chunks: Callable[[], Iterable[Values]], ranks: Sequence[int]) -> list[float]:
    """Values of `ranks` among those of `chunks`, which is called once for each 16 bits of a value.

    Radix selection: the values are counted by their highest bits, which tells those of the value sought and
    its rank among the values that share them; and so on with the next bits.
    """
    prefixes = np.zeros(len(ranks), np.uint64)
    left = np.array(ranks, np.int64)
    for shift in range(_KEY_BITS - DIGIT, -1, -DIGIT):
        distinct, places = np.unique(prefixes, return_inverse=True)
        counts = np.zeros((distinct.size, 2**DIGIT), np.int64)
        for values in chunks():
            count_digits(values.view(np.uint64), distinct, shift, counts)
        for sought, place in enumerate(places):
            below = np.cumsum(counts[place])
            digit = int(np.searchsorted(below, left[sought], side="right"))
            left[sought] -= below[digit] - counts[place, digit]
            prefixes[sought] = (prefixes[sought] << np.uint64(DIGIT)) | np.uint64(digit)
    sign = np.uint64(1) << np.uint64(63)
    bits = np.where(prefixes & sign, prefixes ^ sign, ~prefixes)
    return [float(value) for value in bits.view(np.float64)]
