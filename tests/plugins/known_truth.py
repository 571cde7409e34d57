"""A tile of known truth: made, corrected by the processor as a process, compared pixel by pixel.

The scene has neither cloud nor shadow, so that every pixel counts. Images and truth are read here with GDAL
alone, so that the project's own readers and comparison stay out of the judgement.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.job import LEVEL_2A, adapted, newest, run_scene
from osgeo import gdal

from ipf.joborder import write_job_order
from ipf.product.bands import BAND_NAMES, BY_NAME

COEFFICIENTS = "radiative_transfer/scene_T18LTM_aot015_wv15.json"
"""6SV1.1 coefficients of one geometry, by an independent radiative-transfer code."""
PRODUCT = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
"""The real product whose tile, time and orbit the full tile takes over."""
JUDGED = tuple(band for band in BAND_NAMES if band not in ("B09", "B10"))
"""Bands in which the ground is seen well enough to ask for its reflectance."""
WANTED_SHARE = 0.99

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.uint16]

_ROWS_AT_A_TIME = 1024
_CLEAR_SKY = {"simulate_sky.cloud_share": "0", "simulate_sky.cirrus": "0"}
TEXTURE = {
    "simulate_cover.size": "4",
    "simulate_cover.variation": "0.3",
    "simulate_cover.grain": "0.05",
    "simulate_counts.noise": "0.35",
}
"""Makes images of 4 to 6 bits a pixel, as many real ones have. The simulator's own defaults give 7 to 8."""
CORNER = {
    "simulate_acquisition.tile": "18LTM",
    "simulate_acquisition.epsg": "32718",
    "simulate_acquisition.upper_left_x": "199980",
    "simulate_acquisition.upper_left_y": "8700040",
    "simulate_acquisition.sensing_time": "2022-01-25T15:17:01.024Z",
}


@dataclass(frozen=True)
class KnownTruth:
    """A Level-1C product, the true surface reflectance that it shows, and the air between the two."""

    folder: Path
    l1c: Path
    truth: Path
    coefficients: Mapping[str, Any]

    @classmethod
    def full_tile(cls, folder: Path, reference: Path) -> KnownTruth:
        """The tile of the real product, 10980 x 10980 pixels, with the constant angles of the coefficients.

        A tile made in `folder` before is taken again.
        """
        return cls._made(folder, reference, {"simulate_acquisition.like": str(reference / PRODUCT)})

    @classmethod
    def sixth(cls, folder: Path, reference: Path) -> KnownTruth:
        """The same over 18.3 km, 1830 x 1830 pixels, from the tile's corner."""
        return cls._made(folder, reference, {**CORNER, "simulate_acquisition.size_m": "18300"})

    @classmethod
    def _made(cls, folder: Path, reference: Path, place: Mapping[str, str]) -> KnownTruth:
        return cls.made(folder, reference / COEFFICIENTS, {**place, **TEXTURE})

    @classmethod
    def made(cls, folder: Path, stated: Path, parameters: Mapping[str, str]) -> KnownTruth:
        """A tile without clouds under the air of a file of coefficients, by the simulator's parameters.

        A tile made in `folder` before is taken again.
        """
        if not any((folder / "truth").glob("*.TRUTH")):
            run_scene(folder, {**_CLEAR_SKY, "simulate_acquisition.atmosphere": str(stated), **parameters})
        coefficients = json.loads(stated.read_text(encoding="utf-8"))
        return cls(
            folder, newest(folder / "L1C", "*.SAFE"), newest(folder / "truth", "*.TRUTH"), coefficients
        )

    def job_order(self, profile: str) -> Path:
        """A job order that makes Level-2A of it in ``L2A``, the air given as parameters."""
        parameters = {
            "atmospheric_state.aerosol_optical_thickness": str(self.coefficients["aot550"]),
            "atmospheric_state.water_vapour": str(self.coefficients["wv_cm"]),
            "atmospheric_state.ozone": str(self.coefficients["o3_cm_atm"]),
            "surface_reflectance.adjacency_range_m": "0",  # the truth's pixels do not shine into one another
            "format_l2a.jp2_profile": profile,
        }
        return self.job_order_with(parameters, f"l2a_{profile}.xml")

    def job_order_with(self, parameters: Mapping[str, str], name: str = "l2a.xml") -> Path:
        """A job order that makes Level-2A of it in ``L2A`` with the parameters of steps that are given."""
        path = self.folder / name
        write_job_order(adapted(LEVEL_2A, parameters), path)
        return path

    @property
    def l2a(self) -> Path:
        """The Level-2A product that the job order made."""
        return newest(self.folder / "L2A", "*.SAFE")

    def level_1c_image(self, band: str) -> Path:
        """Image of a band."""
        (path,) = self.l1c.glob(f"GRANULE/*/IMG_DATA/*_{band}.jp2")
        return path

    def level_2a_image(self, band: str) -> Path:
        """Image of a band at its native pixel size."""
        resolution = BY_NAME[band].resolution
        (path,) = self.l2a.glob(f"GRANULE/*/IMG_DATA/R{resolution}m/*_{band}_{resolution}m.jp2")
        return path

    def level_2a_map(self, name: str, resolution: int = 20) -> Path:
        """Image of a quantity without bands: ``AOT``, ``WVP``, ``SCL``."""
        (path,) = self.l2a.glob(f"GRANULE/*/IMG_DATA/R{resolution}m/*_{name}_{resolution}m.jp2")
        return path

    def true_reflectance(self, band: str) -> Path:
        """True surface reflectance on the pixels of the band."""
        return self.truth / f"reflectance_{band}.tif"


