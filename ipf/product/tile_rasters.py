"""The lazy rasters of a tile: which layer an image or a mask is, with its unit, scale, offset and flags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.product import layout, masks
from ipf.product.bands import BY_NAME
from ipf.product.images import BandStore, Counts, decode_image
from ipf.product.metadata import Level, MaskFile, Radiometry, TileMetadata
from ipf.product.raster import Grid, Raster, Window

SCENE_CLASSES = (
    "no_data",
    "saturated_defective",
    "shadow",
    "cloud_shadow",
    "vegetation",
    "not_vegetated",
    "water",
    "unclassified",
    "cloud_medium_probability",
    "cloud_high_probability",
    "thin_cirrus",
    "snow_ice",
)
"""Values of the scene classification, from 0 (PSD 14.8, Scene_Classification_List)."""

REFLECTANCE_LAYERS: Mapping[Level, str] = {"L1C": "toa_reflectance", "L2A": "boa_reflectance"}
_PROBABILITY_LAYERS = {"MSK_CLDPRB": "cloud_probability", "MSK_SNWPRB": "snow_probability"}
# AOT, WVP, SCL and the probabilities are computed at 20 m; those of R10m are resampled (PSD 14.8, structure).
_NATIVE_RESOLUTION_2A = 20
_CLOUD_MASK_RESOLUTION = 60


@dataclass(frozen=True, slots=True)
class TileRasters:
    """Makes the lazy rasters of one tile, whose files lie in `folder`; decoded images go into `store`."""

    tile: TileMetadata
    radiometry: Radiometry
    nodata: int
    folder: Path
    store: BandStore

    def band(self, content: str, resolution: int | None, path: Path) -> Raster | None:
        """Raster of an image that holds one physical quantity or class; None for colour images."""
        quantification = self.radiometry.quantification
        if content in BY_NAME:
            raster = self._image(
                f"{REFLECTANCE_LAYERS[self.tile.level]}/{content}",
                path,
                np.uint16,
                resolution,
                BY_NAME[content].resolution,
            )
            scale, offset = 1.0 / quantification.reflectance, self.radiometry.offset(content)
            return replace(raster, unit="1", scale=scale, offset=offset, nodata=self.nodata)
        if content == "AOT" and quantification.aot is not None:
            raster = self._image("aerosol_optical_thickness", path, np.uint16, resolution)
            return replace(raster, unit="1", scale=1.0 / quantification.aot, nodata=self.nodata)
        if content == "WVP" and quantification.water_vapour is not None:
            raster = self._image("water_vapour", path, np.uint16, resolution)
            return replace(raster, unit="cm", scale=1.0 / quantification.water_vapour, nodata=self.nodata)
        if content == "SCL":
            raster = self._image("scene_classification", path, np.uint8, resolution)
            return replace(raster, unit="class", nodata=self.nodata, classes=SCENE_CLASSES)
        return None

    def masks(self, document: Path) -> Iterator[Raster]:
        """Rasters of the masks that the tile metadata list, in vector or raster form."""
        files = self.tile.quality.masks
        for band in BY_NAME.values():
            grid = self.tile.grid.at(band.resolution)
            footprint = self._paths(files, (masks.FOOTPRINT_MASK,), band.name, document)
            if footprint:
                yield self._footprint(band.name, grid, footprint)
            quality = self._paths(files, masks.QUALITY_MASKS, band.name, document)
            if quality:
                yield self._quality(band.name, grid, quality)
        clouds = self._paths(files, masks.CLOUD_MASKS, None, document)
        if clouds:
            yield self._clouds(self.tile.grid.at(_CLOUD_MASK_RESOLUTION), clouds[0])
        for kind, layer in _PROBABILITY_LAYERS.items():
            for path in self._paths(files, (kind,), None, document):
                raster = self._image(layer, path, np.uint8, _resolution_of_mask(path))
                yield replace(raster, unit="%", scale=1.0)

    def _paths(
        self, files: Iterable[MaskFile], kinds: tuple[str, ...], band: str | None, document: Path
    ) -> tuple[Path, ...]:
        return tuple(
            layout.mask_path(self.folder, mask, document)
            for mask in files
            if mask.kind in kinds and _band_of_mask(mask) == band
        )

    def _footprint(self, band: str, grid: Grid, paths: tuple[Path, ...]) -> Raster:
        layer = f"detector_footprint/{band}"
        read = partial(masks.read_detector_footprint, paths[0], grid)
        return replace(self._lazy(layer, grid, np.uint8, paths[0], read), unit="class", nodata=0)

    def _quality(self, band: str, grid: Grid, paths: tuple[Path, ...]) -> Raster:
        read = partial(masks.read_quality, paths, grid)
        raster = self._lazy(f"quality/{band}", grid, np.uint8, paths[0], read)
        return replace(raster, unit="flags", flags=masks.QUALITY_FLAGS)

    def _clouds(self, grid: Grid, path: Path) -> Raster:
        read = partial(masks.read_clouds, path, grid)
        raster = self._lazy("cloud_classification", grid, np.uint8, path, read)
        return replace(raster, unit="flags", flags=masks.CLOUD_FLAGS)

    def _image(
        self,
        layer: str,
        path: Path,
        dtype: npt.DTypeLike,
        resolution: int | None,
        native: int = _NATIVE_RESOLUTION_2A,
    ) -> Raster:
        """Raster of a whole image; the layer's name tells the resolution when it is not the native one."""
        resolution = resolution or native
        name = layer if resolution == native else f"{layer}_{resolution}m"
        grid = self.tile.grid.at(resolution)
        return self._lazy(name, grid, dtype, path, partial(decode_image, path, grid, np.dtype(dtype)))

    def _lazy(
        self, layer: str, grid: Grid, dtype: npt.DTypeLike, path: Path, decode: Callable[[int], Counts]
    ) -> Raster:
        key = f"{self.folder}:{layer}"

        def read(window: Window) -> Counts:
            return self.store.counts(key, decode)[window.slices]

        return Raster(
            layer=layer,
            grid=grid,
            dtype=np.dtype(dtype),
            unit="",
            read=read,
            source=str(path),
            on_release=partial(self.store.release, key),
        )


def _band_of_mask(mask: MaskFile) -> str | None:
    """Band that a mask is for; the first baselines tell it only in the file's name, ``…_B01_MSIL1C.gml``."""
    if mask.band is not None:
        return mask.band
    match = re.search(r"_(B\w{2})(?:_MSIL1C)?(?:\.\w+)?$", mask.path)
    return match[1] if match is not None and match[1] in BY_NAME else None


def _resolution_of_mask(path: Path) -> int:
    """Resolution in the name of a probability mask, ``MSK_CLDPRB_20m.jp2``."""
    match = re.search(r"_([126]0)m$", path.stem)
    if match is None:
        raise ProductError(f"{path}: mask whose name has no resolution, expected MSK_CLDPRB_20m or _60m")
    return int(match[1])
