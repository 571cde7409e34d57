"""Level-2A products: valid by official schemas, open in GDAL, named as the real one, whole or not at all."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from osgeo import gdal

from ipf.errors import OutputError, ProductError
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES
from ipf.product.documents import Documents
from ipf.product.l2a_quality import AtmosphericQuality, l2a_quality_reports
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing, level_2a_documents
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.reader import SafeProduct, open_product, open_tile
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime
from tests.product.products import (
    CONTENT,
    QUALITY,
    fill_l2a,
    l2a_images,
    l2a_probabilities,
    schema,
    small_acquisition,
    tree,
    write_small_l1c,
)

REAL = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
CREATION = UtcTime.parse("2022-10-05T16:44:54.000000Z")
CLOUDY = 6.0
DOCUMENTS = {
    "MTD_MSIL2A.xml": "S2_User_Product_Level-2A_Metadata.xsd",
    "MTD_DS.xml": "S2_PDI_Level-2A_Datastrip_Metadata.xsd",
    "MTD_TL.xml": "S2_PDI_Level-2A_Tile_Metadata.xsd",
    "L2A_QUALITY.xml": "L2A_QUALITY.xsd",
    "FORMAT_CORRECTNESS.xml": "OLQC_Report.xsd",
    "GENERAL_QUALITY.xml": "OLQC_Report.xsd",
    "GEOMETRIC_QUALITY.xml": "OLQC_Report.xsd",
    "RADIOMETRIC_QUALITY.xml": "OLQC_Report.xsd",
    "SENSOR_QUALITY.xml": "OLQC_Report.xsd",
}


def documents_of(product: SafeProduct) -> Documents:
    assert product.metadata is not None
    return Documents(product.metadata, product.read_datastrip(), product.tile)


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> SafeProduct:
    return open_product(write_small_l1c(tmp_path_factory.mktemp("l1c")))


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, l1c: SafeProduct) -> Path:
    return write(tmp_path_factory.mktemp("l2a"), l1c)[0]


def write(
    parent: Path, l1c: SafeProduct, baseline: str | None = None, parts: bool = False
) -> tuple[Path, ...]:
    documents = documents_of(l1c)
    processing = L2AProcessing(CREATION, baseline, luts=("scattering.npz",))
    with L2AProductWriter(parent, documents, processing, parts=parts) as writer:
        fill_l2a(writer, documents, l1c.tile_folder, l1c.auxiliary_files)
        return writer.finish(CONTENT, CLOUDY, QUALITY)


@pytest.mark.parametrize(
    ("l1c_baseline", "baseline"), [("04.00", "04.00"), ("05.11", "05.11"), ("04.00", "05.11")]
)
@pytest.mark.parametrize("parts", [False, True])
def test_every_document_is_valid_by_the_official_schemas(
    reference_data: Path, tmp_path: Path, l1c_baseline: str, baseline: str, parts: bool
) -> None:
    l1c = open_product(write_small_l1c(tmp_path / "l1c", small_acquisition(l1c_baseline)))
    outputs = write(tmp_path / "l2a", l1c, baseline, parts)
    documents = [path for folder in outputs for path in folder.rglob("*.xml") if path.name != "INSPIRE.xml"]
    assert {path.name for path in documents} == set(DOCUMENTS) - ({"MTD_MSIL2A.xml"} if parts else set())
    for path in documents:
        schema(reference_data, baseline, DOCUMENTS[path.name]).assertValid(etree.parse(path))


def test_the_reader_gives_back_what_was_written(product: Path, l1c: SafeProduct) -> None:
    read = open_product(product)
    documents = documents_of(l1c)
    for (content, resolution), image in l2a_images(documents).items():
        path = read.images[content, resolution]
        assert np.array_equal(gdal.Open(str(path)).ReadAsArray(), image)
    for (kind, resolution), probability in l2a_probabilities(documents).items():
        (path,) = product.glob(f"GRANULE/*/QI_DATA/{kind}_{resolution}m.jp2")
        assert np.array_equal(gdal.Open(str(path)).ReadAsArray(), probability)
    for layer, raster in l1c.masks.items():
        assert np.array_equal(read.masks[layer].read_all(), raster.read_all())
    assert read.bands["boa_reflectance/B02"].offset == -1000
    assert read.tile.quality.content == CONTENT
    assert read.tile.quality.cloudy == CLOUDY
    assert read.tile.l1c_identifier == l1c.tile.identifier
    assert read.tile.angles == l1c.tile.angles
    assert {name: path.read_bytes() for name, path in read.auxiliary_files.items()} == {
        name: path.read_bytes() for name, path in l1c.auxiliary_files.items()
    }
    metadata = read.metadata
    assert metadata is not None
    assert metadata.quality.content == CONTENT
    assert metadata.scene_classes["SC_DARK_FEATURE_SHADOW"] == 2
    assert metadata.auxiliary.luts == ("scattering.npz",)


def test_gdal_opens_it_with_the_metadata_of_the_real_product(reference_data: Path, product: Path) -> None:
    ours = gdal.Open(str(product / "MTD_MSIL2A.xml"))
    real = gdal.Open(str(reference_data / REAL / "MTD_MSIL2A.xml"))
    assert set(ours.GetMetadata()) == set(real.GetMetadata())
    assert [text for _, text in ours.GetSubDatasets()] == [text for _, text in real.GetSubDatasets()]
    for (name, _), (real_name, _) in zip(ours.GetSubDatasets(), real.GetSubDatasets(), strict=True):
        subdataset, twin = gdal.Open(name), gdal.Open(real_name)
        assert set(subdataset.GetMetadata()) == set(twin.GetMetadata())
        assert subdataset.RasterCount == twin.RasterCount
        assert subdataset.GetSpatialRef().IsSame(twin.GetSpatialRef())
        assert subdataset.GetGeoTransform() == twin.GetGeoTransform()
        for number in range(1, subdataset.RasterCount + 1):
            band, real_band = subdataset.GetRasterBand(number), twin.GetRasterBand(number)
            assert set(band.GetMetadata()) == set(real_band.GetMetadata())
            assert band.GetDescription() == real_band.GetDescription()
            assert band.ReadAsArray().max() > 0


# Files of the official product that are not written, and files written beyond it, with reasons.
NOT_WRITTEN = {
    # schemas of the European Space Agency: not ours to copy
    "rep_info/S2_PDI_Level-2A_Datastrip_Metadata.xsd",
    "rep_info/S2_PDI_Level-2A_Tile_Metadata.xsd",
    "rep_info/S2_User_Product_Level-2A_Metadata.xsd",
    # pages that show the metadata in a browser; listed by the manifest, absent from the sample
    "HTML/UserProduct_index.html",
    "HTML/UserProduct_index.xsl",
}
WRITTEN_BEYOND = {
    "rep_info/README.txt",  # says where the schemas are
}


def test_the_tree_is_that_of_the_real_product(reference_data: Path, product: Path) -> None:
    manifest = etree.parse(reference_data / REAL / "manifest.safe").getroot()
    listed = {location.get("href").removeprefix("./") for location in manifest.iter("fileLocation")}
    official = listed | set(tree(reference_data / REAL))
    ours = set(tree(product))
    assert product.name == Path(REAL).name
    assert official - ours == NOT_WRITTEN
    assert ours - official == WRITTEN_BEYOND


def test_lists_of_files_stand_in_the_official_order(reference_data: Path, product: Path) -> None:
    real, ours = (
        read_product_metadata(folder / "MTD_MSIL2A.xml") for folder in (reference_data / REAL, product)
    )
    assert ours.granules == real.granules
    real_tile, our_tile = (
        read_tile_metadata(next(folder.glob("GRANULE/*/MTD_TL.xml")))
        for folder in (reference_data / REAL, product)
    )
    assert our_tile.quality.masks == real_tile.quality.masks
    assert our_tile.quality.preview == real_tile.quality.preview
    assert (our_tile.identifier, our_tile.datastrip_identifier) == (
        real_tile.identifier,
        real_tile.datastrip_identifier,
    )
    assert list(ours.quality.checks) == list(real.quality.checks)
    assert ours.scene_classes == real.scene_classes
    assert ours.special_values == real.special_values


def checklists(folder: Path) -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """Figures of the Level-2A quality document: by parent and name of the checklist, by message, by name."""
    (path,) = folder.glob("GRANULE/*/QI_DATA/L2A_QUALITY.xml")
    return {
        (checklist.findtext("{*}parentID"), checklist.findtext("{*}name")): {
            check.findtext("{*}message").strip('"'): {
                node.get("name"): node.text for node in check.iter("{*}value")
            }
            for check in checklist.iter("{*}check")
        }
        for checklist in etree.parse(path).getroot().iter("{*}checkList")
    }


OUR_FIGURES = {
    "Atmospheric correction quality control": {"AC_ENABLED", "GAS_MODEL"},  # the first of later documents
    "Limits of the method": {"NO_DATA_AT_ALL", "CLOUD_ONLY", "WATER_ONLY"},
    "Limits of the ground": {"HIGHEST_GROUND_ABOVE_3.5_KM"},
}


def test_the_quality_document_has_every_check_and_figure_of_the_real_one(
    reference_data: Path, product: Path
) -> None:
    ours, real = checklists(product), checklists(reference_data / REAL)
    assert list(ours) == list(real)
    for name, checks in real.items():
        assert [message for message in ours[name] if message not in OUR_FIGURES] == [
            message for message in checks if message not in OUR_FIGURES
        ]
        for message, figures in checks.items():
            if message == "Percentage of negative BOA pixels":  # the bands with any, in the real one
                assert ours[name][message] == {"B01": "0.250000", "B12": "0.000000"}
            else:
                assert set(ours[name][message]) == set(figures) | OUR_FIGURES.get(message, set())
                assert [each for each in ours[name][message] if each in figures] == list(figures)
    correction = ours["L2A_AC", "ATMOSPHERIC_CORRECTION_QUALITY"]
    values = correction["Atmospheric correction quality values"]
    assert (values["GRANULE_MEAN_AOT"], values["DDV_REFLECTANCE_RANGE"]) == ("0.120000", "0.050000")
    assert correction["Look up table file list"] == {"LUT_DATA_FILES": "['scattering.npz']"}
    assert ours["L2A_AUX", "AUX_DATA_QUALITY"]["AUX data file list"] == {"AUX_DATA_FILES": "['w010_n51.dt1']"}


def quality_of(
    l1c: SafeProduct, quality: AtmosphericQuality, cloudy: float = 0.0, zenith: float = 30.0, **content: float
) -> tuple[dict[str, str], bool]:
    """Figures of the Level-2A quality of a tile, and whether it passes."""
    tile = level_2a_documents(documents_of(l1c), L2AProcessing(CREATION)).tile
    tile = replace(
        tile,
        angles=replace(tile.angles, mean_sun=Direction(zenith, 150.0)),
        quality=replace(tile.quality, cloudy=cloudy, content=replace(CONTENT, **content)),
    )
    reports = l2a_quality_reports(tile, quality)
    values = {
        name: str(value)
        for report in reports
        for check in report.checks
        for name, value in check.values.items()
    }
    return values, all(check.passed for report in reports for check in report.checks)


@pytest.mark.parametrize(
    ("flag", "passes", "beyond"),
    [
        ("VISIBILITY_LESS_THAN_5_KM", True, {"final_visibility": 4.9}),
        ("AOT_ABOVE_1", True, {"mean_aot": 1.2}),
        ("GRANULE_WV_ABOVE_5_CM", True, {"mean_water_vapour": 5.5}),
        ("GROUND_ELEVATION_ABOVE_3_KM", True, {"mean_altitude": 3.1}),
        ("HIGHEST_GROUND_ABOVE_3.5_KM", False, {"highest": 3.6}),
        ("SOLAR_ZENITH_ANGLE_ABOVE_70_DEG", False, {"zenith": 70.1}),
        ("NO_DATA_AT_ALL", False, {"nodata": 100.0}),
        ("CLOUD_ONLY", True, {"cloudy": 99.5}),
        ("WATER_ONLY", True, {"water": 99.5}),
    ],
)
def test_a_limit_that_is_exceeded_is_flagged(
    l1c: SafeProduct, flag: str, passes: bool, beyond: dict[str, float]
) -> None:
    of_quality = {name: beyond[name] for name in beyond if hasattr(QUALITY, name)}
    others = {name: beyond[name] for name in beyond if name not in of_quality}
    flags = {"AC_ENABLED": "True"} | {
        name: str(name == flag)
        for name in (
            "VISIBILITY_LESS_THAN_5_KM",
            "AOT_ABOVE_1",
            "GRANULE_WV_ABOVE_5_CM",
            "GROUND_ELEVATION_ABOVE_3_KM",
            "HIGHEST_GROUND_ABOVE_3.5_KM",
            "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG",
            "NO_DATA_AT_ALL",
            "CLOUD_ONLY",
            "WATER_ONLY",
        )
    }
    values, passed = quality_of(l1c, replace(QUALITY, **of_quality), **others)
    assert {name: value for name, value in values.items() if value in ("True", "False")} == flags
    assert passed == passes


def test_what_is_not_known_is_said_to_be_unknown(l1c: SafeProduct) -> None:
    values, passed = quality_of(l1c, AtmosphericQuality("DEFAULT"))
    unknown = {name for name, value in values.items() if value == "NONE"}
    assert unknown >= {"FINAL_VISIBILITY_KM", "VISIBILITY_LESS_THAN_5_KM", "DEM_TYPE", "DEM_MEAN_SLOPE"}
    assert (values["LUT_DATA_FILES"], passed) == ("[]", True)


def test_threads_and_order_do_not_change_a_byte(product: Path, l1c: SafeProduct, tmp_path: Path) -> None:
    documents = documents_of(l1c)
    processing = L2AProcessing(CREATION, luts=("scattering.npz",))
    with L2AProductWriter(tmp_path, documents, processing) as writer, ThreadPoolExecutor(4) as executor:
        jobs = [
            executor.submit(writer.add_probability, kind, resolution, probability)
            for (kind, resolution), probability in reversed(l2a_probabilities(documents).items())
        ]
        jobs.append(executor.submit(writer.copy_masks, l1c.tile_folder / "QI_DATA"))
        jobs += [
            executor.submit(writer.add_image, content, resolution, image)
            for (content, resolution), image in reversed(l2a_images(documents).items())
        ]
        jobs.append(executor.submit(writer.copy_auxiliary, l1c.auxiliary_files))
        for job in jobs:
            job.result()
        (again,) = writer.finish(CONTENT, CLOUDY, QUALITY)
    assert again.name == product.name
    assert tree(again) == tree(product)


def test_tile_and_datastrip_apart_are_read_as_such(tmp_path: Path, l1c: SafeProduct) -> None:
    tile, datastrip = write(tmp_path, l1c, parts=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "S2A_OPER_MSI_L2A_DS_ATOS_20221005T164454_S20221005T115407_N04.00",
        "S2A_OPER_MSI_L2A_TL_ATOS_20221005T164454_A038058_T29UNU_N04.00",
    ]
    read = open_tile(tile, datastrip)
    image = l2a_images(documents_of(l1c))["B8A", 20]
    assert np.array_equal(read.bands["boa_reflectance/B8A"].read_all(), image)
    assert not any(path.name.startswith("MTD_MSI") for path in tmp_path.rglob("*"))


def test_a_product_before_04_gives_raster_masks(tmp_path: Path) -> None:
    l1c = open_product(write_small_l1c(tmp_path / "l1c", small_acquisition("02.09")))
    documents = documents_of(l1c)
    with L2AProductWriter(tmp_path / "l2a", documents, L2AProcessing(CREATION)) as writer:
        for (content, resolution), image in l2a_images(documents).items():
            writer.add_image(content, resolution, image)
        for (kind, resolution), probability in l2a_probabilities(documents).items():
            writer.add_probability(kind, resolution, probability)
        for band in BAND_NAMES:
            writer.add_footprint(band, l1c.masks[f"detector_footprint/{band}"].read_all())
            writer.add_quality(band, l1c.masks[f"quality/{band}"].read_all())
        writer.add_clouds(l1c.masks["cloud_classification"].read_all())
        (product,) = writer.finish(CONTENT, CLOUDY, QUALITY)
    read = open_product(product)
    assert read.metadata is not None
    assert read.metadata.baseline == "04.00"
    for layer, raster in l1c.masks.items():
        assert np.array_equal(read.masks[layer].read_all(), raster.read_all())


@pytest.mark.parametrize(("finest", "resolutions"), [(10, [10, 20, 60]), (20, [20, 60]), (60, [60])])
def test_nothing_finer_than_what_is_wanted(
    tmp_path: Path, l1c: SafeProduct, product: Path, finest: int, resolutions: list[int]
) -> None:
    documents = documents_of(l1c)
    images, picture = l2a_images(documents), l2a_images(documents)["TCI", 10]
    with L2AProductWriter(
        tmp_path, documents, L2AProcessing(CREATION, luts=("scattering.npz",)), finest=finest
    ) as writer:
        for (content, resolution), image in images.items():
            if resolution in resolutions:
                writer.add_image(content, resolution, image)
        for (kind, resolution), probability in l2a_probabilities(documents).items():
            if resolution in resolutions:
                writer.add_probability(kind, resolution, probability)
        assert writer.needs_preview == (finest > 10)
        if writer.needs_preview:
            writer.add_preview(picture)
        writer.copy_masks(l1c.tile_folder / "QI_DATA")
        writer.copy_auxiliary(l1c.auxiliary_files)
        if finest > 10:
            with pytest.raises(OutputError, match="Level-2A has no image B04 at 10 m"):
                writer.add_image("B04", 10, images["B04", 10])
        (made,) = writer.finish(CONTENT, CLOUDY, QUALITY)
    listed = read_product_metadata(made / "MTD_MSIL2A.xml").granules[0].image_files
    found = {
        path.relative_to(made).as_posix().removesuffix(".jp2") for path in made.glob("GRANULE/*/IMG_DATA/*/*")
    }
    assert set(listed) == found
    assert {int(name[-3:-1]) for name in found} == set(resolutions)
    probabilities = {path.name for path in made.glob("GRANULE/*/QI_DATA/*PRB*")}
    assert probabilities == {
        f"{kind}_{size}m.jp2" for kind in ("MSK_CLDPRB", "MSK_SNWPRB") for size in resolutions if size > 10
    }
    ours, whole = tree(made), tree(product)
    same = [path for path in ours if path.endswith(".jp2")]
    assert [path for path in same if ours[path] != whole[path]] == []
    dataset = gdal.Open(str(made / "MTD_MSIL2A.xml"))
    # GDAL lists the native images of a complete product, and opens those that are there.
    opened = [
        gdal.Open(name).ReadAsArray().max() > 0
        for name, text in dataset.GetSubDatasets()
        if any(f" {size}m " in text for size in resolutions)
    ]
    assert opened == [True] * len(resolutions)
    assert open_product(made).tile.quality.content == CONTENT
    (report,) = made.glob("GRANULE/*/QI_DATA/GEOMETRIC_QUALITY.xml")
    sizes = {node.get("id") for node in etree.parse(report).getroot().iter("{*}inspection")}
    assert {name for name in sizes if "Dimensions" in name} == {
        f"Granule_Dimensions_{size}m" for size in resolutions
    }
    assert 'globalStatus="PASSED"' in report.read_text()


def test_an_incomplete_product_is_refused_and_leaves_nothing(tmp_path: Path, l1c: SafeProduct) -> None:
    documents = documents_of(l1c)
    with L2AProductWriter(tmp_path, documents, L2AProcessing(CREATION)) as writer:
        writer.add_image("B04", 10, l2a_images(documents)["B04", 10])
        assert writer.outputs == (tmp_path / Path(REAL).name,)
        assert not writer.outputs[0].exists()
        missing = r"missing IMG_DATA/R10m/\S+_B02_10m\.jp2, IMG_DATA/R10m/\S+_B03_10m"
        with pytest.raises(OutputError, match=missing):
            writer.finish(CONTENT, CLOUDY, QUALITY)
    assert list(tmp_path.iterdir()) == []


def test_two_outputs_appear_together_or_not_at_all(tmp_path: Path, l1c: SafeProduct) -> None:
    documents = documents_of(l1c)
    with L2AProductWriter(tmp_path, documents, L2AProcessing(CREATION), parts=True) as writer:
        fill_l2a(writer, documents, l1c.tile_folder, l1c.auxiliary_files)
        late_comer = writer.outputs[1] / "file"
        late_comer.parent.mkdir()
        late_comer.touch()
        with pytest.raises(OutputError, match="cannot be written"):
            writer.finish(CONTENT, CLOUDY, QUALITY)
    assert list(tmp_path.iterdir()) == [late_comer.parent]


def test_what_level_2a_does_not_have_is_refused(tmp_path: Path, l1c: SafeProduct) -> None:
    documents = documents_of(l1c)
    images = l2a_images(documents)
    with L2AProductWriter(tmp_path, documents, L2AProcessing(CREATION)) as writer:
        with pytest.raises(OutputError, match="Level-2A has no image B08 at 20 m"):
            writer.add_image("B08", 20, images["B04", 20])
        with pytest.raises(OutputError, match="Level-2A has no mask MSK_CLDPRB at 10 m"):
            writer.add_probability("MSK_CLDPRB", 10, np.zeros((1, 1), np.uint8))
        writer.add_image("B04", 20, images["B04", 20])
        with pytest.raises(OutputError, match=r"_B04_20m\.jp2: written twice"):
            writer.add_image("B04", 20, images["B04", 20])
        with pytest.raises(ProductError, match=r"MSK_DETFOO_B01\.jp2: image is missing"):
            writer.copy_masks(tmp_path)
        with pytest.raises(ProductError, match="absent: cannot be read"):
            writer.copy_auxiliary({"AUX_ECMWFT": tmp_path / "absent"})
    assert list(tmp_path.iterdir()) == []


def test_a_mask_that_is_cut_or_another_is_not_taken_over(tmp_path: Path, l1c: SafeProduct) -> None:
    """It would be passed on undecoded, and the product certified."""
    masks = tmp_path / "QI_DATA"
    shutil.copytree(l1c.tile_folder / "QI_DATA", masks)
    cut = masks / "MSK_DETFOO_B02.jp2"
    whole = cut.read_bytes()
    wrong = {
        whole[: len(whole) // 2]: "cut",
        (masks / "MSK_QUALIT_B02.jp2").read_bytes(): "image of 8 components, expected 1",
        (masks / "MSK_DETFOO_B11.jp2").read_bytes(): r"image of \d+ x \d+ pixels, expected",
    }
    for content, message in wrong.items():
        cut.write_bytes(content)
        with (
            L2AProductWriter(tmp_path / "out", documents_of(l1c), L2AProcessing(CREATION)) as writer,
            pytest.raises(ProductError, match=rf"MSK_DETFOO_B02\.jp2: .*{message}"),
        ):
            writer.copy_masks(masks)


@pytest.mark.parametrize("parts", [False, True])
def test_an_existing_output_is_not_touched(tmp_path: Path, l1c: SafeProduct, parts: bool) -> None:
    documents = documents_of(l1c)
    derived = level_2a_documents(documents, L2AProcessing(CREATION))
    existing = tmp_path / (derived.tile.datastrip_identifier if parts else derived.product.uri)
    existing.mkdir()
    with pytest.raises(OutputError, match="exists already"):
        L2AProductWriter(tmp_path, documents, L2AProcessing(CREATION), parts=parts)
    assert list(tmp_path.iterdir()) == [existing]


def test_a_baseline_before_04_is_not_written(l1c: SafeProduct) -> None:
    with pytest.raises(ValueError, match=r"baseline 03\.01 are not written, expected 04\.00 on"):
        level_2a_documents(documents_of(l1c), L2AProcessing(CREATION, baseline="03.01"))


def test_a_baseline_that_does_not_know_the_satellite_is_lifted_or_refused(l1c: SafeProduct) -> None:
    """As Sentinel-2C's first products were, of a baseline of their own."""
    documents = documents_of(l1c)
    taken = replace(documents.product.datatake, satellite="S2C")
    early = documents.with_product(datatake=taken)
    assert level_2a_documents(early, L2AProcessing(CREATION)).baseline == "05.11"
    with pytest.raises(OutputError, match=r"BASELINE is 04\.00, expected 05\.11 or later for Sentinel-2C"):
        level_2a_documents(early, L2AProcessing(CREATION, baseline="04.00"))
