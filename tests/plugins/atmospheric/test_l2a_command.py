"""The command ``ipf l2a`` as a user meets it: from a simulated Level-1C product to Level-2A."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.atmospheric.l2a_job import L2AJob
from ipf_plugins.simulator.job import run_scene
from lxml import etree
from osgeo import gdal

from ipf.errors import PlanError, UsageError
from ipf.joborder import read_job_order
from ipf.product.level_2a import IMAGES, native_images
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.reader import SafeProduct, open_product
from tests.cli.programs import Called, call

IPF = [sys.executable, "-c", "from ipf.cli.guard import ipf; ipf()"]
CREATION = "2026-02-03T04:05:06Z"
HOW = ("--creation-date", CREATION, "--workers", "2")
SIZE_M = 1860


def ipf(*arguments: str | Path) -> Called:
    """Call the program in this process, with the plugins that the tests' caller names, if any."""
    return call("ipf", *arguments, IPF_PLUGIN_PATH=os.environ.get("IPF_PLUGIN_PATH", ""))


def l2a(*arguments: str | Path) -> Called:
    return ipf("l2a", *arguments, *HOW)


@pytest.fixture(scope="module")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated product."""
    return run_scene(tmp_path_factory.mktemp("scene"), {"simulate_acquisition.size_m": str(SIZE_M)}, 2)[0]


@pytest.fixture(scope="module")
def done(l1c: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the results of a run, by a process of its own."""
    folder = tmp_path_factory.mktemp("done") / "new"
    options = ("--jp2-profile", "fast", "--set", "atmospheric_state.ozone=0.3")
    command = [*IPF, "l2a", l1c, "--out", folder, *options, *HOW]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder


@pytest.fixture(scope="module")
def product(done: Path) -> SafeProduct:
    (folder,) = done.glob("*.SAFE")
    return open_product(folder)


def test_product_page_and_job_order_lie_side_by_side(done: Path, l1c: Path, product: SafeProduct) -> None:
    name = f"S2A_MSIL2A_{l1c.name[11:44]}_20260203T040506"
    assert {path.name for path in done.iterdir()} == {f"{name}.SAFE", f"{name}.html", f"l2a_{l1c.stem}.xml"}
    assert set(product.images) == {(content, size) for size in IMAGES for content in IMAGES[size]}
    assert product.metadata is not None
    content = product.metadata.quality.content
    assert content is not None
    assert content.ozone == 300.0


def test_the_job_order_can_be_run_again(done: Path, l1c: Path) -> None:
    path = done / f"l2a_{l1c.stem}.xml"
    order = read_job_order(path)
    assert [(task.name, task.inputs[0].files) for task in order.tasks] == [("L2A", (str(l1c),))]
    assert {each.name: each.value for each in order.parameters} == {
        "format_l2a.jp2_profile": "fast",
        "format_l2a.quality_page": "true",
        "atmospheric_state.ozone": "0.3",
    }
    planned = ipf("plan", path)
    assert planned.code == 0, planned.stderr
    assert ".html" in planned.stdout


def test_the_page_needs_nothing_but_itself(done: Path) -> None:
    (path,) = done.glob("*.html")
    page = path.read_text()
    sources = re.findall(r'(?:src|href)="([^"]*)', page)
    assert [source[:22] for source in sources] == [
        "data:image/jpeg;base64",
        "data:image/jpeg;base64",
        "data:image/png;base64,",
        "data:image/png;base64,",
        "data:image/png;base64,",
    ]
    assert "http" not in re.sub(r'"data:[^"]*"', "", page)
    for said in ("DDV_PIXEL_PERCENTAGE", "4 vegetation", "scattering_S2A", "0.3 (PARAMETER) cm-atm"):
        assert said in page


def pixels(path: Path) -> np.ndarray:
    return np.asarray(gdal.Open(str(path)).ReadAsArray())


def test_geotiffs_hold_the_pixels_of_the_product(l1c: Path, product: SafeProduct, tmp_path: Path) -> None:
    ended = l2a(
        l1c, "--out", tmp_path, "--format", "cog", "--no-page", "--set", "atmospheric_state.ozone=0.3"
    )
    assert ended.code == 0, ended.stdout + ended.stderr
    (folder,) = tmp_path.glob("*_COG")
    assert {path.name for path in tmp_path.iterdir()} == {folder.name, f"l2a_{l1c.stem}.xml"}
    images = {
        product.images[content, size].stem: product.images[content, size]
        for size, contents in native_images(0).items()
        for content in contents
    }
    assert len(images) == 16
    masks = {
        f"MSK_{kind}PRB_20m": product.tile_folder / f"QI_DATA/MSK_{kind}PRB_20m.jp2"
        for kind in ("CLD", "SNW")
    }
    expected = images | masks
    assert {path.stem for path in folder.glob("*.tif")} == set(expected)
    for name, image in expected.items():
        np.testing.assert_array_equal(pixels(folder / f"{name}.tif"), pixels(image), name)
    red = gdal.Open(str(next(folder.glob("*_B04_10m.tif"))))
    band = red.GetRasterBand(1)
    assert (band.GetScale(), band.GetOffset(), band.GetNoDataValue(), band.GetOverviewCount()) == (
        1e-4,
        -0.1,
        0,
        0,
    )
    assert {path.name for path in folder.glob("*.xml")} == {"MTD_MSIL2A.xml", "MTD_TL.xml", "L2A_QUALITY.xml"}
    listed = read_product_metadata(folder / "MTD_MSIL2A.xml").granules[0]
    assert set(listed.image_files) == set(images)
    figures = {
        node.get("name"): node.text for node in etree.parse(folder / "L2A_QUALITY.xml").iter("{*}value")
    }
    assert figures["OZONE_VALUE"] == "300.000000"


