"""Where the shadows of clouds may fall: the cloud mask seen along the line from a pixel toward the sun.

Heights of clouds are not known, so that a cell is in shadow with a probability: the sum over heights of
"there is a cloud where the ray toward the sun passes that height", weighted with how common clouds at that
height are. Source: scene classification of Sen2Cor 2.8, cloud shadow detection, there a convolution of the
cloud mask with the distribution of heights laid along the sun's azimuth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float64]

CELL = 60.0
"""Pixel size of the cloud mask in metres."""
SMOOTHING_REACH = 3
"""Cells that the smoothing of the probability reaches."""
_PIXEL = 20.0
_GAUSSIAN = np.exp(-0.5 * np.arange(-SMOOTHING_REACH, SMOOTHING_REACH + 1, dtype=np.float64) ** 2)
SMOOTHING = (_GAUSSIAN / _GAUSSIAN.sum()).astype(np.float32)
"""Gaussian of one cell (60 m): Sen2Cor's of three pixels of 20 m."""


@kernel
def project_shadow(
    cloud: ByteImage,
    first_row: int,
    first_column: int,
    wanted: ByteImage,
    east: FloatImage,
    north: FloatImage,
    weights: Weights,
    height_step: float,
) -> FloatImage:
    """Probability (0-1) that a cell of 60 m lies in the shadow of a cloud, for the cells `wanted`.

    cloud : cloud mask of the whole scene on 60 m cells, as the satellite sees it.
    first_row, first_column : cell of the scene that is the first of `wanted`; it may lie outside.
    east, north : shape of `wanted`; metres on the ground, per metre of height, from a shaded cell to where
        its cloud appears.
    weights : how common clouds are, for heights ``(i + 0.5) * height_step`` in metres.

    Each height counts as the pixels of 20 m that its step passes on the ground; the sum ends at 1. Where the
    cell itself is cloud the probability is 0.
    """
    rows, columns = wanted.shape
    probability = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            if not wanted[row, column]:
                continue
            line, sample = row + first_row, column + first_column
            if not (0 <= line < cloud.shape[0] and 0 <= sample < cloud.shape[1]):
                continue
            if cloud[line, sample]:
                continue
            to_east, to_north = np.float64(east[row, column]), np.float64(north[row, column])
            passed = height_step * np.sqrt(to_east * to_east + to_north * to_north) / _PIXEL
            total = 0.0
            for index in range(weights.size):
                height = (index + 0.5) * height_step
                above = line - int(np.rint(height * to_north / CELL))
                beside = sample + int(np.rint(height * to_east / CELL))
                if not (0 <= above < cloud.shape[0] and 0 <= beside < cloud.shape[1]):
                    break
                if cloud[above, beside]:
                    total += weights[index] * passed
                    if total >= 1.0:
                        total = 1.0
                        break
            probability[row, column] = total
    return probability


@kernel
def smooth(probability: FloatImage, weights: FloatImage) -> FloatImage:
    """The probability smoothed along lines and columns with symmetric `weights`; 0 beyond the array."""
    rows, columns = probability.shape
    reach = weights.size // 2
    across = np.zeros((rows, columns), np.float32)
    smoothed = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            total = np.float32(0.0)
            for offset in range(-reach, reach + 1):
                if 0 <= column + offset < columns:
                    total += probability[row, column + offset] * weights[offset + reach]
            across[row, column] = total
    for row in range(rows):
        for column in range(columns):
            total = np.float32(0.0)
            for offset in range(-reach, reach + 1):
                if 0 <= row + offset < rows:
                    total += across[row + offset, column] * weights[offset + reach]
            smoothed[row, column] = total
    return smoothed
