"""Maps of a comparison: scales that single pixels do not set, one stretch for both images, no data apart."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.image import imread

from ipf.compare.figures import MaskFigures, Thumbnails
from ipf.compare.report_colours import NO_DATA, ONE_SIDE, UNCHANGED, class_palette
from ipf.compare.report_pictures import difference_picture, image_pictures, mask_picture, symmetric_limit
from ipf.product.class_legend import COLOURS
from ipf.product.tile_rasters import SCENE_CLASSES

Image = npt.NDArray[Any]
SHAPE = (40, 50)


def thumbnails(reference: Image, candidate: Image) -> Thumbnails:
    sides = [np.asarray(side, np.float32) for side in (reference, candidate)]
    return Thumbnails(sides[0], sides[1], sides[1] - sides[0], 1)


def pixels(png: bytes) -> Image:
    return np.rint(imread(BytesIO(png)) * 255).astype(int)


def noise(seed: int = 1) -> Image:
    return np.random.default_rng(seed).normal(0.2, 0.05, SHAPE)


def test_a_scale_reaches_the_farther_of_both_outer_percentiles() -> None:
    values = np.linspace(-3.0, 1.0, 1001)
    assert symmetric_limit(values) == (float(-np.percentile(values, 2)), True)
    values[0] = -1e6
    assert symmetric_limit(values)[0] < 3


def test_a_scale_reaches_the_largest_where_few_differ() -> None:
    values = np.zeros(1000)
    values[7] = -0.5
    assert symmetric_limit(values) == (0.5, False)


def test_a_scale_without_values_is_none() -> None:
    assert symmetric_limit(np.full(9, np.nan)) == (0.0, True)


def test_no_difference_is_neutral_more_is_red_and_less_blue() -> None:
    reference = np.zeros(SHAPE)
    candidate = np.zeros(SHAPE)
    candidate[:10], candidate[10:20] = 1, -1
    shown = pixels(difference_picture(thumbnails(reference, candidate)).png)[..., :3]
    more, less, none = shown[5, 5], shown[15, 5], shown[30, 5]
    assert more[0] > more[2] + 50
    assert less[2] > less[0] + 50
    assert np.ptp(none) <= 2
    assert none.min() > 230


def test_no_data_is_grey_and_data_on_one_side_alone_is_marked() -> None:
    reference, candidate = noise(), noise(2)
    reference[:4] = np.nan
    candidate[:2] = np.nan
    picture = difference_picture(thumbnails(reference, candidate))
    shown = pixels(picture.png)[..., :3]
    assert (shown[:2] == NO_DATA).all()
    assert (shown[2:4] == ONE_SIDE).all()
    assert picture.one_sided
    assert not difference_picture(thumbnails(noise(), noise(2))).one_sided


def test_both_images_have_one_stretch() -> None:
    reference = noise()
    brighter = reference + 0.02
    pictures = image_pictures(thumbnails(reference, brighter))
    dark, bright = (pixels(png)[..., 0] for png in (pictures.reference, pictures.candidate))
    within = (dark > 0) & (bright < 255)
    expected = 0.02 / (pictures.high - pictures.low) * 255
    assert abs((bright - dark)[within].mean() - expected) < 1


def test_images_are_transparent_without_data() -> None:
    reference = noise()
    reference[:, :5] = np.nan
    shown = pixels(image_pictures(thumbnails(reference, reference)).reference)
    assert (shown[:, :5, 3] == 0).all()
    assert (shown[:, 5:, 3] == 255).all()


def test_pictures_keep_their_colours() -> None:
    colours = np.stack([np.full(SHAPE, level) for level in (0.0, 100.0, 255.0)], axis=2)
    shown = pixels(image_pictures(thumbnails(colours, colours)).reference)
    assert shown[0, 0].tolist() == [0, 100, 255, 255]


def test_images_of_one_value_and_of_none_can_be_drawn() -> None:
    for value in (0.3, 0.0, np.nan):
        image = np.full(SHAPE, value)
        assert pixels(image_pictures(thumbnails(image, image)).reference).shape == (*SHAPE, 4)


def test_the_scene_classification_has_the_colours_of_sen2cor() -> None:
    palette = class_palette({4: SCENE_CLASSES[4], 6: SCENE_CLASSES[6]})
    assert palette[4].tolist() == list(COLOURS[4]) == [0, 160, 0]
    assert palette[6].tolist() == [0, 0, 255]


def test_other_class_maps_have_colours_that_differ() -> None:
    palette = class_palette({0: "outside"} | {detector: f"detector {detector}" for detector in range(1, 13)})
    assert len({tuple(colour) for colour in palette[:13].tolist()}) == 13


def test_a_single_changed_pixel_of_a_mask_is_seen() -> None:
    changed = np.zeros(SHAPE, np.float32)
    changed[3, 4] = 1 / 22**2
    shown = pixels(mask_picture(MaskFigures(1, {}, {}, {}, (3, 4), changed, 22)))[..., :3]
    assert (shown[0, 0] == UNCHANGED).all()
    assert np.abs(shown[3, 4] - UNCHANGED).max() > 80
