"""Tiles of one pass that are processed together have no step between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.atmospheric.l2a_job import L2AJob
from ipf_plugins.simulator.job import run_scene
from osgeo import gdal

from ipf.joborder import read_job_order
from tests.cli.programs import call

AOT = 0.25
SIDE_M, OVERLAP_M = 7200, 3000
CORNER = (300000, 4900020)
SCENE = {
    "simulate_acquisition.size_m": str(SIDE_M),
    "simulate_acquisition.aot": str(AOT),
    "simulate_sky.cloud_share": "0",
    "simulate_sky.cirrus": "0",
    "simulate_cover.layout": "patches",
    "format_l1c_scene.forecasts": "none",
}
"""Neither clouds nor forecasts: the image alone tells the aerosol."""


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two tiles that overlap, of one pass and under the same air; what lies in the overlap differs."""
    made = []
    for number, tile in enumerate(("31TCJ", "31TDJ")):
        place = {
            "simulate_acquisition.tile": tile,
            "simulate_acquisition.upper_left_x": str(CORNER[0] + number * (SIDE_M - OVERLAP_M)),
            "simulate_acquisition.upper_left_y": str(CORNER[1]),
            "simulate_acquisition.seed": str(11 + number),
        }
        made.append(run_scene(tmp_path_factory.mktemp(tile), {**SCENE, **place}, 2)[0])
    return made[0], made[1]


def aot_in_the_overlap(folder: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Maps of both tiles over the columns that they share."""
    shared = OVERLAP_M // 20
    maps = []
    for tile in ("31TCJ", "31TDJ"):
        (path,) = folder.glob(f"*T{tile}*.SAFE/GRANULE/*/IMG_DATA/R20m/*_AOT_20m.jp2")
        maps.append(gdal.Open(str(path)).ReadAsArray() / 1000.0)
    return maps[0][:, -shared:], maps[1][:, :shared]


def test_tiles_of_one_pass_agree(tiles: tuple[Path, Path], tmp_path: Path) -> None:
    options = ("--no-page", "--jp2-profile", "fast", "--workers", "2", "--out", tmp_path)
    ended = call("ipf", "l2a", *tiles, *options, "--set", "surface_reflectance.adjacency_range_m=0")
    assert ended.code == 0, ended.stderr
    west, east = aot_in_the_overlap(tmp_path)
    print(f"AOT {west.mean():.3f} and {east.mean():.3f}, truth {AOT}")
    assert np.abs(west - east).max() <= 0.001  # a count: the same field, rounded
    assert abs(west.mean() - AOT) <= 0.03 + 0.1 * AOT
    assert len(list((tmp_path / "dark_targets").glob("*.npz"))) == 2


def test_each_task_gets_the_targets_of_the_others_of_its_pass(tmp_path: Path) -> None:
    names = (
        "20220125T151701_N0400_R125_T18LTM",
        "20220125T151701_N0400_R125_T18LUM",
        "20220130T151701_N0400_R125_T18LTM",
    )
    products = tuple(tmp_path / f"S2A_MSIL1C_{name}_20220125T190036.SAFE" for name in names)
    for product in products:
        product.mkdir()
    path = L2AJob.of(products, tmp_path / "out", {}).keep()
    tasks = read_job_order(path).tasks
    assert [task.name for task in tasks] == ["L2A_DARK_TARGETS"] * 2 + ["L2A"] * 3
    given = [
        [Path(file).stem for entry in task.inputs_of_type("DARK_TARGETS") for file in entry.files]
        for task in tasks[2:]
    ]
    assert given == [[products[1].stem], [products[0].stem], []]
    assert [task.name for task in L2AJob.of(products, tmp_path, {"MODE": "sen2cor"}).order().tasks] == [
        "L2A"
    ] * 3
