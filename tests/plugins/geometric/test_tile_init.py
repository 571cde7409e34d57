"""Task TILE_INIT: its steps one by one, the task from a job order, and what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.geometric import read_datastrip, tile_geometry, tile_meteorology, write_tile
from ipf_plugins.geometric.tile_list import TileList, write_tile_list
from lxml import etree

from ipf.auxiliary.grib import GribField, read_grib
from ipf.auxiliary.grib_writer import write_grib
from ipf.auxiliary.tile_forecasts import CAMS, ECMWF
from ipf.engine import Context, Step, TaskRequest
from ipf.engine.testing import check_declaration
from ipf.errors import AuxiliaryError, ParameterError, ProductError
from ipf.geometry.tiles import tile_of_name
from ipf.product.bands import BAND_NAMES
from ipf.product.tile_reader import read_tile_metadata
from tests.cli.programs import Called
from tests.plugins.geometric.chain_jobs import JobTask, run_job
from tests.product.products import schema

MADEIRA, SEEN, ELSEWHERE = "geometry_madeira", "28SCB", "31TDH"
IDENTIFIER = "S2A_OPER_MSI_L1C_TL_MPC__20240901T102030_A026904_T28SCB_N05.00"
START = datetime(2020, 8, 16, 12, 2, 20, tzinfo=UTC)
IDENTITY = {"PROCESSING_CENTER": "MPC_", "PROCESSING_BASELINE": "05.00"}

Inputs = dict[str, tuple[Path, ...]]


@pytest.fixture
def inputs(reference_data: Path, tmp_path: Path) -> Inputs:
    """All inputs but the forecasts, of a tile that is seen."""
    folder = reference_data / MADEIRA
    write_tile_list(tmp_path / "tile_list_file.xml", TileList("Madeira", (tile_of_name(SEEN),)))
    return {
        "PDI_DS": (folder / "DATASTRIP",),
        "TILE_LIST_FILE": (tmp_path / "tile_list_file.xml",),
        "GIP_SPAMOD": tuple(sorted((folder / "GIPP").glob("*SPAMOD*"))),
        "GIP_VIEDIR": tuple(sorted((folder / "GIPP").glob("*VIEDIR*"))),
        "DEM_SRTM": (folder / "DEM_SRTM",),
        "DEM_GEOID": (folder / "DEM_GEOID",),
    }


def context_of(inputs: Inputs, folder: Path, part: str = SEEN) -> Context:
    request = TaskRequest(
        "L1CTile", "00.00", "TILE_INIT", inputs, {"PDI_DS_TILE_LIST": folder / "out"}, {}, part=part
    )
    return Context(request, datetime(2024, 9, 1, tzinfo=UTC), folder, workers=2)


def opened(context: Context, *, refining: bool = True) -> read_datastrip.Outputs:
    """Run and check the first step."""
    parameters = read_datastrip.ReadDatastripParameters(refining=refining)
    found = read_datastrip.read(read_datastrip.Inputs(), parameters, context)
    known = {"datastrip": found.datastrip, "sensor_scene": found.sensor_scene}
    read_datastrip.refuse_bad_files(known, parameters, context)
    return found


def begun(context: Context, **parameters: str) -> tile_geometry.TileGeometry:
    """Run and check the first two steps."""
    strip = opened(context)
    settings = tile_geometry.TileGeometryParameters(**parameters)
    made = tile_geometry.begin(tile_geometry.Inputs(strip.datastrip, strip.sensor_scene), settings, context)
    tile_geometry.refuse_unseen({"tile_geometry": made.tile_geometry}, settings, context)
    return made.tile_geometry


def damaged(inputs: Inputs, folder: Path, old: str, new: str, count: int = -1) -> Inputs:
    """The inputs with a datastrip in which some text is another."""
    (source,) = inputs["PDI_DS"][0].glob("*/*.xml")
    text = source.read_text()
    assert old in text
    path = folder / "damaged" / source.name
    path.parent.mkdir()
    path.write_text(text.replace(old, new, count))
    return {**inputs, "PDI_DS": (path.parent,)}


@pytest.mark.parametrize(
    "step",
    [
        read_datastrip.read_datastrip,
        tile_geometry.tile_geometry,
        tile_meteorology.tile_meteorology,
        write_tile.write_tile,
    ],
)
def test_declared(step: Step) -> None:
    check_declaration(step)


def test_datastrip_is_opened(inputs: Inputs, tmp_path: Path) -> None:
    """With the terrain of the tile; without a tile on none; refined or not."""
    found = opened(context_of(inputs, tmp_path))
    assert found.datastrip.satellite == "S2A"
    assert found.sensor_scene.geometry.refining is not None
    heights = found.sensor_scene.model.terrain_heights([-16.9425], [32.7594])
    assert heights[0] > 1700.0
    assert opened(context_of(inputs, tmp_path, part="")).sensor_scene.area is None
    assert opened(context_of(inputs, tmp_path), refining=False).sensor_scene.geometry.refining is None


def test_other_satellite(inputs: Inputs, tmp_path: Path, reference_data: Path) -> None:
    other = tuple(sorted((reference_data / "gipp" / "S2B" / "GIP_VIEDIR").iterdir()))
    with pytest.raises(AuxiliaryError, match=r"VIEDIR.*S2A"):
        opened(context_of({**inputs, "GIP_VIEDIR": other}, tmp_path))


def test_bulletin_out_of_date(inputs: Inputs, tmp_path: Path, reference_data: Path) -> None:
    bulletin = (
        reference_data
        / "gipp"
        / "S2B_datation_iers"
        / ("S2__OPER_AUX_UT1UTC_PDMC_20220407T000000_V20220408T000000_20230407T000000")
    )
    with pytest.raises(AuxiliaryError, match="IERS bulletin out of date"):
        opened(context_of({**inputs, "IERS": (bulletin,)}, tmp_path))


def test_hole_in_ephemeris(inputs: Inputs, tmp_path: Path) -> None:
    """A point that stands at the time of the one before leaves a hole."""
    text = "<GPS_TIME>2020-08-16T12:02:{}</GPS_TIME>\n          <NSM>"
    changed = damaged(inputs, tmp_path, text.format(45), text.format(44))
    with pytest.raises(
        ProductError, match=r"MTD_L1B_DS.*\.xml: ephemeris.*: none from GPS 2020-08-16T12:02:44"
    ):
        opened(context_of(changed, tmp_path))


def test_ephemeris_ends(inputs: Inputs, tmp_path: Path) -> None:
    """Sensing goes on for longer than there is ephemeris."""
    stop = "<DATASTRIP_SENSING_STOP>2020-08-16T12:0"
    changed = damaged(inputs, tmp_path, stop, "<DATASTRIP_SENSING_STOP>2020-08-16T12:1")
    with pytest.raises(ProductError, match=r"ephemeris.*: given for .*, needed for"):
        opened(context_of(changed, tmp_path))


def test_geometry(inputs: Inputs, tmp_path: Path) -> None:
    """Name, time within the datastrip, and angles that lie around those of the datastrip's granules."""
    geometry = begun(context_of(inputs, tmp_path))
    assert str(geometry.name) == "S2A_OPER_MSI_L1C_TL_IPF__20240901T000000_A026904_T28SCB_N04.00"
    metadata = geometry.metadata
    assert geometry.datastrip.sensing_start < metadata.sensing_time < geometry.datastrip.sensing_stop
    assert list(metadata.angles.mean_viewing) == list(BAND_NAMES)
    assert metadata.angles.mean_sun.zenith == pytest.approx(24.9, abs=0.5)
    for direction in metadata.angles.mean_viewing.values():
        assert 2.0 < direction.zenith < 11.0
    assert {detector for _, detector in metadata.angles.viewing} <= set(range(1, 13))


