"""A mode is a set of parameters, each with its origin; parameter files among the inputs win over it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipf_plugins.atmospheric.modes import SEN2COR, settings_of_request

from ipf.engine import TaskRequest, load_plugins
from ipf.engine.settings import Setting
from ipf.errors import AuxiliaryError, ParameterError


def request(mode: str | None = None, **inputs: Path) -> TaskRequest:
    parameters = {} if mode is None else {"MODE": mode}
    return TaskRequest(
        "L2A", "01.00", "L2A", {name: (path,) for name, path in inputs.items()}, {}, parameters
    )


def chosen(settings: tuple[Setting, ...], step: str, name: str) -> Setting | None:
    """The setting in force."""
    return next((each for each in reversed(settings) if (each.step, each.name) == (step, name)), None)


@pytest.mark.parametrize("mode", [None, "", "accurate"])
def test_the_accurate_mode_is_that_of_the_defaults(mode: str | None) -> None:
    assert settings_of_request(request(mode)).settings == ()


def test_the_mode_sen2cor_sets_what_its_files_say_and_what_they_do_not() -> None:
    found = settings_of_request(request("sen2cor"))
    assert found.warnings == ()
    assert {path.name for path in found.files} == {
        "L2A_GIPP.xml",
        "L2A_CAL_SC_GIPP.xml",
        "L2A_CAL_AC_GIPP.xml",
    }
    smoothing = chosen(found.settings, "dark_targets", "smoothing_km")
    assert smoothing is not None
    assert (smoothing.value, smoothing.origin.endswith("AC_Ddv_Smooting_Window")) == (1.0, True)
    relation = chosen(found.settings, "dark_targets", "relation")
    assert relation == Setting("dark_targets", "relation", "swir_ratio", "mode sen2cor")


def test_every_choice_is_a_parameter_with_another_default() -> None:
    plugins = load_plugins()
    for choice in SEN2COR:
        parameters = plugins.step(choice.step).description.parameters
        assert choice.parameter in parameters.model_fields, choice
        parameters.model_validate({choice.parameter: choice.value})
        assert choice.reason
    changed = [
        choice
        for choice in SEN2COR
        if getattr(plugins.step(choice.step).description.parameters(), choice.parameter) != choice.value
    ]
    same = {(choice.step, choice.parameter) for choice in SEN2COR if choice not in changed}
    assert same <= {("scene_classification", "bright_ground"), ("scene_classification", "remainder_class")}


def test_a_file_of_the_job_order_wins_over_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "L2A_GIPP.xml"
    path.write_text(
        "<Level-2A_Ground_Image_Processing_Parameter><Atmospheric_Correction><Flags><Adj_Km>0.5</Adj_Km></Flags></Atmospheric_Correction></Level-2A_Ground_Image_Processing_Parameter>"
    )
    for mode in ("sen2cor", "accurate"):
        found = settings_of_request(request(mode, GIP_L2ACFG=path))
        setting = chosen(found.settings, "surface_reflectance", "adjacency_range_m")
        assert setting is not None
        assert (setting.value, setting.origin) == (500.0, f"{path}: Adj_Km")
        assert path in found.files


def test_bad_modes_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="MODE = 'fast': expected accurate or sen2cor"):
        settings_of_request(request("fast"))
    path = tmp_path / "L2A_GIPP.xml"
    path.write_text(
        "<Level-2A_Ground_Image_Processing_Parameter><Adj_Km>50</Adj_Km></Level-2A_Ground_Image_Processing_Parameter>"
    )
    with pytest.raises(AuxiliaryError, match=r"L2A_GIPP\.xml.*Adj_Km.*50.*0.*10"):
        settings_of_request(request(GIP_L2ACFG=path))
