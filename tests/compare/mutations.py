"""Kinds of damage to products: which check must find each, and which profiles let it pass."""

from __future__ import annotations

import numpy as np

from ipf.compare.results import CheckName
from tests.compare.damage_kinds import (
    B04,
    OFFSET,
    SCL,
    add_element,
    add_file,
    assign,
    at,
    broken_document,
    commented,
    copied_folder,
    creation_dates,
    cropped,
    datastrip_folder,
    drop_row,
    first_boundary,
    flipped,
    last_digit,
    lengthened,
    mask_bit,
    move_plane,
    not_a_number,
    other_number_format,
    over_class_four,
    pixels,
    placed,
    recode,
    remove,
    remove_element,
    rename,
    repeat_column,
    replaced,
    reversed_attributes,
    set_attribute,
    shifted,
    stripe_shifted,
    stripes,
    swap_bands,
    swap_bands_of_list,
    swap_classes,
    swap_rows,
    text,
    transpose,
    tree,
    where_data,
)
from tests.compare.damaged import element, image, texture
from tests.compare.gross_mutations import GROSS
from tests.compare.mutation import CROSS, ROUNDING, SAME, Mutation
from tests.compare.small_mutations import OF_COGS, OF_GIPPS, OF_GRIDS

B08, B11 = image("B08", 10), image("B11", 20)
AOT, WVP = image("AOT", 10), image("WVP", 10)
QUALIT, DETFOO = "MSK_QUALIT_B02.jp2", "MSK_DETFOO_B02.jp2"

C = CheckName
OF_LEVEL_2A = (
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
    Mutation("a class wiped out", pixels(SCL, lambda a: np.where(a == 10, 4, a)), C.CLASSES, CROSS, SAME),
    Mutation(
        "a class that nothing had",
        pixels(SCL, assign(slice(60, 61), slice(60, 61), 3)),
        C.CLASSES,
        CROSS,
        SAME,
    ),
    Mutation("classes moved by a pixel", pixels(SCL, lambda a: np.roll(a, 1, axis=1)), C.CLASSES, fails=SAME),
    Mutation("a mask bit cleared", pixels(QUALIT, assign(slice(10, 11), slice(2, 3), 0)), C.MASK, SAME),
    Mutation("a mask bit set", pixels(QUALIT, mask_bit(1, 300, True)), C.MASK, SAME),
    Mutation("a mask bit wiped out", pixels(QUALIT, mask_bit(1, slice(None), False)), C.MASK, CROSS, SAME),
    Mutation("a mask bit that nothing had", pixels(QUALIT, mask_bit(2, 300, True)), C.MASK, CROSS, SAME),
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
        fails=CROSS,
    ),
    Mutation(
        "offset of a band changed", text("BOA_ADD_OFFSET", lambda _: "0", "MTD_MSIL2A.xml", 3), C.ENCODING
    ),
    Mutation("angle grid transposed", tree(transpose), C.METADATA, fails=SAME),
    Mutation("angle not a number", tree(not_a_number), C.METADATA, fails=CROSS),
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
MUTATIONS = (*OF_LEVEL_2A, *GROSS, *OF_COGS, *OF_GRIDS, *OF_GIPPS)

HARMLESS = {
    "nothing at all": lambda product: None,
    "attributes in another order": tree(reversed_attributes),
    "comments and white space": tree(commented),
    "entries that say their band in another order": tree(swap_bands_of_list, "MTD_MSIL2A.xml"),
    "a number written another way": tree(other_number_format),
}
"""Changes that are none: every profile lets them pass."""
