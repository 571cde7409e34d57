"""Closed loop on 6SV1.1: tiles of published spectra under its atmospheres, and how well Level-2A undoes them.

    found = run_closed_loop(folder, reference, "scene_T18LTM_aot025_wv30")
    print(table(found.bands), column_table(found.columns))

The surface consists of patches of 600 m, each of one spectrum of `ipf_plugins.simulator.spectra`: two fifths
vegetation of four kinds, clear and turbid water, towns, a little snow, and soils. The products embed no
forecasts, so that nothing in them tells the aerosol and the water vapour. 6S is the truth here, and the gas
model of the processor is fitted to other rows of the same code: what is found in the gas bands is no
independent proof.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ipf_plugins.simulator.spectra import Cover, visible_ratios

from tests.plugins.known_truth import (
    CORNER,
    JUDGED,
    BandResult,
    KnownTruth,
    reflectance,
    results,
    stripes,
    table,
)
from tests.plugins.six_s import write_atmospheres

__all__ = [
    "JUDGED",
    "PEER_RMSE",
    "WITHOUT_NEIGHBOURS",
    "BandResult",
    "ClosedLoop",
    "ColumnResult",
    "aerosol_method",
    "bias_by_cover",
    "column_table",
    "columns",
    "make_tile",
    "ozone_of",
    "results",
    "run_closed_loop",
    "spectral_ratios",
    "table",
    "write_atmospheres",
]

FULL_TILE_M = 109800
SMALL_TILE_M = 18300
AOT_WANTED = (0.03, 0.1)
WATER_VAPOUR_WANTED = (0.2, 0.1)
"""Accuracy wanted, constant (1 and cm) and relative part (Sentinel-2 data quality reports, Level-2A)."""

WITHOUT_NEIGHBOURS = {"surface_reflectance.adjacency_range_m": "0"}
"""For Level-2A of such a tile: the light of each pixel is its own, no neighbour's is mixed into it, and the
correction of that would spoil it."""

_PATCHES = {
    "simulate_cover.layout": "patches",
    "simulate_cover.patch_m": "600",
    "simulate_cover.variation": "0.3",
    "simulate_cover.grain": "0.05",
    "simulate_counts.noise": "0.35",
    "format_l1c_scene.forecasts": "none",
}
"""Texture and noise give images of 4 to 6 bits a pixel, as many real ones have."""


@dataclass(frozen=True, slots=True)
class ColumnResult:
    """A map of Level-2A at 20 m against its true value, the same over the whole tile.

    `within` is the share of pixels off by no more than is wanted; `spread` their standard deviation; `empty`
    the share without a value.
    """

    name: str
    truth: float
    mean: float
    bias: float
    rmse: float
    spread: float
    worst: float
    within: float
    empty: float


PEER_RMSE = {
    "B02": 0.0023,
    "B03": 0.0052,
    "B04": 0.0039,
    "B05": 0.0030,
    "B06": 0.0093,
    "B07": 0.0090,
    "B08": 0.0047,
    "B8A": 0.0098,
    "B11": 0.0114,
    "B12": 0.0127,
}
"""RMSE of FORCE (2025-11, adjacency off) on a tile of five spectra under ``scene_T18LTM_aot025_wv30``."""

PROCESSOR = Path(sys.executable).with_name("ipf-processor")


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """What became of one atmosphere."""

    tile: KnownTruth
    bands: tuple[BandResult, ...]
    columns: tuple[ColumnResult, ColumnResult]


def run_closed_loop(
    folder: Path,
    reference: Path,
    name: str,
    parameters: Mapping[str, str] | None = None,
    size_m: int = SMALL_TILE_M,
) -> ClosedLoop:
    """Make a tile under the atmosphere `name` in `folder`, process it, aerosol and water vapour retrieved."""
    tile = make_tile(folder / name, write_atmospheres(reference, folder)[name], size_m)
    shutil.rmtree(tile.folder / "L2A", ignore_errors=True)
    given = {
        "atmospheric_state.ozone": ozone_of(tile),
        "format_l2a.jp2_profile": "fast",
        **WITHOUT_NEIGHBOURS,
    }
    order = tile.job_order_with({**given, **(parameters or {})})
    done = subprocess.run([PROCESSOR, order], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ClosedLoop(tile, results(tile), columns(tile))


def make_tile(
    folder: Path, atmosphere: Path, size_m: int = SMALL_TILE_M, parameters: Mapping[str, str] | None = None
) -> KnownTruth:
    """A tile from the corner of T18LTM on under the air of a file of coefficients, which gives the angles.

    `parameters` of the simulator win, ``simulate_acquisition.seed`` for one. A tile made in `folder` before
    is taken again. True columns: ``tile.coefficients`` with ``aot550``, ``wv_cm``, ``o3_cm_atm``;
    ``tile.l1c`` and ``tile.truth`` are the product and the folder of its truth.
    """
    place = {**CORNER, "simulate_acquisition.size_m": str(size_m)}
    return KnownTruth.made(folder, atmosphere, {**place, **_PATCHES, **(parameters or {})})


def ozone_of(tile: KnownTruth) -> str:
    """True ozone in cm-atm, which no retrieval gives, as the text of a parameter."""
    return str(tile.coefficients["o3_cm_atm"])


def columns(tile: KnownTruth) -> tuple[ColumnResult, ColumnResult]:
    """Aerosol optical thickness and water vapour (cm) of Level-2A against the truth."""
    return (
        _column(tile, "AOT", float(tile.coefficients["aot550"]), AOT_WANTED),
        _column(tile, "WVP", float(tile.coefficients["wv_cm"]), WATER_VAPOUR_WANTED),
    )


def aerosol_method(tile: KnownTruth) -> str:
    """How Level-2A says that its aerosol was told: the default is the true value of some atmospheres."""
    (path,) = tile.l2a.glob("GRANULE/*/MTD_TL.xml")
    found = re.search(r"<AOT_RETRIEVAL_METHOD>([^<]*)<", path.read_text(encoding="utf-8"))
    return found.group(1).strip() if found else ""


def _column(tile: KnownTruth, name: str, truth: float, wanted: tuple[float, float]) -> ColumnResult:
    counts = np.concatenate([stripe.ravel() for stripe in stripes(tile.level_2a_map(name))])
    values = counts[counts > 0] / 1000.0
    if values.size == 0:
        nothing = float("nan")
        return ColumnResult(name, truth, *[nothing] * 5, within=0.0, empty=1.0)
    difference = values - truth
    return ColumnResult(
        name=name,
        truth=truth,
        mean=float(values.mean()),
        bias=float(difference.mean()),
        rmse=float(np.sqrt((difference**2).mean())),
        spread=float(values.std()),
        worst=float(np.abs(difference).max()),
        within=float((np.abs(difference) <= wanted[0] + wanted[1] * truth).mean()),
        empty=1.0 - values.size / counts.size,
    )


def bias_by_cover(tile: KnownTruth, band: str) -> dict[str, float]:
    """Mean of Level-2A minus truth of one band by cover, over the pixels that have one cover only."""
    (cover,) = stripes(tile.truth / "cover.tif", whole=True)
    (level_2a,) = stripes(tile.level_2a_image(band), whole=True)
    (truth,) = stripes(tile.true_reflectance(band), whole=True)
    rows, factor = truth.shape[0], cover.shape[0] // truth.shape[0]
    cells = cover.reshape(rows, factor, -1, factor).swapaxes(1, 2).reshape(*truth.shape, factor * factor)
    pure = (cells == cells[..., :1]).all(axis=-1) & (level_2a > 0)
    difference = reflectance(level_2a) - truth
    found = {}
    for kind in Cover:
        chosen = pure & (cells[..., 0] == kind)
        if chosen.any():
            found[kind.name.lower()] = float(difference[chosen].mean())
    return found


def spectral_ratios() -> dict[str, tuple[float, float]]:
    """B04/B12 and B02/B04 of the kinds of vegetation, as published spectra have them: nothing is tuned."""
    return {cover.name.lower(): ratios for cover, ratios in visible_ratios().items()}


def column_table(found: tuple[ColumnResult, ...]) -> str:
    """The figures of the columns as text of fixed width."""
    head = f"{'map':<5}{'truth':>8}{'mean':>8}{'bias':>9}{'RMSE':>8}{'worst':>8}{'within':>10}{'empty':>9}"
    lines = [
        f"{one.name:<5}{one.truth:>8.3f}{one.mean:>8.3f}{one.bias:>+9.3f}{one.rmse:>8.3f}{one.worst:>8.3f}"
        f"{100 * one.within:>8.2f} %{100 * one.empty:>7.2f} %"
        for one in found
    ]
    return "\n".join([head, *lines])
