"""What the geometry of one acquisition is made of: plain arrays, in seconds, metres and radians.

Readers of datastrips and of instrument files fill these models; the sensor model knows no file. Times are GPS
times in seconds after `epoch`, a GPS calendar date near the acquisition, so that a float64 keeps nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
SensorKey: TypeAlias = tuple[str, int]
"""A band (``B02``, ``B8A``) and a detector (1 to 12): the line of pixels that has one geometry."""


@dataclass(frozen=True, slots=True)
class Ephemeris:
    """Positions (m) and velocities (m/s) in ITRS, (n, 3), at GPS `seconds`, (n,) strictly increasing."""

    seconds: FloatArray
    positions: FloatArray
    velocities: FloatArray


@dataclass(frozen=True, slots=True)
class AttitudeSamples:
    """Rotations from EME2000 to the satellite's frame as unit quaternions (scalar, x, y, z), (n, 4).

    `seconds`, (n,), are GPS times, strictly increasing. A quaternion q and -q are one rotation.
    """

    seconds: FloatArray
    quaternions: FloatArray


@dataclass(frozen=True, slots=True)
class EarthOrientation:
    """UT1 - UTC (s), pole coordinates (arcsec) of the day, and GPS time - UTC (s, whole)."""

    ut1_minus_utc: float
    pole_x: float
    pole_y: float
    gps_minus_utc: float


@dataclass(frozen=True, slots=True)
class Datation:
    """Times of lines: line 1.0, the centre of the first line, is `first_line` + half a period.

    `first_line` gives GPS seconds of each band and detector; `line_period` is that of a 10 m band in seconds
    (a band of 20 m has twice, one of 60 m six times of it).
    """

    first_line: Mapping[SensorKey, float]
    line_period: float


@dataclass(frozen=True, slots=True)
class Mounting:
    """Rotation angles (rad) from the piloting frame to the instrument's, about x, y and z: R1, R2, R3."""

    x: float
    y: float
    z: float


@dataclass(frozen=True, slots=True)
class Refining:
    """Corrections that refinement on a reference image found, as polynomials of time.

    Coefficients, lowest degree first, of rotations about x, y and z (rad) and of the homothety along z (added
    to 1), in seconds after `centre`, the GPS seconds of the middle of the acquisition.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[float, ...]
    homothety: tuple[float, ...]
    centre: float


@dataclass(frozen=True, slots=True)
class ViewingDirections:
    """Tangents of the viewing angles of the pixels of one band and detector, (pixels,) each."""

    tan_psi_x: FloatArray
    tan_psi_y: FloatArray


@dataclass(frozen=True, slots=True)
class SensorGeometry:
    """All the sensor model needs; `refining` is None where there is none or it is not wanted."""

    satellite: str
    epoch: datetime
    ephemeris: Ephemeris
    attitude: AttitudeSamples
    earth: EarthOrientation
    datation: Datation
    mounting: Mounting
    refining: Refining | None
    viewing: Mapping[SensorKey, ViewingDirections]
