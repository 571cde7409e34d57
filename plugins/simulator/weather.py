"""The forecasts that a product embeds, saying of the air what they are told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyproj
from ipf_plugins.simulator.scene import Air, Scene

from ipf.auxiliary.grib import FloatArray, GribField
from ipf.auxiliary.grib_writer import write_grib
from ipf.auxiliary.meteorology import CAMS_WAVELENGTHS, KILOGRAMS_PER_CM_ATM, KILOGRAMS_PER_CM_WATER
from ipf.product.raster import Grid

POINTS = 9
STEP_DEGREES = 0.125
"""Grid of the embedded forecasts: 9 x 9 points, an eighth of a degree apart."""
ANGSTROM_EXPONENT = 1.3
"""Of a continental aerosol (Shettle and Fenn 1979, AFGL-TR-79-0214: 1.2 to 1.4 for the rural model)."""

# ECMWF parameter numbers (parameter database); table 128, and 210 for the composition of the atmosphere.
_AEROSOL_DEPTHS = {469: 213, 550: 207, 670: 214, 865: 215, 1240: 216}


def write_forecasts(scene: Scene, air: Air, folder: Path) -> dict[str, Path]:
    """Write ``AUX_ECMWFT`` and ``AUX_CAMSFO`` into `folder`; gives their paths by name.

    Constant fields: total water vapour, ozone, pressure at sea level, relative humidity and wind;
    geopotential of the ground (zero) and aerosol optical depths.
    """
    ecmwf = [
        ("tcwv", "kg m-2", 128, 137, air.water_vapour * KILOGRAMS_PER_CM_WATER),
        ("msl", "Pa", 128, 151, air.pressure * 100.0),
        ("tco3", "kg m-2", 128, 206, air.ozone * KILOGRAMS_PER_CM_ATM),
        ("u10", "m s-1", 128, 165, 2.0),
        ("v10", "m s-1", 128, 166, 1.0),
        ("r", "%", 128, 157, 60.0),
    ]
    cams = [("z", "m2 s-2", 128, 129, 0.0)]
    for wavelength in CAMS_WAVELENGTHS:
        depth = air.aot * (wavelength / 550.0) ** -ANGSTROM_EXPONENT
        cams.append((f"aod{wavelength}", "1", 210, _AEROSOL_DEPTHS[wavelength], depth))
    written = {}
    for name, quantities in (("AUX_ECMWFT", ecmwf), ("AUX_CAMSFO", cams)):
        written[name] = folder / name
        write_grib(folder / name, [_constant(scene, *quantity) for quantity in quantities])
    return written


def _constant(scene: Scene, name: str, unit: str, table: int, parameter: int, value: float) -> GribField:
    latitude, longitude = _axes(scene.grid)
    sensing = scene.sensing_time.moment
    reference = sensing.replace(hour=12 * (sensing.hour // 12), minute=0, second=0, microsecond=0)
    return GribField(
        name=name,
        unit=unit,
        table=table,
        parameter=parameter,
        level_type=100 if name == "r" else 1,
        level=1000 if name == "r" else 0,
        reference_time=reference,
        valid_time=reference + timedelta(hours=sensing.hour % 12),
        latitude=latitude,
        longitude=longitude,
        values=np.full((POINTS, POINTS), value),
    )


def _axes(grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Latitudes and longitudes, covering a full tile from the scene's corner on."""
    middle = 5490 * 10.0
    to_geographic = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    longitude, latitude = to_geographic.transform(grid.upper_left_x + middle, grid.upper_left_y - middle)
    spread_north = 0.55
    spread_east = spread_north / np.cos(np.deg2rad(latitude))
    half = (POINTS - 1) / 2
    offsets = np.linspace(-1.0, 1.0, POINTS)
    return (
        np.round(latitude - offsets * max(spread_north, half * STEP_DEGREES), 3),
        np.round(longitude + offsets * max(spread_east, half * STEP_DEGREES), 3),
    )
