"""Names of products, datastrips, tiles, granules and images: text to parts and back.

Every class has `parse(text)`, which raises ValueError when the text is not such a name, and `str(name)`,
which gives the text back. Times stand as written, ``YYYYMMDDThhmmss``. Source: Sentinel-2 Product
Specification Document (PSD 14.8), file naming; long names are those of products before December 2016.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_TIME = r"\d{8}T\d{6}"
_CENTRE = r"[A-Z0-9_]{4}"
_SATELLITE = r"S2[A-D_]"
_LEVEL = r"L(?:0_|1A|1B|1C|2A)"
_BASELINE = r"\d{2}\.\d{2}"


def _match(pattern: re.Pattern[str], text: str, expected: str) -> dict[str, str]:
    """Named groups of a full match; absent groups become the empty string."""
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a {expected}")
    return match.groupdict(default="")


_BASELINE_IN_NAME = re.compile(r"_N(\d{2})\.?(\d{2})(?=_|\.SAFE$|$)", re.ASCII)


def baseline_in_name(text: str) -> str | None:
    """Baseline ``04.00`` that a compact product name or an identifier tells, None where it tells none."""
    match = _BASELINE_IN_NAME.search(text)
    return None if match is None else f"{match[1]}.{match[2]}"


@dataclass(frozen=True, slots=True)
class ProductName:
    """Compact name of a product: ``S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036``.

    `level` is ``L1C`` or ``L2A``, `baseline` ``04.00``, `relative_orbit` 1-143, `tile` ``18LTM``;
    `discriminator` is a time that tells apart products of one datatake.
    """

    satellite: str
    level: str
    datatake_start: str
    baseline: str
    relative_orbit: int
    tile: str
    discriminator: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name, with or without ``.SAFE``."""
        parts = _match(_PRODUCT, text, "compact product name")
        return cls(
            parts["satellite"],
            parts["level"],
            parts["start"],
            f"{parts['baseline'][:2]}.{parts['baseline'][2:]}",
            int(parts["orbit"]),
            parts["tile"],
            parts["discriminator"],
        )

    def __str__(self) -> str:
        return (
            f"{self.satellite}_MSI{self.level}_{self.datatake_start}_N{self.baseline.replace('.', '')}"
            f"_R{self.relative_orbit:03d}_T{self.tile}_{self.discriminator}"
        )

    @property
    def folder(self) -> str:
        """Name of the product's folder."""
        return f"{self}.SAFE"


