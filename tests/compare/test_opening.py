"""Every file is a part, called by what it is, and the counts of images mean what the metadata say."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from osgeo import gdal

from ipf.compare.comparison import compare
from ipf.compare.content import Content, DocumentPart, Nature, OtherPart, RasterPart
from ipf.compare.opening import open_content
from ipf.compare.results import Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.errors import ProductError
from ipf.product.cog import CogTags, write_cog
from ipf.product.raster import Grid
from tests.compare.damaged import write_product
from tests.product.products import write_small_l1c

GRID = Grid(32629, 499980.0, 5900040.0, 10, 64, 64)


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_l1c(tmp_path_factory.mktemp("l1c"))


@pytest.fixture(scope="module")
def l2a(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_product(tmp_path_factory.mktemp("l2a"))


def parts(content: Content) -> list[RasterPart | DocumentPart | OtherPart]:
    return [*content.rasters.values(), *content.documents.values(), *content.others.values()]


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def assert_every_file_is_a_part(folder: Path) -> Content:
    content = open_content(folder)
    files = files_below(folder)
    assert files
    assert {part.path for part in parts(content)} == files
    return content


@pytest.mark.parametrize("folder", ["products", "l1c_metadata"])
def test_every_file_of_real_products_is_a_part(reference_data: Path, folder: str) -> None:
    products = sorted((reference_data / folder).glob("*.SAFE"))
    assert len(products) == 2
    for product in products:
        content = assert_every_file_is_a_part(product)
        assert content.kind == ("SAFE L2A" if "MSIL2A" in product.name else "SAFE L1C")
        assert {"product/metadata", "manifest", "INSPIRE"} <= content.documents.keys()
        paths_as_keys = [part.key for part in parts(content) if "_DATA" in part.key or "GRANULE" in part.key]
        assert paths_as_keys == []


def test_every_file_of_products_of_ours_is_a_part(l1c: Path, l2a: Path) -> None:
    assert assert_every_file_is_a_part(l1c).kind == "SAFE L1C"
    assert assert_every_file_is_a_part(l2a).kind == "SAFE L2A"


def test_parts_of_a_real_level_2a_product(reference_data: Path) -> None:
    (product,) = (reference_data / "products").glob("*MSIL2A*")
    content = open_content(product)
    band = content.rasters["T29UNU/B02 60 m"]
    assert (band.nature, band.quantity, band.unit) == (Nature.CONTINUOUS, "reflectance", "1")
    assert (band.scale, band.offset, band.nodata, band.saturated) == (1e-4, -1000, 0, 65535)
    assert band.classification == "T29UNU/SCL 20 m"
    aerosol, water = content.rasters["T29UNU/AOT 10 m"], content.rasters["T29UNU/WVP 60 m"]
    assert (aerosol.quantity, aerosol.scale, aerosol.offset) == ("aerosol_optical_thickness", 1e-3, 0)
    assert (water.quantity, water.unit, water.scale) == ("water_vapour", "cm", 1e-3)
    assert {aerosol.classification, water.classification} == {"T29UNU/SCL 20 m"}
    classes = content.rasters["T29UNU/SCL 60 m"]
    assert (classes.nature, classes.names[8]) == (Nature.CLASSES, "cloud_medium_probability")
    quality, clouds = content.rasters["T29UNU/MSK_QUALIT_B02"], content.rasters["T29UNU/MSK_CLASSI_B00"]
    assert (quality.nature, quality.components, quality.names[5]) == (Nature.MASK, tuple(range(8)), "no_data")
    assert (clouds.nature, clouds.components, clouds.names[1]) == (Nature.MASK, (0, 1, 2), "cirrus")
    assert content.rasters["T29UNU/MSK_DETFOO_B8A"].nature is Nature.CLASSES
    snow = content.rasters["T29UNU/MSK_SNWPRB 20 m"]
    assert (snow.nature, snow.quantity, snow.unit) == (Nature.CONTINUOUS, "probability", "%")
    colours = content.rasters["T29UNU/TCI 60 m"]
    assert (colours.nature, colours.components) == (Nature.PICTURE, (0, 1, 2))
    assert content.rasters["T29UNU/PVI"].nature is Nature.PICTURE
    assert "T29UNU/report L2A_QUALITY" in content.documents
    assert "datastrip/report GEOMETRIC_QUALITY" in content.documents
    assert content.others.keys() == {"T29UNU/AUX_CAMSFO", "T29UNU/AUX_ECMWFT"}
    assert content.names["product"] == product.name
    assert content.names["datastrip folder"] == "DS_ATOS_20221005T164454_S20221005T115407"
    assert content.names["T29UNU/AOT 10 m file"] == "T29UNU_20221005T115411_AOT_10m.jp2"


def test_stand_ins_are_parts_and_counts_have_the_offsets_of_their_baseline(reference_data: Path) -> None:
    (product,) = (reference_data / "products").glob("*MSIL1C*")
    content = open_content(product)
    stand_in = content.rasters["T18LTM/B02 10 m"]
    assert stand_in.path.stat().st_size == 1
    assert (stand_in.quantity, stand_in.scale, stand_in.offset) == ("reflectance", 1e-4, -1000)
    assert stand_in.classification is None
    assert "datastrip/metadata" in content.documents
    old = open_content(next((reference_data / "l1c_metadata").glob("*T55JEJ*")))
    assert old.rasters["T55JEJ/B8A 20 m"].offset == 0
    assert "T55JEJ/MSK_DETFOO_B01" in old.documents  # a vector mask is a document


def test_location_grids(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira" / "reference"
    content = assert_every_file_is_a_part(folder)
    assert content.kind == "location grids"
    height = content.rasters["D01 12:02:26/B01 height"]
    assert (height.quantity, height.unit, height.components) == ("height", "m", (2,))
    line = content.rasters["inverse D03/B8A line"]
    assert (line.quantity, line.unit, line.components) == ("line", "pixel", (1,))
    single = open_content(height.path)
    assert (single.kind, len(single.rasters)) == ("location grids", 3)


@pytest.mark.parametrize(
    ("components", "names"),
    [(2, ["longitude", "latitude"]), (4, ["longitude", "latitude", "height", "component 4"])],
)
def test_components_of_a_location_grid_are_those_of_its_file(
    tmp_path: Path, components: int, names: list[str]
) -> None:
    name = "S2A_OPER_GEO_L1B_GR_DPRM_20140630T140000_S20200816T120226_D01_B01.tif"
    gdal.GetDriverByName("GTiff").Create(str(tmp_path / name), 5, 5, components, gdal.GDT_Float64)
    content = open_content(tmp_path)
    assert list(content.rasters) == [f"D01 12:02:26/B01 {name}" for name in names]
    assert [part.quantity for part in content.rasters.values()][3:] == ["other"] * (components - 3)


def test_parts_of_a_ground_segment(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira"
    content = assert_every_file_is_a_part(folder)
    assert content.kind == "parts L1B"
    assert "datastrip/metadata" in content.documents
    assert "D10 12:02:36/metadata" in content.documents
    assert "GIP_VIEDIR B8A" in content.documents
    (datastrip,) = (folder / "DATASTRIP").iterdir()
    assert open_content(datastrip).kind == "datastrip L1B"
    granule = next((folder / "GRANULE").glob("*_D05_*"))
    assert open_content(granule).kind == "granule L1B"


def test_images_of_a_granule_are_counts_with_the_offset_of_the_datastrip(
    reference_data: Path, tmp_path: Path
) -> None:
    (datastrip,) = (reference_data / "geometry_madeira" / "DATASTRIP").iterdir()
    shutil.copytree(datastrip, tmp_path / datastrip.name)
    granule = next((reference_data / "geometry_madeira" / "GRANULE").glob("*120226_D03_*"))
    shutil.copytree(granule, tmp_path / granule.name)
    image = granule.name.removesuffix("_N05.00") + "_B04.jp2"
    (tmp_path / granule.name / "IMG_DATA").mkdir()
    (tmp_path / granule.name / "IMG_DATA" / image).touch()
    part = assert_every_file_is_a_part(tmp_path).rasters["D03 12:02:26/B04"]
    assert (part.quantity, part.scale, part.offset, part.nodata) == ("counts", 1, -100, None)


def test_gipps(reference_data: Path) -> None:
    content = assert_every_file_is_a_part(reference_data / "gipp")
    assert content.kind == "GIPP"
    assert {"GIP_DATATI B00", "GIP_DATATI B00 header"} <= content.documents.keys()
    (header,) = (reference_data / "gipp").rglob("*GIP_ATMIMA*.HDR")
    pair = open_content(header)
    assert (pair.kind, len(pair.documents)) == ("GIPP", 2)
    single = open_content(next((reference_data / "geometry_madeira" / "GIPP").glob("*VIEDIR*B03.xml")))
    assert (single.kind, *single.documents) == ("GIPP", "GIP_VIEDIR B03")


def test_job_orders_and_reports(reference_data: Path, tmp_path: Path) -> None:
    content = open_content(reference_data / "joborders" / "s2" / "Joborder_OLQC.xml")
    assert (content.kind, len(content.documents)) == ("job order", 1)
    (tmp_path / "report.xml").write_text("<Product_Report/>")
    assert open_content(tmp_path / "report.xml").kind == "report"
    assert open_content(tmp_path).kind == "documents"


def test_a_product_keeps_its_rasters_without_readable_metadata(l2a: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(l2a, tmp_path / l2a.name))
    (copy / "MTD_MSIL2A.xml").write_text("<broken")
    (tile,) = copy.rglob("MTD_TL.xml")
    tile.write_text("<broken")
    (strip,) = copy.rglob("MTD_DS.xml")
    strip.write_text("<broken")
    content, whole = open_content(copy), open_content(l2a)
    assert content.rasters.keys() == whole.rasters.keys()
    assert content.documents.keys() == whole.documents.keys()
    part = content.rasters["T29UNU/B02 10 m"]
    assert (part.quantity, part.scale, part.offset, part.nodata) == ("counts", 1, 0, 0)


def test_a_product_without_its_metadata_document_is_one_all_the_same(l2a: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(l2a, tmp_path / l2a.name))
    (copy / "MTD_MSIL2A.xml").unlink()
    content, whole = open_content(copy), open_content(l2a)
    assert content.kind == "SAFE L2A"
    assert whole.documents.keys() - content.documents.keys() == {"product/metadata"}
    assert content.rasters["T29UNU/B02 10 m"] == RasterPart(  # the datastrip tells the same
        **{name: getattr(whole.rasters["T29UNU/B02 10 m"], name) for name in RasterPart.__dataclass_fields__}
        | {"path": content.rasters["T29UNU/B02 10 m"].path}
    )
    other_name = copy.rename(tmp_path / "candidate")
    assert open_content(other_name).kind == "SAFE L2A"


def test_tile_and_datastrip_of_a_product_are_parts_by_themselves(l2a: Path, tmp_path: Path) -> None:
    (tile,) = (l2a / "GRANULE").iterdir()
    content = assert_every_file_is_a_part(tile)
    assert content.kind == "tile L2A"
    assert content.rasters["T29UNU/B02 10 m"].quantity == "counts"  # nothing there tells more
    (strip,) = (l2a / "DATASTRIP").iterdir()
    assert open_content(strip).kind == "datastrip L2A"
    shutil.copytree(tile, tmp_path / "some tile")
    shutil.copytree(strip, tmp_path / "some datastrip")
    both = assert_every_file_is_a_part(tmp_path)
    assert both.kind == "parts L2A"
    whole = open_content(l2a)
    assert both.rasters.keys() == whole.rasters.keys()
    assert both.rasters["T29UNU/B02 10 m"].offset == whole.rasters["T29UNU/B02 10 m"].offset == -1000


def test_long_names_mean_the_same_as_compact_ones(l1c: Path, tmp_path: Path) -> None:
    (compact,) = (l1c / "GRANULE").iterdir()
    name = "S2A_OPER_MSI_L1C_TL_ATOS_20230101T000000_A038058_T29UNU"
    tile = Path(shutil.copytree(compact, tmp_path / f"{name}_N04.00"))
    (tile / "MTD_TL.xml").rename(tile / f"{name.replace('_MSI_', '_MTD_')}.xml")
    for image in (tile / "IMG_DATA").iterdir():
        image.rename(image.with_name(f"{name}_{image.stem.rpartition('_')[2]}.jp2"))
    for report in (tile / "QI_DATA").glob("*.xml"):
        report.rename(report.with_name(f"{name}_{report.stem}_report.xml"))
    preview = next((tile / "QI_DATA").glob("*PVI*"))
    preview.rename(preview.with_name(f"{name.replace('_MSI_', '_PVI_')}_PVI.jp2"))
    long_named, short = open_content(tile), open_content(compact)
    assert long_named.kind == short.kind == "tile L1C"
    assert long_named.rasters.keys() == short.rasters.keys()
    assert long_named.documents.keys() == short.documents.keys()
    assert long_named.others.keys() == short.others.keys()


def test_a_folder_of_geotiffs_says_itself_what_its_counts_mean(tmp_path: Path) -> None:
    counts = np.full(GRID.shape, 3000, np.uint16)
    name = "T29UNU_20221005T115411_B02_10m.tif"
    write_cog(tmp_path / name, counts, GRID, CogTags("B02", "1", 1e-4, -1000, 0))
    write_cog(tmp_path / "other.tif", np.stack([counts, counts]), GRID, CogTags("other"))
    (tmp_path / "notes.txt").write_text("of no structure")
    content = assert_every_file_is_a_part(tmp_path)
    assert content.kind == "rasters"
    band = content.rasters["T29UNU/B02 10 m"]
    assert (band.scale, band.offset, band.nodata) == pytest.approx((1e-4, -1000, 0))
    assert {"T29UNU/other.tif", "T29UNU/other.tif component 2"} <= content.rasters.keys()
    assert content.others.keys() == {"T29UNU/notes.txt"}
    single = open_content(tmp_path / name)
    assert (single.kind, *single.rasters) == ("raster", "raster")


@pytest.mark.parametrize(
    ("tags", "scale", "offset"),
    [
        (CogTags("B02", "1", 1e-3, -1000, 0), 1e-3, -1000),
        (CogTags("B02", "1", 1e-4, 0, 0), 1e-4, 0),
        (CogTags("B02"), 1e-4, -1000),
    ],
)
def test_a_geotiff_beside_metadata_has_the_meaning_of_its_own_tags(
    l2a: Path, tmp_path: Path, tags: CogTags, scale: float, offset: float
) -> None:
    """Metadata count where it has none."""
    copy = Path(shutil.copytree(l2a, tmp_path / l2a.name))
    (image,) = copy.rglob("*_B02_10m.jp2")
    image.unlink()
    write_cog(image.with_suffix(".tif"), np.full(GRID.shape, 3000, np.uint16), GRID, tags)
    part = open_content(copy).rasters["T29UNU/B02 10 m"]
    assert (part.scale, part.offset) == pytest.approx((scale, offset))
    assert (part.quantity, part.nodata, part.classification) == ("reflectance", 0, "T29UNU/SCL 20 m")


def test_colours_of_a_raster_belong_together(tmp_path: Path) -> None:
    driver = gdal.GetDriverByName("GTiff")
    dataset = driver.Create(str(tmp_path / "a.tif"), 8, 8, 4, gdal.GDT_Byte, ["PHOTOMETRIC=RGB", "ALPHA=YES"])
    dataset = None
    del dataset
    content = open_content(tmp_path / "a.tif")
    assert content.rasters["raster"].components == (0, 1, 2)
    assert content.rasters["raster component 4"].components == (3,)


def test_a_damaged_raster_is_a_part(tmp_path: Path) -> None:
    for name in ("empty.tif", "broken.jp2"):
        (tmp_path / name).write_bytes(b"no image"[: 8 * (name != "empty.tif")])
        assert open_content(tmp_path / name).kind == "raster"
    assert len(open_content(tmp_path).rasters) == 2


@pytest.mark.parametrize("path", ["missing", "."])
def test_what_is_nothing_known_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "notes.txt").write_text("of no structure")
    with pytest.raises(ProductError, match=r"expected a Sentinel-2 product") as problem:
        open_content(tmp_path / path)
    assert str(tmp_path / path) in str(problem.value)


@pytest.mark.parametrize("name", ["image.tif", "T29UNU_20221005T115411_B02_10m.jp2", "a.xml", "pipe"])
def test_a_pipe_is_never_opened(tmp_path: Path, name: str) -> None:
    """It would be waited for for ever."""
    pipe = tmp_path / "folder" / name
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    with pytest.raises(ProductError, match="no regular file"):
        open_content(pipe)
    (pipe.parent / "document.xml").write_text("<a/>")
    assert pipe in {part.path for part in parts(open_content(pipe.parent))}


def test_two_files_of_one_meaning_are_refused(l2a: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(l2a, tmp_path / l2a.name))
    (image,) = copy.rglob("*_B04_10m.jp2")
    shutil.copy(image, image.with_suffix(".tif"))
    with pytest.raises(ProductError, match=r"both are T29UNU/B04 10 m") as problem:
        open_content(copy)
    assert str(image) in str(problem.value)
    assert str(image.with_suffix(".tif")) in str(problem.value)


def test_a_file_of_unknown_meaning_has_its_path_without_the_run(l2a: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(l2a, tmp_path / l2a.name))
    (tile,) = (copy / "GRANULE").iterdir()
    (image,) = copy.rglob("*_B05_20m.jp2")
    image.rename(image.with_name(image.name.replace("B05", "B15")))
    (tile / "more").mkdir()
    shutil.copy(next(copy.rglob("*_B04_10m.jp2")), tile / "more")
    (copy / f"{copy.name.removesuffix('.SAFE')}-ql.jpg").touch()
    content = open_content(copy)
    unknown = content.rasters["T29UNU/IMG_DATA/R20m/T29UNU_20221005T115411_B15_20m.jp2"]
    assert unknown.quantity == "other"
    assert "T29UNU/more/T29UNU_20221005T115411_B04_10m.jp2" in content.rasters
    assert "S2A_MSIL2A_20221005T115411_NBASELINE_R023_T29UNU_DISCRIMINATOR-ql.jpg" in content.others


def test_a_folder_that_holds_one_product_alone_is_that_product(l2a: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    product = Path(shutil.copytree(l2a, outputs / l2a.name))
    content = open_content(outputs)
    assert (content.kind, content.root) == ("SAFE L2A", product)
    assert "product/metadata" in content.documents
    (product / "MTD_MSIL2A.xml").unlink()
    assert open_content(outputs).kind == "SAFE L2A"
    (outputs / "log.txt").write_text("more")
    assert "log.txt" in open_content(outputs).others


def test_a_folder_of_one_tile_or_datastrip_is_that(l2a: Path, tmp_path: Path) -> None:
    for name, kind in (("GRANULE", "tile L2A"), ("DATASTRIP", "datastrip L2A")):
        shutil.copytree(l2a / name, tmp_path / name)
        assert open_content(tmp_path / name).kind == kind
    assert open_content(tmp_path).kind == "parts L2A"


def test_links_to_folders_are_followed_once(l1c: Path, tmp_path: Path) -> None:
    (tmp_path / "product").symlink_to(l1c)
    (tmp_path / "loop").symlink_to(tmp_path)
    content = open_content(tmp_path)
    assert content.kind == "SAFE L1C"
    assert content.rasters["T29UNU/B02 10 m"].quantity == "reflectance"
    assert len(parts(content)) == len(files_below(l1c))


def test_folders_without_files_of_their_own_are_parts(l1c: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(l1c, tmp_path / l1c.name))
    (copy / "HTML").mkdir()
    (copy / "A_LINK").symlink_to(copy / "GRANULE")  # before the folder itself in any listing
    (copy / "GRANULE" / "loop").symlink_to(copy)
    outside = Path(shutil.copytree(l1c / "rep_info", tmp_path / "outside"))
    (copy / "MORE").symlink_to(outside)
    content, whole = open_content(copy), open_content(l1c)
    assert content.rasters.keys() == whole.rasters.keys()
    folders = {part.key: part.folder for part in content.others.values() if part.folder}
    assert folders == {"HTML/": "empty", "A_LINK/": "a link to GRANULE", "GRANULE/loop/": "a link to ."}
    linked = {key for key in content.others.keys() | content.documents.keys() if key.startswith("MORE/")}
    assert len(linked) == len(files_below(outside))


def test_a_file_of_unknown_kind_is_one_of_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.bin", "c.txt"):
        (tmp_path / name).write_bytes(b"of no structure")
        content = open_content(tmp_path / name)
        assert (content.kind, *content.others) == ("file", "file")


def test_a_single_virtual_raster_is_a_raster(tmp_path: Path) -> None:
    dataset = gdal.GetDriverByName("GTiff").Create(str(tmp_path / "a.tif"), 8, 8, 2, gdal.GDT_UInt16)
    del dataset
    dataset = gdal.Translate(str(tmp_path / "a.vrt"), str(tmp_path / "a.tif"), format="VRT")
    del dataset
    content = open_content(tmp_path / "a.vrt")
    assert (content.kind, *content.rasters) == ("raster", "raster", "raster component 2")
    (tmp_path / "broken.vrt").write_text("<VRTDataset>")
    assert list(open_content(tmp_path / "broken.vrt").rasters) == ["raster"]
    folder = open_content(tmp_path)
    assert {"a.vrt", "broken.vrt"} <= folder.documents.keys()
    assert {"a.vrt image", "a.vrt image component 2", "broken.vrt image"} <= folder.rasters.keys()
    (tmp_path / "layers.vrt").write_text("<OGRVRTDataSource/>")
    assert "layers.vrt image" not in open_content(tmp_path).rasters


def test_a_virtual_raster_in_a_folder_is_compared_as_what_it_makes_of_sources_elsewhere(
    tmp_path: Path,
) -> None:
    folders = [tmp_path / name / "product" for name in ("reference", "candidate")]
    for count, folder in enumerate(folders, 7):
        folder.mkdir(parents=True)
        source = folder.parent / "source.tif"
        for path, value in ((source, count), (folder / "beside.tif", 7)):
            dataset = gdal.GetDriverByName("GTiff").Create(str(path), 64, 64, 1, gdal.GDT_UInt16)
            dataset.GetRasterBand(1).Fill(value)
            del dataset
        dataset = gdal.Translate(str(folder / "a.vrt"), str(source), format="VRT")
        del dataset
        text = (folder / "a.vrt").read_text()
        absolute = f'relativeToVRT="0">{source}<'
        assert absolute in text
        (folder / "a.vrt").write_text(text.replace(absolute, 'relativeToVRT="1">../source.tif<'))
    assert (folders[0] / "a.vrt").read_bytes() == (folders[1] / "a.vrt").read_bytes()
    for profile in PROFILES:
        found = compare(*folders, load_tolerances(profile))
        assert {check.item for check in found.failures} == {"a.vrt image"}, profile
        assert compare(folders[1], folders[1], load_tolerances(profile)).status is Status.PASSED


def test_the_keys_of_an_xml_document_do_not_depend_on_its_name(tmp_path: Path) -> None:
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_bytes(etree.tostring(etree.Element("Ipf_Job_Order")))
    assert (
        open_content(tmp_path / "a.xml").documents.keys() == open_content(tmp_path / "b.xml").documents.keys()
    )
