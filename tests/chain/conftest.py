"""The mode L1CTile of the operational task tables, in a folder of its own, with stand-ins for its tasks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ipf.joborder.model import FileNameType
from ipf.joborder.orchestrator import (
    OrchestratorConfiguration,
    OrchestratorIcd,
    Partition,
    read_orchestrator_configuration,
    read_orchestrator_icd,
)
from ipf.joborder.tasktable import read_task_table
from ipf.joborder.tasktable_model import (
    Alternative,
    AlternativeType,
    Pool,
    TableInput,
    TableTask,
    TaskTable,
)
from tests.chain.management_layer import ManagementLayer, install

STAND_INS = Path(__file__).with_name("stand_in_plugin.py")
PROGRAM = Path(sys.executable).with_name("ipf-processor")
VERSION = "06.01.00"
BANDS_IN = 2
"""Parts that the band list is cut into; the operational configuration has 13, a process for each."""

MakeLayer = Callable[..., ManagementLayer]


@pytest.fixture(scope="session")
def table(reference_data: Path) -> TaskTable:
    """Operational task table of the mode L1CTile."""
    return read_task_table(reference_data / "joborders/s2_tasktables_6.1/TaskTable_L1CTile.xml")


@pytest.fixture(scope="session")
def icd(reference_data: Path) -> OrchestratorIcd:
    """Operational parameter list."""
    return read_orchestrator_icd(reference_data / "joborders/s2_tasktables_6.1/orchestratorICD.json")


@pytest.fixture(scope="session")
def configuration(reference_data: Path) -> OrchestratorConfiguration:
    """Operational configuration of the mode L1CTile, with fewer slices."""
    path = reference_data / "joborders/s2_tasktables_6.1/conf_L1CTile.json"
    return replace(read_orchestrator_configuration(path), partitions=(Partition("BAND", (BANDS_IN,)),))


@pytest.fixture
def make_layer(
    tmp_path: Path, table: TaskTable, icd: OrchestratorIcd, configuration: OrchestratorConfiguration
) -> MakeLayer:
    """Make a management layer of the mode L1CTile (or of another table) with `program` behind every task."""

    def make(program: Path = PROGRAM, table: TaskTable = table, **environment: str) -> ManagementLayer:
        names = [task.executable.removeprefix("$").removesuffix("_EXE_DIR") for task in table.tasks]
        install(tmp_path / "executables", tuple(names), VERSION, program)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IPF_")}
        return ManagementLayer(
            table=table,
            icd=icd,
            configuration=configuration,
            executables=tmp_path / "executables",
            base=tmp_path / "run",
            database=make_database(tmp_path / "database", table),
            environment={**kept, "IPF_PLUGIN_PATH": str(STAND_INS), **environment},
        )

    return make


def make_database(folder: Path, table: TaskTable) -> dict[str, tuple[Path, ...]]:
    """A small file or folder for every input type of a table; thirteen files of band-dependent types."""
    database = {}
    for task in table.tasks:
        for entry in task.inputs:
            wanted = entry.alternatives[0].types[0]
            name = wanted.file_type
            if wanted.kind is FileNameType.DIRECTORY or name == "PDI_SAFE":
                path = folder / name
                path.mkdir(parents=True, exist_ok=True)
                (path / f"{name.lower()}.txt").write_text(name)
                database[name] = (path,)
            else:
                bands = [f"_B{number:02d}" for number in range(13)] if name == "GIP_VIEDIR" else [""]
                database[name] = tuple(folder / f"{name}{band}.xml" for band in bands)
                folder.mkdir(exist_ok=True)
                for path in database[name]:
                    path.write_text("<Earth_Explorer_File/>")
    return database


def quality_table(*names: str) -> TaskTable:
    """A table of quality checks, which have a report and no other output."""
    inputs = tuple(
        TableInput((Alternative((AlternativeType(file_type, name_type, "DB"),)),), mode="ALWAYS")
        for file_type, name_type in (
            ("PDI_SAFE", "Physical"),
            ("PERSISTENT_RESOURCES", "Directory"),
            ("GIP_OLQCPA", "Physical"),
            ("GIP_PROBAS", "Physical"),
        )
    )
    tasks = tuple(TableTask(name, "01.00.00", "$OLQC_EXE_DIR", True, inputs=inputs) for name in names)
    return TaskTable("mmfi", "S2IPF", "01.03", tuple(Pool((task,)) for task in tasks))
