"""Quality masks of Level-1B granules, joined along the track as their images are."""

from __future__ import annotations

import numpy as np

from ipf.errors import ProductError
from ipf.product.images import image_header, image_pieces
from ipf.product.l1b_reader import L1bGranule, L1bProduct
from ipf.product.masks import QUALITY_FLAGS, Flags


def quality_flags(
    product: L1bProduct, band: str, detector: int, lines: range, threads: int = 1
) -> Flags | None:
    """Flags (see `QUALITY_FLAGS`) of consecutive lines of a band and detector; None where no granule has any.

    Lines without a mask have no flag set. Raises ProductError naming a mask that is cut or of another size.
    """
    flags: Flags | None = None
    for granule in product.granules.get(detector, ()):
        held = granule.metadata.lines(band)
        first, stop = max(held.start, lines.start), min(held.stop, lines.stop)
        if first >= stop or band not in granule.masks:
            continue
        if flags is None:
            flags = np.zeros((len(lines), granule.metadata.shape(band)[1]), np.uint8)
        part = _decoded(granule, band, threads)[first - held.start : stop - held.start]
        flags[first - lines.start : stop - lines.start] = part
    return flags


def _decoded(granule: L1bGranule, band: str, threads: int) -> Flags:
    path, shape = granule.masks[band], granule.metadata.shape(band)
    header = image_header(path)
    if (header.shape, header.components) != (shape, len(QUALITY_FLAGS)):
        raise ProductError(
            f"{path}: {header.components} planes of {header.shape}, expected {len(QUALITY_FLAGS)} of {shape}"
        )
    flags = np.empty(shape, np.uint8)
    for windows, samples in image_pieces(path, threads):
        bits = np.zeros(samples.shape[1:], np.uint8)
        for bit, plane in enumerate(samples):
            bits |= (plane != 0).astype(np.uint8) << np.uint8(bit)
        for window in windows:
            flags[window.slices] = bits
    return flags
