"""Reading and evaluating look-up tables in Sen2Cor's layout: see `ipf.atmosphere.atm_layout`.

Values between nodes are linear in the angles, in elevation and in the aerosol optical thickness that the
visibility stands for; in water vapour the logarithm is linear in the root of the column, as Sen2Cor has it.
Aerosol is continued to an optical thickness of 0, so that clear air can be told from the dark ground below;
beyond a visibility of 5 km it counts as that. Elevation is continued to 3.5 km.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.atmosphere import atm_layout as layout
from ipf.atmosphere.interpolation import linear_weights
from ipf.atmosphere.table import fold_azimuth, within
from ipf.errors import AuxiliaryError, ParameterError
from ipf.xml import read_bounded

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

ELEVATION_RANGE = np.array([-0.5, 3.5])
"""Elevations accepted, km: the nodes end at 0 and 2.5, Sen2Cor continues to 3.5."""
VIEW_ZENITH_RANGE = np.array([0.0, 15.0])
"""View zeniths accepted, degrees: the nodes are 0 and 10, the line through them is continued."""

_SUN, _VIEW = "solar zenith (degrees)", "view zenith (degrees)"
_LEAST = 1e-30


@dataclass(frozen=True, slots=True)
class AtmValues:
    """What the tables say, all of one shape.

    `path` radiance, mW/(cm² sr µm). `direct` flux on a surface that faces the sun and `diffuse` flux on flat
    ground, both times the transmittance up, mW/(cm² µm); the diffuse one over ground of reflectance 0.15.
    `direct_up` and `diffuse_up`: parts of the transmittance up. `spherical_albedo`.
    """

    path: Floats
    diffuse: Floats
    direct: Floats
    direct_up: Floats
    diffuse_up: Floats
    spherical_albedo: Floats


@dataclass(frozen=True, slots=True)
class Level:
    """The tables of one band for ground of one elevation.

    `aot` at 550 nm (rising) and `water` in cm above that ground are the nodes; `values` (water, AOT, solar
    zenith, 17).
    """

    aot: Floats
    water: Floats
    values: Floats

    def along(self, sun: Floats, view: Floats, azimuth: Floats) -> Floats:
        """The fields of `AtmValues` in directions (n,) in degrees: (6, water, AOT, n).

        Raises `ParameterError` naming the axis when an angle is outside the tables.
        """
        solar = linear_weights(layout.SOLAR_ZENITH, within(_SUN, sun, layout.SOLAR_ZENITH))
        around = linear_weights(layout.AZIMUTH, fold_azimuth(azimuth))
        tilt = within(_VIEW, view, VIEW_ZENITH_RANGE) / layout.OFF_NADIR
        rows = np.einsum("wasc,ns->cwan", self.values, solar)
        nadir, tilted = rows[:6], rows[6:10]
        path = np.einsum("rwan,nr->wan", rows[10:], around)
        slanted = np.concatenate([path[np.newaxis], tilted, nadir[5:]])
        return np.asarray(nadir + (slanted - nadir) * tilt)

    def aot_weights(self, aot: Floats) -> Floats:
        """Weights of the AOT nodes at `aot`, (..., nodes): continued to 0, above them the last one holds."""
        return linear_weights(self.aot, np.minimum(aot, self.aot[-1]))

    def water_weights(self, water: Floats) -> Floats:
        """Weights of the logarithms at the water nodes for `water` in cm, (..., nodes)."""
        return linear_weights(np.sqrt(self.water), np.sqrt(water))


@dataclass(frozen=True)
class AtmTables:
    """Tables of a season, an ozone column (Dobson units) and an aerosol, for all bands.

    `water` in cm at sea level and `visibility` in km, falling, are nodes; `bands` holds by name (water,
    visibility, solar zenith, elevation, 17) float32. `files` are the files read.
    """

    season: str
    ozone: int
    aerosol: str
    water: Floats
    bands: Mapping[str, Floats32]
    files: tuple[Path, ...]

    def level(self, band: str, elevation: float) -> Level:
        """Tables of `band` for ground at `elevation` (km); raises `ParameterError` outside -0.5 to 3.5 km."""
        if band not in self.bands:
            raise ParameterError(f"band {band!r} is not in the tables ({', '.join(self.bands)})")
        weights = linear_weights(layout.ELEVATION, within("elevation (km)", elevation, ELEVATION_RANGE))
        return Level(
            layout.aot_of_visibility(layout.VISIBILITY[::-1], elevation),
            layout.water_above(self.water, elevation),
            np.einsum("wvsec,e->wvsc", self.bands[band].astype(np.float64), weights),
        )

    def evaluate(
        self,
        band: str,
        aot: npt.ArrayLike,
        elevation: npt.ArrayLike,
        solar_zenith: npt.ArrayLike,
        view_zenith: npt.ArrayLike,
        relative_azimuth: npt.ArrayLike,
        water_vapour: npt.ArrayLike,
    ) -> AtmValues:
        """Interpolate; the arguments broadcast.

        `aot` at 550 nm and `water_vapour` (cm) above the ground at `elevation` (km), angles in degrees,
        azimuth 0 in backscatter. `atm_layout.aot_of_visibility` and `water_above` turn a visibility and a
        column at sea level into them. Raises `ParameterError` naming what lies outside the tables.
        """
        arrays = np.broadcast_arrays(
            aot, elevation, solar_zenith, view_zenith, relative_azimuth, water_vapour
        )
        shape = arrays[0].shape
        thickness, height, sun, view, azimuth, water = (
            np.ravel(array).astype(np.float64) for array in arrays
        )
        if not np.all(thickness >= 0) or not np.all(water >= 0):
            raise ParameterError("aerosol optical thickness and water vapour: expected 0 or more")
        result = np.empty((6, height.size))
        for elevation_km in np.unique(height):
            here = height == elevation_km
            level = self.level(band, float(elevation_km))
            values = level.along(sun[here], view[here], azimuth[here])
            values = np.einsum("qwan,na->qwn", values, level.aot_weights(thickness[here]))
            result[:, here] = over_water(values, level.water_weights(water[here]))
        return AtmValues(*(row.reshape(shape) for row in result))


def over_water(values: Floats, weights: Floats) -> Floats:
    """Values (..., water, n) at other columns, whose weights are (n, water): (..., n)."""
    logarithm = np.log(np.maximum(values, _LEAST))
    return np.asarray(np.exp(np.einsum("...wn,nw->...n", logarithm, weights)))


def load_atm_tables(folder: Path, season: str, ozone: float, aerosol: str = "continental") -> AtmTables:
    """Read the tables of `season` (summer or winter) and `aerosol` with the ozone column nearest to `ozone`
    (Dobson units) from `folder`, which holds ``10/`` and ``20_60/``.

    B02, B03, B04 and B08 are taken from ``10/``. Raises `ParameterError` for an unknown season or aerosol and
    `AuxiliaryError` naming the file that is missing or malformed, and what was expected.
    """
    if season not in layout.SEASONS:
        raise ParameterError(f"season {season!r}: expected one of {', '.join(layout.SEASONS)}")
    profile = layout.SEASONS[season]
    column = profile.nearest_ozone(ozone)
    names = [layout.file_name(season, column, water, aerosol) for water in profile.water]
    bands: dict[str, Floats32] = {}
    files = []
    for place in ("20_60", "10"):
        paths = [folder / place / name for name in names]
        _require(paths, folder)
        stack = np.stack([read_atm_file(path, place) for path in paths], axis=1)
        files += paths
        bands.update(zip(layout.BANDS[place], stack, strict=True))
    water = np.array(profile.water, dtype=np.float64) / 10.0
    return AtmTables(season, column, aerosol, water, bands, tuple(files))


def read_atm_file(path: Path, place: str) -> Floats32:
    """Content of one file of the folder `place` (``10`` or ``20_60``): (bands, visibility falling, solar
    zenith, elevation, 17).

    Raises `AuxiliaryError` naming the file when it cannot be read, has another size, holds numbers that are
    not finite, or rows whose solar zenith and visibility are not those of the layout.
    """
    size = layout.size_of(place)
    shape = layout.shape_of(place)
    content = read_bounded(path, AuxiliaryError, size, f"a look-up table {place}/*.atm")
    if len(content) != size:
        raise AuxiliaryError(f"{path}: {len(content)} bytes, expected {size}: 32-bit floats of shape {shape}")
    values = np.frombuffer(content, dtype=">f4").astype(np.float32).reshape(shape)
    _check(values, path, place)
    rows = values[:, ::-1, :, layout.HEADER :]
    return np.ascontiguousarray(rows.reshape(*rows.shape[:3], layout.ELEVATION.size, layout.PER_ELEVATION))


def _check(values: Floats32, path: Path, place: str) -> None:
    """Raise `AuxiliaryError` for a number that is not finite, or a row that begins with other nodes."""
    header = np.stack(np.broadcast_arrays(layout.SOLAR_ZENITH, layout.VISIBILITY[:, np.newaxis]), axis=-1)
    right = np.all(np.abs(values[..., : layout.HEADER] - header) < 0.01, axis=-1)
    if not np.all(right):
        first = int(np.argmin(right))
        found = values.reshape(-1, layout.COLUMNS)[first]
        raise AuxiliaryError(
            f"{path}: {_row_name(place, first)}: begins with {found[0]:g}, {found[1]:g}, "
            "expected its solar zenith and visibility, big-endian"
        )
    finite = np.isfinite(values)
    if not np.all(finite):
        first = int(np.argmin(finite))
        column = first % layout.COLUMNS
        row = _row_name(place, first // layout.COLUMNS)
        raise AuxiliaryError(
            f"{path}: {row}: column {column} is {values.flat[first]:g}, expected a finite number"
        )


def _row_name(place: str, row: int) -> str:
    """What row number `row` of a file of the folder `place` stands for."""
    band, visibility, sun = np.unravel_index(row, layout.shape_of(place)[:3])
    return (
        f"band {layout.BANDS[place][band]}, visibility {layout.VISIBILITY[visibility]:g} km, "
        f"solar zenith {layout.SOLAR_ZENITH[sun]:g} degrees"
    )


def _require(paths: list[Path], folder: Path) -> None:
    """Raise `AuxiliaryError` when a file of the set is missing."""
    for path in paths:
        if not path.is_file():
            names = ", ".join(f"{path.parent.name}/{path.name}" for path in paths)
            raise AuxiliaryError(f"{path}: missing; expected in {folder}: {names}")
