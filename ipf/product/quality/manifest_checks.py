"""Checks of manifest.safe: what it refers to inside itself and on the disk, and how it classifies its parts.

Structure: Standard Archive Format for Europe (XFDU packaging, CCSDS 661.0-B-1). Categories and
classifications are those of official manifests. A manifest is judged on the item that owns it; the parts of a
compact product have none of their own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from ipf.product.manifest_objects import MANIFEST_NAME
from ipf.product.quality.items import listing_of
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    Kind,
    Level,
    QualityParameters,
    not_run,
    passed_or_failed,
)
from ipf.product.quality.part_names import PART_FOLDER, PART_FOLDERS
from ipf.product.xml_nodes import Node

_KINDS: tuple[Kind, ...] = ("product", "datastrip", "granule", "tile")
_PART_LEVELS: tuple[Level, ...] = ("L0", "L1A", "L1B", "L1C")
"""Levels whose parts have manifests; at Level-2A the product alone has one."""

_ALGORITHMS = {"SHA3-256": "sha3_256", "MD5": "md5", "SHA-256": "sha256"}
_SHOWN = 5
_UNLISTED = "rep_info"
"""Folder of a product whose schemas official manifests do not list."""
_SCHEMA_NOTE = "README.txt"

_SECTIONS = (
    ("platform", "Platform", "platform", True),
    ("processing", "Processing", "processing", True),
    ("acquisitionPeriod", "Acquisition Period", "acquisitionPeriod", True),
    ("frameSet", "MeasurementFrameSet", "measurementFrameSet", False),
    ("information", "Information", "*_Information", False),
    ("annotation", "Annotation", "measurementAnnotation", False),
    ("index", "Index", "measurementIndex", False),
    ("schema", "Schema", "*_Schema", False),
    ("gridReference", "Grid Reference", "measurementGridReference", False),
    ("orbitReference", "Orbit Reference", "measurementOrbitReference", False),
    ("qualityInformation", "Quality Information", "measurementQualityInformation", False),
)
"""Sections of a manifest: name in check identifiers, name in titles, identifier of the metadata objects
(``*`` stands for any beginning), and whether there must be one."""

_EXPECTED = {"processing": ("PDI", "PROVENANCE"), "schema": ("REP", "SYNTAX")}
_DESCRIPTION = ("DMD", "DESCRIPTION")
"""Category and classification of every other section."""


def _on_manifest(check: Callable[[Item, Node], Finding]) -> Callable[[Item, QualityParameters], Finding]:
    """The check of a manifest as a check of the item that owns it."""

    def run(item: Item, parameters: QualityParameters) -> Finding:
        if item.manifest is None:
            if check is _safe_manifest and _owes_manifest(item):
                return passed_or_failed(False, f"{MANIFEST_NAME} is missing.")
            return not_run(f"{item.identifier} has no manifest of its own")
        return check(item, Node.of_document(item.manifest, ("XFDU",)))

    return run


def _owes_manifest(item: Item) -> bool:
    """Whether an item must have a manifest of its own: a product, and a part that is handed over alone."""
    if item.kind == "product":
        return True
    above = {folder.name for folder in list(item.folder.parents)[:2]}
    return PART_FOLDER.fullmatch(item.folder.name) is not None and not above & PART_FOLDERS.keys()


def _elements(root: Node, name: str) -> list[Node]:
    return [Node(element, root.file) for element in root.element.iter(f"{{*}}{name}")]


def _listed(names: Iterable[object]) -> str:
    """The first few of many names."""
    words = [str(name) for name in names]
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more


def _safe_manifest(item: Item, root: Node) -> Finding:
    missing = [
        name
        for name in ("informationPackageMap", "metadataSection", "dataObjectSection")
        if root.find(name) is None
    ]
    message = f"Manifest lacks {', '.join(missing)}." if missing else "Safe manifest present."
    return passed_or_failed(not missing, message)


def _metadata_objects(root: Node, pattern: str) -> list[Node]:
    objects = _elements(root, "metadataObject")
    if pattern.startswith("*"):
        return [node for node in objects if (node.optional_attribute("ID") or "").endswith(pattern[1:])]
    return [node for node in objects if node.optional_attribute("ID") == pattern]


def _exists(identifier: str, title: str, item: Item, root: Node) -> Finding:
    found = bool(_metadata_objects(root, identifier))
    return passed_or_failed(found, f"{title} exists." if found else f"{title} is missing.")


def _attribute(
    name: str, expected: str, title: str, pattern: str, required: bool, item: Item, root: Node
) -> Finding:
    """Whether `name` (category or classification) of every metadata object of a section is `expected`."""
    objects = _metadata_objects(root, pattern)
    if not objects:
        message = f"{title} is missing." if required else f"No {title} {name} in product."
        return passed_or_failed(not required, message)
    wrong = [
        f"{node.attribute('ID')} ({node.optional_attribute(name) or 'none'})"
        for node in objects
        if node.optional_attribute(name) != expected
    ]
    if wrong:
        return passed_or_failed(False, f"{name.capitalize()} is not {expected} for : {_listed(wrong)}")
    names = ", ".join(node.attribute("ID") for node in objects)
    return passed_or_failed(True, f"{name.capitalize()} ok for : {names}")


def _identifiers(item: Item, root: Node) -> Finding:
    """Whether every reference to an identifier finds it, every data object is referred to, and none is given
    twice.
    """
    metadata = [node.attribute("ID") for node in _elements(root, "metadataObject")]
    data = [node.attribute("ID") for node in _elements(root, "dataObject")]
    units = [node.attribute("ID") for node in _elements(root, "contentUnit") if node.optional_attribute("ID")]
    everything = metadata + data + units
    twice = sorted({name for name in everything if everything.count(name) > 1})
    pointed = [node.attribute("dataObjectID") for node in _elements(root, "dataObjectPointer")]
    lost = [name for name in pointed if name not in data]
    for element in (*_elements(root, "contentUnit"), *_elements(root, "dataObject")):
        for attribute in ("dmdID", "pdiID", "repID", "anyMdID"):
            names = (element.optional_attribute(attribute) or "").split()
            lost += [name for name in names if name not in metadata]
    found = {
        "not defined": lost,
        "twice": twice,
        "referred to by nothing": [name for name in data if name not in set(pointed)],
    }
    problems = [f"{what}: {_listed(names)}" for what, names in found.items() if names]
    if problems:
        return passed_or_failed(False, f"Id References {'; '.join(problems)}")
    return passed_or_failed(True, "All the Id References defined in the product are valid.")


def _references(root: Node) -> list[tuple[str, Node]]:
    """Paths of the files that the manifest names, and their streams; ProductError for one that leads out."""
    references = []
    for stream in _elements(root, "byteStream"):
        for location in stream.all("fileLocation"):
            reference = location.attribute("href")
            path = PurePosixPath(reference)
            if path.is_absolute() or ".." in path.parts or "://" in reference:
                raise location.error(f"fileLocation: '{reference}' is not a path inside the product")
            references.append((path.as_posix(), stream))
    return references


def _documentation(root: Node) -> list[str]:
    """Paths of the files that metadata objects refer to, which have no stream; addresses are left out."""
    references = [node.attribute("href") for node in _elements(root, "metadataReference")]
    return [PurePosixPath(reference).as_posix() for reference in references if "://" not in reference]


def _files_exist(item: Item, root: Node) -> Finding:
    """Whether every file that the manifest names is there, with the size and checksum that it states, and of
    a product every part that its metadata list.
    """
    references = _references(root)
    # Few of many are shown: whole parts go before files.
    problems = list(listing_of(item).lost) if item.kind == "product" else []
    problems += [
        problem for path, stream in references if (problem := _difference(item.folder / path, stream))
    ]
    if not references:
        problems.append("the manifest refers to no file")
    for path in _documentation(root):
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            problems.append(f"'{path}' is not a path inside the product")
        elif not (item.folder / path).is_file():
            problems.append(f"{path} is missing")
    if problems:
        return passed_or_failed(False, f"{len(problems)} references are wrong: {_listed(problems)}")
    return passed_or_failed(True, "All external references are present in the product directory.")


def _difference(path: Path, stream: Node) -> str | None:
    """What tells a file from the stream that the manifest describes, None where nothing does."""
    if not path.is_file():
        return f"{path.name} is missing"
    size = stream.optional_attribute("size")
    if size is not None and stream.attribute_integer("size") != path.stat().st_size:
        return f"{path.name} has {path.stat().st_size} bytes, expected {size}"
    checksum = stream.find("checksum")
    if checksum is None:
        return f"{path.name} has no checksum"
    algorithm = _ALGORITHMS.get(checksum.attribute("checksumName"))
    if algorithm is None:
        raise checksum.error(f"checksumName {checksum.attribute('checksumName')} is not known")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    return None if found == checksum.text().lower() else f"{path.name} has another checksum"


def _no_extra_files(item: Item, root: Node) -> Finding:
    """Whether the folder holds nothing that the manifest does not name, and of a product no part that its
    metadata do not list.
    """
    named = {*(path for path, _ in _references(root)), *_documentation(root)}
    extra = [
        path
        for path in sorted(_files(item.folder, (os.path.realpath(item.folder),)))
        if path not in named and not _may_be_unlisted(path, item)
    ]
    if item.kind == "product":
        unlisted = [f"{folder} (not listed by {item.document.name})" for folder in listing_of(item).unlisted]
        extra = unlisted + extra
    if extra:
        return passed_or_failed(False, f"Extra Files: {_listed(extra)}", {"EXTRA_FILES": len(extra)})
    return passed_or_failed(True, "No Extra Files found in product directory.")


def _files(folder: Path, above: tuple[str, ...], prefix: str = "") -> Iterator[str]:
    """Paths in `folder` of all that is no folder, also behind links; `above` are the folders that lead here.

    A job's input is made of links. One that leads nowhere, or back to a folder above it, is a file.
    """
    for entry in folder.iterdir():
        path, place = f"{prefix}{entry.name}", os.path.realpath(entry)
        if entry.is_dir() and place not in above:
            yield from _files(entry, (*above, place), f"{path}/")
        else:
            yield path


def _may_be_unlisted(path: str, item: Item) -> bool:
    """Whether official manifests leave a file out: themselves, and of a product its schemas, the note that
    stands in for them, and its browse image.
    """
    if path == MANIFEST_NAME:
        return True
    parts = PurePosixPath(path).parts
    browse_image = len(parts) == 1 and path.endswith("-ql.jpg")
    schema = len(parts) == 2 and parts[0] == _UNLISTED and (path.endswith(".xsd") or parts[1] == _SCHEMA_NOTE)
    return item.kind == "product" and (browse_image or schema)


def _inspections() -> Iterable[Inspection]:
    plain = (
        ("checkSafeManifest", "Safe Manifest check.", _safe_manifest, "has its three sections"),
        (
            "hrefExist",
            "Checks if all external references are present in the product directory.",
            _files_exist,
            "every file named is there, with its size and checksum",
        ),
        (
            "idReferences",
            "Checks if all the Id References defined in the product are valid.",
            _identifiers,
            "every reference to an identifier finds it",
        ),
        (
            "extraData",
            "Checks if Extra Files are present in product directory.",
            _no_extra_files,
            "the folder holds nothing that is not named",
        ),
        (
            "processingExists",
            "Checks if Processing metadata is present.",
            partial(_exists, "processing", "Processing"),
            "has the section",
        ),
        (
            "acquisitionPeriodExists",
            "Checks if Acquisition Period is present.",
            partial(_exists, "acquisitionPeriod", "Acquisition Period"),
            "has the section",
        ),
    )
    for identifier, title, check, summary in plain:
        yield from _for_all(identifier, title, check, f"manifest {summary}")
    for section, title, pattern, required in _SECTIONS:
        category, classification = _EXPECTED.get(section, _DESCRIPTION)
        for name, expected in (("category", category), ("classification", classification)):
            yield from _for_all(
                f"{section}{name.capitalize()}",
                f"Checks if {title} {name.capitalize()} is correctly defined.",
                partial(_attribute, name, expected, title, pattern, required),
                f"{name} of {pattern} in the manifest is {expected}",
            )


def _for_all(
    identifier: str, title: str, check: Callable[[Item, Node], Finding], summary: str
) -> Iterable[Inspection]:
    run = _on_manifest(check)
    for kinds, levels in ((_KINDS, _PART_LEVELS), (("product",), ("L2A",))):
        yield Inspection(
            identifier,
            "FORMAT_CORRECTNESS",
            title,
            kinds,
            levels,
            run,
            summary,
            on_document=False,
            needs="manifest",
        )


INSPECTIONS: tuple[Inspection, ...] = tuple(_inspections())
"""The checks of manifests, in one order for all items."""
