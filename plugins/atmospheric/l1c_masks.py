"""What a Level-2A product takes over from Level-1C: footprints, quality and cloud masks, forecasts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from ipf_plugins.atmospheric.encoding import EncodingQueue

from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.metadata_writer import has_raster_masks
from ipf.product.raster import Raster
from ipf.product.reader import SafeProduct


def pass_on(l1c: SafeProduct, baseline: str, writer: L2AProductWriter, queue: EncodingQueue) -> None:
    """Take over masks and embedded auxiliary files of a Level-1C product, whose baseline is given.

    Raster masks are copied; vector masks become raster masks.
    """
    if has_raster_masks(baseline):
        writer.copy_masks(l1c.tile_folder / "QI_DATA")
    else:
        for layer, raster in l1c.masks.items():
            queue.submit(partial(_add_mask, writer, layer, raster), 0.0)
    writer.copy_auxiliary(l1c.auxiliary_files)


def _add_mask(writer: L2AProductWriter, layer: str, raster: Raster) -> None:
    quantity, _, band = layer.partition("/")
    samples = np.asarray(raster.read_all())
    raster.release()
    add: dict[str, Callable[[], None]] = {
        "detector_footprint": lambda: writer.add_footprint(band, samples),
        "quality": lambda: writer.add_quality(band, samples),
        "cloud_classification": lambda: writer.add_clouds(samples),
    }
    add[quantity]()
