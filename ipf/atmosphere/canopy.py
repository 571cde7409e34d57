"""How bright vegetation is in the bands that aerosol veils, told from the bands that it hardly touches.

Dense vegetation absorbs blue and red light by chlorophyll and short-wave infrared light by water, and the
three go together (Kaufman et al. 1997, IEEE TGRS 35, 1286). Here the relation is a regression over simulated
canopies (`ipf.atmosphere.canopy_fit`), with the covariance of what it leaves unexplained. The same canopies
tell how bright the ground is in the water-vapour band B09 relative to B8A.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.shipped import shipped_folder
from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]

FILE_NAME = "canopy_relation.json"

LEAST_REFLECTANCE = 1e-3
"""Reflectance that stands for everything darker, before its logarithm is taken."""

_MAXIMUM_SIZE = 1024 * 1024


@dataclass(frozen=True)
class LogLinear:
    """ln(target) = constant + sum of coefficient x ln(predictor), for one or more targets.

    `coefficients` has one row for each target: the constant, then one number for each predictor.
    """

    targets: tuple[str, ...]
    predictors: tuple[str, ...]
    coefficients: tuple[tuple[float, ...], ...]

    def logarithms(self, reflectance: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """Natural logarithms of the targets, shape (targets, ...), from the predictors by band."""
        known = [logarithm(reflectance[band]) for band in self.predictors]
        rows = []
        for constant, *slopes in self.coefficients:
            row = np.full_like(known[0], constant)
            for slope, value in zip(slopes, known, strict=True):
                row += slope * value
            rows.append(row)
        return np.stack(rows)


@dataclass(frozen=True)
class CanopyRelation:
    """The relations of the visible bands and of B09, and how far the visible ones are off.

    `covariance` of ln(true) - ln(predicted) of `visible`'s targets; `water_band` gives the logarithm of
    B09/B8A from ln(B8A/B07) and ln(B11/B8A), as `water_band_ratio` forms them.
    """

    visible: LogLinear
    covariance: tuple[tuple[float, ...], ...]
    water_band: LogLinear
    fitted_for: str

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of which `departures` needs the reflectance."""
        return (*self.visible.targets, *self.visible.predictors)

    @property
    def precision(self) -> Floats:
        """Inverse of the covariance, (targets, targets)."""
        return np.asarray(np.linalg.inv(np.array(self.covariance)))

    def departures(self, reflectance: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """ln(reflectance) - ln(predicted) of the targets, shape (targets, ...)."""
        found = np.stack([logarithm(reflectance[band]) for band in self.visible.targets])
        return np.asarray(found - self.visible.logarithms(reflectance))

    def expected(self, reflectance: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """Reflectance that the targets are expected to have, shape (targets, ...)."""
        return np.asarray(np.exp(self.visible.logarithms(reflectance)))

    def water_band_ratio(
        self, b07: npt.NDArray[Any], b8a: npt.NDArray[Any], b11: npt.NDArray[Any]
    ) -> npt.NDArray[np.float32]:
        """Surface reflectance in B09 relative to B8A, from those in B07, B8A and B11."""
        contrasts = {"B8A/B07": _ratio(b8a, b07), "B11/B8A": _ratio(b11, b8a)}
        return np.asarray(np.exp(self.water_band.logarithms(contrasts)[0]), np.float32)


def logarithm(reflectance: npt.NDArray[Any]) -> Floats:
    """Natural logarithm, of `LEAST_REFLECTANCE` where it is darker; NaN stays."""
    return np.asarray(np.log(np.maximum(np.asarray(reflectance, np.float64), LEAST_REFLECTANCE)))


def _ratio(numerator: npt.NDArray[Any], denominator: npt.NDArray[Any]) -> Floats:
    """Ratio of two reflectances, neither darker than `LEAST_REFLECTANCE`; NaN stays."""
    upper, lower = (np.maximum(value, LEAST_REFLECTANCE) for value in (numerator, denominator))
    return np.asarray(upper / lower, np.float64)


def load_canopy_relation(path: Path | None = None) -> CanopyRelation:
    """Read a relation written by `encode_canopy_relation`, from `path` or as shipped.

    Raises `AuxiliaryError` naming file and element.
    """
    path = path or shipped_folder() / FILE_NAME
    try:
        if path.stat().st_size > _MAXIMUM_SIZE:
            raise AuxiliaryError(f"{path}: larger than {_MAXIMUM_SIZE} bytes: not a canopy relation")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise AuxiliaryError(f"{path}: cannot be read as a canopy relation: {problem}") from problem
    try:
        visible = _decode(content["visible"])
        covariance = _matrix(content["visible"]["covariance"], len(visible.targets), len(visible.targets))
        if np.linalg.eigvalsh(np.array(covariance)).min() <= 0:
            raise ValueError("covariance is not positive definite")
        return CanopyRelation(visible, covariance, _decode(content["water_band"]), str(content["fitted_for"]))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        text = f"{path}: not a canopy relation: {type(problem).__name__} at {problem}"
        raise AuxiliaryError(text) from problem


def encode_canopy_relation(relation: CanopyRelation, provenance: Mapping[str, Any]) -> bytes:
    """The relation and how it was made, as JSON."""
    visible = {**_encode(relation.visible), "covariance": [list(row) for row in relation.covariance]}
    content = {
        "fitted_for": relation.fitted_for,
        "provenance": provenance,
        "visible": visible,
        "water_band": _encode(relation.water_band),
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _encode(relation: LogLinear) -> dict[str, Any]:
    return {
        "targets": list(relation.targets),
        "predictors": list(relation.predictors),
        "coefficients": [list(row) for row in relation.coefficients],
    }


def _decode(content: Mapping[str, Any]) -> LogLinear:
    targets = tuple(str(name) for name in content["targets"])
    predictors = tuple(str(name) for name in content["predictors"])
    rows = _matrix(content["coefficients"], len(targets), 1 + len(predictors))
    return LogLinear(targets, predictors, rows)


def _matrix(content: Any, rows: int, columns: int) -> tuple[tuple[float, ...], ...]:
    array = np.array(content, dtype=np.float64)
    if array.shape != (rows, columns) or not np.all(np.isfinite(array)):
        raise ValueError(f"array of shape {array.shape}, expected {(rows, columns)} finite numbers")
    return tuple(tuple(float(value) for value in row) for row in array)
