"""What of a tile was seen: counted by hand here, held against outlines and granules, refused when damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyproj
import pytest
from ipf_plugins.geometric.finalise_tile import (
    FinaliseTileParameters,
    Inputs,
    Seen,
    finalise_tile,
    finished,
    missing_granules,
    plan,
    write,
)
from ipf_plugins.geometric.outside_footprint import (
    NO_DATA_FLAG,
    covers,
    followed,
    inside,
    outline_on_map,
)

from ipf.engine import Context, TaskRequest, Written
from ipf.engine.testing import check_declaration
from ipf.errors import IpfError, ProductError
from ipf.geometry.tiles import tile_of_name
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.footprint_vector import write_footprint
from ipf.product.geotiff import read_geotiff
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.raster import Grid
from ipf.product.sensor_datastrip import read_sensor_datastrip
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime
from tests.plugins.geometric.chain_jobs import JobTask, run_job
from tests.plugins.geometric.made_tiles import (
    TILES,
    MadeTile,
    make_datastrip,
    make_list,
    make_tile,
    write_counts,
)

SEEN = (Seen(100, 0, 200),)
DEGRADED = 1 << QUALITY_FLAGS.index("degraded_msi_packets")


@dataclass(frozen=True)
class Begun:
    """A tile as GEN_ORTHO_TOA leaves it, in a folder with its list and datastrip."""

    folder: Path
    tile: MadeTile

    @property
    def place(self) -> Path:
        return self.folder / "tiles" / self.tile.metadata.identifier

    def request(self, **more: tuple[Path, ...]) -> TaskRequest:
        inputs = {
            "PDI_DS": (self.folder / "l1b" / "DATASTRIP",),
            "TILE_LIST_FILE": (self.folder / "tile_list_file.xml",),
            "PDI_DS_TILE_LIST": (self.folder / "tiles",),
            **more,
        }
        made = {"PDI_DS_TILE_LIST": self.folder / "finished"}
        return TaskRequest("L1C", "00.00", "TILE_FINALIZE", inputs, made, {}, part=TILES[0])

    def run(self, outline_margin: float = 2000.0, **more: tuple[Path, ...]) -> Written:
        settings = FinaliseTileParameters(outline_margin=outline_margin)
        context = Context(self.request(**more), datetime(2024, 9, 1, tzinfo=UTC), self.folder, workers=2)
        promised = plan({}, settings, context)
        written = write(Inputs(), settings, context)
        assert written.files == promised.outputs
        return written

    def paint(self, kind: str, band: str, values: np.ndarray) -> None:
        write_counts(self.place / "QI_DATA" / f"MSK_{kind}_{band}.tif", self.tile.metadata, band, values)


@pytest.fixture
def begun(tmp_path: Path) -> Begun:
    tile = make_tile(tmp_path / "tiles")
    make_list(tmp_path / "tile_list_file.xml")
    make_datastrip(tmp_path / "l1b")
    return Begun(tmp_path, tile)


def seen_share(figures: Mapping[str, float | str], name: str) -> float:
    return float(figures[f"{TILES[0]}_{name}"])


def test_declared() -> None:
    check_declaration(finalise_tile)


def test_the_part_that_is_seen(begun: Begun) -> None:
    shares = {}
    for number, band in enumerate(BAND_NAMES):
        detectors = np.zeros_like(begun.tile.footprints[band])
        rows = detectors.shape[0] * (number + 3) // 16
        detectors[:rows] = 4
        shares[band] = 100.0 * rows / detectors.shape[0]
        begun.paint("DETFOO", band, detectors)
    figures = begun.run().figures
    assert seen_share(figures, "SEEN_PERCENTAGE") == pytest.approx(min(shares.values()))
    assert seen_share(figures, "SEEN_PERCENTAGE_OF_BEST_BAND") == pytest.approx(max(shares.values()))
    assert figures["MISSING_GRANULES"] == "none known"


def test_metadata_tell_what_is_degraded(begun: Begun) -> None:
    expected = []
    for band in BAND_NAMES:
        flags, detectors = np.zeros_like(begun.tile.quality[band]), np.zeros_like(begun.tile.quality[band])
        half, tenth = flags.shape[0] // 2, flags.shape[0] // 10
        detectors[:half] = 3
        flags[:tenth] = DEGRADED
        flags[half:] = DEGRADED  # nobody saw it
        begun.paint("DETFOO", band, detectors)
        begun.paint("QUALIT", band, flags)
        expected.append(100.0 * tenth / half)
    (file,) = begun.run().files
    before, after = read_tile_metadata(begun.place / file.path.name), read_tile_metadata(file.path)
    assert after.quality.degraded_msi == pytest.approx(np.mean(expected))
    assert replace(after, quality=before.quality) == before


def test_the_time_is_one_of_the_datastrip(begun: Begun) -> None:
    (folder,) = (begun.folder / "l1b" / "DATASTRIP").iterdir()
    datastrip = read_sensor_datastrip(folder)
    tile = begun.tile.metadata
    for hours, expected in ((-5, datastrip.sensing_start), (5, datastrip.sensing_stop)):
        moved = UtcTime(tile.sensing_time.moment + timedelta(hours=hours), 6)
        assert finished(replace(tile, sensing_time=moved), datastrip, SEEN).sensing_time == expected
    assert finished(tile, datastrip, SEEN).sensing_time == tile.sensing_time


def outline(grid: Grid, share: float) -> np.ndarray:
    """Longitudes and latitudes around the western share of a grid, and far beyond it to the west."""
    right = grid.upper_left_x + share * grid.columns * grid.resolution
    top, bottom = grid.upper_left_y + 5000.0, grid.upper_left_y - 5000.0 - grid.rows * grid.resolution
    x, y = [right - 9000.0, right, right, right - 9000.0], [top, top, bottom, bottom]
    to_geographic = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    return np.column_stack(to_geographic.transform(x, y))


def test_against_the_outline_of_the_datastrip(begun: Begun, caplog: pytest.LogCaptureFixture) -> None:
    grid = begun.tile.metadata.grid
    for band in BAND_NAMES:
        detectors = np.full_like(begun.tile.footprints[band], 2)
        detectors[:, detectors.shape[1] // 2 :] = 0
        begun.paint("DETFOO", band, detectors)
    path = begun.folder / "outline.gml"
    write_footprint(path, "S2A", (outline(grid, 0.75),))
    written = begun.run(VECTOR_DS_FOOTPRINT=(path,))
    assert seen_share(written.figures, "UNDER_DATASTRIP_PERCENTAGE") == pytest.approx(75.0, abs=2.5)
    assert seen_share(written.figures, "UNSEEN_UNDER_DATASTRIP_PERCENTAGE") == pytest.approx(25.0, abs=3.5)
    assert len(written.files) == 1
    assert not caplog.records
    write_footprint(path, "S2A", (outline(grid, 0.25),))
    written = begun.run(VECTOR_DS_FOOTPRINT=(path,))
    assert seen_share(written.figures, "SEEN_OUTSIDE_DATASTRIP_PERCENTAGE") == pytest.approx(25.0, abs=3.5)
    assert len(written.files) == 1, "within what relief at the edge of the strip may have moved"


def test_outside_the_outline_there_is_no_data(begun: Begun, caplog: pytest.LogCaptureFixture) -> None:
    """To the pixel of 60 m in all bands; bands of which nothing is seen there are handed on as they are."""
    grid = begun.tile.metadata.grid
    clean = "B03"
    for band in BAND_NAMES:
        detectors = np.full_like(begun.tile.footprints[band], 2)
        if band == clean:
            detectors[:, detectors.shape[1] // 3 :] = 0
        begun.paint("DETFOO", band, detectors)
    path = begun.folder / "outline.gml"
    write_footprint(path, "S2A", (outline(grid, 0.5),))
    before = {file.name: file.read_bytes() for file in begun.place.rglob("*.tif")}
    written = begun.run(outline_margin=0.0, VECTOR_DS_FOOTPRINT=(path,))
    assert len(written.files) == 1 + 3 * len(BAND_NAMES)
    assert "seen outside the outline of the datastrip, made no data" in caplog.text
    assert {file.name: file.read_bytes() for file in begun.place.rglob("*.tif")} == before
    for band in BAND_NAMES:
        counts, detectors, quality = (
            next(file.path for file in written.files if file.path.match(pattern))
            for pattern in (f"*/T*_{band}.tif", f"*/MSK_DETFOO_{band}.tif", f"*/MSK_QUALIT_{band}.tif")
        )
        if band == clean:
            assert all(file.read_bytes() == before[file.name] for file in (counts, detectors, quality))
            continue
        edge = 15 * (60 // BY_NAME[band].resolution)
        seen = read_geotiff(detectors).read_all()
        assert np.all(seen[:, :edge] == 2)
        assert not seen[:, edge + 60 // BY_NAME[band].resolution :].any()
        gone = seen == 0
        assert not read_geotiff(counts).read_all()[gone].any()
        assert np.array_equal(read_geotiff(counts).read_all()[~gone], begun.tile.counts[band][~gone])
        assert np.all(read_geotiff(quality).read_all()[gone] == NO_DATA_FLAG)
    assert seen_share(written.figures, "SEEN_PERCENTAGE_OF_BEST_BAND") == pytest.approx(50.0, abs=2.0)
    again = begun.run(outline_margin=0.0, VECTOR_DS_FOOTPRINT=(path,))
    assert again.figures == written.figures


def test_an_outline_elsewhere_is_refused(begun: Begun) -> None:
    path = begun.folder / "outline.gml"
    ring = outline(begun.tile.metadata.grid, 0.5)
    ring[:, 0] += 2.0
    write_footprint(path, "S2A", (ring,))
    with pytest.raises(ProductError, match=r"outline\.gml: .* does not reach tile 28SCB"):
        begun.run(VECTOR_DS_FOOTPRINT=(path,))
    assert not (begun.folder / "finished").exists()


@pytest.mark.parametrize("name", ["28SCB", "01WCV", "60KYF", "33XVJ"])
def test_outlines_of_long_strips_are_placed(name: str) -> None:
    """Over the antimeridian and half way round the Earth: what lies west of a tile's middle is told."""
    tile = tile_of_name(name)
    grid = Grid(tile.epsg, tile.upper_left_x, tile.upper_left_y, 60, 1830, 1830)
    to_geographic = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    middle, _ = to_geographic.transform(tile.upper_left_x + 54_900.0, tile.upper_left_y - 54_900.0)
    north = 83.5
    ring = np.array([(middle - 6.0, north), (middle, north), (middle, -60.0), (middle - 6.0, -60.0)])
    ring[:, 0] = (ring[:, 0] + 180.0) % 360.0 - 180.0
    area = outline_on_map((ring,), grid)
    assert not covers(area, grid)
    under = inside(area, grid)
    columns, rows = np.meshgrid(np.arange(1830) + 0.5, np.arange(1830) + 0.5)
    longitudes, _ = to_geographic.transform(
        tile.upper_left_x + 60.0 * columns, tile.upper_left_y - 60.0 * rows
    )
    west = (longitudes - middle + 180.0) % 360.0 - 180.0 < 0.0
    assert np.mean(under != west) < 1e-3


