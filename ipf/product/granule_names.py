"""Names of granules of Levels 0 to 1B, of their images and masks: text to parts and back.

Source: Sentinel-2 Product Specification Document (PSD 14.8 and 15.0), file naming.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from ipf.product.bands import DETECTORS

_TIME = r"\d{8}T\d{6}"
_NAME = re.compile(
    r"(?P<satellite>S2[A-D])_(?P<file_class>[A-Z0-9]{4})_MSI_(?P<level>L(?:0_|1A|1B))_GR"
    rf"_(?P<centre>[A-Z0-9_]{{4}})_(?P<creation>{_TIME})_S(?P<sensing>{_TIME})_D(?P<detector>\d\d)"
    r"(?:_N(?P<baseline>\d{2}\.\d{2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class GranuleName:
    """Identifier of a granule: ``S2A_OPER_MSI_L1B_GR_DPRM_20140630T140000_S20200816T120244_D11_N05.00``.

    `sensing` is the time of its first line in B04, `detector` 1-12; `baseline` may be empty: names of files
    leave it out.
    """

    satellite: str
    file_class: str
    level: str
    centre: str
    creation: str
    sensing: str
    detector: int
    baseline: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an identifier; ValueError when it is none."""
        match = _NAME.fullmatch(text)
        if match is None or int(match["detector"]) not in DETECTORS:
            raise ValueError(f"'{text}' is not a granule identifier")
        parts = match.groupdict(default="")
        return cls(
            parts["satellite"],
            parts["file_class"],
            parts["level"],
            parts["centre"],
            parts["creation"],
            parts["sensing"],
            int(parts["detector"]),
            parts["baseline"],
        )

    def __str__(self) -> str:
        return self._text(f"MSI_{self.level}_GR") + (f"_N{self.baseline}" if self.baseline else "")

    @property
    def metadata_file(self) -> str:
        """Name of the metadata, ``S2A_OPER_MTD_L1B_GR_…_D11.xml``."""
        return self._text(f"MTD_{self.level}_GR") + ".xml"

    def image(self, band: str) -> str:
        """Name of an image without extension, ``S2A_OPER_MSI_L1B_GR_…_D11_B02``."""
        return f"{self._text(f'MSI_{self.level}_GR')}_{band}"

    def quality_mask(self, band: str) -> str:
        """Name of a quality mask without extension, ``S2A_OPER_MSK_QUALIT_…_D11_B02_MSIL1B``."""
        return f"{self._text('MSK_QUALIT')}_{band}_MSI{self.level}"

    def _text(self, kind: str) -> str:
        return (
            f"{self.satellite}_{self.file_class}_{kind}_{self.centre}_{self.creation}_S{self.sensing}"
            f"_D{self.detector:02d}"
        )
