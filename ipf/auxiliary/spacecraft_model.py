"""The spacecraft's geometric model (GIPP SPAMOD): how instrument, focal planes and detectors are mounted.

Rotations turn piloting axes into those of the instrument, these into those of a focal plane, and these into
those of a detector. Source: GIPP description of the Sentinel-2 ground segment (root
GS2_SPACECRAFT_MODEL_PARAMETERS); rotation angles R1, R2, R3 about x, y and z in milliradians.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from ipf.auxiliary.gipp_documents import (
    GippHeading,
    new_document,
    open_gipp,
    write_document,
)
from ipf.geometry.acquisition import Mounting
from ipf.product.bands import DETECTORS
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_SPAMOD"
ROOT = "GS2_SPACECRAFT_MODEL_PARAMETERS"
FOCAL_PLANES = ("VNIR", "SWIR")
NO_ROTATION = Mounting(0.0, 0.0, 0.0)

_MILLI = 1e-3
_AXES = (("R1", "X"), ("R2", "Y"), ("R3", "Z"))
_LARGEST = 100.0  # mrad: real angles have one


@dataclass(frozen=True, slots=True)
class SpacecraftModel:
    """A SPAMOD file, its angles in radians.

    instrument : from the piloting frame to the instrument
    focal_planes : from the instrument to ``VNIR`` and ``SWIR``
    detectors : from the focal plane to each detector, by focal plane and detector (1-12)
    """

    heading: GippHeading
    instrument: Mounting
    focal_planes: Mapping[str, Mounting]
    detectors: Mapping[tuple[str, int], Mounting]
    source: str = ""


def read_spacecraft_model(path: Path) -> SpacecraftModel:
    """Read a SPAMOD file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    planes = {plane: _angles(data.child(f"MSI_TO_FOCAL_PLANE/MSI_TO_{plane}")) for plane in FOCAL_PLANES}
    detectors = {
        (plane, node.attribute_detector("detector_id")): _angles(node)
        for plane in FOCAL_PLANES
        for node in data.all(f"FOCAL_PLANE_TO_DETECTOR/FOCAL_PLANE_TO_DETECTOR_{plane}")
    }
    instrument = _angles(data.child("PILOTING_TO_MSI_FRAME"))
    return SpacecraftModel(GippHeading.of(root), instrument, planes, detectors, root.file)


def _angles(node: Node) -> Mounting:
    values = []
    for name, axis in _AXES:
        part = node.child(name)
        if part.optional_attribute("axis") not in (None, axis) or part.optional_attribute("unit") not in (
            None,
            "mrad",
        ):
            raise part.error(f"{name}: expected an angle about {axis} in mrad")
        angle = part.number()
        if abs(angle) > _LARGEST:
            raise part.error(f"{name} is {angle:g} mrad, expected at most {_LARGEST:g}")
        values.append(angle * _MILLI)
    scale = node.optional_number("SCALE_FACTOR")
    if scale not in (None, 1.0):
        raise node.child("SCALE_FACTOR").error(f"SCALE_FACTOR is {scale:g}, expected 1")
    return Mounting(*values)


def write_spacecraft_model(path: Path, content: SpacecraftModel) -> None:
    """Write a SPAMOD file, read back with the same angles; raises `OutputError` naming the file.

    Only rotations are written: star trackers and location accuracies are not part of the model.
    """
    document, data = new_document(ROOT, content.heading)
    _add_angles(add(data, "PILOTING_TO_MSI_FRAME"), content.instrument, "ROTATION_THEN_SCALE")
    planes = add(data, "MSI_TO_FOCAL_PLANE")
    for plane in FOCAL_PLANES:
        mounting = content.focal_planes.get(plane, NO_ROTATION)
        _add_angles(add(planes, f"MSI_TO_{plane}"), mounting, "SCALE_THEN_ROTATION")
    parts = add(data, "FOCAL_PLANE_TO_DETECTOR")
    for plane in FOCAL_PLANES:
        for detector in DETECTORS:
            part = add(parts, f"FOCAL_PLANE_TO_DETECTOR_{plane}", detector_id=f"{detector:02d}")
            _add_angles(part, content.detectors.get((plane, detector), NO_ROTATION))
    write_document(path, document)


def _add_angles(parent: etree._Element, angles: Mounting, order: str | None = None) -> None:
    for (name, axis), angle in zip(_AXES, (angles.x, angles.y, angles.z), strict=True):
        add(parent, name, _milliradians(angle), axis=axis, unit="mrad")
    if order is not None:
        add(parent, "SCALE_FACTOR", 1)
        add(parent, "COMBINATION_ORDER", order)


def _milliradians(angle: float) -> float:
    """The shortest number of mrad that is read back as `angle`; the quotient itself where none is shorter."""
    for digits in range(1, 17):
        text = f"{angle / _MILLI:.{digits}g}"
        if float(text) * _MILLI == angle:
            return float(text)
    return angle / _MILLI
