"""The thirteen bands of the MultiSpectral Instrument: names, identifiers, native resolution.

Source: Sentinel-2 Product Specification Document (PSD 14.8), Spectral_Information_List.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """One spectral band.

    `name` is the two-digit form of file names (``B02``, ``B8A``), `physical` the form of metadata attributes
    (``B2``, ``B8A``), `identifier` the PSD ``bandId`` (0-12), `resolution` the native pixel size in metres.
    """

    name: str
    physical: str
    identifier: int
    resolution: int


BANDS: tuple[Band, ...] = tuple(
    Band(name, physical, identifier, resolution)
    for identifier, (name, physical, resolution) in enumerate(
        [
            ("B01", "B1", 60),
            ("B02", "B2", 10),
            ("B03", "B3", 10),
            ("B04", "B4", 10),
            ("B05", "B5", 20),
            ("B06", "B6", 20),
            ("B07", "B7", 20),
            ("B08", "B8", 10),
            ("B8A", "B8A", 20),
            ("B09", "B9", 60),
            ("B10", "B10", 60),
            ("B11", "B11", 20),
            ("B12", "B12", 20),
        ]
    )
)

BAND_NAMES: tuple[str, ...] = tuple(band.name for band in BANDS)
BY_NAME: dict[str, Band] = {band.name: band for band in BANDS}
RESOLUTIONS: tuple[int, ...] = (10, 20, 60)
DETECTORS = range(1, 13)
"""Numbers of the detectors of each focal plane, from west to east on a descending orbit."""
