"""The frames of a datastrip (FRAME_FILE): which lines each band and detector has, cut into which granules.

The form is this project's own. Lines count from 1 over the whole datastrip, in lines of the band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from ipf.atomic import write_bytes
from ipf.geometry.acquisition import SensorKey
from ipf.product.bands import BANDS, BY_NAME
from ipf.product.xml_builder import add, serialised
from ipf.product.xml_nodes import Node

ROOT = "Frame_List"


@dataclass(frozen=True, slots=True)
class Frame:
    """A granule's lines of one band and detector."""

    granule: str
    lines: range


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of a datastrip by band and detector, in their order along the track.

    first_times : GPS time of the first line of a band and detector, as text
    cut : lines at the beginning and end of band and detector that not all of them saw, where they are known
    """

    datastrip: str
    line_period: float
    frames: Mapping[SensorKey, Sequence[Frame]]
    first_times: Mapping[SensorKey, str] = field(default_factory=dict)
    cut: Mapping[SensorKey, tuple[int, int]] = field(default_factory=dict)


def write_frames(path: Path, content: Frames) -> None:
    """Write the file, whole or not at all."""
    root = etree.Element(ROOT, datastripId=content.datastrip)
    add(root, "LINE_PERIOD", content.line_period * 1e3, unit="ms")
    for band in BANDS:
        keys = sorted(key for key in content.frames if key[0] == band.name)
        if not keys:
            continue
        element = add(root, "Band", bandId=band.identifier, resolution=band.resolution)
        for key in keys:
            _add_detector(add(element, "Detector", detectorId=f"{key[1]:02d}"), key, content)
    write_bytes(path, serialised(root))


def _add_detector(element: etree._Element, key: SensorKey, content: Frames) -> None:
    frames = content.frames[key]
    first, stop = frames[0].lines.start, frames[-1].lines.stop
    add(element, "FIRST_LINE", first)
    add(element, "NUMBER_OF_LINES", stop - first)
    if key in content.first_times:
        add(element, "GPS_TIME", content.first_times[key])
    if key in content.cut:
        add(element, "BEGIN_NB_LINES_TO_CUT", content.cut[key][0])
        add(element, "END_NB_LINES_TO_CUT", content.cut[key][1])
    listed = add(element, "Granule_List")
    for frame in frames:
        granule = add(listed, "Granule", granuleId=frame.granule)
        add(granule, "FIRST_LINE", frame.lines.start)
        add(granule, "NUMBER_OF_LINES", len(frame.lines))


def read_frames(path: Path) -> Frames:
    """Read the file; raises ProductError naming file, line and element."""
    root = Node.of_document(path, (ROOT,))
    frames: dict[SensorKey, tuple[Frame, ...]] = {}
    times: dict[SensorKey, str] = {}
    cut: dict[SensorKey, tuple[int, int]] = {}
    for band_node in root.all("Band"):
        band = band_node.attribute_band("bandId")
        if band_node.attribute_integer("resolution") != BY_NAME[band].resolution:
            raise band_node.error(f"resolution of {band}, expected {BY_NAME[band].resolution}")
        for node in band_node.all("Detector"):
            key = band, node.attribute_detector("detectorId")
            if key in frames:
                raise node.error(f"detector {key[1]:02d} of {band} is given twice")
            frames[key] = _read_detector(node)
            time = node.optional_text("GPS_TIME")
            if time is not None:
                times[key] = time
            if node.find("BEGIN_NB_LINES_TO_CUT") is not None:
                cut[key] = node.integer("BEGIN_NB_LINES_TO_CUT"), node.integer("END_NB_LINES_TO_CUT")
    if not frames:
        raise root.error(f"{ROOT}: element Band/Detector is missing")
    return Frames(root.attribute("datastripId"), root.number("LINE_PERIOD") * 1e-3, frames, times, cut)


def _read_detector(node: Node) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    for granule in node.all("Granule_List/Granule"):
        first, count = granule.integer("FIRST_LINE"), granule.integer("NUMBER_OF_LINES")
        if count < 1 or first < (frames[-1].lines.stop if frames else 1):
            raise granule.error(
                f"{count} lines from {first}, expected lines after those of the granule before"
            )
        frames.append(Frame(granule.attribute("granuleId"), range(first, first + count)))
    if not frames:
        raise node.error("Detector: element Granule_List/Granule is missing")
    stated = node.integer("FIRST_LINE"), node.integer("NUMBER_OF_LINES")
    found = frames[0].lines.start, frames[-1].lines.stop - frames[0].lines.start
    if stated != found:
        raise node.error(f"first line and number of lines are {stated}, those of its granules {found}")
    return tuple(frames)
