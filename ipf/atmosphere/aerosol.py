"""Aerosol models as mixtures of spherical components, and their optical properties by Mie theory.

Components and mixtures are those of the International Radiation Commission (WCP-112, WMO/TD-24, 1986), with
the size distributions of d'Almeida, Koepke and Shettle 1991 (Atmospheric Aerosols, Deepak) that 6SV1.1 uses:
the "continental" (rural) and "maritime" models of Vermote et al. 1997 (IEEE TGRS 35, 675).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.greek import GreekCoefficients, expand

Floats = npt.NDArray[np.float64]

SCALE_HEIGHT = 2.0
"""Scale height of the aerosol above the ground, km (6SV1.1)."""

REFERENCE_WAVELENGTH = 550.0
"""Wavelength of the aerosol optical thickness that users state, nm."""

RADIUS_RANGE = (0.001, 20.0)
"""Radii of the size integral, micrometres; the upper end matters for the dust-like component."""

RADIUS_NODES = 600
SCATTERING_NODES = 1000
"""Gauss-Legendre nodes in ln(radius), and in the cosine of the scattering angle (the forward peak of the
dust-like component reaches size parameter 280)."""

_WAVELENGTH = np.array(
    [
        350,
        400,
        412,
        443,
        470,
        488,
        515,
        550,
        590,
        633,
        670,
        694,
        760,
        860,
        1240,
        1536,
        1650,
        1950,
        2250,
        3750,
    ],
    dtype=np.float64,
)


@dataclass(frozen=True, slots=True)
class Component:
    """Lognormal number distribution (`radius` in micrometres, geometric deviation) and refractive index n -
    ik.

    `real` and `imaginary` are given at the 20 wavelengths of 6SV1.1 (350 to 3750 nm).
    """

    radius: float
    deviation: float
    real: tuple[float, ...]
    imaginary: tuple[float, ...]

    def refractive_index(self, wavelength: float) -> complex:
        """n - ik at `wavelength` (nm), linear between the tabulated wavelengths."""
        real = np.interp(wavelength, _WAVELENGTH, self.real)
        imaginary = np.interp(wavelength, _WAVELENGTH, self.imaginary)
        return complex(real, -imaginary)


DUST_LIKE = Component(
    0.471,
    2.512,
    (1.53,) * 12 + (1.528, 1.52, 1.462, 1.4, 1.368, 1.276, 1.22, 1.2),
    (0.008,) * 18 + (0.0085, 0.011),
)
WATER_SOLUBLE = Component(
    0.0285,
    2.239,
    (1.53,) * 12 + (1.528, 1.52, 1.51, 1.42, 1.42, 1.42, 1.42, 1.452),
    (
        *((0.005,) * 6),
        *(0.0053, 0.006, 0.006, 0.0067, 0.007, 0.007, 0.0088, 0.0109),
        *(0.0189, 0.0218, 0.0195, 0.0675, 0.046, 0.004),
    ),
)
SOOT = Component(
    0.0118,
    2.0,
    (1.75,) * 14 + (1.77, 1.791, 1.796, 1.808, 1.815, 1.9),
    (
        *(0.465, 0.46, 0.4588, 0.4557, 0.453, 0.4512, 0.447, 0.44, 0.436, 0.435),
        *(0.433, 0.4306, 0.43, 0.433, 0.4496, 0.4629, 0.472, 0.488, 0.5, 0.57),
    ),
)
OCEANIC = Component(
    0.30,
    2.51,
    (
        *(1.39, 1.385, 1.385, 1.3835, 1.3826, 1.382, 1.381, 1.381, 1.379, 1.377),
        *(1.3764, 1.376, 1.3744, 1.372, 1.3655, 1.359, 1.3555, 1.348, 1.334, 1.398),
    ),
    (
        *(1.2e-7, 8e-9, 7e-9, 9e-9, 9e-9, 5e-9, 1e-8, 4e-9, 6e-9, 1.1e-8),
        *(3e-8, 5e-8, 1.24e-5, 3.06e-5, 3.04e-4, 1.05e-3, 9.4e-4, 2.09e-3, 9.03e-3, 2.91e-3),
    ),
)
"""The real index is that of WCP-112; the imaginary one reproduces, by Mie theory, the single-scattering
albedo that 6SV1.1 lists for this component."""

MIXTURES: dict[str, tuple[tuple[Component, float], ...]] = {
    "continental": ((DUST_LIKE, 0.70), (WATER_SOLUBLE, 0.29), (SOOT, 0.01)),
    "maritime": ((WATER_SOLUBLE, 0.05), (OCEANIC, 0.95)),
}
"""Volume fractions of the components, by aerosol model."""


@dataclass(frozen=True, slots=True)
class AerosolOptics:
    """Optical properties of a mixture at one wavelength.

    `extinction` relative to 550 nm; `albedo` of single scattering; `cosine` and `phase`: nodes (increasing)
    and phase function P11 there, normalised to an integral of 2 over the cosine; `greek`: its expansion.
    """

    extinction: float
    albedo: float
    cosine: Floats
    phase: Floats
    greek: GreekCoefficients


def optics(model: str, wavelength: float, orders: int) -> AerosolOptics:
    """Optical properties of aerosol `model` at `wavelength` (nm), expanded to `orders` coefficients."""
    cosine, weight = np.polynomial.legendre.leggauss(SCATTERING_NODES)
    extinction, scattering, p11, p12, p33 = _mixture(model, wavelength, cosine)
    reference = _mixture(model, REFERENCE_WAVELENGTH, cosine[:1])[0]
    scale = 2.0 / np.dot(weight, p11)
    greek = expand(cosine, weight, p11 * scale, p12 * scale, p33 * scale, orders)
    return AerosolOptics(extinction / reference, scattering / extinction, cosine, p11 * scale, greek)


def _mixture(model: str, wavelength: float, cosine: Floats) -> tuple[float, float, Floats, Floats, Floats]:
    """Extinction and scattering per volume (1/micrometre), and the unnormalised P11, P12, P33 (nodes,)."""
    extinction, scattering = 0.0, 0.0
    matrix = np.zeros((3, cosine.size))
    for component, fraction in MIXTURES[model]:
        radius, number = _size_distribution(component)
        per_volume = fraction / np.dot(number, 4.0 / 3.0 * np.pi * radius**3)
        size_parameter = 2.0e3 * np.pi * radius / wavelength
        efficiency, s1, s2 = _mie(size_parameter, component.refractive_index(wavelength), cosine)
        area = per_volume * number * np.pi * radius**2
        extinction += float(np.dot(area, efficiency[0]))
        scattering += float(np.dot(area, efficiency[1]))
        # |S|^2 / k^2 is the differential cross section: the common factor of k cancels in the normalisation.
        first, second = np.abs(s1) ** 2, np.abs(s2) ** 2
        number_per_volume = (per_volume * number)[:, np.newaxis]
        for element, value in enumerate((first + second, first - second, 2.0 * (s1 * s2.conj()).real)):
            matrix[element] += (number_per_volume * value).sum(axis=0)
    return extinction, scattering, matrix[0], matrix[1], matrix[2]


def _size_distribution(component: Component) -> tuple[Floats, Floats]:
    """Radii (micrometres) and numbers of particles at the nodes of the size integral."""
    node, weight = np.polynomial.legendre.leggauss(RADIUS_NODES)
    low, high = np.log(RADIUS_RANGE)
    logarithm = low + (node + 1.0) / 2.0 * (high - low)
    width = np.log(component.deviation)
    number = np.exp(-0.5 * ((logarithm - np.log(component.radius)) / width) ** 2)
    return np.exp(logarithm), number * weight * (high - low) / 2.0


def _mie(
    size_parameter: Floats, index: complex, cosine: Floats
) -> tuple[Floats, npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """Extinction and scattering efficiencies (2, sizes) and the amplitudes S1, S2 (sizes, angles)."""
    from sasktran2.mie import LinearizedMie  # optional: needed to build a table, not to use one

    result = LinearizedMie().calculate(size_parameter, index, cosine, False)
    return np.stack([result.Qext, result.Qsca]), result.S1, result.S2
