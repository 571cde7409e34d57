"""Parameter files of Level 1 in job orders: each changes the parameters that it is for, and says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ipf_plugins import geometric
from ipf_plugins.geometric.gipp_settings import FIELDS, TARGETS, settings_of_gipps
from ipf_plugins.geometric.task_table import tasks

from ipf.auxiliary import l1_gipp as gipps
from ipf.auxiliary.gipp_names import AuxiliaryName
from ipf.auxiliary.l1_gipp_files import level_1_gipp_document
from ipf.auxiliary.l1_gipp_model import Level1Gipp
from ipf.engine import TaskRequest
from ipf.engine.parameters import resolve
from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES
from tests.plugins.geometric.chain_jobs import JobTask, run_job

STEPS = {step.name: step for step in geometric.ipf_steps()}
IRRADIANCE = {band: 100.0 + number for number, band in enumerate(BAND_NAMES)}
CHANGED: Mapping[type[Level1Gipp], Mapping[str, Any]] = {
    gipps.ResamplingParameters: {"interpolation": "cubic"},
    gipps.TilingParameters: {"smallest_share": 0.25},
    gipps.MaskParameters: {
        "opaque_erosion": 0,
        "opaque_dilation": 1,
        "cirrus_erosion": 4,
        "cirrus_dilation": 9,
    },
    gipps.CloudParameters: {
        "blue_band": "B02",
        "swir_band": "B12",
        "opaque_minimum": 0.3,
        "cirrus_minimum": 0.01,
        "snow_index_minimum": 0.4,
    },
    gipps.ConversionParameters: {"white_reflectance": 0.4},
    gipps.CodingParameters: {"jp2_profile": "fast"},
    gipps.GeometricParameters: {"refining": False},
    gipps.InterDetectorParameters: {"detector_choice": "lowest"},
    gipps.ForecastParameters: {"longest_gap": 6.0},
    gipps.RadiometricParameters: {"saturated_count": 4000},
    gipps.AbsoluteCalibration: {"solar_irradiance": IRRADIANCE},
}


def written(
    folder: Path, content: Level1Gipp, satellite: str = "S2A", start: str = "20150622T000000"
) -> Path:
    name = AuxiliaryName(
        satellite, "OPER", content.file_type, "TEST", "20260101T000000", start, "21000101T000000", "B00"
    )
    path = folder / f"{name}.xml"
    path.write_bytes(level_1_gipp_document(content, name))
    return path


def request(**inputs: Path) -> TaskRequest:
    return TaskRequest("L1C", "1", "TASK", {kind: (path,) for kind, path in inputs.items()}, {}, {})


def test_every_file_and_field_is_tried() -> None:
    assert set(CHANGED) | {gipps.EarthModelParameters} == set(TARGETS) == set(gipps.LEVEL_1_GIPPS)
    for model, values in CHANGED.items():
        assert set(values) == set(FIELDS.get(model, model.model_fields))
        defaults = model.model_construct()
        assert all(getattr(defaults, name) != value for name, value in values.items())


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model.file_type)
def test_each_field_sets_the_parameter_of_its_step(tmp_path: Path, model: type[Level1Gipp]) -> None:
    path = written(tmp_path, model(**CHANGED[model]))
    found = settings_of_gipps(request(**{model.file_type: path}), tuple(STEPS))
    assert found.files == (path,)
    assert not found.warnings
    assert not found.without_effect
    assert TARGETS[model]
    for step in TARGETS[model]:
        parameters, origins = resolve(STEPS[step], found.settings)
        for name, value in CHANGED[model].items():
            assert getattr(parameters, name) == value
            (origin,) = (item.origin for item in origins if item.name == name)
            assert origin == f"{path}: {name.upper()}"


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model.file_type)
def test_the_shipped_default_is_that_of_the_step(tmp_path: Path, model: type[Level1Gipp]) -> None:
    if model is gipps.AbsoluteCalibration:
        return  # every satellite has its own; a step without any takes that of official metadata
    path = written(tmp_path, model())
    found = settings_of_gipps(request(**{model.file_type: path}), tuple(STEPS))
    for step in TARGETS[model]:
        assert resolve(STEPS[step], found.settings)[0] == resolve(STEPS[step], ())[0]


def test_every_task_that_takes_a_file_has_a_step_for_it_or_tells_that_it_has_none() -> None:
    known = {model.file_type: model for model in TARGETS}
    reached = set()
    for task in tasks():
        for file in task.inputs:
            model = known.get(file.file_types[0])
            if model is not None and set(TARGETS[model]) & set(task.steps):
                reached.add(model)
    assert reached == set(CHANGED)


def test_files_without_effect_are_told(tmp_path: Path) -> None:
    coding = written(tmp_path, gipps.CodingParameters())
    other = tmp_path / "S2A_OPER_GIP_G2PARA_TEST_20260101T000000_V20150622T000000_21000101T000000_B00.xml"
    other.write_text("<GS2_GEOS2_PARAMETERS/>")
    found = settings_of_gipps(request(GIP_JP2KPA=coding, GIP_G2PARA=other, GIP_VIEDIR=other), ("resample",))
    assert found.without_effect == ("GIP_G2PARA", "GIP_JP2KPA")
    assert not found.settings
    used = settings_of_gipps(request(GIP_G2PARA=other), ("resample",), ("GIP_G2PARA",))
    assert not used.without_effect


@pytest.mark.parametrize("kept", ["DARK_SIGNAL", "SATURATED_COUNT"])
def test_a_file_with_fields_of_other_chains_only_is_told(tmp_path: Path, kept: str) -> None:
    path = written(tmp_path, gipps.RadiometricParameters(saturated_count=4000, dark_signal=False))
    lines = path.read_text().splitlines()
    data = lines.index("  <DATA>"), lines.index("  </DATA>")
    own = [line for line in lines[data[0] : data[1]] if f"<{kept} " in line]
    path.write_text("\n".join([*lines[: data[0] + 1], *own, *lines[data[1] :]]))
    found = settings_of_gipps(request(GIP_R2PARA=path), ("resample",))
    told = kept == "DARK_SIGNAL"
    assert found.without_effect == (("GIP_R2PARA",) if told else ())
    assert len(found.settings) == (0 if told else 1)


def test_a_form_that_is_not_public_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, gipps.CloudParameters())
    path.write_text(path.read_text().replace("<PROVIDER>ipf", "<PROVIDER>MPC_").replace("OPAQUE_", "HIDDEN_"))
    found = settings_of_gipps(request(GIP_CLOPAR=path), ("cloud_candidates",))
    assert found.warnings == (
        f"{path}: made by MPC_ in a form that is not public; the defaults are used instead",
    )
    assert not found.settings


def test_what_is_public_of_a_form_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, gipps.RadiometricParameters())
    text = path.read_text().replace("<PROVIDER>ipf", "<PROVIDER>MPC_")
    start, stop = text.index("<DATA>") + len("<DATA>"), text.index("</DATA>")
    offset = '<RADIO_ADD_OFFSET band_id="0">-100</RADIO_ADD_OFFSET>'
    public = f"<RADIOMETRIC_SHIFT><RADIANCE_OFFSET_L1B>{offset}</RADIANCE_OFFSET_L1B></RADIOMETRIC_SHIFT>"
    path.write_text(text[:start] + public + text[stop:])
    found = settings_of_gipps(request(GIP_R2PARA=path), ("resample",))
    assert found.warnings == (
        f"{path}: made by MPC_ in a form that is not public but for RADIANCE_OFFSET;"
        " the defaults are used instead",
    )
    assert found.without_effect == ("GIP_R2PARA",)  # the offset is for Level 1B


def tile_list(folder: Path, data: Path, files: Mapping[str, Path | Sequence[Path]], **parameters: str) -> Any:
    """GET_TILE_LIST with parameter files."""
    madeira = data / "geometry_madeira"
    inputs = {
        "PDI_DS": [next((madeira / "DATASTRIP").iterdir())],
        "GIP_SPAMOD": sorted((madeira / "GIPP").rglob("*SPAMOD*")),
        "GIP_VIEDIR": sorted((madeira / "GIPP").rglob("*VIEDIR*")),
        **{kind: [path] if isinstance(path, Path) else list(path) for kind, path in files.items()},
    }
    task = JobTask("GET_TILE_LIST", inputs, {"TILE_LIST_FILE": folder / "out"})
    return run_job(folder / "JobOrder.xml", [task], parameters)


def listed(folder: Path) -> int:
    return (
        next((folder / "out").rglob("*.xml")).read_text().count("<Tile ") if (folder / "out").exists() else 0
    )


def test_a_job_goes_by_its_file_and_the_job_order_wins(tmp_path: Path, reference_data: Path) -> None:
    half = written(tmp_path, gipps.TilingParameters(smallest_share=0.5))
    counts = []
    for name, files, parameters in (
        ("plain", {}, {}),
        ("file", {"GIP_TILPAR": half}, {}),
        ("order", {"GIP_TILPAR": half}, {"write_tile_list.smallest_share": "0"}),
    ):
        (tmp_path / name).mkdir()
        called = tile_list(tmp_path / name, reference_data, files, **parameters)
        assert called.code == 0, called.stderr
        counts.append(listed(tmp_path / name))
    assert counts[0] == counts[2] > counts[1] > 0


@pytest.mark.parametrize(
    ("content", "satellite", "start", "told"),
    [
        (gipps.TilingParameters(), "S2B", "20150622T000000", "wrong satellite: expected S2A"),
        (gipps.TilingParameters(), "S2A", "20250101T000000", "out of validity: expected that of 2020-08-16"),
    ],
)
def test_files_of_others_are_refused(
    tmp_path: Path, reference_data: Path, content: Level1Gipp, satellite: str, start: str, told: str
) -> None:
    path = written(tmp_path, content, satellite, start)
    called = tile_list(tmp_path, reference_data, {content.file_type: path})
    assert called.code >= 128
    assert f"{path}: " in called.stderr
    assert told in called.stderr


def test_of_several_files_the_one_that_serves_is_taken(tmp_path: Path, reference_data: Path) -> None:
    """Job orders name more files than they need: of other satellites, other times, and older ones."""
    (tmp_path / "gipp").mkdir()
    half = gipps.TilingParameters(smallest_share=0.5)
    good = written(tmp_path / "gipp", half)
    others = [
        written(tmp_path / "gipp", gipps.TilingParameters(), satellite="S2B"),
        written(tmp_path / "gipp", gipps.TilingParameters(), start="20250101T000000"),
    ]
    expected = tile_list(tmp_path / "gipp", reference_data, {"GIP_TILPAR": good})
    assert expected.code == 0, expected.stderr
    for name, given in (("list", [*others, good]), ("folder", [tmp_path / "gipp"])):
        (tmp_path / name).mkdir()
        called = tile_list(tmp_path / name, reference_data, {"GIP_TILPAR": given})
        assert called.code == 0, called.stderr
        assert listed(tmp_path / name) == listed(tmp_path / "gipp") > 0
    (tmp_path / "none").mkdir()
    called = tile_list(tmp_path / "none", reference_data, {"GIP_TILPAR": others})
    assert called.code >= 128
    assert "no GIP_TILPAR of S2A valid at 2020-08-16" in called.stderr


def test_which_of_several_files_is_taken_waits_for_the_datastrip(tmp_path: Path) -> None:
    paths = tuple(written(tmp_path, gipps.CodingParameters(), satellite) for satellite in ("S2A", "S2B"))
    asked = TaskRequest("L1C", "1", "TASK", {"GIP_JP2KPA": paths}, {}, {})
    found = settings_of_gipps(asked, ("encode_images",))
    assert found.warnings == ("GIP_JP2KPA: which of several files is taken is known once PDI_DS is made",)
    assert not found.settings


def test_an_input_without_files_is_none() -> None:
    asked = TaskRequest("L1C", "1", "TASK", {"GIP_JP2KPA": (), "GIP_G2PARA": ()}, {}, {})
    found = settings_of_gipps(asked, ("encode_images",))
    assert not any((found.settings, found.warnings, found.without_effect, found.files))


def test_a_file_in_a_folder_of_its_own_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, gipps.CodingParameters(jp2_profile="fast"))
    found = settings_of_gipps(request(GIP_JP2KPA=tmp_path), ("encode_images",))
    assert found.files == (path,)
    assert found.settings[0].value == "fast"


def test_another_ellipsoid_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, gipps.EarthModelParameters())
    assert not settings_of_gipps(request(GIP_EARMOD=path), ()).settings
    path.write_text(path.read_text().replace("6378137", "6378249.145"))
    with pytest.raises(AuxiliaryError, match=r"SEMI_MAJOR_AXIS = 6378249\.145"):
        settings_of_gipps(request(GIP_EARMOD=path), ())
