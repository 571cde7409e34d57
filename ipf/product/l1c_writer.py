"""Writing a Level-1C product (SAFE) from band arrays, masks and metadata.

Differences from official products: schemas are not copied (``rep_info`` holds a note), there is no HTML
presentation, and the quality reports hold the checks of `ipf.product.quality`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import OutputError
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.documents import Documents
from ipf.product.granule_writer import GranuleWriter
from ipf.product.jpeg2000 import CodingStyle
from ipf.product.masks import CLOUD_FLAGS, Flags
from ipf.product.metadata import GranuleReference
from ipf.product.metadata_writer import has_raster_masks
from ipf.product.product_writer import (
    discard,
    publish,
    temporary_folder,
    write_datastrip,
    write_product_documents,
    write_tile,
)
from ipf.product.quicklook import preview, true_colour, write_browse_image
from ipf.product.raster import Raster

Counts = npt.NDArray[np.uint16]

_VISIBLE = ("B04", "B03", "B02")
_CLOUD_GRID_BAND = "B01"
_NO_FLAGS = np.uint8(0)


@dataclass(frozen=True, slots=True)
class L1CMasks:
    """Masks of a Level-1C tile; each array has the shape of its band's grid, `clouds` that of 60 m.

    `footprints` holds the detector (1-12, 0 where there are no data) of each pixel by band, `quality` the
    flags of `ipf.product.masks.QUALITY_FLAGS`, `clouds` those of `CLOUD_FLAGS`. A band without footprint is
    seen by the one detector that the tile's angles name for it, wherever its count is not 0; a band without
    quality flags, and a tile without clouds, have none set.
    """

    footprints: Mapping[str, Flags] = field(default_factory=dict)
    quality: Mapping[str, Flags] = field(default_factory=dict)
    clouds: Flags | None = None


def write_l1c_product(
    parent: Path,
    documents: Documents,
    bands: Mapping[str, Counts | Raster],
    masks: L1CMasks | None = None,
    auxiliary: Mapping[str, bytes] | None = None,
    style: CodingStyle = "official",
    workers: int = 1,
) -> Path:
    """Write a Level-1C product into the folder `parent` and return its own folder.

    `bands` holds the counts (uint16, at most 32767, 0 for no data) of all thirteen bands by name, each with
    the shape of its grid; a lazy raster is read when its turn comes. `auxiliary` holds embedded files by
    name (``AUX_ECMWFT``, ``AUX_CAMSFO``). Lists of files, cloud and snow coverage and the outcome of the
    quality checks are filled into the metadata. `workers` bands are coded at a time. The tile may be smaller
    than official ones: a whole number of 60 m pixels, at least 320 m.

    Raises OutputError naming the file or the band; then nothing is left behind.
    """
    documents = documents.checked()
    if documents.level != "L1C":
        raise OutputError(f"{documents.product.uri}: documents of level {documents.level}, expected L1C")
    missing = [band for band in BAND_NAMES if band not in bands]
    if missing:
        raise OutputError(f"{documents.product.uri}: no counts for {', '.join(missing)}")
    final = parent / documents.product.uri
    root = temporary_folder(parent, final)
    try:
        _Writing(root, documents, bands, masks or L1CMasks(), style).run(auxiliary or {}, workers)
        publish(root, final)
    finally:
        discard(root)
    return final


class _Writing:
    """One product on its way."""

    def __init__(
        self,
        root: Path,
        documents: Documents,
        bands: Mapping[str, Counts | Raster],
        masks: L1CMasks,
        style: CodingStyle,
    ) -> None:
        self._root, self._documents, self._bands, self._masks = root, documents, bands, masks
        self._folder = root / documents.granule
        self._granule = GranuleWriter(root, self._folder, documents, style, threads=1)
        self._cloud_grid = documents.tile.grid.at(BY_NAME[_CLOUD_GRID_BAND].resolution)
        self._seen = np.zeros(self._cloud_grid.shape, np.bool_)

    def run(self, auxiliary: Mapping[str, bytes], workers: int) -> None:
        """Write everything."""
        others = [band for band in BAND_NAMES if band not in _VISIBLE]
        jobs: list[Callable[[], object]] = [self._write_visible]
        jobs += [partial(self._write_invisible, band) for band in others]
        run_all(jobs, workers)
        clouds = self._write_clouds()
        for name, content in sorted(auxiliary.items()):
            self._granule.write_auxiliary(name, content)
        documents = self._complete_documents(clouds)
        images = [self._granule.image_path(content) for content in (*BAND_NAMES, "TCI")]
        masks = [mask.path.removeprefix(f"{documents.granule}/") for mask in documents.tile.quality.masks]
        strip = self._root / documents.datastrip_folder
        datastrip = write_datastrip(strip, documents)
        tile = write_tile(self._folder, documents, strip, images, masks)
        write_product_documents(self._root, documents, tile, datastrip, self._granule.checksums)

    def _write_visible(self) -> None:
        """The bands of the true-colour image, that image, the preview and the browse image."""
        red, green, blue = (self._write_band(band) for band in _VISIBLE)
        radiometry = self._documents.product.radiometry
        offsets = [radiometry.offset(band) for band in _VISIBLE]
        picture = true_colour(red, green, blue, (offsets[0], offsets[1], offsets[2]))
        del red, green, blue
        grid = self._documents.tile.grid
        self._granule.write_image("TCI", grid.resolution, picture)
        name = self._documents.product.uri.removesuffix(".SAFE")
        write_browse_image(self._root / f"{name}-ql.jpg", preview(picture, grid))

    def _write_invisible(self, band: str) -> None:
        self._write_band(band)  # the counts are let go, or the list of outcomes would hold every band

    def _write_band(self, band: str) -> Counts:
        """Image and masks of a band; its counts."""
        source = self._bands[band]
        counts = np.asarray(source.read_all() if isinstance(source, Raster) else source)
        self._granule.write_image(band, BY_NAME[band].resolution, counts)
        footprint = self._masks.footprints.get(band)
        if footprint is None:
            footprint = np.where(counts > 0, self._only_detector(band), _NO_FLAGS)
        self._granule.write_footprint(band, footprint)
        quality = self._masks.quality.get(band)
        self._granule.write_quality(band, np.zeros(counts.shape, np.uint8) if quality is None else quality)
        if band == _CLOUD_GRID_BAND:
            self._seen = footprint > 0
        return counts

    def _only_detector(self, band: str) -> np.uint8:
        detectors = self._documents.tile.angles.detectors(band)
        if len(detectors) != 1:
            raise OutputError(
                f"{self._documents.product.uri}: band {band} is seen by the detectors {list(detectors)},"
                " expected a detector footprint"
            )
        return np.uint8(detectors[0])

    def _write_clouds(self) -> Flags:
        clouds = self._masks.clouds
        if clouds is None:
            clouds = np.zeros(self._cloud_grid.shape, np.uint8)
        self._granule.write_clouds(clouds)
        return clouds

    def _complete_documents(self, clouds: Flags) -> Documents:
        """The documents with what is known only now: files, cloud and snow coverage."""
        documents, granule = self._documents, self._granule
        cloudy = coverage(clouds, ("opaque_cloud", "cirrus"), self._seen)
        snow = coverage(clouds, ("snow",), self._seen) if has_raster_masks(documents.baseline) else None
        tile_quality = replace(
            documents.tile.quality,
            cloudy=cloudy,
            snow=snow,
            masks=tuple(granule.masks),
            preview=f"{documents.granule}/QI_DATA/{granule.preview_name}",
        )
        quality = replace(documents.product.quality, cloud_coverage=cloudy, snow_coverage=snow)
        return replace(
            with_images(documents).with_product(quality=quality),
            tile=replace(documents.tile, quality=tile_quality),
        )


def with_images(documents: Documents) -> Documents:
    """Documents of a Level-1C product whose images are listed: thirteen bands and the true colours."""
    images = tuple(
        f"{documents.granule}/IMG_DATA/{documents.image_name(content)}" for content in (*BAND_NAMES, "TCI")
    )
    reference = GranuleReference(documents.tile.identifier, documents.tile.datastrip_identifier, images)
    return documents.with_product(granules=(reference,))


def coverage(clouds: Flags, names: Sequence[str], seen: npt.NDArray[np.bool_]) -> float:
    """Percentage of the pixels `seen` by a detector that carry one of the cloud flags `names`."""
    total = np.count_nonzero(seen)
    bits = np.uint8(sum(1 << CLOUD_FLAGS.index(name) for name in names))
    return 100.0 * np.count_nonzero((clouds & bits != 0) & seen) / total if total else 0.0


def run_all(
    jobs: Sequence[Callable[[], object]], workers: int, progress: Callable[[float], None] | None = None
) -> None:
    """Run the jobs in `workers` threads; the first failure ends them all.

    `progress` is told the share of the jobs that are done.
    """
    with ThreadPoolExecutor(workers) as executor:
        outcomes = [executor.submit(job) for job in jobs]
        try:
            for number, outcome in enumerate(as_completed(outcomes), 1):
                outcome.result()
                if progress is not None:
                    progress(number / len(jobs))
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise
