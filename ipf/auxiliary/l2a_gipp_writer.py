"""Writing Sen2Cor's Level-2A parameter files, each field under a comment that explains it."""

from __future__ import annotations

from typing import Any

from lxml import etree
from pydantic import BaseModel

from ipf.auxiliary.l2a_gipp_model import FIRST_RELEASE, Gipp, properties


def gipp_document(gipp: Gipp) -> bytes:
    """The parameter file as an XML document; the same content always gives the same bytes."""
    model = type(gipp)
    root = etree.Element(model.root)
    for name in model.model_fields:
        section = _section(root, properties(model, name)["section"])
        section.append(etree.Comment(f" {_explanation(model, name)} "))
        value = getattr(gipp, name)
        for entry in value if isinstance(value, tuple) else (value,):
            _write(section, name, entry)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _section(root: etree._Element, path: str) -> etree._Element:
    """The section `path`, made where it is missing."""
    place = root
    for name in path.split("/"):
        below = place.find(name)
        place = etree.SubElement(place, name) if below is None else below
    return place


def _explanation(model: type[Gipp], name: str) -> str:
    known = properties(model, name)
    newer = "" if known["release"] == FIRST_RELEASE else f"; since Sen2Cor {known['release']}"
    return f"{model.model_fields[name].description} ({known['expected']}{newer})"


def _write(section: etree._Element, name: str, value: Any) -> None:
    element = etree.SubElement(section, name)
    if not isinstance(value, BaseModel):
        element.text = _text(value)
        return
    attributes: tuple[str, ...] = getattr(value, "attributes", ())
    for key in type(value).model_fields:
        text = _text(getattr(value, key))
        if key in attributes:
            element.set(key, text)
        elif key == "content":
            element.text = text
        else:
            etree.SubElement(element, key).text = text


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        digits = f"{value:.10f}".rstrip("0")
        return digits + "0" if digits.endswith(".") else digits
    return str(value)
