"""Surface reflectance for the rows of a CSV file: single measurements, for match-ups with ground stations.

Columns: ``band, sensor, toa, sza, vza, raa, aot550, wv_cm, o3_cm_atm, pressure_hpa``, in any order, with any
others between. Bands as ``1`` to ``12`` and ``8A`` or ``B01`` to ``B12`` and ``B8A``; sensors ``S2A``,
``S2B``, ``S2C``; reflectance as a number of order 1; angles in degrees (azimuth 0 = backscatter); water
vapour actually above the surface in cm; ozone in the total column in cm-atm; pressure at the surface in hPa.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.coupling import Conditions, Coupling, couple
from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR, GasModel
from ipf.atmosphere.query import LARGEST_OZONE, refuse_slant_water
from ipf.atmosphere.rows import Rows, read_rows
from ipf.atmosphere.storage import SATELLITES
from ipf.atmosphere.table import ScatteringTable
from ipf.errors import AuxiliaryError

Floats = npt.NDArray[np.float64]

NUMBERS = ("toa", "sza", "vza", "raa", "aot550", "wv_cm", "o3_cm_atm", "pressure_hpa")
RESULT = "boa"

TOA_RANGE = (-0.1, 6.4535)
"""Reflectances that 16-bit counts of Level-1C can state: 1 to 65535, offset -1000, quantification 10000 (PSD
14.8). A count taken for a reflectance lies outside."""

LEAST_GAIN = 1e-4
"""Least share of the light reflected by the ground that must arrive: white ground then is one count of
Level-1C. Below it (B10, and B09 in very moist air) a measurement says nothing about the ground."""


def correct(path: Path, load_table: Callable[[str], ScatteringTable], gases: GasModel) -> str:
    """Correct the rows of the CSV file `path`; returns it as CSV text with the column ``boa`` added.

    `load_table` gives the scattering table of a satellite. Raises `AuxiliaryError` naming file, line and
    column for anything that is no row, outside the table, or from where no light of the ground arrives.
    """
    rows = read_rows(path, NUMBERS)
    if RESULT in rows.header:
        raise AuxiliaryError(f"{path}: line 1: column {RESULT!r} is there already")
    sensors = _sensors(rows)
    boa = np.empty(rows.lines.size)
    for sensor in sorted(set(sensors.tolist())):
        chosen = sensors == sensor
        boa[chosen] = _surface(rows.select(chosen), load_table(sensor), gases)
    return _text(rows, boa)


def _surface(rows: Rows, table: ScatteringTable, gases: GasModel) -> Floats:
    """Surface reflectance of rows of one satellite, (rows,)."""
    _check(rows, table)
    coupling = _coupling(rows, table, gases)
    reason = f"its two-way transmittance, at least {LEAST_GAIN:g} is needed to see the ground"
    rows.refuse(coupling.gain < LEAST_GAIN, "band", reason, coupling.gain)
    toa = rows.columns["toa"]
    impossible = 1.0 + coupling.albedo * coupling.signal(toa) <= 0
    rows.refuse(impossible, "toa", "too far below the path reflectance for any surface", toa)
    return coupling.surface(toa)


def _coupling(rows: Rows, table: ScatteringTable, gases: GasModel) -> Coupling:
    """Coupling of every row, each in its band."""
    path, gain, albedo = np.empty((3, rows.lines.size))
    for band in sorted(set(rows.bands.tolist())):
        chosen = rows.bands == band
        row = {name: value[chosen] for name, value in rows.columns.items()}
        conditions = Conditions(
            aot=row["aot550"],
            water_vapour=row["wv_cm"],
            ozone=row["o3_cm_atm"],
            pressure=row["pressure_hpa"],
            solar_zenith=row["sza"],
            view_zenith=row["vza"],
            relative_azimuth=row["raa"],
        )
        part = couple(table, gases, band, conditions)
        path[chosen], gain[chosen], albedo[chosen] = part.path, part.gain, part.albedo
    return Coupling(path, gain, albedo)


def _sensors(rows: Rows) -> npt.NDArray[np.str_]:
    """Satellite of every row; raises `AuxiliaryError` naming line and column where it is none."""
    names = [name.upper() for name in rows.text("sensor")]
    for line, name in zip(rows.lines.tolist(), names, strict=True):
        if name not in SATELLITES:
            expected = ", ".join(SATELLITES)
            raise AuxiliaryError(
                f"{rows.path}: line {line}: column 'sensor': {name[:20]!r} is no satellite ({expected})"
            )
    return np.array(names, dtype=np.str_)


def _check(rows: Rows, table: ScatteringTable) -> None:
    """Raise `AuxiliaryError` naming line and column of the first value out of range."""
    axes = table.axes
    rows.refuse_outside("toa", *TOA_RANGE)
    rows.refuse_outside("sza", axes.solar_zenith[0], axes.solar_zenith[-1])
    rows.refuse_outside("vza", axes.view_zenith[0], axes.view_zenith[-1])
    rows.refuse_outside("raa", -360.0, 360.0)
    rows.refuse_outside("aot550", axes.aot[0], axes.aot[-1])
    rows.refuse_outside("wv_cm", 0.0, LARGEST_SLANT_WATER_VAPOUR)
    rows.refuse_outside("o3_cm_atm", 0.0, LARGEST_OZONE)
    rows.refuse_outside("pressure_hpa", axes.pressure[0], axes.pressure[-1])
    refuse_slant_water(rows, "wv_cm", rows.columns["wv_cm"])


def _text(rows: Rows, boa: Floats) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*rows.header, RESULT])
    for cells, value in zip(rows.cells, boa.tolist(), strict=True):
        writer.writerow([*cells, f"{value:.6f}"])
    return stream.getvalue()
