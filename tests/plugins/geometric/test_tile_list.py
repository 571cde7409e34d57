"""The list of tiles: written from a datastrip, its outline or its sensor model; read back; damaged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from ipf_plugins.geometric.read_datastrip import Inputs as NoInputs
from ipf_plugins.geometric.read_datastrip import ReadDatastripParameters, read
from ipf_plugins.geometric.strip_footprint import footprint_of_request, images_of
from ipf_plugins.geometric.terrain_footprint import pieces_of
from ipf_plugins.geometric.tile_list import TileList, read_tile_list
from ipf_plugins.geometric.tile_list import write_tile_list as write_list
from ipf_plugins.geometric.write_tile_list import (
    Inputs,
    TileListParameters,
    plan,
    write,
    write_tile_list,
)
from osgeo import gdal, osr

from ipf.engine import Context, TaskRequest
from ipf.engine.testing import check_declaration
from ipf.errors import ParameterError, ProductError
from ipf.geometry.footprints import datastrip_rings
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tiles import tile_of_name, tiles_under
from ipf.product.footprint_vector import write_footprint
from ipf.product.l1b_granule_reader import read_granule_metadata
from tests.plugins.geometric.chain_jobs import JobTask, run_job
from tests.plugins.geometric.made_tiles import make_datastrip

MADEIRA = "geometry_madeira"
SMALL = np.array([(-17.1, 32.7), (-16.9, 32.7), (-16.9, 32.9), (-17.1, 32.9)])
TILES = ("28SBB", "28SCB")


def request(inputs: dict[str, tuple[Path, ...]], folder: Path, **outputs: Path) -> TaskRequest:
    made = {"TILE_LIST_FILE": folder / "tile_list_file.xml", **outputs}
    return TaskRequest("L1B", "00.00", "GET_TILE_LIST", inputs, made, {})


def madeira_inputs(data: Path) -> dict[str, tuple[Path, ...]]:
    folder = data / MADEIRA
    return {
        "PDI_DS": (folder / "DATASTRIP",),
        "GIP_SPAMOD": tuple(sorted((folder / "GIPP").glob("*SPAMOD*"))),
        "GIP_VIEDIR": tuple(sorted((folder / "GIPP").glob("*VIEDIR*"))),
    }


def context_of(task: TaskRequest, folder: Path) -> Context:
    return Context(task, datetime(2024, 9, 1, tzinfo=UTC), folder, workers=2)


def listed(task: TaskRequest, folder: Path, **parameters: float) -> TileList:
    """Plan and run the step, and read what it wrote."""
    context = context_of(task, folder)
    opened = read(NoInputs(), ReadDatastripParameters(), context)
    known = {"datastrip": opened.datastrip, "sensor_scene": opened.sensor_scene}
    settings = TileListParameters(**parameters)
    promised = plan(known, settings, context)
    written = write(Inputs(**known), settings, context)
    assert written.files == promised.outputs
    for file in written.files:
        assert file.path.is_file()
    return read_tile_list(task.output_path("TILE_LIST_FILE"))


def test_declared() -> None:
    check_declaration(write_tile_list)


def test_tiles_of_a_real_datastrip(tmp_path: Path, reference_data: Path) -> None:
    """Those under its 72 granules, as their own metadata place them, and none besides."""
    content = listed(request(madeira_inputs(reference_data), tmp_path), tmp_path)
    expected = set()
    for folder in (reference_data / MADEIRA / "GRANULE").iterdir():
        granule = read_granule_metadata(next(folder.glob("*.xml")))
        ring = np.array(granule.geometry.footprint)[:4, 1::-1]
        expected |= set(tiles_under(ring))
    assert set(content.tiles) == expected
    assert content.datastrip == "S2A_OPER_MSI_L1B_DS_DPRM_20140630T140000_S20200816T120220_N05.00"
    assert list(content.tiles) == sorted(content.tiles)


def plateau(folder: Path, height: float) -> Path:
    """An elevation model of one height around Madeira."""
    folder.mkdir()
    dataset = gdal.GetDriverByName("GTiff").Create(str(folder / "plateau.tif"), 81, 81, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((-21.05, 0.1, 0.0, 37.05, 0.0, -0.1))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(np.full((81, 81), height, np.float32))
    return folder


def test_high_ground_at_the_edges_of_a_strip(tmp_path: Path, reference_data: Path) -> None:
    """On a plateau of 4000 m the outline is that of the sensor model at 4000 m, far inside that at 0 m."""
    inputs = {**madeira_inputs(reference_data), "DEM_SRTM": (plateau(tmp_path / "dem", 4000.0),)}
    task = request(inputs, tmp_path)
    opened = read(NoInputs(), ReadDatastripParameters(), context_of(task, tmp_path))
    rings = footprint_of_request(task, opened.datastrip, opened.sensor_scene)
    model = SensorModel(opened.sensor_scene.geometry, None, 1)
    images = images_of(opened.datastrip)
    (high,), (sea,) = (datastrip_rings(model, images, height) for height in (4000.0, 0.0))
    (found,) = rings
    plane = pyproj.Proj(proj="laea", lon_0=-17.0, lat_0=32.5, ellps="WGS84")
    on_plateau, at_4000, at_0 = (
        shapely.Polygon(np.column_stack(plane(*ring.T))) for ring in (found, high, sea)
    )
    apart = shapely.area(shapely.symmetric_difference(on_plateau, at_4000)) / at_4000.length
    print(f"\noutline on the plateau: {apart:.2f} m from that at its height")
    assert apart < 3.0
    lost = at_0.difference(on_plateau).area / at_0.length
    assert lost > 200.0
    assert set(listed(task, tmp_path).tiles) == set(tiles_under(high))


def test_pieces_hold_every_line() -> None:
    images = {("B04", 3): range(1, 5000), ("B01", 3): range(4, 820), ("B04", 4): range(1, 9217)}
    seen: dict[tuple[str, int], set[int]] = {key: set() for key in images}
    for piece in pieces_of(images):
        assert piece.on_terrain
        for key, lines in piece.images.items():
            seen[key] |= set(lines)
    assert seen == {key: set(lines) for key, lines in images.items()}
    inner = {("B04", detector): range(1, 4 * 2304 + 1) for detector in (1, 2, 3)}
    flat = [piece for piece in pieces_of(inner) if not piece.on_terrain]
    assert [next(iter(piece.images)) for piece in flat] == [("B04", 2)] * 2


def test_small_shares_are_left_out(tmp_path: Path, reference_data: Path) -> None:
    task = request(madeira_inputs(reference_data), tmp_path)
    everything, large = listed(task, tmp_path), listed(task, tmp_path, smallest_share=0.5)
    assert set(large.tiles) < set(everything.tiles)
    assert "28SCB" in {tile.name for tile in large.tiles}


def test_a_given_outline_is_taken(tmp_path: Path, reference_data: Path) -> None:
    write_footprint(tmp_path / "outline" / "footprint.gml", "S2A", (SMALL,))
    inputs = {**madeira_inputs(reference_data), "VECTOR_DS_FOOTPRINT": (tmp_path / "outline",)}
    content = listed(request(inputs, tmp_path), tmp_path)
    assert content.tiles == tiles_under(SMALL)
    assert len(content.tiles) < 5
    with pytest.raises(ProductError, match=r"covers no tile by more than 50.00%"):
        listed(request(inputs, tmp_path), tmp_path, smallest_share=0.5)


def test_the_datastrip_is_copied_where_it_is_asked_for(tmp_path: Path, reference_data: Path) -> None:
    inputs = madeira_inputs(reference_data)
    listed(request(inputs, tmp_path, PDI_DS=tmp_path / "copy"), tmp_path)
    originals = {path.name: path.read_bytes() for path in inputs["PDI_DS"][0].rglob("*") if path.is_file()}
    copies = {path.name: path.read_bytes() for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert copies == originals


def test_a_job_order(tmp_path: Path, reference_data: Path) -> None:
    inputs = {name: list(paths) for name, paths in madeira_inputs(reference_data).items()}
    task = JobTask("GET_TILE_LIST", inputs, {"TILE_LIST_FILE": tmp_path / "list"})
    called = run_job(tmp_path / "job.xml", [task], {"write_tile_list.smallest_share": "0.01"})
    assert called.code == 0, called.error
    assert len(read_tile_list(tmp_path / "list" / "tile_list_file.xml").tiles) >= 12
    del inputs["GIP_VIEDIR"]
    called = run_job(tmp_path / "job.xml", [JobTask("GET_TILE_LIST", inputs, task.outputs)])
    assert called.code >= 128
    assert "GIP_VIEDIR" in called.error


def test_terrain_is_told_of_once(tmp_path: Path, reference_data: Path) -> None:
    dem = {"DEM_SRTM": [reference_data / MADEIRA / "DEM_SRTM"]}
    inputs = {name: list(paths) for name, paths in madeira_inputs(reference_data).items()}
    task = JobTask("GET_TILE_LIST", {**inputs, **dem}, {"TILE_LIST_FILE": tmp_path / "list"})
    called = run_job(tmp_path / "job.xml", [task])
    assert called.code == 0, called.error
    assert called.stdout.count("taken as sea") == 1


def test_a_datastrip_without_granules_is_refused(tmp_path: Path, reference_data: Path) -> None:
    folder = make_datastrip(tmp_path / "l1b", granules={})
    inputs = {**madeira_inputs(reference_data), "PDI_DS": (folder,)}
    with pytest.raises(ProductError, match="Granule") as problem:
        listed(request(inputs, tmp_path), tmp_path)
    assert str(folder) in str(problem.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("28SCB", "28SIB", "names no tile"),
        (">300000<", ">300060<", "tile 28SCB at"),
        ("EPSG:32628", "EPSG:32728", "tile 28SBB at"),
        ("<ULX", "<ULZ", "ULX"),
        ("Tile_List", "Tiles", "Tile_List"),
    ],
)
def test_a_damaged_list_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "tile_list_file.xml"
    write_list(path, TileList("S2A", tuple(map(tile_of_name, TILES))))
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after).replace("</ULX", "</ULZ" if "ULZ" in after else "</ULX"))
    with pytest.raises(ProductError, match=message) as problem:
        read_tile_list(path)
    assert str(path) in str(problem.value)


def test_tiles_are_picked_by_number_and_name() -> None:
    content = TileList("S2A", tuple(map(tile_of_name, (*TILES, "28SCC"))))
    assert [tile.name for tile in content.selected(("003", "28SBB"))] == ["28SBB", "28SCC"]
    assert [tile.name for tile in content.selected(("T28SCB",))] == ["28SCB"]
    assert content.selected(()) == content.tiles
    with pytest.raises(ParameterError, match="expected 001 to 003"):
        content.selected(("004",))
    with pytest.raises(ProductError, match="31TDH is not under"):
        content.selected(("31TDH",))
