"""The three metadata documents of a product with one tile, kept together, and the names they imply."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ipf.errors import OutputError
from ipf.product.metadata import DatastripMetadata, Level, ProductMetadata, TileMetadata
from ipf.product.metadata_writer import first_baseline_of
from ipf.product.names import DatastripName, ImageName, ProductName, TileName


@dataclass(frozen=True, slots=True)
class Documents:
    """Metadata of a product, its datastrip and its tile.

    Names, dates and identifiers are the caller's; lists of files, quality checks and coverages are filled in
    when the product is written.
    """

    product: ProductMetadata
    datastrip: DatastripMetadata
    tile: TileMetadata

    @property
    def level(self) -> Level:
        """Processing level of all three."""
        return self.product.level

    @property
    def baseline(self) -> str:
        """Processing baseline, ``04.00``."""
        return self.product.baseline

    @property
    def product_name(self) -> ProductName:
        """Parts of the product's name."""
        return ProductName.parse(self.product.uri)

    @property
    def datastrip_name(self) -> DatastripName:
        """Parts of the datastrip's identifier."""
        return DatastripName.parse(self.tile.datastrip_identifier)

    @property
    def tile_name(self) -> TileName:
        """Parts of the tile's identifier."""
        return TileName.parse(self.tile.identifier)

    @property
    def granule(self) -> str:
        """Path of the tile in a product, ``GRANULE/L1C_T18LTM_A034442_20220125T152341``."""
        return f"GRANULE/{self.tile_name.folder(self.datastrip_name.start)}"

    @property
    def datastrip_folder(self) -> str:
        """Path of the datastrip in a product, ``DATASTRIP/DS_VGS2_20220125T190036_S20220125T152341``."""
        return f"DATASTRIP/{self.datastrip_name.folder}"

    def image_name(self, content: str, resolution: int | None = None) -> str:
        """Name of an image without extension, ``T18LTM_20220125T151701_B01``."""
        start = self.product.datatake.sensing_start.compact
        return str(ImageName(self.tile_name.tile, start, content, resolution))

    def checked(self) -> Documents:
        """The same documents; OutputError naming the element when they contradict each other, or are of a
        baseline that does not know the satellite.
        """
        product, datastrip, tile = self.product, self.datastrip, self.tile
        try:
            names = self.product_name, self.datastrip_name, self.tile_name
        except ValueError as problem:
            raise OutputError(f"{product.uri}: {problem}") from problem
        first = first_baseline_of(product.satellite)
        if product.baseline < first:
            raise OutputError(
                f"{product.uri}: PROCESSING_BASELINE is {product.baseline}, expected {first} or later for"
                f" {product.datatake.spacecraft_name}"
            )
        pairs = {
            "level of the datastrip": (datastrip.level, product.level),
            "level of the tile": (tile.level, product.level),
            "PSD version of the tile": (tile.psd_version, datastrip.psd_version),
            "baseline of the datastrip": (datastrip.baseline, product.baseline),
            "datatake of the datastrip": (datastrip.datatake.identifier, product.datatake.identifier),
            "level in the product's name": (names[0].level, product.level),
            "baseline in the product's name": (names[0].baseline, product.baseline),
            "tile in the product's name": (names[0].tile, names[2].tile),
            "level in the datastrip's identifier": (names[1].level, product.level),
            "level in the tile's identifier": (names[2].level, product.level),
            "tile in the datastrip's Tile_List": (tile.identifier in datastrip.tiles, True),
        }
        for what, (found, expected) in pairs.items():
            if found != expected:
                raise OutputError(f"{product.uri}: {what} is {found}, expected {expected}")
        return self

    def with_product(self, **changes: object) -> Documents:
        """A copy whose product metadata have the given fields changed."""
        return replace(self, product=replace(self.product, **changes))  # type: ignore[arg-type]
