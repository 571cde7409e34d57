"""Images and masks that are no images, cut, of another form or in another place are found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.level_2a import images_from
from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Item
from ipf.product.quicklook import preview_grid
from tests.product.quality.small_products import Damage, broken, checks, file, item_of, remove, substitute

FORMAT, GENERAL = "FORMAT_CORRECTNESS", "GENERAL_QUALITY"
SENSOR, GEOMETRIC, LEVEL_2A = "SENSOR_QUALITY", "GEOMETRIC_QUALITY", "L2A_QUALITY"
PACKETS = {f"{GENERAL}.Data_Loss", f"{SENSOR}.Missing_Lines", f"{SENSOR}.Corrupted_ISP"}
"""Checks that decode the quality masks."""


def words(path: Path) -> None:
    """A file becomes text."""
    path.write_text("there was a mask here\n")


def half(path: Path) -> None:
    """A file loses its second half."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def garbage(path: Path) -> None:
    """The end of a code-stream is overwritten."""
    content = path.read_bytes()
    path.write_bytes(content[:-40] + b"\x5a" * 40)


def other_root(path: Path) -> None:
    """A GML document is of another kind."""
    path.write_text("<Notes/>")


def gml(name: str, old: str, new: str) -> Damage:
    """The first `old` of a vector mask (``DETFOO_B03``) becomes `new`."""
    return file(f"QI_DATA/MSK_{name}.gml", lambda path: substitute(path, old, new))


def lost_packets_at(place: str) -> Damage:
    """Lost packets in B03 that are not of this tile: `place` metres further east, or with swapped axes."""

    def damage(item: Item) -> None:
        (source,) = item.folder.glob("QI_DATA/MSK_DETFOO_B03.gml")
        (target,) = item.folder.glob("QI_DATA/MSK_TECQUA_B03.gml")
        target.write_text(
            source.read_text()
            .replace("MSK_DETFOO", "MSK_TECQUA")
            .replace(">DETECTOR_FOOTPRINT<", ">MSI_LOST<")
        )
        assert f"{GENERAL}.Data_Loss" in broken(item), "lost packets of this tile are not counted"
        if place == "swapped":
            swapped_axes(target)
        else:
            moved_east(target, int(place))

    return damage


