"""Metadata of a Level-2A product, derived from those of the Level-1C product it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ipf.product.bands import BAND_NAMES, BY_NAME, RESOLUTIONS
from ipf.product.documents import Documents
from ipf.product.metadata import (
    OFFSETS_SINCE,
    AuxiliaryData,
    DatastripMetadata,
    Gipp,
    GranuleReference,
    ImageContent,
    MaskFile,
    ProductMetadata,
    Quantification,
    TileMetadata,
)
from ipf.product.metadata_writer import CAST_SHADOW_SINCE_PSD, first_baseline_of, psd_version_of
from ipf.product.names import DatastripName, ProductName, TileName
from ipf.product.utc import UtcTime

BOA_OFFSET = -1000.0
"""Counts to add to those of every band (PSD 14.8, BOA_ADD_OFFSET)."""
QUANTIFICATION = Quantification(reflectance=10000.0, aot=1000.0, water_vapour=1000.0)
"""Counts per unit reflectance, per unit optical thickness and per cm of water (PSD 14.8)."""

IMAGES: Mapping[int, tuple[str, ...]] = {
    10: ("B02", "B03", "B04", "B08", "TCI", "AOT", "WVP"),
    20: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12", "TCI", "AOT", "WVP", "SCL"),
    60: (
        *("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12"),
        *("TCI", "AOT", "WVP", "SCL"),
    ),
}
"""Images of a Level-2A tile by pixel size, in the order in which official products list them."""

PROBABILITIES = tuple((kind, resolution) for resolution in (20, 60) for kind in ("MSK_CLDPRB", "MSK_SNWPRB"))
"""Probability masks of a Level-2A tile with their pixel sizes."""

_MAP_RESOLUTION = 20
"""Pixel size of what is computed on the ground rather than measured: maps, classes, probabilities."""
_COLOUR_RESOLUTION = 10


def images_from(finest: int) -> dict[int, tuple[str, ...]]:
    """Images of a tile of which nothing finer than `finest` metres is wanted; 0 for all.

    As Sen2Cor's option ``--resolution`` has it: 10 makes all three pixel sizes, 20 those of 20 and 60 m, 60
    its own alone (Sen2Cor User Manual, L2A_Process; Downsample_20_to_60 on).
    """
    return {resolution: contents for resolution, contents in IMAGES.items() if resolution >= finest}


def native_images(finest: int) -> dict[int, tuple[str, ...]]:
    """The images that hold something of their own, each once: at its native pixel size, or at `finest`."""
    chosen: dict[int, tuple[str, ...]] = dict.fromkeys(RESOLUTIONS, ())
    for resolution, contents in IMAGES.items():
        chosen[resolution] = tuple(
            content for content in contents if resolution == max(native_resolution(content), finest)
        )
    return {resolution: contents for resolution, contents in chosen.items() if contents}


def native_resolution(content: str) -> int:
    """Pixel size in metres at which a band, a map, the classes or the true colours are made."""
    if content in BY_NAME:
        return BY_NAME[content].resolution
    return _COLOUR_RESOLUTION if content == "TCI" else _MAP_RESOLUTION


def probabilities_from(finest: int) -> tuple[tuple[str, int], ...]:
    """Probability masks of a tile of which nothing finer than `finest` metres is wanted; 0 for all."""
    return tuple((kind, resolution) for kind, resolution in PROBABILITIES if resolution >= finest)


def scene_classes(psd_version: int) -> dict[str, int]:
    """Names of the scene classes and their numbers; class 2 changed its name with PSD 15."""
    shadow = "SC_CAST_SHADOW" if psd_version >= CAST_SHADOW_SINCE_PSD else "SC_DARK_FEATURE_SHADOW"
    names = (
        "SC_NODATA",
        "SC_SATURATED_DEFECTIVE",
        shadow,
        "SC_CLOUD_SHADOW",
        "SC_VEGETATION",
        "SC_NOT_VEGETATED",
        "SC_WATER",
        "SC_UNCLASSIFIED",
        "SC_CLOUD_MEDIUM_PROBA",
        "SC_CLOUD_HIGH_PROBA",
        "SC_THIN_CIRRUS",
        "SC_SNOW_ICE",
    )
    return {name: number for number, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class L2AProcessing:
    """What Level-2A processing adds to the identity of a product.

    `creation` dates everything. `baseline` (04.00 or later) and `centre` (four characters) are taken over
    from Level-1C where None. `gipps` are added to those of Level-1C; the other fields name the auxiliary
    files used.
    """

    creation: UtcTime
    baseline: str | None = None
    centre: str | None = None
    doi: str = "Not applicable"
    dem: str | None = None
    gipps: tuple[Gipp, ...] = ()
    luts: tuple[str, ...] = ()
    snow_climatology: str | None = None
    water_bodies: str | None = None
    land_cover: str | None = None
    snow_condition: str | None = None


def level_2a_documents(l1c: Documents, processing: L2AProcessing) -> Documents:
    """Documents of the Level-2A product of `l1c`; lists of files and figures of quality are added later.

    Where no baseline is asked for, that of Level-1C is lifted to the first that can be written for the
    satellite. One before 04.00 raises ValueError: Level-2A products of that time had other images and masks;
    one whose schemas do not know the satellite raises OutputError.
    """
    baseline = processing.baseline or max(
        l1c.baseline, OFFSETS_SINCE, first_baseline_of(l1c.product.satellite)
    )
    if baseline < OFFSETS_SINCE:
        raise ValueError(
            f"Level-2A products of baseline {baseline} are not written, expected {OFFSETS_SINCE} on"
        )
    derived = _Derivation(l1c, processing, baseline)
    return Documents(derived.product(), derived.datastrip(), derived.tile()).checked()


def completed(
    documents: Documents,
    images: GranuleReference,
    masks: Sequence[MaskFile],
    preview: str,
    content: ImageContent,
    cloudy: float,
) -> Documents:
    """The documents once the product is made: its lists of files, and the figures of its classification.

    `preview` is the path of the preview in the product, `cloudy` the cloud cover in percent.
    """
    quality = replace(documents.product.quality, cloud_coverage=cloudy, content=content)
    tile = with_content(documents.tile, content, cloudy)
    tile = replace(tile, quality=replace(tile.quality, masks=tuple(masks), preview=preview))
    return replace(documents.with_product(granules=(images,), quality=quality), tile=tile)


def with_content(tile: TileMetadata, content: ImageContent, cloudy: float) -> TileMetadata:
    """A tile with the figures of its classification; `cloudy` in percent."""
    return replace(tile, quality=replace(tile.quality, cloudy=cloudy, content=content))


class _Derivation:
    """The names and sections that the three documents share."""

    def __init__(self, l1c: Documents, processing: L2AProcessing, baseline: str) -> None:
        self._l1c, self._processing = l1c, processing
        self._baseline, self._psd_version = baseline, psd_version_of(baseline)
        creation = processing.creation.compact
        centre = processing.centre or l1c.tile_name.centre
        self._product_name: ProductName = replace(
            l1c.product_name, level="L2A", baseline=baseline, discriminator=creation
        )
        self._datastrip_name: DatastripName = replace(
            l1c.datastrip_name, level="L2A", centre=centre, creation=creation, baseline=baseline
        )
        self._tile_name: TileName = replace(
            l1c.tile_name, level="L2A", centre=centre, creation=creation, baseline=baseline
        )
        self._datatake = replace(
            l1c.product.datatake,
            identifier=f"{l1c.product.datatake.identifier.rpartition('_N')[0]}_N{baseline}",
        )
        self._radiometry = replace(
            l1c.product.radiometry,
            quantification=QUANTIFICATION,
            offsets=dict.fromkeys(BAND_NAMES, BOA_OFFSET),
        )

    def product(self) -> ProductMetadata:
        l1c, processing = self._l1c.product, self._processing
        return replace(
            l1c,
            level="L2A",
            psd_version=self._psd_version,
            uri=self._product_name.folder,
            product_type="S2MSI2A",
            baseline=self._baseline,
            doi=processing.doi,
            generation_time=processing.creation,
            datatake=self._datatake,
            granules=(GranuleReference(str(self._tile_name), str(self._datastrip_name), ()),),
            radiometry=self._radiometry,
            scene_classes=scene_classes(self._psd_version),
            auxiliary=self._auxiliary(l1c.auxiliary),
            quality=replace(l1c.quality, snow_coverage=None),
        )

    def datastrip(self) -> DatastripMetadata:
        l1c, processing = self._l1c.datastrip, self._processing
        return replace(
            l1c,
            level="L2A",
            psd_version=self._psd_version,
            datatake=self._datatake,
            baseline=self._baseline,
            doi=processing.doi,
            processing_centre=self._datastrip_name.centre,
            processing_time=processing.creation,
            archiving_centre=self._datastrip_name.centre,
            archiving_time=processing.creation,
            tiles=(str(self._tile_name),),
            radiometry=replace(
                l1c.radiometry, quantification=QUANTIFICATION, offsets=self._radiometry.offsets
            ),
            auxiliary=self._auxiliary(l1c.auxiliary),
        )

    def tile(self) -> TileMetadata:
        l1c, processing = self._l1c.tile, self._processing
        return replace(
            l1c,
            level="L2A",
            psd_version=self._psd_version,
            identifier=str(self._tile_name),
            datastrip_identifier=str(self._datastrip_name),
            l1c_identifier=l1c.identifier,
            archiving_centre=self._tile_name.centre,
            archiving_time=processing.creation,
            quality=replace(l1c.quality, snow=None, masks=(), preview=""),
        )

    def _auxiliary(self, l1c: AuxiliaryData) -> AuxiliaryData:
        processing = self._processing
        return replace(
            l1c,
            gipps=(*l1c.gipps, *processing.gipps),
            dem=processing.dem or l1c.dem,
            luts=processing.luts,
            snow_climatology=processing.snow_climatology,
            water_bodies=processing.water_bodies,
            land_cover=processing.land_cover,
            snow_condition=processing.snow_condition,
        )
