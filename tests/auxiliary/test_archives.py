"""Auxiliary files are read in all their packings, and nothing that an archive holds can do harm."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipf.auxiliary import archives
from ipf.auxiliary.archives import read_auxiliary
from ipf.errors import AuxiliaryError
from tests.auxiliary.packings import HEADER, tar_bytes, written, zip_bytes

DATA = b"<GS2_SOMETHING/>"
PAIR = {"NAME.HDR": HEADER, "NAME.DBL": DATA}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.xml", DATA),
        ("block.DBL", DATA),
        ("text.txt", DATA),
        ("NAME.TGZ", tar_bytes(PAIR)),
        ("NAME.tar", tar_bytes(PAIR, mode="w:")),
        ("NAME.zip", zip_bytes(PAIR)),
        ("NAME.DBL", zip_bytes({"inner.xml": DATA})),
        ("NAME.TGZ", tar_bytes({"NAME.xml": DATA})),
        ("NAME.TGZ", tar_bytes({"NAME/NAME.HDR": HEADER, "NAME/NAME.DBL": tar_bytes({"x.xml": DATA})})),
        ("NAME.gz", gzip.compress(DATA, mtime=0)),
        ("misnamed.xml", tar_bytes(PAIR)),
    ],
)
def test_every_packing_gives_the_data(tmp_path: Path, name: str, content: bytes) -> None:
    found = read_auxiliary(written(tmp_path / name, content))
    assert found.content == DATA
    assert found.name.startswith(str(tmp_path / name))


def test_folder_with_header_and_block(tmp_path: Path) -> None:
    for name, content in PAIR.items():
        written(tmp_path / "NAME" / name, content)
    found = read_auxiliary(tmp_path / "NAME")
    assert (found.content, found.name) == (DATA, str(tmp_path / "NAME" / "NAME.DBL"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tar_bytes({"../evil.DBL": DATA}), "points out of the archive"),
        (tar_bytes({"/evil.DBL": DATA}), "points out of the archive"),
        (zip_bytes({"..\\evil.DBL": DATA}), "points out of the archive"),
        (tar_bytes({}, {"NAME.DBL": "/etc/passwd"}), "link"),
        (tar_bytes({"a.DBL": DATA, "b.DBL": DATA}), "a.DBL, b.DBL"),
        (tar_bytes({"NAME.HDR": HEADER}), "found none"),
        (tar_bytes(PAIR)[:-20], "cut|damaged"),
        (zip_bytes(PAIR)[:-30], "damaged"),
        (tar_bytes(PAIR, mode="w:")[:700], "cut|damaged|none"),
        (tar_bytes({f"{n}.xml": b"" for n in range(archives.MAXIMUM_MEMBERS + 1)}), "more than 1000 members"),
    ],
)
def test_harmful_or_damaged_archives_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = written(tmp_path / "NAME.TGZ", content)
    with pytest.raises(AuxiliaryError, match=message) as refused:
        read_auxiliary(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zip_bytes({"bomb.DBL": data})])
def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: object) -> None:
    monkeypatch.setattr(archives, "MAXIMUM_BYTES", 100_000)
    assert callable(pack)
    path = written(tmp_path / "bomb", pack(bytes(10_000_000)))
    with pytest.raises(AuxiliaryError, match="unpacks to more than 100000 bytes"):
        read_auxiliary(path)


def test_archives_within_archives_end(tmp_path: Path) -> None:
    content = DATA
    for _ in range(6):
        content = tar_bytes({"NAME.DBL": content})
    with pytest.raises(AuxiliaryError, match="archives within archives"):
        read_auxiliary(written(tmp_path / "NAME.TGZ", content))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match=r"absent\.xml: cannot be read"):
        read_auxiliary(tmp_path / "absent.xml")
    with pytest.raises(AuxiliaryError, match="found none"):
        read_auxiliary(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    packed=st.sampled_from([tar_bytes(PAIR), tar_bytes(PAIR, mode="w:"), zip_bytes(PAIR)]),
    place=st.integers(0, 3000),
    damage=st.binary(max_size=30),
    kept=st.integers(0, 12_000),
)
def test_damaged_archives_fail_as_auxiliary_files(
    tmp_path: Path, packed: bytes, place: int, damage: bytes, kept: int
) -> None:
    content = (packed[:place] + damage + packed[place + len(damage) :])[:kept]
    try:
        found = read_auxiliary(written(tmp_path / "NAME.TGZ", content))
    except AuxiliaryError:
        return
    assert isinstance(found.content, bytes)
