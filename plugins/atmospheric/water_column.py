"""The column of water vapour from how dark the ground looks in B09 beside B8A.

Atmospheric pre-corrected differential absorption: Schlaepfer et al. 1998, Remote Sens. Environ. 65, 353. The
path reflectance of both bands is taken away with the look-up table, and the column is the one under which the
ground is as bright in B09 as the bands around it say. The table is inverted itself, by secants in the square
root of the column, in which the logarithm of the band's transmittance is nearly a straight line.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.ground import Ground

from ipf.atmosphere.canopy import LEAST_REFLECTANCE, CanopyRelation
from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR
from ipf.kernels.retrieval import secant_step

Floats32 = npt.NDArray[np.float32]

BANDS = ("B07", "B8A", "B09", "B11")
"""Bands that a retrieval needs; B07 and B11 only with the relation of canopies."""

STEPS = 3
TOLERANCE = 2e-3
"""Largest difference of ln(reflectance) that is left, 0.005 cm at 2 cm over the zenith."""

FIRST_GUESSES = np.float32(1.0), np.float32(2.0)
"""Columns in cm to begin from: with the sun at 30 degrees the steps reach 0.02 to 7 cm from the first, 0.1 to
9 cm from the second, but neither 0.3 from a forecast of 4 nor 4 from one of 0.1."""

SNOW_EXPONENT = 1.40
"""B09/B8A of snow is B8A/B07 to this power: the logarithm of snow's reflectance goes with the square root of
the absorption of ice (Kokhanovsky and Zege 2004, Appl. Opt. 43, 1589), imaginary index over wavelength, which
is 9.9e-8 / 780 nm, 2.40e-7 / 865 nm and 5.53e-7 / 940 nm (Warren and Brandt 2008, J. Geophys. Res. 113,
D14220). How bright the snow is lit falls out."""


def water_column(
    ground: Ground,
    toa: Mapping[str, Floats32],
    aot: Floats32,
    start: Floats32,
    relation: CanopyRelation | None,
    snow: npt.NDArray[np.bool_] | None = None,
    nir_minimum: float = 0.05,
) -> Floats32:
    """Water vapour above the ground in cm, (rows, columns) float32; NaN where it cannot be told.

    `toa` has B8A and B09, and B07 and B11 with a `relation`; without one the ground is taken to be as bright
    in B09 as in B8A. `start` is a first guess (cm). NaN: no data, ground darker than `nir_minimum` in B8A, a
    ratio of the signals outside 0 to 1, a column beyond the gas model.
    """

    def surface(band: str, column: Floats32) -> Floats32:
        return ground.seen_through(band, toa[band], aot, column)

    def expected(column: Floats32) -> Floats32:
        """ln of the reflectance that the ground has in B09, under bands that vapour dims a little too."""
        nir = surface("B8A", column)
        wanted = np.where((nir >= nir_minimum) & (toa["B09"] > 0), nir, np.float32(np.nan))
        if relation is not None:
            edge = surface("B07", column)
            ratio = relation.water_band_ratio(edge, nir, surface("B11", column))
            wanted = wanted * (ratio if snow is None else np.where(snow, _snow_ratio(edge, nir), ratio))
        return np.asarray(np.log(wanted), np.float32)

    def seen(root: Floats32) -> Floats32:
        return np.asarray(np.log(surface("B09", root * root)), np.float32)

    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.sqrt(_largest_column(ground))
        start = np.clip(start, *FIRST_GUESSES)
        older = np.sqrt(start)
        newer = np.asarray(older + np.float32(0.1), np.float32)
        wanted, of_older, of_newer = expected(start), seen(older), seen(newer)
        for step in range(STEPS):
            root = secant_step(older, newer, of_older - wanted, of_newer - wanted)
            older, of_older, newer = newer, of_newer, np.clip(root, np.float32(0.0), largest)
            of_newer = seen(newer)
            if step == 0:
                wanted = expected(newer * newer)
        found = np.abs(of_newer - wanted) <= TOLERANCE
    return np.asarray(np.where(found, newer * newer, np.nan), np.float32)


def _snow_ratio(edge: Floats32, nir: Floats32) -> Floats32:
    """B09/B8A of snow from B07 and B8A, at most 1."""
    slope = np.clip(nir / np.maximum(edge, LEAST_REFLECTANCE), LEAST_REFLECTANCE, 1.0)
    return np.asarray(slope**SNOW_EXPONENT, np.float32)


def _largest_column(ground: Ground) -> np.float32:
    """Column (cm) up to which the gas model knows every path of the tile."""
    airmass = ground.model.coefficients("B09", ground.aerosol).airmass
    return np.float32(0.999 * LARGEST_SLANT_WATER_VAPOUR / float(airmass.max()))
