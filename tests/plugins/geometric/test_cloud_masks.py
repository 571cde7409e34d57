"""Cloud masks: on simulated scenes of known truth, on a real tile with the official mask, block by block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.geometric.cloud_candidates import (
    CloudCandidatesParameters,
    clear_air,
    cloud_candidates,
)
from ipf_plugins.geometric.cloud_elevation import cloud_elevation, ground_raster
from ipf_plugins.geometric.cloud_mask import CloudMaskParameters, cloud_mask
from ipf_plugins.geometric.write_cloud_mask import write_cloud_mask
from ipf_plugins.simulator.job import newest
from ipf_plugins.simulator.spectra import Cover
from ipf_plugins.simulator.truth import Truth, read_truth
from osgeo import gdal, osr
from scipy.ndimage import maximum_filter

from ipf.auxiliary.elevation import OFFSET, SCALE
from ipf.engine.testing import StepCase, check_contract, check_declaration, check_invariance, run_step
from ipf.errors import ProductError
from ipf.kernels import pixels
from ipf.kernels.cloud_mask import CIRRUS, OPAQUE, SEEN, SNOW
from ipf.product.bands import BAND_NAMES
from ipf.product.geotiff import read_geotiff, write_geotiff
from ipf.product.masks import rasterise, read_vector_mask
from ipf.product.metadata import TileMetadata
from ipf.product.raster import Grid, Raster, raster_of_array
from ipf.product.reader import SafeProduct, open_product
from tests.plugins.geometric.chain_jobs import JobTask, run_job
from tests.plugins.geometric.made_tiles import (
    TILES,
    make_datastrip,
    make_list,
    make_tile,
    tile_metadata,
    write_counts,
)
from tests.plugins.simulator.conftest import run_scene

BANDS = ("B01", "B02", "B10", "B11", "B12")
REAL = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
GRID = Grid(32628, 300000.0, 3700020.0, 60, 70, 70)

Flags = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


def rasters(images: Mapping[str, npt.NDArray[np.float32]], grid: Grid) -> dict[str, Raster]:
    """Reflectances as counts of Level 1C; NaN is no data."""
    made = {}
    for band, image in images.items():
        counts = np.where(np.isnan(image), 0, np.rint(image * 10000 + 1000)).astype(np.uint16)
        made[band] = raster_of_array(f"toa_reflectance/{band}", grid, counts, "1", 1e-4, -1000.0, 0)
    return made


def textured(seed: int = 4) -> dict[str, npt.NDArray[np.float32]]:
    """Clouds, cirrus and snow in patches, with a corner without data."""
    random = np.random.default_rng(seed)
    shape = GRID.shape

    def patches(share: float, size: int) -> Mask:
        return np.asarray(maximum_filter(random.random(shape) < share, size))

    cloud, thin, snow = patches(0.002, 9), patches(0.003, 7), patches(0.002, 6)
    blue = np.where(cloud, 0.6, np.where(snow, 0.8, 0.15)) + random.normal(0, 0.01, shape)
    swir = np.where(cloud, 0.4, np.where(snow, 0.06, 0.2)) + random.normal(0, 0.01, shape)
    high = np.where(thin, 0.02, 0.0015) + random.normal(0, 0.0002, shape)
    images = {"B01": blue, "B02": blue, "B10": high, "B11": swir, "B12": swir}
    for image in images.values():
        image[:20, :12] = np.nan
    return {band: np.asarray(image, np.float32) for band, image in images.items()}


@pytest.fixture
def metadata() -> TileMetadata:
    return tile_metadata(TILES[0], "05.00")


def plain(grid: Grid, height: float) -> Raster:
    """Ground of one elevation, m."""
    counts = np.full(grid.shape, round(height / SCALE - OFFSET), np.int16)
    return ground_raster(grid, lambda window: counts[window.slices], "memory")


def candidates_of(
    bands: Mapping[str, Raster], tile: TileMetadata, height: float = 0.0, **settings: object
) -> tuple[Flags, StepCase]:
    """Flags of single pixels over ground of one elevation, and the case that they were made from."""
    parameters = CloudCandidatesParameters.model_validate(settings)
    ground = {"": plain(bands["B01"].grid.at(60), height)}
    layers = {"toa_reflectance": bands, "ground_elevation": ground}
    case = StepCase(cloud_candidates, layers, {"tile_metadata": tile}, parameters)
    return run_step(case).layers["cloud_candidates"], case


def mask_case(flags: Flags, grid: Grid, **settings: int) -> StepCase:
    """The case of the areas."""
    raster = raster_of_array("cloud_candidates", grid, flags, "flags")
    return StepCase(
        cloud_mask, {"cloud_candidates": {"": raster}}, {}, CloudMaskParameters.model_validate(settings)
    )


def masked(bands: Mapping[str, Raster], tile: TileMetadata) -> Flags:
    """The whole mask with the defaults."""
    flags, _ = candidates_of(bands, tile)
    return run_step(mask_case(flags, bands["B01"].grid)).layers["cloud_flags"]


def test_contracts(metadata: TileMetadata) -> None:
    flags, case = candidates_of(rasters(textured(), GRID), metadata)
    check_contract(case)
    check_contract(mask_case(flags, GRID))
    check_declaration(write_cloud_mask)
    check_declaration(cloud_elevation)
    assert {SEEN | OPAQUE, SEEN | CIRRUS, SEEN | SNOW, 0} <= set(np.unique(flags))


def test_the_largest_radii_reach_across_blocks() -> None:
    flags = np.full(GRID.shape, SEEN, np.uint8)
    flags[12:45, 20:52] |= OPAQUE
    large = flags & OPAQUE
    flags[48:63, 30:45] |= OPAQUE  # smaller than the square that erodes it
    flags[66:69, 5:60] |= CIRRUS
    case = mask_case(flags, GRID, opaque_erosion=10, opaque_dilation=10, cirrus_dilation=10)
    check_invariance(case)
    mask = run_step(case).layers["cloud_flags"]
    np.testing.assert_array_equal(mask & OPAQUE, large)


def test_other_bands_may_be_chosen(metadata: TileMetadata) -> None:
    images = textured()
    expected, _ = candidates_of(rasters(images, GRID), metadata)
    clear = np.full_like(images["B01"], 0.13)
    moved = {**images, "B01": clear, "B11": clear}
    blue, _ = candidates_of(rasters(moved, GRID), metadata, blue_band="B02", swir_band="B12")
    assert np.mean(blue == expected) > 0.99
    none, _ = candidates_of(rasters(moved, GRID), metadata)
    assert not (none & (OPAQUE | SNOW)).any()


def test_thresholds_matter(metadata: TileMetadata) -> None:
    bands = rasters(textured(), GRID)
    counts = []
    for settings in ({}, {"opaque_minimum": 0.9}, {"cirrus_minimum": 0.05}, {"snow_index_minimum": 0.99}):
        flags, _ = candidates_of(bands, metadata, **settings)
        counts.append([np.count_nonzero(flags & bit) for bit in (OPAQUE, CIRRUS, SNOW)])
    assert counts[1][0] < counts[0][0]
    assert counts[2][1] < counts[0][1]
    assert counts[3][2] < counts[0][2]
    assert counts[3][0] > counts[0][0]


def test_less_air_is_taken_off_high_ground(metadata: TileMetadata) -> None:
    """Clouds that are just opaque over high ground are lost where it is taken at sea level."""
    images = {band: np.full(GRID.shape, 0.05, np.float32) for band in BANDS}
    images["B10"][:] = 0.001
    sea, high = (clear_air(metadata, "B01", height) for height in (0.0, 4500.0))
    assert sea.path - high.path > 0.03
    light = 0.23 * high.transmittance / (1.0 - 0.23 * high.albedo)
    images["B01"][20:40, 20:40] = high.path + light
    expected = np.full(GRID.shape, SEEN, np.uint8)
    expected[20:40, 20:40] |= OPAQUE
    images["B11"][:] = 0.2
    flags, _ = candidates_of(rasters(images, GRID), metadata, 4500.0)
    np.testing.assert_array_equal(flags, expected)
    flags, _ = candidates_of(rasters(images, GRID), metadata)
    assert not (flags & OPAQUE).any()
    over_everest, _ = candidates_of(rasters(images, GRID), metadata, 8800.0)
    np.testing.assert_array_equal(over_everest, candidates_of(rasters(images, GRID), metadata, 6000.0)[0])


def test_a_tile_without_angles_is_refused(metadata: TileMetadata) -> None:
    angles = replace(metadata.angles, mean_viewing={})
    with pytest.raises(ProductError, match="no Mean_Viewing_Incidence_Angle of B01"):
        clear_air(replace(metadata, angles=angles), "B01")


@dataclass(frozen=True)
class Score:
    """How a mask compares with a truth: recall and precision."""

    recall: float
    precision: float

    @classmethod
    def of(cls, found: Mask, wanted: Mask, allowed: Mask | None = None) -> Score:
        """`allowed` is what may be found besides what is wanted, by default nothing."""
        right = wanted if allowed is None else allowed | wanted
        return cls(
            float(np.count_nonzero(found & wanted) / max(np.count_nonzero(wanted), 1)),
            float(np.count_nonzero(found & right) / max(np.count_nonzero(found), 1)),
        )

    def __str__(self) -> str:
        return f"recall {self.recall:.3f}, precision {self.precision:.3f}"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[SafeProduct, Truth]:
    """A simulated product with clouds, cirrus and snow, and its truth."""
    folder = tmp_path_factory.mktemp("clouds")
    report = run_scene(
        folder,
        {
            "simulate_acquisition.size_m": "10980",
            "simulate_sky.cloud_share": "0.15",
            "simulate_acquisition.seed": "3",
        },
    )
    assert report.exit_code == 0, report.error
    truth = read_truth(newest(folder / "truth", "*.TRUTH"))
    return open_product(newest(folder / "L1C", "*.SAFE")), truth


def coarse(raster: Raster) -> npt.NDArray[np.float32]:
    """A layer of the truth on 60 m."""
    values, factor = raster.read_physical(raster.grid.whole), 60 // raster.grid.resolution
    return pixels.block_mean(values, factor) if factor > 1 else values


def snow_share(truth: Truth) -> npt.NDArray[np.float64]:
    cover = truth.layer("cover")
    factor = 60 // cover.grid.resolution
    snow = cover.read_all() == int(Cover.SNOW)
    rows, columns = (side // factor for side in snow.shape)
    return np.asarray(snow.reshape(rows, factor, columns, factor).mean(axis=(1, 3)))


def test_scenes_of_known_truth(scene: tuple[SafeProduct, Truth]) -> None:
    """Clouds, cirrus and snow are found; what is far from any cloud is not taken for one."""
    product, truth = scene
    bands = {band: product.bands[f"toa_reflectance/{band}"] for band in BANDS}
    flags, _ = candidates_of(bands, product.tile)
    mask = run_step(mask_case(flags, product.grid.at(60))).layers["cloud_flags"]
    cloud, cirrus, snow = coarse(truth.layer("cloud")), coarse(truth.layer("cirrus")), snow_share(truth)
    clear = (cloud < 0.02) & (cirrus < 0.002)
    near = maximum_filter(~clear, 9)
    beside = maximum_filter(cloud > 0.02, 11)  # clouds grow over cirrus beside them
    scores = {
        "opaque": Score.of((mask & OPAQUE) > 0, cloud > 0.5, near),
        "opaque or cirrus": Score.of((mask & 3) > 0, (cloud > 0.5) | (cirrus > 0.01), near),
        "cirrus alone": Score.of((mask & CIRRUS) > 0, (cirrus > 0.01) & ~beside, near),
        "snow": Score.of((mask & SNOW) > 0, (snow > 0.5) & clear, snow > 0.25),
    }
    present = {"cloud": cloud > 0.5, "cirrus": (cirrus > 0.01) & ~beside, "snow": (snow > 0.5) & clear}
    print("\npresent: " + ", ".join(f"{name} {np.mean(where):.1%}" for name, where in present.items()))
    for name, score in scores.items():
        print(f"{name:17s}{score}")
    strict = Score.of((mask & 3) > 0, (cloud > 0.1) | (cirrus > 0.005))
    print(f"against every cloud to the pixel: {strict}; far from clouds {np.mean(~near):.1%}")
    assert np.mean(~near) > 0.3
    assert strict.precision > 0.7
    assert all(np.count_nonzero(where) > 100 for where in present.values())
    assert scores["opaque"].recall > 0.98
    assert scores["cirrus alone"].recall > 0.97
    assert scores["snow"].recall > 0.97
    assert min(score.precision for score in scores.values()) > 0.97


def test_against_the_official_mask_of_a_real_tile(reference_data: Path) -> None:
    """The coast of Peru, in B01 and B10 alone: infrared tells snow, of which there is none."""
    product = open_product(reference_data / REAL)
    grid = product.grid.at(60)
    bands = {band: product.bands[f"toa_reflectance/{band}"] for band in ("B01", "B10")}
    absent = np.zeros(grid.shape, np.uint16)
    for band in ("B02", "B11", "B12"):
        bands[band] = raster_of_array(f"toa_reflectance/{band}", grid, absent, "1", 1e-4, -1000.0, 0)
    mask = masked(bands, product.tile)
    official = product.masks["cloud_classification"].read_all()
    for name, bits, recall, precision in (
        ("opaque", OPAQUE, 0.85, 0.3),
        ("cirrus", CIRRUS, 0.85, 0.9),
        ("any", OPAQUE | CIRRUS, 0.88, 0.9),
    ):
        score = Score.of((mask & bits) > 0, (official & bits) > 0)
        print(f"\n{name:8s}{score}, {np.mean((mask & bits) > 0):.2%} here, official", end=" ")
        print(f"{np.mean((official & bits) > 0):.2%}", end="")
        assert score.recall > recall
        assert score.precision > precision


@pytest.mark.parametrize("name", ["282D_485L_3_3", "433D_629L_3_1"])
def test_real_clear_ground_stays_clear(reference_data: Path, metadata: TileMetadata, name: str) -> None:
    """Towns, fields and hills on two crops of 2.2 km without a cloud."""
    dataset = gdal.OpenEx(str(reference_data / "pairs" / "S2L1C" / f"{name}.tif"), gdal.OF_RASTER)
    counts = np.asarray(dataset.ReadAsArray(), np.uint16)[:, 2:-2:6, 2:-2:6]
    grid = replace(GRID, rows=counts.shape[1], columns=counts.shape[2])
    bands = {
        band: raster_of_array(f"toa_reflectance/{band}", grid, image.copy(), "1", 1e-4, -1000.0, 0)
        for band, image in zip(BAND_NAMES, counts, strict=True)
    }
    assert bands["B10"].read_physical(grid.whole).max() < 0.003
    assert not masked({band: bands[band] for band in BANDS}, metadata).any()


def task_of(folder: Path, **outputs: Path) -> JobTask:
    inputs = {
        "PDI_DS": [folder / "l1b" / "DATASTRIP"],
        "TILE_LIST_FILE": [folder / "tile_list_file.xml"],
        "PDI_DS_TILE_LIST": [folder / "tiles"],
    }
    return JobTask("MASK_S2", inputs, {"PDI_DS_TILE_LIST": folder / "masks", **outputs})


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a tile before its clouds are masked: clear, but for a cloud and cirrus."""
    tile = make_tile(tmp_path / "tiles")
    make_list(tmp_path / "tile_list_file.xml")
    make_datastrip(tmp_path / "l1b")
    place = tmp_path / "tiles" / tile.metadata.identifier
    (place / "QI_DATA" / "MSK_CLASSI_B00.tif").unlink()
    for band, resolution in {"B01": 60, "B02": 10, "B10": 60, "B11": 20, "B12": 20}.items():
        counts = np.full(tile.metadata.grid.at(resolution).shape, 1012 if band == "B10" else 2400, np.uint16)
        size = 60 // resolution
        if band == "B10":
            counts[20:26, 3:9] = 1200
        else:
            counts[5 * size : 15 * size, 8 * size : 20 * size] = 7000
        path = next((place / "IMG_DATA").glob(f"*_{band}.tif"))
        write_counts(path, tile.metadata, band, counts)
    return tmp_path


