"""What a datastrip of Level 1A, 1B or 1C says of its acquisition: orbit, attitude, times, granules.

Source of the layout: Sentinel-2 Product Specification Document (PSD 14.8 and 15.0), datastrip metadata.
Conventions, verified on real products: POSITION_VALUES in ITRF; QUATERNION_VALUES (q1, q2, q3, q0), the
scalar last, from EME2000 to the satellite; GPS_TIME on the GPS scale; COEFFICIENTS lowest degree first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from ipf.errors import ProductError
from ipf.geometry.acquisition import (
    AttitudeSamples,
    Datation,
    EarthOrientation,
    Ephemeris,
    FloatArray,
    Refining,
)
from ipf.product.bands import BY_NAME
from ipf.product.gps_time import read_gps_seconds
from ipf.product.utc import UtcTime
from ipf.product.xml_nodes import Node

ROOTS = ("Level-1A_DataStrip_ID", "Level-1B_DataStrip_ID", "Level-1C_DataStrip_ID")
METADATA_PATTERNS = ("S2?_*_MTD_L1?_DS_*.xml", "MTD_DS.xml")
"""Names of the metadata in the folder of a datastrip."""

_MILLI = 1e-3
_RADII = (6.5e6, 7.6e6)  # m: the orbit has 7.167e6
_SPEEDS = (7.0e3, 7.8e3)  # m/s, in ITRF: 7.4e3
_UNIT = 0.01  # how far the norm of a quaternion may be from 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GranuleEntry:
    """A granule of the datastrip: its identifier, and the 10 m line (1, 2305, …) on which it begins."""

    identifier: str
    position: int


@dataclass(frozen=True, slots=True)
class SensorDatastrip:
    """The acquisition as a datastrip tells it.

    satellite : ``S2A`` to ``S2D``
    epoch : GPS date, midnight of the day of acquisition, that all seconds count from
    tdi : TDI configuration by band (``APPLIED``); bands without one are not in it
    earth, refining : None where the datastrip has none
    gains : PHYSICAL_GAINS by band, counts per W m⁻² sr⁻¹ µm⁻¹
    granules : by detector (1-12), ordered by position; empty at Level 1C
    sun_irradiance : by band, W m⁻² µm⁻¹, and sun_distance_factor (U, about 1/d²), at Level 1C only
    radio_offsets : RADIO_ADD_OFFSET by band, counts, where there are any
    gipps : names of the parameter files that the datastrip was processed with
    """

    file: Path
    satellite: str
    epoch: datetime
    datatake_start: UtcTime
    sensing_start: UtcTime
    sensing_stop: UtcTime
    ephemeris: Ephemeris
    attitude: AttitudeSamples
    datation: Datation
    earth: EarthOrientation | None
    refining: Refining | None
    tdi: Mapping[str, str]
    gains: Mapping[str, float]
    granules: Mapping[int, tuple[GranuleEntry, ...]]
    radio_offsets: Mapping[str, float]
    sun_irradiance: Mapping[str, float]
    sun_distance_factor: float | None
    gipps: tuple[str, ...]


def datastrip_file(datastrip: Path) -> Path:
    """The metadata of a datastrip, given itself or the folder it stands in; `ProductError` without one."""
    if not datastrip.is_dir():
        return datastrip
    found = sorted(file for pattern in METADATA_PATTERNS for file in datastrip.glob(pattern))
    if len(found) != 1:
        raise ProductError(
            f"{datastrip}: {len(found)} files named {' or '.join(METADATA_PATTERNS)}, expected one"
        )
    return found[0]


def read_sensor_datastrip(datastrip: Path) -> SensorDatastrip:
    """Read the metadata of a datastrip of Level 1A, 1B or 1C, given itself or the folder it stands in.

    Samples that the datastrip itself marks as not valid are left out; of samples of one time the first is
    kept; samples are sorted by time. Raises `ProductError` naming file, line and element.
    """
    file = datastrip_file(datastrip)
    root = Node.of_document(file, ROOTS)
    info, image = root.child("General_Info"), root.child("Image_Data_Info")
    times = info.child("Datastrip_Time_Info")
    start, stop = times.time("DATASTRIP_SENSING_START"), times.time("DATASTRIP_SENSING_STOP")
    if stop < start:
        raise times.error(f"DATASTRIP_SENSING_STOP {stop} is before DATASTRIP_SENSING_START {start}")
    epoch = start.moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    earth = _read_earth(root)
    ancillary, sensor = root.child("Satellite_Ancillary_Data_Info"), image.child("Sensor_Configuration")
    acquisition = sensor.child("Acquisition_Configuration")
    conversion = image.find("Radiometric_Info/Reflectance_Conversion")
    return SensorDatastrip(
        file=file,
        satellite=_read_satellite(info),
        epoch=epoch,
        datatake_start=info.time("Datatake_Info/DATATAKE_SENSING_START"),
        sensing_start=start,
        sensing_stop=stop,
        ephemeris=_read_ephemeris(ancillary.child("Ephemeris/GPS_Points_List"), epoch),
        attitude=_read_attitude(ancillary.child("Attitudes/Corrected_Attitudes"), epoch),
        datation=_read_datation(sensor.child("Time_Stamp"), epoch),
        earth=earth,
        refining=_read_refining(image, _middle(start, stop, epoch), earth),
        tdi=_by_band(acquisition.all("TDI_Configuration_List/TDI_CONFIGURATION"), "bandId", Node.text),
        gains=_by_band(
            acquisition.all("Spectral_Band_Info/Spectral_Band_Information"),
            "bandId",
            lambda node: _positive(node, "PHYSICAL_GAINS"),
        ),
        granules=_read_granules(image),
        radio_offsets=_by_band(
            image.all("Radiometric_Info/Radiometric_Offset_List/RADIO_ADD_OFFSET"), "band_id", Node.number
        ),
        sun_irradiance={}
        if conversion is None
        else _by_band(conversion.all("Solar_Irradiance_List/SOLAR_IRRADIANCE"), "bandId", _positive),
        sun_distance_factor=None if conversion is None else _positive(conversion, "U"),
        gipps=tuple(node.text() for node in root.all("Auxiliary_Data_Info/GIPP_List/GIPP_FILENAME")),
    )


def _read_satellite(info: Node) -> str:
    name = info.text("Datatake_Info/SPACECRAFT_NAME")
    if name not in {"Sentinel-2A", "Sentinel-2B", "Sentinel-2C", "Sentinel-2D"}:
        node = info.child("Datatake_Info/SPACECRAFT_NAME")
        raise node.error(f"SPACECRAFT_NAME is '{name}', expected Sentinel-2A to Sentinel-2D")
    return f"S2{name[-1]}"


def _middle(start: UtcTime, stop: UtcTime, epoch: datetime) -> float:
    """UTC seconds from `epoch` to the middle of the acquisition."""
    since_start = (start.moment.replace(tzinfo=None) - epoch).total_seconds()
    return since_start + (stop.moment - start.moment).total_seconds() / 2


def _read_ephemeris(points: Node, epoch: datetime) -> Ephemeris:
    rows = []
    for node in points.all("GPS_Point"):
        position = _vector(node, "POSITION_VALUES", "mm", _RADII)
        velocity = _vector(node, "VELOCITY_VALUES", "mm/s", _SPEEDS)
        rows.append((read_gps_seconds(node, "GPS_TIME", epoch), *position, *velocity))
    samples = _ordered(points, rows, "GPS_Point")
    return Ephemeris(samples[:, 0].copy(), samples[:, 1:4].copy(), samples[:, 4:7].copy())


def _vector(node: Node, name: str, unit: str, norms: tuple[float, float]) -> FloatArray:
    """Three coordinates in metres (per second) whose norm lies between `norms`."""
    where = node.child(name)
    if where.optional_attribute("unit") not in (None, unit):
        raise where.error(f"{name}: unit is '{where.attribute('unit')}', expected {unit}")
    values = where.numbers() * _MILLI
    if values.shape != (3,):
        raise where.error(f"{name} has {len(values)} numbers, expected 3")
    norm = math.hypot(*values)
    if not norms[0] <= norm <= norms[1]:
        raise where.error(
            f"{name}: norm {norm:.6g} m, expected {norms[0]:g} to {norms[1]:g} (x 1000 in {unit})"
        )
    return values


def _read_attitude(attitudes: Node, epoch: datetime) -> AttitudeSamples:
    rows = []
    for node in attitudes.all("Values"):
        if not node.flag("QUATERNION_VALIDITY"):
            continue
        values = node.numbers("QUATERNION_VALUES")
        norm = math.hypot(*values)
        if values.shape != (4,) or abs(norm - 1.0) > _UNIT:
            where = node.child("QUATERNION_VALUES")
            raise where.error(
                f"QUATERNION_VALUES: {len(values)} numbers of norm {norm:.6g}, expected 4 of norm 1"
            )
        q1, q2, q3, q0 = values / norm
        rows.append((read_gps_seconds(node, "GPS_TIME", epoch), q0, q1, q2, q3))
    samples = _ordered(attitudes, rows, "valid Values")
    return AttitudeSamples(samples[:, 0].copy(), samples[:, 1:5].copy())


def _ordered(parent: Node, rows: Sequence[tuple[float, ...]], what: str) -> FloatArray:
    """Samples (n, 1 + values) sorted by their time, the first column, one of each time; at least two."""
    samples = np.array(rows, dtype=np.float64).reshape(len(rows), -1)
    if len(rows):
        _, kept = np.unique(samples[:, 0], return_index=True)
        samples = samples[kept]
    if len(samples) < 2:
        raise parent.error(f"{parent.name}: {len(samples)} {what} at different times, expected two or more")
    return samples


def _read_datation(stamps: Node, epoch: datetime) -> Datation:
    where = stamps.child("LINE_PERIOD")
    period = where.number() * _MILLI
    if where.optional_attribute("unit") not in (None, "ms") or not 1e-3 < period < 2e-3:
        raise where.error(f"LINE_PERIOD is '{where.text()}', expected 1 to 2 ms")
    first_line: dict[tuple[str, int], float] = {}
    for band_node in stamps.all("Band_Time_Stamp"):
        band = band_node.attribute_band("bandId")
        for node in band_node.all("Detector"):
            key = band, node.attribute_detector("detectorId")
            if key in first_line:
                raise node.error(f"time of {band}, detector {key[1]:02d} is given twice")
            lines_before = node.integer("REFERENCE_LINE") - 1
            lag = lines_before * period * (BY_NAME[band].resolution / 10)
            first_line[key] = read_gps_seconds(node, "GPS_TIME", epoch) - lag
    if not first_line:
        raise stamps.error("Time_Stamp: element Band_Time_Stamp/Detector is missing")
    return Datation(first_line, period)


def _read_earth(root: Node) -> EarthOrientation | None:
    bulletin = root.find("Auxiliary_Data_Info/IERS_Bulletin")
    if bulletin is None:
        return None
    return EarthOrientation(
        _within(bulletin, "UT1_UTC", 1.0),
        _within(bulletin, "POLE_U_ANGLE", 2.0),
        _within(bulletin, "POLE_V_ANGLE", 2.0),
        float(bulletin.integer("GPS_TIME_UTC")),
    )


def _within(node: Node, name: str, largest: float) -> float:
    value = node.number(name)
    if abs(value) > largest:
        raise node.child(name).error(f"{name} is {value:g}, expected at most {largest:g}")
    return value


def _read_refining(image: Node, middle: float, earth: EarthOrientation | None) -> Refining | None:
    """Refinement of the instrument's attitude; `middle` in UTC seconds. None where nothing was refined."""
    info = image.child("Geometric_Info")
    flag = info.find("Image_Refining")
    if flag is not None and flag.attribute("flag") not in {"REFINED", "NOT_REFINED"}:
        raise flag.error(
            f"Image_Refining: flag is '{flag.attribute('flag')}', expected REFINED or NOT_REFINED"
        )
    corrections = info.all("Refined_Corrections_List/Refined_Corrections")
    if flag is None or flag.attribute("flag") == "NOT_REFINED":
        return None
    if len(corrections) != 1:
        raise info.error(f"{len(corrections)} Refined_Corrections in a refined datastrip, expected one")
    node = corrections[0]
    _refuse_unused(node)
    state = node.child("MSI_State")
    if earth is None:
        raise info.error("a refined datastrip without IERS_Bulletin: GPS_TIME_UTC dates the refinement")
    rotations = {axis: _polynomial(state, f"Rotation/{axis}") for axis in "XYZ"}
    return Refining(
        rotations["X"],
        rotations["Y"],
        rotations["Z"],
        _polynomial(state, "Homothety/Z"),
        middle + earth.gps_minus_utc,
    )


