"""Angle grids and detector footprints against those of real products, and where there is nothing to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import shapely
import shapely.affinity

from ipf.errors import ProductError
from ipf.geometry.acquisition import SensorKey
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tile_angles import NodeAngles, TileViewing, tile_viewing
from ipf.geometry.tiles import TILE_SIZE_M
from ipf.product.angles import AngleGrid
from tests.geometry.level_1c_tiles import RealTile, differences, real_tiles

SUN_LIMIT, ZENITH_LIMIT, AZIMUTH_LIMIT, OVERLAP_LIMIT = 0.005, 0.005, 0.02, 0.99
MEAN_ZENITH_LIMIT, MEAN_AZIMUTH_LIMIT = 0.05, 0.5
"""Degrees: of means over nodes that are not all the same."""
MADEIRA_28SCB = MapArea(32628, 300000.0, 3700020.0, TILE_SIZE_M)
PRODUCTS = ("S2A", "S2B")


@pytest.fixture(scope="module")
def tiles(reference_data: Path) -> dict[str, RealTile]:
    return {tile.product.name[:3]: tile for tile in real_tiles(reference_data)}


@pytest.fixture(scope="module")
def viewings(tiles: Mapping[str, RealTile]) -> dict[str, TileViewing]:
    """Recomputed on flat ground at the ellipsoid."""
    return {
        name: tile_viewing(tile.model, tile.area, tile.lines(tile.model), 0.0) for name, tile in tiles.items()
    }


@pytest.mark.parametrize("name", PRODUCTS)
def test_corners(tiles: Mapping[str, RealTile], name: str) -> None:
    grid, tile = tiles[name].metadata.grid, tiles[name].tile
    found = tile.epsg, tile.upper_left_x, tile.upper_left_y
    assert found == (grid.epsg, grid.upper_left_x, grid.upper_left_y)


@pytest.mark.parametrize("name", PRODUCTS)
def test_sun(tiles: Mapping[str, RealTile], viewings: Mapping[str, TileViewing], name: str) -> None:
    expected, found = tiles[name].metadata.angles, viewings[name]
    zenith, azimuth = differences(found.sun, expected.sun.zenith, expected.sun.azimuth)
    assert zenith.size == 23 * 23
    print(f"\n{name}: sun, worst: zenith {np.abs(zenith).max():.5f}, azimuth {np.abs(azimuth).max():.5f} deg")
    assert max(np.abs(zenith).max(), np.abs(azimuth).max()) <= SUN_LIMIT
    assert found.mean_sun[0] == pytest.approx(expected.mean_sun.zenith, abs=SUN_LIMIT)
    assert found.mean_sun[1] == pytest.approx(expected.mean_sun.azimuth, abs=SUN_LIMIT)


@pytest.mark.parametrize("name", PRODUCTS)
def test_views(tiles: Mapping[str, RealTile], viewings: Mapping[str, TileViewing], name: str) -> None:
    """Angles of all bands and detectors; nodes with angles are the same but for some at the very ends."""
    expected, found = tiles[name].metadata.angles, viewings[name]
    assert set(found.views) == set(expected.viewing)
    bands = dict.fromkeys(band for band, _ in expected.viewing)
    assert len(bands) == 13
    print(f"\n{name}   nodes  other  zenith: median  worst   azimuth: median  worst (degrees)   means")
    for band in bands:
        keys = [key for key in expected.viewing if key[0] == band]
        zenith, azimuth, others = _compared(found, expected.viewing, keys)
        mean, stated = found.mean_views[band], expected.mean_viewing[band]
        apart = abs(mean[0] - stated.zenith), abs(mean[1] - stated.azimuth)
        print(
            f"{band}  {zenith.size:6d} {others:5d} {np.median(zenith):16.4f} {zenith.max():6.4f}"
            f" {np.median(azimuth):17.4f} {azimuth.max():6.4f} {apart[0]:20.4f} {apart[1]:.4f}"
        )
        assert np.median(zenith) <= ZENITH_LIMIT
        assert np.median(azimuth) <= AZIMUTH_LIMIT
        assert others <= max(1, 0.01 * zenith.size)
        assert apart[0] <= MEAN_ZENITH_LIMIT
        assert apart[1] <= MEAN_AZIMUTH_LIMIT


def _compared(
    found: TileViewing, expected: Mapping[SensorKey, AngleGrid], keys: list[SensorKey]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int]:
    """Absolute differences of zenith and azimuth, and the number of nodes that only one of the two has."""
    zeniths, azimuths, others = [], [], 0
    for key in keys:
        grid = expected[key]
        zenith, azimuth = differences(found.views[key], grid.zenith, grid.azimuth)
        zeniths.append(np.abs(zenith))
        azimuths.append(np.abs(azimuth))
        there = np.isfinite(grid.zenith)
        others += int(np.count_nonzero(there != np.isfinite(found.views[key].zenith)))
    return np.concatenate(zeniths), np.concatenate(azimuths), others


@pytest.mark.parametrize("name", PRODUCTS)
def test_detector_footprints(tiles: Mapping[str, RealTile], name: str) -> None:
    """Intersection over union of every band's and detector's footprint with that of the product."""
    tile = tiles[name]
    lines = tile.lines(tile.model)
    shares: dict[str, list[float]] = {}
    for (band, detector), expected in tile.footprints.items():
        key = band, detector
        found = tile.seen(tile.model, key, lines[key])
        shares.setdefault(band, []).append(_overlap(found, expected))
        assert _overlap(shapely.affinity.translate(found, 2000.0), expected) < OVERLAP_LIMIT
    print(f"\n{name}: intersection over union of detector footprints, least and mean")
    for band, found_shares in shares.items():
        print(f"{band}  {len(found_shares):3d} {min(found_shares):.4f} {np.mean(found_shares):.4f}")
    assert len(shares) == 13
    assert min(map(min, shares.values())) >= OVERLAP_LIMIT
    absent = next(key for key in lines if key not in tile.footprints)
    assert tile.seen(tile.model, absent, lines[absent]).is_empty


def _overlap(one: shapely.Geometry, other: shapely.Geometry) -> float:
    return float(one.intersection(other).area / one.union(other).area)


@pytest.fixture
def lines(model: SensorModel) -> dict[SensorKey, tuple[float, float]]:
    """The lines of Madeira's datastrip, of two bands."""
    first = model.geometry.datation.first_line
    ends = {"B02": 13824.0, "B09": 2304.0}
    return {key: (1.0, ends[key[0]]) for key in sorted(first) if key[0] in ends}


