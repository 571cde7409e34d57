"""The relation of canopies: its file, what it says of published ratios, and that it can be made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ipf.atmosphere.canopy import FILE_NAME, CanopyRelation, encode_canopy_relation, load_canopy_relation
from ipf.atmosphere.shipped import shipped_folder
from ipf.errors import AuxiliaryError
from tests.conftest import reference_folder


@pytest.fixture(scope="module")
def relation() -> CanopyRelation:
    return load_canopy_relation()


@pytest.fixture
def content() -> dict[str, Any]:
    text = (shipped_folder() / FILE_NAME).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_red_is_about_half_of_short_wave_infrared_as_was_measured(content: dict[str, Any]) -> None:
    """Kaufman et al. 1997: red over 2.1 um is 0.5, from 0.3 to 0.7 in single stands."""
    low, _, median, _, high = content["provenance"]["ratios_5_25_50_75_95_percent"]["B04/B12"]
    assert 0.45 <= median <= 0.55
    assert 0.2 <= low < 0.35
    assert 0.65 < high <= 1.0


def test_departures_vanish_where_the_relation_holds(relation: CanopyRelation) -> None:
    ground = {
        band: np.array([value])
        for band, value in zip(relation.visible.predictors, (0.07, 0.3, 0.15, 0.06), strict=True)
    }
    expected = dict(zip(relation.visible.targets, relation.expected(ground), strict=True))
    assert 0.01 < expected["B02"][0] < expected["B04"][0] * 1.5
    assert np.allclose(relation.departures({**ground, **expected}), 0.0, atol=1e-12)
    brighter = {band: 1.1 * value for band, value in expected.items()}
    assert np.allclose(relation.departures({**ground, **brighter}), np.log(1.1))


def test_departures_of_what_is_too_dark_stay_finite_and_gaps_stay_gaps(relation: CanopyRelation) -> None:
    ground = {band: np.array([-0.01, np.nan]) for band in relation.bands}
    found = relation.departures(ground)
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()


def test_the_water_band_is_darker_over_leaves_than_over_soil(relation: CanopyRelation) -> None:
    leaves, soil = (
        relation.water_band_ratio(*(np.array([value]) for value in values))[0]
        for values in ((0.43, 0.45, 0.2), (0.25, 0.27, 0.36))
    )
    assert 0.95 < leaves < 1.0 < soil < 1.1


def test_a_file_gives_back_the_relation(relation: CanopyRelation, tmp_path: Path) -> None:
    path = tmp_path / "relation.json"
    path.write_bytes(encode_canopy_relation(relation, {}))
    assert load_canopy_relation(path) == relation


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("coefficients", [[1.0, 2.0]]),
        ("coefficients", [[float("nan")] * 5] * 2),
        ("covariance", [[1.0, 2.0], [2.0, 1.0]]),
        ("targets", 3),
    ],
)
def test_a_wrong_file_is_refused_by_name(
    content: dict[str, Any], tmp_path: Path, element: str, value: object
) -> None:
    content["visible"][element] = value
    path = tmp_path / "relation.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(AuxiliaryError, match=r"relation\.json"):
        load_canopy_relation(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json"])
def test_what_is_no_relation_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "relation.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AuxiliaryError, match=r"relation\.json"):
        load_canopy_relation(path)


@pytest.mark.slow
def test_made_again_it_is_the_shipped_one(relation: CanopyRelation, tmp_path: Path) -> None:
    pytest.importorskip("prosail", reason="the optional package prosail ('ipf[canopy]') is not installed")
    folder = reference_folder()
    if folder is None:
        pytest.skip("reference data absent: IPF_REFERENCE_DATA names no folder")
    from ipf.atmosphere.canopy_fit import write

    spectral = folder / "spectral"
    path = write(spectral / "S2A_MSI_V4.txt", spectral / "Thuillier2003.txt.bz2", tmp_path)
    made = load_canopy_relation(path)
    for one, other in (
        (made.visible.coefficients, relation.visible.coefficients),
        (made.covariance, relation.covariance),
        (made.water_band.coefficients, relation.water_band.coefficients),
    ):
        assert np.allclose(one, other, atol=2e-5)
