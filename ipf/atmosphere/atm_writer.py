"""Our look-up table and gas model, written in the layout of Sen2Cor's tables.

For tests of the reader, and for whoever wants to run Sen2Cor with a vector table and 6S-consistent gases. The
pressure is that of the US Standard Atmosphere at each elevation; aerosol and water vapour at the nodes are
those that the layout's own relations give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.atmosphere import atm_layout as layout
from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.table import ScatteringTable
from ipf.atmosphere.tile import path_airmass, path_reflectance, two_way_gases
from ipf.atomic import write_bytes

Floats = npt.NDArray[np.float64]

DOBSON_UNITS = 1000.0
"""Dobson units in 1 cm-atm of ozone."""
MILLIWATTS = 0.1
"""mW/cm² in 1 W/m²."""


def write_atm_tables(
    folder: Path,
    table: ScatteringTable,
    gases: GasModel,
    irradiance: Mapping[str, float],
    season: str,
    ozone: int,
    water: Iterable[int] | None = None,
) -> tuple[Path, ...]:
    """Write the set of files of `season`, the ozone column `ozone` (Dobson units, a node) and the table's
    aerosol into ``10/`` and ``20_60/`` of `folder`; gives the files.

    `irradiance` of the sun by band at 1 AU, W/(m² µm); `water` in tenths of a centimetre, by default all of
    the season. Raises `ParameterError` for a season, ozone column or water vapour that is not in the layout.
    """
    columns = tuple(layout.SEASONS[season].water if water is None else water)
    names = [layout.file_name(season, ozone, column, table.aerosol) for column in columns]
    centimetres = np.array(columns) / 10.0
    values = {
        band: band_values(table, gases, band, irradiance[band], ozone, centimetres)
        for band in dict.fromkeys(band for bands in layout.BANDS.values() for band in bands)
    }
    written = []
    for place, bands in layout.BANDS.items():
        for index, name in enumerate(names):
            path = folder / place / name
            write_bytes(path, file_content(np.stack([values[band][index] for band in bands])))
            written.append(path)
    return tuple(written)


def file_content(values: Floats) -> bytes:
    """Bytes of a file from values (bands, visibility, solar zenith, elevation, 17) at the layout's nodes."""
    header = np.stack(np.broadcast_arrays(layout.SOLAR_ZENITH, layout.VISIBILITY[:, np.newaxis]), axis=-1)
    rows = values.reshape(*values.shape[:3], -1)
    begun = np.concatenate([np.broadcast_to(header, (*rows.shape[:3], layout.HEADER)), rows], axis=-1)
    return begun.astype(">f4").tobytes()


def band_values(
    table: ScatteringTable, gases: GasModel, band: str, irradiance: float, ozone: float, water: Floats
) -> Floats:
    """Values of one band, (water, visibility, solar zenith, elevation, 17) at the layout's nodes.

    `irradiance` at 1 AU in W/(m² µm), `ozone` in Dobson units, `water` vapour in cm at sea level (n,).
    """
    nadir = _seen(table, gases, band, 0.0, np.zeros(1), ozone, water)
    tilted = _seen(table, gases, band, layout.OFF_NADIR, layout.AZIMUTH, ozone, water)
    sun = irradiance * MILLIWATTS
    cosine = np.cos(np.deg2rad(layout.SOLAR_ZENITH))[:, np.newaxis, np.newaxis]
    scale = {"path": sun * cosine / np.pi, "diffuse": sun * cosine, "direct": sun}
    columns = [nadir[name][..., :1] * scale.get(name, 1.0) for name in layout.NADIR]
    columns += [tilted[name][..., :1] * scale.get(name, 1.0) for name in layout.TILTED]
    return np.concatenate([*columns, tilted["path"] * scale["path"]], axis=-1)


def _seen(
    table: ScatteringTable,
    gases: GasModel,
    band: str,
    view: float,
    azimuth: Floats,
    ozone: float,
    water: Floats,
) -> dict[str, Floats]:
    """The layout's quantities for a sun of irradiance 1: (water, visibility, solar zenith,
    elevation, azimuth)."""
    elevation = layout.ELEVATION[:, np.newaxis]
    pressure = pressure_at(elevation)
    aot = layout.aot_of_visibility(layout.VISIBILITY[:, np.newaxis, np.newaxis, np.newaxis], elevation)
    sun = layout.SOLAR_ZENITH[:, np.newaxis, np.newaxis]
    scattering = table.evaluate(band, aot, pressure, sun, view, azimuth)
    above = layout.water_above(water[:, *(np.newaxis,) * 4], elevation)
    column = ozone / DOBSON_UNITS
    whole, half = two_way_gases(gases, band, path_airmass(sun, view), above, column, pressure)
    upward = 1.0 / np.cos(np.deg2rad(view))
    up = gases.transmittance(band, upward, above, column, pressure).total
    rising = scattering.transmittance_up * whole.total
    to_and_fro = 1.0 - layout.GROUND_REFLECTANCE * scattering.spherical_albedo
    quantities = {
        "path": path_reflectance(scattering, whole, half),
        "diffuse": (scattering.transmittance_down / to_and_fro - scattering.direct_down) * rising,
        "direct": scattering.direct_down * rising,
        "direct_up": scattering.direct_up * up,
        "diffuse_up": scattering.diffuse_up * up,
        "spherical_albedo": scattering.spherical_albedo,
    }
    shape = np.broadcast_shapes(*(value.shape for value in quantities.values()))
    return {name: np.broadcast_to(value, shape) for name, value in quantities.items()}
