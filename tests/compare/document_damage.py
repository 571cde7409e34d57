"""Small damage to metadata documents, each with the check that is to find it and the path it is to name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from lxml import etree

from ipf.compare.results import CheckName

Change = Callable[[etree._Element], None]
Words = npt.NDArray[Any]


def found(root: etree._Element, path: str) -> etree._Element:
    """The first element at a path of local names, with conditions on attributes as ElementPath has them."""
    element = root.find("/".join(f"{{*}}{step}" for step in path.split("/")))
    assert element is not None, path
    return element


def other_value(text: str) -> str:
    """`text` with its last letter or digit another one."""
    match = re.search(r"[A-Za-z0-9](?=[^A-Za-z0-9]*$)", text)
    if match is None:
        return f"{text} 7"
    last = match[0]
    new = str((int(last) + 1) % 10) if last.isdigit() else ("b" if last == "a" else "a")
    return text[: match.start()] + new + text[match.end() :]


def text(path: str, new: str | Callable[[str], str]) -> Change:
    """Another text."""

    def change(root: etree._Element) -> None:
        element = found(root, path)
        element.text = new if isinstance(new, str) else new(element.text or "")

    return change


def attribute(path: str, name: str, value: str) -> Change:
    """Another value of an attribute."""

    def change(root: etree._Element) -> None:
        found(root, path).set(name, value)

    return change


def removed(path: str) -> Change:
    """An element taken away."""

    def change(root: etree._Element) -> None:
        element = found(root, path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def added(path: str, name: str) -> Change:
    """A new element below that at `path`."""

    def change(root: etree._Element) -> None:
        etree.SubElement(found(root, path), name).text = "5"

    return change


def renamed(path: str, name: str) -> Change:
    """Another name of an element."""

    def change(root: etree._Element) -> None:
        found(root, path).tag = name

    return change


def swapped(path: str, name: str, first: int, second: int) -> Change:
    """Two children of one name change places."""

    def change(root: etree._Element) -> None:
        parent = found(root, path)
        children = list(parent)
        one, other = (children.index(parent.findall(f"{{*}}{name}")[number]) for number in (first, second))
        children[one], children[other] = children[other], children[one]
        parent[:] = children

    return change


def grid(path: str, changed: Callable[[Words], Words]) -> Change:
    """Rows of numbers below the element at `path`, changed as one array of words."""

    def change(root: etree._Element) -> None:
        rows = list(found(root, path))
        words = changed(np.array([(row.text or "").split() for row in rows]))
        for row, line in zip(rows, words, strict=True):
            row.text = " ".join(line)

    return change


def with_nan(words: Words) -> Words:
    """The first number becomes NaN."""
    row, column = np.argwhere(words != "NaN")[0]
    words[row, column] = "NaN"
    return words


def namespace(was: str, becomes: str) -> Change:
    """Another namespace of all elements that are in one."""

    def change(root: etree._Element) -> None:
        for element in root.iter(etree.Element):
            element.tag = str(element.tag).replace(was, becomes)

    return change


class Damage(NamedTuple):
    """A change of the document at `file` (a pattern below the reference data).

    `check` is the one that it fails when everything is to be identical, `path` how the place that is told
    begins, `tolerated` whether it passes where small differences, names and checksums may be others.
    """

    file: str
    change: Change
    check: CheckName
    path: str
    tolerated: bool = False


TILE = "l1c_metadata/S2A_MSIL1C_20171207*/GRANULE/*/MTD_TL.xml"
PRODUCT = "products/S2A_MSIL1C_2022*/MTD_MSIL1C.xml"
L2A_TILE = "products/S2A_MSIL2A_2022*/GRANULE/*/MTD_TL.xml"
MANIFEST = "products/S2A_MSIL1C_2022*/manifest.safe"
DATASTRIP = "metadata/Level-0_DataStrip_ID*.xml"
REPORT = "products/S2A_MSIL1C_2022*/DATASTRIP/*/QI_DATA/GENERAL_QUALITY.xml"

ANGLES = "Geometric_Info/Tile_Angles"
SUN = f"{ANGLES}/Sun_Angles_Grid/Zenith/Values_List"
VIEW = f"{ANGLES}/Viewing_Incidence_Angles_Grids"
INFO = "General_Info/Product_Info"
GAINS = "General_Info/Product_Image_Characteristics/PHYSICAL_GAINS"
HEADER = "Earth_Explorer_Header/Fixed_Header"
FRAME = "metadataSection/metadataObject[{}ID={}]/metadataWrap/xmlData/frameSet/footPrint/coordinates"
BYTES = "dataObjectSection/dataObject[ID=S2_Level-1C_Product_Metadata]/byteStream"

METADATA = CheckName.METADATA
NAMING = CheckName.NAMING

NAME = "S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
URI = f"{INFO}/PRODUCT_URI"
SUN_ZENITH = f"{ANGLES}/Mean_Sun_Angle/ZENITH_ANGLE"

DAMAGE = {
    "last digit": Damage(TILE, text(SUN_ZENITH, other_value), METADATA, SUN_ZENITH, tolerated=True),
    "unit": Damage(TILE, attribute(SUN_ZENITH, "unit", "rad"), METADATA, f"{SUN_ZENITH}/@unit"),
    "grid transposed": Damage(TILE, grid(SUN, np.transpose), METADATA, f"{SUN}/VALUES[1]"),
    "NaN in a grid": Damage(
        TILE,
        grid(f"{VIEW}[@bandId='3']/Zenith/Values_List", with_nan),
        METADATA,
        f"{VIEW}[bandId=3,detectorId=7]/Zenith/Values_List/VALUES[",
    ),
    "rows of a grid swapped": Damage(TILE, swapped(SUN, "VALUES", 2, 9), METADATA, f"{SUN}/VALUES[3]"),
    "one detector twice": Damage(
        TILE, attribute(f"{VIEW}[@bandId='3']", "detectorId", "12"), METADATA, f"{VIEW}["
    ),
    "one detector for another": Damage(
        TILE, attribute(f"{VIEW}[@bandId='3']", "detectorId", "1"), METADATA, f"{VIEW}[bandId=3,detectorId=7]"
    ),
    "orbit": Damage(
        PRODUCT,
        text(f"{INFO}/Datatake/SENSING_ORBIT_NUMBER", "126"),
        METADATA,
        f"{INFO}/Datatake/SENSING_ORBIT_NUMBER",
    ),
    "time by a millisecond": Damage(
        PRODUCT,
        text(f"{INFO}/PRODUCT_START_TIME", "2022-01-25T15:17:01.025Z"),
        METADATA,
        f"{INFO}/PRODUCT_START_TIME",
        tolerated=True,
    ),
    "gain": Damage(PRODUCT, text(f"{GAINS}[@bandId='4']", "5.21"), METADATA, f"{GAINS}[bandId=4]"),
    "band removed": Damage(PRODUCT, removed(f"{GAINS}[@bandId='4']"), METADATA, f"{GAINS}[bandId=4]"),
    "element added": Damage(PRODUCT, added(INFO, "NEW"), METADATA, f"{INFO}/NEW"),
    "element renamed": Damage(
        PRODUCT, renamed(f"{INFO}/PROCESSING_LEVEL", "LEVEL"), METADATA, f"{INFO}/PROCESSING_LEVEL"
    ),
    "text": Damage(
        PRODUCT,
        text(f"{INFO}/Datatake/SPACECRAFT_NAME", "Sentinel-2B"),
        METADATA,
        f"{INFO}/Datatake/SPACECRAFT_NAME",
    ),
    "namespace": Damage(PRODUCT, namespace("psd-14", "psd-15"), METADATA, "@xmlns"),
    "tile in a name": Damage(PRODUCT, text(URI, NAME.replace("18LTM", "18LTN")), METADATA, URI),
    "baseline in a name": Damage(PRODUCT, text(URI, NAME.replace("N0400", "N0500")), NAMING, URI, True),
    "discriminator in a name": Damage(
        PRODUCT, text(URI, NAME.replace("190036", "190037")), NAMING, URI, True
    ),
    "date of creation": Damage(
        PRODUCT,
        text(f"{INFO}/GENERATION_TIME", "2022-01-25T19:00:37.000000Z"),
        NAMING,
        f"{INFO}/GENERATION_TIME",
        tolerated=True,
    ),
    "baseline": Damage(
        PRODUCT, text(f"{INFO}/PROCESSING_BASELINE", "05.11"), NAMING, f"{INFO}/PROCESSING_BASELINE", True
    ),
    "percentage": Damage(
        L2A_TILE,
        text("Quality_Indicators_Info/Image_Content_QI/CLOUDY_PIXEL_PERCENTAGE", "0.5"),
        METADATA,
        "Quality_Indicators_Info/Image_Content_QI/CLOUDY_PIXEL_PERCENTAGE",
    ),
    "flag": Damage(
        DATASTRIP,
        text("Image_Data_Info/Sensor_Configuration/Acquisition_Configuration/COMPRESS_MODE", "false"),
        METADATA,
        "Image_Data_Info/Sensor_Configuration/Acquisition_Configuration/COMPRESS_MODE",
    ),
    "checksum": Damage(
        MANIFEST,
        text("dataObjectSection/dataObject/byteStream/checksum", "00"),
        METADATA,
        f"{BYTES}/checksum",
        tolerated=True,
    ),
    "footprint": Damage(
        MANIFEST,
        text(FRAME.format("@", "'measurementFrameSet'"), other_value),
        METADATA,
        FRAME.format("", "measurementFrameSet"),
        tolerated=True,
    ),
    "verdict": Damage(
        REPORT,
        attribute("Data_Block/report", "globalStatus", "FAILED"),
        METADATA,
        "Data_Block/report/@globalStatus",
    ),
    "version of the creator": Damage(
        REPORT,
        text(f"{HEADER}/Source/Creator_Version", "06.00"),
        NAMING,
        f"{HEADER}/Source/Creator_Version",
        True,
    ),
    "date of a report": Damage(
        REPORT,
        attribute("Data_Block/report", "date", "2023-01-01T00:00:00.000Z"),
        NAMING,
        "Data_Block/report/@date",
        tolerated=True,
    ),
}

NO_DAMAGE = {
    "bands in another order": (
        PRODUCT,
        swapped("General_Info/Product_Image_Characteristics", "PHYSICAL_GAINS", 2, 9),
    ),
    "images in another order": (
        PRODUCT,
        swapped(f"{INFO}/Product_Organisation/Granule_List/Granule", "IMAGE_FILE", 2, 9),
    ),
    "angle grids in another order": (TILE, swapped(ANGLES, "Viewing_Incidence_Angles_Grids", 5, 30)),
    "parameter files in another order": (
        PRODUCT,
        swapped("Auxiliary_Data_Info/GIPP_List", "GIPP_FILENAME", 3, 20),
    ),
    "files of a manifest in another order": (MANIFEST, swapped("dataObjectSection", "dataObject", 4, 15)),
    "a number written another way": (PRODUCT, text(f"{GAINS}[@bandId='4']", "5.179097250")),
    "a time written another way": (
        PRODUCT,
        text(f"{INFO}/PRODUCT_START_TIME", "2022-01-25T15:17:01.024000"),
    ),
}
"""Changes that say the same, by document."""
