"""Slowly varying quantities of a tile: known at coarse nodes, wanted at pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.product.raster import Window

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TileField:
    """Values at nodes `step` metres apart, rows going south, the first on the tile's upper-left corner.

    Between nodes the field is bilinear, beyond the last node it keeps its value. One node alone is a
    constant.
    """

    nodes: tuple[tuple[float, ...], ...]
    step: float

    @classmethod
    def constant(cls, value: float) -> TileField:
        """The same value everywhere."""
        return cls(((value,),), 1.0)

    @classmethod
    def of(cls, nodes: Floats, step: float) -> TileField:
        """The field of an array of nodes."""
        return cls(tuple(tuple(float(value) for value in row) for row in nodes), step)

    @property
    def mean(self) -> float:
        """Mean over the nodes."""
        return float(np.mean(self.nodes))

    @property
    def maximum(self) -> float:
        """Largest of the nodes."""
        return float(np.max(self.nodes))

    def over(self, window: Window, resolution: int) -> npt.NDArray[np.float32]:
        """Values at the centres of the pixels of a window, float32.

        Each value depends on its pixel's place alone: no sum runs over pixels.
        """
        nodes = np.array(self.nodes)
        rows, row_share = self._between(window.row, window.height, resolution, nodes.shape[0])
        columns, column_share = self._between(window.column, window.width, resolution, nodes.shape[1])
        upper, lower = nodes[rows], nodes[np.minimum(rows + 1, nodes.shape[0] - 1)]
        lines = upper + (lower - upper) * row_share[:, np.newaxis]
        left, right = lines[:, columns], lines[:, np.minimum(columns + 1, nodes.shape[1] - 1)]
        return np.asarray(left + (right - left) * column_share, np.float32)

    def _between(
        self, first: int, count: int, resolution: int, nodes: int
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Node before each pixel centre, and the share of the way to the next one."""
        position = (np.arange(first, first + count) + 0.5) * resolution / self.step
        before = np.clip(np.floor(position), 0, max(nodes - 2, 0)).astype(np.intp)
        return before, np.clip(position - before, 0.0, 1.0)
