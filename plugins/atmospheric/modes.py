"""The two modes of the chain, and the parameter files of Sen2Cor, as parameters of its steps.

A mode is nothing but a set of parameters. `accurate` is that of the defaults; `sen2cor` has Sen2Cor's rules,
so that results compare: what its parameter files say (a set of defaults comes along), and the choices of
`SEN2COR`, which those files have no field for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

from ipf_plugins.atmospheric.gipp_settings import settings_of_gipps, settings_of_inputs

from ipf.auxiliary.l2a_gipp import read_gipp_of_type
from ipf.engine import Setting, TaskRequest, TaskSettings
from ipf.errors import ParameterError

PARAMETER = "MODE"
"""Dynamic parameter of the job order that chooses the mode."""
ACCURATE, SEN2COR_MODE = "accurate", "sen2cor"
MODES = (ACCURATE, SEN2COR_MODE)

DEFAULT_FILES = {
    "GIP_L2ACFG": "L2A_GIPP.xml",
    "GIP_L2ACSC": "L2A_CAL_SC_GIPP.xml",
    "GIP_L2ACAC": "L2A_CAL_AC_GIPP.xml",
}
"""Parameter files of the mode `sen2cor` by type. The fourth, the processing baseline, is left to the user."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter that Sen2Cor has no field for, what it is set to, and why that is Sen2Cor's way."""

    step: str
    parameter: str
    value: Any
    reason: str


SEN2COR: tuple[Choice, ...] = (
    Choice(
        "spectral_classification", "thick_cirrus_confidence", 0, "clouds seen in B10 keep their confidence"
    ),
    Choice("spectral_classification", "thick_cirrus_elevation_maximum", 10000.0, "also on high ground"),
    Choice("cloud_field", "view_parallax", False, "clouds stand where they are seen"),
    Choice("cloud_field", "match_heights", False, "cloud heights are those of a fixed distribution"),
    Choice("scene_classification", "dark_class", "dark", "class 2 is every dark pixel (2.8)"),
    Choice("scene_classification", "remainder_class", 7, "what no rule decides is unclassified (2.8)"),
    Choice("scene_classification", "dark_in_shadow", False, "dark pixels stay dark in shadow (2.8)"),
    Choice("scene_classification", "shadow_on_water", False, "water stays water in shadow"),
    Choice("scene_classification", "dilations", False, "clouds, shadows and snow do not grow (2.8)"),
    Choice("scene_classification", "growth_spares", False, "where they do, over everything (2.10)"),
    Choice("scene_classification", "bright_ground", False, "small bright clouds stay clouds (2.8)"),
    Choice(
        "scene_classification",
        "cirrus_recovery",
        "with_land_cover",
        "cirrus is recovered where land is mapped",
    ),
    Choice(
        "scene_classification", "land_recovery", "with_land_cover", "land is recovered where it is mapped"
    ),
    Choice("dark_targets", "relation", "swir_ratio", "red is half of B12, blue half of red"),
    Choice("dark_targets", "nir_maximum", 0.38, "brighter vegetation is no target"),
    Choice("dark_targets", "red_maximum", 0.10, "vegetation brighter in red is no target"),
    Choice("dark_targets", "visibility_limits", True, "visibility is 5 to 120 km"),
    Choice("apda", "surface_ratio", "one", "the ground is as bright in B09 as in B8A"),
    Choice("cirrus_fit", "method", "means", "cirrus against clear sky by their means"),
)
"""Choices of Sen2Cor, of release 2.8 where releases differ."""


def settings_of_request(request: TaskRequest) -> TaskSettings:
    """Settings of the mode that the job order names, then of the parameter files among its inputs.

    Raises `ParameterError` for an unknown mode, and as `settings_of_inputs` does.
    """
    mode = request.parameters.get(PARAMETER, ACCURATE).strip() or ACCURATE
    if mode not in MODES:
        raise ParameterError(
            f"{request.source}: parameter {PARAMETER} = {mode!r}: expected {' or '.join(MODES)}"
        )
    preset = sen2cor_settings() if mode == SEN2COR_MODE else TaskSettings()
    given = settings_of_inputs(request.inputs)
    return TaskSettings(
        (*preset.settings, *given.settings),
        (*preset.warnings, *given.warnings),
        (*preset.files, *given.files),
    )


def sen2cor_settings() -> TaskSettings:
    """Settings of the mode `sen2cor`: of the parameter files that come along, then of `SEN2COR`."""
    with as_file(files("ipf_auxdata.gipp")) as folder:
        defaults = settings_of_gipps(
            read_gipp_of_type(folder / name, file_type) for file_type, name in DEFAULT_FILES.items()
        )
    choices = tuple(
        Setting(each.step, each.parameter, each.value, f"mode {SEN2COR_MODE}") for each in SEN2COR
    )
    return TaskSettings((*defaults.settings, *choices), defaults.warnings, defaults.files)