def test_coarser_products_hold_the_same_images(l1c: Path, product: SafeProduct, tmp_path: Path) -> None:
    options = ("--resolution", "20", "--jp2-profile", "fast", "--set", "atmospheric_state.ozone=0.3")
    ended = l2a(l1c, "--out", tmp_path, *options)
    assert ended.code == 0, ended.stdout + ended.stderr
    assert "surface_reflectance B08" not in ended.stdout
    (folder,) = tmp_path.glob("*.SAFE")
    made = open_product(folder)
    assert set(made.images) == {(content, size) for size in (20, 60) for content in IMAGES[size]}
    for key, path in made.images.items():
        assert path.read_bytes() == product.images[key].read_bytes(), key
    for name in ("MSK_CLDPRB_20m.jp2", f"{next(iter(made.images.values())).name[:23]}PVI.jp2"):
        twins = [each.tile_folder / "QI_DATA" / name for each in (made, product)]
        assert twins[0].read_bytes() == twins[1].read_bytes()


def content(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_there_already_is_left_alone(done: Path, l1c: Path) -> None:
    before = content(done)
    ended = l2a(l1c, "--out", done, "--jp2-profile", "fast", "--set", "atmospheric_state.ozone=0.3")
    assert ended.code == 163
    assert "exists already" in ended.error
    assert content(done) == before


def test_a_bad_product_is_refused_by_name(l1c: Path, tmp_path: Path) -> None:
    bad = tmp_path / l1c.name
    shutil.copytree(l1c, bad)
    (image,) = bad.glob("GRANULE/*/IMG_DATA/*_B05.jp2")
    image.write_bytes(image.read_bytes()[:-1000])
    ended = l2a(bad, "--out", tmp_path / "out")
    assert ended.code == 165
    assert f"{image}: " in ended.error
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"l2a_{l1c.stem}.xml"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 160, "PRODUCT"),
        (("/nowhere.SAFE",), 160, "does not exist"),
        (("{l1c}", "--resolution", "30"), 160, "'30' is not one of"),
        (("{l1c}", "--set", "ozone"), 160, "expected STEP.NAME=VALUE"),
        (("{l1c}", "{l1c}"), 160, "given twice"),
        (("{l1c}", "--set", "format_l2a.resolution=15"), 164, "expected 0, 10, 20 or 60, found 15"),
        (("{l1c}", "--set", "nothing.at_all=1"), 164, "no step is called nothing"),
        (("{l1c}", "--out", "{l1c}/here"), 163, "would write into input"),
    ],
)
def test_wrong_calls_are_refused(
    l1c: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    given = [argument.format(l1c=l1c) for argument in arguments]
    out = [] if "--out" in given else ["--out", str(tmp_path)]
    ended = ipf("l2a", *given, *out)
    assert (ended.code, message in ended.error) == (code, True), ended.error
    assert not (l1c / "here").exists()


def test_several_products_are_tasks_of_one_job_order(tmp_path: Path) -> None:
    products = [tmp_path / name for name in ("one.SAFE", "two.SAFE")]
    job = L2AJob.of(products, tmp_path / "out", {"MODE": "sen2cor"})
    order = read_job_order(job.keep())
    assert [(task.name, task.inputs[0].files, task.outputs[0].files) for task in order.tasks] == [
        ("L2A", (str(product),), (str(tmp_path / "out"),)) for product in products
    ]
    assert order.source is not None
    assert order.source.name == "l2a_one_and_1_more.xml"


def test_another_job_order_is_not_written_over(tmp_path: Path) -> None:
    def kept(**parameters: str) -> str:
        return L2AJob.of([tmp_path / "one.SAFE"], tmp_path, parameters).keep().name

    assert [kept(), kept(MODE="sen2cor"), kept(), kept(MODE="sen2cor"), kept(MODE="accurate")] == [
        "l2a_one.xml",
        "l2a_one_2.xml",
        "l2a_one.xml",
        "l2a_one_2.xml",
        "l2a_one_3.xml",
    ]


def test_a_product_given_twice_or_as_folder_of_the_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one\.SAFE: given twice"):
        L2AJob.of([tmp_path / "one.SAFE", tmp_path / "x/../one.SAFE"], tmp_path, {})
    with pytest.raises(PlanError, match="would write into input"):
        L2AJob.of([tmp_path / "one.SAFE"], tmp_path / "one.SAFE" / "out", {})