def test_a_ring_is_followed() -> None:
    ring = np.array([(178.0, 34.0), (-179.0, 34.0), (-179.0, 33.0), (178.0, 33.0)])
    points = followed(ring)
    assert len(points) > 200
    assert np.max(np.abs(np.diff(points, axis=0))) < 0.0201
    assert points[:, 0].max() == pytest.approx(181.0)


def test_missing_granules_are_told(begun: Begun) -> None:
    (folder,) = (begun.folder / "l1b" / "DATASTRIP").iterdir()
    datastrip = read_sensor_datastrip(folder)
    listed = [entry.identifier for entries in datastrip.granules.values() for entry in entries]
    assert missing_granules(begun.request(), datastrip) == ()
    granules = begun.folder / "granules"
    for name in listed[1:]:
        document = granules / "DB1" / name / (name.replace("_MSI_", "_MTD_").rpartition("_N")[0] + ".xml")
        document.parent.mkdir(parents=True)
        document.touch()
    assert missing_granules(begun.request(PDI_DS_GR_LIST=(granules,)), datastrip) == (listed[0],)
    assert begun.run(PDI_DS_GR_LIST=(granules,)).figures["MISSING_GRANULES"] == listed[0]


def test_nothing_seen_is_warned_of(begun: Begun, caplog: pytest.LogCaptureFixture) -> None:
    begun.paint("DETFOO", "B05", np.zeros_like(begun.tile.footprints["B05"]))
    begun.run()
    assert f"tile {TILES[0]}: nothing is seen in B05" in caplog.text


