"""What the pixels of a scene truly are, and how a scene classification calls them: the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.spectra import CIRRUS, VEGETATION, WATER, Cover, of_band
from ipf_plugins.simulator.truth import Truth, read_truth

from ipf.errors import ProductError
from ipf.product.reader import open_product

Classes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]

PIXEL_M = 20
SCENE_CLASSES = 12
"""Values of the scene classification: 0 to 11 (PSD 14.8, Scene_Classification_List)."""


class TrueClass(IntEnum):
    """What a pixel of 20 m is.

    AMBIGUOUS : the rules do not say: several kinds of land, the edge of a cloud or shadow, faint cirrus; or
    no data. SHADOW : of a cloud on land or snow. SHADED_WATER : the same on water, which is hardly darker.
    """

    AMBIGUOUS = 0
    WATER = 1
    VEGETATION = 2
    BARE = 3
    SNOW = 4
    THICK_CLOUD = 5
    THIN_CLOUD = 6
    CIRRUS = 7
    SHADOW = 8
    SHADED_WATER = 9


RIGHT: dict[TrueClass, tuple[int, ...]] = {
    TrueClass.WATER: (6,),
    TrueClass.VEGETATION: (4,),
    TrueClass.BARE: (5,),
    TrueClass.SNOW: (11,),
    TrueClass.THICK_CLOUD: (8, 9),
    TrueClass.THIN_CLOUD: (8, 9, 10),
    TrueClass.CIRRUS: (10,),
    TrueClass.SHADOW: (3,),
    TrueClass.SHADED_WATER: (3, 6),
}
"""Values of the scene classification that are right for a true class: 3 shadow of a cloud, 4 vegetation, 5
not vegetated, 6 water, 8 and 9 cloud of medium and high probability, 10 thin cirrus, 11 snow."""
CLOUD_VALUES = (8, 9, 10)
"""Values that tell of a cloud of any kind: what CLOUDY_PIXEL_PERCENTAGE counts."""


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """Where a pixel is called cloud, cirrus or shadow; in between nothing is said.

    `thick` and `thin` : opacity from which a cloud counts, as thick and at all. `cirrus` : reflectance of the
    cirrus in B10 from which it counts, where there is no cloud (0.012 is Sen2Cor's threshold). `shadow` :
    opacity of the cloud that shades the ground, with no cloud and no cirrus on top. `clear` : a sky is clear
    when cloud, shadow (opacity) and, times `cirrus`, cirrus are no more than this.
    """

    thick: float = 0.7
    thin: float = 0.2
    cirrus: float = 0.012
    shadow: float = 0.5
    clear: float = 0.03


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix and what follows from it.

    `matrix` : pixels, (true classes, 12 values of the scene classification); the row of AMBIGUOUS counts too.
    """

    matrix: Counts

    def pixels(self, kind: TrueClass) -> int:
        """Pixels that are of a class in truth."""
        return int(self.matrix[kind].sum())

    def share(self, kinds: tuple[TrueClass, ...], values: tuple[int, ...]) -> float:
        """Share of the pixels of true classes that are called by one of some values; NaN without pixels."""
        rows = self.matrix[list(kinds)]
        total = int(rows.sum())
        return float(rows[:, list(values)].sum() / total) if total else float("nan")

    def recall(self, kind: TrueClass) -> float:
        """Share of a true class that is called by a right name."""
        return self.share((kind,), RIGHT[kind])

    def precision(self, kind: TrueClass) -> float:
        """Share of what is called by a right name of a class that is of a class with that name.

        The ambiguous do not count. A value that is right for two classes (a cloud is a cloud) is right for
        both. NaN when nothing is called so.
        """
        called, right = 0, 0
        for value in RIGHT[kind]:
            called += int(self.matrix[1:, value].sum())
            right += sum(int(self.matrix[other, value]) for other, names in RIGHT.items() if value in names)
        return right / called if called else float("nan")

    @property
    def cloud_recall(self) -> float:
        """Share of the thick and thin clouds that are called a cloud of any kind."""
        return self.share((TrueClass.THICK_CLOUD, TrueClass.THIN_CLOUD), CLOUD_VALUES)

    @property
    def shadow_recall(self) -> float:
        """Share of the shadows of clouds on land and snow that are called so."""
        return self.recall(TrueClass.SHADOW)

    @property
    def shadow_recall_with_water(self) -> float:
        """The same, shadows on water included."""
        return self.share((TrueClass.SHADOW, TrueClass.SHADED_WATER), RIGHT[TrueClass.SHADOW])

    @property
    def snow_not_called_cloud(self) -> float:
        """Share of the snow under a clear sky that is not called a cloud of any kind."""
        return 1.0 - self.share((TrueClass.SNOW,), CLOUD_VALUES)

    @property
    def clear_not_called_cloud(self) -> float:
        """Share of water, vegetation and bare ground under a clear sky that is not called cloud."""
        return 1.0 - self.share((TrueClass.WATER, TrueClass.VEGETATION, TrueClass.BARE), CLOUD_VALUES)


def confusion_of(product: Path, truth: Path, limits: ClassLimits | None = None) -> Confusion:
    """Figures of the scene classification of a Level-2A product at 20 m.

    Raises `ProductError` when either cannot be read, or the product is not of that scene.
    """
    retrieved, known = open_product(product), read_truth(truth)
    found = retrieved.bands.get("scene_classification")
    if found is None or found.grid != known.layer("cloud").grid:
        raise ProductError(f"{product}: no scene classification at 20 m of the scene of {truth}")
    return count(found.read_all(), true_classes(known, limits))


def count(classification: Classes, true: Classes) -> Confusion:
    """Count how pixels of each `TrueClass` are called; two images of one shape."""
    if classification.shape != true.shape:
        raise ProductError(
            f"scene classification of {classification.shape} pixels, truth of {true.shape}: expected the same"
        )
    pairs = true.astype(np.int64) * SCENE_CLASSES + np.minimum(classification, SCENE_CLASSES - 1)
    counted = np.bincount(pairs.ravel(), minlength=len(TrueClass) * SCENE_CLASSES)
    return Confusion(counted.reshape(len(TrueClass), SCENE_CLASSES))


def true_classes(truth: Truth, limits: ClassLimits | None = None) -> Classes:
    """`TrueClass` of each pixel of 20 m.

    Cloud hides what is below; cirrus counts where there is no cloud; shadow where neither is, and land under
    a clear sky, where all four pixels of 10 m are of one kind.
    """
    limit = limits or ClassLimits()
    cloud, shadow = _physical(truth, "cloud"), _physical(truth, "shadow")
    cirrus = _physical(truth, "cirrus") * np.float32(of_band(CIRRUS, "B10"))
    no_cloud, no_cirrus = cloud <= limit.clear, cirrus <= limit.clear * limit.cirrus
    land, shaded = _land(truth), no_cloud & no_cirrus & (shadow > limit.shadow)
    classes = np.where(no_cloud & no_cirrus & (shadow <= limit.clear), land, TrueClass.AMBIGUOUS)
    classes[shaded & (land != TrueClass.AMBIGUOUS)] = TrueClass.SHADOW
    classes[shaded & (land == TrueClass.WATER)] = TrueClass.SHADED_WATER
    classes[no_cloud & (cirrus > limit.cirrus)] = TrueClass.CIRRUS
    classes[cloud > limit.thin] = TrueClass.THIN_CLOUD
    classes[cloud > limit.thick] = TrueClass.THICK_CLOUD
    return classes.astype(np.uint8)


def _physical(truth: Truth, layer: str) -> Floats:
    raster = truth.layer(layer)
    return raster.read_physical(raster.grid.whole)


def _land(truth: Truth) -> Classes:
    """Class of the land where the four pixels of 10 m agree."""
    kinds = np.full(len(Cover), TrueClass.BARE, np.uint8)
    kinds[Cover.NONE], kinds[Cover.SNOW] = TrueClass.AMBIGUOUS, TrueClass.SNOW
    kinds[list(WATER)], kinds[list(VEGETATION)] = TrueClass.WATER, TrueClass.VEGETATION
    land = kinds[truth.layer("cover").read_all()]
    rows, columns = land.shape[0] // 2, land.shape[1] // 2
    cells = land.reshape(rows, 2, columns, 2).swapaxes(1, 2).reshape(rows, columns, 4)
    return np.where((cells == cells[..., :1]).all(axis=-1), cells[..., 0], TrueClass.AMBIGUOUS).astype(
        np.uint8
    )


def table(figures: Confusion) -> str:
    """The matrix and the figures as text of fixed width."""
    head = "".join(f"{value:>8}" for value in range(SCENE_CLASSES))
    lines = [f"{'true class':<13}{head}{'recall':>9}{'precision':>11}"]
    for kind in TrueClass:
        row = "".join(f"{count:>8}" for count in figures.matrix[kind])
        name = kind.name.lower().replace("_", " ")
        judged = ""
        if kind in RIGHT and figures.pixels(kind):
            judged = f"{100 * figures.recall(kind):>7.1f} %{100 * figures.precision(kind):>9.1f} %"
        lines.append(f"{name:<13}{row}{judged}")
    lines += [
        f"clouds called cloud: {100 * figures.cloud_recall:.1f} %",
        f"shadows called shadow: {100 * figures.shadow_recall:.1f} %, with those on water"
        f" {100 * figures.shadow_recall_with_water:.1f} %",
        f"snow not called cloud: {100 * figures.snow_not_called_cloud:.1f} %",
        f"clear land and water not called cloud: {100 * figures.clear_not_called_cloud:.1f} %",
    ]
    return "\n".join(lines)
