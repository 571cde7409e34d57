"""A tile of published spectra under an atmosphere of 6SV1.1 comes back, aerosol and water vapour retrieved.

One atmosphere and a sixth of a tile; `tests/benchmarks/test_closed_loop.py` has the others.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.closed_loop import (
    JUDGED,
    PEER_RMSE,
    ClosedLoop,
    column_table,
    run_closed_loop,
    spectral_ratios,
    table,
)

SCENE = "scene_T18LTM_aot025_wv30"
"""The atmosphere under which the peer was measured."""


@pytest.fixture(scope="module")
def loop(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ClosedLoop:
    found = run_closed_loop(tmp_path_factory.mktemp("loop"), reference_data, SCENE)
    print(f"\n{SCENE}\n{table(found.bands)}\n{column_table(found.columns)}")
    return found


def test_reflectance_comes_back(loop: ClosedLoop) -> None:
    within = {one.band: one.within for one in loop.bands if one.band in JUDGED}
    assert {band: share for band, share in within.items() if share < 0.99} == {}


def test_no_band_is_farther_off_than_that_of_a_peer(loop: ClosedLoop) -> None:
    worse = {one.band: one.rmse for one in loop.bands if one.rmse > PEER_RMSE.get(one.band, 1.0)}
    assert worse == {}


def test_aerosol_and_water_vapour_are_retrieved(loop: ClosedLoop) -> None:
    assert [(one.name, one.empty) for one in loop.columns] == [("AOT", 0.0), ("WVP", 0.0)]
    assert all(one.within >= 0.99 for one in loop.columns)


def test_vegetation_is_not_tuned_to_the_old_relation() -> None:
    """Red is half of B12, blue half of red: the spectra here depart from it."""
    red_to_swir = [ratios[0] for ratios in spectral_ratios().values()]
    assert max(abs(ratio - 0.5) for ratio in red_to_swir) > 0.1
