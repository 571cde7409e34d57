"""Step `resample`: the counts of every band on the tile's pixels, as lazy rasters.

A window of a band is resampled once: counts, detectors and masks of the windows last read are kept until all
of them have been taken.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from ipf_plugins.geometric.ortho_grids import OrthoGrids
from ipf_plugins.geometric.read_l1b import TileFrame

from ipf.auxiliary.l1_gipp import InterDetectorParameters, RadiometricParameters, ResamplingParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import Context, Findings, SourceStep, StepParameters, provides
from ipf.geometry.detector_choice import DetectorChoice
from ipf.geometry.orthorectification import DetectorImage, OrthoPixels, SensorGrid, orthorectify
from ipf.geometry.resampling import Interpolation, SensorImage
from ipf.product.bands import BAND_NAMES, BY_NAME, Band
from ipf.product.l1b_masks import CleanMasks, quality_flags
from ipf.product.l1b_reader import L1bProduct
from ipf.product.raster import Array, Raster, Window

Rasters = Mapping[str, Raster]

KEPT_WINDOWS = 16
"""Windows of which all parts are kept: more than threads read at a time."""


class ResampleParameters(StepParameters):
    """How values between the pixels of the sensor are made."""

    interpolation: Interpolation = step_parameter(ResamplingParameters, "interpolation")
    detector_choice: DetectorChoice = step_parameter(InterDetectorParameters, "detector_choice")
    saturated_count: int = step_parameter(RadiometricParameters, "saturated_count")


@dataclass(frozen=True)
class Inputs:
    """The granules, the tile, and where it is seen."""

    l1b_product: L1bProduct
    tile_frame: TileFrame
    ortho_grids: OrthoGrids


@dataclass(frozen=True)
class Outputs:
    """By band: counts (NaN for no data), flags of resampling, detectors, and Level-1B quality masks."""

    l1b_counts: Annotated[Rasters, provides()]
    resampling_flags: Annotated[Rasters, provides()]
    l1b_detector: Annotated[Rasters, provides()]
    l1b_quality: Annotated[Rasters, provides()]


@dataclass
class BandView:
    """One band on the tile: its images are decoded when first needed, and forgotten on release."""

    band: Band
    inputs: Inputs
    parameters: ResampleParameters
    workers: int
    clean_masks: CleanMasks
    _images: dict[int, DetectorImage] | None = None
    _windows: OrderedDict[Window, OrthoPixels] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _readers: int = 0

    def pixels(self, window: Window) -> OrthoPixels:
        """What the detectors see of a window."""
        with self._lock:
            kept = self._windows.get(window)
            images = self._decoded()
        if kept is not None:
            return kept
        grids = self.inputs.ortho_grids
        ground = grids.ground(self.band.resolution)
        how = self.parameters.interpolation, self.parameters.detector_choice
        made = orthorectify(grids.grids(self.band.name), images, ground, window, *how)
        with self._lock:
            self._windows[window] = made
            while len(self._windows) > KEPT_WINDOWS:
                self._windows.popitem(last=False)
        return made

    def _decoded(self) -> dict[int, DetectorImage]:
        """Images of the detectors that see the tile, those lines of them that do."""
        if self._images is None:
            grids = self.inputs.ortho_grids.grids(self.band.name)
            # A granule is coded in one piece, which one thread decodes: detectors side by side.
            with ThreadPoolExecutor(self.workers, thread_name_prefix="ipf-decode") as pool:
                self._images = dict(
                    zip((grid.detector for grid in grids), pool.map(self._image, grids), strict=True)
                )
        return self._images

    def _image(self, grid: SensorGrid) -> DetectorImage:
        detector, seen = grid.detector, grid.lines()
        product, name = self.inputs.l1b_product, self.band.name
        lines = product.lines(name, detector)
        first, stop = max(seen[0], lines.start), min(seen[1] + 1, lines.stop)
        counts = product.counts(name, detector, range(first, stop))
        whole = len(lines), counts.shape[1]
        image = SensorImage(counts, self.parameters.saturated_count, first - lines.start, 0, whole)
        quality = quality_flags(product, name, detector, range(first, stop), clean=self.clean_masks)
        return DetectorImage(image, quality)

    def release(self) -> None:
        """Forget images and windows when the last of the band's rasters is let go."""
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                self._images = None
                self._windows.clear()
                self.inputs.ortho_grids.release(self.band.name)

    def raster(
        self, quantity: str, dtype: type[np.generic], unit: str, part: Callable[[OrthoPixels], Array]
    ) -> Raster:
        """One quantity of the band, as a lazy raster."""
        self._readers += 1
        return Raster(
            layer=f"{quantity}/{self.band.name}",
            grid=self.inputs.tile_frame.grid.at(self.band.resolution),
            dtype=np.dtype(dtype),
            unit=unit,
            read=lambda window: part(self.pixels(window)),
            scale=1.0 if unit == "count" else None,
            source=str(self.inputs.l1b_product.datastrip.file),
            on_release=self.release,
        )


def views(inputs: Inputs, parameters: ResampleParameters, context: Context) -> Outputs:
    """Every band on the tile."""
    clean = CleanMasks()
    made = {name: BandView(BY_NAME[name], inputs, parameters, context.workers, clean) for name in BAND_NAMES}

    def of(quantity: str, dtype: type[np.generic], unit: str, part: Callable[[OrthoPixels], Array]) -> Any:
        return {name: view.raster(quantity, dtype, unit, part) for name, view in made.items()}

    return Outputs(
        l1b_counts=of("l1b_counts", np.float32, "count", lambda pixels: pixels.values),
        resampling_flags=of("resampling_flags", np.uint8, "flags", lambda pixels: pixels.flags),
        l1b_detector=of("l1b_detector", np.uint8, "detector", lambda pixels: pixels.detectors),
        l1b_quality=of("l1b_quality", np.uint8, "flags", lambda pixels: pixels.quality),
    )


def forecast(known: Mapping[str, Any], parameters: ResampleParameters, context: Context) -> Findings:
    """Memory of the images of one band, and of heights and places."""
    product: L1bProduct = known["l1b_product"]
    # Two thirds of the detectors at most see one tile, over five granules' length.
    seen = -(-2 * len(product.granules) // 3)
    images = seen * 5 * 2304 * 2552 * 3
    return Findings(memory_bytes=images + 250 * 2**20 + context.workers * 60 * 2**20)


resample = SourceStep(
    name="resample",
    summary="counts of every band on the tile's pixels, from the detector that sees them best",
    run=views,
    check=forecast,
)
