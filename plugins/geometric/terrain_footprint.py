"""The outline of what a datastrip sees of its terrain: high ground at an edge lies hundreds of metres inside.

Terrain is opened piece by piece, of a granule's length, and only where the outline can run: along detectors
that have no neighbour on one side, and at the first and last granules of all. In between, detectors lie at
sea level, which moves no outline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from ipf_plugins.geometric.sensor_scene import MARGIN_DEG, SensorScene

from ipf.auxiliary.terrain_files import open_terrain
from ipf.geometry.acquisition import FloatArray, SensorKey
from ipf.geometry.footprints import datastrip_rings, detector_ring, joined_rings
from ipf.geometry.granule_geometry import on_terrain
from ipf.geometry.sensor_model import SensorModel
from ipf.product.bands import BY_NAME
from ipf.product.l1b_model import GRANULE_LINES, lines_of

NODE_SECONDS, EDGE_NODES = 0.03, 129
"""Points of an outline on terrain: every 200 m along and across the track, so that no summit is passed."""
_OVERLAP = 60
"""Lines of 10 m that pieces go on into the next one, so that no gap is left between them."""

Images = Mapping[SensorKey, range]


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of all bands of one detector, on the terrain or at sea level."""

    images: Images
    on_terrain: bool


def rings_of_scene(scene: SensorScene, images: Images, refined: bool = True) -> tuple[FloatArray, ...]:
    """Rings of what a scene sees of its terrain; of the ellipsoid where it has neither elevation nor geoid.

    refined : whether corrections are used that the scene has
    images : lines, from 1, by band and detector; raises as `ipf.geometry.footprints.datastrip_rings`, and
        AuxiliaryError for elevation files that cannot be used.
    """
    geometry = scene.geometry if refined else replace(scene.geometry, refining=None)
    model = SensorModel(geometry, None, 1)
    if scene.files.dem is None and scene.files.geoid is None:
        return datastrip_rings(model, images)
    messages: list[str] = []

    def outline(piece: Piece) -> list[FloatArray]:
        rings = [detector_ring(model, key, lines) for key, lines in piece.images.items()]
        if not piece.on_terrain:
            return rings
        box = _box(rings)
        terrain = open_terrain(scene.files.dem, scene.files.geoid, *box, report=messages.append)
        above = on_terrain(model, terrain)
        return [
            detector_ring(above, key, lines, None, NODE_SECONDS, EDGE_NODES)
            for key, lines in piece.images.items()
        ]

    with ThreadPoolExecutor(scene.workers) as pool:
        rings = [ring for found in pool.map(outline, pieces_of(images)) for ring in found]
    if messages:
        scene.report(f"{min(messages)}; {len(messages)} such messages")
    return joined_rings(rings)


def pieces_of(images: Images) -> Iterator[Piece]:
    """The images cut along the track; lines of every band and detector are in one piece at least."""
    detectors = sorted({detector for _, detector in images})
    for detector in detectors:
        own = {key: lines for key, lines in images.items() if key[1] == detector and len(lines)}
        if not own:
            continue
        first = min(_fine(band, lines).start for (band, _), lines in own.items())
        last = max(_fine(band, lines).stop for (band, _), lines in own.items())
        starts = range(first, last, GRANULE_LINES)
        at_edge = not {detector - 1, detector + 1} <= set(detectors)
        for number, start in enumerate(starts):
            cut = _cut(own, range(start - _OVERLAP, start + GRANULE_LINES + _OVERLAP))
            if cut:
                yield Piece(cut, at_edge or number in (0, len(starts) - 1))


def _fine(band: str, lines: range) -> range:
    """Lines of 10 m, from 1, that lines of a band lie on."""
    factor = BY_NAME[band].resolution // 10
    return range((lines.start - 1) * factor + 1, (lines.stop - 1) * factor + 1)


def _cut(images: Images, fine: range) -> Images:
    """The part of images within lines of 10 m, which begin and end on whole lines of 60 m bands."""
    found = {}
    for (band, detector), lines in images.items():
        wanted = lines_of(fine.start, len(fine) * 10 // BY_NAME[band].resolution, band)
        cut = range(max(lines.start, wanted.start), min(lines.stop, wanted.stop))
        if len(cut):
            found[band, detector] = cut
    return found


def _box(rings: list[FloatArray]) -> tuple[float, float, float, float]:
    """West, south, east and north of what rings at sea level may see on terrain; west may lie beyond east."""
    joined = np.vstack(
        [ring - [360.0 * np.round((ring[0, 0] - rings[0][0, 0]) / 360.0), 0.0] for ring in rings]
    )
    (west, south), (east, north) = joined.min(axis=0), joined.max(axis=0)
    widened = MARGIN_DEG / np.cos(np.deg2rad(min(max(abs(south), abs(north)), 85.0)))
    west, east = ((side + 180.0) % 360.0 - 180.0 for side in (west - widened, east + widened))
    return (
        float(west),
        float(max(south - MARGIN_DEG, -90.0)),
        float(east),
        float(min(north + MARGIN_DEG, 90.0)),
    )
