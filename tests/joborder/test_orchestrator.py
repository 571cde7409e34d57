"""Configuration and parameter list of the Sentinel-2 orchestrator, against the operational files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.errors import JobOrderError
from ipf.joborder import Parameter
from ipf.joborder.orchestrator import (
    Feed,
    OrchestratorConfiguration,
    OrchestratorIcd,
    Partition,
    job_order_task_name,
    read_orchestrator_configuration,
    read_orchestrator_icd,
    split_identifiers,
)
from ipf.joborder.tasktable import read_task_table

MODES = (
    "L0",
    "L1A",
    "L1AFormatDS",
    "L1AFormatGR",
    "L1B",
    "L1BFormatGR",
    "L1BNoGRI",
    "L1CTile",
    "OLQC_L1BDS",
    "OLQC_L1CDS",
    "OLQC_L1CTL",
)


@pytest.fixture
def folder(reference_data: Path) -> Path:
    return reference_data / "joborders/s2_tasktables_6.1"


@pytest.fixture
def icd(folder: Path) -> OrchestratorIcd:
    return read_orchestrator_icd(folder / "orchestratorICD.json")


def test_every_configuration_is_on_the_list(folder: Path) -> None:
    assert {path.stem.removeprefix("conf_") for path in folder.glob("conf_*.json")} == set(MODES)


def truth(text: str) -> bool:
    return {"true": True, "false": False}[text]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_of_a_real_configuration_is_lost(folder: Path, mode: str, icd: OrchestratorIcd) -> None:
    path = folder / f"conf_{mode}.json"
    document: dict[str, Any] = json.loads(path.read_text())
    configuration = read_orchestrator_configuration(path)
    assert list(configuration.external_axes) == document.pop("EXTERNAL_PARALLELIZATION")
    parallelization = document.pop("PARALLELIZATION")
    assert configuration.is_parallel == {
        axis: truth(text) for axis, text in parallelization.pop("MODE").items()
    }
    assert [[each.axis, *each.numbers] for each in configuration.partitions] == parallelization.pop(
        "PARTITIONS"
    )
    overloading = document.pop("PARAMETERS_OVERLOADING")
    assert configuration.global_parameters == overloading.pop("GLOBAL", {})
    assert configuration.task_parameters == overloading.pop("IDPSC_SPECIFIC", {})
    rules = {
        rule: {task: list(types) for task, types in tasks.items()}
        for rule, tasks in configuration.output_rules.items()
    }
    assert rules == document.pop("OUTPUT_CONTEXT_RULES")
    assert configuration.folder_fusion == document.pop("FOLDER_FUSION_STRATEGY", "SYMLINK")
    assert document == parallelization == overloading == {}
    assert configuration.notes == ()
    assert icd.unknown_parameters(configuration) == ()


def test_nothing_of_the_real_parameter_list_is_lost(folder: Path, icd: OrchestratorIcd) -> None:
    document: dict[str, Any] = json.loads((folder / "orchestratorICD.json").read_text())
    parameters = {
        task: [[each.name, each.value] for each in own]
        for task, own in {"COMMON": icd.common, **icd.tasks}.items()
    }
    assert parameters == document["PARAMETERS"]
    mapping = {
        task: {
            file_type: {feed.output: list(feed.producers) for feed in feeds}
            for file_type, feeds in inputs.items()
        }
        for task, inputs in icd.input_mapping.items()
    }
    assert mapping == document["INPUT_OUTPUT_MAPPING"]
    assert set(document) == {"PARAMETERS", "INPUT_OUTPUT_MAPPING"}
    assert icd.notes == ()


def test_what_feeds_an_input(icd: OrchestratorIcd) -> None:
    assert icd.feeds("MASK_S2", "PDI_DS_TILE_LIST") == (
        Feed("PDI_DS_TILE_LIST", ("TILE_FINALIZE", "GEN_ORTHO_TOA")),
    )
    (footprint,) = icd.feeds("TILE_FINALIZE", "VECTOR_DS_FOOTPRINT")
    assert (footprint.file_type, footprint.producers) == ("VECTOR", ("FORMAT_METADATA_DS_L1B",))
    assert icd.feeds("MASK_S2", "DEM_SRTM") == ()


@pytest.mark.parametrize("mode", [mode for mode in MODES if not mode.startswith("OLQC_L1B")])
def test_every_task_of_the_tables_has_its_parameters(folder: Path, mode: str, icd: OrchestratorIcd) -> None:
    for task in read_task_table(folder / f"TaskTable_{mode}.xml").tasks:
        name = job_order_task_name(task.name)
        assert name == "OLQC" or name in icd.tasks
        assert icd.values(task.name).items() >= {"TRACE": "false", "VALIDATE_SCHEMA": "false"}.items()


def test_precedence_of_values(folder: Path, icd: OrchestratorIcd) -> None:
    configuration = OrchestratorConfiguration(
        global_parameters={"TRACE": "all", "CLOUD_MASKS_PROCESS": "all", "FAKE_MODE": "all"},
        task_parameters={"MASK_S2": {"CLOUD_MASKS_PROCESS": "task"}},
    )
    values = icd.values("MASK_S2", configuration)
    assert (values["TRACE"], values["CLOUD_MASKS_PROCESS"]) == ("all", "task")
    assert "FAKE_MODE" not in values
    values = icd.values("MASK_S2", configuration, {"CLOUD_MASKS_PROCESS": "table", "TRACE": "table"})
    assert (values["TRACE"], values["CLOUD_MASKS_PROCESS"]) == ("table", "table")
    values = icd.values("MASK_S2", configuration, {"TRACE": "table"}, {"TRACE": "option", "NOVEL": "1"})
    assert values["TRACE"] == "option"
    assert "NOVEL" not in values
    assert list(values)[:2] == ["TRACE", "VALIDATE_SCHEMA"]
    tile = icd.values("TILE_INIT", read_orchestrator_configuration(folder / "conf_L1CTile.json"))
    assert tile["CAMS_L1C_TILE_GENER"] == "true"


def test_unknown_overloads_are_found(icd: OrchestratorIcd) -> None:
    configuration = OrchestratorConfiguration(
        global_parameters={"TRACE": "true", "NOVEL": "1"},
        task_parameters={"MASK_S2": {"TCI_PROCESS": "true"}, "ABSENT": {"TRACE": "true"}},
    )
    assert icd.unknown_parameters(configuration) == ("NOVEL", "MASK_S2.TCI_PROCESS", "ABSENT.TRACE")


@pytest.mark.parametrize(
    ("mode", "task", "switches"),
    [
        ("L1A", "DECOMP", {"ATF": "true", "BAND": "true", "DATABLOCK": "true"}),
        ("L1A", "RADIO_AB", {"ATF": "true", "BAND": "false"}),
        ("L1A", "INIT_LOC_L1", {"DETECTOR": "true", "DATABLOCK": "false"}),
        ("L1BFormatGR", "FORMAT_IMG_L1B", {"ATF": "true", "GRANULE": "false", "BAND": "false"}),
        ("L1BFormatGR", "FORMAT_METADATA_GR_L1B", {"GRANULE": "true"}),
        ("L1CTile", "GEN_ORTHO_TOA", {"BAND": "true", "TILE": "false"}),
        ("L0", "QL_GEO", {"BAND_QL": "true", "DETECTOR": "true", "DATABLOCK": "true"}),
    ],
)
def test_switches_of_a_mode(
    folder: Path, icd: OrchestratorIcd, mode: str, task: str, switches: dict[str, str]
) -> None:
    """As the launcher sets them: a task split into runs of granules is not split into granules too."""
    values = icd.values(task, read_orchestrator_configuration(folder / f"conf_{mode}.json"))
    assert {axis: values[f"PARALLEL_{axis}"] for axis in switches} == switches


def test_axes_of_a_task(icd: OrchestratorIcd) -> None:
    axes = {axis.name: axis for axis in icd.split_axes("DECOMP")}
    assert list(axes) == ["BAND", "ATF", "DATABLOCK"]
    bands = "-".join(f"B{number:02}" for number in range(13))
    assert axes["BAND"].slice_parameters == (Parameter("PARALLEL_BAND_IDENT", bands),)
    assert axes["ATF"].switch is False
    assert len(axes["ATF"].slice_parameters) == 5
    assert [axis.switch for axis in icd.split_axes("FORMAT_METADATA_GR_L1B")] == [None, False]
    assert icd.split_axes("UPDATE_LOC") == ()
    assert {axis.name for task in icd.tasks for axis in icd.split_axes(task)} == {
        "BAND",
        "BAND_QL",
        "DETECTOR",
        "GRANULE",
        "ATF",
        "V_ATF",
        "DATABLOCK",
        "TILE",
        "GRI",
    }


def test_partitions() -> None:
    configuration = OrchestratorConfiguration(
        partitions=(Partition("BAND", (13,)), Partition("ATF", (4, 12))),
    )
    band, frames = configuration.partition("BAND"), configuration.partition("ATF")
    assert band is not None
    assert frames is not None
    assert (band.parts, band.detector_parts) == (13, None)
    assert (frames.parts, frames.detector_parts) == (4, 12)
    assert configuration.partition("TILE") is None


@pytest.mark.parametrize(
    ("table_name", "name"),
    [("TP_FILTER-REG", "TP_FILTER"), ("OLQC_DS_L1C", "OLQC"), ("MASK_S2", "MASK_S2"), ("OLQC", "OLQC")],
)
def test_names_in_job_orders(table_name: str, name: str) -> None:
    assert job_order_task_name(table_name) == name


def test_split_examples() -> None:
    bands = "B00-B01-B02-B03-B04-B05"
    assert split_identifiers(bands, 4) == ("B00", "B01", "B02-B03", "B04-B05")
    assert split_identifiers(bands, 1) == (bands,)
    assert split_identifiers(bands, 13) == tuple(bands.split("-"))
    with pytest.raises(ValueError, match="at least one part"):
        split_identifiers(bands, 0)


@given(st.lists(st.from_regex("[A-Z0-9]{1,3}", fullmatch=True), min_size=1, max_size=30), st.integers(1, 40))
def test_splitting_keeps_every_identifier_in_balance(items: list[str], parts: int) -> None:
    runs = [run.split("-") for run in split_identifiers("-".join(items), parts)]
    assert [item for run in runs for item in run] == items
    assert len(runs) == min(parts, len(items))
    lengths = [len(run) for run in runs]
    assert lengths == sorted(lengths)
    assert lengths[-1] - lengths[0] <= 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1: not JSON: Expecting value"),
        ('{\n"PARALLELIZATION": }', ":2: not JSON: Expecting value"),
        ("\xff", ":1: not JSON"),
        ("[" * 100_000, ":1: not JSON that can be read"),
        ("[]", ": /: expected an object"),
        ('{"EXTERNAL_PARALLELIZATION": "TILE"}', ": /EXTERNAL_PARALLELIZATION: expected a list"),
        (
            '{"PARALLELIZATION": {"MODE": {"ATF": "yes"}}}',
            ": /PARALLELIZATION/MODE/ATF: expected true or false",
        ),
        ('{"PARALLELIZATION": {"MODE": {"ATF": 1}}}', ": /PARALLELIZATION/MODE/ATF: expected true or false"),
        (
            '{"PARALLELIZATION": {"PARTITIONS": [["BAND", 2], ["ATF"]]}}',
            ": /PARALLELIZATION/PARTITIONS/1: expected an axis and at least one number",
        ),
        (
            '{"PARALLELIZATION": {"PARTITIONS": [["BAND", "2"]]}}',
            ": /PARALLELIZATION/PARTITIONS/0/1: expected a whole number not below 0",
        ),
        (
            '{"PARAMETERS_OVERLOADING": {"GLOBAL": {"TRACE": true}}}',
            ": /PARAMETERS_OVERLOADING/GLOBAL/TRACE: expected a text",
        ),
        ('{"FOLDER_FUSION_STRATEGY": "MOVE"}', ": /FOLDER_FUSION_STRATEGY: expected SYMLINK or COPY"),
    ],
)
def test_bad_configurations_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "conf.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(JobOrderError) as error:
        read_orchestrator_configuration(path)
    assert str(error.value).startswith(f"{path}{message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", ": /: expected a member PARAMETERS"),
        ('{"PARAMETERS": []}', ": /PARAMETERS: expected an object"),
        (
            '{"PARAMETERS": {"A": [["X"]]}}',
            ": /PARAMETERS/A/0: expected a list of a name and a default value",
        ),
        ('{"PARAMETERS": {"A": [["X", 1]]}}', ": /PARAMETERS/A/0/1: expected a text"),
        (
            '{"PARAMETERS": {}, "INPUT_OUTPUT_MAPPING": {"A": {"X": ["Y"]}}}',
            ": /INPUT_OUTPUT_MAPPING/A/X: expected an object",
        ),
    ],
)
def test_bad_parameter_lists_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "icd.json"
    path.write_text(text)
    with pytest.raises(JobOrderError) as error:
        read_orchestrator_icd(path)
    assert str(error.value) == f"{path}{message}"


def test_files_that_are_none(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as stream:
        stream.truncate(200 * 2**20)
    for path in (tmp_path, tmp_path / "absent.json", tmp_path / "large.json"):
        with pytest.raises(JobOrderError) as error:
            read_orchestrator_icd(path)
        assert str(error.value).startswith(f"{path}: ")


def test_unknown_members_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "conf.json"
    path.write_text('{"NOVEL": 1, "PARALLELIZATION": {"SPEED": 2}}')
    assert read_orchestrator_configuration(path).notes == (
        f"{path}: /NOVEL: unknown, ignored",
        f"{path}: /PARALLELIZATION/SPEED: unknown, ignored",
    )
