"""The WGS 84 ellipsoid for kernels: where a line of sight meets it, and geodetic coordinates of a point.

Geodetic latitude is Bowring's (1976, Survey Review 23, 323) with the parametric latitude of the point as the
first and only step, which is exact to 1e-9 m up to 10 km of height, and no trigonometry until the last line.
There, angles are taken from an origin nearby, so that a short series replaces the arc tangent; far from the
origin (next to a pole, longitudes always are) the arc tangent itself is taken.
"""

from __future__ import annotations

import math

from ipf.kernels.jit import kernel

SEMI_MAJOR = 6378137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR = SEMI_MAJOR * (1.0 - FLATTENING)
ECCENTRICITY2 = FLATTENING * (2.0 - FLATTENING)
SECOND_ECCENTRICITY2 = ECCENTRICITY2 / (1.0 - ECCENTRICITY2)

SMALL_TANGENT = 0.02
"""The series to the seventh power is exact to 4e-10 m of the Earth's circumference below this."""

Origin = tuple[float, float, float, float, float, float]
"""Longitude with its sine and cosine, latitude with its sine and cosine, radians."""
Line = tuple[float, float, float, float, float, float]
"""A point (m) and a direction, in ITRS."""


@kernel
def small_angle(opposite: float, adjacent: float) -> float:
    """Angle whose sine and cosine are in the ratio given, radians."""
    if abs(opposite) < SMALL_TANGENT * adjacent:
        t = opposite / adjacent
        t2 = t * t
        return t * (1.0 - t2 * (1.0 / 3.0 - t2 * (0.2 - t2 / 7.0)))
    return math.atan2(opposite, adjacent)


@kernel
def origin_at(x: float, y: float, z: float) -> Origin:
    """The origin at a point in ITRS, m, below or above it on the ellipsoid."""
    r = math.sqrt(x * x + y * y)
    longitude = math.atan2(y, x)
    latitude = math.atan2(z, r * (1.0 - ECCENTRICITY2))
    return (
        longitude,
        math.sin(longitude),
        math.cos(longitude),
        latitude,
        math.sin(latitude),
        math.cos(latitude),
    )


@kernel
def geodetic(x: float, y: float, z: float, origin: Origin) -> tuple[float, float, float]:
    """Longitude and latitude from those of `origin` on (rad), and height (m), of a point in ITRS (m)."""
    r = math.sqrt(x * x + y * y)
    p, q = SEMI_MINOR * r, SEMI_MAJOR * z
    scale = 1.0 / math.sqrt(p * p + q * q)
    cosine, sine = p * scale, q * scale
    up = z + SECOND_ECCENTRICITY2 * SEMI_MINOR * sine * sine * sine
    out = r - ECCENTRICITY2 * SEMI_MAJOR * cosine * cosine * cosine
    scale = 1.0 / math.sqrt(up * up + out * out)
    sine, cosine = up * scale, out * scale
    height = r * cosine + z * sine - SEMI_MAJOR * math.sqrt(1.0 - ECCENTRICITY2 * sine * sine)
    longitude = small_angle(y * origin[2] - x * origin[1], x * origin[2] + y * origin[1])
    latitude = small_angle(sine * origin[5] - cosine * origin[4], cosine * origin[5] + sine * origin[4])
    return longitude, latitude, height


@kernel
def terrestrial(longitude: float, latitude: float, height: float) -> tuple[float, float, float]:
    """Coordinates in ITRS (m) of a point at longitude, latitude (rad) and height (m)."""
    sine, cosine = math.sin(latitude), math.cos(latitude)
    normal = SEMI_MAJOR / math.sqrt(1.0 - ECCENTRICITY2 * sine * sine)
    r = (normal + height) * cosine
    z = (normal * (1.0 - ECCENTRICITY2) + height) * sine
    return r * math.cos(longitude), r * math.sin(longitude), z


@kernel
def distance_to_shell(line: Line, height: float) -> float:
    """Where a line meets, from outside, the ellipsoid of axes longer by `height` (m); NaN if never.

    In lengths of the line's direction. That shell is within 0.1 m of `height` up to 10 km.
    """
    px, py, pz, dx, dy, dz = line
    major = SEMI_MAJOR + height
    stretch = major / (SEMI_MINOR + height)
    pz, dz = pz * stretch, dz * stretch
    a = dx * dx + dy * dy + dz * dz
    b = px * dx + py * dy + pz * dz
    c = px * px + py * py + pz * pz - major * major
    discriminant = b * b - a * c
    if discriminant < 0.0 or b >= 0.0:
        return math.nan
    return c / (math.sqrt(discriminant) - b)
