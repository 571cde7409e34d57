"""The parameter file of quality control (GIP_OLQCPA): every threshold with its unit, written and read.

The form is this project's own, in the Earth Explorer file style of official quality documents; the official
file is an archive of another program's configuration and is not read. A file is known by its element
``Data_Block/Quality_Parameters``, each threshold by its name in capitals.
"""

from __future__ import annotations

import math
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pydantic
from lxml import etree
from pydantic_core import ErrorDetails

from ipf.errors import AuxiliaryError
from ipf.product.quality.parameters import QualityParameters
from ipf.product.xml_builder import add, serialised
from ipf.xml import local_name, parse_xml_bytes, read_bounded

FILE_TYPE = "GIP_OLQCPA"
SHIPPED_NAME = "S2__OPER_GIP_OLQCPA_IPF__20261125T000000_V20150622T000000_21000101T000000_B00"
"""Name of the file that holds the defaults; the dates are those of the thresholds, not of a run."""
MAXIMUM_BYTES = 2**20
MAXIMUM_ARCHIVE_BYTES = 64 * 2**20
MAXIMUM_MEMBERS = 1000

_ROOT, _BLOCK, _PARAMETERS = "Earth_Explorer_File", "Data_Block", "Quality_Parameters"
_SYSTEM = "ipf"
_NAME = re.compile(
    r"(?P<parent>S2[A-D_]_[A-Z0-9]{4}_GIP_OLQCPA_[A-Z0-9_]{4}_(?P<creation>\d{8}T\d{6})_V(?P<start>\d{8}T\d{6}))"
    r"(?:_(?P<stop>\d{8}T\d{6}))?(?:_B00)?",
    re.ASCII,
)
_DESCRIPTION = re.compile(r"(?P<text>.+) \((?P<unit>[^;()]+)(?:; (?P<source>[^()]+))?\)")
_CHOICE = "choice of this project"
_NOTES = (
    f"A threshold that is left out has the default of this project. One whose source is '{_CHOICE}' is in no"
    " official report or specification."
)
_NO_THRESHOLDS = ("name", "schemas")
_ARCHIVES = (".zip", ".tgz", ".tar", ".gz")
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold as the file holds it: field of `QualityParameters`, element, unit, text and source."""

    field: str
    element: str
    unit: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """A parameter file that was read: `name` for the reports, thresholds by field with their elements.

    `own` is False for a readable file of another form, which says nothing of thresholds.
    """

    path: Path
    name: str
    own: bool = True
    values: Mapping[str, int | float] = field(default_factory=dict)

    def parameters(self) -> QualityParameters:
        """The thresholds of the file, defaults for those that it lacks."""
        return QualityParameters.model_validate({"name": self.name, **self.values})


def thresholds() -> Mapping[str, Threshold]:
    """Every threshold by its element, in the order of the file."""
    found = {}
    for name, described in QualityParameters.model_fields.items():
        if name in _NO_THRESHOLDS:
            continue
        parts = _DESCRIPTION.fullmatch(described.description or "")
        if parts is None:
            raise ValueError(f"{name}: its description tells no unit: {described.description}")
        found[name.upper()] = Threshold(
            name, name.upper(), parts["unit"], parts["text"], parts["source"] or _CHOICE
        )
    return found


def parent_name(file_name: str) -> str:
    """What reports call a parameter file: its name without stop date, band and extensions.

    ``S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20220830T002500_21000101T000000_B00.zip`` gives
    ``S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20220830T002500``.
    """
    match = _NAME.match(file_name)
    return match["parent"] if match else file_name.partition(".")[0]


def parameter_document(parameters: QualityParameters, name: str = SHIPPED_NAME) -> bytes:
    """The parameter file called `name` (without extension); the same content gives the same bytes.

    ValueError when the name is not that of a GIP_OLQCPA.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"'{name}' is not the name of a {FILE_TYPE}")
    root = etree.Element(_ROOT)
    fixed = add(add(root, "Earth_Explorer_Header"), "Fixed_Header")
    add(fixed, "File_Name", name)
    add(fixed, "File_Description", "Thresholds of on-line quality control")
    add(fixed, "Notes", _NOTES)
    add(fixed, "Mission", name[:3])
    add(fixed, "File_Class", name[4:8])
    add(fixed, "File_Type", FILE_TYPE)
    validity = add(fixed, "Validity_Period")
    add(validity, "Validity_Start", _utc(match["start"]))
    add(validity, "Validity_Stop", _utc(match["stop"] or "99991231T235959"))
    add(fixed, "File_Version", "0001")
    source = add(fixed, "Source")
    add(source, "System", _SYSTEM)
    add(source, "Creator", "ipf")
    add(source, "Creator_Version", "1")
    add(source, "Creation_Date", _utc(match["creation"]))
    block = add(add(root, _BLOCK, type="xml"), _PARAMETERS)
    for threshold in thresholds().values():
        block.append(etree.Comment(f" {threshold.text} ({threshold.source}) "))
        add(block, threshold.element, getattr(parameters, threshold.field), unit=threshold.unit)
    return serialised(root)


