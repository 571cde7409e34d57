"""Sections of a datastrip that no instrument recorded: nominal configuration, orbit and attitude.

They make the datastrip of a simulated or wrapped scene complete and valid. The orbit is a circle at the
mission's height and inclination through the point above a place at a time; the attitude turns the satellite's
axes to the orbit. Neither is good enough to locate pixels with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyproj
from lxml import etree

from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.metadata import XmlSection
from ipf.product.utc import UtcTime
from ipf.product.xml_builder import add, text_of

Vector = npt.NDArray[np.float64]

_DETECTORS = range(1, 13)
_DELAYED_INTEGRATION_BANDS = ("B03", "B04", "B11", "B12")
_LINE_PERIOD_MS = 1.565736  # nominal, of 10 m lines (PSD 14.8, LINE_PERIOD)
_INTEGRATION_TIMES_MS = {10: 1.3, 20: 2.7, 60: 7.2}
_COMPRESSION_RATE = 2.655

_ORBIT_HEIGHT = 786_000.0  # m, mean height (Sentinel-2 mission)
_INCLINATION = math.radians(98.62)
_EARTH_RADIUS = 6_371_000.0
_GRAVITY = 3.986004418e14  # m³/s² (WGS 84)
_EARTH_ROTATION = 7.292115e-5  # rad/s (WGS 84)

# Noise model and calibration accuracy in percent, as official datastrips state them for S2B.
_NOISE_MODEL = (
    (0.56, 0.00054),
    (0.567, 0.04696),
    (0.488, 0.03482),
    (0.489, 0.04047),
    (0.578, 0.03123),
    (0.576, 0.04388),
    (0.576, 0.0422),
    (0.571, 0.04447),
    (0.574, 0.08714),
    (0.563, 0.10258),
    (1.067, 0.00961),
    (0.683, 0.09292),
    (0.704, 0.08259),
)
_ACCURACY = {"ABSOLUTE": 5, "CROSS_BAND": 3, "MULTI_TEMPORAL": 1}


def _section(root: etree._Element) -> XmlSection:
    return XmlSection(str(root.tag), etree.tostring(root, encoding="utf-8"))


def sensor_configuration(gains: Mapping[str, float], start: UtcTime, gps_utc: float) -> XmlSection:
    """Sensor_Configuration: all twelve detectors on, no packet lost, every band's first line at `start`."""
    root = etree.Element("Sensor_Configuration")
    acquisition = add(root, "Acquisition_Configuration")
    add(acquisition, "COMPRESS_MODE", True, metadataLevel="Expertise")
    add(acquisition, "EQUALIZATION_MODE", True, metadataLevel="Expertise")
    add(acquisition, "NUC_TABLE_ID", 0, metadataLevel="Expertise")
    active = add(acquisition, "Active_Detectors_List", metadataLevel="Expertise")
    for detector in _DETECTORS:
        add(active, "ACTIVE_DETECTOR", f"{detector:02d}")
    integration = add(acquisition, "TDI_Configuration_List", metadataLevel="Standard")
    for band in _DELAYED_INTEGRATION_BANDS:
        add(integration, "TDI_CONFIGURATION", "APPLIED", bandId=BY_NAME[band].identifier)
    information = add(acquisition, "Spectral_Band_Info")
    for band in BAND_NAMES:
        element = add(information, "Spectral_Band_Information", bandId=BY_NAME[band].identifier)
        add(element, "PHYSICAL_GAINS", gains[band], metadataLevel="Standard", geometry="FULL_RESOLUTION")
        add(element, "COMPRESSION_RATE", _COMPRESSION_RATE, metadataLevel="Expertise")
        time = _INTEGRATION_TIMES_MS[BY_NAME[band].resolution]
        add(element, "INTEGRATION_TIME", time, metadataLevel="Expertise", unit="ms")
    add_packets(root)
    stamp = add(root, "Time_Stamp", metadataLevel="Standard", usedModel="EXOGENEOUS")
    add(stamp, "LINE_PERIOD", _LINE_PERIOD_MS, unit="ms")
    for band in BAND_NAMES:
        element = add(stamp, "Band_Time_Stamp", bandId=BY_NAME[band].identifier)
        for number in _DETECTORS:
            line = add(element, "Detector", detectorId=f"{number:02d}")
            add(line, "REFERENCE_LINE", 1)
            add(line, "GPS_TIME", _gps_text(start, gps_utc))
    add(stamp, "GPS_SYNC", True)
    return _section(root)


