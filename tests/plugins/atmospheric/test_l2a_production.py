"""From layers to the images of a product, in both forms: nothing is lost, nothing is read in vain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.atmospheric.cog_product import CogProductWriter, cog_folder, tags_of
from ipf_plugins.atmospheric.encoding import EncodingQueue
from ipf_plugins.atmospheric.l1c_masks import pass_on
from ipf_plugins.atmospheric.l2a_destination import Destination
from ipf_plugins.atmospheric.l2a_production import L2AProduction, total_weight
from lxml import etree
from osgeo import gdal

from ipf.engine import TaskRequest
from ipf.errors import OutputError, PlanError
from ipf.product.bands import BY_NAME
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing, native_images, native_resolution
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.raster import Raster, Window, raster_of_array
from ipf.product.reader import SafeProduct, open_product
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime
from tests.product.products import CONTENT, QUALITY, write_small_l1c
from tests.product.test_l2a_writer import documents_of

BANDS = tuple(band for band in BY_NAME if band != "B10")
PROCESSING = L2AProcessing(UtcTime.parse("2022-10-05T16:44:54.0Z"))
DARKEST = (0, 1, 2, 500, 998, 999, 1000, 1001, 9999, 32767)
"""No data, reflectances of -0.0999 to 0, and bright ones."""

MakeWriter = Callable[[Path, SafeProduct], L2AProductWriter | CogProductWriter]


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> SafeProduct:
    return open_product(write_small_l1c(tmp_path_factory.mktemp("l1c")))


def safe(parent: Path, l1c: SafeProduct, finest: int = 0) -> L2AProductWriter:
    return L2AProductWriter(parent, documents_of(l1c), PROCESSING, style="fast", finest=finest)


def cog(parent: Path, l1c: SafeProduct, finest: int = 0) -> CogProductWriter:
    return CogProductWriter(parent, documents_of(l1c), PROCESSING, finest)


def dark_bands(l1c: SafeProduct) -> dict[str, np.ndarray]:
    """Counts of every band: all the darkest ones, in stripes."""
    return {
        band: np.resize(np.array(DARKEST, np.uint16), l1c.grid.at(BY_NAME[band].resolution).shape)
        for band in BANDS
    }


def rasters(counts: dict[str, np.ndarray], l1c: SafeProduct, read: set[str]) -> dict[str, Raster]:
    """The bands as layers that note in `read` that they are read."""

    def lazy(band: str) -> Raster:
        def window_of(window: Window) -> np.ndarray:
            read.add(band)
            return counts[band][window.slices]

        grid = l1c.grid.at(BY_NAME[band].resolution)
        made = raster_of_array(f"surface_reflectance/{band}", grid, counts[band], "1", 1e-4, -1000.0, 0)
        return Raster(made.layer, grid, made.dtype, "1", window_of, 1e-4, -1000.0, 0)

    return {band: lazy(band) for band in counts}


def produce(
    writer: L2AProductWriter | CogProductWriter, l1c: SafeProduct, read: set[str]
) -> tuple[Path, dict[str, float]]:
    """A product of dark bands, flat maps and stripes of classes; and its negative percentages."""
    shape = l1c.grid.at(20).shape
    maps = np.full(shape, 150, np.uint16)
    classes = np.resize(np.arange(12, dtype=np.uint8), shape)
    weight = total_weight(l1c.grid, writer)
    with writer, EncodingQueue(2, weight, lambda fraction: None) as queue:
        production = L2AProduction(writer, queue)
        negative = production.add_bands(rasters(dark_bands(l1c), l1c, read))
        production.add_map("AOT", maps)
        production.add_map("WVP", maps)
        production.add_classes(classes)
        for kind in ("MSK_CLDPRB", "MSK_SNWPRB"):
            for size in (20, 60):
                grid = l1c.grid.at(size)
                production.add_probability(
                    kind, raster_of_array(kind, grid, np.full(grid.shape, 40, np.uint8), "%")
                )
        if isinstance(writer, L2AProductWriter):
            pass_on(l1c, "04.00", writer, queue)
        queue.finish()
        (made,) = writer.finish(CONTENT, 6.0, QUALITY)
    return made, negative


def image(made: Path, content: str, size: int) -> np.ndarray:
    (path,) = made.rglob(f"*_{content}_{size}m.*")
    return np.asarray(gdal.Open(str(path)).ReadAsArray())


@pytest.mark.parametrize("make", [safe, cog])
def test_negative_reflectance_is_not_lost(l1c: SafeProduct, tmp_path: Path, make: MakeWriter) -> None:
    """Counts 1 to 999 are negative reflectances: they come out as they went in, and are counted."""
    made, negative = produce(make(tmp_path, l1c), l1c, set())
    for band, counts in dark_bands(l1c).items():
        np.testing.assert_array_equal(image(made, band, BY_NAME[band].resolution), counts, band)
        below = np.count_nonzero((counts > 0) & (counts < 1000)) / np.count_nonzero(counts)
        assert negative[band] == pytest.approx(100 * below)


def test_gdal_reads_negative_reflectance_from_geotiff(l1c: SafeProduct, tmp_path: Path) -> None:
    made, _ = produce(cog(tmp_path, l1c), l1c, set())
    (path,) = made.glob("*_B8A_20m.tif")
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    reflectance = band.ReadAsArray()[0, : len(DARKEST)] * band.GetScale() + band.GetOffset()
    np.testing.assert_allclose(reflectance[1:7], [-0.0999, -0.0998, -0.05, -0.0002, -0.0001, 0.0], atol=1e-9)
    assert band.GetNoDataValue() == 0


@pytest.mark.parametrize("make", [safe, cog])
@pytest.mark.parametrize(("finest", "unread"), [(0, set()), (10, set()), (20, {"B08"}), (60, {"B08"})])
def test_bands_that_no_image_shows_are_not_read(
    l1c: SafeProduct, tmp_path: Path, make: Callable[..., MakeWriter], finest: int, unread: set[str]
) -> None:
    read: set[str] = set()
    made, negative = produce(make(tmp_path, l1c, finest), l1c, read)  # type: ignore[arg-type]
    assert set(BANDS) - read == unread
    assert set(negative) == read
    sizes = {int(path.stem[-3:-1]) for path in made.rglob("*m.*") if path.suffix in (".jp2", ".tif")}
    assert min(sizes) == max(finest, 10)


def test_a_preview_does_not_depend_on_the_pixel_sizes_wanted(l1c: SafeProduct, tmp_path: Path) -> None:
    previews = set()
    for finest in (10, 20, 60):
        made, _ = produce(safe(tmp_path / str(finest), l1c, finest), l1c, set())
        (preview,) = made.glob("GRANULE/*/QI_DATA/*_PVI.jp2")
        previews.add(preview.read_bytes())
    assert len(previews) == 1


@pytest.mark.parametrize("finest", [0, 20, 60])
def test_every_quantity_once_as_fine_as_it_is(finest: int) -> None:
    images = native_images(finest)
    found = {content: size for size, contents in images.items() for content in contents}
    expected = {*BANDS, "AOT", "WVP", "SCL", "TCI"} - ({"B08"} if finest > 10 else set())
    assert found == {content: max(native_resolution(content), finest) for content in expected}
    assert sum(len(contents) for contents in images.values()) == len(found)


def test_documents_of_the_folder_list_what_is_in_it(l1c: SafeProduct, tmp_path: Path) -> None:
    made, _ = produce(cog(tmp_path, l1c), l1c, set())
    product = read_product_metadata(made / "MTD_MSIL2A.xml")
    tile = read_tile_metadata(made / "MTD_TL.xml")
    listed = {*product.granules[0].image_files, *(mask.path for mask in tile.quality.masks)}
    assert listed == {path.stem for path in made.glob("*.tif")}
    assert made.name == cog_folder(product.uri)
    assert (tile.quality.content, tile.quality.cloudy) == (CONTENT, 6.0)
    assert dict(product.quality.checks) == {"L2A_QUALITY": "PASSED"}
    assert etree.parse(made / "L2A_QUALITY.xml").getroot().tag.endswith("L2A_Quality_File")
    assert [path.name for path in tmp_path.iterdir()] == [made.name]


def test_an_incomplete_folder_is_refused_and_leaves_nothing(l1c: SafeProduct, tmp_path: Path) -> None:
    with cog(tmp_path, l1c) as writer:
        writer.add_image("B01", 60, np.ones(l1c.grid.at(60).shape, np.uint16))
        with pytest.raises(OutputError, match=r"_COG: missing \S+_B02_10m, \S+_B03_10m"):
            writer.finish(CONTENT, 6.0, QUALITY)
    assert list(tmp_path.iterdir()) == []


def test_what_the_folder_does_not_have_is_refused(l1c: SafeProduct, tmp_path: Path) -> None:
    with cog(tmp_path, l1c) as writer:
        with pytest.raises(OutputError, match="has no image B01 at 20 m"):
            writer.add_image("B01", 20, np.ones(l1c.grid.at(20).shape, np.uint16))
        with pytest.raises(OutputError, match="has no mask MSK_CLDPRB at 60 m"):
            writer.add_probability("MSK_CLDPRB", 60, np.ones(l1c.grid.at(60).shape, np.uint8))
        with pytest.raises(OutputError, match="has no preview"):
            writer.add_preview(np.ones((3, *l1c.grid.shape), np.uint8))


def test_a_folder_that_is_there_is_left_alone(l1c: SafeProduct, tmp_path: Path) -> None:
    made, _ = produce(cog(tmp_path, l1c), l1c, set())
    with pytest.raises(OutputError, match="_COG: exists already"):
        cog(tmp_path, l1c)
    assert made.is_dir()


@pytest.mark.parametrize(
    ("content", "unit", "scale"),
    [
        ("B04", "1", 1e-4),
        ("AOT", "1", 1e-3),
        ("WVP", "cm", 1e-3),
        ("SCL", "class", None),
        ("MSK_CLDPRB", "%", None),
    ],
)
def test_files_say_unit_and_scale(content: str, unit: str, scale: float | None) -> None:
    tags = tags_of(content)
    assert (tags.unit, tags.scale, bool(tags.colours)) == (unit, scale, content == "SCL")
    assert tags.nodata == (None if content == "MSK_CLDPRB" else 0)


def test_tile_and_datastrip_apart_are_never_geotiffs(tmp_path: Path) -> None:
    outputs = {"MSI_L2A_TL": tmp_path / "tile", "MSI_L2A_DS": tmp_path / "datastrip"}
    request = TaskRequest("L2A", "1", "L2A", {}, outputs, {}, "order.xml")
    assert Destination.of(request).parts
    with pytest.raises(PlanError, match=r"order\.xml: task L2A: .* in SAFE form only"):
        Destination.of(request, cog=True)


def test_a_page_goes_with_the_product_that_fails(tmp_path: Path) -> None:
    request = TaskRequest("L2A", "1", "L2A", {}, {"L2A": tmp_path}, {})
    destination = Destination.of(request, page=True)

    def finish() -> None:
        assert (tmp_path / "product.html").read_text() == "page"
        raise OutputError("no space left")

    with pytest.raises(OutputError), destination.with_page("product.SAFE", "page"):
        finish()
    assert list(tmp_path.iterdir()) == []