def test_tile_elsewhere(model: SensorModel, lines: dict[SensorKey, tuple[float, float]]) -> None:
    far = replace(MADEIRA_28SCB, top=MADEIRA_28SCB.top + 1_500_000.0)
    with pytest.raises(ProductError, match=r"datastrip of S2A does not see the tile at 300000, 5200020"):
        tile_viewing(model, far, lines, 0.0)


def test_lines_end(model: SensorModel, lines: dict[SensorKey, tuple[float, float]]) -> None:
    """Nodes beyond the last line have no angles; the sun is known everywhere."""
    whole = tile_viewing(model, MADEIRA_28SCB, lines, 0.0)
    cut = tile_viewing(model, MADEIRA_28SCB, {key: (1.0, end / 2) for key, (_, end) in lines.items()}, 0.0)
    assert 0 < _nodes(cut.views) < _nodes(whole.views)
    np.testing.assert_allclose(cut.sun.zenith, whole.sun.zenith, atol=1e-9)
    assert np.all(np.isfinite(whole.sun.zenith))
    assert cut.seconds < whole.seconds
    for key, grid in cut.views.items():
        there = np.isfinite(grid.zenith)
        np.testing.assert_allclose(grid.zenith[there], whole.views[key].zenith[there], atol=1e-6)


def _nodes(views: Mapping[SensorKey, NodeAngles]) -> int:
    return sum(int(np.count_nonzero(np.isfinite(grid.zenith))) for grid in views.values())


def test_sliver(model: SensorModel, lines: dict[SensorKey, tuple[float, float]]) -> None:
    """A tile of which less is seen than lies between nodes has mean angles, but no grids."""
    whole = tile_viewing(model, MADEIRA_28SCB, lines, 0.0)
    key = max(
        (key for key in whole.views if key[0] == "B02"),
        key=lambda key: np.count_nonzero(np.isfinite(whole.views[key].zenith)),
    )
    nodes = 5000.0 * np.arange(23)
    places = MADEIRA_28SCB.geographic(nodes[:, None], nodes[None, :])
    rows, _ = model.inverse_location(*key, *places, 0.0)
    between = np.sort(rows[np.isfinite(rows)])
    widest = int(np.argmax(np.diff(between)))
    few = between[widest] + 1.0, between[widest + 1] - 1.0
    seen = tile_viewing(model, MADEIRA_28SCB, {key: few}, 0.0)
    assert not seen.views
    assert list(seen.mean_views) == ["B02"]
    assert seen.mean_views["B02"][0] == pytest.approx(whole.mean_views["B02"][0], abs=4.0)


def test_mean_across_north() -> None:
    azimuth = np.array([[359.0, 1.0], [358.0, 4.0]])
    assert NodeAngles(np.full((2, 2), 30.0), azimuth).mean() == pytest.approx((30.0, 0.5))
