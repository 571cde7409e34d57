"""Tiles, datastrips and products of Level 1C out of what earlier tasks leave, alone and in one job order."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.geometric.encode_images import encode_images
from ipf_plugins.geometric.encode_pictures import encode_pictures
from ipf_plugins.geometric.format_datastrip_metadata import format_datastrip_metadata
from ipf_plugins.geometric.format_product import format_product
from ipf_plugins.geometric.format_tile_metadata import format_tile_metadata
from lxml import etree

from ipf.auxiliary.gipp_names import AuxiliaryName
from ipf.auxiliary.l1_gipp import AbsoluteCalibration
from ipf.auxiliary.l1_gipp_files import level_1_gipp_document
from ipf.engine import SinkStep
from ipf.product.bands import BAND_NAMES
from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.images import image_pieces
from ipf.product.names import TileName
from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Outcome, QualityParameters, inspect
from ipf.product.quicklook import preview, true_colour
from ipf.product.reader import open_product
from ipf.product.sensor_datastrip import read_sensor_datastrip
from ipf.product.tile_reader import read_tile_metadata
from tests.cli.programs import call
from tests.plugins.geometric.chain_jobs import Formatting, JobTask, run_job
from tests.plugins.geometric.made_tiles import (
    TILES,
    MadeTile,
    make_datastrip,
    make_list,
    make_tile,
    write_counts,
)
from tests.product.products import AUXILIARY, tree

PRODUCT = "products/*.SAFE"


@dataclass(frozen=True)
class Chain:
    """What the tasks have made of what."""

    tile: MadeTile
    jobs: Formatting


def made_inputs(folder: Path, baseline: str = "05.00", **changes: object) -> MadeTile:
    """Write a datastrip that was not refined, a list and a tile."""
    make_datastrip(folder / "l1b", refining=None, **changes)
    make_list(folder / "tile_list_file.xml")
    return make_tile(folder / "tiles", baseline=baseline)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """All tasks from one job order."""
    folder = tmp_path_factory.mktemp("chain")
    tile = made_inputs(folder)
    jobs = Formatting(folder, folder / "out")
    called = jobs.run(workers=2)
    assert called.code == 0, called.stderr
    return Chain(tile, jobs)


@pytest.mark.parametrize(
    "step",
    [encode_images, encode_pictures, format_tile_metadata, format_datastrip_metadata, format_product],
    ids=lambda step: step.name,
)
def test_declared(step: SinkStep) -> None:
    assert step.check is not None
    assert all(field.description for field in step.parameters.model_fields.values())
    assert all(port.name for port in step.input_ports)


def test_product_holds_what_was_made(chain: Chain) -> None:
    product, tile = open_product(chain.jobs.only(PRODUCT)), chain.tile
    for band in BAND_NAMES:
        assert np.array_equal(product.bands[f"toa_reflectance/{band}"].read_all(), tile.counts[band])
        assert np.array_equal(product.masks[f"detector_footprint/{band}"].read_all(), tile.footprints[band])
        assert np.array_equal(product.masks[f"quality/{band}"].read_all(), tile.quality[band])
    assert np.array_equal(product.masks["cloud_classification"].read_all(), tile.clouds)
    assert {name: path.read_bytes() for name, path in product.auxiliary_files.items()} == AUXILIARY
    assert product.bands["toa_reflectance/B02"].offset == -1000
    strip = product.read_datastrip()
    assert strip.tiles == (tile.metadata.identifier,)
    metadata = product.metadata
    assert metadata is not None
    assert metadata.uri == "S2A_MSIL1C_20200816T120220_N0500_R023_T28SCB_20240831T000000.SAFE"
    assert metadata.datatake.identifier == "GS2A_20200816T120221_026904_N05.00"
    assert str(metadata.generation_time) == "2024-09-01T10:20:30.000000Z"


def test_pictures(chain: Chain) -> None:
    tile, grid = chain.tile, chain.tile.metadata.grid
    expected = true_colour(*(tile.counts[band] for band in ("B04", "B03", "B02")), (-1000.0,) * 3)
    assert np.array_equal(decoded(chain.jobs.only("colours/*/IMG_DATA/*_TCI.jp2")), expected)
    small = preview(expected, grid)
    assert np.array_equal(decoded(chain.jobs.only("previews/*/QI_DATA/*_PVI.jp2")), small)
    assert small.any()


def decoded(path: Path) -> np.ndarray:
    pieces = list(image_pieces(path))
    rows = max(window.row + window.height for windows, _ in pieces for window in windows)
    columns = max(window.column + window.width for windows, _ in pieces for window in windows)
    picture = np.zeros((3, rows, columns), np.uint8)
    for windows, samples in pieces:
        for window in windows:
            picture[:, *window.slices] = samples
    return picture


def test_percentages(chain: Chain) -> None:
    tile = chain.tile
    quality = read_tile_metadata(chain.jobs.only("metadata/*/*_MTD_*.xml")).quality
    seen = tile.footprints["B01"] > 0
    assert quality.cloudy == pytest.approx(100 * np.mean(tile.clouds[seen] & 3 != 0))
    assert quality.snow == pytest.approx(100 * np.mean(tile.clouds[seen] & 4 != 0))
    # Lost or degraded packets of the instrument are bits 2 and 3, which no band of these has.
    assert quality.degraded_msi == 0
    assert len(quality.masks) == 27
    assert quality.preview.endswith("QI_DATA/T28SCB_20200816T120220_PVI.jp2")
    assert 0 < quality.snow < quality.cloudy < 100


def test_degraded_packets(tmp_path: Path) -> None:
    """Percentage of what was seen, mean of the bands."""
    tile = made_inputs(tmp_path)
    flags = np.zeros_like(tile.quality["B05"])
    flags[:30] = 0b1000
    flags[30:40] = 0b0011  # ancillary packets are not the instrument's
    folder = tmp_path / "tiles" / tile.metadata.identifier / "QI_DATA"
    write_counts(folder / "MSK_QUALIT_B05.tif", tile.metadata, "B05", flags)
    jobs = Formatting(tmp_path, tmp_path / "out")
    called = jobs.run("FORMAT_IMG_L1C", "FORMAT_IMG_PVI_TCI", "FORMAT_METADATA_TILE_L1C")
    assert called.code == 0, called.stderr
    seen = tile.footprints["B05"] > 0
    quality = read_tile_metadata(jobs.only("metadata/*/*_MTD_*.xml")).quality
    assert quality.degraded_msi == pytest.approx(100 * np.mean(flags[seen] & 8 != 0) / 13)
    assert quality.degraded_msi > 1


def test_one_by_one(chain: Chain, tmp_path: Path) -> None:
    """Each task alone, with other numbers of workers, writes the same bytes."""
    jobs = Formatting(chain.jobs.made, tmp_path)
    for number, task in enumerate(jobs.tasks()):
        called = jobs.run(task.name, workers=1 + 2 * (number % 2))
        assert called.code == 0, called.stderr
    expected, found = (
        {name: told for name, told in tree(out).items() if not name.startswith("JobOrder")}
        for out in (chain.jobs.out, tmp_path)
    )
    assert found == expected
    assert len(expected) > 100


def test_bands_apart(chain: Chain, tmp_path: Path) -> None:
    """Jobs that share the bands write into one folder."""
    jobs = Formatting(chain.jobs.made, tmp_path)
    for bands in ("B00-B01-B05", "B02-B03-B04-B06-B07-B08", "B09-B10-B11-B12"):
        called = jobs.run("FORMAT_IMG_L1C", PARALLEL_BAND="true", PARALLEL_BAND_IDENT=bands)
        assert called.code == 0, called.stderr
    assert tree(tmp_path / "images") == tree(chain.jobs.out / "images")


def test_quality_control(chain: Chain, reference_data: Path) -> None:
    """Nothing fails but what a small tile must: its size, and the degraded packets that it was given."""
    parameters = QualityParameters(schemas=reference_data / "xsd" / "PSD148")
    failed = {
        (item.kind, check.identifier)
        for item in items_of(chain.jobs.only(PRODUCT))
        for report in inspect(item, INSPECTIONS, parameters)
        for check in report.checks
        if check.outcome in (Outcome.FAILED, Outcome.ERROR)
    }
    assert failed == {("tile", "Tile_Position_Size"), ("tile", "Corrupted_ISP")}


def test_datastrip_takes_over(chain: Chain) -> None:
    document = chain.jobs.only("datastrip/*/*_MTD_*.xml")
    (source,) = (chain.jobs.made / "l1b" / "DATASTRIP").iterdir()
    made, given = read_sensor_datastrip(document), read_sensor_datastrip(source)
    assert np.array_equal(made.ephemeris.positions, given.ephemeris.positions)
    assert (made.datation, made.earth, made.gains, made.tdi) == (
        given.datation,
        given.earth,
        given.gains,
        given.tdi,
    )
    strip = read_datastrip_metadata(document)
    assert (strip.baseline, strip.processing_centre, strip.psd_version) == ("05.00", "MPC_", 14)
    assert set(strip.radiometry.offsets.values()) == {-1000.0}
    assert strip.radiometry.quantification.reflectance == 10000
    assert strip.radiometry.sun_distance_correction == pytest.approx(0.9743, abs=1e-3)
    assert len(strip.radiometry.spectral_bands) == 13
    assert len(list(document.parent.glob("QI_DATA/*_report.xml"))) == 5


def test_identity_and_used_files(tmp_path: Path, reference_data: Path) -> None:
    """Centres are the job order's, auxiliary files those among the inputs; valid for the later schemas."""
    made_inputs(tmp_path, "05.11")
    jobs = Formatting(tmp_path, tmp_path / "out")
    called = jobs.run("FORMAT_IMG_L1C", "FORMAT_IMG_PVI_TCI", "FORMAT_METADATA_TILE_L1C")
    assert called.code == 0, called.stderr
    madeira = reference_data / "geometry_madeira"
    viewing = sorted((madeira / "GIPP").glob("*VIEDIR*"))
    (bulletin,) = (madeira / "IERS").iterdir()
    resampling = (
        tmp_path / "S2A_OPER_GIP_RESPAR_IPF__20260101T000000_V20150622T000000_21000101T000000_B00.xml"
    )
    unused = [
        resampling.with_name(resampling.name.replace(before, after))
        for before, after in (("S2A_", "S2B_"), ("V2015", "V2025"), ("__2026", "__2025"))
    ]
    for path in (resampling, *unused):
        path.write_text("<RESPAR/>")
    task = jobs.task("FORMAT_METADATA_DS_L1C")
    calibration = tmp_path / resampling.name.replace("RESPAR", "R2ABCA")
    irradiance = {band: 100.0 + number for number, band in enumerate(BAND_NAMES)}
    calibration.write_bytes(
        level_1_gipp_document(
            AbsoluteCalibration(solar_irradiance=irradiance), AuxiliaryName.parse(calibration.stem)
        )
    )
    more = {
        "GIP_VIEDIR": viewing,
        "GIP_RESPAR": [*unused, resampling],
        "GIP_R2ABCA": [calibration],
        "IERS": [bulletin],
    }
    with_files = JobTask(task.name, {**task.inputs, **more}, task.outputs)
    parameters = {
        "PROCESSING_BASELINE": "05.11",
        "PROCESSING_CENTER": "2APS",
        "ARCHIVING_CENTER": "ARC_",
        "PARALLEL_TILE": "true",
    }
    called = run_job(tmp_path / "out" / "JobOrder.xml", [with_files], parameters)
    assert called.code == 0, called.stderr
    assert "[W]" not in called.stdout
    document = jobs.only("datastrip/*/*_MTD_*.xml")
    strip = read_datastrip_metadata(document)
    assert (strip.processing_centre, strip.archiving_centre, strip.psd_version) == ("2APS", "ARC_", 15)
    kinds = [gipp.kind for gipp in strip.auxiliary.gipps]
    assert kinds == ["GIP_BLINDP", "GIP_R2ABCA", "GIP_RESPAR", *["GIP_VIEDIR"] * len(viewing)]
    assert strip.auxiliary.gipps[2].name == resampling.stem
    assert strip.radiometry.solar_irradiance == irradiance
    assert strip.auxiliary.iers_bulletin == bulletin.stem
    schema = etree.XMLSchema(
        file=str(reference_data / "xsd" / "PSD150" / "S2_PDI_Level-1C_Datastrip_Metadata.xsd")
    )
    schema.assertValid(etree.parse(document))
    schema = etree.XMLSchema(
        file=str(reference_data / "xsd" / "PSD150" / "S2_PDI_Level-1C_Tile_Metadata.xsd")
    )
    schema.assertValid(etree.parse(jobs.only("metadata/*/*_MTD_*.xml")))
    called = jobs.run("FORMAT_PRODUCT_L1C")
    assert called.code == 0, called.stderr
    assert open_product(jobs.only(PRODUCT)).read_datastrip().archiving_centre == "ARC_"