_PRODUCT = re.compile(
    rf"(?P<satellite>S2[A-D])_MSI(?P<level>L1C|L2A)_(?P<start>{_TIME})_N(?P<baseline>\d{{4}})"
    rf"_R(?P<orbit>\d{{3}})_T(?P<tile>[0-9A-Z]{{5}})_(?P<discriminator>{_TIME})(?:\.SAFE)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class LongProductName:
    """Name of a product before December 2016.

    ``S2A_OPER_PRD_MSIL1C_PDMC_20160806T181453_R022_V20160806T102152_20160806T102152``: file class, centre,
    creation time, relative orbit, first and last sensing time.
    """

    satellite: str
    file_class: str
    level: str
    centre: str
    creation: str
    relative_orbit: int
    start: str
    stop: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name, with or without ``.SAFE``."""
        parts = _match(_LONG_PRODUCT, text, "long product name")
        return cls(
            parts["satellite"],
            parts["file_class"],
            parts["level"],
            parts["centre"],
            parts["creation"],
            int(parts["orbit"]),
            parts["start"],
            parts["stop"],
        )

    def __str__(self) -> str:
        return self._text("PRD_MSI" + self.level)

    @property
    def folder(self) -> str:
        """Name of the product's folder."""
        return f"{self}.SAFE"

    @property
    def metadata_file(self) -> str:
        """Name of the product's metadata, ``S2A_OPER_MTD_SAFL1C_PDMC_….xml``."""
        return self._text("MTD_SAF" + self.level) + ".xml"

    def _text(self, file_type: str) -> str:
        return (
            f"{self.satellite}_{self.file_class}_{file_type}_{self.centre}_{self.creation}"
            f"_R{self.relative_orbit:03d}_V{self.start}_{self.stop}"
        )


_LONG_PRODUCT = re.compile(
    rf"(?P<satellite>S2[A-D])_(?P<file_class>[A-Z0-9]{{4}})_PRD_MSI(?P<level>L1C|L2A)_(?P<centre>{_CENTRE})"
    rf"_(?P<creation>{_TIME})_R(?P<orbit>\d{{3}})_V(?P<start>{_TIME})_(?P<stop>{_TIME})(?:\.SAFE)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class DatastripName:
    """Identifier of a datastrip: ``S2A_OPER_MSI_L1C_DS_SGS__20171207T032513_S20171207T002252_N02.06``.

    `baseline` may be empty: the metadata file's name leaves it out.
    """

    satellite: str
    file_class: str
    level: str
    centre: str
    creation: str
    start: str
    baseline: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an identifier."""
        parts = _match(_DATASTRIP, text, "datastrip identifier")
        return cls(
            parts["satellite"],
            parts["file_class"],
            parts["level"],
            parts["centre"],
            parts["creation"],
            parts["start"],
            parts["baseline"],
        )

    def __str__(self) -> str:
        return self._text("MSI") + (f"_N{self.baseline}" if self.baseline else "")

    @property
    def folder(self) -> str:
        """Folder in a compact product, ``DS_SGS__20171207T032513_S20171207T002252``."""
        return f"DS_{self.centre}_{self.creation}_S{self.start}"

    @property
    def metadata_file(self) -> str:
        """Metadata file in a stand-alone or long-named datastrip, ``S2A_OPER_MTD_L1C_DS_….xml``."""
        return self._text("MTD") + ".xml"

    def _text(self, category: str) -> str:
        return (
            f"{self.satellite}_{self.file_class}_{category}_{self.level}_DS_{self.centre}_{self.creation}"
            f"_S{self.start}"
        )


_DATASTRIP = re.compile(
    rf"(?P<satellite>{_SATELLITE})_(?P<file_class>[A-Z0-9]{{4}})_MSI_(?P<level>{_LEVEL})_DS_(?P<centre>{_CENTRE})"
    rf"_(?P<creation>{_TIME})_S(?P<start>{_TIME})(?:_N(?P<baseline>{_BASELINE}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class TileName:
    """Identifier of a tile: ``S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_N02.09``.

    `absolute_orbit` has six digits; `baseline` may be empty, as in image and metadata file names.
    """

    satellite: str
    file_class: str
    level: str
    centre: str
    creation: str
    absolute_orbit: int
    tile: str
    baseline: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an identifier."""
        parts = _match(_TILE, text, "tile identifier")
        return cls(
            parts["satellite"],
            parts["file_class"],
            parts["level"],
            parts["centre"],
            parts["creation"],
            int(parts["orbit"]),
            parts["tile"],
            parts["baseline"],
        )

    def __str__(self) -> str:
        return self._text("MSI") + (f"_N{self.baseline}" if self.baseline else "")

    def folder(self, datastrip_start: str) -> str:
        """Folder in a compact product, ``L1C_T01LAC_A026481_20200717T221944`` (time of the datastrip)."""
        return f"{self.level}_T{self.tile}_A{self.absolute_orbit:06d}_{datastrip_start}"

    @property
    def metadata_file(self) -> str:
        """Metadata file in a stand-alone or long-named tile, ``S2A_OPER_MTD_L1C_TL_….xml``."""
        return self._text("MTD") + ".xml"

    def image(self, band: str) -> str:
        """Image in a stand-alone or long-named tile, without extension, ``S2A_OPER_MSI_L1C_TL_…_B01``."""
        return f"{self._text('MSI')}_{band}"

    def _text(self, category: str) -> str:
        return (
            f"{self.satellite}_{self.file_class}_{category}_{self.level}_TL_{self.centre}_{self.creation}"
            f"_A{self.absolute_orbit:06d}_T{self.tile}"
        )


_TILE = re.compile(
    rf"(?P<satellite>{_SATELLITE})_(?P<file_class>[A-Z0-9]{{4}})_MSI_(?P<level>{_LEVEL})_TL_(?P<centre>{_CENTRE})"
    rf"_(?P<creation>{_TIME})_A(?P<orbit>\d{{6}})_T(?P<tile>[0-9A-Z]{{5}})(?:_N(?P<baseline>{_BASELINE}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ImageName:
    """Compact image name without extension: ``T18LTM_20220125T151701_B01``, ``T29UNU_…_B02_10m``.

    `content` is a band name or ``TCI``, ``AOT``, ``WVP``, ``SCL``, ``PVI``; `resolution` in metres, None for
    Level-1C; `start` is the datatake's.
    """

    tile: str
    start: str
    content: str
    resolution: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name without folder and extension."""
        parts = _match(_IMAGE, text, "compact image name")
        resolution = int(parts["resolution"]) if parts["resolution"] else None
        return cls(parts["tile"], parts["start"], parts["content"], resolution)

    def __str__(self) -> str:
        suffix = "" if self.resolution is None else f"_{self.resolution}m"
        return f"T{self.tile}_{self.start}_{self.content}{suffix}"


_CONTENT = r"B(?:0[1-9]|1[0-2]|8A)|TCI|AOT|WVP|SCL|PVI"
_IMAGE = re.compile(
    rf"T(?P<tile>[0-9A-Z]{{5}})_(?P<start>{_TIME})_(?P<content>{_CONTENT})(?:_(?P<resolution>[126]0)m)?",
    re.ASCII,
)
_LONG_IMAGE = re.compile(rf"{_SATELLITE}_[A-Z0-9]{{4}}_MSI_{_LEVEL}_TL_.*_(?P<content>{_CONTENT})", re.ASCII)


def image_content(name: str) -> tuple[str, int | None]:
    """Content and resolution of an image, compact or long name, without folder and extension.

    ``…_B02_10m`` gives ``("B02", 10)``, ``S2A_OPER_MSI_L1C_TL_…_T32TQR_B02`` gives ``("B02", None)``. Raises
    ValueError for other names.
    """
    long_name = _LONG_IMAGE.fullmatch(name)
    if long_name is not None:
        return long_name["content"], None
    image = ImageName.parse(name)
    return image.content, image.resolution
