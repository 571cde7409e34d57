"""Content of auxiliary files in all the packings that ground segments exchange, read in place.

An auxiliary file is a plain file (``.xml``, ``.txt``), a data block beside its header (``.DBL``, ``.HDR``),
or a folder or archive (``.TGZ``, zip) that holds these. What a file is, its first bytes tell; names lie.
Nothing is unpacked on disk, links inside archives are refused, and what is unpacked in memory is bounded.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ipf.errors import AuxiliaryError
from ipf.xml import read_bounded

MAXIMUM_BYTES = 64 * 2**20
"""Largest content and largest archive, packed and unpacked; the largest real parameter file has 20 MB."""

MAXIMUM_MEMBERS = 1000
"""Largest number of members of an archive or folder; real ones have two."""

_HEADER = ".hdr"
_DATA = ".dbl"
_DEPTH = 3  # a folder with an archive that holds a packed data block
_GZIP, _ZIP, _ZIP_EMPTY = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257  # POSIX.1-1988


@dataclass(frozen=True, slots=True)
class AuxiliaryContent:
    """What an auxiliary file holds; `name` says where it stands, ``archive.TGZ/member.DBL``."""

    name: str
    content: bytes


def read_auxiliary(path: Path) -> AuxiliaryContent:
    """Content of the auxiliary file, archive or folder `path`: its data, not its header.

    Raises `AuxiliaryError` naming path and member when there is none or more than one, and when an archive
    is damaged, too large, or has links or members that point out of it.
    """
    if path.is_dir():
        files = [(file.name, file) for file in _files_of(path)]
        chosen = path / _data_member([name for name, _ in files], str(path))
        return _unpacked(_read(chosen), _DEPTH - 1)
    return _unpacked(_read(path), _DEPTH)


def _read(path: Path) -> AuxiliaryContent:
    return AuxiliaryContent(str(path), read_bounded(path, AuxiliaryError, MAXIMUM_BYTES, "an auxiliary file"))


def _files_of(folder: Path) -> list[Path]:
    try:
        found = sorted(entry for entry in folder.iterdir() if not entry.is_dir())
    except OSError as problem:
        raise AuxiliaryError(f"{folder}: cannot be read: {problem.strerror or problem}") from problem
    if len(found) > MAXIMUM_MEMBERS:
        raise AuxiliaryError(f"{folder}: more than {MAXIMUM_MEMBERS} files, expected one auxiliary file")
    return found


def _data_member(names: list[str], place: str) -> str:
    """The one member that holds the data: a data block if there is one, else what is no header."""
    candidates = [name for name in names if PurePosixPath(name).suffix.lower() == _DATA]
    if not candidates:
        candidates = [name for name in names if PurePosixPath(name).suffix.lower() != _HEADER]
    if len(candidates) != 1:
        found = ", ".join(candidates[:5]) or "none"
        raise AuxiliaryError(f"{place}: expected one file of data (.DBL, .xml, .txt), found {found}")
    return candidates[0]


def _unpacked(packed: AuxiliaryContent, depth: int) -> AuxiliaryContent:
    """The data within `packed`, itself when it is no archive."""
    content = packed.content
    if content.startswith(_GZIP):
        inner = AuxiliaryContent(packed.name, _gunzipped(packed))
        return inner if not _is_archive(inner.content) else _descend(inner, depth)
    return _descend(packed, depth) if _is_archive(content) else packed


def _is_archive(content: bytes) -> bool:
    return content.startswith((_GZIP, _ZIP, _ZIP_EMPTY)) or content[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC)


def _descend(packed: AuxiliaryContent, depth: int) -> AuxiliaryContent:
    if depth == 0:
        raise AuxiliaryError(f"{packed.name}: archives within archives, expected at most {_DEPTH} levels")
    if packed.content.startswith(_GZIP):
        return _unpacked(packed, depth - 1)
    reader = _zip_members if packed.content.startswith((_ZIP, _ZIP_EMPTY)) else _tar_members
    try:
        members = dict(reader(packed))
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as problem:
        raise AuxiliaryError(f"{packed.name}: damaged archive: {problem}") from problem
    except (NotImplementedError, RuntimeError, ValueError, OverflowError, UnicodeError) as problem:
        # zipfile's words for encrypted members, unknown methods and headers that contradict themselves
        raise AuxiliaryError(f"{packed.name}: archive cannot be read: {problem}") from problem
    chosen = _data_member(list(members), packed.name)
    return _unpacked(AuxiliaryContent(f"{packed.name}/{chosen}", members[chosen]), depth - 1)


def _gunzipped(packed: AuxiliaryContent) -> bytes:
    """Unpack gzip without ever holding more than `MAXIMUM_BYTES`."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(packed.content, MAXIMUM_BYTES + 1)
    except zlib.error as problem:
        raise AuxiliaryError(f"{packed.name}: damaged archive: {problem}") from problem
    if len(content) > MAXIMUM_BYTES:
        raise _too_large(packed.name)
    if not unpacker.eof:
        raise AuxiliaryError(f"{packed.name}: cut archive: ends before its last block")
    return content


def _tar_members(packed: AuxiliaryContent) -> Iterator[tuple[str, bytes]]:
    # The whole archive is in memory and bounded, so no member can be larger.
    with tarfile.open(fileobj=io.BytesIO(packed.content), mode="r:") as archive:
        for number, member in enumerate(archive):
            _check_place(packed.name, member.name, number)
            if member.isdir():
                continue
            if not member.isreg():
                raise AuxiliaryError(f"{packed.name}/{member.name}: link or device, expected a regular file")
            if member.size > len(packed.content):
                raise AuxiliaryError(f"{packed.name}/{member.name}: cut: ends before its {member.size} bytes")
            stream = archive.extractfile(member)
            assert stream is not None
            yield member.name, stream.read()


def _zip_members(packed: AuxiliaryContent) -> Iterator[tuple[str, bytes]]:
    remaining = MAXIMUM_BYTES
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        for number, member in enumerate(archive.infolist()):
            _check_place(packed.name, member.filename, number)
            if member.is_dir():
                continue
            if (member.external_attr >> 16) & 0o170000 == 0o120000:  # S_IFLNK, as zip stores it
                raise AuxiliaryError(f"{packed.name}/{member.filename}: link, expected a regular file")
            with archive.open(member) as stream:
                content = stream.read(remaining + 1)
            remaining -= len(content)
            if remaining < 0:
                raise _too_large(packed.name)
            yield member.filename, content


def _check_place(archive: str, name: str, number: int) -> None:
    """Refuse members that point out of the archive, and archives of endless members."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise AuxiliaryError(f"{archive}/{name}: points out of the archive")
    if number >= MAXIMUM_MEMBERS:
        raise AuxiliaryError(f"{archive}: more than {MAXIMUM_MEMBERS} members")


def _too_large(name: str) -> AuxiliaryError:
    return AuxiliaryError(f"{name}: unpacks to more than {MAXIMUM_BYTES} bytes, expected a parameter file")