@pytest.mark.parametrize("name", ["MSK_DETFOO_B07.tif", "MSK_QUALIT_B12.tif"])
def test_a_mask_that_is_missing_cut_or_of_another_size_is_refused(begun: Begun, name: str) -> None:
    path = begun.place / "QI_DATA" / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ProductError, match=name):
        begun.run()
    path.unlink()
    with pytest.raises(ProductError, match=name):
        begun.run()
    path.write_bytes((begun.place / "QI_DATA" / "MSK_DETFOO_B01.tif").read_bytes())
    with pytest.raises(ProductError, match=name):
        begun.run()
    assert not (begun.folder / "finished").exists()


def test_a_damaged_outline_is_refused(begun: Begun) -> None:
    path = begun.folder / "outline.gml"
    path.write_text("<Footprint/>")
    with pytest.raises(IpfError, match=r"outline\.gml"):
        begun.run(VECTOR_DS_FOOTPRINT=(path,))


def test_a_job_order_hands_on_the_amended_tile(begun: Begun) -> None:
    inputs = {name: list(paths) for name, paths in begun.request().inputs.items()}
    target = begun.folder / "finished"
    called = run_job(
        begun.folder / "job.xml", [JobTask("TILE_FINALIZE", inputs, {"PDI_DS_TILE_LIST": target})]
    )
    assert called.code == 0, called.error
    (document,) = target.rglob("*.xml")
    assert read_tile_metadata(document).identifier == begun.tile.metadata.identifier
