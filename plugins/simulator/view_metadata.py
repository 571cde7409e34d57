"""Metadata of a Level-1B product of a simulated view, by the sensor model and the datastrip that it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from pyproj import Geod

from ipf.geometry.sensor_model import SensorModel
from ipf.product.granule_names import GranuleName
from ipf.product.l1b_model import (
    GRANULE_SIZES,
    Angles,
    GeometricHeader,
    GranuleGeometry,
    GranuleMetadata,
    L1bDatastripMetadata,
    LocatedHeader,
    Place,
)
from ipf.product.metadata import AuxiliaryData, Datatake
from ipf.product.metadata_sections import read_auxiliary, read_datatake
from ipf.product.names import DatastripName
from ipf.product.nominal_radiometry import nominal_radiometry
from ipf.product.sensor_datastrip import ROOTS, GranuleEntry, SensorDatastrip
from ipf.product.utc import UtcTime
from ipf.product.xml_nodes import Node

GranuleLines = Mapping[int, Sequence[range]]
"""By detector the granules as ranges of 10 m lines, from 1 on, of whole pixels of 60 m."""

CENTRE = "SIM_"
"""Centre in the names, and reception station."""
REFERENCE_BAND = "B04"
"""Band whose first line dates a granule (as in real ones), and which its place and angles are of."""


@dataclass(frozen=True, slots=True)
class Acquired:
    """What is known of an acquisition beside its geometry; `auxiliary` names the files that go with it."""

    datatake: Datatake
    baseline: str
    downlink_orbit: int
    epoch: datetime
    sensing_start: UtcTime
    sensing_stop: UtcTime
    tdi: Mapping[str, str]
    gains: Mapping[str, float]
    radio_offsets: Mapping[str, float]
    auxiliary: AuxiliaryData

    @classmethod
    def of(cls, strip: SensorDatastrip) -> Acquired:
        """What a datastrip tells."""
        root = Node.of_document(strip.file, ROOTS)
        info = root.child("General_Info")
        return cls(
            datatake=read_datatake(info.child("Datatake_Info")),
            baseline=info.text("Processing_Info/PROCESSING_BASELINE"),
            downlink_orbit=info.integer("Downlink_Info/DOWNLINK_ORBIT_NUMBER"),
            epoch=strip.epoch,
            sensing_start=strip.sensing_start,
            sensing_stop=strip.sensing_stop,
            tdi=strip.tdi,
            gains=strip.gains,
            radio_offsets=strip.radio_offsets,
            auxiliary=replace(read_auxiliary(root.child("Auxiliary_Data_Info")), gris=()),
        )

    @property
    def satellite(self) -> str:
        """``S2A`` to ``S2D``."""
        return self.datatake.satellite

    @property
    def datatake_start(self) -> UtcTime:
        """Start of the datatake."""
        return self.datatake.sensing_start


@dataclass(frozen=True, slots=True)
class ViewFrame:
    """What all metadata of one product share."""

    model: SensorModel
    acquired: Acquired
    creation: UtcTime

    def utc(self, seconds: float) -> UtcTime:
        """UTC of GPS seconds after the epoch, to the microsecond."""
        since = timedelta(seconds=seconds - self.model.geometry.earth.gps_minus_utc)
        return UtcTime((self.acquired.epoch + since).replace(tzinfo=UTC), 6)

    def seconds(self, detector: int, line: int) -> float:
        """GPS seconds at the middle of a 10 m line of the reference band."""
        return float(self.model.line_seconds(REFERENCE_BAND, detector, line))

    def name(self) -> DatastripName:
        """Name of the new datastrip."""
        return DatastripName(
            self.acquired.satellite,
            "OPER",
            "L1B",
            CENTRE,
            self.creation.compact,
            self.acquired.sensing_start.compact,
            self.acquired.baseline,
        )

    def granule(self, detector: int, lines: range) -> GranuleMetadata:
        """Metadata of the granule of some 10 m lines."""
        time = self.utc(self.seconds(detector, lines.start))
        sizes = {
            resolution: (len(lines) * 10 // resolution, columns)
            for resolution, (_, columns) in GRANULE_SIZES.items()
        }
        name = GranuleName(
            self.acquired.satellite,
            "OPER",
            "L1B",
            CENTRE,
            self.creation.compact,
            time.compact,
            detector,
            self.acquired.baseline,
        )
        return GranuleMetadata(
            name=name,
            datastrip=str(self.name()),
            position=lines.start,
            sizes=sizes,
            sensing_time=time,
            geometry=self.geometry(detector, lines),
            archiving_centre=CENTRE,
            archiving_time=self.creation,
        )

    def geometry(self, detector: int, lines: range) -> GranuleGeometry:
        """Footprint, centre and angles there, by the reference band; on the ellipsoid without terrain."""
        last = float(self.model.pixel_count(REFERENCE_BAND, detector) - 1)
        first, end = float(lines.start), float(lines.stop - 1)
        ring = ((first, 0.0), (end, 0.0), (end, last), (first, last), (first, 0.0))
        middle = (first + end) / 2
        return GranuleGeometry(
            tuple(self._place(detector, line, pixel) for line, pixel in ring),
            self._place(detector, middle, last / 2),
            *self._angles(detector, middle, last / 2),
        )

    def _place(self, detector: int, line: float, pixel: float) -> Place:
        for height in (None, 0.0) if self.model.terrain is not None else (0.0,):
            seen = self.model.direct_location(REFERENCE_BAND, detector, [line], [pixel], height)
            if np.isfinite(seen.height[0]):
                break
        return float(seen.latitude[0]), float(seen.longitude[0]), float(seen.height[0])

    def _angles(self, detector: int, line: float, pixel: float) -> tuple[Angles, Angles]:
        """Zenith and azimuth of the satellite and of the sun."""
        latitude, longitude, _ = self._place(detector, line, pixel)
        viewing = self.model.viewing_angles(REFERENCE_BAND, detector, [line], [pixel], 0.0)
        seconds = self.model.line_seconds(REFERENCE_BAND, detector, line)
        sun = self.model.sun_angles([longitude], [latitude], seconds)
        return (float(viewing[0][0]), float(viewing[1][0])), (float(sun[0][0]), float(sun[1][0]))

    def header(self, detectors: Sequence[int], lines: range) -> GeometricHeader:
        """Geometry of the middle one of the first detector's lines, from the first to the last detector."""
        line = (lines.start + lines.stop - 1) // 2
        places = [(detectors[0], 0.0), (detectors[len(detectors) // 2], 1276.0), (detectors[-1], 2551.0)]
        located = [self._located(detector, float(line), pixel) for detector, pixel in places]
        return GeometricHeader(self.seconds(detectors[0], line), line, 0.0, 0.0, 0.0, *located)

    def _located(self, detector: int, line: float, pixel: float) -> LocatedHeader:
        seen = self.model.direct_location(
            REFERENCE_BAND, detector, [line, line + 1, line], [pixel, pixel, pixel + 1], 0.0
        )
        ellipsoid = Geod(ellps="WGS84")
        to_next = [
            ellipsoid.inv(seen.longitude[0], seen.latitude[0], seen.longitude[i], seen.latitude[i])
            for i in (1, 2)
        ]
        along, across = float(to_next[0][2]), float(to_next[1][2])
        return LocatedHeader(
            float(to_next[0][0]) % 360.0, *self._angles(detector, line, pixel), along, across
        )

    def datastrip_metadata(
        self, entries: Mapping[int, Sequence[GranuleEntry]], granules: GranuleLines
    ) -> L1bDatastripMetadata:
        """Metadata of the new datastrip."""
        strip, geometry = self.acquired, self.model.geometry
        detectors = sorted(detector for detector, listed in granules.items() if listed)
        return L1bDatastripMetadata(
            name=self.name(),
            datatake=strip.datatake,
            sensing_start=strip.sensing_start,
            sensing_stop=strip.sensing_stop,
            processing_time=self.creation,
            reception_station=CENTRE,
            downlink_orbit=strip.downlink_orbit,
            archiving_time=self.creation,
            epoch=strip.epoch,
            ephemeris=geometry.ephemeris,
            attitude=geometry.attitude,
            datation=geometry.datation,
            earth=geometry.earth,
            refining=geometry.refining,
            tdi=strip.tdi,
            gains=strip.gains,
            radiometry=replace(
                nominal_radiometry(strip.satellite, strip.datatake_start, strip.baseline),
                offsets=strip.radio_offsets,
            ),
            auxiliary=strip.auxiliary,
            granules=entries,
            headers=[self.header(detectors, granules[detectors[0]][0])],
        )