def test_two_tiles(tmp_path: Path) -> None:
    """A product of each tile, and one datastrip that lists both; some alone by their numbers."""
    made_inputs(tmp_path)
    make_tile(tmp_path / "tiles", TILES[1])
    make_list(tmp_path / "tile_list_file.xml", TILES)
    jobs = Formatting(tmp_path, tmp_path / "out")
    called = jobs.run(workers=2)
    assert called.code == 0, called.stderr
    products = sorted((tmp_path / "out" / "products").iterdir())
    assert [path.name[38:44] for path in products] == ["T28SCB", "T28SCC"]
    for path in products:
        tiles = open_product(path).read_datastrip().tiles
        assert [TileName.parse(tile).tile for tile in tiles] == list(TILES)
    shutil.rmtree(tmp_path / "out" / "products")
    called = jobs.run("FORMAT_PRODUCT_L1C", PARALLEL_TILE="true", PARALLEL_TILE_IDENT="002")
    assert called.code == 0, called.stderr
    assert [path.name[38:44] for path in (tmp_path / "out" / "products").iterdir()] == ["T28SCC"]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [({"TCI_PROCESS": "false"}, (0, 1)), ({"PVI_PROCESS": "false"}, (1, 0))],
)
def test_switches(chain: Chain, tmp_path: Path, switches: dict[str, str], expected: tuple[int, int]) -> None:
    jobs = Formatting(chain.jobs.made, tmp_path)
    called = jobs.run("FORMAT_IMG_PVI_TCI", **switches)
    assert called.code == 0, called.stderr
    found = len(list(tmp_path.rglob("*_TCI.jp2"))), len(list(tmp_path.rglob("*_PVI.jp2")))
    assert found == expected


