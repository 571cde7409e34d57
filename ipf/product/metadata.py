"""The content of Level-1C and Level-2A metadata documents, as plain frozen data.

One model serves the reader and the writer: `ProductMetadata` (MTD_MSIL1C.xml, MTD_MSIL2A.xml),
`DatastripMetadata` (MTD_DS.xml) and `TileMetadata` (MTD_TL.xml). Elements are those of the Product
Specification Document (PSD 14.8 and 15.0). An element that older baselines lack is None or empty here.
Mappings per band are keyed by band name (``B02``, ``B8A``), in the order of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ipf.product.angles import TileAngles
from ipf.product.raster import Grid
from ipf.product.utc import UtcTime

Level = Literal["L1C", "L2A"]

OFFSETS_SINCE = "04.00"
"""First baseline with radiometric offsets, raster masks and SHA3 checksums."""

NODATA = "NODATA"
SATURATED = "SATURATED"
"""Keys of the special values."""


@dataclass(frozen=True, slots=True)
class XmlSection:
    """A part of a document that is passed on unchanged: element name and serialised element (UTF-8)."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Datatake:
    """One continuous acquisition. `identifier` is ``GS2A_20221005T115411_038058_N04.00``.

    `satellite` is ``S2A`` to ``S2D``; `kind` the DATATAKE_TYPE (``INS-NOBS``); `relative_orbit` 1-143;
    `orbit_direction` ``DESCENDING`` or ``ASCENDING``, None where not stated.
    """

    identifier: str
    satellite: str
    kind: str
    sensing_start: UtcTime
    relative_orbit: int
    orbit_direction: str | None = "DESCENDING"

    @property
    def spacecraft_name(self) -> str:
        """SPACECRAFT_NAME, ``Sentinel-2A``."""
        return f"Sentinel-{self.satellite[1:]}"


@dataclass(frozen=True, slots=True)
class GranuleReference:
    """One granule of a product; `image_files` are paths relative to the product, without extension."""

    granule_identifier: str
    datastrip_identifier: str
    image_files: tuple[str, ...]
    image_format: str = "JPEG2000"


@dataclass(frozen=True, slots=True)
class SpectralBand:
    """Spectral_Information of one band; wavelengths and `response_step` in nm, response relative (0-1).

    `response` starts at `minimum` and advances by `response_step`. Sentinel-2A documents before January 2018
    give fewer samples in B02 and B08 than their limits span.
    """

    band: str
    resolution: int
    minimum: float
    maximum: float
    central: float
    response_step: float
    response: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quantification:
    """Counts per unit reflectance, and for Level-2A per unit optical thickness and per cm of water."""

    reflectance: float = 10000.0
    aot: float | None = None
    water_vapour: float | None = None


@dataclass(frozen=True, slots=True)
class Radiometry:
    """How counts become reflectance: ``(count + offsets[band]) / quantification.reflectance``.

    `offsets` is RADIO_ADD_OFFSET (1C) or BOA_ADD_OFFSET (2A); empty before baseline 04.00, when it is zero.
    `sun_distance_correction` is U; `solar_irradiance` in W/m²/µm. `display_order` holds the band names of
    red, green and blue.
    """

    quantification: Quantification
    offsets: Mapping[str, float]
    sun_distance_correction: float
    solar_irradiance: Mapping[str, float]
    spectral_bands: tuple[SpectralBand, ...]
    display_order: tuple[str, str, str] = ("B04", "B03", "B02")

    def offset(self, band: str) -> float:
        """Counts to add for `band`; zero where the document has no offsets."""
        return self.offsets.get(band, 0.0)


@dataclass(frozen=True, slots=True)
class Gipp:
    """A processing parameter file used: file name, type (``GIP_ATMIMA``) and version."""

    name: str
    kind: str
    version: str | None


