"""What is photographed, when and from where: the frozen models that the simulator's steps share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj

from ipf.atmosphere.gases import load_gas_model
from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import TileGeometry, reduce_to_tile
from ipf.errors import AuxiliaryError
from ipf.kernels.atmosphere import BandCoefficients
from ipf.product.angles import NODE_COUNT, NODE_STEP, Direction, TileAngles
from ipf.product.bands import BAND_NAMES
from ipf.product.metadata import Radiometry
from ipf.product.raster import Grid
from ipf.product.utc import UtcTime

BASELINE = "04.00"
"""First processing baseline of simulated products: the first with offsets and raster masks."""
MAXIMUM_FILE_BYTES = 2**20
"""A file of coefficients has some kilobytes."""


@dataclass(frozen=True, slots=True)
class Relief:
    """The shape of the ground, m: `base` is the elevation of the lowest ground above the sea, `height` that
    of the highest over it at most, `scale` the period of the largest forms; `ridged` for sharp crests."""

    base: float = 0.0
    height: float = 0.0
    scale: float = 4000.0
    ridged: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One tile at one moment. `grid` is the 10 m grid, `tile` the name without the T, `seed` that of all
    chance."""

    grid: Grid
    tile: str
    satellite: str
    sensing_time: UtcTime
    relative_orbit: int
    absolute_orbit: int
    angles: TileAngles
    radiometry: Radiometry
    seed: int
    relief: Relief = Relief()

    @property
    def sun_on_map(self) -> Direction:
        """The mean sun on the map over the middle of the tile: its azimuth counts from grid north, that of
        `angles` from true north."""
        sun, grid = self.angles.mean_sun, self.grid
        map_of_tile = pyproj.Proj(grid.epsg)
        middle = map_of_tile(
            grid.upper_left_x + 0.5 * grid.columns * grid.resolution,
            grid.upper_left_y - 0.5 * grid.rows * grid.resolution,
            inverse=True,
        )
        return Direction(sun.zenith, sun.azimuth - map_of_tile.get_factors(*middle).meridian_convergence)


@dataclass(frozen=True, slots=True)
class Air:
    """The atmosphere over the scene.

    `coefficients` by band are what `ipf.kernels.atmosphere.simulate_toa` takes. `aot` is the optical
    thickness at 550 nm, `water_vapour` in cm, `ozone` in cm-atm, `pressure` at the ground in hPa. `tabulated`
    says whether the coefficients follow AOT and water vapour; if not they hold for the stated values only.

    `high` are the coefficients over the highest ground, between which and `coefficients`, which hold for the
    lowest, the air is linear in the elevation; none where the ground is flat or they are not known. `direct`
    and `down` by band: transmittance of the direct, and of all light of the sun on its way down.
    """

    coefficients: Mapping[str, BandCoefficients]
    aot: float
    water_vapour: float
    ozone: float
    pressure: float
    aerosol: str
    source: str
    tabulated: bool
    high: Mapping[str, BandCoefficients] | None
    direct: Mapping[str, float]
    down: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FixedAtmosphere:
    """Coefficients for one geometry: ``rho_toa = path + transmittance rho / (1 - albedo rho)``.

    `bands` gives (path reflectance, gas times scattering transmittance, spherical albedo). `views` gives the
    view direction of every band, which is `view` unless the band has its own.
    """

    path: Path
    sun: Direction
    view: Direction
    aot: float
    water_vapour: float
    ozone: float
    aerosol: str
    bands: Mapping[str, tuple[float, float, float]]
    views: Mapping[str, Direction]


def read_fixed_atmosphere(path: Path) -> FixedAtmosphere:
    """Read a JSON file with ``sza, saa, vza, vaa, aot550, wv_cm, o3_cm_atm, aerosol`` and, for each of the
    thirteen ``bands``, ``rho_atm, t_scat, t_gas, s_alb``; a band may have a ``vza`` and a ``vaa`` of its own.

    Raises `AuxiliaryError` naming the file and the element that is missing or out of range.
    """
    try:
        if path.stat().st_size > MAXIMUM_FILE_BYTES:
            raise AuxiliaryError(f"{path}: more than {MAXIMUM_FILE_BYTES} bytes, expected coefficients")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise AuxiliaryError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, RecursionError) as problem:
        raise AuxiliaryError(f"{path}: no JSON: {problem}") from problem
    if not isinstance(content, dict) or not isinstance(content.get("bands"), dict):
        raise AuxiliaryError(f"{path}: no element 'bands', expected coefficients by band")
    view = _direction(path, content, "", "v")
    bands, views = {}, {}
    for band in BAND_NAMES:
        element = content["bands"].get(band)
        if not isinstance(element, dict):
            raise AuxiliaryError(f"{path}: bands: no coefficients for {band}")
        where = f"bands.{band}."
        bands[band] = (
            _number(path, element, "rho_atm", where, 0.0, 1.0),
            _number(path, element, "t_gas", where, 0.0, 1.0)
            * _number(path, element, "t_scat", where, 0.0, 1.0),
            _number(path, element, "s_alb", where, 0.0, 1.0),
        )
        own = {"vza": view.zenith, "vaa": view.azimuth} | element
        views[band] = _direction(path, own, where, "v")
    return FixedAtmosphere(
        path=path,
        sun=_direction(path, content, "", "s"),
        view=view,
        aot=_number(path, content, "aot550", "", 0.0, 5.0),
        water_vapour=_number(path, content, "wv_cm", "", 0.0, 10.0),
        ozone=_number(path, content, "o3_cm_atm", "", 0.0, 1.0),
        aerosol=str(content.get("aerosol", "unknown")),
        bands=bands,
        views=views,
    )


