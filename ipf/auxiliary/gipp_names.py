"""Names of auxiliary files of the ground segment: text to parts and back.

``S2A_OPER_GIP_VIEDIR_MPC__20151117T131050_V20150703T000000_21000101T000000_B07`` is a parameter file of
Sentinel-2A for band B07 (B00: all bands) made by the centre ``MPC_`` and valid between two dates;
``S2__OPER_AUX_UT1UTC_PDMC_20190725T000000_V20190726T000000_20200725T000000`` belongs to no satellite and no
band. Times stand as written, ``YYYYMMDDThhmmss`` in UTC, so that they compare as texts do. Source: Sentinel-2
Product Specification Document (PSD 14.8), file naming.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

ALL_BANDS = "B00"
"""Band in the name of a parameter file that belongs to no single band."""
ANY_SATELLITE = "S2_"
"""Satellite in the name of an auxiliary file that belongs to no single satellite."""

_TIME = r"\d{8}T\d{6}"
_NAME = re.compile(
    r"(?P<satellite>S2[A-D_])_(?P<file_class>[A-Z0-9]{4})_(?P<file_type>[A-Z]{3}_[A-Z0-9]{6})"
    rf"_(?P<centre>[A-Z0-9_]{{4}})_(?P<creation>{_TIME})_V(?P<start>{_TIME})_(?P<stop>{_TIME})"
    r"(?:_(?P<band>B(?:0\d|1[0-2]|8A)))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class AuxiliaryName:
    """Parts of the name of an auxiliary file; `band` is empty where the type has none."""

    satellite: str
    file_class: str
    file_type: str
    centre: str
    creation: str
    start: str
    stop: str
    band: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name without folder and extension; ValueError when it is not such a name."""
        match = _NAME.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is not the name of an auxiliary file")
        return cls(**match.groupdict(default=""))

    def __str__(self) -> str:
        band = f"_{self.band}" if self.band else ""
        return (
            f"{self.satellite}_{self.file_class}_{self.file_type}_{self.centre}_{self.creation}"
            f"_V{self.start}_{self.stop}{band}"
        )

    def valid_at(self, time: str) -> bool:
        """Whether `time`, ``YYYYMMDDThhmmss``, lies within the validity, both ends included."""
        return self.start <= time <= self.stop

    def serves(self, satellite: str) -> bool:
        """Whether the file belongs to `satellite` (``S2A``) or to none."""
        return self.satellite in (satellite, ANY_SATELLITE)
