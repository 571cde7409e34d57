"""Small scenes under a known atmosphere, to be damaged, and what must hold for every product of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.ground import Ground
from ipf_plugins.atmospheric.surface_reflectance import BANDS
from ipf_plugins.simulator.spectra import MATERIALS, Cover, of_band
from lxml import etree

from ipf.engine import load_plugins, run_plan
from ipf.errors import IpfError
from ipf.kernels import pixels
from ipf.product.angles import Direction, TileAngles
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.images import decode_image
from ipf.product.metadata import ImageContent
from ipf.product.reader import SafeProduct
from tests.plugins.atmospheric import atmospheres
from tests.plugins.atmospheric.chain import Job, Messages, write_l1c

SIDE_M = 1260
GRID = atmospheres.small(SIDE_M)
NODES = 3
SUN, VIEW = Direction(30.0, 60.0), Direction(5.0, 100.0)
ANGLES = atmospheres.constant_angles(SUN, VIEW, NODES)
AOT, WATER_VAPOUR = 0.3, 1.5
"""Truth of the scenes' air; a job that is told nothing begins from others."""
COVERS = (Cover.BROADLEAF_FOREST, Cover.DRY_SOIL, Cover.GREEN_CROP, Cover.CLEAR_WATER)
PATCH = 3
"""60 m pixels along the side of a patch."""
FATAL = {"SOLAR_ZENITH_ANGLE_ABOVE_70_DEG", "HIGHEST_GROUND_ABOVE_3.5_KM", "NO_DATA_AT_ALL"}
"""Limits beyond which a quality report does not pass."""
CIRRUS_BAND = "B10"
CLEAR_B10 = 0.0012
LARGEST_COUNT = 32767

Counts = npt.NDArray[np.uint16]
Bands = dict[str, Counts]


def native(band: str) -> int:
    """Pixel size of a band in metres."""
    return BY_NAME[band].resolution


def constant(reflectance: float | Mapping[str, float]) -> Bands:
    """Counts of one reflectance at the top of the atmosphere, the same in all bands or by band."""
    by_band = reflectance if isinstance(reflectance, Mapping) else dict.fromkeys(BAND_NAMES, reflectance)
    return {
        band: np.full(GRID.at(native(band)).shape, round(by_band[band] * 10000 + 1000), np.uint16)
        for band in BAND_NAMES
    }


