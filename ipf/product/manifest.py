"""The manifest of a product (manifest.safe): what it is, and every file of it with size and checksum.

Structure: Standard Archive Format for Europe, as Sentinel-2 products use it (XFDU, an information package map
that points to data objects). Identifiers follow those of official manifests. Not listed, as there: the
manifest itself, the schemas or notes in ``rep_info``, and the browse image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from lxml import etree

from ipf.errors import OutputError
from ipf.product.manifest_objects import AUXILIARY_TEXT, QUALITY_TEXT, DataObject, data_objects
from ipf.product.metadata import ProductMetadata
from ipf.product.metadata_writer import has_raster_masks
from ipf.product.names import TileName
from ipf.product.user_product_writer import LEVEL_NAMES, position_list
from ipf.product.xml_builder import Text, add, serialised

_XFDU = "urn:ccsds:schema:xfdu:1"
_SAFE = "http://www.esa.int/safe/sentinel/1.1"
_GML = "http://www.opengis.net/gml"
_ALGORITHMS = {True: ("SHA3-256", "sha3_256"), False: ("MD5", "md5")}

# International designators (COSPAR); the fourth satellite has none yet.
_DESIGNATORS = {"S2A": "2015-028A", "S2B": "2017-013A", "S2C": "2024-157A"}


def manifest_xml(
    product: Path, metadata: ProductMetadata, checksums: Mapping[str, str] | None = None
) -> bytes:
    """The manifest of the product in folder `product`, whose files must all be there already.

    `checksums` holds those of `file_checksum` that are known already, by path in the product; the others are
    computed here. They are SHA3-256, MD5 for baselines before 04.00. Raises OutputError naming a file that
    does not belong to the product.
    """
    files = sorted(path.relative_to(product).as_posix() for path in product.rglob("*") if path.is_file())
    level = LEVEL_NAMES[metadata.level]
    try:
        objects = data_objects(files, level)
    except ValueError as problem:
        raise OutputError(f"{product}: {problem}") from problem
    root = etree.Element(
        f"{{{_XFDU}}}XFDU",
        {"version": f"esa/safe/sentinel/1.1/sentinel-2/msi/archive_{metadata.level.lower()}_user_product"},
        nsmap={"gml": _GML, "safe": _SAFE, "xfdu": _XFDU},
    )
    _add_package_map(root, objects, level)
    _add_metadata(root, metadata, objects)
    _add_files(root, product, objects, metadata.baseline, checksums or {})
    return serialised(root)


def _add_package_map(root: etree._Element, objects: list[DataObject], level: str) -> None:
    package = _unit(
        add(root, "informationPackageMap"),
        dmdID="acquisitionPeriod platform",
        pdiID="processing",
        textInfo=f"SENTINEL-2 MSI {level} User Product",
        unitType=f"Product_{level}",
    )
    _add_units(package, objects, "")
    datastrips = _unit(package, ID="Datastrips", textInfo="Datastrips Container")
    datastrip = _unit(datastrips, ID="Datastrip1", textInfo="Datastrip Container")
    _add_units(datastrip, objects, "DATASTRIP")
    quality = _unit(datastrip, ID="QI_DATA_Datastrip1", textInfo=QUALITY_TEXT)
    _add_units(quality, objects, "DATASTRIP/QI_DATA")
    tile = _unit(
        _unit(package, ID="Tiles", textInfo="Tiles Container"), ID="Tile1", textInfo="Tile Container"
    )
    auxiliary = _unit(tile, ID="AUX_DATA_GranuleTile1", textInfo=AUXILIARY_TEXT)
    _add_units(auxiliary, objects, "GRANULE/AUX_DATA")
    images = _unit(tile, ID="IMG_Data_Tile1", textInfo="Image Data Container")
    _add_units(images, objects, "GRANULE/IMG_DATA")
    _add_units(tile, objects, "GRANULE")
    quality = _unit(tile, ID="QI_DATA_Tile1", textInfo=QUALITY_TEXT)
    _add_units(quality, objects, "GRANULE/QI_DATA")
    _unit(package, ID="AuxData", textInfo="Auxiliary Data container")


def _add_units(parent: etree._Element, objects: list[DataObject], container: str) -> None:
    for item in objects:
        if item.container != container:
            continue
        kind = "Metadata Unit" if item.text_info is None else "Measurement Data Unit"
        text = {} if item.text_info is None else {"textInfo": item.text_info}
        element = _unit(parent, ID=item.unit, **text, unitType=kind)
        add(element, "dataObjectPointer", dataObjectID=item.identifier)


def _unit(parent: etree._Element, **attributes: Text) -> etree._Element:
    return add(parent, f"{{{_XFDU}}}contentUnit", None, **attributes)


def _add_metadata(root: etree._Element, metadata: ProductMetadata, objects: list[DataObject]) -> None:
    section = add(root, "metadataSection")
    period = _safe(_wrapped(section, "acquisitionPeriod", "Acquisition Period"), "acquisitionPeriod")
    _safe(period, "startTime", metadata.start_time)
    orbit = _safe(_wrapped(section, "measurementOrbitReference", "Orbit Reference"), "orbitReference")
    absolute_orbit = TileName.parse(metadata.granules[0].granule_identifier).absolute_orbit
    direction = (metadata.datatake.orbit_direction or "DESCENDING").lower()
    number = _safe(orbit, "orbitNumber", f"{absolute_orbit:06d}")
    number.set("groundTrackDirection", direction)
    number.set("type", "start")
    _safe(orbit, "relativeOrbitNumber", f"{metadata.datatake.relative_orbit:03d}").set("type", "start")
    _add_platform(section, metadata.satellite)
    processing = _safe(
        _wrapped(section, "processing", "Processing", "PDI", "PROVENANCE"),
        "processing",
    )
    processing.set("name", f"Generation of {LEVEL_NAMES[metadata.level]} User Product")
    processing.set("start", str(metadata.generation_time))
    frames = _safe(_wrapped(section, "measurementFrameSet", "Frame Set"), "frameSet")
    footprint = _safe(frames, "footPrint")
    footprint.set("srsName", "http://www.opengis.net/gml/srs/epsg.xml#4326")
    add(footprint, f"{{{_GML}}}coordinates", position_list(metadata.footprint))
    for item in objects:
        if item.text_info is None:
            pointer = add(
                section,
                "metadataObject",
                ID=f"{item.identifier}_Information",
                category="DMD",
                classification="DESCRIPTION",
            )
            add(pointer, "dataObjectPointer", dataObjectID=item.identifier)


def _add_platform(section: etree._Element, satellite: str) -> None:
    platform = _safe(_wrapped(section, "platform", "Platform Description"), "platform")
    if satellite in _DESIGNATORS:
        _safe(platform, "nssdcIdentifier", _DESIGNATORS[satellite])
    _safe(platform, "familyName", "SENTINEL")
    _safe(platform, "number", satellite.removeprefix("S"))
    instrument = _safe(_safe(platform, "instrument"), "familyName", "Multi-Spectral Instrument")
    instrument.set("abbreviation", "MSI")


def _wrapped(
    section: etree._Element,
    identifier: str,
    text: str,
    category: str = "DMD",
    classification: str = "DESCRIPTION",
) -> etree._Element:
    item = add(section, "metadataObject", ID=identifier, category=category, classification=classification)
    wrap = add(item, "metadataWrap", mimeType="text/xml", textInfo=text, vocabularyName="Sentinel-SAFE")
    return add(wrap, "xmlData")


def _safe(parent: etree._Element, name: str, text: Text | None = None) -> etree._Element:
    return add(parent, f"{{{_SAFE}}}{name}", text)


def _add_files(
    root: etree._Element, product: Path, objects: list[DataObject], baseline: str, known: Mapping[str, str]
) -> None:
    section = add(root, "dataObjectSection")
    algorithm, _ = _ALGORITHMS[has_raster_masks(baseline)]
    for item in objects:
        path = product / item.path
        stream = add(
            add(section, "dataObject", ID=item.identifier),
            "byteStream",
            mimeType=item.mime_type,
            size=path.stat().st_size,
        )
        add(stream, "fileLocation", href=f"./{item.path}", locatorType="URL")
        checksum = known.get(item.path) or file_checksum(path, baseline)
        add(stream, "checksum", checksum, checksumName=algorithm)


def file_checksum(path: Path, baseline: str) -> str:
    """Checksum of a file as manifests of `baseline` carry it, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _ALGORITHMS[has_raster_masks(baseline)][1]).hexdigest()
