"""The sun over a tile: its zenith angle when each place was seen, smooth enough for a coarse mesh."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.orthorectification import COARSE_STEP_M, MapArea, SensorGrid, steps
from ipf.geometry.resampling import Rectangle
from ipf.geometry.sensor_model import SensorModel
from ipf.kernels.reflectance import cosines_between

MESH_STEP_M = 1800
"""Between nodes the cosine of the zenith is straight to (900 m / 6371 km)^2 / 2 = 1e-8."""


@dataclass(frozen=True, slots=True)
class TimeField:
    """When a band saw the places of an area: GPS seconds as a square polynomial of metres down and across.

    Detectors see a place two seconds apart where they overlap; the polynomial goes between them, wrong by a
    second at most, in which the sun moves by .004 degrees.
    """

    coefficients: FloatArray
    size: float

    @classmethod
    def of(cls, model: SensorModel, grids: Sequence[SensorGrid]) -> TimeField:
        """Fitted to what the detectors see; raises ProductError where they see nothing.

        Of a corner of the area alone the smallest polynomial that fits is taken: it holds where it is needed.
        """
        design, times, size = [], [], 1.0
        for grid in grids:
            rows, columns = np.nonzero(np.isfinite(grid.rows[0]))
            picked = slice(None, None, max(1, len(rows) // 4096))
            size = float((grid.rows.shape[1] - 1) * COARSE_STEP_M)
            share = COARSE_STEP_M / size
            down, across = (np.asarray(nodes[picked] * share, np.float64) for nodes in (rows, columns))
            design.append(_terms(down, across))
            lines = grid.rows[0, rows[picked], columns[picked]] + 1.0
            times.append(model.line_seconds(grid.band, grid.detector, lines))
        if not sum(map(len, times)):
            raise ProductError("sun: no detector sees the tile")
        coefficients = np.linalg.lstsq(np.concatenate(design), np.concatenate(times), rcond=None)[0]
        return cls(coefficients, size)

    def at(self, down: FloatArray, across: FloatArray) -> FloatArray:
        """GPS seconds at places `down` and `across` metres from the area's corner, broadcast."""
        shape = np.broadcast_shapes(down.shape, across.shape)
        places = (np.asarray(np.broadcast_to(axis, shape) / self.size, np.float64) for axis in (down, across))
        return np.asarray(_terms(*places) @ self.coefficients)


def _terms(down: FloatArray, across: FloatArray) -> FloatArray:
    one = np.ones_like(down)
    return np.stack((one, down, across, down * down, down * across, across * across), axis=-1)


@dataclass(frozen=True, slots=True)
class SunField:
    """Cosine of the sun's zenith angle at nodes `MESH_STEP_M` apart from an area's upper-left corner on."""

    cosines: FloatArray

    @classmethod
    def of(cls, model: SensorModel, area: MapArea, times: TimeField) -> SunField:
        """The sun of an area at the times it was seen."""
        nodes = steps(math.ceil(area.size / MESH_STEP_M) + 1, MESH_STEP_M)
        longitude, latitude = area.geographic(nodes[:, None], nodes[None, :])
        zenith, _ = model.sun_angles(longitude, latitude, times.at(nodes[:, None], nodes[None, :]))
        return cls(np.cos(np.deg2rad(zenith)))

    def cosine(self, resolution: int, window: Rectangle) -> npt.NDArray[np.float32]:
        """The cosine at the centres of the pixels of a window, (height, width)."""
        rows, down = self._between(resolution, window.row, window.height)
        columns, across = self._between(resolution, window.column, window.width)
        found = np.empty((window.height, window.width), np.float32)
        cosines_between(self.cosines, rows, down, columns, across, found)
        return found

    def _between(self, resolution: int, first: int, count: int) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Nodes before pixels `first` on, and how far (0 to 1) they lie behind them."""
        places = (first + np.arange(count) + 0.5) * (resolution / MESH_STEP_M)
        nodes = np.minimum(places.astype(np.int64), self.cosines.shape[0] - 2)
        return nodes, places - nodes
