"""A full tile from Level-1B granules to a Level-1C product as a process, in what time and memory.

The granules are a textured map seen through the sensor model of the real datastrip over Madeira, 26 of six
detectors and thirteen bands. The floor is decoding their images and masks and encoding those of the tile,
measured right after (see `floor_level1c.py`). On a busy machine the ratio of processor times says more than
that of wall times.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from ipf_plugins.simulator.map_scenes import TexturedScene
from ipf_plugins.simulator.view_product import granules_over

from ipf.geometry.orthorectification import MapArea
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.tiles import TILE_SIZE_M, tile_of_name
from ipf.product.bands import BAND_NAMES
from tests.benchmarks import floor_level1c
from tests.benchmarks.process import Cost, run_measured
from tests.geometry.madeira import madeira, madeira_terrain
from tests.plugins.geometric.chain_jobs import JobTask, write_job
from tests.plugins.sensor_loop import UTM_ZONE_28, mesh_of, product_of, view_of

PROGRAMS = Path(sys.executable).parent
PROCESSORS = 2
LARGEST_RATIO = 1.5
LARGEST_PEAK = 4e9
"""Bytes."""
TILE = "28SCB"


@pytest.fixture(scope="session")
def granules(full_tile_folder: Path, reference_data: Path) -> Path:
    """The product of Level 1B, made when it is absent."""
    folder = full_tile_folder / "level_1b"
    if not (folder / "DATASTRIP").is_dir():
        tile = tile_of_name(TILE)
        area = MapArea(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), TILE_SIZE_M)
        terrain, geometry = madeira_terrain(reference_data), madeira(reference_data)
        scene = TexturedScene.of(UTM_ZONE_28, seed=1)
        view = view_of(reference_data, geometry, terrain, scene)
        lines = granules_over(SensorModel(geometry, terrain, 2), BAND_NAMES, *mesh_of(area))
        shutil.rmtree(folder, ignore_errors=True)
        product_of(folder, reference_data, view, lines, BAND_NAMES)
    return folder


def job_order(granules: Path, data: Path, out: Path, profile: str) -> Path:
    """All ten tasks."""
    madeira_files = data / "geometry_madeira"
    sensor = {
        "GIP_SPAMOD": sorted((madeira_files / "GIPP").glob("*SPAMOD*")),
        "GIP_VIEDIR": sorted((madeira_files / "GIPP").glob("*VIEDIR*")),
        "DEM_SRTM": [madeira_files / "DEM_SRTM"],
        "DEM_GEOID": [madeira_files / "DEM_GEOID"],
    }
    tiles = out / "list" / "tile_list_file.xml"
    strip = {"PDI_DS": [granules / "DATASTRIP"]}
    common = {**strip, "TILE_LIST_FILE": [tiles]}
    pictures = {"PDI_DS_PVI_LIST": [out / "previews"], "PDI_DS_TCI_LIST": [out / "colours"]}

    def of_tile(name: str, to: str, *of: str, **more: list[Path]) -> JobTask:
        inputs = {**common, "PDI_DS_TILE_LIST": [out / folder for folder in of], **more}
        return JobTask(name, inputs, {"PDI_DS_TILE_LIST": out / to})

    tasks = [
        JobTask("GET_TILE_LIST", {**strip, **sensor}, {"TILE_LIST_FILE": tiles}),
        JobTask("TILE_INIT", {**common, **sensor}, {"PDI_DS_TILE_LIST": out / "begun"}),
        of_tile("GEN_ORTHO_TOA", "ortho", "begun", **sensor, PDI_GR_LIST=[granules / "GRANULE"]),
        of_tile("TILE_FINALIZE", "finalised", "begun", "ortho"),
        of_tile("MASK_S2", "masks", "finalised", "begun", "ortho"),
        of_tile("FORMAT_IMG_L1C", "images", "finalised", "begun", "ortho", "masks"),
        JobTask(
            "FORMAT_IMG_PVI_TCI",
            {**common, "PDI_DS_TILE_LIST": [out / folder for folder in ("finalised", "begun", "ortho")]},
            {name: folders[0] for name, folders in pictures.items()},
        ),
        of_tile("FORMAT_METADATA_TILE_L1C", "metadata", "images", "finalised", "begun", **pictures),
        JobTask(
            "FORMAT_METADATA_DS_L1C",
            {**common, "PDI_DS_TILE_LIST": [out / "metadata", out / "images"]},
            {"PDI_DS": out / "datastrip"},
        ),
        JobTask(
            "FORMAT_PRODUCT_L1C",
            {
                "PDI_DS": [out / "datastrip"],
                "TILE_LIST_FILE": [tiles],
                "PDI_DS_TILE_LIST": [out / folder for folder in ("metadata", "images", "begun")],
                **pictures,
            },
            {"S2MSI1C": out / "product"},
        ),
    ]
    parameters = {
        "PARALLEL_TILE_IDENT": TILE,
        "PROCESSING_BASELINE": "05.00",
        "encode_images.jp2_profile": profile,
        "encode_pictures.jp2_profile": profile,
    }
    return write_job(out / "JobOrder.xml", tasks, parameters)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("profile", ["fast", "official"])
def test_from_granules_to_a_product(granules: Path, reference_data: Path, profile: str) -> None:
    out = granules.parent / "level_1c"
    shutil.rmtree(out, ignore_errors=True)
    order = job_order(granules, reference_data, out, profile)
    print(f"\nfull tile of Level 1C, profile {profile}, load of the machine {os.getloadavg()[0]:.1f}")
    cost = run_measured([PROGRAMS / "ipf-processor", order], PROCESSORS)
    assert cost.exit_code == 0, cost.output
    print(
        f"processor: {cost.seconds:.0f} s, {cost.processor_seconds:.0f} s of processors, peak"
        f" {cost.peak_bytes / 1e6:.0f} MB"
    )
    (product,) = (out / "product").iterdir()
    compared_with_floor(granules / "GRANULE", product, cost, profile)
    assert cost.peak_bytes <= LARGEST_PEAK


def compared_with_floor(granules: Path, product: Path, cost: Cost, profile: str) -> None:
    """Measure the floor of the product that was made, and hold the processor's cost against it."""
    arguments = ["-m", floor_level1c.__name__, str(granules), str(product), profile, str(PROCESSORS)]
    lowest = run_measured([sys.executable, *arguments], PROCESSORS)
    assert lowest.exit_code == 0, lowest.output
    least = json.loads(lowest.output.splitlines()[-1])
    ratio = cost.seconds / least["seconds"]
    of_processors = cost.processor_seconds / least["processor_seconds"]
    print(
        f"floor: {least['seconds']:.0f} s ({least['decoding']:.0f} decoding {least['inputs']:.0f} images,"
        f" {least['encoding']:.0f} encoding {least['outputs']:.0f}), {least['processor_seconds']:.0f} s of"
        f" processors; ratio {ratio:.2f} of wall, {of_processors:.2f} of processor time"
    )
    assert least["bytes"] == pytest.approx(least["product_bytes"], rel=0.02)
    assert min(ratio, of_processors) <= LARGEST_RATIO
