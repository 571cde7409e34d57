"""What can be told of an image file without decoding it: that it is whole, what it holds, where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipf.errors import ProductError
from ipf.product.jp2_boxes import read_boxes
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.quality.model import is_stand_in
from ipf.product.raster import Grid
from ipf.product.tile_parts import check_codestream
from ipf.product.xml_nodes import Node
from ipf.xml import parse_xml_bytes

_SHOWN = 5
_BOXES_BYTES = 2**20
"""The boxes of an image stand in its first MiB; those of official ones take 3 KiB."""
BYTE_BITS = range(1, 9)
"""Bits of samples that are held in one byte."""
WORD_BITS = range(9, 17)
"""Bits of samples that are held in two bytes."""


@dataclass(frozen=True, slots=True)
class Form:
    """What an image must be: (rows, columns), number of components, and bits of a sample.

    None where nothing tells.
    """

    shape: tuple[int, int] | None
    components: int | None
    bits: range | None


def is_there(path: Path) -> bool:
    """Whether a file exists that is no stand-in."""
    return path.is_file() and not is_stand_in(path)


def listed(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def image_problem(path: Path, form: Form) -> str | None:
    """What is wrong with an image that is there: cut, garbage, or of another form; None where nothing is."""
    try:
        found = inspect_jpeg2000(path)
        check_codestream(path)
    except ProductError as problem:
        return str(problem).replace(f"{path}:", f"{path.name}:")
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    wrong = []
    if form.shape not in (None, found.shape):
        wrong.append(f"{found.shape[0]} x {found.shape[1]}")
    if form.components not in (None, found.components):
        wrong.append(f"{found.components} components")
    if form.bits is not None and found.bits not in form.bits:
        wrong.append(f"{found.bits} bits")
    return f"{path.name} ({', '.join(wrong)})" if wrong else None


def place_problem(path: Path, grid: Grid, *, with_size: bool = True) -> str | None:
    """What the georeference in GML of an image says other than `grid`, None where they agree.

    Official previews state sizes that have nothing to do with them: for those `with_size` is False.
    """
    root = _georeference(path)
    if root is None:
        return f"{path.name} has no JP2GML box"
    domain = root.find("featureMember/FeatureCollection/featureMember/RectifiedGridCoverage")
    grids = [] if domain is None else domain.all("rectifiedGridDomain/RectifiedGrid")
    if not grids:
        return f"{path.name}: JP2GML box has no RectifiedGrid"
    origin = grids[0].child("origin/Point")
    half = grid.resolution / 2
    vectors = [tuple(node.numbers()) for node in grids[0].all("offsetVector")]
    expected = {
        "reference system": (origin.attribute("srsName").rpartition(":")[2], str(grid.epsg)),
        "origin": (
            tuple(origin.numbers("pos")),
            (grid.upper_left_x + half, grid.upper_left_y - half),
        ),
        "pixel size": (vectors, [(grid.resolution, 0), (0, -grid.resolution)]),
    }
    if with_size:
        high, low = grids[0].numbers("limits/GridEnvelope/high"), grids[0].numbers("limits/GridEnvelope/low")
        expected["size"] = (tuple(high - low + 1), (grid.columns, grid.rows))
    wrong = [name for name, (found, wanted) in expected.items() if found != wanted]
    return f"{path.name}: {' and '.join(wrong)} of the JP2GML box differ" if wrong else None


def _georeference(path: Path) -> Node | None:
    """Root of the first GML document of an image, None where it holds none."""
    try:
        with path.open("rb") as file:
            content = file.read(_BOXES_BYTES)
    except OSError as problem:
        raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    for box in read_boxes(content, path.stat().st_size, str(path), ProductError):
        if box.kind == "xml ":
            text = content[box.start : box.start + box.length].rstrip(b"\0")
            return Node(parse_xml_bytes(text, str(path), ProductError), str(path))
    return None