@dataclass(frozen=True)
class BandResult:
    """One band over all pixels: Level-2A minus truth, and size of the Level-1C image in bits per pixel.

    `within` is the share of pixels within ``0.05 rho + 0.005``; `simulation` the mean of Level-1C minus what
    the coefficients say of the truth, which is 0 for a tile that is what it claims to be.
    """

    band: str
    bits_per_pixel: float
    simulation: float
    pixels: int
    within: float
    bias: float
    rmse: float


def results(tile: KnownTruth) -> tuple[BandResult, ...]:
    """Figures of every band of Level-2A."""
    return tuple(_result(tile, band) for band in BAND_NAMES if band != "B10")


def _result(tile: KnownTruth, band: str) -> BandResult:
    pixels = within = 0
    simulated = bias = squares = 0.0
    paths = (tile.level_1c_image(band), tile.level_2a_image(band), tile.true_reflectance(band))
    for level_1c, level_2a, truth in zip(*(stripes(path) for path in paths), strict=True):
        seen = at_top(truth, tile.coefficients["bands"][band])
        simulated += float((reflectance(level_1c) - seen).sum())
        difference = reflectance(level_2a) - truth
        difference[level_2a == 0] = np.inf
        within += int(np.count_nonzero(np.abs(difference) <= 0.05 * truth + 0.005))
        bias += float(difference.sum())
        squares += float((difference**2).sum())
        pixels += truth.size
    return BandResult(
        band=band,
        bits_per_pixel=8 * paths[0].stat().st_size / pixels,
        simulation=simulated / pixels,
        pixels=pixels,
        within=within / pixels,
        bias=bias / pixels,
        rmse=(squares / pixels) ** 0.5,
    )


def at_top(truth: Floats, coefficients: Mapping[str, float]) -> Floats:
    """Reflectance at the top of the atmosphere, by the formula that goes with the coefficients."""
    gain = coefficients["t_gas"] * coefficients["t_scat"]
    return coefficients["rho_atm"] + gain * truth / (1.0 - coefficients["s_alb"] * truth)


def reflectance(counts: Floats) -> Floats:
    """Reflectance of counts since baseline 04.00."""
    return (counts - 1000.0) / 10000.0


def stripes(path: Path, *, whole: bool = False) -> Iterator[Floats]:
    """The image in stripes of whole lines, or at once, scaled as the file says."""
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    scale, offset = band.GetScale() or 1.0, band.GetOffset() or 0.0
    step = dataset.RasterYSize if whole else _ROWS_AT_A_TIME
    for row in range(0, dataset.RasterYSize, step):
        rows = min(step, dataset.RasterYSize - row)
        yield band.ReadAsArray(0, row, dataset.RasterXSize, rows) * scale + offset


def table(figures: tuple[BandResult, ...]) -> str:
    """The figures as text of fixed width."""
    lines = [f"{'band':<5}{'L1C bits/pixel':>15}{'L1C - stated':>14}{'within':>10}{'bias':>10}{'RMSE':>10}"]
    lines += [
        f"{found.band:<5}{found.bits_per_pixel:>15.2f}{found.simulation:>+14.6f}{100 * found.within:>8.2f} %"
        f"{found.bias:>+10.4f}{found.rmse:>10.4f}"
        for found in figures
    ]
    return "\n".join(lines)
