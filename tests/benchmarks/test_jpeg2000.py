"""Speed of encoding one band, by pixel size and profile, against a copy of the same pixels."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy.ndimage import gaussian_filter

from ipf.product.jpeg2000 import CodingStyle, ImageKind, encode_jpeg2000, inspect_jpeg2000
from ipf.product.raster import Grid

SIDE = 1830


@pytest.mark.parametrize("style", ["official", "fast"])
@pytest.mark.parametrize("resolution", [10, 20, 60])
def test_encoding(benchmark: BenchmarkFixture, tmp_path: Path, resolution: int, style: CodingStyle) -> None:
    random = np.random.default_rng(1)
    texture = gaussian_filter(random.standard_normal((SIDE, SIDE)), 6) * 4000
    counts = (2000 + texture + random.normal(0, 3, (SIDE, SIDE))).clip(1, 32767).astype(np.uint16)
    grid = Grid(32632, 600000.0, 5000040.0, resolution, SIDE, SIDE)
    path = tmp_path / "band.jp2"
    benchmark.pedantic(
        encode_jpeg2000, args=(path, counts, grid, ImageKind.BAND, style), rounds=3, warmup_rounds=1
    )
    bits = inspect_jpeg2000(path).bits_per_pixel
    assert 4 < bits < 8
    start = perf_counter()
    for _ in range(10):
        counts.copy()
    floor = (perf_counter() - start) / 10
    seconds = benchmark.stats["mean"]
    print(
        f"\n{resolution} m, {style}: {counts.nbytes / 1e6 / seconds:.1f} MB/s at {bits:.2f} bits per pixel,"
        f" {seconds / floor:.0f} times a copy"
    )
