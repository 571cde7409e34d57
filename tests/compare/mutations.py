"""Kinds of damage to a product: which check must find each, and which profiles let it pass.

`found_by` fails under the profile ``identical``. `passes` is the strictest profile under which the damage is
within tolerance, `fails` the loosest under which it is not; None where there is none to be named.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lxml import etree
from scipy import ndimage

from ipf.compare.results import CheckName
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
    texture,
)

IDENTICAL, ROUNDING, SAME, CROSS = "identical", "rounding", "same-algorithm", "cross-processor"
PROFILES = (IDENTICAL, ROUNDING, SAME, CROSS)
B04, B08, B11 = image("B04", 10), image("B08", 10), image("B11", 20)
SCL, AOT, WVP = image("SCL", 20), image("AOT", 10), image("WVP", 10)
QUALIT, DETFOO = "MSK_QUALIT_B02.jp2", "MSK_DETFOO_B02.jp2"
OFFSET = 1000


@dataclass(frozen=True)
class Mutation:
    """One kind of damage."""

    name: str
    damage: Callable[[Path], None]
    found_by: CheckName
    passes: str | None = None
    fails: str | None = None


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


C = CheckName
MUTATIONS = (
    # values
    Mutation("one pixel by one count", pixels(B04, at(100, 100, 1)), C.STATISTICS, passes=ROUNDING),
    Mutation("one pixel by 3000 counts", pixels(B04, at(100, 100, 3000)), C.STATISTICS, fails=ROUNDING),
    Mutation(
        "all pixels by one count", pixels(B04, where_data(lambda s: s + 1)), C.STATISTICS, SAME, ROUNDING
    ),
    Mutation(
        "all pixels of a 20 m band by one count", pixels(B11, where_data(lambda s: s + 1)), C.STATISTICS, SAME
    ),
    Mutation("offset not applied", pixels(B04, where_data(lambda s: s + OFFSET)), C.STATISTICS, fails=CROSS),
    Mutation("gain of 0.2 %", pixels(B04, where_data(lambda s: 1.002 * s)), C.STATISTICS, CROSS, ROUNDING),
    Mutation("gain of 5 %", pixels(B04, where_data(lambda s: 1.05 * s)), C.STATISTICS, fails=SAME),
    Mutation("gain of 30 %", pixels(B04, where_data(lambda s: 1.3 * s)), C.STATISTICS, fails=CROSS),
    Mutation(
        "noise of 20 counts",
        pixels(B04, where_data(lambda s: s + 20 * texture(s.shape, 99))),
        C.STATISTICS,
        CROSS,
        ROUNDING,
    ),
    Mutation("stripes of four counts", pixels(B04, where_data(stripes)), C.STATISTICS, SAME, ROUNDING),
    Mutation(
        "quantised to 64 counts",
        pixels(B04, where_data(lambda s: s // 64 * 64)),
        C.STATISTICS,
        CROSS,
        ROUNDING,
    ),
    Mutation("a column repeated", pixels(B04, repeat_column), C.STATISTICS, fails=ROUNDING),
    Mutation("a row dropped", pixels(B04, drop_row), C.SHIFT, fails=SAME),
    Mutation("mirrored", pixels(B04, lambda a: a[:, ::-1]), C.STATISTICS, fails=CROSS),
    Mutation("transposed", pixels(B04, lambda a: a.T), C.STATISTICS, fails=CROSS),
    Mutation("two bands swapped", swap_bands, C.STATISTICS, fails=CROSS),
    Mutation("vegetation alone brighter", over_class_four, C.CLASS_STATISTICS, fails=SAME),
    Mutation("shift of half a pixel", pixels(B04, shifted(0.5, 0)), C.SHIFT, fails=CROSS),
    Mutation("shift of half a pixel across", pixels(B11, shifted(0, -0.5)), C.SHIFT, fails=CROSS),
    Mutation("shift of a tenth of a pixel", pixels(B04, shifted(0.1, 0)), C.SHIFT, fails=SAME),
    Mutation("one detector shifted", pixels(B04, where_data(stripe_shifted)), C.SHIFT, fails=CROSS),
    Mutation("aerosol: one pixel by one count", pixels(AOT, at(50, 50, 1)), C.STATISTICS, passes=ROUNDING),
    Mutation("aerosol: more by 0.5", pixels(AOT, lambda a: a + np.uint16(500)), C.STATISTICS, fails=CROSS),
    Mutation("water vapour: in mm", pixels(WVP, lambda a: a * np.uint16(10)), C.STATISTICS, fails=CROSS),
    Mutation(
        "cloud probability: one pixel by 1 %",
        pixels("MSK_CLDPRB_20m.jp2", at(9, 9, 1)),
        C.STATISTICS,
        ROUNDING,
    ),
    Mutation(
        "true colour: channels in another order",
        pixels(image("TCI", 10), lambda a: a[::-1]),
        C.STATISTICS,
        fails=SAME,
    ),
    Mutation(
        "preview: a line black",
        pixels("*_PVI.jp2", assign(slice(5, 6), slice(None), 0)),
        C.STATISTICS,
        fails=SAME,
    ),
    # no data, saturation
    Mutation(
        "no-data turned to a count",
        pixels(B04, lambda a: np.where(a == 0, 1, a).astype(a.dtype)),
        C.NO_DATA,
        fails=SAME,
    ),
    Mutation(
        "a block without data",
        pixels(B04, assign(slice(100, 108), slice(90, 98), 0)),
        C.NO_DATA,
        fails=ROUNDING,
    ),
    Mutation("saturation clipped", pixels(B08, lambda a: np.minimum(a, 65534)), C.SATURATION, fails=ROUNDING),
    Mutation(
        "a pixel saturated", pixels(B08, assign(slice(200, 201), slice(200, 201), 65535)), C.SATURATION, CROSS
    ),
    # classes and masks
    Mutation("one class swapped", pixels(SCL, at(60, 60, 1)), C.CLASSES, SAME),
    Mutation("two classes swapped", pixels(SCL, swap_classes), C.CLASSES, fails=CROSS),
    Mutation("classes moved by a pixel", pixels(SCL, lambda a: np.roll(a, 1, axis=1)), C.CLASSES, fails=SAME),
    Mutation("a mask bit cleared", pixels(QUALIT, assign(slice(10, 11), slice(2, 3), 0)), C.MASK, SAME),
    Mutation("a mask bit set", pixels(QUALIT, assign(slice(300, 301), slice(2, 3), 1)), C.MASK, SAME),
    Mutation("a mask emptied", pixels("MSK_CLASSI_B00.jp2", lambda a: a * 0), C.MASK, fails=SAME),
    Mutation("bits of a mask in another order", pixels(QUALIT, move_plane), C.MASK),
    Mutation(
        "detectors numbered anew",
        pixels(DETFOO, lambda a: np.where(a == 8, 7, a).astype(a.dtype)),
        C.CLASSES,
        fails=CROSS,
    ),
    Mutation("boundary of detectors moved by a pixel", pixels(DETFOO, first_boundary), C.CLASSES, SAME),
    # encoding
    Mutation("lossy instead of lossless", recode(B04, "REVERSIBLE=NO", "QUALITY=20"), C.ENCODING, fails=SAME),
    Mutation("other internal tiles", recode(B04, tile=128), C.ENCODING, SAME, ROUNDING),
    Mutation("fewer levels", recode(B04, levels=2), C.ENCODING, SAME, ROUNDING),
    Mutation("other code-blocks", recode(B04, code_block=16), C.ENCODING, SAME, ROUNDING),
    Mutation("other precincts", recode(B04, precinct=128), C.ENCODING, SAME, ROUNDING),
    Mutation("more bits per sample", recode(B04, bits=16), C.ENCODING, fails=ROUNDING),
    Mutation("other progression", recode(B04, "PROGRESSION=RLCP"), C.ENCODING, SAME, ROUNDING),
    Mutation("wrong EPSG", placed(B04, epsg=32630), C.GEOREFERENCE, fails=CROSS),
    Mutation("corner moved by a pixel", placed(B04, upper_left_x=499990.0), C.GEOREFERENCE, fails=CROSS),
    Mutation("pixels of another size", placed(B04, resolution=20), C.GEOREFERENCE, fails=CROSS),
    Mutation("a row missing", cropped, C.GEOREFERENCE, fails=CROSS),
    # files
    Mutation("image truncated", replaced(B04, lambda b: b[: len(b) // 2]), C.READABLE, fails=CROSS),
    Mutation("image is something else", replaced(B04, lambda b: b"no image at all"), C.READABLE, fails=CROSS),
    Mutation("image empty", replaced(B04, lambda b: b""), C.READABLE, fails=CROSS),
    Mutation("image missing", remove(B04), C.FILES, fails=SAME),
    Mutation("mask missing", remove(QUALIT), C.FILES, fails=SAME),
    Mutation("document missing", remove("MTD_DS.xml"), C.FILES, fails=SAME),
    Mutation("extra file", add_file("HTML/index.html"), C.FILES, CROSS),
    Mutation("image under another band's name", rename(image("B05", 20), "B05", "B15"), C.FILES, fails=SAME),
    Mutation("folder twice", copied_folder, C.FILES, CROSS),
    Mutation("a bit of an auxiliary file", replaced("AUX_ECMWFT", flipped), C.BYTES, CROSS, ROUNDING),
    Mutation("auxiliary file longer", lengthened, C.BYTES, CROSS, ROUNDING),
    # metadata
    Mutation("a value by its last digit", text("ULX", last_digit), C.METADATA, fails=ROUNDING),
    Mutation("an angle by its last digit", text("ZENITH_ANGLE", last_digit), C.METADATA),
    Mutation(
        "quantification changed",
        text("BOA_QUANTIFICATION_VALUE", lambda _: "1000", "MTD_MSIL2A.xml"),
        C.METADATA,
        fails=SAME,
    ),
    Mutation(
        "offset of a band changed", text("BOA_ADD_OFFSET", lambda _: "0", "MTD_MSIL2A.xml", 3), C.ENCODING
    ),
    Mutation("angle grid transposed", tree(transpose), C.METADATA, fails=SAME),
    Mutation("angle not a number", tree(not_a_number), C.METADATA, fails=SAME),
    Mutation("rows of a grid in another order", tree(swap_rows), C.METADATA, fails=SAME),
    Mutation("element removed", tree(remove_element("SENSING_TIME")), C.METADATA, fails=SAME),
    Mutation("element added", tree(add_element), C.METADATA, fails=ROUNDING),
    Mutation("unit changed", tree(set_attribute("ZENITH_ANGLE", "unit", "rad")), C.METADATA, fails=SAME),
    Mutation(
        "detector changed",
        tree(set_attribute("Viewing_Incidence_Angles_Grids", "detectorId", "3")),
        C.METADATA,
        fails=SAME,
    ),
    Mutation(
        "sensing time by a millisecond", text("SENSING_TIME", lambda t: t.replace(".581", ".582")), C.METADATA
    ),
    Mutation(
        "orbit changed",
        text("SENSING_ORBIT_NUMBER", lambda _: "24", "MTD_MSIL2A.xml"),
        C.METADATA,
        fails=SAME,
    ),
    Mutation(
        "footprint moved", text("EXT_POS_LIST", lambda t: "1" + t, "MTD_MSIL2A.xml"), C.METADATA, fails=SAME
    ),
    Mutation(
        "verdict of a report",
        tree(
            lambda root: element(root, "report").set("globalStatus", "FAILED"),
            "GRANULE/*/QI_DATA/GENERAL_QUALITY.xml",
        ),
        C.METADATA,
        fails=ROUNDING,
    ),
    Mutation(
        "flag negated",
        text("GPS_SYNC", lambda t: "false" if t == "true" else "true", "MTD_DS.xml"),
        C.METADATA,
        fails=SAME,
    ),
    Mutation(
        "checksum in the manifest", text("checksum", lambda t: t[::-1], "manifest.safe"), C.METADATA, SAME
    ),
    Mutation("document broken", broken_document, C.READABLE, fails=CROSS),
    # names and dates
    Mutation("date of creation", creation_dates, C.NAMING, ROUNDING),
    Mutation("name of a folder", datastrip_folder, C.NAMING, ROUNDING),
)


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


HARMLESS = {
    "nothing at all": lambda product: None,
    "attributes in another order": tree(reversed_attributes),
    "comments and white space": tree(commented),
    "entries that say their band in another order": tree(swap_bands_of_list, "MTD_MSIL2A.xml"),
    "a number written another way": tree(other_number_format),
}
"""Changes that are none: every profile lets them pass."""
