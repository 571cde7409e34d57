"""Expansion of a scattering matrix in generalised spherical functions (the "Greek" coefficients)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GreekCoefficients:
    """Coefficients of P11 (`a1`), P22 and P33 (`a2`, `a3`) and P12 (`b1`), each (orders,); a1[0] is 1.

    P12 is |S1|^2 - |S2|^2, so that `b1` of Rayleigh scattering is positive (the sign sasktran2 expects).
    """

    a1: Floats
    a2: Floats
    a3: Floats
    b1: Floats

    def truncated_share(self, streams: int) -> float:
        """Share of the scattered light that a solution of so many `streams` counts as not scattered.

        The delta-M method, Wiscombe 1977 (J. Atmos. Sci. 34, 1408); more than `streams` orders are needed.
        """
        return float(self.a1[streams] / (2 * streams + 1))


def expand(
    cosine: Floats, weight: Floats, p11: Floats, p12: Floats, p33: Floats, count: int
) -> GreekCoefficients:
    """Expand the scattering matrix of spheres (P22 = P11) given at the nodes of a quadrature over [-1, 1].

    All inputs (nodes,); P11 normalised to an integral of 2. Gives `count` orders. De Rooij and van der Stap
    1984 (Astron. Astrophys. 131, 237).
    """
    a1, even, odd, b1 = (np.zeros(count) for _ in range(4))
    for order, function in enumerate(_wigner(cosine, 0, 0, count)):
        a1[order] = (order + 0.5) * np.dot(weight * p11, function)
    for order, function in enumerate(_wigner(cosine, 2, 2, count)):
        even[order] = (order + 0.5) * np.dot(weight * (p11 + p33), function)
    for order, function in enumerate(_wigner(cosine, 2, -2, count)):
        odd[order] = (order + 0.5) * np.dot(weight * (p11 - p33), function)
    for order, function in enumerate(_wigner(cosine, 0, 2, count)):
        b1[order] = (order + 0.5) * np.dot(weight * p12, function)
    return GreekCoefficients(a1, (even + odd) / 2, (even - odd) / 2, b1)


def _wigner(cosine: Floats, m: int, n: int, count: int) -> Iterator[Floats]:
    """Wigner functions d^s_mn for s = 0 ... count - 1 (Mishchenko et al. 2002, appendix B, eq. B.22)."""
    first = max(abs(m), abs(n))
    previous = np.zeros_like(cosine)
    for _ in range(min(first, count)):
        yield previous
    current = {
        (0, 0): np.ones_like(cosine),
        (0, 2): np.sqrt(6.0) / 4.0 * (1.0 - cosine**2),
        (2, 2): (1.0 + cosine) ** 2 / 4.0,
        (2, -2): (1.0 - cosine) ** 2 / 4.0,
    }[m, n]
    for s in range(first, count):
        yield current
        if s == 0:
            previous, current = current, cosine * current
            continue
        rise = s * np.sqrt(((s + 1.0) ** 2 - m**2) * ((s + 1.0) ** 2 - n**2))
        fall = (s + 1) * np.sqrt((s**2 - m**2) * (s**2 - n**2) + 0.0)
        following = ((2 * s + 1) * (s * (s + 1) * cosine - m * n) * current - fall * previous) / rise
        previous, current = current, following