def test_without_cloud_mask(tmp_path: Path) -> None:
    """No cloud is marked, and that is said."""
    tile = made_inputs(tmp_path)
    (tmp_path / "tiles" / tile.metadata.identifier / "QI_DATA" / "MSK_CLASSI_B00.tif").unlink()
    jobs = Formatting(tmp_path, tmp_path / "out")
    called = jobs.run()
    assert called.code == 0, called.stderr
    assert "[W]" in called.stdout
    assert "without a cloud mask" in called.stdout
    assert not open_product(jobs.only(PRODUCT)).masks["cloud_classification"].read_all().any()


def test_merged_folder_of_links(chain: Chain, tmp_path: Path) -> None:
    """A folder into which links to the files of several tasks were put is as good as several folders."""
    jobs = Formatting(chain.jobs.made, tmp_path / "out")
    task = jobs.task("FORMAT_PRODUCT_L1C")
    identifier = chain.tile.metadata.identifier
    merged = tmp_path / "input" / "PDI_DS_TILE_LIST"
    for name in ("metadata", "images", "colours", "previews"):
        folder = chain.jobs.out / name / identifier
        for path in (path for path in folder.rglob("*") if path.is_file()):
            place = merged / identifier / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    (merged / identifier / "AUX_DATA").symlink_to(chain.jobs.made / "tiles" / identifier / "AUX_DATA")
    strip = tmp_path / "input" / "PDI_DS"
    strip.symlink_to(chain.jobs.out / "datastrip")
    inputs = {**task.inputs, "PDI_DS": [strip], "PDI_DS_TILE_LIST": [merged]}
    inputs = {
        kind: paths
        for kind, paths in inputs.items()
        if kind in ("PDI_DS", "PDI_DS_TILE_LIST", "TILE_LIST_FILE")
    }
    called = run_job(tmp_path / "out" / "JobOrder.xml", [replace(task, inputs=inputs)])
    assert called.code == 0, called.stderr
    product = jobs.only(PRODUCT)
    assert tree(product) == tree(chain.jobs.only(PRODUCT))
    assert not any(path.is_symlink() for path in product.rglob("*"))


