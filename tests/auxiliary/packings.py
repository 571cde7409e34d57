"""Auxiliary files packed in the ways of ground segments, and damaged in the ways of the world."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

HEADER = b"<Earth_Explorer_Header/>"


def tar_bytes(members: dict[str, bytes], links: dict[str, str] | None = None, mode: str = "w:gz") -> bytes:
    """An archive of `members` and of symbolic `links`, gzipped unless `mode` says otherwise."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return packed.getvalue()


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A deflated zip of `members`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def written(path: Path, content: bytes) -> Path:
    """`path` with `content` in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
