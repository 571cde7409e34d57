"""Location grids in the form of Sen2VM: what every component of their files is.

Direct grids have longitude and latitude (degrees) and height (m) at nodes of a granule's image; inverse grids
have the column and the line (pixels) of the sensor image at nodes of a map. NaN is no data.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from ipf.compare.content import Nature, RasterPart
from ipf.compare.raster_content import component_count, further_parts

_GRID = re.compile(
    r"S2[A-D_]_[A-Z0-9]{4}_(?P<kind>GEO|INV)_L1B_(?:GR|DS)_[A-Z0-9_]{4}_\d{8}T\d{6}"
    r"_S\d{8}T(?P<hours>\d{2})(?P<minutes>\d{2})(?P<seconds>\d{2})"
    r"_D(?P<detector>\d{2})_(?P<band>B\d[0-9A])\.tif",
    re.ASCII,
)
_DIRECT = (("longitude", "degree"), ("latitude", "degree"), ("height", "m"))
_INVERSE = (("column", "pixel"), ("line", "pixel"))


def grid_key(name: str) -> str | None:
    """Key of the grid file called `name`, None for other names.

    ``D03 12:02:26/B04`` of direct grids, ``inverse D03/B04`` of inverse ones, which cover a whole datastrip.
    """
    match = _GRID.fullmatch(name)
    if match is None:
        return None
    if match["kind"] == "INV":
        return f"inverse D{match['detector']}/{match['band']}"
    time = f"{match['hours']}:{match['minutes']}:{match['seconds']}"
    return f"D{match['detector']} {time}/{match['band']}"


def grid_parts(key: str, path: Path) -> list[RasterPart]:
    """The components of a grid file, each a part of its own, and further images that it holds.

    Direct grids may have been made without heights. What a file has in addition is of unknown quantity; one
    that cannot be opened has all components, and reading them tells why it cannot.
    """
    match = _GRID.fullmatch(path.name)
    expected = _INVERSE if match is not None and match["kind"] == "INV" else _DIRECT
    count = component_count(path) or len(expected)
    named = [(quantity, quantity, unit) for quantity, unit in expected[:count]]
    unknown = [(f"component {number + 1}", "other", "1") for number in range(len(expected), count)]
    parts = [
        RasterPart(f"{key} {name}", path, Nature.CONTINUOUS, quantity, unit, (component,))
        for component, (name, quantity, unit) in enumerate([*named, *unknown])
    ]
    return [*parts, *further_parts(replace(parts[-1], key=key))]