def add_packets(root: etree._Element) -> None:
    """Add Source_Packet_Description: none lost, none counted."""
    description = add(root, "Source_Packet_Description")
    detectors = add(add(description, "Source_Packet_Counters_List"), "Detector_List")
    for number in _DETECTORS:
        bands = add(add(detectors, "Detector", detectorId=f"{number:02d}"), "Band_List")
        for band in BAND_NAMES:
            element = add(bands, "Band", bandId=BY_NAME[band].identifier)
            add(element, "DATA_STRIP_START", 1)
            add(element, "SCENE_POSITION", 1)
            add(element, "NB_OF_SOURCE_PACKETS", 0)
    summary = add(description, "Degradation_Summary", degradationPercentage=0)
    for kind in ("LOST", "TOO_DEGRADED", "KEPT_DEGRADED"):
        add(summary, f"NUMBER_OF_{kind}_PACKETS", 0)


def geometric_info() -> XmlSection:
    """Geometric_Info of Image_Data_Info: not refined."""
    root = etree.Element("Geometric_Info", metadataLevel="Standard")
    add(root, "RGM", "COMPUTED")
    add(root, "Image_Refining", flag="NOT_REFINED")
    return _section(root)


def geometric_quality(measured: UtcTime) -> XmlSection:
    """Geometric_Info of Quality_Indicators_Info, with the accuracies that the mission specifies."""
    date = f"{measured.moment:%Y-%m-%dT%H:%M:%S}"
    root = etree.Element("Geometric_Info")
    quality = add(root, "Geometric_QI")
    _add_location(add(quality, "Absolute_Location"), date)
    stability = add(quality, "Planimetric_Stability")
    add(stability, "VALUE", 3)
    add(stability, "MEASUREMENT_DATE", date)
    add(quality, "EPHEMERIS_QUALITY", 0)
    add(quality, "ANCILLARY_QUALITY", 0)
    add(root, "Geometric_Refining_Quality")
    _add_location(add(root, "Update_Absolute_Location"), date)
    return _section(root)


def _add_location(element: etree._Element, date: str) -> None:
    add(element, "VALUE", 20, unit="m")
    add(element, "MEASUREMENT_DATE", date)


def radiometric_quality() -> XmlSection:
    """Radiometric_Info of Quality_Indicators_Info: noise model and calibration accuracy of each band."""
    root = etree.Element("Radiometric_Info")
    bands = add(root, "Radiometric_Quality_List")
    for band, (alpha, beta) in zip(BAND_NAMES, _NOISE_MODEL, strict=True):
        quality = add(bands, "Radiometric_Quality", bandId=BY_NAME[band].identifier)
        noise = add(quality, "Noise_Model")
        add(noise, "ALPHA", alpha)
        add(noise, "BETA", beta)
        for kind, percent in _ACCURACY.items():
            add(quality, f"{kind}_CALIBRATION_ACCURACY", percent)
    return _section(root)


def satellite_ancillary_data(
    latitude: float,
    longitude: float,
    overpass: UtcTime,
    times: tuple[UtcTime, UtcTime],
    gps_utc: float,
) -> XmlSection:
    """Satellite_Ancillary_Data_Info: orbit and attitude once a second from `times[0]` to `times[1]`.

    The satellite stands above `latitude`, `longitude` (degrees) at `overpass`, going south; `gps_utc` is GPS
    time minus UTC in seconds.
    """
    span = (times[1].moment - times[0].moment).total_seconds()
    seconds = np.arange(math.floor(span) + 1, dtype=np.float64)
    before = (overpass.moment - times[0].moment).total_seconds()
    positions, velocities = _orbit(latitude, longitude, seconds - before)
    root = etree.Element("Satellite_Ancillary_Data_Info")
    ephemeris = add(root, "Ephemeris", metadataLevel="Standard")
    number = add(add(ephemeris, "GPS_Number_List"), "Gps_Number", id="GPS-A")
    add(number, "GPS_TIME_START", _gps_text(times[0], gps_utc))
    add(number, "GPS_TIME_END", _gps_text(times[1], gps_utc))
    points = add(ephemeris, "GPS_Points_List")
    states = add(ephemeris, "AOCS_Ephemeris_List")
    corrected = add(add(root, "Attitudes"), "Corrected_Attitudes", metadataLevel="Standard")
    quaternions = _attitudes(positions, velocities)
    for second, position, velocity, quaternion in zip(
        seconds, positions, velocities, quaternions, strict=True
    ):
        time = _gps_text(times[0], gps_utc + float(second))
        add_gps_point(points, position, velocity, time)
        state = add(states, "AOCS_Ephemeris")
        add(state, "VALID_FLAG", True)
        add(state, "OPSOL_QUALITY", 0)
        add(state, "POSITION_VALUES", _words(position), unit="m")
        add(state, "VELOCITY_VALUES", _words(velocity), unit="m/s")
        add(state, "GPS_TIME", time)
        add(state, "ORBIT_ANGLE", 0, unit="rad")
        attitude = add(corrected, "Values")
        add(attitude, "QUATERNION_VALUES", _words(quaternion))
        add(attitude, "QUATERNION_VALIDITY", True)
        add(attitude, "GPS_TIME", time)
        add(attitude, "ATTITUDE_QUALITY_INDICATOR", "PROPAGATED")
    return _section(root)