@dataclass(frozen=True, slots=True)
class CamsReference:
    """CAMS_DATA_REF: file name and type (``FORECAST``, ``REANALYSIS``)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class EarthRotation:
    """IERS_Bulletin values of a datastrip: times in s, pole angles in arcsec."""

    ut1_utc: float
    gps_time_utc: float
    gps_time_tai: float
    pole_u: float
    pole_v: float


@dataclass(frozen=True, slots=True)
class AuxiliaryData:
    """Auxiliary files that a product or datastrip was made with; the last group is Level-2A's own.

    `luts` may be ``("None",)``, as official products write. `earth_rotation` is in datastrips only.
    """

    gipps: tuple[Gipp, ...]
    dem: str
    iers_bulletin: str
    gris: tuple[str, ...] = ()
    ecmwf: str | None = None
    cams: CamsReference | None = None
    earth_rotation: EarthRotation | None = None
    luts: tuple[str, ...] = ()
    snow_climatology: str | None = None
    water_bodies: str | None = None
    land_cover: str | None = None
    snow_condition: str | None = None


@dataclass(frozen=True, slots=True)
class FailedReport:
    """Failed inspection: whose (``Datastrip`` or ``Granule``), its identifier, and the report files."""

    subject: Literal["Datastrip", "Granule"]
    identifier: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageContent:
    """Image_Content_QI of Level-2A: percentages (0-100) of the classes, and retrieval figures.

    `shadow` is class 2, DARK_FEATURES_PERCENTAGE up to PSD 14 and CAST_SHADOW_PERCENTAGE from PSD 15. Mean
    water vapour in cm, ozone in Dobson units. None stands for an element absent (baselines before 04.00, or
    older).
    """

    cloudy_over_land: float | None
    nodata: float
    saturated_defective: float
    shadow: float
    cloud_shadow: float
    vegetation: float
    not_vegetated: float
    water: float
    unclassified: float
    medium_probability_clouds: float
    high_probability_clouds: float
    thin_cirrus: float
    snow_ice: float
    radiative_transfer_accuracy: float = 0.0
    water_vapour_retrieval_accuracy: float = 0.0
    aot_retrieval_accuracy: float = 0.0
    aot_retrieval_method: str | None = None
    mean_aot: float | None = None
    mean_water_vapour: float | None = None
    ozone_source: str | None = None
    ozone: float | None = None


@dataclass(frozen=True, slots=True)
class ProductQuality:
    """Quality_Indicators_Info of a product; coverages and degraded data in percent.

    `checks` maps a checklist (``FORMAT_CORRECTNESS``) to ``PASSED`` or ``FAILED``. `content` is Level-2A's.
    """

    cloud_coverage: float
    snow_coverage: float | None
    degraded_ancillary: float
    degraded_msi: float
    checks: Mapping[str, str]
    failed: tuple[FailedReport, ...] = ()
    content: ImageContent | None = None


@dataclass(frozen=True, slots=True)
class ProductMetadata:
    """MTD_MSIL1C.xml or MTD_MSIL2A.xml.

    `uri` is the SAFE folder's name; `baseline` ``04.00``; `psd_version` the major number in the namespace
    (14, 15). `footprint` is a closed ring of (latitude, longitude) in degrees. `physical_gains` and
    `reference_band` (a band name) are as in the document; `scene_classes` maps a name (``SC_WATER``) to its
    number, empty for Level-1C.
    """

    level: Level
    psd_version: int
    uri: str
    start_time: UtcTime
    stop_time: UtcTime
    product_type: str
    baseline: str
    doi: str | None
    generation_time: UtcTime
    datatake: Datatake
    granules: tuple[GranuleReference, ...]
    special_values: Mapping[str, int]
    radiometry: Radiometry
    physical_gains: Mapping[str, float]
    reference_band: str | None
    scene_classes: Mapping[str, int]
    footprint: tuple[tuple[float, float], ...]
    auxiliary: AuxiliaryData
    quality: ProductQuality
    product_format: str = "SAFE_COMPACT"
    complete_single_tile: bool = True

    @property
    def satellite(self) -> str:
        """``S2A`` to ``S2D``."""
        return self.datatake.satellite

    @property
    def nodata(self) -> int:
        """Count that stands for no data."""
        return self.special_values[NODATA]

    @property
    def saturated(self) -> int:
        """Count that stands for a saturated pixel."""
        return self.special_values[SATURATED]


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask named by the tile metadata: path as written there, type (``MSK_DETFOO``), band and detector."""

    path: str
    kind: str
    band: str | None = None
    detector: int | None = None


@dataclass(frozen=True, slots=True)
class TileQuality:
    """Quality_Indicators_Info of a tile, in percent; `snow` is Level-1C only, `content` Level-2A only."""

    cloudy: float
    degraded_msi: float
    snow: float | None
    content: ImageContent | None
    masks: tuple[MaskFile, ...]
    preview: str


@dataclass(frozen=True, slots=True)
class TileMetadata:
    """MTD_TL.xml.

    `grid` is the 10 m grid; those of 20 and 60 m cover the same area from the same corner. `l1c_identifier`
    names the tile that a Level-2A tile was made from.
    """

    level: Level
    psd_version: int
    identifier: str
    datastrip_identifier: str
    l1c_identifier: str | None
    downlink_priority: str
    sensing_time: UtcTime
    archiving_centre: str
    archiving_time: UtcTime
    coordinate_system: str
    grid: Grid
    angles: TileAngles
    quality: TileQuality


@dataclass(frozen=True, slots=True)
class DatastripMetadata:
    """MTD_DS.xml: what Level-1C and Level-2A processing reads or changes; the rest as sections passed on.

    `sensor_configuration` and `geometric_info` stand in Image_Data_Info, `satellite_ancillary_data` is the
    whole element, `geometric_quality` and `radiometric_quality` stand in Quality_Indicators_Info.
    """

    level: Level
    psd_version: int
    datatake: Datatake
    sensing_start: UtcTime
    sensing_stop: UtcTime
    baseline: str
    doi: str | None
    processing_centre: str
    processing_time: UtcTime
    reception_station: str
    downlink_orbit: int
    archiving_centre: str
    archiving_time: UtcTime
    processing_parameters: str | None
    tiles: tuple[str, ...]
    swir_rearrangement: bool
    saturated_pixels: bool
    radiometry: Radiometry
    degraded_ancillary: float
    auxiliary: AuxiliaryData
    sensor_configuration: XmlSection
    geometric_info: XmlSection
    satellite_ancillary_data: XmlSection
    geometric_quality: XmlSection
    radiometric_quality: XmlSection
