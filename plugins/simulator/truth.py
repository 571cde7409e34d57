"""The truth beside a simulated product: rasters, and what holds for the whole scene in `truth.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf_plugins.simulator.scene import Air, Scene
from ipf_plugins.simulator.spectra import Cover

from ipf.atomic import write_text
from ipf.errors import ProductError
from ipf.product.geotiff import read_geotiff, write_geotiff
from ipf.product.raster import Raster, raster_of_array

DOCUMENT = "truth.json"


@dataclass(frozen=True)
class Truth:
    """The truth of a scene, read back layer by layer when asked for: a full tile has 2 GB of it.

    Each method raises `ProductError` naming the file that is missing or malformed.
    """

    folder: Path
    document: Mapping[str, Any]

    def reflectance(self, band: str) -> Raster:
        """Surface reflectance of a band."""
        return read_geotiff(self.folder / f"reflectance_{band}.tif")

    def saturation(self, band: str) -> Raster:
        """1 where a band saturates."""
        return read_geotiff(self.folder / f"saturation_{band}.tif")

    def layer(self, name: str) -> Raster:
        """A layer without bands: ``cover``; ``cloud`` and ``shadow`` (opacities), ``cloud_height`` (m, 0
        without cloud), ``cirrus`` (reflectance in the blue); ``aot``, ``water_vapour`` (cm); ``elevation``
        (m), ``direct_light`` relative to flat ground, ``sky_view``."""
        return read_geotiff(self.folder / f"{name}.tif")


def write_band(folder: Path, reflectance: Raster, saturation: Raster, band: str) -> None:
    """Write the truth of one band."""
    write_geotiff(reflectance, folder / f"reflectance_{band}.tif")
    write_geotiff(saturation, folder / f"saturation_{band}.tif")


def write_layers(folder: Path, layers: Mapping[str, Raster]) -> None:
    """Write the layers that have no bands; the elevation as float32 metres, which any program takes for a
    digital elevation model."""
    for name, raster in layers.items():
        stored = _in_metres(raster) if name == "true_elevation" else raster
        write_geotiff(stored, folder / f"{name.removeprefix('true_')}.tif")


def _in_metres(raster: Raster) -> Raster:
    return raster_of_array(raster.layer, raster.grid, raster.read_physical(raster.grid.whole), raster.unit)


def write_document(folder: Path, scene: Scene, air: Air, product: str) -> None:
    """Write `truth.json`: the scene, its air, and what the numbers of the class map mean."""
    content = {
        "product": product,
        "tile": scene.tile,
        "satellite": scene.satellite,
        "sensing_time": str(scene.sensing_time),
        "epsg": scene.grid.epsg,
        "upper_left": [scene.grid.upper_left_x, scene.grid.upper_left_y],
        "size_m": [scene.grid.rows * 10, scene.grid.columns * 10],
        "seed": scene.seed,
        "sun": {"zenith": scene.angles.mean_sun.zenith, "azimuth": scene.angles.mean_sun.azimuth},
        "atmosphere": {
            "source": air.source,
            "aerosol": air.aerosol,
            "aot550": air.aot,
            "water_vapour_cm": air.water_vapour,
            "ozone_cm_atm": air.ozone,
            "pressure_hpa": air.pressure,
        },
        "cover": {cover.name.lower(): int(cover) for cover in Cover},
    }
    write_text(folder / DOCUMENT, json.dumps(content, indent=2) + "\n")


def read_truth(folder: Path) -> Truth:
    """Open what was written; `ProductError` naming the document when it is missing or malformed."""
    document = folder / DOCUMENT
    try:
        content = json.loads(document.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ProductError(f"{document}: cannot be read as the truth of a scene: {problem}") from problem
    return Truth(folder, content)
