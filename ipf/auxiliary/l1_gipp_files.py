"""Reading and writing the parameter files of Level 1 of `ipf.auxiliary.l1_gipp`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
from lxml import etree

from ipf.auxiliary.gipp_choice import choose_auxiliary_file, find_auxiliary_files
from ipf.auxiliary.gipp_documents import PROVIDER, GippHeading, content_of, new_document, open_gipp
from ipf.auxiliary.gipp_names import ANY_SATELLITE, AuxiliaryName
from ipf.auxiliary.l1_gipp_model import Level1Gipp, element_of, is_by_band, is_list, source_of, unit_of
from ipf.errors import AuxiliaryError
from ipf.product.bands import BY_NAME
from ipf.product.utc import UtcTime
from ipf.product.xml_builder import add, text_of
from ipf.product.xml_nodes import Node


@dataclass(frozen=True, slots=True)
class Level1GippFile:
    """A parameter file that was read; of another form than ours, `content` is what is public, or None."""

    path: Path
    heading: GippHeading
    content: Level1Gipp | None

    @property
    def given(self) -> Mapping[str, Any]:
        """The fields that the file holds, by name."""
        if self.content is None:
            return {}
        return {name: getattr(self.content, name) for name in sorted(self.content.model_fields_set)}

    @property
    def doubts(self) -> tuple[str, ...]:
        """What an operator should know of a file whose form is not public."""
        if self.heading.provider == PROVIDER:
            return ()
        provider = self.heading.provider or "nobody"
        but = f" but for {', '.join(map(element_of, self.given))}" if self.given else ""
        return (
            f"{self.path}: made by {provider} in a form that is not public{but};"
            " the defaults are used instead",
        )


def find_level_1_gipp(
    paths: Sequence[Path], model: type[Level1Gipp], serving: tuple[str, UtcTime] | None
) -> Level1GippFile | None:
    """The file of `model` among `paths`, files or folders: the only one, or the one that serves.

    serving : satellite (``S2A``) and time that the file must be for; None where these are not known yet,
        and then None of several files

    Raises `AuxiliaryError` naming a file that does not serve, or all where none of several does; else as
    `read_level_1_gipp`.
    """
    found = [file for file in find_auxiliary_files(paths) if file.name.file_type == model.file_type]
    if len(paths) == 1 and len(found) < 2:
        path = found[0].path if found else paths[0]
    elif serving is None:
        return None
    else:
        path = choose_auxiliary_file(found, model.file_type, *serving).path
    file = read_level_1_gipp(path, model)
    if serving is not None:
        check_serves(file, *serving)
    return file


def read_level_1_gipp(path: Path, model: type[Level1Gipp]) -> Level1GippFile:
    """Read the parameter file of `model` at `path`, packed or not.

    Raises `AuxiliaryError` naming file, line and element: another root, an element that is unknown, given
    twice, of another unit, not of its kind or out of its range. A file of another provider than this project
    may have any elements: it is read as far as its form is public, which often is its heading only.
    """
    root = open_gipp(path, model.root)
    heading = GippHeading.of(root)
    if heading.provider != PROVIDER:
        return Level1GippFile(path, heading, model.of_ground_segment(root.child("DATA")))
    fields = {element_of(name): name for name in model.model_fields}
    values: dict[str, Any] = {}
    for node in root.child("DATA").all("*"):
        name = fields.get(node.name)
        if name is None:
            raise node.error(f"{node.name}: unknown element, expected one of {', '.join(fields)}")
        if name in values:
            raise node.error(f"{node.name} is given twice")
        unit = node.attribute("unit")
        if unit != unit_of(model, name):
            raise node.error(f"{node.name}: unit is {unit}, expected {unit_of(model, name)}")
        values[name] = _value(node, model, name)
        _refuse(node, model, name, values[name])
    if model.per_satellite and not values:
        raise root.child("DATA").error(f"no element, expected {', '.join(fields)}")
    content = model.model_validate(values)
    if content.contradiction():
        raise root.child("DATA").error(content.contradiction())
    return Level1GippFile(path, heading, content)


def _value(node: Node, model: type[Level1Gipp], name: str) -> Any:
    if is_by_band(model, name):
        found: dict[str, float] = {}
        for part in node.all("BAND"):
            band = part.attribute_band("band_id")
            if band in found:
                raise part.error(f"{node.name}: {band} is given twice")
            found[band] = part.number()
        return found
    if is_list(model, name):
        return tuple(node.numbers().tolist())
    annotation = model.model_fields[name].annotation
    if annotation is bool:
        return node.flag()
    if annotation is int:
        return node.integer()
    default = model.model_fields[name].default
    return node.number() if isinstance(default, float) else node.text()


def _refuse(node: Node, model: type[Level1Gipp], name: str, value: Any) -> None:
    try:
        model.model_validate({name: value})
    except pydantic.ValidationError as problem:
        told = problem.errors()[0]["msg"].removeprefix("Value error, ")
        shown = "" if isinstance(value, dict | tuple) else f" = {value}"
        raise node.error(f"{node.name}{shown}: {told[0].lower()}{told[1:]}") from problem


def level_1_gipp_document(content: Level1Gipp, name: AuxiliaryName) -> bytes:
    """The file called `name`: every field with unit, text and source; one content, the same bytes."""
    model = type(content)
    document, data = new_document(model.root, GippHeading.of_name(name))
    for field, described in model.model_fields.items():
        data.append(etree.Comment(f" {described.description} ({source_of(model, field)}) "))
        value, unit = getattr(content, field), unit_of(model, field)
        if not is_by_band(model, field):
            text = " ".join(map(text_of, value)) if is_list(model, field) else value
            add(data, element_of(field), text, unit=unit)
            continue
        element = add(data, element_of(field), unit=unit)
        for band, number in value.items():
            add(element, "BAND", float(number), band_id=BY_NAME[band].identifier)
    return content_of(document)


def check_serves(file: Level1GippFile, satellite: str, sensed: UtcTime) -> None:
    """Refuse a file of another satellite, or out of validity when the datastrip was sensed."""
    heading = file.heading
    if heading.satellite not in (satellite, ANY_SATELLITE):
        raise AuxiliaryError(
            f"{file.path}: SATELLITE is {heading.satellite}, wrong satellite: expected {satellite}"
        )
    if not heading.applicable_from.moment <= sensed.moment <= heading.applicable_until.moment:
        raise AuxiliaryError(
            f"{file.path}: APPLICABILITY_DATE and APPLICABILITY_END_DATE are {heading.applicable_from} to"
            f" {heading.applicable_until}, out of validity: expected that of {sensed}"
        )
