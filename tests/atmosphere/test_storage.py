"""Look-up tables as files: same table, same bytes; malformed files are named."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipf.atmosphere.shipped import shipped_folder
from ipf.atmosphere.storage import (
    SATELLITES,
    decode_table,
    encode_provenance,
    encode_table,
    load_scattering_table,
    table_name,
)
from ipf.atmosphere.table import ScatteringTable
from ipf.errors import AuxiliaryError, ParameterError

SHIPPED = [(satellite, aerosol) for satellite in SATELLITES for aerosol in ("continental", "maritime")]


def same(first: Any, second: Any) -> bool:
    """Whether two tables, or parts of them, hold the same values bit for bit."""
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if hasattr(first, "__dataclass_fields__"):
        return all(same(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))
    return bool(first == second)


def test_writing_and_reading_is_the_identity(table: ScatteringTable, tmp_path: Path) -> None:
    content = encode_table(table)
    (tmp_path / "table.npz").write_bytes(content)
    again = decode_table(tmp_path / "table.npz", "S2A", "continental")
    assert same(table, again)
    assert encode_table(again) == content


def test_bytes_are_those_of_the_shipped_file(table: ScatteringTable) -> None:
    shipped = (shipped_folder() / "scattering_S2A_continental.npz").read_bytes()
    assert encode_table(table) == shipped


@pytest.mark.parametrize(("satellite", "aerosol"), SHIPPED)
def test_provenance_is_that_of_the_shipped_file(satellite: str, aerosol: str, reference_data: Path) -> None:
    name = table_name(satellite, aerosol)
    made = json.loads((shipped_folder() / f"{name}.json").read_text(encoding="utf-8"))
    content = (shipped_folder() / f"{name}.npz").read_bytes()
    assert made["sha256"] == hashlib.sha256(content).hexdigest()
    assert (made["satellite"], made["aerosol"]) == (satellite, aerosol)
    assert set(made["libraries"]) == {"sasktran2", "numpy"}
    for described in made["inputs"].values():
        source = reference_data / "spectral" / described["name"]
        assert described["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert made["inputs"]["responses"]["name"].startswith(satellite)


def test_shipped_tables_are_small() -> None:
    assert sum(path.stat().st_size for path in shipped_folder().iterdir() if path.is_file()) < 15e6


def test_provenance_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert encode_provenance({"a": 1, "b": 2}, b"x") == encode_provenance({"b": 2, "a": 1}, b"x")


def test_rural_is_continental() -> None:
    assert table_name("S2B", "rural") == table_name("S2B", "continental")


@pytest.mark.parametrize(("satellite", "aerosol"), [("S2D", "rural"), ("S2A", "urban"), ("", "")])
def test_unknown_satellite_or_aerosol(satellite: str, aerosol: str) -> None:
    with pytest.raises(ParameterError, match="expected one of"):
        load_scattering_table(satellite, aerosol)


def rewritten(content: bytes, change: Callable[[dict[str, np.ndarray]], None]) -> bytes:
    arrays = dict(np.load(io.BytesIO(content)))
    change(arrays)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def drop(arrays: dict[str, np.ndarray]) -> None:
    del arrays["path_residual"]


def reshape(arrays: dict[str, np.ndarray]) -> None:
    arrays["log_transmittance"] = arrays["log_transmittance"][..., :-1]


def spoil(arrays: dict[str, np.ndarray]) -> None:
    arrays["spherical_albedo"][3] = np.nan


def shuffle(arrays: dict[str, np.ndarray]) -> None:
    arrays["aot"] = arrays["aot"][::-1]


def retype(arrays: dict[str, np.ndarray]) -> None:
    arrays["phase"] = arrays["phase"].astype(np.int32)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (drop, "'path_residual' is missing"),
        (reshape, "'log_transmittance'"),
        (spoil, "'spherical_albedo' holds values that are not finite"),
        (shuffle, "'aot' must hold"),
        (retype, "'phase'"),
    ],
)
def test_malformed_arrays_are_named(
    change: Callable[[dict[str, np.ndarray]], None], named: str, table: ScatteringTable, tmp_path: Path
) -> None:
    path = tmp_path / "scattering_S2A_continental.npz"
    path.write_bytes(rewritten(encode_table(table), change))
    with pytest.raises(AuxiliaryError, match=named) as caught:
        load_scattering_table("S2A", folder=tmp_path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_table_under_a_wrong_name_is_refused(table: ScatteringTable, tmp_path: Path) -> None:
    (tmp_path / "scattering_S2B_continental.npz").write_bytes(encode_table(table))
    with pytest.raises(AuxiliaryError, match="holds S2A/continental, expected S2B/continental"):
        load_scattering_table("S2B", folder=tmp_path)


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "scattering_S2A_continental.npz"
    np.savez(path, identity=np.array([{"a": 1}], dtype=object))
    with pytest.raises(AuxiliaryError, match="cannot be read"):
        load_scattering_table("S2A", folder=tmp_path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "scattering_S2A_continental.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("identity.npy", bytes(64 * 1024 * 1024))
    with pytest.raises(AuxiliaryError, match="larger than"):
        load_scattering_table("S2A", folder=tmp_path)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cut_or_flipped_files_never_crash(
    data: st.DataObject, table: ScatteringTable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(encode_table(table))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("cut") / "table.npz"
    path.write_bytes(content)
    try:
        decode_table(path, "S2A", "continental")
    except AuxiliaryError as refusal:
        assert "table.npz" in str(refusal)  # noqa: PT017 - a flip in the padding may go unnoticed
