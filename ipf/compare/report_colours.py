"""Colours of a comparison's pictures and legends, one place for both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps

from ipf.product.class_legend import COLOURS
from ipf.product.tile_rasters import SCENE_CLASSES

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

NO_DATA: Colour = (138, 138, 138)
ONE_SIDE: Colour = (255, 176, 0)
"""Data on one side alone."""
UNCHANGED: Colour = (226, 230, 235)

_DIFFERENCES, _CHANGES, _OTHER_CLASSES = "RdBu_r", "YlOrRd", "tab20"
_FIRST_CHANGE = 0.35
"""Where on the scale of changes the faintest is: never as pale as none."""
_STOPS = 11

Colours = npt.NDArray[np.uint8]


def css(colour: Colour) -> str:
    """The colour as a page writes it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def difference_colours(values: npt.NDArray[np.floating]) -> Colours:
    """Colours (..., 3) of differences from -1 (blue) over 0 (neutral) to 1 (red), and of those beyond."""
    scaled = (np.clip(values, -1, 1) + 1) / 2
    return _rgb(colormaps[_DIFFERENCES](scaled))


def difference_gradient() -> str:
    """The scale of differences as a gradient of CSS, from -1 to 1."""
    return _gradient(difference_colours(np.linspace(-1, 1, _STOPS)))


def change_colours(shares: npt.NDArray[np.floating]) -> Colours:
    """Colours (..., 3) of shares of changed pixels, 0 to 1: none is pale grey, the smallest plain to see.

    Shares are drawn by their square roots, so that small ones differ.
    """
    scaled = _FIRST_CHANGE + (1 - _FIRST_CHANGE) * np.sqrt(np.clip(shares, 0, 1))
    return np.where((shares > 0)[..., None], _rgb(colormaps[_CHANGES](scaled)), np.array(UNCHANGED, np.uint8))


def change_gradient() -> str:
    """The scale of changes as a gradient of CSS, from just above 0 to 1."""
    return _gradient(change_colours(np.linspace(1e-9, 1, _STOPS)))


def class_palette(names: Mapping[int, str]) -> Colours:
    """Colours (256, 3) by class: Sen2Cor's where `names` are those of the scene classification."""
    if names and all(
        value < len(SCENE_CLASSES) and name == SCENE_CLASSES[value] for value, name in names.items()
    ):
        palette = np.full((256, 3), NO_DATA, np.uint8)
        palette[: len(COLOURS)] = COLOURS
        return palette
    colours = _rgb(colormaps[_OTHER_CLASSES](np.arange(20)))
    palette = np.tile(colours, (13, 1))[:256]
    return np.concatenate([np.zeros((1, 3), np.uint8), palette[:255]])


def _rgb(rgba: npt.NDArray[np.floating]) -> Colours:
    return np.asarray(np.rint(np.asarray(rgba)[..., :3] * 255), np.uint8)


def _gradient(colours: Colours) -> str:
    stops = ", ".join(css((int(red), int(green), int(blue))) for red, green, blue in colours)
    return f"linear-gradient(to right, {stops})"