def moved_east(path: Path, by: int) -> None:
    """The areas of a vector mask lie `by` metres further east."""
    tree = etree.parse(path)
    for node in tree.iter("{*}posList"):
        numbers = (node.text or "").split()
        node.text = " ".join(f"{int(x) + by} {y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True))
    tree.write(path, encoding="utf-8")


def swapped_axes(path: Path) -> None:
    """The areas of a vector mask have northing before easting."""
    tree = etree.parse(path)
    for node in tree.iter("{*}posList"):
        numbers = (node.text or "").split()
        node.text = " ".join(f"{y} {x}" for x, y in zip(numbers[::2], numbers[1::2], strict=True))
    tree.write(path, encoding="utf-8")


def without_envelope(path: Path) -> None:
    """A vector mask does not tell its reference system."""
    _without(path, "boundedBy", "{*}boundedBy")


def without_areas(path: Path) -> None:
    """A vector mask holds no area."""
    _without(path, "areas", "{*}maskMembers/{*}MaskFeature")


def _without(path: Path, name: str, elements: str) -> None:
    tree = etree.parse(path)
    found = tree.findall(elements)
    assert found, f"{path.name} holds no {name}"
    for node in found:
        node.getparent().remove(node)
    tree.write(path, encoding="utf-8")


def in_place_of(source: str, target: str) -> Damage:
    """One file of the item takes the place of another."""

    def damage(item: Item) -> None:
        (origin,), (replaced,) = item.folder.glob(source), item.folder.glob(target)
        shutil.copyfile(origin, replaced)

    return damage


def moved(pattern: str, resolution: int, kind: ImageKind, by: int) -> Damage:
    """An image of the same form lies `by` metres further east; resolution 320 is the preview's."""

    def damage(item: Item) -> None:
        grids = item.tile_grids
        grid = preview_grid(grids[10]) if kind is ImageKind.PVI else grids[resolution]
        (path,) = item.folder.glob(pattern)
        path.unlink()
        planes = 3 if kind in (ImageKind.PVI, ImageKind.TCI) else 1
        samples = np.full((planes, *grid.shape), 7, np.uint16 if kind is ImageKind.BAND else np.uint8)
        place = replace(grid, upper_left_x=grid.upper_left_x + by)
        encode_jpeg2000(path, samples if planes > 1 else samples[0], place, kind)

    return damage


MASKS, MASKS_2A, PICTURES = f"{FORMAT}.checkL1CMasks", f"{FORMAT}.checkL2AMasks", f"{FORMAT}.PVI_and_TCI"


def dimensions(size: int) -> str:
    """The check of the images of a pixel size."""
    return f"{GEOMETRIC}.Granule_Dimensions_{size}m"


CASES: list[tuple[str, str, Damage, set[str]]] = [
    ("text for a mask", "l1c", file("QI_DATA/MSK_DETFOO_B02.jp2", words), {MASKS}),
    ("text for a mask of quality", "l1c", file("QI_DATA/MSK_QUALIT_B02.jp2", words), {MASKS} | PACKETS),
    ("half a mask", "l1c", file("QI_DATA/MSK_DETFOO_B8A.jp2", half), {MASKS}),
    ("garbage in a mask", "l1c", file("QI_DATA/MSK_CLASSI_B00.jp2", garbage), {MASKS}),
    (
        "mask of another band's size",
        "l1c",
        in_place_of("QI_DATA/MSK_DETFOO_B05.jp2", "QI_DATA/MSK_DETFOO_B02.jp2"),
        {MASKS},
    ),
    (
        "mask of other components",
        "l1c",
        in_place_of("QI_DATA/MSK_QUALIT_B05.jp2", "QI_DATA/MSK_DETFOO_B05.jp2"),
        {MASKS},
    ),
    (
        "mask in another place",
        "l1c",
        moved("QI_DATA/MSK_DETFOO_B05.jp2", 20, ImageKind.DETFOO, 20),
        {MASKS},
    ),
    ("text for a vector mask", "early", file("QI_DATA/MSK_CLOUDS_B00.gml", words), {MASKS}),
    ("vector mask of another root", "early", file("QI_DATA/MSK_DETFOO_B03.gml", other_root), {MASKS}),
    ("vector mask of another zone", "early", gml("DETFOO_B03", "EPSG:8.7:32629", "EPSG:8.7:32630"), {MASKS}),
    ("vector mask without a number", "early", gml("DETFOO_B03", "500360 5900040", "5900040"), {MASKS}),
    ("vector mask with NaN", "early", gml("DETFOO_B03", "500360 5900040", "NaN 5900040"), {MASKS}),
    ("vector mask unclosed", "early", gml("DETFOO_B03", " 500360 5900040</", "</"), {MASKS}),
    ("vector mask of swapped axes", "early", file("QI_DATA/MSK_DETFOO_B03.gml", swapped_axes), {MASKS}),
    ("vector mask without zone", "early", file("QI_DATA/MSK_DETFOO_B03.gml", without_envelope), {MASKS}),
    ("vector mask of another type", "early", gml("CLOUDS_B00", ">OPAQUE<", ">MSI_LOST<"), {MASKS}),
    (
        "vector mask of another band",
        "early",
        in_place_of("QI_DATA/MSK_DETFOO_B04.gml", "QI_DATA/MSK_DETFOO_B03.gml"),
        {MASKS},
    ),
    (
        "vector mask of another kind",
        "early",
        in_place_of("QI_DATA/MSK_NODATA_B03.gml", "QI_DATA/MSK_TECQUA_B03.gml"),
        {MASKS} | PACKETS,
    ),
    ("lost packets elsewhere", "early", lost_packets_at("1860"), {MASKS} | PACKETS),
    ("lost packets of swapped axes", "early", lost_packets_at("swapped"), {MASKS} | PACKETS),
    ("footprint of no detector", "early", file("QI_DATA/MSK_DETFOO_B03.gml", without_areas), {MASKS}),
    (
        "probabilities of other pixels",
        "l2a",
        in_place_of("QI_DATA/MSK_CLDPRB_60m.jp2", "QI_DATA/MSK_CLDPRB_20m.jp2"),
        {MASKS_2A},
    ),
    ("half a mask of L2A", "l2a", file("QI_DATA/MSK_SNWPRB_20m.jp2", half), {MASKS_2A}),
    ("preview of L2A elsewhere", "l2a", moved("QI_DATA/*_PVI.jp2", 320, ImageKind.PVI, 320), {MASKS_2A}),
    ("half an image", "l1c", file("IMG_DATA/*_B02.jp2", half), {dimensions(10), f"{FORMAT}.Jp2Gml"}),
    ("garbage in an image", "l1c", file("IMG_DATA/*_B09.jp2", garbage), {dimensions(60)}),
    ("text for an image", "l1c", file("IMG_DATA/*_B05.jp2", words), {dimensions(20), f"{FORMAT}.Jp2Gml"}),
    ("half a preview", "early", file("QI_DATA/*_PVI.jp2", half), {PICTURES}),
    ("preview elsewhere", "l1c", moved("QI_DATA/*_PVI.jp2", 320, ImageKind.PVI, 320), {PICTURES}),
    (
        "band for true colour",
        "l1c",
        in_place_of("IMG_DATA/*_B02.jp2", "IMG_DATA/*_TCI.jp2"),
        {PICTURES, dimensions(10)},
    ),
    ("true colour elsewhere", "l1c", moved("IMG_DATA/*_TCI.jp2", 10, ImageKind.TCI, 10), {PICTURES}),
    ("half of true colour", "early", file("IMG_DATA/*_TCI.jp2", half), {PICTURES, dimensions(10)}),
    (
        "classes for a band",
        "l2a",
        in_place_of("IMG_DATA/R20m/*_SCL_20m.jp2", "IMG_DATA/R20m/*_B05_20m.jp2"),
        {dimensions(20)},
    ),
    (
        "band of L2A elsewhere",
        "l2a",
        moved("IMG_DATA/R60m/*_B09_60m.jp2", 60, ImageKind.BAND, 60),
        {dimensions(60)},
    ),
]


@pytest.mark.parametrize(
    ("product", "damage", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_damaged_image_fails_the_checks_that_look_at_it(
    request: pytest.FixtureRequest, tmp_path: Path, product: str, damage: Damage, expected: set[str]
) -> None:
    original: Path = request.getfixturevalue(product)
    copy = tmp_path / original.name
    shutil.copytree(original, copy)
    damage(item_of(copy, "tile"))
    assert broken(item_of(copy, "tile")) == expected


def without_images(unwanted: Callable[[str], bool]) -> Damage:
    """Images whose content and pixel size (``B05_20m``) are unwanted are neither there nor listed."""

    def damage(item: Item) -> None:
        document = item_of(item.folder.parent.parent, "product").document
        lines = document.read_text().splitlines(keepends=True)
        kept = []
        for line in lines:
            name = line.split("</IMAGE_FILE")[0].rpartition("_T")[2] if "<IMAGE_FILE" in line else ""
            content = "_".join(line.split("<")[1].rsplit("_", 2)[1:]) if "<IMAGE_FILE" in line else name
            if content and unwanted(content):
                file(f"IMG_DATA/*/*_{content}.jp2", remove)(item)
            else:
                kept.append(line)
        document.write_text("".join(kept))

    return damage


def test_images_that_the_product_does_not_list_are_missed_all_the_same(l2a: Path, tmp_path: Path) -> None:
    copy = tmp_path / l2a.name
    shutil.copytree(l2a, copy)
    without_images(lambda content: content == "B05_20m")(item_of(copy, "tile"))
    (tile,) = [item for item in items_of(copy) if item.kind == "tile"]
    assert tile.images is not None
    assert len(tile.images) == sum(map(len, images_from(0).values())) - 1
    assert checks(tile)[f"{FORMAT}.checkL2AImages"].message == "Missing: B05_20m"


def test_a_product_without_finer_pixels_lacks_nothing(l2a: Path, tmp_path: Path) -> None:
    copy = tmp_path / l2a.name
    shutil.copytree(l2a, copy)
    without_images(lambda content: content.endswith("_10m"))(item_of(copy, "tile"))
    assert checks(item_of(copy, "tile"))[f"{FORMAT}.checkL2AImages"].passed


def inside(path: Path) -> None:
    """Packets in the middle of a code-stream are overwritten; every box and tile-part ends where it said."""
    content = path.read_bytes()
    place = len(content) - 12
    path.write_bytes(content[: place - 8] + b"\x5a" * 8 + content[place:])


def test_garbage_within_a_whole_file_is_told_by_the_manifest_alone(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    file("IMG_DATA/*_B09.jp2", inside)(item_of(copy, "tile"))
    assert broken(item_of(copy, "tile")) == set()
    assert broken(item_of(copy, "product")) == {f"{FORMAT}.hrefExist"}
    described = [each.summary for each in INSPECTIONS if each.identifier.startswith("Granule_Dimensions")]
    assert len(described) == 3
    assert all("none is decoded" in summary for summary in described)


def test_garbage_within_a_map_that_is_decoded_is_told(l2a: Path, tmp_path: Path) -> None:
    copy = tmp_path / l2a.name
    shutil.copytree(l2a, copy)
    file("IMG_DATA/R20m/*_SCL_20m.jp2", inside)(item_of(copy, "tile"))
    assert broken(item_of(copy, "tile")) == {f"{LEVEL_2A}.SCENE_CLASS_QUALITY"}