def _utc(time: str) -> str:
    """``20150622T000000`` as Earth Explorer headers write it."""
    date, clock = time.split("T")
    return f"UTC={date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"


def read_parameter_file(path: Path) -> ParameterFile:
    """Read the parameter file at `path`: an XML document, or a ZIP or tar archive that holds it.

    A readable file of another form (an official archive) has ``own`` False. Raises `AuxiliaryError` naming
    file and element: not readable, an unknown element, a wrong unit, a value given twice, not a number or out
    of its range.
    """
    name = parent_name(path.name)
    if _is_archive(path):
        for member, content in _members(path):
            block = _parameters(content, f"{path}/{member}")
            if block is not None:
                return ParameterFile(path, name, values=_values(block, f"{path}/{member}"))
        return ParameterFile(path, name, own=False)
    block = _parameters(read_bounded(path, AuxiliaryError, MAXIMUM_BYTES, "a parameter file"), str(path))
    if block is None:
        return ParameterFile(path, name, own=False)
    return ParameterFile(path, name, values=_values(block, str(path)))


def _parameters(content: bytes, file: str) -> etree._Element | None:
    """The element that holds the thresholds, None in a document of another form."""
    root = parse_xml_bytes(content, file, AuxiliaryError)
    if local_name(root) != _ROOT:
        return None
    found: etree._Element | None = root.find(f"{{*}}{_BLOCK}/{{*}}{_PARAMETERS}")
    if (
        found is None
        and root.findtext("{*}Earth_Explorer_Header/{*}Fixed_Header/{*}Source/{*}System") == _SYSTEM
    ):
        raise AuxiliaryError(f"{file}: element {_BLOCK}/{_PARAMETERS} is missing")
    return found


def _values(block: etree._Element, file: str) -> dict[str, int | float]:
    known = thresholds()
    values: dict[str, int | float] = {}
    for element in block:
        name = local_name(element)
        where = f"{file}:{element.sourceline}: {name}"
        threshold = known.get(name)
        if threshold is None:
            raise AuxiliaryError(f"{where}: unknown threshold")
        if threshold.field in values:
            raise AuxiliaryError(f"{where}: given twice")
        unit = element.get("unit")
        if unit != threshold.unit:
            raise AuxiliaryError(f"{where}: unit is {unit or 'missing'}, expected {threshold.unit}")
        values[threshold.field] = _number(element, where)
        for problem in _refusals({threshold.field: values[threshold.field]}):
            if problem["loc"]:  # what no threshold is to blame for alone is told once all of them are read
                raise AuxiliaryError(f"{where} = {problem['input']}: {_lower(problem['msg'])}")
    for problem in _refusals(values):
        raise AuxiliaryError(f"{file}: {_lower(problem['msg'].removeprefix('Value error, '))}")
    return values


def _number(element: etree._Element, where: str) -> int | float:
    text = (element.text or "").strip()
    try:
        value = int(text) if re.fullmatch(r"[+-]?\d+", text, re.ASCII) else float(text)
    except ValueError as problem:
        raise AuxiliaryError(f"{where} = '{text}': expected a number") from problem
    if len(element) or not math.isfinite(value):
        raise AuxiliaryError(f"{where} = '{text}': expected a finite number")
    return value


def _refusals(values: Mapping[str, int | float]) -> Sequence[ErrorDetails]:
    """What is wrong with these thresholds."""
    try:
        QualityParameters.model_validate(values)
    except pydantic.ValidationError as problem:
        return problem.errors()
    return ()


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _is_archive(path: Path) -> bool:
    """Whether the file is an archive; one that is called so and is none is an AuxiliaryError."""
    try:
        found = path.is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))
    except _BROKEN as problem:
        raise AuxiliaryError(f"{path}: cannot be read: {problem}") from problem
    if not found and path.is_file() and path.suffix.lower() in _ARCHIVES:
        raise AuxiliaryError(f"{path}: expected a ZIP or tar archive")
    if found and path.stat().st_size > MAXIMUM_ARCHIVE_BYTES:
        raise AuxiliaryError(f"{path}: more than {MAXIMUM_ARCHIVE_BYTES} bytes, expected a parameter file")
    return found


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Documents of an archive that may be of this form: name and content."""
    try:
        for number, (name, content) in enumerate(_archived(path)):
            if number >= MAXIMUM_MEMBERS:
                raise AuxiliaryError(f"{path}: more than {MAXIMUM_MEMBERS} files in the archive")
            if PurePosixPath(name).suffix.lower() == ".xml" and f"<{_PARAMETERS}".encode() in content:
                if len(content) > MAXIMUM_BYTES:
                    raise AuxiliaryError(f"{path}/{name}: more than {MAXIMUM_BYTES} bytes")
                yield name, content
    except _BROKEN as problem:
        raise AuxiliaryError(f"{path}: cannot be read: {problem}") from problem


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    """Files of an archive with the beginnings of their contents, never more than is looked at."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    with archive.open(entry) as stream:
                        yield entry.filename, stream.read(MAXIMUM_BYTES + 1)
        return
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content.read(MAXIMUM_BYTES + 1)