def _direction(path: Path, element: Mapping[str, Any], where: str, letter: str) -> Direction:
    """Direction to the sun (letter s) or to the satellite (v)."""
    largest = 85.0 if letter == "s" else 30.0
    return Direction(
        _number(path, element, f"{letter}za", where, 0.0, largest),
        _number(path, element, f"{letter}aa", where, 0.0, 360.0),
    )


def _number(
    path: Path, element: Mapping[str, Any], name: str, where: str, lowest: float, highest: float
) -> float:
    value = element.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
        raise AuxiliaryError(
            f"{path}: {where}{name} is {value!r}, expected a number from {lowest} to {highest}"
        )
    return float(value)


def fixed_air(atmosphere: FixedAtmosphere, pressure: float, satellite: str | None = None) -> Air:
    """The atmosphere of a file of coefficients, which follow neither place nor AOT nor water vapour.

    The file does not tell direct from diffuse light: the scattering table of `satellite` does, where slopes
    need it. Without, all light is taken for direct.
    """
    direct = down = dict.fromkeys(BAND_NAMES, 1.0)
    if satellite is not None:
        table = load_scattering_table(satellite, "continental")
        direct, down = _light(table, atmosphere.aot, pressure, atmosphere.sun.zenith)
    return Air(
        coefficients={band: _constant_coefficients(*values) for band, values in atmosphere.bands.items()},
        aot=atmosphere.aot,
        water_vapour=atmosphere.water_vapour,
        ozone=atmosphere.ozone,
        pressure=pressure,
        aerosol=atmosphere.aerosol,
        source=atmosphere.path.name,
        tabulated=False,
        high=None,
        direct=direct,
        down=down,
    )


def _light(
    table: ScatteringTable, aot: float, pressure: float, sun_zenith: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Transmittance of the direct and of all light of the sun on its way down, by band."""
    found = {band: table.evaluate(band, aot, pressure, sun_zenith, 0.0, 0.0) for band in BAND_NAMES}
    return (
        {band: float(scattering.direct_down) for band, scattering in found.items()},
        {band: float(scattering.transmittance_down) for band, scattering in found.items()},
    )


def _constant_coefficients(path: float, transmittance: float, albedo: float) -> BandCoefficients:
    """Tables of two equal nodes a side: what lies between them is the same too."""
    shape = (NODE_COUNT, NODE_COUNT)
    return BandCoefficients(
        molecular=np.full(shape, path, np.float32),
        aerosol=np.zeros((*shape, 2), np.float32),
        transmittance=np.full((*shape, 2), transmittance, np.float32),
        beam=np.ones((*shape, 2), np.float32),
        scattered=np.zeros((*shape, 2), np.float32),
        airmass=np.full(shape, 2.0, np.float32),
        spherical_albedo=np.full(2, albedo, np.float32),
        water=np.ones(2, np.float32),
        half_water=np.ones(2, np.float32),
        node_step=NODE_STEP,
        aot_step=5.0,
        root_step=10.0,
    )


def tabulated_air(
    scene: Scene, aerosol: str, aot: float, water_vapour: float, ozone: float, pressure: float
) -> Air:
    """The atmosphere of the scattering table and the gas model shipped for the scene's satellite."""
    table, gases = load_scattering_table(scene.satellite, aerosol), load_gas_model()
    relief = scene.relief

    def over_ground_at(ground: float) -> dict[str, BandCoefficients]:
        return {
            band: reduce_to_tile(table, gases, band, tile_geometry(scene.angles, band), ground, ozone)
            for band in BAND_NAMES
        }

    higher = float(pressure_at((relief.base + relief.height) / 1000.0) / pressure_at(relief.base / 1000.0))
    direct, down = _light(table, aot, pressure, scene.angles.mean_sun.zenith)
    return Air(
        coefficients=over_ground_at(pressure),
        aot=aot,
        water_vapour=water_vapour,
        ozone=ozone,
        pressure=pressure,
        aerosol=aerosol,
        source=f"scattering table of {scene.satellite}, {aerosol} aerosol",
        tabulated=True,
        high=over_ground_at(pressure * higher) if relief.height else None,
        direct=direct,
        down=down,
    )


def tile_geometry(angles: TileAngles, band: str) -> TileGeometry:
    """Angles of one band at the nodes, detectors merged and gaps filled."""
    sun, view = angles.sun.filled(), angles.viewing_grid(band).filled()
    return TileGeometry(sun.zenith, view.zenith, sun.azimuth - view.azimuth, sun.column_step)
