"""Validation of metadata documents against the schemas of the specification, which a user provides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lxml import etree

from ipf.errors import ParameterError
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    QualityParameters,
    not_run,
    passed_or_failed,
)

_ROOT = re.compile(r"Level-(0|1A|1B|1C|2A)_(DataStrip_ID|Granule_ID|Tile_ID|User_Product)")
_PARTS = {"DataStrip_ID": "Datastrip", "Granule_ID": "Granule", "Tile_ID": "Tile"}
_FOLDERS = {"14.8": "PSD148", "15.0": "PSD150"}


def schema_name(root: str) -> str | None:
    """File name of the schema of documents with this root element, None for other documents.

    ``Level-1C_Tile_ID`` gives ``S2_PDI_Level-1C_Tile_Metadata.xsd``.
    """
    match = _ROOT.fullmatch(root)
    if match is None:
        return None
    if match[2] == "User_Product":
        return f"S2_User_Product_Level-{match[1]}_Metadata.xsd"
    return f"S2_PDI_Level-{match[1]}_{_PARTS[match[2]]}_Metadata.xsd"


def _validate(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the metadata document is valid; what it says first where it is not."""
    if parameters.schemas is None:
        return not_run("no folder of schemas was given")
    root = item.root
    name = schema_name(root.name)
    if name is None:
        return passed_or_failed(False, f"Root element {root.name} has no schema.")
    path = _schema_path(parameters.schemas, item.psd_version, name)
    if path is None:
        return not_run(f"documents of baseline {item.baseline} follow an earlier specification than 14.8")
    schema = _read_schema(path)
    if schema.validate(root.element):
        return passed_or_failed(True, "The schema validation passed successfully.")
    log: Iterable[Any] = schema.error_log  # type: ignore[assignment]  # the stubs know no iteration
    errors = [f"line {error.line}: {error.message}" for error in log]
    shown = "; ".join(errors[: parameters.schema_errors_shown])
    return passed_or_failed(
        False, f"{len(errors)} errors against {path.name}: {shown}", {"ERRORS": len(errors)}
    )


def _schema_path(folder: Path, version: str | None, name: str) -> Path | None:
    """The schema `name`: of a folder with one version that one, whatever it is, else that of `version`."""
    if (folder / name).is_file():
        return folder / name
    if version is None:
        return None
    path = folder / _FOLDERS[version] / name
    if not path.is_file():
        raise ParameterError(f"schemas: {folder} has neither {name} nor {_FOLDERS[version]}/{name}")
    return path


def _read_schema(path: Path) -> etree.XMLSchema:
    """The schema and what it includes, from files of its own folder only."""
    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True)))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as problem:
        raise ParameterError(f"schemas: {path}: not a schema: {' '.join(str(problem).split())}") from problem


INSPECTIONS: tuple[Inspection, ...] = (
    Inspection(
        "schemaXmlValidator",
        "FORMAT_CORRECTNESS",
        "Schema Validator.",
        ("product", "datastrip", "granule", "tile"),
        ("L0", "L1A", "L1B", "L1C", "L2A"),
        _validate,
        "metadata are valid against the official schema",
        needs="schemas",
    ),
)
"""The check of metadata documents against schemas."""
