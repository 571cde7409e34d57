"""A map seen through the real model of Madeira into granules of three detectors, and made a map again.

All bands of the island, 60 km wide: where it lies against the truth and against other bands, how bright it
is, whether borders of detectors show; how fast granules are seen, written, and laid on the map. A picture of
reflectance, error and detectors is kept beside the product.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ipf_plugins.simulator.map_scenes import TexturedScene
from ipf_plugins.simulator.sensor_view import SensorView
from ipf_plugins.simulator.view_product import granules_over
from matplotlib.figure import Figure

from ipf.geometry.sensor_model import SensorModel
from ipf.product.bands import BY_NAME
from tests.geometry.madeira import madeira, madeira_terrain
from tests.plugins.sensor_loop import (
    SUMMIT,
    UTM_ZONE_28,
    Loop,
    SeamFigures,
    Seen,
    Shift,
    area_around,
    mesh_of,
    phase_shift,
    product_of,
    seam,
    view_of,
)

BANDS = ("B02", "B03", "B04", "B08", "B05", "B8A", "B11", "B12", "B01")
DETECTORS = (8, 9, 10)
AREA = area_around(*SUMMIT, 46080, shift=(2000, 0))
"""The island's mountains between two borders of detectors, and the sea around: windows of 2.6 or 3.8 km."""
SIZES = {10: 256, 20: 128, 60: 64}
FLAT, STEEP = 20.0, 800.0
"""Metres between the highest and the lowest ground of a window: at most, and at least."""
LARGEST_SHIFT_M = 0.2
"""0.02 pixels of 10 m, for every band."""


@dataclass
class Maps:
    """What came back of every band, and the seconds that it took by stage."""

    loop: Loop
    windows: dict[str, list[Seen]]
    seconds: dict[str, float]


