"""How Level-0 segments are cut to Level 1A and located (GIPP PRDLOC).

Detectors and bands see the same ground at different times, so that each segment has lines at its beginning
and end that not all of them saw; the file says how many are cut. Source: GIPP description of the Sentinel-2
ground segment (root GS2_INIT_LOC_PROD_PARAMETERS), checked on operational files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.auxiliary.gipp_documents import GippHeading, new_document, open_gipp, write_document
from ipf.geometry.acquisition import SensorKey
from ipf.product.bands import BANDS, BY_NAME, DETECTORS
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_PRDLOC"
ROOT = "GS2_INIT_LOC_PROD_PARAMETERS"
SCENARIOS = ("NOMINAL", "EXOGENEOUS")
"""How lines are dated: by the times of their packets, or by the model of GIPP DATATI (so spelt there)."""


@dataclass(frozen=True, slots=True)
class LinesToCut:
    """Numbers of lines of a band and detector that are cut at the beginning and at the end of a segment."""

    beginning: int
    end: int


@dataclass(frozen=True, slots=True)
class ProcessingLocation:
    """A PRDLOC file.

    reference_band, reference_detector : those that the cutting of segments refers to
    lines_to_cut : by band and detector, in lines of the band
    interest_area_margin : m
    compression_margin, radiometric_margin : lines
    crosstalk : whether bands are cut alike for the correction of crosstalk
    footprint_step, auxiliary_data_step : m, between points of footprints and of auxiliary data
    cloud_height : m
    datation_scenario : one of `SCENARIOS`
    """

    heading: GippHeading
    reference_band: str
    reference_detector: int
    lines_to_cut: Mapping[SensorKey, LinesToCut]
    interest_area_margin: float
    compression_margin: int
    radiometric_margin: int
    crosstalk: bool
    footprint_step: float
    auxiliary_data_step: float
    cloud_height: float
    datation_scenario: str
    source: str = ""


def read_processing_location(path: Path) -> ProcessingLocation:
    """Read a PRDLOC file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    cutting, auxiliary = data.child("SEGMENT_CUTTING"), data.child("AUXILIARY_DATA")
    scenario = data.text("DATATION_SCENARIO")
    if scenario not in SCENARIOS:
        where = data.child("DATATION_SCENARIO")
        raise where.error(f"DATATION_SCENARIO is '{scenario}', expected {' or '.join(SCENARIOS)}")
    detector = cutting.integer("REFERENCE_DETECTOR")
    if detector not in DETECTORS:
        where = cutting.child("REFERENCE_DETECTOR")
        raise where.error(f"REFERENCE_DETECTOR is {detector}, expected a detector 01 to 12")
    return ProcessingLocation(
        heading=GippHeading.of(root),
        reference_band=cutting.band("REFERENCE_BAND"),
        reference_detector=detector,
        lines_to_cut=_read_lines(cutting),
        interest_area_margin=_not_negative(cutting, "INTEREST_AREA_MARGIN"),
        compression_margin=_count(cutting, "COMPRESSION_MARGIN"),
        radiometric_margin=_count(cutting, "RADIOMETRIC_MARGIN"),
        crosstalk=cutting.flag("CROSSTALK_FLAG"),
        footprint_step=_not_negative(auxiliary, "FOOTPRINT_STEP"),
        auxiliary_data_step=_not_negative(auxiliary, "AUX_DATA_STEP"),
        cloud_height=_not_negative(auxiliary, "H_CLOUD"),
        datation_scenario=scenario,
        source=root.file,
    )


def _read_lines(cutting: Node) -> dict[SensorKey, LinesToCut]:
    lines: dict[SensorKey, LinesToCut] = {}
    for band_node in cutting.all("BAND_LIST/BAND"):
        band = band_node.attribute_band("band_id")
        for node in band_node.all("DETECTOR_LIST/DETECTOR"):
            key = band, node.attribute_detector("detector_id")
            if key in lines:
                raise node.error(f"DETECTOR {key[1]:02d} of {band} is given twice")
            lines[key] = LinesToCut(
                _count(node, "BEGIN_NB_LINES_TO_CUT"), _count(node, "END_NB_LINES_TO_CUT")
            )
    if not lines:
        raise cutting.error("SEGMENT_CUTTING: element BAND_LIST/BAND/DETECTOR_LIST/DETECTOR is missing")
    return lines


def _count(node: Node, name: str) -> int:
    value = node.integer(name)
    if value < 0:
        raise node.child(name).error(f"{name} is {value}, expected 0 or more")
    return value


def _not_negative(node: Node, name: str) -> float:
    value = node.number(name)
    if value < 0:
        raise node.child(name).error(f"{name} is {value:g}, expected 0 or more")
    return value


def write_processing_location(path: Path, content: ProcessingLocation) -> None:
    """Write a PRDLOC file, read back as the same; raises `OutputError` naming the file."""
    document, data = new_document(ROOT, content.heading)
    add(data, "TRACE_MODE", False)
    cutting = add(data, "SEGMENT_CUTTING")
    add(cutting, "REFERENCE_BAND", BY_NAME[content.reference_band].identifier)
    add(cutting, "REFERENCE_DETECTOR", f"{content.reference_detector:02d}")
    bands = add(cutting, "BAND_LIST")
    for band in BANDS:
        lines = {number: content.lines_to_cut.get((band.name, number)) for number in DETECTORS}
        if not any(lines.values()):
            continue
        detectors = add(add(bands, "BAND", band_id=band.identifier), "DETECTOR_LIST")
        for number, cut in lines.items():
            if cut is not None:
                part = add(detectors, "DETECTOR", detector_id=f"{number:02d}")
                add(part, "BEGIN_NB_LINES_TO_CUT", cut.beginning)
                add(part, "END_NB_LINES_TO_CUT", cut.end)
    add(cutting, "INTEREST_AREA_MARGIN", content.interest_area_margin, unit="m")
    add(cutting, "COMPRESSION_MARGIN", content.compression_margin, unit="pixel")
    add(cutting, "RADIOMETRIC_MARGIN", content.radiometric_margin, unit="pixel")
    add(cutting, "CROSSTALK_FLAG", content.crosstalk)
    auxiliary = add(data, "AUXILIARY_DATA")
    add(auxiliary, "FOOTPRINT_STEP", content.footprint_step, unit="m")
    add(auxiliary, "AUX_DATA_STEP", content.auxiliary_data_step, unit="m")
    add(auxiliary, "H_CLOUD", content.cloud_height)
    add(data, "DATATION_SCENARIO", content.datation_scenario)
    write_document(path, document)
