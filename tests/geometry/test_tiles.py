"""Tiles: names, corners, and which of them a footprint covers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.errors import ParameterError
from ipf.geometry.tiles import TILE_SIZE_M, tile_of_name, tiles_under


@pytest.mark.parametrize(
    ("name", "epsg", "x", "y"),
    [
        ("31TDH", 32631, 399960, 4800000),
        ("T01LAC", 32701, 99960, 8300020),
        ("28RBN", 32628, 199980, 2800020),
        ("56JKT", 32756, 199980, 7300000),
        ("60CWS", 32760, 499980, 1200040),
        ("32VKM", 32632, 199980, 6700020),
    ],
)
def test_corners_are_those_of_products(name: str, epsg: int, x: int, y: int) -> None:
    tile = tile_of_name(name)
    assert (tile.name, tile.epsg, tile.upper_left_x, tile.upper_left_y) == (
        name.removeprefix("T"),
        epsg,
        x,
        y,
    )


def test_every_tile_of_the_reference_data(reference_data: Path) -> None:
    seen = set()
    for document in sorted(reference_data.rglob("*.xml")):
        text = document.read_text(errors="replace")
        name = re.search(r"<TILE_ID[^>]*>\S*_T(\d\d[A-Z]{3})_", text)
        corner = re.search(r"<ULX>(\d+)</ULX>\s*<ULY>(\d+)</ULY>", text)
        code = re.search(r"EPSG:(\d+)", text)
        if name and corner and code:
            tile = tile_of_name(name[1])
            assert (tile.epsg, tile.upper_left_x, tile.upper_left_y) == (
                int(code[1]),
                int(corner[1]),
                int(corner[2]),
            ), document
            seen.add(name[1])
    assert len(seen) >= 11


@pytest.mark.parametrize(
    "name", ["", "T", "61TDH", "00TDH", "31IDH", "31TDI", "31TSH", "31TDW", "xxTDH", "31TD"]
)
def test_what_names_no_tile_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="names no tile"):
        tile_of_name(name)


def names(*corners: tuple[float, float], share: float = 0.0) -> set[str]:
    return {tile.name for tile in tiles_under(np.array(corners, float), share)}


def test_a_small_footprint_is_in_its_tile() -> None:
    found = names((11.55, 48.1), (11.6, 48.1), (11.6, 48.15), (11.55, 48.15))
    assert found == {"32UPU", "33UTP"}  # Munich, which the tiles at the edge of zone 33 reach


def test_tiles_of_two_zones_where_they_meet() -> None:
    found = names((11.9, 47.0), (12.1, 47.0), (12.1, 47.1), (11.9, 47.1))
    assert {name[:2] for name in found} == {"32", "33"}


def test_a_footprint_across_the_antimeridian() -> None:
    found = names((179.5, -16.0), (-179.5, -16.0), (-179.5, -16.5), (179.5, -16.5))
    assert {name[:2] for name in found} == {"60", "01"}
    assert len(found) < 12


def test_a_footprint_across_the_equator() -> None:
    found = names((20.0, -0.5), (20.5, -0.5), (20.5, 0.5), (20.0, 0.5))
    assert {name[2] for name in found} == {"M", "N"}


def test_svalbard_and_norway_have_zones_of_their_own() -> None:
    assert {name[:3] for name in names((4.0, 60.0), (4.5, 60.0), (4.5, 60.3), (4.0, 60.3))} == {"32V"}
    assert {name[:3] for name in names((14.0, 78.0), (14.5, 78.0), (14.5, 78.2), (14.0, 78.2))} == {"33X"}


def test_slivers_can_be_left_out() -> None:
    corners = ((11.0, 48.0), (12.5, 48.0), (12.5, 49.0), (11.0, 49.0))
    assert names(*corners, share=0.3) < names(*corners)


def strip_of_orbit(first: float, last: float, longitude: float) -> np.ndarray:
    """Outline of a swath 290 km wide under a descending orbit, between latitudes, on a turning sphere."""
    inclination, turn = np.deg2rad(98.62), 6044.0 / 86164.0
    ends = np.pi - np.arcsin(np.sin(np.deg2rad((first, last))) / np.sin(inclination))
    along = np.linspace(*ends, 400)
    latitudes = np.rad2deg(np.arcsin(np.sin(inclination) * np.sin(along)))
    track = np.arctan2(np.cos(inclination) * np.sin(along), np.cos(along)) - turn * along
    longitudes = np.rad2deg(np.unwrap(track)) - np.rad2deg(np.unwrap(track))[0] + longitude
    geod = pyproj.Geod(ellps="WGS84")
    azimuths = geod.inv(longitudes[:-1], latitudes[:-1], longitudes[1:], latitudes[1:])[0]
    azimuths = np.append(azimuths, azimuths[-1])
    sides = [
        geod.fwd(longitudes, latitudes, azimuths + side, np.full(400, 145e3))[:2] for side in (90.0, -90.0)
    ]
    return np.vstack((np.column_stack(sides[0]), np.column_stack(sides[1])[::-1]))


@pytest.mark.parametrize("longitude", [-20.0, 150.0])
def test_long_strips_from_near_the_pole(longitude: float) -> None:
    """Half way round the Earth: every tile that a part of the strip is over, and none besides."""
    strip = strip_of_orbit(81.2, -81.2, longitude)
    found = {tile.name for tile in tiles_under(strip)}
    half = len(strip) // 2
    parts = set()
    for start in range(0, half - 1, 7):
        end = min(start + 8, half)
        part = np.vstack((strip[start:end], strip[len(strip) - end : len(strip) - start]))
        parts |= {tile.name for tile in tiles_under(part)}
    assert len(found) > 900
    assert found == parts


@given(st.floats(-180, 179.9), st.floats(-83, 83))
def test_every_place_is_in_a_tile_that_its_name_gives_back(longitude: float, latitude: float) -> None:
    size = 0.01
    ring = np.array(
        [(longitude, latitude), (longitude + size, latitude), (longitude + size, latitude + size)], float
    )
    tiles = tiles_under(ring)
    assert tiles
    for tile in tiles:
        assert tile_of_name(tile.name) == tile
        assert tile.square.area == TILE_SIZE_M**2
