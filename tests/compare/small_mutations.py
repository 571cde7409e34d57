"""Kinds of damage to products of other forms than SAFE, for the table of all mutations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from osgeo import gdal

from ipf.compare.results import CheckName
from tests.compare.damage_kinds import (
    add_file,
    at,
    last_digit,
    remove,
    remove_element,
    rename,
    replaced,
    set_attribute,
    shifted,
    swap_classes,
    swap_coefficients,
    text,
    tree,
    where_data,
)
from tests.compare.mutation import COGS, CROSS, GIPPS, GRIDS, ROUNDING, SAME, Mutation
from tests.compare.small_products import (
    DIRECT,
    HEIGHT,
    INVERSE,
    LABELS,
    LATITUDE,
    LINE,
    LONGITUDE,
    RED,
    cog,
    everywhere,
    node,
    nodes,
    translated,
)

C = CheckName
B04_PARAMETERS = "*_B04.xml"


def of(product: str, *mutations: Mutation) -> tuple[Mutation, ...]:
    """Mutations of the product called so."""
    return tuple(replace(mutation, product=product) for mutation in mutations)


OF_COGS = of(
    COGS,
    Mutation("one pixel by one count", cog(RED, at(100, 100, 1)), C.STATISTICS, SAME),
    Mutation("gain of 30 %", cog(RED, where_data(lambda s: 1.3 * s)), C.STATISTICS, fails=CROSS),
    Mutation("shift of half a pixel", cog(RED, shifted(0, 0.5)), C.SHIFT, fails=CROSS),
    Mutation("offset tag of another count", cog(RED, offset=0), C.STATISTICS, fails=CROSS),
    Mutation("scale tag ten times that", cog(RED, scale=1e-3), C.STATISTICS, fails=CROSS),
    Mutation("no-data tag lost", cog(RED, nodata=None), C.NO_DATA, fails=SAME),
    Mutation("no-data turned to a count", cog(RED, lambda a: np.maximum(a, 1)), C.NO_DATA, fails=SAME),
    Mutation("two classes swapped", cog(LABELS, swap_classes), C.CLASSES, fails=CROSS),
    Mutation("a class wiped out", cog(LABELS, lambda a: np.where(a == 10, 4, a)), C.CLASSES, CROSS, SAME),
    Mutation(
        "another compression", translated(RED, creationOptions=["COMPRESS=LZW"]), C.ENCODING, SAME, ROUNDING
    ),
    Mutation("counts as 32 bits", translated(RED, outputType=gdal.GDT_UInt32), C.ENCODING, SAME, ROUNDING),
    Mutation("wrong EPSG", cog(RED, epsg=32630), C.GEOREFERENCE, fails=CROSS),
    Mutation("corner moved by a pixel", cog(RED, upper_left_x=499990.0), C.GEOREFERENCE, fails=CROSS),
    Mutation("image truncated", replaced(RED, lambda b: b[: len(b) // 2]), C.READABLE, fails=CROSS),
    Mutation("image missing", remove(RED), C.FILES, fails=CROSS),
    Mutation("extra file", add_file("notes/more.txt"), C.FILES, CROSS, SAME),
)
OF_GRIDS = of(
    GRIDS,
    Mutation("a node by a micrometre", nodes(DIRECT, node(LONGITUDE, 1e-11)), C.STATISTICS, ROUNDING),
    Mutation("a node by 5 cm", nodes(DIRECT, node(LATITUDE, 5e-7)), C.STATISTICS, SAME, ROUNDING),
    Mutation("all nodes by a metre", nodes(DIRECT, everywhere(LONGITUDE, 1e-5)), C.STATISTICS, CROSS, SAME),
    Mutation("all nodes by 50 m", nodes(DIRECT, everywhere(LATITUDE, 5e-4)), C.STATISTICS, fails=CROSS),
    Mutation("a height by half a metre", nodes(DIRECT, node(HEIGHT, 0.5)), C.STATISTICS, SAME, ROUNDING),
    Mutation("heights without the geoid", nodes(DIRECT, everywhere(HEIGHT, 47.0)), C.STATISTICS, fails=CROSS),
    Mutation(
        "longitude and latitude swapped", nodes(DIRECT, lambda a: a[[1, 0, 2]]), C.STATISTICS, fails=CROSS
    ),
    Mutation("lines by half a pixel", nodes(INVERSE, everywhere(LINE, 0.5)), C.STATISTICS, CROSS, SAME),
    Mutation("lines counted from 1", nodes(INVERSE, everywhere(LINE, 3.0)), C.STATISTICS, fails=CROSS),
    Mutation("a node outside the image", nodes(INVERSE, node(LINE, np.nan)), C.NO_DATA),
    Mutation("outside turned to 0", nodes(INVERSE, np.nan_to_num), C.NO_DATA, fails=SAME),
    Mutation("mirrored", nodes(DIRECT, lambda a: a[:, :, ::-1]), C.STATISTICS, fails=CROSS),
    Mutation("no heights", nodes(DIRECT, lambda a: a[:2]), C.FILES, fails=CROSS),
    Mutation("nodes in single precision", translated(DIRECT, outputType=gdal.GDT_Float32), C.ENCODING),
    Mutation("a row of nodes missing", nodes(DIRECT, lambda a: a[:, :-1]), C.GEOREFERENCE, fails=CROSS),
    Mutation("grid truncated", replaced(INVERSE, lambda b: b[:400]), C.READABLE, fails=CROSS),
    Mutation("grid missing", remove(INVERSE), C.FILES, fails=CROSS),
    Mutation("grid of another detector", rename(DIRECT, "_D01_", "_D02_"), C.FILES, fails=CROSS),
)
OF_GIPPS = of(
    GIPPS,
    Mutation("a value by its last digit", text("VALUES", last_digit, B04_PARAMETERS), C.METADATA, CROSS),
    Mutation("another band", text("BAND_ID", lambda _: "4", B04_PARAMETERS), C.METADATA, fails=SAME),
    Mutation(
        "values of another detector",
        tree(set_attribute("VALUES", "detector_id", "3"), B04_PARAMETERS),
        C.METADATA,
        fails=SAME,
    ),
    Mutation(
        "coefficients in another order", tree(swap_coefficients, B04_PARAMETERS), C.METADATA, fails=SAME
    ),
    Mutation(
        "a value fewer",
        text("VALUES", lambda t: t.rpartition(" ")[0], B04_PARAMETERS),
        C.METADATA,
        fails=SAME,
    ),
    Mutation("a table removed", tree(remove_element("TABLE"), B04_PARAMETERS), C.METADATA, fails=SAME),
    Mutation(
        "validity",
        text("Validity_Start", lambda t: t.replace("2015", "2016"), B04_PARAMETERS),
        C.METADATA,
        fails=SAME,
    ),
    Mutation(
        "date of creation",
        text("Creation_Date", lambda t: t.replace("2015", "2016"), B04_PARAMETERS),
        C.NAMING,
        ROUNDING,
    ),
    Mutation("file renamed", rename(B04_PARAMETERS, "20150605", "20160605"), C.NAMING, ROUNDING),
    Mutation(
        "document broken", replaced(B04_PARAMETERS, lambda b: b[: len(b) // 2]), C.READABLE, fails=CROSS
    ),
    Mutation("file missing", remove(B04_PARAMETERS), C.FILES, fails=SAME),
    Mutation("file of another band", rename(B04_PARAMETERS, "_B04", "_B05"), C.FILES, fails=SAME),
)
