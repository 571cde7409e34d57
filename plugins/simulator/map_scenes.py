"""Reflectance on a map as functions of the place: what a sensor sees there, and what is true of a map pixel.

Both kinds of scene are cubic spline surfaces, which have one value at any place whatever, so that what is
seen from space and what a map should show can be compared without a doubt about either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.view_kernels import add_spline

from ipf.errors import ParameterError
from ipf.geometry.orthorectification import MapArea
from ipf.product.bands import BANDS, BY_NAME

Places = npt.NDArray[np.float64]
FloatImage = npt.NDArray[np.float32]

LATTICE = 8
"""Splines in the shortest wavelength of a texture: what they add beyond it has 4e-4 of its amplitude."""
PERIOD = 1024
"""Splines after which a texture repeats."""
OCTAVES = ((960.0, 7680.0), (240.0, 960.0), (80.0, 240.0), (40.0, 80.0))
"""Shortest and longest wavelength (m) of the textures: four pixels of 60, 20 and 10 m, and what is broad."""


class MapScene(Protocol):
    """Reflectance at the top of the atmosphere, on a map."""

    @property
    def epsg(self) -> int:
        """Code of the projection whose eastings and northings are meant."""
        ...

    def reflectance(self, band: str, eastings: Places, northings: Places) -> FloatImage:
        """Reflectance of `band` at places (m) of one two-dimensional shape; NaN where there is no scene."""
        ...


@dataclass(frozen=True, slots=True)
class Texture:
    """A random surface of mean 0 and standard deviation 1 with wavelengths (m) between two, without end."""

    coefficients: FloatImage
    shortest: float

    @classmethod
    def of(cls, shortest: float, longest: float, seed: int) -> Texture:
        """The texture of a seed: white noise, of which only the wavelengths between both are left."""
        # Imported where it is used, for every command would start by loading scipy otherwise.
        import scipy.fft
        from scipy.ndimage import spline_filter

        white = np.random.default_rng((seed, round(shortest))).standard_normal((PERIOD, PERIOD))
        frequency = np.hypot(scipy.fft.fftfreq(PERIOD)[:, np.newaxis], scipy.fft.rfftfreq(PERIOD)[np.newaxis])
        wavelength = (shortest / LATTICE) / np.maximum(frequency, 1e-9)
        kept = (wavelength >= shortest) & (wavelength < longest)
        surface = scipy.fft.irfft2(np.where(kept, scipy.fft.rfft2(white), 0.0), s=white.shape)
        weights = spline_filter(surface / surface.std(), order=3, mode="grid-wrap")
        return cls(np.pad(weights, ((0, 3), (0, 3)), mode="wrap").astype(np.float32), shortest)

    def add(self, factor: float, eastings: Places, northings: Places, values: FloatImage) -> None:
        """Add `factor` times the texture at places (m) to `values`."""
        spacing = self.shortest / LATTICE
        add_spline(self.coefficients, (0.0, 0.0), spacing, PERIOD, factor, eastings, northings, values)


def _means() -> dict[str, float]:
    """Another one for each band, so that none can pass for another."""
    return {band.name: 0.2 + 0.01 * number for number, band in enumerate(BANDS)}


@dataclass(frozen=True, slots=True)
class TexturedScene:
    """Random textures that all bands share, as far as their pixels can carry them: see `OCTAVES`.

    A band's reflectance is ``means[band] (1 + sum of contrast x texture)``.
    """

    epsg: int
    textures: tuple[Texture, ...]
    contrasts: tuple[float, ...]
    means: Mapping[str, float]
    smallest_pixels: float = 4.0

    @classmethod
    def of(
        cls,
        epsg: int,
        seed: int = 0,
        contrasts: Sequence[float] = (0.08, 0.08, 0.08, 0.06),
        means: Mapping[str, float] | None = None,
        enlarged: float = 1.0,
    ) -> TexturedScene:
        """The scene of a seed on a map; all wavelengths of `OCTAVES` are `enlarged`."""
        if len(contrasts) != len(OCTAVES):
            raise ParameterError(f"textured scene: {len(contrasts)} contrasts, expected {len(OCTAVES)}")
        textures = tuple(
            Texture.of(shortest * enlarged, longest * enlarged, seed) for shortest, longest in OCTAVES
        )
        return cls(epsg, textures, tuple(contrasts), means or _means())

    def reflectance(self, band: str, eastings: Places, northings: Places) -> FloatImage:
        """Reflectance of `band` at places (m) of one two-dimensional shape."""
        mean = self.means[band]
        values = np.full(eastings.shape, mean, np.float32)
        shortest = self.smallest_pixels * BY_NAME[band].resolution
        for texture, contrast in zip(self.textures, self.contrasts, strict=True):
            if texture.shortest >= shortest:
                texture.add(mean * contrast, eastings, northings, values)
        return values


@dataclass(frozen=True, slots=True)
class RasterScene:
    """Images on one map, between whose pixels reflectance is a cubic spline through them.

    coefficients : of the splines, by band; `left` and `top` (m) are the upper-left corner of the first pixel
    """

    epsg: int
    left: float
    top: float
    pixel_size: float
    coefficients: Mapping[str, FloatImage]

    @classmethod
    def of(
        cls, epsg: int, left: float, top: float, pixel_size: float, images: Mapping[str, FloatImage]
    ) -> RasterScene:
        """Of images of reflectance, (rows, columns) each; ParameterError for one with gaps."""
        from scipy.ndimage import spline_filter

        coefficients = {}
        for band, image in images.items():
            if image.ndim != 2 or min(image.shape) < 4 or not np.all(np.isfinite(image)):
                raise ParameterError(
                    f"raster scene: image of {band} of {image.shape} pixels, {np.sum(~np.isfinite(image))} "
                    "without a value, expected 4 x 4 or more that all have one"
                )
            filtered = spline_filter(np.asarray(image, np.float64), order=3, mode="mirror")
            coefficients[band] = filtered.astype(np.float32)
        return cls(epsg, left, top, pixel_size, coefficients)

    def reflectance(self, band: str, eastings: Places, northings: Places) -> FloatImage:
        """Reflectance of `band` at places (m); NaN within a pixel of the image's edges and beyond."""
        if band not in self.coefficients:
            raise ParameterError(f"raster scene: no image of {band}")
        half = self.pixel_size / 2
        values = np.zeros(eastings.shape, np.float32)
        origin = self.left + half, self.top - half
        add_spline(self.coefficients[band], origin, self.pixel_size, 0, 1.0, eastings, northings, values)
        return values


@dataclass(frozen=True, slots=True)
class BoundedScene:
    """Another scene within a rectangle of the map (m), nothing beyond it."""

    scene: MapScene
    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, scene: MapScene, area: MapArea, margin: float) -> BoundedScene:
        """The scene over an area and `margin` metres around it."""
        right, bottom = area.left + area.size, area.top - area.size
        return cls(scene, area.left - margin, bottom - margin, right + margin, area.top + margin)

    @property
    def epsg(self) -> int:
        """Code of the scene's projection."""
        return self.scene.epsg

    def reflectance(self, band: str, eastings: Places, northings: Places) -> FloatImage:
        """Reflectance of `band` at places (m); NaN beyond the rectangle."""
        values = self.scene.reflectance(band, eastings, northings)
        beyond = (eastings < self.west) | (eastings > self.east)
        beyond |= (northings < self.south) | (northings > self.north)
        values[beyond] = np.nan
        return values
