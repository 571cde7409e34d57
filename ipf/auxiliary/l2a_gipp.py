"""Reading Sen2Cor's Level-2A parameter files, of releases 2.1 to 3.

Sections and namespaces are not asked for: a field is known by its name, wherever in the document it stands,
since releases moved fields between sections and ground segments wrap the documents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import pydantic
from lxml import etree
from pydantic import BaseModel

from ipf.auxiliary.l2a_gipp_calibration import ProcessingBaseline, SceneClassificationCalibration
from ipf.auxiliary.l2a_gipp_configuration import Configuration
from ipf.auxiliary.l2a_gipp_correction import AtmosphericCorrectionCalibration
from ipf.auxiliary.l2a_gipp_model import Gipp, properties
from ipf.errors import AuxiliaryError
from ipf.xml import local_name, parse_xml

MAXIMUM_BYTES = 2**20
"""Largest parameter file that is read; real ones have less than 20 kB."""

GIPPS: tuple[type[Gipp], ...] = (
    Configuration,
    SceneClassificationCalibration,
    AtmosphericCorrectionCalibration,
    ProcessingBaseline,
)
"""The four parameter files."""

FILE_TYPES: dict[str, type[Gipp]] = {gipp.file_type: gipp for gipp in GIPPS}
"""Parameter file by the type under which a job order names it."""

G = TypeVar("G", bound=Gipp)


@dataclass(frozen=True, slots=True)
class GippFile(Generic[G]):
    """A parameter file that was read: its content, where it stands, and lines for an operator."""

    path: Path
    content: G
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    """What a document holds: value (text, or mapping of texts) by field, and lines for an operator."""

    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_gipp(path: Path, model: type[G]) -> GippFile[G]:
    """Read the parameter file `path` as `model`.

    A field that the model does not know is a line in `notes`, one that the file lacks has its default. Raises
    `AuxiliaryError` naming the file when it is no parameter file of that kind (or missing, too large,
    malformed, with a document type), and naming field, value and range when a value is of the wrong type, out
    of range or given twice.
    """
    document = _document(path, model)
    found = _Found()
    _collect(document, path, model, found)
    try:
        content = model(**found.values)
    except pydantic.ValidationError as problem:
        raise AuxiliaryError(_refusal(path, model, problem)) from problem
    return GippFile(path, content, tuple(found.notes))


def read_gipp_of_type(path: Path, file_type: str) -> GippFile[Any]:
    """Read a parameter file by the type that the job order states; raises `AuxiliaryError` as `read_gipp`."""
    if file_type not in FILE_TYPES:
        raise AuxiliaryError(f"{path}: type {file_type}, expected one of {', '.join(FILE_TYPES)}")
    return read_gipp(path, FILE_TYPES[file_type])


def _document(path: Path, model: type[Gipp]) -> etree._Element:
    """The element that holds the fields: the root of the document, or below a wrapper."""
    root = parse_xml(path, AuxiliaryError, MAXIMUM_BYTES)
    for element in root.iter(etree.Element):
        if local_name(element) == model.root:
            return element
    raise AuxiliaryError(f"{path}: root element {local_name(root)}, expected {model.root}")


def _collect(element: etree._Element, path: Path, model: type[Gipp], found: _Found) -> None:
    """Gather the fields below `element`."""
    for child in element:
        name = model.former_names.get(local_name(child), local_name(child))
        if name not in model.model_fields:
            if len(child):
                _collect(child, path, model, found)
            else:
                found.notes.append(
                    f"{path}: {local_name(element)}/{local_name(child)}: unknown field, left out"
                )
        elif _repeats(model, name):
            found.values.setdefault(name, []).append(_entry(child, path, model, name, found))
        elif len(child):
            raise AuxiliaryError(f"{path}: {name}: holds elements, expected {_expected(model, name)}")
        elif name in found.values:
            raise AuxiliaryError(f"{path}: {name}: given twice")
        else:
            found.values[name] = _text(child)


def _entry(element: etree._Element, path: Path, model: type[Gipp], name: str, found: _Found) -> Any:
    """Value of one of several elements of the same name: its text, or texts by attribute and element."""
    entry = _entry_model(model, name)
    if entry is None:
        return _text(element)
    values: dict[str, str] = {}
    for key, value in element.attrib.items():
        values[etree.QName(str(key)).localname] = str(value).strip()
    for child in element:
        values[local_name(child)] = _text(child)
    if "content" in entry.model_fields:
        values["content"] = _text(element)
    for key in [key for key in values if key not in entry.model_fields]:
        found.notes.append(f"{path}: {name}/{key}: unknown field, left out")
        del values[key]
    return values


def _repeats(model: type[Gipp], name: str) -> bool:
    return isinstance(model.model_fields[name].default, tuple)


def _entry_model(model: type[Gipp], name: str) -> type[BaseModel] | None:
    first = model.model_fields[name].default[0]
    return type(first) if isinstance(first, BaseModel) else None


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _expected(model: type[Gipp], name: str) -> str:
    return str(properties(model, name)["expected"])


def _refusal(path: Path, model: type[Gipp], problem: pydantic.ValidationError) -> str:
    """One line on the first bad value; a bad entry of a list also says which, and why."""
    first = problem.errors()[0]
    name, *inner = (str(part) for part in first["loc"])
    place = "".join(f"[{int(part) + 1}]" if part.isdigit() else f"/{part}" for part in inner)
    if not place:
        value = "" if isinstance(first["input"], list | tuple) else f" = {first['input']!r}"
        return f"{path}: {name}{value}: expected {_expected(model, name)}"
    value = "" if isinstance(first["input"], dict) else f" = {first['input']!r}"
    reason = first["msg"][0].lower() + first["msg"][1:]
    return f"{path}: {name}{place}{value}: {reason}"
