"""Sections of datastrips of sensors, from the models of the acquisition to XML.

The counterpart of `ipf.product.sensor_datastrip`: what is written is read back as the same numbers, but for
positions and velocities, which the specification has in whole millimetres (per second).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from lxml import etree

from ipf.geometry.acquisition import AttitudeSamples, Datation, Ephemeris, FloatArray, Refining
from ipf.product.bands import BAND_NAMES, BANDS, BY_NAME, DETECTORS
from ipf.product.l1b_model import Angles, GeometricHeader, LocatedHeader
from ipf.product.nominal_datastrip import add_gps_point, add_packets
from ipf.product.sensor_datastrip import GranuleEntry
from ipf.product.xml_builder import add, text_of

_COMPRESSION_RATE = 2.655  # of real datastrips of 2020 to 2022, in most bands
_INTEGRATION_TIMES_MS = {10: 1.3, 20: 2.7, 60: 7.2}
_NANO = 1_000_000_000


def gps_text(seconds: float, epoch: datetime) -> str:
    """GPS time `seconds` after `epoch`, to the nanosecond, without zone and closing zeros."""
    whole, nanoseconds = divmod(round(seconds * _NANO), _NANO)
    text = f"{epoch + timedelta(seconds=whole):%Y-%m-%dT%H:%M:%S}"
    return f"{text}.{nanoseconds:09d}".rstrip("0").rstrip(".")


def add_granules(image: etree._Element, granules: Mapping[int, Sequence[GranuleEntry]]) -> None:
    """Granules_Information."""
    detectors = add(add(image, "Granules_Information", metadataLevel="Standard"), "Detector_List")
    for detector, entries in sorted(granules.items()):
        listed = add(add(detectors, "Detector", detectorId=f"{detector:02d}"), "Granule_List")
        for entry in entries:
            add(add(listed, "Granule", granuleId=entry.identifier), "POSITION", entry.position)


def add_sensor_configuration(
    image: etree._Element,
    datation: Datation,
    epoch: datetime,
    tdi: Mapping[str, str],
    gains: Mapping[str, float],
) -> None:
    """Sensor_Configuration: times of all lines, time delay and integration, gains."""
    root = add(image, "Sensor_Configuration")
    acquisition = add(root, "Acquisition_Configuration")
    add(acquisition, "COMPRESS_MODE", True, metadataLevel="Expertise")
    add(acquisition, "EQUALIZATION_MODE", True, metadataLevel="Expertise")
    add(acquisition, "NUC_TABLE_ID", 0, metadataLevel="Expertise")
    active = add(acquisition, "Active_Detectors_List", metadataLevel="Expertise")
    for detector in sorted({detector for _, detector in datation.first_line}):
        add(active, "ACTIVE_DETECTOR", f"{detector:02d}")
    integration = add(acquisition, "TDI_Configuration_List", metadataLevel="Standard")
    for name in (name for name in BAND_NAMES if name in tdi):
        add(integration, "TDI_CONFIGURATION", tdi[name], bandId=BY_NAME[name].identifier)
    information = add(acquisition, "Spectral_Band_Info")
    for band in (band for band in BANDS if band.name in gains):
        element = add(information, "Spectral_Band_Information", bandId=band.identifier)
        add(element, "PHYSICAL_GAINS", gains[band.name], metadataLevel="Standard", geometry="FULL_RESOLUTION")
        add(element, "COMPRESSION_RATE", _COMPRESSION_RATE, metadataLevel="Expertise")
        time = _INTEGRATION_TIMES_MS[band.resolution]
        add(element, "INTEGRATION_TIME", time, metadataLevel="Expertise", unit="ms")
    add_packets(root)
    _add_time_stamp(root, datation, epoch)


def _add_time_stamp(root: etree._Element, datation: Datation, epoch: datetime) -> None:
    stamp = add(root, "Time_Stamp", metadataLevel="Standard", usedModel="EXOGENEOUS")
    add(stamp, "LINE_PERIOD", _milliseconds(datation.line_period), unit="ms")
    for band in BANDS:
        lines = {detector: datation.first_line.get((band.name, detector)) for detector in DETECTORS}
        if all(seconds is None for seconds in lines.values()):
            continue
        element = add(stamp, "Band_Time_Stamp", bandId=band.identifier)
        for detector, seconds in lines.items():
            if seconds is not None:
                line = add(element, "Detector", detectorId=f"{detector:02d}")
                add(line, "REFERENCE_LINE", 1)
                add(line, "GPS_TIME", gps_text(seconds, epoch))
    add(stamp, "GPS_SYNC", True)


def _milliseconds(seconds: float) -> float:
    """Milliseconds to the femtosecond, which take away what the quotient adds."""
    return round(seconds * 1e3, 12)


def add_geometric_headers(image: etree._Element, headers: Sequence[GeometricHeader], epoch: datetime) -> None:
    """Geometric_Header_List."""
    root = add(image, "Geometric_Header_List")
    for header in headers:
        element = add(root, "Geometric_Header", geometry="FULL_RESOLUTION")
        add(element, "GPS_TIME", gps_text(header.seconds, epoch))
        add(element, "LINE_INDEX", header.line)
        reference = add(add(element, "Pointing_Angles"), "Satellite_Reference")
        for name, angle in (("ROLL", header.roll), ("PITCH", header.pitch), ("YAW", header.yaw)):
            add(reference, name, angle, unit="deg")
        for place, located in (("begin", header.begin), ("center", header.centre), ("end", header.end)):
            _add_located(add(element, "Located_Geometric_Header", pos=place), located)


def _add_located(element: etree._Element, located: LocatedHeader) -> None:
    add(element, "ORIENTATION", located.orientation, unit="deg")
    add_angles(element, "Incidence_Angles", located.incidence)
    add_angles(element, "Solar_Angles", located.sun)
    size = add(element, "Pixel_Size")
    add(size, "ALONG_TRACK", located.along_track, unit="m")
    add(size, "ACROSS_TRACK", located.across_track, unit="m")


def add_angles(parent: etree._Element, name: str, angles: Angles) -> None:
    """An element with zenith and azimuth in degrees."""
    element = add(parent, name)
    add(element, "ZENITH_ANGLE", angles[0], unit="deg")
    add(element, "AZIMUTH_ANGLE", angles[1], unit="deg")


def add_geometric_info(image: etree._Element, refining: Refining | None) -> None:
    """Geometric_Info with the corrections of refinement where there are any."""
    root = add(image, "Geometric_Info", metadataLevel="Standard")
    add(root, "RGM", "COMPUTED")
    add(root, "Image_Refining", flag="NOT_REFINED" if refining is None else "REFINED")
    if refining is None:
        return
    state = add(add(add(root, "Refined_Corrections_List"), "Refined_Corrections"), "MSI_State")
    rotation = add(state, "Rotation")
    for axis, coefficients in (("X", refining.x), ("Y", refining.y), ("Z", refining.z)):
        _add_polynomial(rotation, axis, coefficients)
    _add_polynomial(add(state, "Homothety"), "Z", refining.homothety)


def _add_polynomial(parent: etree._Element, axis: str, coefficients: Sequence[float]) -> None:
    values = list(coefficients) or [0.0]
    element = add(parent, axis)
    add(element, "DEGREE", len(values) - 1)
    add(element, "COEFFICIENTS", " ".join(map(text_of, values)))


def fill_ancillary_data(
    root: etree._Element, ephemeris: Ephemeris, attitude: AttitudeSamples, epoch: datetime
) -> None:
    """Fill Satellite_Ancillary_Data_Info: ephemeris of the GPS receiver, corrected attitudes."""
    element = add(root, "Ephemeris", metadataLevel="Standard")
    number = add(add(element, "GPS_Number_List"), "Gps_Number", id="GPS-A")
    add(number, "GPS_TIME_START", gps_text(math.floor(ephemeris.seconds[0]), epoch))
    add(number, "GPS_TIME_END", gps_text(math.ceil(ephemeris.seconds[-1]), epoch))
    points = add(element, "GPS_Points_List")
    states = add(element, "AOCS_Ephemeris_List")
    for seconds, position, velocity in zip(
        ephemeris.seconds, ephemeris.positions, ephemeris.velocities, strict=True
    ):
        time = gps_text(float(seconds), epoch)
        add_gps_point(points, position, velocity, time)
        state = add(states, "AOCS_Ephemeris")
        add(state, "VALID_FLAG", False)  # the attitude control's own orbit is not known
        add(state, "OPSOL_QUALITY", 0)
        add(state, "POSITION_VALUES", "0 0 0", unit="m")
        add(state, "VELOCITY_VALUES", "0 0 0", unit="m/s")
        add(state, "GPS_TIME", time)
        add(state, "ORBIT_ANGLE", 0, unit="rad")
    corrected = add(add(root, "Attitudes"), "Corrected_Attitudes", metadataLevel="Standard")
    for seconds, quaternion in zip(attitude.seconds, attitude.quaternions, strict=True):
        sample = add(corrected, "Values")
        add(sample, "QUATERNION_VALUES", _words(np.roll(quaternion, -1)))  # the scalar last
        add(sample, "QUATERNION_VALIDITY", True)
        add(sample, "GPS_TIME", gps_text(float(seconds), epoch))
        add(sample, "ATTITUDE_QUALITY_INDICATOR", "PROPAGATED")


def _words(values: FloatArray) -> str:
    return " ".join(text_of(float(value)) for value in values)
