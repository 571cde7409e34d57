"""The closed form for clear air against 6SV1.1, and against what it must not do."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ipf.atmosphere.rayleigh_correction import ClearAir


def test_path_reflectance_of_6s(reference_data: Path) -> None:
    table = reference_data / "radiative_transfer" / "6sv11_s2a_rt.csv"
    errors = []
    with table.open() as file:
        for row in csv.DictReader(file):
            wavelength = {"1": 442.7, "2": 492.4}.get(row["band"])
            if wavelength is not None and float(row["alt_km"]) == 0.0 and float(row["sza"]) <= 70.0:
                geometry = (float(row[name]) for name in ("sza", "vza", "raa"))
                air = ClearAir.of(wavelength, *geometry)
                errors.append(air.path / float(row["ratm_ray"]) - 1.0)
    print(f"\npath reflectance: {len(errors)} cases, from {min(errors):+.3f} to {max(errors):+.3f} of 6SV1.1")
    assert len(errors) > 50
    assert np.max(np.abs(errors)) < 0.06


def test_less_air_scatters_less() -> None:
    low, high = ClearAir.of(442.7, 40.0, 5.0, 60.0), ClearAir.of(442.7, 40.0, 5.0, 60.0, pressure=600.0)
    assert high.path < low.path
    assert high.transmittance > low.transmittance
    assert high.albedo < low.albedo


@pytest.mark.parametrize("zenith", [0.0, 45.0, 80.0])
def test_shares_are_shares(zenith: float) -> None:
    air = ClearAir.of(442.7, zenith, 10.0, 120.0)
    assert 0.0 < air.path < 0.5
    assert 0.1 < air.transmittance < 1.0
    assert 0.0 < air.albedo < 0.3
