"""Level-1B datastrips and granules as models: what their metadata say, and how lines are numbered.

Lines of a band and detector count from 1 over the whole datastrip: line 1 is that of the datastrip's time
stamps. A granule's POSITION is the line on which it begins, in lines of 10 m.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ipf.geometry.acquisition import (
    AttitudeSamples,
    Datation,
    EarthOrientation,
    Ephemeris,
    Refining,
)
from ipf.product.bands import BY_NAME
from ipf.product.granule_names import GranuleName
from ipf.product.metadata import AuxiliaryData, Datatake, Radiometry
from ipf.product.names import DatastripName
from ipf.product.sensor_datastrip import GranuleEntry
from ipf.product.utc import UtcTime

GRANULE_LINES = 2304
"""Lines of 10 m of a whole granule (PSD 14.8: 23 km); the last one of a datastrip may have less."""
GRANULE_SIZES = {10: (2304, 2552), 20: (1152, 1276), 60: (384, 425)}
"""Rows and columns of a whole Level-1B granule by pixel size, without blind pixels (as in real ones)."""

Place = tuple[float, float, float]
"""Latitude and longitude in degrees, height in metres, in real granules above the geoid: order of the PSD."""
Angles = tuple[float, float]
"""Zenith and azimuth in degrees, azimuth clockwise from north."""


def lines_of(position: int, rows: int, band: str) -> range:
    """Lines of `band` of a granule that begins on 10 m line `position` and has `rows` rows of the band."""
    first = (position - 1) * 10 // BY_NAME[band].resolution + 1
    return range(first, first + rows)


@dataclass(frozen=True, slots=True)
class GranuleGeometry:
    """Where a granule lies: ring of the footprint (closed), centre on the ground, angles at the centre."""

    footprint: tuple[Place, ...]
    ground_centre: Place
    incidence: Angles
    sun: Angles


@dataclass(frozen=True, slots=True)
class GranuleMetadata:
    """Metadata of a Level-1B granule.

    datastrip : identifier of the datastrip
    position : 10 m line, from 1, on which the granule begins
    sizes : rows and columns by pixel size (10, 20, 60 m)
    cloudy, degraded_msi : percentages
    masks : names of quality masks by band, without folder and extension
    """

    name: GranuleName
    datastrip: str
    position: int
    sizes: Mapping[int, tuple[int, int]]
    sensing_time: UtcTime
    geometry: GranuleGeometry
    archiving_centre: str
    archiving_time: UtcTime
    downlink_priority: str = "NOMINAL"
    cloudy: float = 0.0
    degraded_msi: float = 0.0
    masks: Mapping[str, str] | None = None

    @property
    def detector(self) -> int:
        """Detector, 1-12."""
        return self.name.detector

    def shape(self, band: str) -> tuple[int, int]:
        """Rows and columns of the image of `band`."""
        return self.sizes[BY_NAME[band].resolution]

    def lines(self, band: str) -> range:
        """Lines of `band` that the granule's image holds, within those of band and detector."""
        return lines_of(self.position, self.shape(band)[0], band)


@dataclass(frozen=True, slots=True)
class LocatedHeader:
    """Geometry of a line at one place of the swath: orientation, angles (degrees), pixel size (m)."""

    orientation: float
    incidence: Angles
    sun: Angles
    along_track: float
    across_track: float


@dataclass(frozen=True, slots=True)
class GeometricHeader:
    """Geometry of a line of the swath: GPS seconds, 10 m line, roll, pitch, yaw in degrees, three places."""

    seconds: float
    line: int
    roll: float
    pitch: float
    yaw: float
    begin: LocatedHeader
    centre: LocatedHeader
    end: LocatedHeader


@dataclass(frozen=True, slots=True)
class L1bDatastripMetadata:
    """Metadata of a Level-1B datastrip to be written; times and geometry as in `SensorDatastrip`.

    radiometry : spectral bands and offsets; what is of Level 1C in it is left aside
    auxiliary : names of auxiliary files; the orientation of the Earth is `earth`
    headers : geometry of some lines, one at least
    """

    name: DatastripName
    datatake: Datatake
    sensing_start: UtcTime
    sensing_stop: UtcTime
    processing_time: UtcTime
    reception_station: str
    downlink_orbit: int
    archiving_time: UtcTime
    epoch: datetime
    ephemeris: Ephemeris
    attitude: AttitudeSamples
    datation: Datation
    earth: EarthOrientation
    refining: Refining | None
    tdi: Mapping[str, str]
    gains: Mapping[str, float]
    radiometry: Radiometry
    auxiliary: AuxiliaryData
    granules: Mapping[int, Sequence[GranuleEntry]]
    headers: Sequence[GeometricHeader]
    psd_version: int = 15
    doi: str | None = None
    processing_parameters: str | None = None

    @property
    def baseline(self) -> str:
        """Processing baseline, ``05.00``."""
        return self.name.baseline

    @property
    def processing_centre(self) -> str:
        """Centre that processed the datastrip."""
        return self.name.centre

    @property
    def archiving_centre(self) -> str:
        """Centre that archives the datastrip."""
        return self.name.centre
