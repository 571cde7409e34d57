"""Spectral flags: likeness to shade, to snow and to bright ground."""

from __future__ import annotations

import numpy as np
import pytest
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters

from ipf.kernels.spectral_flags import (
    BELOW_REFERENCE,
    BLUE_SHADE,
    BRIGHT_GROUND,
    DIM,
    GREENER_THAN_SWIR,
    NEAR_REFERENCE,
    ROUGHLY_NEAR,
    SHADE_LIKE,
    shade_likeness,
    spectral_flags,
)

T = SpectralClassificationParameters().thresholds
REFERENCE = np.array([0.12, 0.08, 0.06, 0.10, 0.0545, 0.0255], np.float32)
BANDS = ("b01", "b02", "b03", "b04", "b05", "b8a", "b10", "b11")


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (0.0, NEAR_REFERENCE),
        (0.017, NEAR_REFERENCE),
        (0.019, 0),
        (0.061, None),
        (-0.017, NEAR_REFERENCE | BELOW_REFERENCE),
        (-0.02, BELOW_REFERENCE),
    ],
)
def test_likeness_is_a_mean_distance_or_lying_below(offset: float, expected: int | None) -> None:
    bands = [np.full((2, 2), value + offset, np.float32) for value in REFERENCE]
    bands[0][1, 1] = np.nan
    found = shade_likeness(*bands, T)
    assert found[1, 1] == 0
    assert found[0, 0] == (0 if expected is None else expected | ROUGHLY_NEAR)


def test_likeness_equals_its_numpy_twin() -> None:
    bands = np.random.default_rng(2).uniform(-0.02, 0.3, (6, 30, 40)).astype(np.float32)
    distance = np.zeros(bands.shape[1:], np.float32)
    for band, reference in zip(bands, REFERENCE, strict=True):
        distance += abs(band - reference)
    distance *= np.float32(1 / 6)
    expected = (
        np.where(distance <= T.shadow_distance_maximum, NEAR_REFERENCE, 0)
        | np.where(distance <= T.dim_distance_maximum, ROUGHLY_NEAR, 0)
        | np.where((bands < REFERENCE[:, None, None]).all(axis=0), BELOW_REFERENCE, 0)
    )
    np.testing.assert_array_equal(shade_likeness(*bands, T), expected)
    assert {int(value) for value in np.unique(expected)} >= {0, ROUGHLY_NEAR}


def flags_of(kind: int, *, like: int = 0, dim: int = 0, **bands: float) -> int:
    """Flags of one pixel; bands not given are grey."""
    images = [np.full((1, 1), bands.get(name, 0.2), np.float32) for name in BANDS]
    one = [np.full((1, 1), value, np.uint8) for value in (like, dim, kind)]
    return int(spectral_flags(*images, *one, T)[0, 0])


def test_what_is_as_blue_as_water_or_cirrus_is_not_shade() -> None:
    assert flags_of(4, like=1) & (SHADE_LIKE | DIM) == SHADE_LIKE | DIM
    assert flags_of(4, dim=1) & (SHADE_LIKE | DIM) == DIM
    assert flags_of(2) & DIM
    assert flags_of(11, b8a=0.4) & DIM
    assert not flags_of(11, b8a=0.6) & DIM
    assert not flags_of(6, like=1, dim=1, b02=0.13, b11=0.02) & (SHADE_LIKE | DIM)
    assert not flags_of(10, like=1, dim=1) & (SHADE_LIKE | DIM)
    assert flags_of(0, like=1, dim=1) == 0


def test_green_above_swir_and_blue_shade() -> None:
    assert flags_of(12, b03=0.3, b11=0.29) & GREENER_THAN_SWIR
    assert not flags_of(12, b03=0.3, b11=0.31) & GREENER_THAN_SWIR
    assert flags_of(8, b02=0.30, b04=0.25, b8a=0.20) & BLUE_SHADE
    assert not flags_of(8, b02=0.19, b04=0.15, b8a=0.10) & BLUE_SHADE
    assert not flags_of(8, b02=0.30, b04=0.27, b8a=0.20) & BLUE_SHADE


def test_bright_ground_is_asked_of_clouds_only() -> None:
    roof = {"b01": 0.25, "b03": 0.33, "b04": 0.36, "b05": 0.38, "b8a": 0.42, "b10": 0.002, "b11": 0.40}
    assert flags_of(8, **roof) & BRIGHT_GROUND
    assert not flags_of(5, **roof) & BRIGHT_GROUND
    assert not flags_of(9, **{**roof, "b01": 0.5}) & BRIGHT_GROUND
    assert flags_of(9, **{**roof, "b01": 0.5, "b11": 0.6}) & BRIGHT_GROUND
