"""The L2A chain behind the management layer: a Sen2Cor job, as the Level-2A workers order it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ipf_plugins.simulator.job import run_scene
from lxml import etree
from osgeo import gdal

from ipf.joborder.model import Parameter
from ipf.joborder.tasktable_model import (
    Alternative,
    AlternativeType,
    Pool,
    TableInput,
    TableOutput,
    TableTask,
    TaskTable,
)
from tests.chain.conftest import MakeLayer
from tests.chain.judge import State
from tests.chain.management_layer import ManagementLayer

PARAMETER_FILES = Path(__file__).parents[2] / "auxdata" / "gipp"
INPUTS = (
    ("MSI_L1C_DS", "Directory"),
    ("MSI_L1C_TL", "Directory"),
    ("GIP_L2ACSC", "File"),
    ("GIP_L2ACAC", "File"),
    ("GIP_PROBA2", "File"),
    ("SEN2COR_DIR_INSTALL", "Directory"),
)
OUTPUTS = ("MSI_L2A_DS", "MSI_L2A_TL", "KPI_L2A")
PARAMETERS = {
    "ARCHIVING_CENTER": "REFS",
    "PROCESSING_CENTER": "REFS",
    "CREATION_DATE": "2024-05-01T10:30:00Z",
}


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated Level-1C product of 1.26 km."""
    product, _truth = run_scene(
        tmp_path_factory.mktemp("scene"), {"simulate_acquisition.size_m": "1260"}, workers=2
    )
    return product


@pytest.fixture
def layer(make_layer: MakeLayer, l1c: Path) -> ManagementLayer:
    """A layer whose one task is Sen2Cor, on the tile and the datastrip of the product."""
    inputs = tuple(
        TableInput((Alternative((AlternativeType(file_type, name_type, "DB"),)),), mode="ALWAYS")
        for file_type, name_type in INPUTS
    )
    outputs = tuple(TableOutput(file_type, "PROC", "Directory", True) for file_type in OUTPUTS)
    task = TableTask("Sen2Cor", "3.0.3", "$Sen2Cor_EXE_DIR", True, inputs=inputs, outputs=outputs)
    made = make_layer(table=TaskTable("mmfi", "l2a", "3.0.3", (Pool((task,)),)))
    parameters = tuple(Parameter(name, value) for name, value in PARAMETERS.items())
    made.icd = replace(made.icd, tasks={**made.icd.tasks, "Sen2Cor": parameters})
    made.database = {
        **made.database,
        "MSI_L1C_TL": tuple((l1c / "GRANULE").iterdir()),
        "MSI_L1C_DS": tuple((l1c / "DATASTRIP").iterdir()),
        "GIP_L2ACSC": (PARAMETER_FILES / "L2A_CAL_SC_GIPP.xml",),
        "GIP_L2ACAC": (PARAMETER_FILES / "L2A_CAL_AC_GIPP.xml",),
        "GIP_PROBA2": (PARAMETER_FILES / "L2A_PB_GIPP.xml",),
    }
    return made


def test_a_tile_goes_through_without_a_fault(layer: ManagementLayer) -> None:
    outcome = layer.run()
    assert outcome.all_faults == []
    ((run, verdict),) = outcome.runs
    assert (run.exit_code, verdict.state) == (0, State.FINISHED)
    (tile,) = run.file("output", "MSI_L2A_TL").iterdir()
    assert (tile / "MTD_TL.xml").is_file()
    images = sorted(tile.rglob("*_B04_10m.jp2"))
    assert len(images) == 1
    assert gdal.Open(str(images[0])).RasterXSize == 126
    (datastrip,) = run.file("output", "MSI_L2A_DS").iterdir()
    document = etree.parse(datastrip / "MTD_DS.xml")
    named = [each.get("type") for each in document.iterfind(".//GIPP_FILENAME")]
    assert named[-3:] == ["GIP_L2ACSC", "GIP_L2ACAC", "GIP_PROBA2"]


def test_an_abort_leaves_neither_a_part_of_a_tile_nor_a_temporary_file(layer: ManagementLayer) -> None:
    outcome = layer.run(abort_when=lambda: writing(layer.base))
    assert outcome.all_faults == []
    ((run, verdict),) = outcome.runs
    assert (run.exit_code, verdict.state) == (130, State.ABORTED)
    for file_type in OUTPUTS:
        assert list(run.file("output", file_type).iterdir()) == []


def writing(base: Path) -> bool:
    """Whether the task has begun to write its product."""
    return any("step format_l2a started" in log.read_text() for log in base.glob("Sen2Cor_*.log"))
