"""Step `write_dark_targets`: the small file by which a tile tells its neighbours of its dark targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf_plugins.atmospheric.dark_cells import FILE_TYPE, DarkCells, write_dark_targets
from ipf_plugins.atmospheric.dark_cells import file_name as name_of

from ipf.engine import Context, Findings, NoParameters, PlannedFile, SinkStep, Written
from ipf.product.reader import SafeProduct


@dataclass(frozen=True)
class Inputs:
    """The product, and its targets."""

    l1c_product: SafeProduct
    dark_cells: DarkCells


def write(inputs: Inputs, parameters: NoParameters, context: Context) -> Written:
    """Write the file."""
    path = destination(inputs.l1c_product, context)
    write_dark_targets(path, inputs.dark_cells)
    cells = inputs.dark_cells
    return Written(
        (PlannedFile(FILE_TYPE, path),), {"targets": cells.kind, "share of targets, %": cells.share}
    )


def plan(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Tell where the file will stand."""
    return Findings(outputs=(PlannedFile(FILE_TYPE, destination(known["l1c_product"], context)),))


def destination(product: SafeProduct, context: Context) -> Path:
    """The file itself where the job order names one (``*.npz``), else a file in the folder that it names."""
    path = context.request.output_path(FILE_TYPE)
    return path if path.suffix == ".npz" else path / name_of(product.tile.identifier)


write_dark_targets_step = SinkStep(
    name="write_dark_targets", summary="dark targets of the tile for its neighbours", run=write, check=plan
)
