"""The images and masks of one Level-2A product on their way from the steps to the writer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ipf_plugins.atmospheric.encoding import EncodingQueue
from ipf_plugins.atmospheric.image_writer import ImageWriter
from ipf_plugins.atmospheric.l2a_images import (
    NATIVE_RESOLUTION_OF_MAPS,
    Bytes,
    Counts,
    Rasters,
    negative_percentage,
    resampled,
    resolutions_of,
)
from ipf_plugins.atmospheric.thumbnails import Thumbnails

from ipf.kernels import pixels
from ipf.product.bands import BY_NAME
from ipf.product.level_2a import BOA_OFFSET
from ipf.product.quicklook import true_colour
from ipf.product.raster import Grid, Raster

RED_GREEN_BLUE = ("B04", "B03", "B02")
ORDER = ("B08", "B05", "B06", "B07", "B8A", *RED_GREEN_BLUE, "B11", "B12", "B01", "B09")
"""Bands in the order in which they are computed. The visible ones, which are held together for true colour,
come when the inputs of others have been given back: the peak of memory is 0.6 GB lower so. Small images come
last, so that no thread is left alone with a large one."""
COLOUR_PLANES = 3


class L2AProduction:
    """Reads layers in the order that keeps least in memory, and hands their images to `writer`.

    Layers are computed in the calling thread (which feeds the engine's executor) as they are read, images
    are encoded by `queue` meanwhile. A raster is released when the last of its images has its array.
    """

    def __init__(
        self, writer: ImageWriter, queue: EncodingQueue, thumbnails: Thumbnails | None = None
    ) -> None:
        self._writer = writer
        self._queue = queue
        self._thumbnails = thumbnails
        self.empty: list[str] = []
        """Bands of which no pixel has data, in the order in which they were added."""

    def add_bands(self, bands: Rasters) -> dict[str, float]:
        """Add the bands that the product has, and the true-colour images; gives the percentage of negative
        reflectance by band. A band that no image shows is not read, hence not computed.
        """
        negative = {}
        visible: dict[str, Counts] = {}
        shown = {band for band in bands if any(self._resolutions_of(band))}
        for band in (band for band in ORDER if band in shown):
            counts = bands[band].read_all()
            bands[band].release()
            negative[band] = negative_percentage(counts)
            if not counts.any():
                self.empty.append(band)
            if self._thumbnails is not None:
                self._thumbnails.add_band(band, counts)
                self._queue.submit(partial(self._thumbnails.read_level_1c, band), 0.0)
            self._add_resolutions(band, counts, BY_NAME[band].resolution)
            if band in RED_GREEN_BLUE:
                visible[band] = counts
            if len(visible) == len(RED_GREEN_BLUE):
                self._add_true_colour(visible)
                visible = {}
        return negative

    def _resolutions_of(self, content: str) -> Iterator[int]:
        return resolutions_of(content, self._writer.images)

    def _add_resolutions(self, content: str, counts: Counts, resolution: int) -> None:
        for wanted in self._resolutions_of(content):

            def encode(wanted: int = wanted) -> None:
                self._writer.add_image(content, wanted, resampled(counts, resolution, wanted))

            self._queue.submit(encode, image_weight(counts.size, resolution, wanted))

    def _add_true_colour(self, visible: dict[str, Counts]) -> None:
        red, green, blue = (visible[band] for band in RED_GREEN_BLUE)
        offsets = (BOA_OFFSET, BOA_OFFSET, BOA_OFFSET)
        for wanted in self._resolutions_of("TCI"):

            def encode(wanted: int = wanted) -> None:
                coarser = partial(resampled, resolution=10, wanted=wanted)
                picture = true_colour(coarser(red), coarser(green), coarser(blue), offsets)
                self._writer.add_image("TCI", wanted, picture)

            self._queue.submit(encode, COLOUR_PLANES * image_weight(red.size, 10, wanted))
        if self._writer.needs_preview:
            self._queue.submit(lambda: self._writer.add_preview(true_colour(red, green, blue, offsets)), 0.0)

    def add_map(self, content: str, counts: Counts) -> None:
        """Add a 20 m map (AOT, WVP) at all pixel sizes."""
        if self._thumbnails is not None:
            self._thumbnails.add_map(content, counts)
        self._add_resolutions(content, counts, NATIVE_RESOLUTION_OF_MAPS)

    def add_classes(self, classes: Bytes) -> None:
        """Add the scene classification."""
        if self._thumbnails is not None:
            self._thumbnails.add_classes(classes)
        for wanted in self._resolutions_of("SCL"):

            def encode(wanted: int = wanted) -> None:
                coarser = pixels.pick(classes, wanted // NATIVE_RESOLUTION_OF_MAPS)
                self._writer.add_image("SCL", wanted, coarser)

            self._queue.submit(encode, image_weight(classes.size, NATIVE_RESOLUTION_OF_MAPS, wanted))

    def add_probability(self, kind: str, raster: Raster) -> None:
        """Add a probability mask at the pixel size of its raster, if the product has it."""
        if (kind, raster.grid.resolution) not in self._writer.probabilities:
            raster.release()
            return
        percentages = raster.read_all()
        raster.release()
        job = partial(self._writer.add_probability, kind, raster.grid.resolution, percentages)
        self._queue.submit(job, percentages.size)


def image_weight(pixels_now: int, resolution: int, wanted: int) -> float:
    """Work of encoding an image, in pixels."""
    return pixels_now * (resolution / wanted) ** 2


def total_weight(grid: Grid, writer: ImageWriter) -> float:
    """Work of all images and probabilities of a product on this 10 m grid."""
    sizes = [
        (resolution, COLOUR_PLANES if content == "TCI" else 1)
        for resolution, contents in writer.images.items()
        for content in contents
    ]
    sizes += [(resolution, 1) for _, resolution in writer.probabilities]
    pixels_at_10_m = grid.rows * grid.columns
    return sum(planes * image_weight(pixels_at_10_m, 10, resolution) for resolution, planes in sizes)
