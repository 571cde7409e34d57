"""Look-up tables as files: arrays in an NPZ whose bytes depend on the arrays alone, JSON provenance beside
it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.shipped import shipped_folder
from ipf.atmosphere.table import Axes, BandOptics, BandTable, ScatteringTable
from ipf.errors import AuxiliaryError, ParameterError

Array = npt.NDArray[Any]

AEROSOLS = {"continental": "continental", "rural": "continental", "maritime": "maritime"}
"""Aerosol names accepted, and the model each one means ("rural" is what Sen2Cor calls the continental
aerosol)."""

SATELLITES = ("S2A", "S2B", "S2C")

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAXIMUM_SIZE = 32 * 1024 * 1024
_AXES = ("aot", "pressure", "solar_zenith", "view_zenith", "relative_azimuth")
_OPTICS = ("rayleigh_depth", "aerosol_extinction", "aerosol_albedo", "truncated_share")


def table_name(satellite: str, aerosol: str) -> str:
    """File name, without suffix, of the scattering table of `satellite` and `aerosol`.

    Raises `ParameterError` when either is not known.
    """
    if satellite not in SATELLITES:
        raise ParameterError(f"satellite {satellite!r}: expected one of {', '.join(SATELLITES)}")
    if aerosol not in AEROSOLS:
        raise ParameterError(f"aerosol {aerosol!r}: expected one of {', '.join(AEROSOLS)}")
    return f"scattering_{satellite}_{AEROSOLS[aerosol]}"


def load_scattering_table(
    satellite: str, aerosol: str = "continental", folder: Path | None = None
) -> ScatteringTable:
    """Load the scattering table of a satellite (``S2A``) and an aerosol model, from `folder` or as shipped.

    Raises `ParameterError` for an unknown satellite or aerosol, `AuxiliaryError` naming file and array when
    the file is missing, malformed or not of this satellite and aerosol.
    """
    path = (folder or shipped_folder()) / f"{table_name(satellite, aerosol)}.npz"
    return decode_table(path, satellite, AEROSOLS[aerosol])


def encode_table(table: ScatteringTable) -> bytes:
    """The table as NPZ: the same bytes for the same table, whatever the date or the zlib version."""
    tables = table.bands.values()
    arrays: dict[str, Array] = {name: getattr(table.axes, name) for name in _AXES}
    arrays["band"] = np.array(list(table.bands))
    arrays["scattering_angle"] = table.scattering_angle
    for name in ("path_residual", "log_transmittance", "spherical_albedo"):
        arrays[name] = np.stack([getattr(band, name) for band in tables])
    for name in (*_OPTICS, "phase"):
        arrays[name] = np.stack([getattr(band.optics, name) for band in tables])
    arrays["identity"] = np.array([table.satellite, table.aerosol])
    return _npz(arrays)


def decode_table(path: Path, satellite: str, aerosol: str) -> ScatteringTable:
    """Read the NPZ at `path`; raises `AuxiliaryError` as `load_scattering_table` does."""
    arrays = _read_npz(path)
    identity = _take(path, arrays, "identity", None, "U").tolist()
    if identity != [satellite, aerosol]:
        raise AuxiliaryError(f"{path}: holds {'/'.join(identity)}, expected {satellite}/{aerosol}")
    names = _take(path, arrays, "band", None, "U").tolist()
    axes = Axes(*(_nodes(path, arrays, name) for name in _AXES))
    if axes.aot[0] != 0 or not np.array_equal(
        axes.relative_azimuth, np.linspace(0, 180, axes.relative_azimuth.size)
    ):
        raise AuxiliaryError(
            f"{path}: 'aot' must begin at 0, 'relative_azimuth' go from 0 to 180 in equal steps"
        )
    angle = _nodes(path, arrays, "scattering_angle")
    count = len(names)
    aot, pressure, sun, view, azimuth = (getattr(axes, name).size for name in _AXES)
    shapes = {
        "path_residual": (count, aot, pressure, sun, view, azimuth),
        "log_transmittance": (count, aot, pressure, sun),
        "spherical_albedo": (count, aot, pressure),
        "phase": (count, angle.size),
        **dict.fromkeys(_OPTICS, (count,)),
    }
    value = {name: _take(path, arrays, name, shape, "f") for name, shape in shapes.items()}
    bands = {}
    for index, name in enumerate(names):
        optics = BandOptics(
            **{name: float(value[name][index]) for name in _OPTICS}, phase=value["phase"][index]
        )
        bands[name] = BandTable(
            optics,
            value["path_residual"][index],
            value["log_transmittance"][index],
            value["spherical_albedo"][index],
        )
    return ScatteringTable(satellite, aerosol, axes, angle, bands)


def encode_provenance(provenance: Mapping[str, Any], content: bytes) -> bytes:
    """JSON of the provenance of a file and of its SHA-256, given the file's `content`."""
    record = {**provenance, "sha256": hashlib.sha256(content).hexdigest()}
    return (json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def describe_input(path: Path) -> dict[str, str]:
    """Name and SHA-256 of an input file; raises `AuxiliaryError` when it cannot be read."""
    try:
        return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    except OSError as problem:
        raise AuxiliaryError(f"{path}: cannot be read: {problem.strerror or problem}") from problem


def _npz(arrays: Mapping[str, Array]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(arrays[name]), version=(1, 0))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), content.getvalue())
    return stream.getvalue()


def _read_npz(path: Path) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAXIMUM_SIZE:
                raise AuxiliaryError(f"{path}: larger than {_MAXIMUM_SIZE} bytes: not a look-up table")
            arrays = {}
            for entry in archive.infolist():
                with archive.open(entry) as member:
                    name = entry.filename.removesuffix(".npy")
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
            return arrays
    except (OSError, EOFError, zipfile.BadZipFile, ValueError, NotImplementedError) as problem:
        raise AuxiliaryError(f"{path}: cannot be read as a look-up table: {problem}") from problem


def _take(
    path: Path, arrays: Mapping[str, Array], name: str, shape: tuple[int, ...] | None, kind: str
) -> Array:
    if name not in arrays:
        raise AuxiliaryError(f"{path}: array {name!r} is missing")
    array = arrays[name]
    if array.dtype.kind != kind or (shape is None and array.ndim != 1) or shape not in (None, array.shape):
        raise AuxiliaryError(
            f"{path}: array {name!r} is {array.dtype} {array.shape}, expected {kind} {shape}"
        )
    if kind == "f" and not np.all(np.isfinite(array)):
        raise AuxiliaryError(f"{path}: array {name!r} holds values that are not finite")
    return array


def _nodes(path: Path, arrays: Mapping[str, Array], name: str) -> Array:
    nodes = _take(path, arrays, name, None, "f").astype(np.float64)
    if nodes.size < 4 or np.any(np.diff(nodes) <= 0):
        raise AuxiliaryError(f"{path}: array {name!r} must hold at least four increasing nodes")
    return nodes