def test_level_2a_takes_it(tmp_path: Path) -> None:
    tile = made_inputs(tmp_path)
    shutil.rmtree(tmp_path / "tiles" / tile.metadata.identifier / "AUX_DATA")  # without values in the tests
    jobs = Formatting(tmp_path, tmp_path / "out")
    called = jobs.run(workers=2)
    assert called.code == 0, called.stderr
    called = call("ipf", "l2a", jobs.only(PRODUCT), "--out", tmp_path / "l2a", "--resolution", "60")
    assert called.code == 0, called.stderr
    (product,) = (tmp_path / "l2a").glob("*.SAFE")
    assert open_product(product).tile.l1c_identifier == tile.metadata.identifier


def test_without_cloud_masks_and_pictures(tmp_path: Path) -> None:
    """One job order that asks for neither: metadata list a mask without flags, and no folder is wanting."""
    tile = made_inputs(tmp_path)
    made = tmp_path / "tiles" / tile.metadata.identifier / "QI_DATA" / "MSK_CLASSI_B00.tif"
    made.unlink()
    jobs = Formatting(tmp_path, tmp_path / "out")
    images, pictures, metadata, *_ = jobs.tasks()
    masks = tmp_path / "out" / "masks"
    mask = JobTask("MASK_S2", images.inputs, {"PDI_DS_TILE_LIST": masks})
    images = replace(images, inputs={**images.inputs, "PDI_DS_TILE_LIST": [masks, tmp_path / "tiles"]})
    switches = dict.fromkeys(("CLOUD_MASKS_PROCESS", "TCI_PROCESS", "PVI_PROCESS"), "false")
    called = run_job(tmp_path / "job.xml", [mask, images, pictures, metadata], switches)
    assert called.code == 0, called.error
    assert "no preview among the inputs" in called.stdout
    assert not list(tmp_path.rglob("*_TCI.jp2"))
    finished = read_tile_metadata(jobs.only("metadata/*/*MTD*.xml"))
    assert finished.quality.masks[-1].path.endswith("/MSK_CLASSI_B00.jp2")
    assert (finished.quality.cloudy, finished.quality.snow) == (0.0, 0.0)
    assert not decoded(jobs.only("images/*/QI_DATA/MSK_CLASSI_B00.jp2")).any()


def test_a_tile_that_was_not_begun_is_left_out(tmp_path: Path) -> None:
    """All tasks, of a list of two tiles, one of which no detector saw: a product of the other, warnings."""
    made_inputs(tmp_path)
    make_list(tmp_path / "tile_list_file.xml", TILES)
    jobs = Formatting(tmp_path, tmp_path / "out")
    called = jobs.run()
    assert called.code == 0, called.error
    for task in jobs.tasks():
        told = f"task {task.name}: left out:" in called.stdout
        assert told == (task.name != "FORMAT_METADATA_DS_L1C"), task.name
    assert f"no folder of tile {TILES[1]}" in called.stdout
    assert "_T28SCB_" in jobs.only(PRODUCT).name
    called = jobs.run("FORMAT_IMG_L1C", PARALLEL_TILE_IDENT="002")
    assert called.code == 165
    assert f"no folder of tile {TILES[1]}" in called.error
