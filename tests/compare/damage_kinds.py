"""Ways to damage an image, a document or a file of a Level-2A product, from which mutations are made."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from lxml import etree
from scipy import ndimage

from tests.compare.damaged import (
    Change,
    Samples,
    edit_document,
    edit_image,
    edit_text,
    element,
    encode,
    grid_of,
    image,
    only,
    read,
)

B04, SCL = image("B04", 10), image("SCL", 20)
OFFSET = 1000


def pixels(pattern: str, change: Change) -> Callable[[Path], None]:
    return lambda product: edit_image(product, pattern, change)


def at(row: int, column: int, add: int) -> Change:
    """Add to one pixel."""

    def change(samples: Samples) -> Samples:
        samples[..., row, column] += add
        return samples

    return change


def where_data(function: Callable[[Samples], Samples]) -> Change:
    """Change the physical part of the counts of a band, wherever there are data."""

    def change(samples: Samples) -> Samples:
        surface = samples.astype(np.float64) - OFFSET
        changed = np.clip(np.round(function(surface) + OFFSET), 1, 32767)
        return np.where(samples == 0, 0, changed).astype(samples.dtype)

    return change


def shifted(rows: float, columns: float) -> Change:
    """Move the content down and to the right."""
    return where_data(lambda surface: ndimage.shift(surface, (rows, columns), order=5, mode="nearest"))


def stripe_shifted(surface: Samples) -> Samples:
    """Move one detector's stripe, two fifths of the width, by a pixel and a half along the track."""
    width = 2 * surface.shape[1] // 5
    moved = ndimage.shift(surface, (1.5, 0), order=5, mode="nearest")
    return np.concatenate([moved[:, :width], surface[:, width:]], axis=1)


def assign(rows: slice, columns: slice, value: int) -> Change:
    def change(samples: Samples) -> Samples:
        samples[..., rows, columns] = value
        return samples

    return change


def repeat_column(samples: Samples) -> Samples:
    samples[:, 200] = samples[:, 199]
    return samples


def drop_row(samples: Samples) -> Samples:
    samples[150:-1] = samples[151:]
    return samples


def stripes(surface: Samples) -> Samples:
    return surface + 4 * (np.arange(surface.shape[1]) % 2)


def over_class_four(product: Path) -> None:
    """Brighten one band over vegetation alone."""
    chosen = np.kron(read(only(product, SCL)) == 4, np.ones((2, 2), bool))
    edit_image(product, B04, where_data(lambda surface: surface + 60 * chosen))


def swap_classes(labels: Samples) -> Samples:
    table = np.arange(256, dtype=labels.dtype)
    table[[4, 5]] = 5, 4
    return table[labels]


def swap_bands(product: Path) -> None:
    first, second = only(product, image("B02", 10)), only(product, image("B03", 10))
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def mask_bit(plane: int, rows: int | slice, value: bool) -> Change:
    """Set or clear a bit of a mask in the third pixel of a row, or in whole rows."""

    def change(planes: Samples) -> Samples:
        planes[plane, rows, 2 if isinstance(rows, int) else slice(None)] = value
        return planes

    return change


def move_plane(planes: Samples) -> Samples:
    return np.roll(planes, 1, axis=0)


def first_boundary(labels: Samples) -> Samples:
    moved = labels.copy()
    moved[:, 1:] = labels[:, :-1]
    return moved


def recode(pattern: str, *options: str, bits: int | None = None, **coding: int) -> Callable[[Path], None]:
    def damage(product: Path) -> None:
        path = only(product, pattern)
        encode(path, read(path), grid_of(path), bits=bits, options=options, **coding)

    return damage


