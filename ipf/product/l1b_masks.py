"""Quality masks of Level-1B granules, joined along the track as their images are."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import numpy as np

from ipf.errors import ProductError
from ipf.product.images import image_header, image_pieces
from ipf.product.l1b_reader import L1bGranule, L1bProduct, put_rows
from ipf.product.masks import QUALITY_FLAGS, Flags


class CleanMasks:
    """Masks that were decoded and have no flag set, known again by their bytes; for several threads.

    Most masks of a datastrip are clean, and those of one size are then of the same bytes: one is decoded.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[bytes] = set()

    def flags(self, granule: L1bGranule, band: str, rows: range, threads: int = 1) -> Flags | None:
        """Flags of the rows, from 0 on, of a granule's mask; None where the whole mask is clean.

        Raises ProductError naming a mask that is cut or of another size than the metadata tell.
        """
        path, shape = granule.masks[band], granule.metadata.shape(band)
        _check_size(path, shape)
        digest = hashlib.blake2b(path.read_bytes()).digest()
        with self._lock:
            if digest in self._known:
                return None
        flags = _decoded(path, shape, threads)
        if flags.any():
            return flags[rows.start : rows.stop]
        with self._lock:
            self._known.add(digest)
        return None


def quality_flags(
    product: L1bProduct,
    band: str,
    detector: int,
    lines: range,
    threads: int = 1,
    clean: CleanMasks | None = None,
) -> Flags | None:
    """Flags (see `QUALITY_FLAGS`) of consecutive lines of a band and detector; None where none is set.

    Lines without a mask have no flag set. What `clean` knows is not decoded again. Raises ProductError naming
    a mask that is cut or of another size.
    """
    known = CleanMasks() if clean is None else clean
    flags: Flags | None = None
    for granule in product.granules.get(detector, ()):
        held = granule.metadata.lines(band)
        first, stop = max(held.start, lines.start), min(held.stop, lines.stop)
        if first >= stop or band not in granule.masks:
            continue
        part = known.flags(granule, band, range(first - held.start, stop - held.start), threads)
        if part is None:
            continue
        if flags is None:
            flags = np.zeros((len(lines), granule.metadata.shape(band)[1]), np.uint8)
        flags[first - lines.start : stop - lines.start] = part
    return flags


def _check_size(path: Path, shape: tuple[int, int]) -> None:
    header = image_header(path)
    if (header.shape, header.components) != (shape, len(QUALITY_FLAGS)):
        raise ProductError(
            f"{path}: {header.components} planes of {header.shape}, expected {len(QUALITY_FLAGS)} of {shape}"
        )


def _decoded(path: Path, shape: tuple[int, int], threads: int) -> Flags:
    flags = np.empty(shape, np.uint8)
    for windows, samples in image_pieces(path, threads):
        bits = np.zeros(samples.shape[1:], np.uint8)
        for bit, plane in enumerate(samples):
            if plane.any():
                bits |= (plane != 0).astype(np.uint8) << np.uint8(bit)
        for window in windows:
            put_rows(flags, range(shape[0]), window, bits)
    return flags
