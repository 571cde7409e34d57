"""How lines are dated (GIPP DATATI): line period, shifts between bands, the exogenous model.

Source: GIPP description of the Sentinel-2 ground segment (root GS2_DATATION_PARAMETERS), checked on an
operational file, whose spelling of elements (EXOGENEOUS) is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.auxiliary.gipp_documents import GippHeading, new_document, open_gipp, write_document
from ipf.geometry.acquisition import SensorKey
from ipf.product.bands import BANDS, DETECTORS
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_DATATI"
ROOT = "GS2_DATATION_PARAMETERS"

_MODEL = "EXOGENEOUS_MODEL_PARAMETERS"
_PERIODS = (1.0, 2.0)  # ms: every operational file has 1.565873622


@dataclass(frozen=True, slots=True)
class DatationModel:
    """A DATATI file; times in the units of the file.

    line_period, refined_line_period : ms, of a 10 m band (THEORETICAL_LINE_PERIOD, REFINED_PE)
    time_shifts : by band, ms
    gps_minus_tai : s
    largest_delta : ms, of the regression (DATATION_DELTA_MAX_THRESHOLD)
    sigmas, largest_residual : NSIG_THRESHOLD and DATATION_RESIDUAL_THRESHOLD
    deltas : DELTA_ON_T0 by band and detector, as the file has them
    """

    heading: GippHeading
    line_period: float
    refined_line_period: float
    time_shifts: Mapping[str, float]
    gps_minus_tai: float
    largest_delta: float
    sigmas: float
    largest_residual: float
    deltas: Mapping[SensorKey, float]
    source: str = ""


def read_datation_model(path: Path) -> DatationModel:
    """Read a DATATI file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    regression, model = data.child("LINEAR_REGRESSION_PARAMETERS"), data.child(_MODEL)
    shifts: dict[str, float] = {}
    for node in data.all("TIME_SHIFT_LIST/TIME_SHIFT"):
        band = node.attribute_band("band_id")
        if band in shifts:
            raise node.error(f"TIME_SHIFT of {band} is given twice")
        shifts[band] = node.number()
    return DatationModel(
        heading=GippHeading.of(root),
        line_period=_period(data, "THEORETICAL_LINE_PERIOD"),
        refined_line_period=_period(model, "REFINED_PE"),
        time_shifts=shifts,
        gps_minus_tai=data.number("GPS_TIME_TAI"),
        largest_delta=regression.number("DATATION_DELTA_MAX_THRESHOLD"),
        sigmas=regression.number("NSIG_THRESHOLD"),
        largest_residual=regression.number("DATATION_RESIDUAL_THRESHOLD"),
        deltas=_read_deltas(model),
        source=root.file,
    )


def _period(node: Node, name: str) -> float:
    value = node.number(name)
    if not _PERIODS[0] <= value <= _PERIODS[1]:
        raise node.child(name).error(f"{name} is {value:g} ms, expected {_PERIODS[0]:g} to {_PERIODS[1]:g}")
    return value


def _read_deltas(model: Node) -> dict[SensorKey, float]:
    deltas: dict[SensorKey, float] = {}
    for band_node in model.all("BAND_PARAMETERS"):
        band = band_node.band("BAND_ID")
        for node in band_node.all("DETECTOR_PARAMETERS"):
            detector = node.integer("DETECTOR_ID")
            if detector not in DETECTORS or (band, detector) in deltas:
                raise node.error(f"DETECTOR_ID is {detector}, expected one each of 01 to 12")
            deltas[band, detector] = node.number("DELTA_ON_T0")
    return deltas


def write_datation_model(path: Path, content: DatationModel) -> None:
    """Write a DATATI file, read back as the same; raises `OutputError` naming the file."""
    document, data = new_document(ROOT, content.heading)
    add(data, "TRACE_MODE", False)
    add(data, "THEORETICAL_LINE_PERIOD", content.line_period, unit="ms")
    shifts = add(data, "TIME_SHIFT_LIST")
    for band in (band for band in BANDS if band.name in content.time_shifts):
        add(shifts, "TIME_SHIFT", content.time_shifts[band.name], band_id=band.identifier, unit="ms")
    add(data, "GPS_TIME_TAI", content.gps_minus_tai, unit="s")
    regression = add(data, "LINEAR_REGRESSION_PARAMETERS")
    add(regression, "DATATION_DELTA_MAX_THRESHOLD", content.largest_delta, unit="ms")
    add(regression, "NSIG_THRESHOLD", content.sigmas)
    add(regression, "DATATION_RESIDUAL_THRESHOLD", content.largest_residual)
    model = add(data, _MODEL)
    for band in BANDS:
        deltas = [(number, content.deltas.get((band.name, number))) for number in DETECTORS]
        if all(delta is None for _, delta in deltas):
            continue
        part = add(model, "BAND_PARAMETERS")
        add(part, "BAND_ID", band.identifier)
        for number, delta in deltas:
            if delta is not None:
                detector = add(part, "DETECTOR_PARAMETERS")
                add(detector, "DETECTOR_ID", f"{number:02d}")
                add(detector, "DELTA_ON_T0", delta)
    add(model, "REFINED_PE", content.refined_line_period)
    write_document(path, document)
