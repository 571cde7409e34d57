"""From Level-1B granules of a known map to a Level-1C product: the tasks of the chain, alone and together."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from ipf_plugins.geometric.ortho_grids import OrthoGrids
from ipf_plugins.geometric.sensor_scene import SensorFiles, SensorScene
from ipf_plugins.geometric.tile_list import TileList, write_tile_list
from ipf_plugins.simulator.map_scenes import TexturedScene
from ipf_plugins.simulator.view_product import lines_over

from ipf.atomic import write_bytes
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.orthorectification import MapArea, SensorGrid
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from ipf.geometry.tiles import tile_of_name
from ipf.product.bands import BAND_NAMES
from ipf.product.footprint_vector import write_footprint
from ipf.product.geotiff import read_geotiff
from ipf.product.l1b_reader import read_l1b_parts
from ipf.product.raster import Grid
from ipf.product.reader import open_product
from ipf.product.tile_writer import tile_xml
from tests.geometry.madeira import madeira, madeira_terrain
from tests.plugins.geometric.bad_inputs import BAD_INPUTS
from tests.plugins.geometric.chain_jobs import JobTask, run_job
from tests.plugins.geometric.made_tiles import tile_metadata
from tests.plugins.sensor_loop import UTM_ZONE_28, mesh_of, product_of, view_of

TILE, SIZE_M = "28SCB", 1980
CUT = 48
"""Lines of granules are whole numbers of those of 60 m bands."""


@dataclass(frozen=True)
class Strip:
    """A Level-1B product of a corner of a tile, the tile begun, and what the sensor model needs."""

    folder: Path
    data: Path
    scene: TexturedScene
    grid: Grid

    def inputs(self, *tiles: Path, **more: Sequence[Path]) -> dict[str, Sequence[Path]]:
        """Inputs of a task on the tile."""
        return {
            "PDI_DS": [self.folder / "l1b" / "DATASTRIP"],
            "TILE_LIST_FILE": [self.folder / "tile_list_file.xml"],
            "PDI_DS_TILE_LIST": tiles,
            **more,
        }

    def sensor(self) -> dict[str, Sequence[Path]]:
        """Files of the sensor model."""
        madeira_files = self.data / "geometry_madeira"
        return {
            "GIP_SPAMOD": sorted((madeira_files / "GIPP").glob("*SPAMOD*")),
            "GIP_VIEDIR": sorted((madeira_files / "GIPP").glob("*VIEDIR*")),
            "DEM_SRTM": [madeira_files / "DEM_SRTM"],
            "DEM_GEOID": [madeira_files / "DEM_GEOID"],
        }

    def chain(self, out: Path) -> list[JobTask]:
        """The tasks from granules to product, into folders of `out`."""
        begun = self.folder / "tiles"
        ortho, final, mask, images, pvi, tci, meta, strip = (
            out / name for name in ("ortho", "final", "mask", "images", "pvi", "tci", "meta", "strip")
        )
        granules = [self.folder / "l1b" / "GRANULE"]
        pictures = {"PDI_DS_PVI_LIST": [pvi], "PDI_DS_TCI_LIST": [tci]}
        product = {**self.inputs(meta, images, begun), **pictures, "PDI_DS": [strip]}
        return [
            JobTask(
                "GEN_ORTHO_TOA",
                {**self.inputs(begun), **self.sensor(), "PDI_GR_LIST": granules},
                {"PDI_DS_TILE_LIST": ortho},
            ),
            JobTask("TILE_FINALIZE", self.inputs(begun, ortho), {"PDI_DS_TILE_LIST": final}),
            JobTask(
                "MASK_S2",
                self.inputs(final, begun, ortho),
                {"PDI_DS_TILE_LIST": mask, "VECTOR": out / "vector"},
            ),
            JobTask("FORMAT_IMG_L1C", self.inputs(final, begun, ortho, mask), {"PDI_DS_TILE_LIST": images}),
            JobTask(
                "FORMAT_IMG_PVI_TCI",
                self.inputs(final, begun, ortho),
                {"PDI_DS_PVI_LIST": pvi, "PDI_DS_TCI_LIST": tci},
            ),
            JobTask(
                "FORMAT_METADATA_TILE_L1C",
                {**self.inputs(images, final, begun), **pictures},
                {"PDI_DS_TILE_LIST": meta},
            ),
            JobTask("FORMAT_METADATA_DS_L1C", self.inputs(meta, images), {"PDI_DS": strip}),
            JobTask("FORMAT_PRODUCT_L1C", product, {"S2MSI1C": out / "product"}),
        ]


@pytest.fixture(scope="module")
def strip(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Strip:
    folder = tmp_path_factory.mktemp("chain")
    tile = tile_of_name(TILE)
    grid = Grid(tile.epsg, tile.upper_left_x, tile.upper_left_y, 10, SIZE_M // 10, SIZE_M // 10)
    area = MapArea(tile.epsg, float(tile.upper_left_x), float(tile.upper_left_y), SIZE_M)
    geometry: SensorGeometry = madeira(reference_data)
    terrain: Terrain = madeira_terrain(reference_data)
    model, scene = SensorModel(geometry, terrain, 2), TexturedScene.of(UTM_ZONE_28, seed=4)
    granules = {}
    for detector in range(1, 13):
        seen = lines_over(model, detector, BAND_NAMES, *mesh_of(area))
        if len(seen):
            first = max((seen.start - 97) // CUT * CUT, 0) + 1
            granules[detector] = (range(first, (seen.stop + 96) // CUT * CUT + 1),)
    view = view_of(reference_data, geometry, terrain, scene)
    product = product_of(folder / "l1b", reference_data, view, granules, BAND_NAMES)
    write_tile_list(folder / "tile_list_file.xml", TileList(product.datastrip.file.parent.name, (tile,)))
    metadata = replace(tile_metadata(TILE, "05.00"), grid=grid)
    name = metadata.identifier.replace("_MSI_", "_MTD_").rpartition("_N")[0]
    write_bytes(folder / "tiles" / metadata.identifier / f"{name}.xml", tile_xml(metadata))
    return Strip(folder, reference_data, scene, grid)


@pytest.fixture(scope="module")
def together(strip: Strip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that one job order of the whole chain makes."""
    out = tmp_path_factory.mktemp("together")
    called = run_job(out / "job.xml", strip.chain(out), workers=2)
    assert called.code == 0, called.stderr
    return out


