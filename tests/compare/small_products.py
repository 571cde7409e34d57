"""Products of other forms than SAFE, small, and the tools that damage copies of them.

A folder of Cloud Optimized GeoTIFFs, location grids in the form of Sen2VM, parameter files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal

from ipf.product.class_legend import COLOURS
from ipf.product.cog import CogTags, write_cog
from ipf.product.raster import Grid
from tests.compare.damaged import Change, Samples, classes, grid_of, only, read, reflectance_counts

GRID = Grid(32629, 499980.0, 5900040.0, 10, 256, 256)
RED, LABELS = "*_B04_10m.tif", "*_SCL_20m.tif"
TAGS = {
    RED: CogTags("B04", "1", 1e-4, -1000, 0),
    LABELS: CogTags("SCL", "class", nodata=0, colours=COLOURS),
}
NODES = (17, 23)
"""Nodes of a location grid."""
DIRECT, INVERSE = "*_GEO_*.tif", "*_INV_*.tif"
LONGITUDE, LATITUDE, HEIGHT = range(3)
LINE = 1
PARAMETERS = """<?xml version="1.0" encoding="UTF-8"?>
<Earth_Explorer_File>
  <Earth_Explorer_Header><Fixed_Header>
    <File_Name>{name}</File_Name>
    <Validity_Period><Validity_Start>UTC=2015-06-22T00:00:00</Validity_Start></Validity_Period>
    <Source><Creator_Version>1</Creator_Version><Creation_Date>UTC=2015-06-05T09:47:42</Creation_Date></Source>
  </Fixed_Header></Earth_Explorer_Header>
  <Data_Block type="xml"><DATA>
    <BAND_ID>3</BAND_ID>
    <TABLE>
      <VALUES detector_id="1">0.010 0.011 0.012</VALUES>
      <VALUES detector_id="2">0.020 0.021 0.022</VALUES>
    </TABLE>
    <COEFFICIENTS><A>1.5 2.5</A><A>-0.25 0.75</A></COEFFICIENTS>
  </DATA></Data_Block>
</Earth_Explorer_File>
"""


def write_cogs(folder: Path) -> Path:
    """A band and the classes of a tile; a few pixels have a class of their own."""
    folder.mkdir()
    labels = classes(GRID.at(20).shape)
    labels[100:102, 100:103] = 10
    name = "T29UNU_20221005T115411_{}.tif"
    write_cog(folder / name.format("B04_10m"), reflectance_counts(GRID.shape, 4), GRID, TAGS[RED])
    write_cog(folder / name.format("SCL_20m"), labels, GRID.at(20), TAGS[LABELS])
    return folder


def write_grids(folder: Path) -> Path:
    """A direct grid and an inverse one of one detector, the corner of which lies outside the image."""
    folder.mkdir()
    rows, columns = np.indices(NODES, np.float64)
    direct = np.stack(
        [-17 + 1e-3 * columns + 1e-5 * rows, 32.7 - 1e-3 * rows, 300 + 50 * np.sin(rows / 3 + columns / 5)]
    )
    inverse = np.stack([64 * columns + 0.1 * rows, 32 * rows + 0.2 * columns])
    inverse[:, -3:, -4:] = np.nan
    name = "S2A_OPER_{}_L1B_{}_DPRM_20140630T140000_S20200816T120226_D01_B04.tif"
    _write_grid(folder / name.format("GEO", "GR"), direct)
    _write_grid(folder / name.format("INV", "DS"), inverse)
    return folder


def write_gipps(folder: Path) -> Path:
    """The parameter files of two bands."""
    folder.mkdir()
    for band in ("B03", "B04"):
        name = f"S2A_OPER_GIP_VIEDIR_MPC__20150605T094742_V20150622T000000_21000101T000000_{band}"
        (folder / f"{name}.xml").write_text(PARAMETERS.format(name=name))
    return folder


def cog(pattern: str, change: Change = lambda samples: samples, **more: Any) -> Callable[[Path], None]:
    """Write an image anew, its samples changed; `more` are other tags, or fields of its grid."""

    def damage(folder: Path) -> None:
        path = only(folder, pattern)
        grid, samples, tags = grid_of(path), change(read(path).copy()), TAGS[pattern]
        places = {name: value for name, value in more.items() if name in Grid.__dataclass_fields__}
        others = {name: value for name, value in more.items() if name not in places}
        write_cog(path, samples, replace(grid, **places), replace(tags, **others))

    return damage


def translated(pattern: str, **options: Any) -> Callable[[Path], None]:
    """Have GDAL write an image anew, with `options` of its translation."""

    def damage(folder: Path) -> None:
        path = only(folder, pattern)
        copy = path.with_suffix(".copy")
        gdal.Translate(str(copy), str(path), format="GTiff", **options)
        copy.replace(path)
        assert list(folder.glob("*.copy*")) == []

    return damage


def nodes(pattern: str, change: Change) -> Callable[[Path], None]:
    """Change the components of a location grid, an array of shape (components, rows, columns)."""

    def damage(folder: Path) -> None:
        path = only(folder, pattern)
        _write_grid(path, change(read(path).copy()))

    return damage


def node(component: int, add: float) -> Change:
    """Add to one component of one node."""

    def change(grid: Samples) -> Samples:
        grid[component, 5, 7] += add
        return grid

    return change


def everywhere(component: int, add: float) -> Change:
    """Add to one component of all nodes."""

    def change(grid: Samples) -> Samples:
        grid[component] += add
        return grid

    return change


def _write_grid(path: Path, grid: Samples) -> None:
    driver = gdal.GetDriverByName("GTiff")
    dataset = driver.Create(str(path), grid.shape[2], grid.shape[1], len(grid), gdal.GDT_Float64)
    dataset.WriteArray(grid)
    dataset.FlushCache()
