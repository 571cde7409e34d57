"""Atmospheres and tiles for the tests: constant angles, a stated atmosphere, the tables that come along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import (
    AtmosphericState,
    AtmosphericStateParameters,
    resolve,
)
from ipf_plugins.atmospheric.forecast import Forecast
from ipf_plugins.atmospheric.look_up_tables import VectorTables

from ipf.atmosphere.gases import load_gas_model
from ipf.atmosphere.storage import load_scattering_table
from ipf.product.angles import AngleGrid, Direction, TileAngles
from ipf.product.bands import BAND_NAMES
from ipf.product.raster import Grid

NODES = 23
GRID = Grid(32718, 399960.0, 8700000.0, 10, 1830, 1830)
"""10 m grid of a sixth of a tile, on the corner of tile 18LTM."""


def constant_angles(sun: Direction, view: Direction, nodes: int = NODES) -> TileAngles:
    """The same angles at all nodes, in all bands, seen by one detector."""

    def grid(direction: Direction) -> AngleGrid:
        shape = (nodes, nodes)
        return AngleGrid(np.full(shape, direction.zenith), np.full(shape, direction.azimuth))

    return TileAngles(
        grid(sun), sun, {(band, 1): grid(view) for band in BAND_NAMES}, dict.fromkeys(BAND_NAMES, view)
    )


def stated(**values: float) -> AtmosphericState:
    """The state that parameters alone make."""
    return resolve(AtmosphericStateParameters(**values), Forecast())


def model(angles: TileAngles, state: AtmosphericState, satellite: str = "S2A") -> AtmosphereModel:
    """The model of a tile."""
    tables = {"continental": load_scattering_table(satellite)}
    return AtmosphereModel(VectorTables(tables, load_gas_model()), angles, state)


def small(side_m: int = 1260) -> Grid:
    """A corner of the grid, for tests of many small blocks."""
    return replace(GRID, rows=side_m // 10, columns=side_m // 10)
