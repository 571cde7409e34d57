"""Viewing directions of the pixels of a band (GIPP VIEDIR): where each pixel of each detector looks.

A file holds a list for each way in which the detector's lines are used: ``NO_TDI`` (one line), ``APPLIED``
(time delay and integration, the mean of lines A and B), ``LINE_A``, ``LINE_B``. Source: level1 GIPP
description of the Sentinel-2 ground segment (root GS2_VIEWING_DIRECTIONS), checked on the operational files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.auxiliary.gipp_documents import (
    GippHeading,
    new_document,
    open_gipp,
    write_document,
)
from ipf.errors import AuxiliaryError
from ipf.geometry.acquisition import FloatArray, ViewingDirections
from ipf.product.bands import BY_NAME
from ipf.product.xml_builder import add, text_of
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_VIEDIR"
ROOT = "GS2_VIEWING_DIRECTIONS"
NO_TDI, APPLIED = "NO_TDI", "APPLIED"
CONFIGURATIONS = (NO_TDI, APPLIED, "LINE_A", "LINE_B")
"""What a list of viewing directions may be for."""

_STEEPEST = 1.0  # the field of view is 20.6 degrees wide


@dataclass(frozen=True, slots=True)
class ViewingDirectionsFile:
    """A VIEDIR file: `band` (``B03``) and, by configuration and detector (1-12), the directions."""

    heading: GippHeading
    band: str
    directions: Mapping[str, Mapping[int, ViewingDirections]]
    source: str = ""

    def of(self, configuration: str) -> Mapping[int, ViewingDirections]:
        """Directions by detector for a TDI configuration, ``NO_TDI`` where the band has none.

        Raises `AuxiliaryError` naming the file when it has no such list.
        """
        found = self.directions.get(configuration)
        if found is None:
            raise AuxiliaryError(
                f"{self.source}: no VIEWING_DIRECTIONS_LIST with tdi_config {configuration} for {self.band}, "
                f"found {', '.join(self.directions)}"
            )
        return found


def read_viewing_directions(path: Path) -> ViewingDirectionsFile:
    """Read a VIEDIR file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    lists: dict[str, Mapping[int, ViewingDirections]] = {}
    for node in data.all("VIEWING_DIRECTIONS_LIST"):
        configuration = node.attribute("tdi_config")
        if configuration not in CONFIGURATIONS or configuration in lists:
            raise node.error(
                f"tdi_config is '{configuration}', expected one each of {', '.join(CONFIGURATIONS)}"
            )
        lists[configuration] = _read_list(node)
    if not lists:
        raise data.error("DATA: element VIEWING_DIRECTIONS_LIST is missing")
    return ViewingDirectionsFile(GippHeading.of(root), data.band("BAND_ID"), lists, root.file)


def _read_list(node: Node) -> dict[int, ViewingDirections]:
    found: dict[int, ViewingDirections] = {}
    for entry in node.all("VIEWING_DIRECTIONS"):
        detector = entry.attribute_detector("detector_id")
        if detector in found:
            raise entry.error(f"detector {detector:02d} is given twice")
        pixels = entry.integer("NB_OF_PIXELS")
        found[detector] = ViewingDirections(
            _tangents(entry, "TAN_PSI_X_LIST", pixels), _tangents(entry, "TAN_PSI_Y_LIST", pixels)
        )
    if not found:
        raise node.error("VIEWING_DIRECTIONS_LIST: element VIEWING_DIRECTIONS is missing")
    return found


def _tangents(node: Node, name: str, pixels: int) -> FloatArray:
    values = node.numbers(name)
    if len(values) != pixels or pixels < 2:
        raise node.child(name).error(f"{name} has {len(values)} numbers, NB_OF_PIXELS is {pixels}")
    if abs(values).max() > _STEEPEST:
        raise node.child(name).error(
            f"{name}: tangents up to {abs(values).max():g}, expected at most {_STEEPEST}"
        )
    return values


def write_viewing_directions(path: Path, content: ViewingDirectionsFile) -> None:
    """Write a VIEDIR file, read back as the same numbers; raises `OutputError` naming the file."""
    document, data = new_document(ROOT, content.heading)
    add(data, "BAND_ID", BY_NAME[content.band].identifier)
    for configuration, detectors in content.directions.items():
        entries = add(data, "VIEWING_DIRECTIONS_LIST", tdi_config=configuration)
        for detector, directions in sorted(detectors.items()):
            entry = add(entries, "VIEWING_DIRECTIONS", detector_id=f"{detector:02d}")
            add(entry, "NB_OF_PIXELS", len(directions.tan_psi_x))
            add(entry, "TAN_PSI_X_LIST", " ".join(map(text_of, directions.tan_psi_x.tolist())))
            add(entry, "TAN_PSI_Y_LIST", " ".join(map(text_of, directions.tan_psi_y.tolist())))
    write_document(path, document)
