"""Images, masks and auxiliary files of one tile, written as they become ready.

Names and folders are those of compact products. Every method may be called from several threads; no file is
written twice.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ipf.atomic import atomic_path, write_bytes
from ipf.errors import OutputError
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.documents import Documents
from ipf.product.images import check_image
from ipf.product.jpeg2000 import CodingStyle, ImageKind, Samples, encode_jpeg2000
from ipf.product.manifest import file_checksum
from ipf.product.masks import CLOUD_FLAGS, QUALITY_FLAGS, Flags, MaskFeature
from ipf.product.metadata import MaskFile
from ipf.product.metadata_writer import has_raster_masks
from ipf.product.quicklook import preview, preview_grid
from ipf.product.vector_masks import (
    VECTOR_MASKS,
    cloud_features,
    footprint_features,
    quality_features,
    vector_mask_xml,
)

_KINDS = {name: ImageKind(name) for name in ("AOT", "WVP", "SCL", "TCI")}
_FLAG_MASKS = {ImageKind.QUALIT: QUALITY_FLAGS, ImageKind.CLASSI: CLOUD_FLAGS}
_CLOUD_RESOLUTION = 60
_ALL_BANDS = "B00"


class GranuleWriter:
    """Writes the files of the tile `documents` into `folder`, the tile's own folder.

    `root` is the product or package that checksums name paths in.
    """

    def __init__(
        self, root: Path, folder: Path, documents: Documents, style: CodingStyle, threads: int
    ) -> None:
        self._root, self._folder, self._documents = root, folder, documents
        self._style: CodingStyle = style
        self._threads = threads
        self._lock = threading.Lock()
        self._claimed: set[Path] = set()
        self._checksums: dict[str, str] = {}
        self._masks: dict[tuple[str, str | int | None], MaskFile] = {}
        self._clean: dict[tuple[ImageKind, int], Path] = {}

    @property
    def checksums(self) -> dict[str, str]:
        """Checksums of the files written, by path in the root."""
        with self._lock:
            return dict(self._checksums)

    @property
    def masks(self) -> list[MaskFile]:
        """The masks written, in the order of official tile metadata: by band, then those of all bands."""
        per_band = (
            ("MSK_DETFOO", "MSK_QUALIT") if has_raster_masks(self._documents.baseline) else VECTOR_MASKS
        )
        order: list[tuple[str, str | int | None]] = [(kind, band) for band in BAND_NAMES for kind in per_band]
        order += [("MSK_CLASSI", None), ("MSK_CLOUDS", None)]
        order += [(kind, resolution) for resolution in (20, 60) for kind in ("MSK_CLDPRB", "MSK_SNWPRB")]
        with self._lock:
            return [self._masks[key] for key in order if key in self._masks]

    def image_path(self, content: str, resolution: int | None = None) -> str:
        """Path of an image in the tile's folder: ``IMG_DATA/T….jp2`` or ``IMG_DATA/R10m/T…_10m.jp2``.

        `resolution` matters to Level-2A only: a Level-1C image has one.
        """
        if self._documents.level == "L1C":
            return f"IMG_DATA/{self._documents.image_name(content)}.jp2"
        return f"IMG_DATA/R{resolution}m/{self._documents.image_name(content, resolution)}.jp2"

    def write_image(self, content: str, resolution: int, samples: Samples) -> None:
        """Encode an image: counts of a band, AOT or WVP (uint16), classes (uint8), or true colour (3 planes).

        The true-colour image at 10 m gives the preview too.
        """
        kind = ImageKind.BAND if content in BY_NAME else _KINDS[content]
        self._encode(self.image_path(content, resolution), samples, resolution, kind)
        if content == "TCI" and resolution == self.native_resolution:
            self.write_preview(samples)

    @property
    def native_resolution(self) -> int:
        """Pixel size of the finest images, in metres."""
        return self._documents.tile.grid.resolution

    def write_preview(self, picture: Samples) -> None:
        """Write the preview of a true-colour picture, (3, rows, columns), at 10 m."""
        grid = self._documents.tile.grid
        try:
            reduced = preview_grid(grid)
        except ValueError as problem:
            raise OutputError(f"{self._folder}: {problem}") from problem
        path = self._claim(f"QI_DATA/{self.preview_name}")
        encode_jpeg2000(path, preview(picture, grid), reduced, ImageKind.PVI, self._style, self._threads)
        self._record(path)

    @property
    def preview_name(self) -> str:
        """Name of the preview, ``T18LTM_20220125T151701_PVI.jp2``."""
        return f"{self._documents.image_name('PVI')}.jp2"

    def write_footprint(self, band: str, detectors: Flags) -> None:
        """Write the detector (1-12, 0 for none) that saw each pixel of `band`, at the band's pixel size."""
        resolution = BY_NAME[band].resolution
        if has_raster_masks(self._documents.baseline):
            self._write_raster_mask(ImageKind.DETFOO, band, resolution, detectors)
        else:
            grid = self._documents.tile.grid.at(resolution)
            self._write_vector_mask("MSK_DETFOO", band, footprint_features(detectors, grid), resolution)

    def write_quality(self, band: str, flags: Flags) -> None:
        """Write the quality flags of `band`, bits as `ipf.product.masks.QUALITY_FLAGS`."""
        resolution = BY_NAME[band].resolution
        if has_raster_masks(self._documents.baseline):
            self._write_raster_mask(ImageKind.QUALIT, band, resolution, flags)
            return
        grid = self._documents.tile.grid.at(resolution)
        for kind in VECTOR_MASKS:
            if kind != "MSK_DETFOO":
                self._write_vector_mask(kind, band, quality_features(kind, flags, grid), resolution)

    def write_clouds(self, flags: Flags) -> None:
        """Write the cloud flags at 60 m, bits as `ipf.product.masks.CLOUD_FLAGS`."""
        if has_raster_masks(self._documents.baseline):
            self._write_raster_mask(ImageKind.CLASSI, None, _CLOUD_RESOLUTION, flags)
        else:
            grid = self._documents.tile.grid.at(_CLOUD_RESOLUTION)
            features = cloud_features(flags, grid)
            self._write_vector_mask("MSK_CLOUDS", None, features, _CLOUD_RESOLUTION)

    def write_probability(self, kind: str, resolution: int, percentages: Flags) -> None:
        """Write a probability (0-100): ``MSK_CLDPRB`` or ``MSK_SNWPRB``, at 20 or 60 m."""
        path = f"QI_DATA/{kind}_{resolution}m.jp2"
        self._encode(path, percentages, resolution, ImageKind.PROBABILITY)
        self._list_mask(kind, None, resolution, path)

    def copy_mask(self, kind: str, band: str | None, source: Path) -> None:
        """Take over a raster mask unchanged from another product: ``MSK_DETFOO``, ``MSK_QUALIT`` of a band,
        or ``MSK_CLASSI``.

        One that is missing, cut, or no such mask of this tile raises ProductError naming it.
        """
        resolution = _CLOUD_RESOLUTION if band is None else BY_NAME[band].resolution
        planes = len(_FLAG_MASKS.get(ImageKind(kind), ())) or 1
        check_image(source, self._documents.tile.grid.at(resolution), planes, np.dtype(np.uint8))
        path = f"QI_DATA/{kind}_{band or _ALL_BANDS}.jp2"
        self._copy(source, self._claim(path))
        self._list_mask(kind, band, None, path)

    def write_auxiliary(self, name: str, content: bytes) -> None:
        """Write an embedded auxiliary file (``AUX_ECMWFT``)."""
        path = self._claim(f"AUX_DATA/{name}")
        write_bytes(path, content)
        self._record(path)

    def _write_raster_mask(self, kind: ImageKind, band: str | None, resolution: int, samples: Flags) -> None:
        path = f"QI_DATA/{kind.value}_{band or _ALL_BANDS}.jp2"
        names = _FLAG_MASKS.get(kind)
        if names is None:
            self._encode(path, samples, resolution, kind)
        elif samples.any():
            self._encode(path, planes_of(samples, len(names)), resolution, kind)
        else:
            self._write_clean_mask(path, kind, resolution, [samples] * len(names))
        self._list_mask(kind.value, band, None, path)

    def _write_clean_mask(self, path: str, kind: ImageKind, resolution: int, planes: list[Flags]) -> None:
        """Masks without a single flag are alike for all bands of a pixel size: encode one, copy the rest."""
        with self._lock:
            twin = self._clean.get((kind, resolution))
        if twin is None:
            self._encode(path, planes, resolution, kind)
            with self._lock:
                self._clean[kind, resolution] = self._folder / path
        else:
            self._copy(twin, self._claim(path))

    def _write_vector_mask(
        self, kind: str, band: str | None, features: Sequence[MaskFeature], resolution: int
    ) -> None:
        name = self._documents.tile_name
        identifier = (
            f"{name.satellite}_{name.file_class}_{kind}_{name.centre}_{name.creation}_A{name.absolute_orbit:06d}"
            f"_T{name.tile}_{band or _ALL_BANDS}_MSIL1C"
        )
        path = f"QI_DATA/{kind}_{band or _ALL_BANDS}.gml"
        grid = self._documents.tile.grid.at(resolution)
        claimed = self._claim(path)
        write_bytes(claimed, vector_mask_xml(identifier, band or _ALL_BANDS, features, grid))
        self._record(claimed)
        self._list_mask(kind, band, None, path)

    def _list_mask(self, kind: str, band: str | None, resolution: int | None, path: str) -> None:
        listed = MaskFile(f"{self._documents.granule}/{path}", kind, band)
        with self._lock:
            self._masks[kind, band or resolution] = listed

    def _encode(
        self, path: str, samples: Samples | Sequence[Samples], resolution: int, kind: ImageKind
    ) -> None:
        claimed = self._claim(path)
        grid = self._documents.tile.grid.at(resolution)
        encode_jpeg2000(claimed, samples, grid, kind, self._style, self._threads)
        self._record(claimed)

    def _copy(self, source: Path, target: Path) -> None:
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
        self._record(target)

    def _claim(self, path: str) -> Path:
        """Full path of a file that nobody has written yet."""
        claimed = self._folder / path
        with self._lock:
            if claimed in self._claimed:
                raise OutputError(f"{claimed}: written twice")
            self._claimed.add(claimed)
        return claimed

    def _record(self, path: Path) -> None:
        checksum = file_checksum(path, self._documents.baseline)
        with self._lock:
            self._checksums[path.relative_to(self._root).as_posix()] = checksum


def planes_of(flags: Flags, count: int) -> list[Flags]:
    """The lowest `count` bits of `flags` as planes of 0 and 1; planes without a flag share one array."""
    used = int(np.bitwise_or.reduce(flags, axis=None))
    empty = np.zeros_like(flags)
    return [(flags >> np.uint8(bit)) & np.uint8(1) if used >> bit & 1 else empty for bit in range(count)]


def raster_masks(documents: Documents) -> tuple[MaskFile, ...]:
    """The masks of a whole Level-1C tile in raster form (baseline 04.00 on), as its metadata list them."""
    kinds = [(kind, band) for band in BAND_NAMES for kind in ("MSK_DETFOO", "MSK_QUALIT")]
    return tuple(
        MaskFile(f"{documents.granule}/QI_DATA/{kind}_{band or _ALL_BANDS}.jp2", kind, band)
        for kind, band in (*kinds, ("MSK_CLASSI", None))
    )
