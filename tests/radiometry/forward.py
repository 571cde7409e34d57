"""The instrument in plain numpy and float64, from its equations: what the corrections of Level 1B undo.

Nothing here is taken from the package. Images are (lines, pixels); coefficients are (pixels,).
"""

from __future__ import annotations

import numpy as np


def answer_cubic(signal, a, b, c):
    """Counts above dark Z of which ``a Z^3 + b Z^2 + c Z`` is `signal`, by Newton's method."""
    z = signal / c
    for _ in range(30):
        z = z - (((a * z + b) * z + c) * z - signal) / ((3 * a * z + 2 * b) * z + c)
    return z


def answer_bilinear(signal, a1, a2, zs):
    """Counts above dark Z of which ``a1 Z`` up to zs, ``a2 Z + (a1 - a2) zs`` beyond, is `signal`."""
    return np.where(signal <= a1 * zs, signal / a1, (signal - (a1 - a2) * zs) / a2)


def leak(images, shares):
    """Every band with its shares of the others' signals, all bands of one shape."""
    return {
        band: image + sum(share * images[other] for other, share in shares.get(band, {}).items())
        for band, image in images.items()
    }


def place_columns(image, shifts):
    """Raw lines of columns that look `shifts` whole lines ahead: line l of the ground falls on l + shift."""
    return np.stack([np.roll(image[:, n], shift) for n, shift in enumerate(shifts)], axis=1)


def add_dark(image, levels, first_line):
    """Counts of the converter from counts above dark."""
    lines = np.arange(first_line, first_line + image.shape[0]) % levels.shape[0]
    return image + levels[lines]


def even_out_on_board(counts, a1, a2, zs, dark):
    """What came down of the converter's counts: two slopes above `dark`."""
    z = counts - dark
    return np.where(z <= zs, a1 * z, a2 * z + (a1 - a2) * zs)


def digitised(counts):
    """Whole counts of 12 bits."""
    return np.clip(np.floor(counts + 0.5), 0, 4095).astype(np.uint16)