def replaced(pattern: str, content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(product: Path) -> None:
        path = only(product, pattern)
        path.write_bytes(content(path.read_bytes()))

    return damage


def placed(pattern: str, **changes: float) -> Callable[[Path], None]:
    """Write an image with another georeference."""

    def damage(product: Path) -> None:
        path = only(product, pattern)
        grid = grid_of(path)
        fields = {name: getattr(grid, name) for name in grid.__dataclass_fields__}
        encode(path, read(path), grid.__class__(**fields | changes))

    return damage


def cropped(product: Path) -> None:
    path = only(product, B04)
    grid = grid_of(path)
    fields = {name: getattr(grid, name) for name in grid.__dataclass_fields__}
    encode(path, read(path)[:-1], grid.__class__(**fields | {"rows": grid.rows - 1}))


def remove(pattern: str) -> Callable[[Path], None]:
    return lambda product: only(product, pattern).unlink()


def add_file(name: str) -> Callable[[Path], None]:
    def damage(product: Path) -> None:
        (product / name).parent.mkdir(exist_ok=True)
        (product / name).write_bytes(b"something more")

    return damage


def rename(pattern: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(product: Path) -> None:
        path = only(product, pattern)
        path.rename(path.with_name(path.name.replace(old, new)))

    return damage


def text(
    name: str, change: Callable[[str], str], document: str = "MTD_TL.xml", number: int = 0
) -> Callable[[Path], None]:
    """Change the text of an element."""

    def edit(root: etree._Element) -> None:
        chosen = element(root, name, number)
        before = chosen.text or ""
        chosen.text = change(before)
        assert chosen.text != before, before

    return lambda product: edit_document(product, document, edit)


def tree(change: Callable[[etree._Element], None], document: str = "MTD_TL.xml") -> Callable[[Path], None]:
    return lambda product: edit_document(product, document, change)


def last_digit(value: str) -> str:
    """The next number of the same number of digits."""
    return value[:-1] + str((int(value[-1]) + 1) % 10)


def transpose(root: etree._Element) -> None:
    rows = list(element(root, "Values_List").iter("{*}VALUES"))
    grid = [(row.text or "").split() for row in rows]
    for row, values in zip(rows, zip(*grid, strict=True), strict=True):
        row.text = " ".join(values)


def swap_rows(root: etree._Element) -> None:
    values = element(root, "Values_List")
    values.append(values[0])


def swap_coefficients(root: etree._Element) -> None:
    coefficients = element(root, "COEFFICIENTS")
    coefficients.append(coefficients[0])


def swap_bands_of_list(root: etree._Element) -> None:
    """Another order of entries that say themselves which band they are of."""
    offsets = element(root, "BOA_ADD_OFFSET").getparent()
    assert offsets is not None
    offsets.append(offsets[0])


def remove_element(name: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        chosen = element(root, name)
        parent = chosen.getparent()
        assert parent is not None
        parent.remove(chosen)

    return change


def add_element(root: etree._Element) -> None:
    etree.SubElement(element(root, "Tile_Geocoding"), "SURPRISE").text = "1"


def set_attribute(name: str, attribute: str, value: str) -> Callable[[etree._Element], None]:
    return lambda root: element(root, name).set(attribute, value)


def not_a_number(root: etree._Element) -> None:
    row = element(root, "VALUES")
    row.text = " ".join(["NaN", *(row.text or "").split()[1:]])


def lengthened(product: Path) -> None:
    path = only(product, "AUX_ECMWFT")
    path.write_bytes(path.read_bytes() + b"\0")


def flipped(content: bytes) -> bytes:
    return content[:4] + bytes([content[4] ^ 1]) + content[5:]


def creation_dates(product: Path) -> None:
    edit_text(
        product,
        "MTD_MSIL2A.xml",
        "2022-10-05T16:44:54.000000Z</GENERATION_TIME>",
        "2023-01-01T00:00:00.000000Z</GENERATION_TIME>",
    )


def datastrip_folder(product: Path) -> None:
    """Another creation date in the name of the datastrip's folder."""
    (folder,) = (product / "DATASTRIP").iterdir()
    folder.rename(folder.with_name(folder.name.replace("20221005T164454", "20230101T000000")))


def broken_document(product: Path) -> None:
    (product / "MTD_MSIL2A.xml").write_bytes(b"<broken")


def copied_folder(product: Path) -> None:
    shutil.copytree(product / "rep_info", product / "rep_info_copy")


def reversed_attributes(root: etree._Element) -> None:
    for node in root.iter("{*}Viewing_Incidence_Angles_Grids"):
        attributes = dict(node.attrib)
        node.attrib.clear()
        node.attrib.update(dict(reversed(attributes.items())))


def commented(root: etree._Element) -> None:
    root.insert(0, etree.Comment("of no meaning"))
    root.text = "\n\n   "


def other_number_format(root: etree._Element) -> None:
    node = element(root, "ULX")
    node.text = f"{float(node.text or 0):.3f}"