def test_tile_elsewhere(inputs: Inputs, tmp_path: Path) -> None:
    write_tile_list(tmp_path / "tile_list_file.xml", TileList("Madeira", (tile_of_name(ELSEWHERE),)))
    with pytest.raises(ProductError, match=rf"tile 001, {ELSEWHERE}: the datastrip of S2A does not see"):
        begun(context_of(inputs, tmp_path, part=ELSEWHERE))
    with pytest.raises(ProductError, match=f"tile {SEEN} is not under datastrip"):
        begun(context_of(inputs, tmp_path))


def test_baseline_without_offsets(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"PROCESSING_BASELINE is 02\.09, expected 04\.00 or later"):
        begun(context_of(inputs, tmp_path), baseline="02.09")


def test_datatake_without_orbit(inputs: Inputs, tmp_path: Path) -> None:
    changed = damaged(inputs, tmp_path, "GS2A_20200816T120221_026904", "GS2A_20200816T120221_x")
    with pytest.raises(ProductError, match="datatakeIdentifier is 'GS2A_20200816T120221_x"):
        begun(context_of(changed, tmp_path))


def test_no_granules(inputs: Inputs, tmp_path: Path) -> None:
    geometry = begun(context_of(inputs, tmp_path))
    empty = replace(geometry, datastrip=replace(geometry.datastrip, granules={}))
    with pytest.raises(ProductError, match=r"MTD_L1B_DS.*\.xml: Granule_List has no granule"):
        assert empty.viewing


def forecast(kind: str, hours: int = 12, **changes: object) -> list[GribField]:
    """Constant fields of a kind."""
    parameters = {"tcwv": (128, 137), "msl": (128, 151), "tco3": (128, 206), "aod550": (210, 207)}
    names = ("tcwv", "msl", "tco3") if kind == "ECMWF" else ("aod550",)
    made = []
    for number, name in enumerate(names, 1):
        table, parameter = parameters[name]
        midnight = START.replace(hour=0, minute=0, second=0)
        made.append(
            replace(
                GribField(
                    name=name,
                    unit="1",
                    table=table,
                    parameter=parameter,
                    level_type=1,
                    level=0,
                    reference_time=midnight,
                    valid_time=midnight + timedelta(hours=hours),
                    latitude=np.linspace(35.0, 30.0, 6),
                    longitude=np.linspace(-20.0, -10.0, 11),
                    values=np.full((6, 11), float(number)),
                ),
                **changes,  # type: ignore[arg-type]
            )
        )
    return made


