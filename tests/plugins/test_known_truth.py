"""The processor gives a scene's surface reflectance back: 18.3 km, from job order to product.

Its full-size form, with time and memory, is `tests/benchmarks/test_full_tile.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.known_truth import JUDGED, WANTED_SHARE, BandResult, KnownTruth, results, table

PROCESSOR = Path(sys.executable).with_name("ipf-processor")


@pytest.fixture(scope="module")
def figures(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, BandResult]:
    tile = KnownTruth.sixth(tmp_path_factory.mktemp("known_truth"), reference_data)
    done = subprocess.run(
        [PROCESSOR, tile.job_order("fast")], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found = results(tile)
    print(f"\n{table(found)}")
    return {result.band: result for result in found}


def test_the_scene_is_what_it_claims_to_be(figures: dict[str, BandResult]) -> None:
    """Level-1C agrees with the coefficients of another code to a hundredth of a count on the mean."""
    for result in figures.values():
        assert abs(result.simulation) < 1e-5, result


@pytest.mark.parametrize("band", JUDGED)
def test_surface_reflectance_comes_back(figures: dict[str, BandResult], band: str) -> None:
    assert figures[band].within >= WANTED_SHARE, figures[band]


def test_images_are_as_rich_as_real_ones(figures: dict[str, BandResult]) -> None:
    """Real bands of Sentinel-2 take 4 to 6 bits a pixel without loss."""
    for band in JUDGED:
        assert 4.0 <= figures[band].bits_per_pixel <= 6.0, figures[band]
