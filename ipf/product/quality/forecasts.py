"""What can be told of an embedded forecast without its values: whole GRIB messages, of the fields expected.

Layout of the sections: WMO Manual on Codes, FM 92 GRIB editions 1 and 2. Fields are known by table and number
of the ECMWF parameter database; `ipf.auxiliary.grib` reads their values.
"""

from __future__ import annotations

from collections.abc import Collection

_START, _END = b"GRIB", b"7777"
_HEAD = 16
"""Octets that hold the length of a message of either edition."""
_PRODUCT_DEFINITION = 8
"""Octets before section 1 of edition 1."""
_TABLE, _PARAMETER = 3, 8
"""Places in section 1 of edition 1 of the table and the parameter, octets 4 and 9."""
_SHORTEST = _PRODUCT_DEFINITION + 28 + len(_END)
"""Section 1 of edition 1 has 28 octets at least."""

Field = tuple[int, int]


def fields_of(content: bytes) -> tuple[Field | None, ...] | None:
    """Table and parameter of each message; None where the bytes are no row of whole messages.

    Nothing may stand between messages, and zeros alone behind the last one. A message of edition 2, whose
    parameters are numbered otherwise, counts as whole and gives None.
    """
    content = content.rstrip(b"\0")
    position, fields = 0, []
    while position < len(content):
        head = content[position : position + _HEAD]
        if not head.startswith(_START) or len(head) < _HEAD:
            return None
        edition = head[7]
        length = int.from_bytes(head[8:16] if edition == 2 else head[4:7], "big")
        message = content[position : position + length]
        if edition not in (1, 2) or len(message) != length or not message.endswith(_END):
            return None
        if edition == 1 and length < _SHORTEST:
            return None
        definition = message[_PRODUCT_DEFINITION:]
        fields.append((definition[_TABLE], definition[_PARAMETER]) if edition == 1 else None)
        position += length
    return tuple(fields) or None


def lacking(found: Collection[Field | None], expected: Collection[Field]) -> tuple[Field, ...]:
    """Those of `expected` that are not there; nothing is said of a file with messages of edition 2."""
    return () if None in found else tuple(field for field in expected if field not in found)
