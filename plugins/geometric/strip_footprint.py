"""What of the ground a datastrip covers: its given outline, or that of the lines of its granules."""

from __future__ import annotations

from ipf_plugins.geometric.sensor_scene import SensorScene
from ipf_plugins.geometric.terrain_footprint import rings_of_scene

from ipf.engine import TaskRequest
from ipf.errors import PlanError, ProductError
from ipf.geometry.acquisition import FloatArray, SensorKey
from ipf.product.bands import BY_NAME
from ipf.product.footprint_vector import read_footprint
from ipf.product.l1b_model import GRANULE_LINES, lines_of
from ipf.product.sensor_datastrip import ROOTS, SensorDatastrip
from ipf.product.xml_nodes import Node

FOOTPRINT_TYPE = "VECTOR_DS_FOOTPRINT"


def given_footprint(request: TaskRequest) -> tuple[FloatArray, ...]:
    """Rings of the outline among the inputs of a task; none when there is none or its folder is empty."""
    path = request.find_input(FOOTPRINT_TYPE)
    if path is None or (path.is_dir() and not any(path.iterdir())):
        return ()
    return read_footprint(path)


def identifier_of(datastrip: SensorDatastrip) -> str:
    """Identifier of a datastrip: its own, or the name of its folder where its metadata tell none."""
    root = Node.of_document(datastrip.file, ROOTS)
    return root.optional_attribute("datastripIdentifier") or datastrip.file.parent.name


def images_of(datastrip: SensorDatastrip) -> dict[SensorKey, range]:
    """Lines, from 1, of every band and detector that the datastrip lists granules and times of.

    Only granules tell how many lines they have; the last one is taken to be whole.
    """
    found = {}
    for band, detector in datastrip.datation.first_line:
        granules = datastrip.granules.get(detector, ())
        if granules:
            rows = GRANULE_LINES * 10 // BY_NAME[band].resolution
            first, last = (lines_of(granules[end].position, rows, band) for end in (0, -1))
            found[band, detector] = range(first.start, last.stop)
    return found


def footprint_of_request(
    request: TaskRequest, datastrip: SensorDatastrip, scene: SensorScene
) -> tuple[FloatArray, ...]:
    """Rings of the outline among the inputs, else of what the sensor model sees of the terrain.

    Raises ProductError for a datastrip without granules, PlanError when no band has viewing directions.
    """
    given = given_footprint(request)
    if given:
        return given
    images = images_of(datastrip)
    if not images:
        raise ProductError(f"{datastrip.file}: Granule_List has no granule, expected one at least")
    known = {key: lines for key, lines in images.items() if key in scene.geometry.viewing}
    if not known:
        raise PlanError(f"{datastrip.file}: no viewing directions of any of its bands among the inputs")
    lines = frozenset(known.items())
    if lines not in scene.outlines:
        scene.outlines[lines] = rings_of_scene(scene, known)
    return scene.outlines[lines]
