"""Tiles of published spectra under atmospheres of 6SV1.1, aerosol and water vapour retrieved.

Truth and gas model share a source: the gas transmittances of the processor are fitted to rows of 6S, so the
gas bands begin with an advantage. Scattering tables and surface relations come from elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugins.closed_loop import (
    JUDGED,
    PEER_RMSE,
    aerosol_method,
    column_table,
    run_closed_loop,
    spectral_ratios,
    table,
)
from tests.plugins.six_s import ATMOSPHERES

SCENES = (
    *(atmosphere.name for atmosphere in ATMOSPHERES),
    "scene_T18LTM_aot015_wv15",
    "scene_T18LTM_aot025_wv30",
)
WITH_PEER = "scene_T18LTM_aot025_wv30"
"""The atmosphere under which the peer was measured."""


@pytest.mark.parametrize("mode", ["accurate", "sen2cor"])
@pytest.mark.parametrize("name", SCENES)
def test_closed_loop(reference_data: Path, tmp_path: Path, name: str, mode: str) -> None:
    found = run_closed_loop(tmp_path, reference_data, name, {"MODE": mode})
    print(f"\n{name}, mode {mode}, AOT and water vapour retrieved\n{table(found.bands)}")
    print(column_table(found.columns))
    if mode == "sen2cor":
        return  # for the record: Sen2Cor's relation of red to B12 does not hold for these spectra
    assert all(one.within >= 0.99 for one in found.bands if one.band in JUDGED)
    assert all(one.within >= 0.99 for one in found.columns)
    assert aerosol_method(found.tile) == "SEN2COR_DDV"
    if name == WITH_PEER:
        assert all(one.rmse <= PEER_RMSE.get(one.band, 1.0) for one in found.bands)


def test_spectral_ratios_of_the_vegetation() -> None:
    for cover, (red_to_swir, blue_to_red) in spectral_ratios().items():
        print(f"{cover}: B04/B12 {red_to_swir:.2f}, B02/B04 {blue_to_red:.2f}")
