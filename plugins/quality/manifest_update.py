"""Bringing a manifest up to date with reports that were written: size and checksum, new ones added."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from lxml import etree

from ipf.atomic import write_bytes
from ipf.errors import ProductError
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

_ALGORITHMS = {"SHA3-256": "sha3_256", "SHA-256": "sha256", "MD5": "md5"}
_REPORT = re.compile(r"([A-Z]+)_(?:QUALITY|CORRECTNESS)(?:_report)?\.xml$")
_OWN_REPORT = "L2A_QUALITY"
_QUALITY = "QI_DATA_"
_QUALITY_TEXT = "Quality Control Container"


def check_manifest(manifest: Path) -> None:
    """Raise `ProductError` naming what keeps a manifest from being brought up to date."""
    _Manifest(manifest)


def update_manifest(manifest: Path, reports: Iterable[Path]) -> None:
    """Bring the entries of `reports` up to date, and add those that are missing.

    Raises `ProductError` when the manifest is malformed, `OutputError` when it cannot be written.
    """
    opened = _Manifest(manifest)
    for report in sorted(reports):
        opened.put(report)
    write_bytes(manifest, opened.content())


class _Manifest:
    """An opened manifest."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = Node.of_document(path, ("XFDU",))
        self._objects = self._root.child("dataObjectSection")
        self._package = self._root.child("informationPackageMap/contentUnit")
        self._known = {
            PurePosixPath(location.attribute("href")).as_posix(): item
            for item in self._objects.all("dataObject")
            for location in item.all("byteStream/fileLocation")
        }
        if not self._known:
            raise self._objects.error("no dataObject, expected those of the product's files")
        self._algorithm = next(
            (
                checksum.attribute("checksumName")
                for checksum in self._objects.all("dataObject/byteStream/checksum")
            ),
            None,
        )
        if self._algorithm is not None and self._algorithm not in _ALGORITHMS:
            expected = ", ".join(_ALGORITHMS)
            raise self._objects.error(f"checksumName is {self._algorithm}, expected one of {expected}")

    def content(self) -> bytes:
        """The document."""
        tree = self._root.element.getroottree()
        content: bytes = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=False)
        return content + b"\n"

    def put(self, report: Path) -> None:
        """Enter a report."""
        name = report.relative_to(self._path.parent).as_posix()
        item = self._known.get(name)
        if item is None:
            item = self._known[name] = self._added(name)
        stream = item.child("byteStream")
        stream.element.set("size", str(report.stat().st_size))
        checksum = stream.find("checksum")
        if checksum is not None:
            algorithm = _ALGORITHMS.get(checksum.attribute("checksumName"))
            if algorithm is None:
                raise checksum.error(f"checksumName is {checksum.attribute('checksumName')}")
            checksum.element.text = hashlib.new(algorithm, report.read_bytes()).hexdigest()

    def _added(self, name: str) -> Node:
        """A new data object, and the unit that points to it, beside those of the same folder."""
        container = self._container(name)
        match = None if PurePosixPath(name).stem == _OWN_REPORT else _REPORT.search(name)
        subject = match[1].capitalize() if match else PurePosixPath(name).stem
        owner = (container.get("ID") or "").removeprefix(_QUALITY)
        identifier = f"{subject}_OLQC_Report_{owner}".rstrip("_") + "_Information"
        unit = etree.SubElement(
            container,
            self._package.element.tag,
            ID=f"{identifier}Unit",
            textInfo=_QUALITY_TEXT,
            unitType="Measurement Data Unit",
        )
        add(unit, self._like("dataObjectPointer"), None, dataObjectID=f"{identifier}Data")
        element = add(self._objects.element, self._like("dataObject"), None, ID=f"{identifier}Data")
        stream = add(element, self._like("byteStream"), None, mimeType="application/xml", size=0)
        add(stream, self._like("fileLocation"), None, href=f"./{name}", locatorType="URL")
        if self._algorithm is not None:
            add(stream, self._like("checksum"), "", checksumName=self._algorithm)
        return Node(element, str(self._path))

    def _container(self, name: str) -> etree._Element:
        """The unit that holds the files of the same folder, else the only one of quality data, else the
        package's.
        """
        folder = PurePosixPath(name).parent
        beside = {
            item.attribute("ID") for path, item in self._known.items() if PurePosixPath(path).parent == folder
        }
        for pointer in self._root.element.iter("{*}dataObjectPointer"):
            unit = pointer.getparent()
            holder = None if unit is None else unit.getparent()
            if pointer.get("dataObjectID") in beside and holder is not None:
                return holder
        quality = [
            unit
            for unit in self._root.element.iter("{*}contentUnit")
            if (unit.get("ID") or "").startswith(_QUALITY)
        ]
        return quality[0] if len(quality) == 1 else self._package.element

    def _like(self, name: str) -> str:
        """The qualified name of elements called `name` in this manifest."""
        for element in self._root.element.iter(f"{{*}}{name}"):
            return str(element.tag)
        raise ProductError(f"{self._path}: no {name}")