def _refuse_unused(corrections: Node) -> None:
    """Corrections of position or of focal planes are in no known product, and would not be applied."""
    for name in ("Spacecraft_Position", "Focal_Plane_State"):
        for node in corrections.all(name):
            filled = [found for found in node.element.iter("{*}COEFFICIENTS") if (found.text or "").split()]
            if any(float(number) for found in filled for number in Node(found, node.file).numbers()):
                raise node.error(f"{name} is refined, expected corrections of MSI_State only")


def _polynomial(state: Node, path: str) -> tuple[float, ...]:
    """Coefficients at `path`, lowest degree first; none where the axis was not refined."""
    node = state.find(path)
    if node is None or node.find("COEFFICIENTS") is None:
        return ()
    coefficients = node.numbers("COEFFICIENTS")
    degree = node.integer("DEGREE")
    if len(coefficients) != degree + 1:
        raise node.error(f"{path}: {len(coefficients)} coefficients for DEGREE {degree}")
    return tuple(coefficients.tolist())


def _read_granules(image: Node) -> dict[int, tuple[GranuleEntry, ...]]:
    granules: dict[int, tuple[GranuleEntry, ...]] = {}
    for detector_node in image.all("Granules_Information/Detector_List/Detector"):
        detector = detector_node.attribute_detector("detectorId")
        entries: dict[int, GranuleEntry] = {}
        for node in detector_node.all("Granule_List/Granule"):
            position = node.integer("POSITION")
            if position in entries or position < 1:
                raise node.error(f"POSITION is {position}, expected the granule's own first line, 1 or more")
            entries[position] = GranuleEntry(node.attribute("granuleId"), position)
        if detector in granules:
            raise detector_node.error(f"detector {detector:02d} is given twice")
        granules[detector] = tuple(entries[position] for position in sorted(entries))
    return granules


def _positive(node: Node, path: str = ".") -> float:
    value = node.number(path)
    if value <= 0:
        where = node.child(path)
        raise where.error(f"{where.name} is {value:g}, expected more than 0")
    return value


def _by_band(nodes: Sequence[Node], attribute: str, value: Callable[[Node], T]) -> dict[str, T]:
    """Values of `nodes` by the band that `attribute` tells."""
    found: dict[str, T] = {}
    for node in nodes:
        band = node.attribute_band(attribute)
        if band in found:
            raise node.error(f"{node.name} of {band} is given twice")
        found[band] = value(node)
    return found
