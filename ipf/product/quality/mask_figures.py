"""What the quality masks of a tile tell of lost and degraded packets, band by band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ipf.errors import ProductError
from ipf.product import layout
from ipf.product.bands import BANDS, Band
from ipf.product.masks import QUALITY_FLAGS, Flags, read_quality
from ipf.product.metadata import MaskFile
from ipf.product.quality.vector_masks import VECTOR_EXTENSION, vector_mask_problem
from ipf.product.raster import Grid
from ipf.product.xml_nodes import Node

_LOST = ("lost_ancillary_packets", "lost_msi_packets")
_DEGRADED = ("degraded_ancillary_packets", "degraded_msi_packets")
_PACKET_MASKS = ("MSK_QUALIT", "MSK_TECQUA")
"""Masks that tell of packets: raster form, vector form."""


@dataclass(frozen=True, slots=True)
class BandLosses:
    """Packets lost and degraded in one band: percentage of its pixels, and rows of the image with any."""

    band: str
    lost_share: float
    lost_rows: int
    degraded_rows: int


def band_losses(root: Node, folder: Path, grids: Mapping[int, Grid]) -> tuple[BandLosses, ...]:
    """The losses of every band of a tile in `folder`, from the masks that its metadata list.

    `root` is that of the metadata, `grids` are those of the tile by pixel size in metres. A band without such
    a mask, and a mask that cannot be read, raise ProductError.
    """
    return tuple(_losses(root, folder, grids, band) for band in BANDS)


def _losses(root: Node, folder: Path, grids: Mapping[int, Grid], band: Band) -> BandLosses:
    nodes = [
        node
        for node in root.all("Quality_Indicators_Info/Pixel_Level_QI/MASK_FILENAME")
        if node.attribute("type") in _PACKET_MASKS
        and node.optional_attribute("bandId") is not None
        and node.attribute_band("bandId") == band.name
    ]
    if not nodes:
        raise root.error(f"no mask of technical quality of {band.name}")
    if band.resolution not in grids:
        raise root.error(f"no Size of {band.resolution} m")
    grid = grids[band.resolution]
    paths = [
        layout.mask_path(folder, MaskFile(node.text(), node.attribute("type")), Path(root.file))
        for node in nodes
    ]
    for node, path in zip(nodes, paths, strict=True):
        _refuse_misplaced(path, node.attribute("type"), band.name, grid)
    flags = read_quality(paths, grid)
    lost, degraded = _any_of(flags, _LOST), _any_of(flags, _DEGRADED)
    return BandLosses(
        band.name,
        100.0 * float(np.count_nonzero(lost)) / flags.size,
        int(np.count_nonzero(lost.any(axis=1))),
        int(np.count_nonzero(degraded.any(axis=1))),
    )


def _refuse_misplaced(path: Path, kind: str, band: str, grid: Grid) -> None:
    """Raise ProductError for a vector mask that is not the tile's: its areas would hit no pixel at all."""
    problem = vector_mask_problem(path, kind, band, grid) if path.suffix == VECTOR_EXTENSION else None
    if problem is not None:
        raise ProductError(f"{path.parent}: {problem}")


def _any_of(flags: Flags, names: tuple[str, ...]) -> Flags:
    """The flags `names` of each pixel, 0 where none is set."""
    bits = sum(1 << QUALITY_FLAGS.index(name) for name in names)
    return flags & np.uint8(bits)
