"""The granules that a task locates, and their places on the terrain under each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from ipf_plugins.geometric.detector_selection import data_block_of_request, detectors_of_request
from ipf_plugins.geometric.read_l1b import granules_of_request
from ipf_plugins.geometric.sensor_scene import MARGIN_DEG, SensorScene

from ipf.auxiliary.geoid import Geoid, read_geoid
from ipf.auxiliary.terrain_files import open_terrain
from ipf.engine import TaskRequest
from ipf.errors import ProductError
from ipf.geometry.footprints import GRANULE_BAND
from ipf.geometry.granule_geometry import GranuleLocation, locate_granule, on_terrain, terrain_box
from ipf.geometry.sensor_model import SensorModel
from ipf.product.granule_location import METADATA_PATTERN, PlacedGranule, read_placed_granule
from ipf.product.l1b_model import GranuleGeometry, Place
from ipf.product.sensor_datastrip import GranuleEntry, SensorDatastrip


@dataclass(frozen=True, slots=True)
class GranuleChoice:
    """Granules of the wanted detectors by detector and line, and those listed that are not there."""

    granules: tuple[PlacedGranule, ...]
    missing: tuple[GranuleEntry, ...]


def granules_to_locate(request: TaskRequest, datastrip: SensorDatastrip) -> GranuleChoice:
    """The granules of a task.

    Raises ProductError when none is there, for one that the datastrip does not list, and for one whose
    metadata contradict the list.
    """
    wanted, block = detectors_of_request(request), data_block_of_request(request)
    folders = {
        folder.name: folder
        for folder in granules_of_request(request, METADATA_PATTERN)
        if block is None or folder.parent.name == block
    }
    listed = {entry.identifier for entries in datastrip.granules.values() for entry in entries}
    for name in sorted(folders.keys() - listed):
        raise ProductError(f"{folders[name]}: granule is not listed in {datastrip.file}")
    found, missing = [], []
    for detector in wanted:
        for entry in datastrip.granules.get(detector, ()):
            folder = folders.get(entry.identifier)
            if folder is None:
                missing.append(entry)
                continue
            documents = sorted(folder.glob(METADATA_PATTERN))
            if len(documents) != 1:
                raise ProductError(f"{folder}: {len(documents)} files {METADATA_PATTERN}, expected one")
            found.append(_checked(read_placed_granule(documents[0]), entry, detector))
    if not found:
        numbers = "-".join(f"{detector:02d}" for detector in wanted)
        raise ProductError(
            f"{datastrip.file}: no granule of detectors {numbers} among the inputs"
            + (f" in {block}" if block else "")
        )
    return GranuleChoice(tuple(found), () if block else tuple(missing))


def _checked(granule: PlacedGranule, entry: GranuleEntry, detector: int) -> PlacedGranule:
    told = str(granule.name), granule.name.detector, granule.position
    if told != (entry.identifier, detector, entry.position):
        raise ProductError(
            f"{granule.file}: granule {told[0]} at POSITION {told[2]}, expected {entry.identifier} of "
            f"detector {detector:02d} at {entry.position} as in the datastrip"
        )
    return granule


def model_of(scene: SensorScene, refined: bool) -> SensorModel:
    """The sensor model without terrain; refined only where that is wanted and the datastrip has corrections.

    One thread: granules are located side by side.
    """
    geometry = scene.geometry if refined else replace(scene.geometry, refining=None)
    return SensorModel(geometry, None, 1)


def located(
    scene: SensorScene,
    model: SensorModel,
    granules: Sequence[PlacedGranule],
    progress: Callable[[float], None],
) -> Iterator[tuple[PlacedGranule, GranuleLocation]]:
    """Places of granules, each on the terrain of its own surroundings, in the order given.

    Raises ProductError and AuxiliaryError; tells once about ground without elevation files.
    """
    messages: list[str] = []

    def locate(granule: PlacedGranule) -> GranuleLocation:
        detector, lines = granule.name.detector, granule.lines(GRANULE_BAND)
        box = map(float, terrain_box(model, detector, lines, MARGIN_DEG))
        terrain = open_terrain(scene.files.dem, scene.files.geoid, *box, report=messages.append)
        return locate_granule(on_terrain(model, terrain), detector, lines)

    with ThreadPoolExecutor(scene.workers) as pool:
        for number, (granule, place) in enumerate(
            zip(granules, pool.map(locate, granules), strict=True), start=1
        ):
            yield granule, place
            progress(number / len(granules))
    if messages:
        scene.report(f"{min(messages)}; {len(messages)} of {len(granules)} granules have such a message")


def geometry_of(location: GranuleLocation, geoid: Geoid | None) -> GranuleGeometry:
    """A location as metadata tell it: the ring closed, heights above the geoid as in real granules."""
    corners = [_place(corner, geoid) for corner in location.corners.tolist()]
    return GranuleGeometry(
        (*corners, corners[0]), _place(location.centre, geoid), location.incidence, location.sun
    )


def geoid_of(scene: SensorScene) -> Geoid | None:
    """The geoid among the inputs of a task."""
    return None if scene.files.geoid is None else read_geoid(scene.files.geoid)


def _place(values: Sequence[float], geoid: Geoid | None) -> Place:
    longitude, latitude, height = values
    longitude = (longitude + 180.0) % 360.0 - 180.0
    if geoid is not None:
        height -= float(geoid.on_mesh(np.array([longitude]), np.array([latitude]))[0, 0])
    return latitude, longitude, height
