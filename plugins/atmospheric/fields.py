"""Slowly varying quantities of a tile: known at coarse nodes, wanted at pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.product.raster import Window

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TileField:
    """Values at nodes `step` metres apart, rows going south, the first on the tile's upper-left corner.

    Between nodes the field is bilinear, beyond the last node it keeps its value. One node alone is a
    constant.
    """

    nodes: Floats
    step: float

    @classmethod
    def constant(cls, value: float) -> TileField:
        """The same value everywhere."""
        return cls(np.full((1, 1), value), 1.0)

    @property
    def mean(self) -> float:
        """Mean over the nodes."""
        return float(self.nodes.mean())

    def over(self, window: Window, resolution: int) -> npt.NDArray[np.float32]:
        """Values at the centres of the pixels of a window, float32.

        Each value depends on its pixel's place alone: no sum runs over pixels.
        """
        rows, row_share = self._between(window.row, window.height, resolution, self.nodes.shape[0])
        columns, column_share = self._between(window.column, window.width, resolution, self.nodes.shape[1])
        upper, lower = self.nodes[rows], self.nodes[np.minimum(rows + 1, self.nodes.shape[0] - 1)]
        lines = upper + (lower - upper) * row_share[:, np.newaxis]
        right = np.minimum(columns + 1, self.nodes.shape[1] - 1)
        left_values = lines[:, columns]
        return (left_values + (lines[:, right] - left_values) * column_share).astype(np.float32)

    def _between(
        self, first: int, count: int, resolution: int, nodes: int
    ) -> tuple[npt.NDArray[np.intp], Floats]:
        """Node before each pixel centre, and the share of the way to the next one."""
        position = (np.arange(first, first + count) + 0.5) * resolution / self.step
        before = np.clip(np.floor(position), 0, max(nodes - 2, 0)).astype(np.intp)
        return before, np.clip(position - before, 0.0, 1.0)
