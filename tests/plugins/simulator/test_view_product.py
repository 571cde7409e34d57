"""Views written as Level-1B products, and the map that comes back of them: nothing moved or brighter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.simulator.map_scenes import TexturedScene
from ipf_plugins.simulator.sensor_view import SensorView
from ipf_plugins.simulator.view_metadata import Acquired
from ipf_plugins.simulator.view_product import (
    granules_over,
    lines_over,
    quality_planes,
    whole_granules,
    write_view,
)
from lxml import etree

from ipf.auxiliary.sensor_geometry import read_sensor_geometry
from ipf.errors import ParameterError
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.orthorectification import DetectorImage
from ipf.geometry.resampling import SensorImage
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from ipf.product.l1b_reader import L1bProduct
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip
from tests.geometry.madeira import madeira, madeira_terrain
from tests.plugins.sensor_loop import (
    CREATION,
    SUMMIT,
    UTM_ZONE_28,
    Loop,
    Seen,
    area_around,
    mesh_of,
    phase_shift,
    product_of,
    seam,
    view_of,
)

BANDS = ("B02", "B08", "B05")
DETECTORS = (8, 9)
AREA = area_around(*SUMMIT, 10200, shift=(-6600, 4500))
"""From the sea over the north coast to 1600 m; the border of two detectors goes through it."""
SIZES = {"B02": 256, "B08": 256, "B05": 128}


@pytest.fixture(scope="module")
def acquisition(reference_data: Path) -> SensorGeometry:
    return madeira(reference_data)


@pytest.fixture(scope="module")
def terrain(reference_data: Path) -> Terrain:
    return madeira_terrain(reference_data)


@pytest.fixture(scope="module")
def view(reference_data: Path, acquisition: SensorGeometry, terrain: Terrain) -> SensorView:
    return view_of(reference_data, acquisition, terrain, TexturedScene.of(UTM_ZONE_28, seed=1))


@pytest.fixture(scope="module")
def strip(reference_data: Path) -> SensorDatastrip:
    return read_sensor_datastrip(next((reference_data / "geometry_madeira" / "DATASTRIP").iterdir()))


@pytest.fixture(scope="module")
def product(reference_data: Path, view: SensorView, tmp_path_factory: pytest.TempPathFactory) -> L1bProduct:
    """Two granules, those lines of two detectors that see the area."""
    places = mesh_of(AREA)
    granules = {detector: [lines_over(view.model, detector, BANDS, *places)] for detector in DETECTORS}
    return product_of(tmp_path_factory.mktemp("view"), reference_data, view, granules, BANDS)


@pytest.fixture(scope="module")
def loop(product: L1bProduct, view: SensorView, reference_data: Path, terrain: Terrain) -> Loop:
    """The area, with the geometry that the product itself tells."""
    folder = reference_data / "geometry_madeira" / "GIPP"
    model = SensorModel(read_sensor_geometry(product.datastrip.file, folder), terrain, 2)
    assert isinstance(view.scene, TexturedScene)
    return Loop(product, model, view.scene, AREA)


@pytest.fixture(scope="module")
def windows(loop: Loop) -> dict[str, list[Seen]]:
    return {band: [seen for seen in loop.windows(band, SIZES[band]) if seen.whole] for band in BANDS}


def test_the_geometry_that_is_written_is_that_of_the_view(loop: Loop, acquisition: SensorGeometry) -> None:
    written = loop.model.geometry
    np.testing.assert_allclose(written.ephemeris.positions, acquisition.ephemeris.positions, atol=5.1e-4)
    np.testing.assert_allclose(written.attitude.quaternions, acquisition.attitude.quaternions, atol=1e-15)
    assert written.datation.first_line == pytest.approx(acquisition.datation.first_line, abs=1e-9)
    assert written.refining == acquisition.refining
    place = loop.model.direct_location("B02", 9, [6900.0], [1200.0])
    expected = SensorModel(acquisition, loop.model.terrain).direct_location("B02", 9, [6900.0], [1200.0])
    assert place.longitude[0] == pytest.approx(expected.longitude[0], abs=1e-8)


def test_documents_are_valid(product: L1bProduct, reference_data: Path) -> None:
    schemas = reference_data / "xsd" / "PSD150"
    documents = [("Datastrip", product.datastrip.file)]
    for granules in product.granules.values():
        documents += [("Granule", next(granule.folder.glob("*.xml"))) for granule in granules]
    for kind, path in documents:
        schema = etree.XMLSchema(file=str(schemas / f"S2_PDI_Level-1B_{kind}_Metadata.xsd"))
        schema.assertValid(etree.parse(path))


def test_granules_tell_where_and_when_they_are(product: L1bProduct, loop: Loop) -> None:
    for detector, (granule,) in product.granules.items():
        told, lines = granule.metadata, granule.metadata.lines("B04")
        middle = [(lines.start + lines.stop - 1) / 2], [1275.5]
        centre = loop.model.direct_location("B04", detector, *middle)
        assert told.geometry.ground_centre == pytest.approx(
            (centre.latitude[0], centre.longitude[0], centre.height[0]), abs=1e-3
        )
        zenith, _ = loop.model.viewing_angles("B04", detector, *middle)
        assert told.geometry.incidence[0] == pytest.approx(zenith[0], abs=0.01)
        seconds = float(loop.model.line_seconds("B04", detector, lines.start))
        since = told.sensing_time.moment.replace(tzinfo=None) - product.datastrip.epoch
        assert since.total_seconds() == pytest.approx(seconds - 18.0, abs=2e-6)
        assert sorted(granule.masks) == sorted(BANDS)
        assert sorted(granule.images) == sorted(BANDS)


@pytest.mark.parametrize("band", BANDS)
def test_maps_come_back_where_they_were(windows: dict[str, list[Seen]], band: str) -> None:
    """On the sea and on ground of 800 m and more between the highest and the lowest."""
    seen = windows[band]
    flat, steep = [one for one in seen if one.relief < 20.0], [one for one in seen if one.relief >= 800.0]
    assert flat
    assert len(steep) >= 3
    for one in seen:
        assert np.max(np.abs(one.correlated())) <= 0.02
        assert np.max(np.abs(one.fitted())) <= 0.02
        assert abs(one.bias()) <= 1e-3


def test_bands_come_back_on_one_another(windows: dict[str, list[Seen]]) -> None:
    for blue, infrared, edge in zip(*(windows[band] for band in BANDS), strict=True):
        images = [one.made for one in (blue, infrared, edge)]
        halved = images[0].reshape(128, 2, 128, 2).mean(axis=(1, 3))
        for first, second, scale in ((images[0], images[1], 1.0), (halved, images[2], 2.0)):
            assert np.max(np.abs(phase_shift(first, second))) * scale <= 0.02


@pytest.mark.parametrize("band", BANDS)
def test_borders_of_detectors_cannot_be_seen(windows: dict[str, list[Seen]], band: str) -> None:
    found = seam(windows[band])
    assert found.pixels > 1000
    assert found.rms < 1.15 * found.rms_elsewhere
    assert abs(found.step) < 0.25 * found.rms_elsewhere


def remade(loop: Loop, change: Callable[[int, np.ndarray], np.ndarray]) -> list[Seen]:
    """The windows of changed counts of B05, by detector."""
    images = {
        detector: DetectorImage(SensorImage(change(detector, loop.product.counts("B05", detector)), 4095.0))
        for detector in DETECTORS
    }
    return [seen for seen in loop.windows("B05", 128, images=images) if seen.whole]


def worst_shift(seen: Sequence[Seen]) -> float:
    return float(max(np.max(np.abs(one.correlated())) for one in seen))


def test_damage_is_found(loop: Loop, product: L1bProduct, terrain: Terrain, reference_data: Path) -> None:
    """A wrong place, detector, ground, attitude or calibration each shows in the figures."""
    for seen in remade(loop, lambda _, counts: counts):
        moved_truth = replace(seen, truth=loop.truth("B05", seen.window, (0.03, -0.05)))
        by_phase = np.subtract(moved_truth.correlated(), seen.correlated())
        np.testing.assert_allclose(by_phase, (-0.03, 0.05), atol=0.001)
        # Slopes of five pixels are up to 15 % too flat at wavelengths of four, and less beyond.
        by_fit = np.subtract(moved_truth.fitted(), seen.fitted())
        np.testing.assert_allclose(by_fit, (-0.03, 0.05), rtol=0.15)
    moved = remade(loop, lambda detector, counts: np.roll(counts, int(detector == 8), axis=1))
    assert worst_shift(moved) > 0.5
    darker = remade(loop, lambda detector, counts: counts - np.uint16(3 * (detector == 8)))
    assert max(abs(seen.bias()) for seen in darker) > 1e-3
    assert abs(seam(darker).step) > 0.25 * seam(darker).rms_elsewhere
    folder = reference_data / "geometry_madeira" / "GIPP"
    unrefined = read_sensor_geometry(product.datastrip.file, folder, refining=False)
    lower = replace(terrain, heights=terrain.heights - np.float32(10.0))
    for model in (
        SensorModel(unrefined, terrain, 2),
        SensorModel(loop.model.geometry, lower, 2),
    ):
        wrong = Loop(product, model, loop.scene, AREA)
        assert worst_shift([seen for seen in wrong.windows("B05", 128) if seen.whole]) > 0.02


def test_lines_and_granules_are_those_that_see_a_place(view: SensorView) -> None:
    seen = granules_over(view.model, ("B02", "B01"), np.array([SUMMIT[0]]), np.array([SUMMIT[1]]))
    assert {detector: [lines.start for lines in listed] for detector, listed in seen.items()} == {
        9: [4609, 6913]
    }
    lines = lines_over(view.model, 9, ("B02",), np.array([SUMMIT[0]]), np.array([SUMMIT[1]]))
    exact, _ = view.model.inverse_location("B02", 9, [SUMMIT[0]], [SUMMIT[1]])
    assert lines.start < exact[0] - 100 < exact[0] + 100 < lines.stop
    assert (lines.start - 1) % 6 == (lines.stop - 1) % 6 == 0
    assert len(lines_over(view.model, 1, ("B02",), np.array([SUMMIT[0]]), np.array([SUMMIT[1]]))) == 0


@pytest.mark.parametrize(
    ("lines", "starts"),
    [
        (range(1, 2), [1]),
        (range(2300, 2305), [1]),
        (range(2300, 2306), [1, 2305]),
        (range(2305, 4610), [2305, 4609]),
        (range(1, 1), []),
    ],
)
def test_granules_are_cut_from_line_1_on(lines: range, starts: list[int]) -> None:
    found = whole_granules(lines)
    assert [granule.start for granule in found] == starts
    assert all(len(granule) == 2304 for granule in found)


def test_masks_tell_no_data_and_saturation() -> None:
    counts = np.array([[0, 1, 4094, 4095]], np.uint16)
    planes = quality_planes(counts)
    assert len(planes) == 8
    assert planes[5].tolist() == [[1, 0, 0, 0]]
    assert planes[7].tolist() == [[0, 0, 0, 1]]
    assert sum(int(plane.sum()) for plane in planes) == 2


def test_progress_is_told(view: SensorView, strip: SensorDatastrip, tmp_path: Path) -> None:
    told: list[float] = []
    granules = {9: [range(6001, 6013), range(6901, 6913)], 8: [range(6001, 6007)]}
    write_view(tmp_path, view, Acquired.of(strip), granules, ("B01", "B05"), CREATION, progress=told.append)
    assert told == sorted(told)
    assert len(told) == 6
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("granules", "bands", "message"),
    [
        ({9: [range(1, 13)]}, ("B13",), "bands .'B13'."),
        ({9: [range(1, 13)]}, (), "bands none"),
        ({}, ("B02",), "no granule"),
        ({9: [range(2, 14)]}, ("B02",), "lines 2 to 13"),
        ({9: [range(1, 12)]}, ("B02",), "lines 1 to 11"),
        ({9: [range(7, 19), range(13, 25)]}, ("B02",), "after line 18"),
        ({9: [range(7, 7)]}, ("B02",), "without lines"),
    ],
)
def test_granules_that_are_none_are_refused(
    view: SensorView,
    strip: SensorDatastrip,
    tmp_path: Path,
    granules: dict[int, list[range]],
    bands: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(ParameterError, match=message):
        write_view(tmp_path, view, Acquired.of(strip), granules, bands, CREATION)
    assert not any(tmp_path.iterdir())