def patches(covers: Sequence[Cover] = COVERS, seed: int = 1) -> Bands:
    """Counts of patches of covers, textured, under `AOT` and `WATER_VAPOUR` at sea level."""
    random = np.random.default_rng(seed)
    state = atmospheres.stated(aerosol_optical_thickness=AOT, water_vapour=WATER_VAPOUR)
    model = atmospheres.model(ANGLES, state)
    side = SIDE_M // 60
    shown = random.integers(0, len(covers), (side // PATCH, side // PATCH)).repeat(PATCH, 0).repeat(PATCH, 1)
    counts = {}
    for band in BAND_NAMES:
        factor = 60 // native(band)
        mean = np.array([of_band(MATERIALS[cover].reflectance, band) for cover in covers])
        surface = mean[shown.repeat(factor, 0).repeat(factor, 1)]
        surface = np.asarray(surface * random.normal(1.0, 0.02, surface.shape), np.float32)
        ground = Ground(model, np.zeros_like(surface), (0, 0, float(native(band))))
        toa = np.full_like(surface, CLEAR_B10)
        if band != CIRRUS_BAND:
            toa = ground.at_top(band, surface, ground.everywhere(AOT), ground.everywhere(WATER_VAPOUR))
        counts[band] = np.rint(toa * 10000 + 1000).astype(np.uint16)
    return counts


def job_of(
    folder: Path,
    counts: Mapping[str, Counts],
    angles: TileAngles = ANGLES,
    auxiliary: Mapping[str, bytes] | None = None,
) -> Job:
    """The job order of a scene, written into `folder`."""
    job = Job(folder)
    write_l1c(job, GRID, angles, counts, auxiliary=auxiliary)
    return job


@dataclass(frozen=True)
class Outcome:
    """How a job ended; `error` is empty for success. `lines` are what the run said."""

    error: str
    exit_code: int
    lines: tuple[str, ...] = ()


def run(job: Job, parameters: Mapping[str, str] | None = None, mode: str = "accurate") -> Outcome:
    """Run the job order, with these parameters written into it, as the command line does."""
    state_in_order(job.path, {"MODE": mode, **(parameters or {})})
    said = Messages()
    try:
        report = run_plan(job.plan(), load_plugins(), said, threading.Event())
    except IpfError as problem:
        return Outcome(str(problem), problem.exit_code)
    return Outcome(report.error, report.exit_code, tuple(said.lines))


def state_in_order(order: Path, parameters: Mapping[str, str]) -> None:
    """Add parameters to a job order."""
    stated = "".join(
        f"<Processing_Parameter><Name>{name}</Name><Value>{value}</Value></Processing_Parameter>"
        for name, value in parameters.items()
    )
    end = "</Dynamic_Processing_Parameters>"
    order.write_text(order.read_text().replace(end, stated + end))


def image(product: SafeProduct, content: str, resolution: int) -> npt.NDArray[np.generic]:
    """Counts of one image of a product."""
    dtype = np.dtype(np.uint8 if content == "SCL" else np.uint16)
    return decode_image(product.images[content, resolution], product.grid.at(resolution), dtype)


def missing_at(counts: Counts, resolution: int, wanted: int) -> npt.NDArray[np.bool_]:
    """Pixels of `wanted` metres in which any pixel of a band has no data."""
    empty = (counts == 0).astype(np.uint8)
    if wanted < resolution:
        return pixels.repeat(empty, resolution // wanted) > 0
    factor = wanted // resolution
    rows, columns = empty.shape[0] // factor, empty.shape[1] // factor
    return np.asarray(empty.reshape(rows, factor, columns, factor).any(axis=(1, 3)))


def assert_sound(product: SafeProduct, counts: Mapping[str, Counts]) -> None:
    """No layer holds a value where Level-1C has none, none is lost, and all are in their ranges."""
    for (content, resolution), _ in sorted(product.images.items()):
        if content in BANDS:
            assert_band_is_sound(product, content, resolution, counts[content])
    absent = np.zeros(GRID.at(20).shape, np.bool_)
    for band in BAND_NAMES:
        absent |= missing_at(counts[band], native(band), 20)
    classes = np.asarray(image(product, "SCL", 20))
    np.testing.assert_array_equal(classes == 0, absent, "SCL: no data")
    assert classes.max() <= 11
    assert content_of(product).nodata == round(100.0 * float(absent.mean()), 6)
    for content, largest in (("AOT", 2900), ("WVP", 9000)):
        fine = np.asarray(image(product, content, 20))
        np.testing.assert_array_equal(fine == 0, absent, f"{content}: no data")
        assert fine.max() <= largest
    for layer in ("cloud_probability", "snow_probability"):
        probability = product.masks[layer].read_all()
        assert probability.max() <= 100
        assert not probability[absent].any()
        assert not product.masks[f"{layer}_60m"].read_all()[missing_60(absent)].any()


def missing_60(absent: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """60 m pixels without any data."""
    rows, columns = absent.shape[0] // 3, absent.shape[1] // 3
    return np.asarray(absent.reshape(rows, 3, columns, 3).all(axis=(1, 3)))


def assert_band_is_sound(product: SafeProduct, band: str, resolution: int, counts: Counts) -> None:
    """One image of a band has data where Level-1C has, and there only."""
    found = np.asarray(image(product, band, resolution))
    what = f"{band} at {resolution} m: no data"
    np.testing.assert_array_equal(found == 0, missing_at(counts, native(band), resolution), what)
    assert found.max() <= LARGEST_COUNT


def figures(product: SafeProduct) -> dict[str, str]:
    """Every figure of the quality report of Level-2A by name, and its overall status under ``status``."""
    root = etree.parse(product.tile_folder / "QI_DATA" / "L2A_QUALITY.xml").getroot()
    found = {node.get("name"): node.text or "" for node in root.iter("{*}value")}
    (report,) = root.iter("{*}report")
    return {**found, "status": report.get("globalStatus") or ""}


def exceeded(product: SafeProduct) -> set[str]:
    """Limits that the quality report says are exceeded."""
    return {name for name, value in figures(product).items() if value == "True"} - {"AC_ENABLED"}


def methods(product: SafeProduct) -> tuple[str, str]:
    """How aerosol and water vapour were found, as the quality report says."""
    found = figures(product)
    return found["AOT_RETRIEVAL_METHOD"], found["WV_RETRIEVAL_METHOD"]


def content_of(product: SafeProduct) -> ImageContent:
    """Image_Content_QI."""
    assert product.metadata is not None
    content = product.metadata.quality.content
    assert content is not None
    return content


@dataclass(frozen=True)
class Made:
    """A sound product, what it says of itself, and what the run said."""

    product: SafeProduct
    outcome: Outcome

    @property
    def methods(self) -> tuple[str, str]:
        """How aerosol and water vapour were found, as the quality report says."""
        return methods(self.product)

    @property
    def limits(self) -> set[str]:
        """Limits that the quality report says are exceeded."""
        return exceeded(self.product)


def process(
    folder: Path,
    counts: Bands,
    mode: str = "accurate",
    parameters: Mapping[str, str] | None = None,
    angles: TileAngles = ANGLES,
) -> Made:
    """The product of a scene, which must be sound and tell of its limits alike everywhere."""
    job = job_of(folder, counts, angles)
    outcome = run(job, parameters, mode)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    made = Made(job.product, outcome)
    assert_sound(made.product, counts)
    for limit in made.limits:
        assert any(line.startswith("WARNING") and limit in line for line in outcome.lines)
    passes = "FAILED" if made.limits & FATAL else "PASSED"
    assert figures(made.product)["status"] == passes
    return made


def refusal(
    folder: Path,
    counts: Bands,
    parameters: Mapping[str, str] | None = None,
    angles: TileAngles = ANGLES,
) -> str:
    """Why a scene is refused: one line, and nothing is left."""
    job = job_of(folder, counts, angles)
    outcome = run(job, parameters)
    assert outcome.exit_code >= 128
    assert "\n" not in outcome.error
    assert not (job.demo / "L2A").exists() or not list((job.demo / "L2A").iterdir())
    return outcome.error
