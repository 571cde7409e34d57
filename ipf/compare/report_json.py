"""A comparison as JSON, for programs: verdicts, figures, limits and differences, without pictures.

Version 1 has ``version``, ``status``, ``kind``, ``profile``, ``reference``, ``candidate``; ``notes``,
sentences about the whole; ``checks``, each with ``name``, ``item``, ``status``, ``message``, ``figures``,
``limits``; ``naming``, each with ``place``, ``reference``, ``candidate``; and ``parts``, each with ``item``
and what its nature has: ``raster``, ``shift``, ``classes``, ``mask``, ``document``. What is not a number is
null, an infinite limit ``"inf"``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from ipf.compare.figures import ClassMapFigures, MaskFigures, RasterFigures, ShiftField
from ipf.compare.results import Comparison, PartResult

VERSION = 1
_PICTURES = frozenset({"histogram", "density", "thumbnails", "reference", "candidate", "changed", "step"})


def comparison_json(comparison: Comparison) -> str:
    """The comparison as text, ending in a line feed; the same comparison gives the same text."""
    content = {
        "version": VERSION,
        "status": comparison.status,
        "kind": comparison.kind,
        "profile": comparison.profile,
        "reference": str(comparison.reference),
        "candidate": str(comparison.candidate),
        "notes": comparison.notes,
        "checks": [asdict(check) for check in comparison.checks],
        "naming": [asdict(difference) for difference in comparison.naming],
        "parts": [_part(part) for part in comparison.parts],
    }
    return json.dumps(_plain(content), indent=2, allow_nan=False) + "\n"


def _part(part: PartResult) -> dict[str, Any]:
    content: dict[str, Any] = {"item": part.item}
    for name in ("raster", "shift", "classes", "mask"):
        figures = getattr(part, name)
        if figures is not None:
            content[name] = _figures(figures)
    if part.document:
        content["document"] = [asdict(difference) for difference in part.document]
    return content


def _figures(figures: RasterFigures | ShiftField | ClassMapFigures | MaskFigures) -> dict[str, Any]:
    left_out = set() if isinstance(figures, ShiftField) else _PICTURES
    return {
        entry.name: getattr(figures, entry.name) for entry in fields(figures) if entry.name not in left_out
    }


def _plain(value: Any) -> Any:
    """The value in the types of JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if hasattr(value, "__dataclass_fields__"):
        return _plain({entry.name: getattr(value, entry.name) for entry in fields(value)})
    return value
