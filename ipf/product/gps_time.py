"""Times of the GPS scale in metadata, ``2020-08-16T12:02:09.3312873840332``, as seconds after an epoch."""

from __future__ import annotations

import re
from datetime import datetime

from ipf.product.xml_nodes import Node

_GPS_TEXT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?Z?", re.ASCII)


def gps_seconds(text: str, epoch: datetime) -> float:
    """Seconds from `epoch`, a GPS date without a zone, to the GPS time `text`, however many decimals it has.

    ValueError when it is no such time.
    """
    match = _GPS_TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a time YYYY-MM-DDThh:mm:ss[.f…]")
    whole = datetime.fromisoformat(match[1]) - epoch
    return whole.days * 86400.0 + whole.seconds + whole.microseconds * 1e-6 + float(f"0{match[2] or '.0'}")


def read_gps_seconds(node: Node, path: str, epoch: datetime) -> float:
    """GPS seconds after `epoch` at `path` below `node`; its errors name file, line and element."""
    text = node.text(path)
    try:
        return gps_seconds(text, epoch)
    except ValueError as problem:
        where = node.child(path)
        raise where.error(f"{where.name}: {problem}") from problem