def add_gps_point(points: etree._Element, position: Vector, velocity: Vector, time: str) -> None:
    """Add a GPS_Point: position (m) and velocity (m/s), written to the millimetre (per second)."""
    point = add(points, "GPS_Point")
    add(point, "POSITION_VALUES", _words(np.rint(position * 1000)), unit="mm")
    add(point, "POSITION_ERRORS", "0 0 0", unit="mm")
    add(point, "VELOCITY_VALUES", _words(np.rint(velocity * 1000)), unit="mm/s")
    add(point, "VELOCITY_ERRORS", "0 0 0", unit="mm/s")
    add(point, "GPS_TIME", time)
    add(point, "NSM", "PROPAGATED")
    for name in ("QUALITY_INDEX", "GDOP", "PDOP", "TDOP", "NOF_SV"):
        add(point, name, 0)
    add(point, "TIME_ERROR", 0, unit="ns")


def _words(values: Vector) -> str:
    return " ".join(text_of(float(value)) for value in values)


def _gps_text(time: UtcTime, ahead: float) -> str:
    """GPS time as datastrips write it, without zone: `ahead` seconds after `time`."""
    return str(UtcTime(time.moment + timedelta(seconds=ahead), 6)).removesuffix("Z")


def _orbit(latitude: float, longitude: float, seconds: Vector) -> tuple[Vector, Vector]:
    """Earth-fixed positions (m) and velocities (m/s), shape (n, 3), on a circle going south over a place.

    `seconds` count from the moment above the place. Beyond the orbit's highest latitude the ground track runs
    due west there.
    """
    # Imported where it is used, for every command would start by loading scipy otherwise.
    from scipy.spatial.transform import Rotation

    above = pyproj.Transformer.from_crs(4979, 4978, always_xy=True)
    centre = np.array(above.transform(longitude, latitude, _ORBIT_HEIGHT), np.float64)
    radius = float(np.linalg.norm(centre))
    up = centre / radius
    east = np.array([-math.sin(math.radians(longitude)), math.cos(math.radians(longitude)), 0.0])
    north = np.cross(up, east)
    # cos(inclination) = cos(geocentric latitude) * sin(heading); heading counts from north through east
    sine = math.cos(_INCLINATION) / math.hypot(up[0], up[1])
    heading = math.pi - math.asin(max(-1.0, min(1.0, sine)))
    along = math.cos(heading) * north + math.sin(heading) * east
    rate = math.sqrt(_GRAVITY / radius**3)
    angle = (rate * seconds)[:, np.newaxis]
    inertial = radius * (np.cos(angle) * up + np.sin(angle) * along)
    speed = radius * rate * (np.cos(angle) * along - np.sin(angle) * up)
    turned = Rotation.from_euler("z", -_EARTH_ROTATION * seconds[:, np.newaxis])
    rotation = np.array([0.0, 0.0, _EARTH_ROTATION])
    positions = turned.apply(inertial)
    return positions, turned.apply(speed) - np.cross(rotation, positions)


def _attitudes(positions: Vector, velocities: Vector) -> Vector:
    """Quaternions (vector first, scalar last; n x 4) of axes along flight, across it, and down."""
    from scipy.spatial.transform import Rotation

    down = -positions / np.linalg.norm(positions, axis=1, keepdims=True)
    across = np.cross(down, velocities)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(across, down)
    axes = np.stack([along, across, down], axis=-1)
    quaternions: Vector = Rotation.from_matrix(axes).as_quat()
    return quaternions