def test_the_task_writes_image_and_polygons(made: Path) -> None:
    called = run_job(made / "job.xml", [task_of(made, VECTOR=made / "vector")])
    assert called.code == 0, called.error
    (image,) = (made / "masks").rglob("*.tif")
    (vector,) = (made / "vector").rglob("*.gml")
    assert image.parent.name == "QI_DATA"
    assert image.name == "MSK_CLASSI_B00.tif"
    raster = read_geotiff(image)
    flags = raster.read_all()
    expected = np.zeros_like(flags)
    expected[18:28, 1:11] = CIRRUS
    expected[3:17, 6:22] = OPAQUE
    np.testing.assert_array_equal(flags, expected)
    assert set(np.unique(flags)) == {0, OPAQUE, CIRRUS}
    polygons: dict[str, list[tuple[npt.NDArray[np.float64], ...]]] = {"OPAQUE": [], "CIRRUS": []}
    for feature in read_vector_mask(vector, raster.grid.epsg):
        polygons[feature.kind].extend(feature.polygons)
    for kind, bit in (("OPAQUE", OPAQUE), ("CIRRUS", CIRRUS)):
        np.testing.assert_array_equal(rasterise(polygons[kind], raster.grid), (flags & bit) > 0)


def test_the_task_takes_an_elevation_model(made: Path) -> None:
    """High ground makes a cloud of haze; a model of another place is sea, and a damaged one is refused."""
    folder = made / "dem"
    folder.mkdir()
    dataset = gdal.GetDriverByName("GTiff").Create(str(folder / "high.tif"), 31, 31, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((-18.05, 0.1, 0.0, 35.05, 0.0, -0.1))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(np.full((31, 31), 4500.0, np.float32))
    dataset = None
    for path in (made / "tiles").glob("*/IMG_DATA/*_B01.tif"):
        raster = read_geotiff(path)
        counts = np.full(raster.grid.shape, 3550, np.uint16)
        write_geotiff(raster_of_array("B01", raster.grid, counts, ""), path, compress=False)
    task = task_of(made)
    opaque = []
    for inputs in ({}, {"DEM_SRTM": [folder]}):
        called = run_job(made / "job.xml", [replace(task, inputs={**task.inputs, **inputs})])
        assert called.code == 0, called.error
        assert ("the ground is taken at sea level" in called.stdout) == (not inputs)
        (image,) = (made / "masks").rglob("*.tif")
        opaque.append(np.mean(read_geotiff(image).read_all() == OPAQUE))
    assert opaque[0] == 0.0
    assert opaque[1] > 0.9
    (folder / "high.tif").write_bytes((folder / "high.tif").read_bytes()[:2000])
    called = run_job(made / "job.xml", [replace(task, inputs={**task.inputs, "DEM_SRTM": [folder]})])
    assert called.code >= 128
    assert "high.tif" in called.error


def test_workers_make_no_difference(made: Path) -> None:
    contents = []
    for workers in (1, 3):
        called = run_job(made / "job.xml", [task_of(made)], workers=workers)
        assert called.code == 0, called.error
        (image,) = (made / "masks").rglob("*.tif")
        contents.append(image.read_bytes())
    assert contents[0] == contents[1]


def test_switches(made: Path) -> None:
    called = run_job(made / "job.xml", [task_of(made)], {"LAND_WATER_MASKS_PROCESS": "true"})
    assert called.code >= 128
    assert "masks of land and water are not made" in called.error
    task = task_of(made, VECTOR=made / "vector")
    called = run_job(made / "job.xml", [task], {"CLOUD_MASKS_PROCESS": "false", "FAKE_MODE": "false"})
    assert called.code == 0, called.error
    assert "CLOUD_MASKS_PROCESS is false: the mask has no flag set" in called.stdout
    assert "task MASK_S2: without effect here: FAKE_MODE" in called.stdout
    (image,) = (made / "masks").rglob("*.tif")
    assert not read_geotiff(image).read_all().any()
    (vector,) = (made / "vector").rglob("*.gml")
    assert not list(read_vector_mask(vector, read_geotiff(image).grid.epsg))


def test_bands_that_a_job_order_picks_for_other_tasks(made: Path) -> None:
    """Clouds are looked for in the bands that tell them, of which alone images must be there."""
    for band in ("B03", "B8A"):
        next(made.glob(f"tiles/*/IMG_DATA/*_{band}.tif")).unlink()
    called = run_job(made / "job.xml", [task_of(made)], {"PARALLEL_BAND_IDENT": "B00"})
    assert called.code == 0, called.error
    assert "task MASK_S2: without effect here: PARALLEL_BAND_IDENT" in called.stdout
    (image,) = (made / "masks").rglob("*.tif")
    assert read_geotiff(image).read_all().any()


@pytest.mark.parametrize("name", ["IMG_DATA/*_B10.tif", "QI_DATA/MSK_DETFOO_B01.tif"])
def test_a_missing_or_cut_image_is_refused(made: Path, name: str) -> None:
    (image,) = (made / "tiles").glob(f"*/{name}")
    whole = image.read_bytes()
    image.write_bytes(whole[: len(whole) // 3])
    for _ in range(2):
        called = run_job(made / "job.xml", [task_of(made)])
        assert called.code >= 128
        assert name.rpartition("_")[2] in called.error
        assert not list((made / "masks").rglob("*.tif"))
        image.unlink(missing_ok=True)


def test_the_sun_below_the_limit_is_taken_at_it(metadata: TileMetadata) -> None:
    low = replace(metadata.angles, mean_sun=replace(metadata.angles.mean_sun, zenith=89.9))
    air = clear_air(replace(metadata, angles=low), "B01")
    assert math.isfinite(air.path)
    assert air.transmittance > 0.1
