"""Making the canopy relation: simulated canopies, averaged over the bands, and regressions through them.

Needs the optional package ``prosail`` (PROSPECT-D leaves: Feret et al. 2017, Remote Sens. Environ. 193, 204;
4SAIL canopies: Verhoef et al. 2007, IEEE TGRS 45, 1808).

    python -m ipf.atmosphere.canopy_fit RESPONSES IRRADIANCE FOLDER [SATELLITE]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.aerosol import REFERENCE_WAVELENGTH
from ipf.atmosphere.canopy import FILE_NAME, CanopyRelation, LogLinear, encode_canopy_relation
from ipf.atmosphere.rayleigh import optical_depth
from ipf.atmosphere.responses import Spectrum, band_weights, read_irradiance, read_responses
from ipf.atmosphere.storage import describe_input
from ipf.atomic import write_bytes

Floats = npt.NDArray[np.float64]

SAMPLES = 4000
SEED = 20220125
DECIMALS = 5
WAVELENGTH = np.arange(400.0, 2501.0)
"""nm; the wavelengths of the leaf and soil spectra that come with ``prosail``."""

TARGETS = ("B02", "B04")
PREDICTORS = ("B05", "B8A", "B11", "B12")
"""B01 is left out: its 60 m pixels show more than the vegetation that the 20 m pixels were chosen for."""
BANDS = ("B02", "B04", "B05", "B07", "B8A", "B09", "B11", "B12")

LARGEST_BROWN_SHARE = 0.25
"""Bark, dead leaves and litter among the green leaves, as a share of what is seen: woody surfaces are a few
to some thirty percent of the plant area of forests (Gower et al. 1999, Remote Sens. Environ. 70, 29). With it
the median of red to 2.2 um is the 0.5 that Kaufman et al. 1997 measured; canopies of green leaves alone have
0.3."""
LARGEST_SHADE = 0.6
"""Share of a stand in the shadow of its own crowns (Smith et al. 1990, Remote Sens. Environ. 31, 1); a
part of the sky lights it, which is blue."""

SWIR_RANGE = (0.01, 0.12)
LARGEST_RED = 0.08
LEAST_NDVI = 0.5
"""Stands that count for the visible bands: what the search for dark vegetation accepts, surface reflectance
in B12 and B04 and their NDVI."""


def sample_reflectance(averages: Mapping[str, Floats], samples: int = SAMPLES, seed: int = SEED) -> Floats:
    """Reflectance of simulated stands, (samples, `BANDS`); `averages` are weights on `WAVELENGTH` by band.

    The ranges are those of the leaf databases behind PROSPECT-D and of usual canopies: bare soil to leaf area
    index 8, sun 15 to 65 degrees from the zenith, views as Sentinel-2 has them.
    """
    weights = np.stack([averages[band] for band in BANDS])
    random = np.random.default_rng(seed)
    stands = np.empty((samples, len(BANDS)))
    for number in range(samples):
        brown = random.uniform(0.0, LARGEST_BROWN_SHARE)
        shade = random.uniform(0.0, LARGEST_SHADE)
        sun_zenith = random.uniform(15.0, 65.0)
        lit = 1.0 - shade * (1.0 - random.uniform(0.3, 0.8) * _skylight(random, sun_zenith))
        green, dead = _green_canopy(random, sun_zenith), _brown_leaf(random)
        stands[number] = weights @ (lit * ((1.0 - brown) * green + brown * dead))
    return stands


def _skylight(random: np.random.Generator, sun_zenith: float) -> Floats:
    """Share of the light from the sky under usual aerosol, at `WAVELENGTH`.

    About half of what molecules take from the direct light, and three quarters of what aerosol takes, comes
    down as diffuse light (Bird and Riordan 1986, J. Clim. Appl. Meteorol. 25, 87).
    """
    aerosol = random.uniform(0.05, 0.4) * (WAVELENGTH / REFERENCE_WAVELENGTH) ** -1.2
    depth = 0.5 * optical_depth(WAVELENGTH) + 0.75 * aerosol
    return np.asarray(1.0 - np.exp(-depth / np.cos(np.deg2rad(sun_zenith))))


def _green_canopy(random: np.random.Generator, sun_zenith: float) -> Floats:
    """Spectrum of a canopy of green leaves over soil, at `WAVELENGTH`."""
    from prosail import run_prosail

    chlorophyll = float(np.clip(random.normal(45.0, 20.0), 10.0, 90.0))  # ug/cm2
    return np.asarray(
        run_prosail(
            n=random.uniform(1.2, 2.2),
            cab=chlorophyll,
            car=chlorophyll * random.uniform(0.15, 0.3),
            ant=max(0.0, random.normal(0.0, 1.5)),
            cbrown=max(0.0, random.normal(0.0, 0.25)),
            cw=10 ** random.normal(np.log10(0.013), 0.18),  # cm
            cm=float(np.clip(10 ** random.normal(np.log10(0.008), 0.2), 0.002, 0.02)),  # g/cm2
            lai=random.uniform(0.0, 8.0),
            lidfa=random.uniform(30.0, 70.0),
            hspot=10 ** random.uniform(-2.0, -0.3),
            tts=sun_zenith,
            tto=random.uniform(0.0, 11.0),
            psi=random.uniform(0.0, 180.0),
            psoil=random.uniform(0.0, 1.0),
            rsoil=random.uniform(0.4, 1.2),
            prospect_version="D",
        )
    )


def _brown_leaf(random: np.random.Generator) -> Floats:
    """Spectrum of a dry brown surface, at `WAVELENGTH`: a leaf without water and nearly without pigment."""
    from prosail import run_prospect

    _, reflectance, _ = run_prospect(
        n=random.uniform(1.5, 3.0),
        cab=random.uniform(0.0, 5.0),
        car=random.uniform(0.0, 4.0),
        cbrown=random.uniform(0.4, 1.2),
        cw=10 ** random.uniform(-3.3, -2.5),
        cm=random.uniform(0.006, 0.016),
        prospect_version="D",
    )
    return np.asarray(reflectance)


def averages_of(responses: Mapping[str, Spectrum], irradiance: Spectrum) -> dict[str, Floats]:
    """Weights on `WAVELENGTH` that average a spectrum over each of `BANDS`."""
    averages = {}
    for band in BANDS:
        weights = band_weights(responses[band], irradiance)
        coarse = np.interp(WAVELENGTH, weights.wavelength, weights.weight, left=0.0, right=0.0)
        averages[band] = coarse / coarse.sum()
    return averages


def fit(stands: Floats, satellite: str) -> CanopyRelation:
    """The relations through simulated stands (samples, `BANDS`)."""
    by_band = dict(zip(BANDS, stands.T, strict=True))
    chosen = dark_vegetation(by_band)
    dark = {band: np.log(value[chosen]) for band, value in by_band.items()}
    visible, left = _regression(TARGETS, PREDICTORS, dark)
    contrasts = {
        "B09/B8A": np.log(by_band["B09"] / by_band["B8A"]),
        "B8A/B07": np.log(by_band["B8A"] / by_band["B07"]),
        "B11/B8A": np.log(by_band["B11"] / by_band["B8A"]),
    }
    water_band, _ = _regression(("B09/B8A",), ("B8A/B07", "B11/B8A"), contrasts)
    return CanopyRelation(visible, _rounded(np.cov(left)), water_band, satellite)


def dark_vegetation(by_band: Mapping[str, Floats]) -> npt.NDArray[np.bool_]:
    """Stands that pass for dark vegetation."""
    red, nir, swir = by_band["B04"], by_band["B8A"], by_band["B12"]
    ndvi = (nir - red) / (nir + red)
    dark = (swir > SWIR_RANGE[0]) & (swir < SWIR_RANGE[1]) & (red < LARGEST_RED)
    return np.asarray(dark & (ndvi > LEAST_NDVI))


def _regression(
    targets: Sequence[str], predictors: Sequence[str], logarithms: Mapping[str, Floats]
) -> tuple[LogLinear, Floats]:
    """Least squares of each target over all predictors, and what is left, (targets, samples)."""
    known = np.stack([np.ones_like(logarithms[predictors[0]]), *(logarithms[name] for name in predictors)])
    rows, left = [], []
    for name in targets:
        coefficients = np.linalg.lstsq(known.T, logarithms[name], rcond=None)[0]
        rows.append(coefficients)
        left.append(logarithms[name] - coefficients @ known)
    relation = LogLinear(tuple(targets), tuple(predictors), _rounded(np.stack(rows)))
    return relation, np.stack(left)


def _rounded(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), DECIMALS) for value in row) for row in matrix)


def provenance(stands: Floats, responses: Mapping[str, Any], irradiance: Mapping[str, Any]) -> dict[str, Any]:
    """How a relation was made, and figures of the stands that it was fitted to."""
    by_band = dict(zip(BANDS, stands.T, strict=True))
    dark = dark_vegetation(by_band)
    ratios = {
        "B04/B12": by_band["B04"][dark] / by_band["B12"][dark],
        "B02/B04": by_band["B02"][dark] / by_band["B04"][dark],
    }
    return {
        "inputs": {"responses": responses, "irradiance": irradiance},
        "libraries": {name: version(name) for name in ("prosail", "numpy")},
        "method": "least squares of logarithms over simulated canopies (PROSPECT-D, 4SAIL)",
        "samples": len(stands),
        "seed": SEED,
        "largest_brown_share": LARGEST_BROWN_SHARE,
        "largest_shade": LARGEST_SHADE,
        "selection_for_visible": {"B12": SWIR_RANGE, "largest_B04": LARGEST_RED, "least_NDVI": LEAST_NDVI},
        "selected": int(dark.sum()),
        "ratios_5_25_50_75_95_percent": {
            name: [round(float(value), 2) for value in np.percentile(ratio, (5, 25, 50, 75, 95))]
            for name, ratio in ratios.items()
        },
        "valid_for": "responses of the satellite; used for the others without refitting",
    }


def write(responses: Path, irradiance: Path, folder: Path, satellite: str = "S2A") -> Path:
    """Make the relation from files of responses and irradiance and write it to `folder`."""
    averages = averages_of(read_responses(responses), read_irradiance(irradiance))
    stands = sample_reflectance(averages)
    made = provenance(stands, describe_input(responses), describe_input(irradiance))
    path = folder / FILE_NAME
    write_bytes(path, encode_canopy_relation(fit(stands, satellite), made))
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:5]))
