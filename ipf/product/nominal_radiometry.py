"""Radiometry of the three instruments as official product metadata state it, without the response curves.

Band limits and centres, solar irradiance and physical gains are those of Level-1C metadata of S2A (baseline
04.00), S2B (05.11) and S2C (99.04). Response curves are large and change with their version; where none is
given, a response of 1 between the limits stands for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ipf.product.bands import BAND_NAMES, BANDS
from ipf.product.metadata import Quantification, Radiometry, SpectralBand
from ipf.product.metadata_writer import has_raster_masks
from ipf.product.utc import UtcTime

RADIOMETRIC_OFFSET = -1000.0
"""Counts to add to those of every band since baseline 04.00 (PSD 14.8, RADIO_ADD_OFFSET)."""

_ECCENTRICITY = 0.01673
_ANGULAR_SPEED = 0.0172
_PERIHELION_DAY = 2
_DAY_ZERO = datetime(1950, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _NominalBand:
    """Wavelengths in nm, irradiance in W/m²/µm, gain in counts per W/m²/sr/µm."""

    minimum: float
    maximum: float
    central: float
    irradiance: float
    gain: float


_BANDS: dict[str, tuple[_NominalBand, ...]] = {
    "S2A": (
        _NominalBand(412, 456, 442.7, 1884.69, 4.10421),
        _NominalBand(456, 533, 492.7, 1959.66, 3.74542),
        _NominalBand(538, 583, 559.8, 1823.24, 4.16621),
        _NominalBand(646, 684, 664.6, 1512.06, 4.49692),
        _NominalBand(695, 714, 704.1, 1424.64, 5.1791),
        _NominalBand(731, 749, 740.5, 1287.61, 4.84383),
        _NominalBand(769, 797, 782.8, 1162.08, 4.50775),
        _NominalBand(760, 907, 832.8, 1041.63, 6.12414),
        _NominalBand(837, 881, 864.7, 955.32, 5.10476),
        _NominalBand(932, 958, 945.1, 812.92, 8.47072),
        _NominalBand(1337, 1412, 1373.5, 367.15, 55.0324),
        _NominalBand(1539, 1682, 1613.7, 245.59, 35.28125),
        _NominalBand(2078, 2320, 2202.4, 85.25, 106.15966),
    ),
    "S2B": (
        _NominalBand(411, 456, 442.3, 1874.3, 3.9596),
        _NominalBand(456, 532, 492.3, 1959.75, 3.81676),
        _NominalBand(536, 582, 559.0, 1824.93, 4.23316),
        _NominalBand(646, 685, 665.0, 1512.79, 4.77098),
        _NominalBand(694, 714, 703.8, 1425.78, 5.1791),
        _NominalBand(730, 748, 739.1, 1291.13, 5.08947),
        _NominalBand(766, 794, 779.7, 1175.57, 4.76475),
        _NominalBand(774, 907, 833.0, 1041.28, 6.82379),
        _NominalBand(848, 880, 864.0, 953.93, 5.76246),
        _NominalBand(930, 957, 943.2, 817.58, 9.37682),
        _NominalBand(1339, 1415, 1376.9, 365.41, 56.40626),
        _NominalBand(1538, 1679, 1610.4, 247.08, 37.17045),
        _NominalBand(2065, 2303, 2185.7, 87.75, 108.69356),
    ),
    "S2C": (
        _NominalBand(414, 474, 444.2, 1914.61, 4.65816),
        _NominalBand(436, 543, 489.0, 1972.03, 5.09629),
        _NominalBand(522, 599, 560.6, 1822.48, 4.99676),
        _NominalBand(630, 703, 666.5, 1506.74, 6.44469),
        _NominalBand(678, 736, 707.1, 1410.66, 7.03254),
        _NominalBand(712, 770, 741.1, 1287.62, 7.78061),
        _NominalBand(753, 816, 784.7, 1154.97, 7.04497),
        _NominalBand(761, 923, 834.6, 1037.17, 8.97473),
        _NominalBand(834, 898, 865.6, 957.92, 7.73074),
        _NominalBand(916, 979, 947.2, 807.65, 12.30399),
        _NominalBand(1332, 1413, 1372.2, 367.88, 67.90638),
        _NominalBand(1540, 1679, 1612.0, 246.31, 39.42591),
        _NominalBand(2066, 2312, 2191.3, 86.94, 111.78885),
    ),
}


def nominal_radiometry(satellite: str, sensing_time: UtcTime, baseline: str) -> Radiometry:
    """Level-1C radiometry of a satellite (``S2A``, ``S2B``, ``S2C``) at a time, in the form of a baseline.

    Another satellite raises ValueError.
    """
    bands = _of_satellite(satellite)
    offsets = dict.fromkeys(BAND_NAMES, RADIOMETRIC_OFFSET) if has_raster_masks(baseline) else {}
    return Radiometry(
        quantification=Quantification(),
        offsets=offsets,
        sun_distance_correction=sun_distance_correction(sensing_time),
        solar_irradiance={name: band.irradiance for name, band in zip(BAND_NAMES, bands, strict=True)},
        spectral_bands=tuple(
            SpectralBand(
                description.name,
                description.resolution,
                band.minimum,
                band.maximum,
                band.central,
                1.0,
                (1.0,) * (int(band.maximum - band.minimum) + 1),
            )
            for description, band in zip(BANDS, bands, strict=True)
        ),
    )


def nominal_gains(satellite: str) -> dict[str, float]:
    """Physical gains by band."""
    return {name: band.gain for name, band in zip(BAND_NAMES, _of_satellite(satellite), strict=True)}


def _of_satellite(satellite: str) -> tuple[_NominalBand, ...]:
    if satellite not in _BANDS:
        raise ValueError(f"no nominal radiometry of {satellite}, expected one of {', '.join(_BANDS)}")
    return _BANDS[satellite]


def sun_distance_correction(time: UtcTime) -> float:
    """U, the inverse square of the distance to the sun in astronomical units.

    ``U = 1 / (1 - 0.01673 cos(0.0172 (d - 2)))²``, d days since noon of 1950-01-01 (Sentinel-2 MSI Level-1C
    algorithm overview; CNES days). Official values, of the start of the datatake, follow within 1e-14.
    """
    days = (time.moment - _DAY_ZERO) / timedelta(days=1)
    return (1 - _ECCENTRICITY * math.cos(_ANGULAR_SPEED * (days - _PERIHELION_DAY))) ** -2