def image(out: Path, band: str) -> npt.NDArray[np.uint16]:
    (path,) = (out / "ortho").glob(f"*/IMG_DATA/*_{band}.tif")
    return np.asarray(read_geotiff(path).read_all())


@pytest.mark.parametrize(("band", "resolution"), [("B02", 10), ("B08", 10), ("B11", 20), ("B01", 60)])
def test_reflectance_is_that_of_the_map(strip: Strip, together: Path, band: str, resolution: int) -> None:
    counts = image(together, band)
    places = (np.arange(counts.shape[0]) + 0.5) * resolution
    eastings, northings = np.meshgrid(strip.grid.upper_left_x + places, strip.grid.upper_left_y - places)
    truth = strip.scene.reflectance(band, eastings, northings)
    seen = counts > 0
    assert seen.mean() > 0.5
    error = (counts.astype(float) - 1000) * 1e-4 - truth
    assert abs(float(np.mean(error[seen]))) < 1e-3 * float(np.mean(truth[seen]))
    assert float(np.percentile(np.abs(error[seen]), 99)) < 2e-3


def test_the_product_is_one_that_readers_take(together: Path) -> None:
    (folder,) = (together / "product").glob("*.SAFE")
    product = open_product(folder)
    assert product.level == "L1C"
    counts = product.bands["toa_reflectance/B02"].read_all()
    assert np.array_equal(counts, image(together, "B02"))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".log" and "job" not in path.name
    }


def test_each_task_alone_gives_the_same_bytes(strip: Strip, together: Path, tmp_path: Path) -> None:
    for number, task in enumerate(strip.chain(tmp_path)):
        called = run_job(tmp_path / f"job{number}.xml", [task], workers=1)
        assert called.code == 0, called.stderr
    assert files(tmp_path) == files(together)