@pytest.fixture
def forecasts(tmp_path: Path) -> Inputs:
    """Folders of forecasts."""
    folders = {}
    for kind in ("ECMWF", "CAMS"):
        write_grib(tmp_path / kind / "forecast.grib", forecast(kind))
        folders[kind] = (tmp_path / kind,)
    return folders


def run(folder: Path, inputs: Mapping[str, Sequence[Path]], workers: int = 1, **parameters: str) -> Called:
    task = JobTask("TILE_INIT", inputs, {"PDI_DS_TILE_LIST": folder / "tiles"})
    return run_job(folder / "JobOrder.xml", [task], {**IDENTITY, **parameters}, workers)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "tiles").rglob("*"))
        if path.is_file()
    }


def test_task(inputs: Inputs, forecasts: Inputs, tmp_path: Path, reference_data: Path) -> None:
    """Metadata by the schema but for the masks to come, forecasts at the tile, the same bytes again."""
    called = run(tmp_path / "one", {**inputs, **forecasts})
    assert called.code == 0, called.stderr
    assert " has no " not in called.stderr
    tile = tmp_path / "one" / "tiles" / IDENTIFIER
    name = "S2A_OPER_MTD_L1C_TL_MPC__20240901T102030_A026904_T28SCB.xml"
    assert sorted(files(tmp_path / "one")) == [
        f"tiles/{IDENTIFIER}/AUX_DATA/AUX_CAMSFO",
        f"tiles/{IDENTIFIER}/AUX_DATA/AUX_ECMWFT",
        f"tiles/{IDENTIFIER}/{name}",
    ]
    official = schema(reference_data, "05.00", "S2_PDI_Level-1C_Tile_Metadata.xsd")
    assert not official.validate(etree.parse(tile / name))
    (message,) = (entry.message for entry in official.error_log)
    assert message.endswith("Expected is ( MASK_FILENAME ).")
    metadata = read_tile_metadata(tile / name)
    assert metadata.identifier == IDENTIFIER
    assert (metadata.grid.upper_left_x, metadata.grid.upper_left_y) == (300_000, 3_700_020)
    for kind, count in ((ECMWF, 3), (CAMS, 1)):
        fields = read_grib(tile / "AUX_DATA" / kind.name)
        assert len(fields) == count
        assert {field.valid_time for field in fields} == {START.replace(second=0)}
        assert fields[0].values == pytest.approx(1.0, abs=1e-6)
        assert (fields[0].latitude[0], fields[0].longitude[0]) == pytest.approx((33.422, -17.152), abs=2e-3)
    again = run(tmp_path / "two", {**inputs, **forecasts}, workers=2)
    assert again.code == 0
    assert files(tmp_path / "two") == files(tmp_path / "one")


def test_without_forecasts(inputs: Inputs, tmp_path: Path) -> None:
    """No input, or an empty folder: told. Not wanted: no warning."""
    (tmp_path / "empty").mkdir()
    called = run(tmp_path / "one", {**inputs, "CAMS": (tmp_path / "empty",)}, ECMWF_L1C_TILE_GENER="false")
    assert called.code == 0, called.stderr
    assert "tile 28SCB has no AUX_CAMSFO: no input CAMS" in called.stderr
    assert "has no AUX_ECMWFT" not in called.stderr
    assert "ECMWF_L1C_TILE_GENER is false" in called.stderr
    assert len(files(tmp_path / "one")) == 1


def test_forecasts_of_another_day(inputs: Inputs, forecasts: Inputs, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "ECMWF")
    write_grib(tmp_path / "ECMWF" / "forecast.grib", forecast("ECMWF", hours=48))
    called = run(tmp_path / "one", {**inputs, **forecasts})
    assert called.code >= 128
    assert "out of date: expected that of 2020-08-16T12:02" in called.stderr
    assert not files(tmp_path / "one")


def test_a_tile_elsewhere_is_left_out_where_others_remain(inputs: Inputs, tmp_path: Path) -> None:
    write_tile_list(
        tmp_path / "tile_list_file.xml", TileList("Madeira", tuple(map(tile_of_name, (SEEN, ELSEWHERE))))
    )
    called = run(tmp_path / "one", inputs)
    assert called.code == 0, called.error
    assert f"tile 002, {ELSEWHERE}: the datastrip of S2A does not see" in called.stderr
    assert len(files(tmp_path / "one")) == 1
    called = run(tmp_path / "two", inputs, PARALLEL_TILE_IDENT="002")
    assert called.code >= 128
    assert f"tile 002, {ELSEWHERE}: the datastrip of S2A does not see" in called.stderr
    assert not files(tmp_path / "two")
