"""Step `ortho_grids`: where the detectors of every band see the tile, computed when first asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
from ipf_plugins.geometric.read_l1b import TileFrame, area_of_grid
from ipf_plugins.geometric.sensor_scene import SensorScene

from ipf.engine import Context, NoParameters, SourceStep
from ipf.errors import NothingToMakeError
from ipf.geometry.orthorectification import GroundNodes, HeightLevels, MapArea, SensorGrid
from ipf.geometry.sun_field import SunField, TimeField
from ipf.product.l1b_reader import L1bProduct


@dataclass
class OrthoGrids:
    """Places in the images, heights of the ground and the sun, each computed once; for several threads."""

    product: L1bProduct
    scene: SensorScene
    area: MapArea
    _ground: dict[int, GroundNodes] = field(default_factory=dict)
    _grids: dict[str, tuple[SensorGrid, ...]] = field(default_factory=dict)
    _suns: dict[str, SunField] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def ground(self, resolution: int) -> GroundNodes:
        """Heights of the ground for images of a pixel size."""
        with self._lock:
            if resolution not in self._ground:
                self._ground[resolution] = GroundNodes.of(self.scene.model, self.area, resolution)
            return self._ground[resolution]

    def levels(self) -> HeightLevels:
        """Heights that hold all the ground of the tile."""
        return HeightLevels.over(*self.ground(60).bounds(), margin=50.0)

    def grids(self, band: str) -> tuple[SensorGrid, ...]:
        """Grids of the detectors that see the tile in `band`."""
        with self._lock:
            if band not in self._grids:
                self._grids[band] = self._find(band)
            return self._grids[band]

    def _find(self, band: str) -> tuple[SensorGrid, ...]:
        found = []
        for detector in sorted(self.product.granules):
            if not self.product.granules[detector]:
                continue
            lines = self.product.lines(band, detector)
            reach = float(lines.start), float(lines.stop - 1)
            grid = SensorGrid.of(self.scene.model, self.area, band, detector, self.levels(), reach)
            if grid is not None:
                found.append(grid)
        return tuple(found)

    def sun(self, band: str) -> SunField:
        """Cosine of the sun's zenith angle over the tile when `band` saw it."""
        with self._lock:
            if band not in self._suns:
                times = self._times(band)
                self._suns[band] = SunField.of(self.scene.model, self.area, times)
            return self._suns[band]

    def _times(self, band: str) -> TimeField:
        """When a band saw the tile; where it did not, at the end of a strip, when another band did.

        Raises NothingToMakeError naming datastrip and tile where no band sees it.
        """
        for name in dict.fromkeys((band, *(band for band, _ in self.scene.geometry.viewing))):
            grids = self.grids(name)
            if any(np.isfinite(grid.rows[0]).any() for grid in grids):
                return TimeField.of(self.scene.model, grids)
            if name != band:
                self.release(name)
        raise NothingToMakeError(
            f"{self.product.datastrip.file}: no detector sees the tile at {self.area.left:.0f}, "
            f"{self.area.top:.0f} of EPSG:{self.area.epsg}"
        )

    def release(self, band: str) -> None:
        """Forget what belongs to one band alone."""
        with self._lock:
            self._grids.pop(band, None)


@dataclass(frozen=True)
class Inputs:
    """The granules, the tile and the sensor model."""

    l1b_product: L1bProduct
    tile_frame: TileFrame
    sensor_scene: SensorScene


@dataclass(frozen=True)
class Outputs:
    """The grids."""

    ortho_grids: OrthoGrids


def prepare(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """The grids of the tile, of which none is computed yet."""
    area = area_of_grid(inputs.tile_frame.grid)
    return Outputs(OrthoGrids(inputs.l1b_product, inputs.sensor_scene, area))


ortho_grids = SourceStep(
    name="ortho_grids",
    summary="where the detectors see the tile, at the ground's own height",
    run=prepare,
)