def test_no_data_outside_the_outline_of_the_datastrip(strip: Strip, tmp_path: Path) -> None:
    """The western half of the tile is inside: the product has nothing else, and no cloud or quality there."""
    corners = np.array([(-5000.0, 5000.0), (960.0, 5000.0), (960.0, -9000.0), (-5000.0, -9000.0)])
    corners += (strip.grid.upper_left_x, strip.grid.upper_left_y)
    to_geographic = pyproj.Transformer.from_crs(strip.grid.epsg, 4326, always_xy=True)
    outline = tmp_path / "outline.gml"
    write_footprint(outline, "S2A", (np.column_stack(to_geographic.transform(*corners.T)),))
    tasks = strip.chain(tmp_path)
    tasks[1] = replace(tasks[1], inputs={**tasks[1].inputs, "VECTOR_DS_FOOTPRINT": [outline]})
    called = run_job(tmp_path / "job.xml", tasks, {"finalise_tile.outline_margin": "0"}, workers=2)
    assert called.code == 0, called.error
    assert "seen outside the outline of the datastrip, made no data" in called.stdout
    (folder,) = (tmp_path / "product").glob("*.SAFE")
    product = open_product(folder)
    for band in BAND_NAMES:
        counts = product.bands[f"toa_reflectance/{band}"].read_all()
        detectors = product.masks[f"detector_footprint/{band}"].read_all()
        edge = counts.shape[1] * 960 // SIZE_M
        assert np.mean(counts[:, :edge] > 0) > 0.9
        assert not counts[:, edge:].any()
        assert not detectors[:, edge:].any()
    clouds = product.masks["cloud_classification"].read_all()
    assert not clouds[:, clouds.shape[1] * 960 // SIZE_M :].any()


def test_a_missing_granule_leaves_a_hole_that_is_told(strip: Strip, tmp_path: Path) -> None:
    """What Sen2VM's users ask for: the tile is made of what is there."""
    granules = tmp_path / "GRANULE"
    shutil.copytree(strip.folder / "l1b" / "GRANULE", granules)
    detectors = sorted(int(folder.name[-9:-7]) for folder in granules.iterdir())
    assert len(detectors) > 1
    (lost,) = (folder for folder in granules.iterdir() if folder.name[-9:-7] == f"{detectors[-1]:02d}")
    shutil.rmtree(lost)
    (other,) = (folder for folder in granules.iterdir() if folder.name[-9:-7] == f"{detectors[0]:02d}")
    (emptied,) = other.glob("IMG_DATA/*_B03.jp2")
    emptied.write_bytes(b"")
    task = strip.chain(tmp_path)[0]
    called = run_job(
        tmp_path / "job.xml",
        [replace(task, inputs={**task.inputs, "PDI_GR_LIST": [granules]})],
        {"PARALLEL_BAND_IDENT": "B01-B02"},
    )
    assert called.code < 128, called.stderr
    assert f"[W] granule {lost.name} is missing: no data in its place" in called.stderr
    told = f"[W] no image, or an empty one, in granule {other.name}: B03: no data in its place"
    assert told in called.stderr
    (footprint,) = (tmp_path / "ortho").glob("*/QI_DATA/MSK_DETFOO_B02.tif")
    seen = np.unique(read_geotiff(footprint).read_all())
    assert detectors[-1] not in seen
    assert 0 in seen
    assert np.array_equal(image(tmp_path, "B02") == 0, read_geotiff(footprint).read_all() == 0)


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_inputs_are_refused(strip: Strip, tmp_path: Path, reference_data: Path, name: str) -> None:
    """Of the task that makes the images: one line, its exit code, and no image."""
    bad, task = BAD_INPUTS[name], strip.chain(tmp_path)[0]
    task = replace(task, inputs=bad.change(task.inputs, tmp_path, reference_data))
    called = run_job(tmp_path / "job.xml", [task], {"PARALLEL_BAND_IDENT": "B00"})
    assert called.code == bad.code, called.error
    (line,) = (line for line in called.stdout.splitlines() if " [E] " in line)
    assert bad.message in line
    assert not list((tmp_path / "ortho").rglob("*.tif"))


def test_a_tile_that_no_detector_sees(strip: Strip, tmp_path: Path) -> None:
    """Though it was begun: refused, with the datastrip and the place of the tile."""
    elsewhere = tile_metadata("31TDH", "05.00")
    name = elsewhere.identifier.replace("_MSI_", "_MTD_").rpartition("_N")[0]
    write_bytes(tmp_path / "tiles" / elsewhere.identifier / f"{name}.xml", tile_xml(elsewhere))
    write_tile_list(tmp_path / "list.xml", TileList("Madeira", (tile_of_name("31TDH"),)))
    task = strip.chain(tmp_path)[0]
    inputs = {
        **task.inputs,
        "PDI_DS_TILE_LIST": [tmp_path / "tiles"],
        "TILE_LIST_FILE": [tmp_path / "list.xml"],
    }
    called = run_job(tmp_path / "job.xml", [replace(task, inputs=inputs)], {"PARALLEL_BAND_IDENT": "B00"})
    assert called.code == 165
    assert "no detector sees the tile at 399960, 4800000 of EPSG:32631" in called.error


def test_a_band_that_sees_nothing_of_a_tile(strip: Strip) -> None:
    """At the end of a strip, where others do: it has their sun, and no grid."""

    class BlindInB01(OrthoGrids):
        def _find(self, band: str) -> tuple[SensorGrid, ...]:
            return () if band == "B01" else super()._find(band)

    inputs = strip.chain(strip.folder)[0].inputs
    product = read_l1b_parts(next(inputs["PDI_DS"][0].iterdir()), sorted(inputs["PDI_GR_LIST"][0].iterdir()))
    files = SensorFiles((*inputs["GIP_SPAMOD"], *inputs["GIP_VIEDIR"]), None, None, None)
    area = MapArea(strip.grid.epsg, strip.grid.upper_left_x, strip.grid.upper_left_y, SIZE_M)
    scene = SensorScene(product.datastrip, files, area, True, 2, print)
    blind, seeing = BlindInB01(product, scene, area), OrthoGrids(product, scene, area)
    found, expected = blind.sun("B01").cosines, seeing.sun("B01").cosines
    assert not blind.grids("B01")
    assert np.max(np.abs(found - expected)) < 1e-4
