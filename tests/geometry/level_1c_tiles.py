"""Real Level-1C tiles against what the sensor model makes of their acquisitions, but for one constant bias.

The spacecraft model of those dates is not at hand: three angles stand for it, found on two bands from the
angle grids and from the corners of detector footprints, which are the ends of lines of pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from lxml import etree
from pyproj import Transformer
from scipy.optimize import least_squares

from ipf.geometry.acquisition import Mounting, SensorGeometry, SensorKey
from ipf.geometry.footprints import detector_ring
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tile_angles import NodeAngles
from ipf.geometry.tiles import TILE_SIZE_M, MgrsTile, tile_of_name
from ipf.product.metadata import TileMetadata
from ipf.product.sensor_datastrip import read_sensor_datastrip
from ipf.product.tile_reader import read_tile_metadata
from tests.geometry.angle_grids import L1cTile

Floats = npt.NDArray[np.float64]

FITTED = ("B02", "B12")
"""Bands of both focal planes that the bias is found from; the others are compared with it alone."""
ANGLE_NOISE_DEG, CORNER_NOISE_M = 1e-3, 20.0
LIKELY_BIAS = 1e-3
"""rad: turns about z are hardly seen where one detector reaches the tile; they are kept this small."""


@dataclass(frozen=True)
class RealTile:
    """A product's tile with its acquisition; the ground is taken to be flat at the ellipsoid."""

    product: Path
    data: Path
    _reaches: dict[SensorKey, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def metadata(self) -> TileMetadata:
        """The tile's metadata."""
        return read_tile_metadata(next((self.product / "GRANULE").glob("*/MTD_TL.xml")))

    @cached_property
    def geometry(self) -> SensorGeometry:
        """The acquisition with a mounting of no rotation."""
        return L1cTile(self.product).geometry(self.data)

    @property
    def tile(self) -> MgrsTile:
        """The tile that the product says it is of."""
        return tile_of_name(self.product.name.split("_")[5])

    @property
    def area(self) -> MapArea:
        """The tile's area."""
        tile = self.tile
        return MapArea(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), TILE_SIZE_M)

    def lines(self, model: SensorModel) -> dict[SensorKey, tuple[float, float]]:
        """Lines from the first one to the end of sensing."""
        strip = read_sensor_datastrip(next((self.product / "DATASTRIP").iterdir()))
        seconds = (strip.sensing_stop.moment.replace(tzinfo=None) - strip.epoch).total_seconds()
        stop = seconds + self.geometry.earth.gps_minus_utc
        first = self.geometry.datation.first_line
        return {
            key: (1.0, (stop - start) / model.line_period(key[0])) for key, start in sorted(first.items())
        }

    @cached_property
    def footprints(self) -> Mapping[SensorKey, shapely.Polygon]:
        """Detector footprints of the product by band and detector, in metres of the map."""
        found = {}
        for path in sorted((self.product / "GRANULE").glob("*/QI_DATA/MSK_DETFOO_B??.gml")):
            for feature in etree.parse(path).iterfind(".//{*}MaskFeature"):
                name = str(feature.get("{http://www.opengis.net/gml/3.2}id"))
                text = feature.findtext(".//{*}posList")
                assert text
                corners = np.array(text.split(), np.float64).reshape(-1, 3)
                found[path.stem[-3:], int(name.split("-")[2])] = shapely.Polygon(corners[:, :2])
        return found

    def corners(self, key: SensorKey) -> Floats:
        """Corners (n, 2) of a footprint that are not on the tile's edges."""
        corners = shapely.get_coordinates(self.footprints[key])
        inner = shapely.box(*self.tile.square.buffer(-1.0).bounds)
        return corners[shapely.contains_xy(inner, corners[:, 0], corners[:, 1])]

    def seen(self, model: SensorModel, key: SensorKey, lines: tuple[float, float]) -> shapely.Geometry:
        """The part of the tile that a detector sees, in metres of the map."""
        reach = self._reach(model, key)
        first, last = max(lines[0], reach[0]), min(lines[1], reach[1])
        ring = detector_ring(model, key, range(round(first), round(last) + 1), 0.0)
        to_map = Transformer.from_crs(4326, self.area.epsg, always_xy=True)
        outline = shapely.Polygon(np.column_stack(to_map.transform(*ring.T)))
        return outline.intersection(self.tile.square)

    @cached_property
    def model(self) -> SensorModel:
        """The sensor model with the bias taken out."""
        found = least_squares(self._residuals, np.zeros(3), x_scale=1e-4, diff_step=1e-2, loss="soft_l1")
        return self._turned(found.x)

    def _reach(self, model: SensorModel, key: SensorKey) -> tuple[float, float]:
        """Lines within which the tile and its surroundings are seen, whatever the bias is."""
        if key not in self._reaches:
            nodes = np.linspace(0.0, float(TILE_SIZE_M), 3)
            places = self.area.geographic(nodes[:, None], nodes[None, :])
            rows, _ = model.inverse_location(*key, *places, 0.0, margin=40_000.0)
            self._reaches[key] = float(np.min(rows)) - 1000.0, float(np.max(rows)) + 1000.0
        return self._reaches[key]

    def _turned(self, angles: Floats) -> SensorModel:
        return SensorModel(replace(self.geometry, mounting=Mounting(*map(float, angles))))

    def _residuals(self, angles: Floats) -> Floats:
        """Differences of angle grids and of ends of lines, by what they are known to, and of the angles."""
        model = self._turned(angles)
        parts = [angles / LIKELY_BIAS]
        for key, grid in self.metadata.angles.viewing.items():
            if key[0] in FITTED:
                found = self._at_nodes(model, key, np.isfinite(grid.zenith))
                expected = grid.zenith[np.isfinite(grid.zenith)], grid.azimuth[np.isfinite(grid.zenith)]
                parts += [part / ANGLE_NOISE_DEG for part in tilts(found, expected)]
                parts.append(self._beyond_ends(model, key) / CORNER_NOISE_M)
        return np.concatenate(parts)

    def _at_nodes(
        self, model: SensorModel, key: SensorKey, chosen: npt.NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """Zeniths and azimuths of chosen nodes, (n,) each, also a little beyond the detector's ends."""
        nodes = 5000.0 * np.arange(23)
        longitude, latitude = (axis[chosen] for axis in self.area.geographic(nodes[:, None], nodes[None, :]))
        reach = self._reach(model, key)
        rows, pixels = model.inverse_location(*key, longitude, latitude, 0.0, lines=reach, margin=3000.0)
        return model.viewing_angles(*key, rows, pixels, 0.0)

    def _beyond_ends(self, model: SensorModel, key: SensorKey) -> Floats:
        """How far (m) corners of a footprint are from the end of the line that they are to be on."""
        to_degrees = Transformer.from_crs(self.area.epsg, 4326, always_xy=True)
        corners = self.corners(key)
        places = to_degrees.transform(*corners.T)
        reach = self._reach(model, key)
        _, pixels = model.inverse_location(*key, *places, 0.0, lines=reach, margin=3000.0)
        last = model.pixel_count(*key) - 1
        return np.where(pixels < last / 2, pixels, pixels - last) * (26_000.0 / last)


def tilts(found: tuple[Floats, Floats], expected: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Differences of directions towards the east and north, degrees."""
    sides = []
    for side in (np.sin, np.cos):
        one, other = (
            np.sin(np.deg2rad(zenith)) * side(np.deg2rad(azimuth)) for zenith, azimuth in (found, expected)
        )
        sides.append(np.rad2deg(one - other))
    return sides[0], sides[1]


def turn(found: Floats, expected: Floats) -> Floats:
    """Difference of azimuths, degrees from -180 to 180."""
    return (found - expected + 180.0) % 360.0 - 180.0


def real_tiles(data: Path) -> Iterator[RealTile]:
    """The two products with all of their datastrips' metadata."""
    for product in sorted((data / "l1c_metadata").glob("S2*.SAFE")):
        yield RealTile(product, data)


def differences(found: NodeAngles, zenith: Floats, azimuth: Floats) -> tuple[Floats, Floats]:
    """Differences of zenith and azimuth where both have any."""
    both = np.isfinite(found.zenith) & np.isfinite(zenith)
    return (found.zenith - zenith)[both], turn(found.azimuth, azimuth)[both]