@pytest.fixture(scope="module")
def maps(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Maps:
    terrain, geometry = madeira_terrain(reference_data), madeira(reference_data)
    scene = TexturedScene.of(UTM_ZONE_28, seed=1)
    view = view_of(reference_data, geometry, terrain, scene)
    model = SensorModel(geometry, terrain, 2)
    granules = {
        detector: listed
        for detector, listed in granules_over(model, BANDS, *mesh_of(AREA)).items()
        if detector in DETECTORS
    }
    print(f"\ngranules: { {detector: len(listed) for detector, listed in granules.items()} }")
    started = time.perf_counter()
    product = product_of(tmp_path_factory.mktemp("view"), reference_data, view, granules, BANDS)
    seconds = {"view and write": time.perf_counter() - started}
    loop, windows = Loop(product, model, scene, AREA), {}
    for band in BANDS:
        started = time.perf_counter()
        windows[band] = [seen for seen in loop.windows(band, SIZES[BY_NAME[band].resolution]) if seen.whole]
        seconds[band] = time.perf_counter() - started
    return Maps(loop, windows, seconds)


def worst(shifts: Sequence[Shift]) -> float:
    return float(np.max(np.abs(shifts)))


def rows_of_table(seen: Sequence[Seen]) -> Iterator[tuple[str, list[Seen]]]:
    yield "flat", [one for one in seen if one.relief <= FLAT]
    yield "steep", [one for one in seen if one.relief >= STEEP]
    yield "all", list(seen)


def test_maps_come_back(maps: Maps) -> None:
    print("band ground windows  mean shift (px)   worst  worst (m)  bias (%)   error RMS  largest")
    for band in BANDS:
        resolution = BY_NAME[band].resolution
        for ground, seen in rows_of_table(maps.windows[band]):
            assert len(seen) >= (3 if resolution == 60 else 10)
            shifts = [one.correlated() for one in seen]
            bias = float(np.mean([one.bias() for one in seen]))
            largest_bias = max(abs(one.bias()) for one in seen)
            error = np.stack([one.error for one in seen])
            mean = np.mean(shifts, axis=0)
            print(
                f"{band:<5}{ground:<7}{len(seen):>6}  {mean[0]:+.4f} {mean[1]:+.4f}"
                f"   {worst(shifts):.4f}  {worst(shifts) * resolution:8.3f}  {100 * bias:+.4f}"
                f"   {error.std():.2e}  {np.abs(error).max():.1e}"
            )
            assert worst(shifts) * resolution <= LARGEST_SHIFT_M
            assert largest_bias <= 1e-3
    for stage, seconds in maps.seconds.items():
        print(f"{stage}: {seconds:.1f} s")


def test_bands_lie_on_one_another(maps: Maps) -> None:
    """Bands of one pixel size against one another; those of 10 and 20 m by what each is off the truth."""
    print("bands     windows  mean shift (px)   worst")
    for first, second in combinations(BANDS, 2):
        sizes = [BY_NAME[band].resolution for band in (first, second)]
        if max(sizes) == 60:
            continue
        pairs = list(zip(maps.windows[first], maps.windows[second], strict=True))
        if sizes[0] == sizes[1]:
            shifts = [phase_shift(one.made, other.made) for one, other in pairs]
        else:
            shifts = [
                (a[0] - b[0] * 2, a[1] - b[1] * 2)
                for a, b in ((one.correlated(), other.correlated()) for one, other in pairs)
            ]
        mean = np.mean(shifts, axis=0)
        print(f"{first} {second}{len(shifts):>9}    {mean[0]:+.4f} {mean[1]:+.4f}   {worst(shifts):.4f}")
        assert worst(shifts) * min(sizes) <= LARGEST_SHIFT_M


def test_borders_of_detectors_do_not_show(maps: Maps) -> None:
    print("band   pixels  RMS at borders  RMS elsewhere  ratio      step  its own error")
    for band in BANDS:
        found: SeamFigures = seam(maps.windows[band])
        print(
            f"{band:<5}{found.pixels:>8}  {found.rms:14.3e}  {found.rms_elsewhere:13.3e}"
            f"  {found.rms / found.rms_elsewhere:5.3f}  {found.step:+.1e}  {found.step_error:.1e}"
        )
        assert found.rms < 1.1 * found.rms_elsewhere
        assert abs(found.step) < 0.25 * found.rms_elsewhere


def test_a_granule_is_seen_in_two_seconds(maps: Maps, reference_data: Path) -> None:
    view: SensorView = view_of(
        reference_data, maps.loop.model.geometry, maps.loop.model.terrain, maps.loop.scene
    )
    single = SensorView(view.model, view.scene, view.calibration, threads=1)
    single.counts("B02", 9, range(6913, 6913 + 64))
    best = np.inf
    for _ in range(3):
        started = time.process_time()
        counts = single.counts("B02", 9, range(6913, 6913 + 2304))
        best = min(best, time.process_time() - started)
    print(
        f"granule of B02: {best:.2f} s of a processor, {counts.size / best / 1e6:.1f} million pixels a second"
    )
    assert best <= 2.0


def laid_out(loop: Loop, seen: Sequence[Seen], part: str) -> npt.NDArray[np.float64]:
    """Windows of one band side by side, every fourth pixel."""
    size, step = seen[0].window.height, 4
    count = loop.area.size // BY_NAME["B02"].resolution
    image = np.full((count // step, count // step), np.nan)
    for one in seen:
        values = {"made": one.made, "error": one.error, "detectors": one.detectors}[part]
        row, column = one.window.row // step, one.window.column // step
        image[row : row + size // step, column : column + size // step] = values[::step, ::step]
    return image


def test_a_picture_is_kept(maps: Maps) -> None:
    figure = Figure(figsize=(18, 6.4), layout="constrained")
    panels = figure.subplots(1, 3)
    kinds = (
        ("made", "reflectance of B02", "gray", (0.1, 0.33)),
        ("error", "less the truth", "RdBu", (-1e-3, 1e-3)),
        ("detectors", "detector", "viridis", (8, 10)),
    )
    for panel, (part, title, colours, limits) in zip(panels, kinds, strict=True):
        image = laid_out(maps.loop, maps.windows["B02"], part)
        shown = panel.imshow(image, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
        panel.set_title(title)
        figure.colorbar(shown, ax=panel, shrink=0.8)
    path = maps.loop.product.datastrip.file.parents[2] / "closed_loop.png"
    figure.savefig(path, dpi=80)
    print(f"picture: {path}")
    assert path.stat().st_size > 10_000
