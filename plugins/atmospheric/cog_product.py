"""A Level-2A product as a folder of Cloud Optimized GeoTIFFs: each quantity once, at its native pixel size.

The metadata documents of the tile and the product and the quality document stand beside the images. They are
those of the SAFE form with the files that are here; ``COG`` as format is no word of the official schemas.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ipf.atomic import write_bytes
from ipf.errors import OutputError
from ipf.product.bands import BY_NAME
from ipf.product.class_legend import COLOURS
from ipf.product.cog import CogTags, write_cog
from ipf.product.documents import Documents
from ipf.product.jpeg2000 import Samples
from ipf.product.l2a_quality import AtmosphericQuality, l2a_quality_reports
from ipf.product.level_2a import (
    BOA_OFFSET,
    PROBABILITIES,
    QUANTIFICATION,
    L2AProcessing,
    completed,
    level_2a_documents,
    native_images,
    native_resolution,
)
from ipf.product.masks import Flags
from ipf.product.metadata import GranuleReference, ImageContent, MaskFile, TileMetadata
from ipf.product.product_writer import (
    L2A_QUALITY,
    TILE_FILE,
    discard,
    publish,
    report_header,
    temporary_folder,
)
from ipf.product.quality_report import FAILED, PASSED, l2a_quality_xml
from ipf.product.tile_writer import tile_xml
from ipf.product.user_product_writer import product_xml

PRODUCT_FILE = "MTD_MSIL2A.xml"
FORMAT = "COG"
NO_PREVIEW = "Not applicable"
_NODATA = 0


def cog_folder(product_uri: str) -> str:
    """Name of the folder of the product called `product_uri`."""
    return f"{product_uri.removesuffix('.SAFE')}_{FORMAT}"


def tags_of(content: str) -> CogTags:
    """What the file of a band, a map, the classes, the true colours or a probability says of itself."""
    aot, water_vapour = QUANTIFICATION.aot or 1.0, QUANTIFICATION.water_vapour or 1.0
    if content in BY_NAME:
        return CogTags(content, "1", 1.0 / QUANTIFICATION.reflectance, BOA_OFFSET, _NODATA)
    known = {
        "AOT": CogTags(content, "1", 1.0 / aot, nodata=_NODATA),
        "WVP": CogTags(content, "cm", 1.0 / water_vapour, nodata=_NODATA),
        "SCL": CogTags(content, "class", nodata=_NODATA, colours=COLOURS),
        "TCI": CogTags(content, nodata=_NODATA),
    }
    return known.get(content, CogTags(content, "%"))


class CogProductWriter:
    """Writes one product into a folder of `parent`, which appears under its name when it is complete.

    Nothing finer than `finest` metres is written; 0 is for the native pixel sizes.
    """

    def __init__(self, parent: Path, l1c: Documents, processing: L2AProcessing, finest: int = 0) -> None:
        self._documents = level_2a_documents(l1c, processing)
        self.images = native_images(finest)
        kinds = sorted({kind for kind, _ in PROBABILITIES})
        self.probabilities = tuple((kind, max(native_resolution(kind), finest)) for kind in kinds)
        self._final = parent / cog_folder(self._documents.product.uri)
        self._temporary = temporary_folder(parent, self._final)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        discard(self._temporary)

    @property
    def tile(self) -> TileMetadata:
        """Metadata of the tile, without image content."""
        return self._documents.tile

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The folder that `finish` makes appear."""
        return (self._final,)

    @property
    def needs_preview(self) -> bool:
        """Overviews are preview enough."""
        return False

    def add_preview(self, picture: Samples) -> None:
        """Refused: there is no place for it."""
        raise OutputError(f"{self._final}: has no preview")

    def add_image(self, content: str, resolution: int, samples: Samples) -> None:
        """Add an image: counts (uint16), classes (uint8) or true colour (uint8, 3 planes)."""
        if content not in self.images.get(resolution, ()):
            raise OutputError(f"{self._final}: has no image {content} at {resolution} m")
        self._write(self._documents.image_name(content, resolution), content, resolution, samples)

    def add_probability(self, kind: str, resolution: int, percentages: Flags) -> None:
        """Add a probability (0-100): ``MSK_CLDPRB`` or ``MSK_SNWPRB``."""
        if (kind, resolution) not in self.probabilities:
            raise OutputError(f"{self._final}: has no mask {kind} at {resolution} m")
        self._write(f"{kind}_{resolution}m", kind, resolution, percentages)

    def _write(self, name: str, content: str, resolution: int, samples: Samples) -> None:
        grid = self._documents.tile.grid.at(resolution)
        write_cog(self._temporary / f"{name}.tif", samples, grid, tags_of(content))

    def finish(self, content: ImageContent, cloudy: float, quality: AtmosphericQuality) -> tuple[Path, ...]:
        """Write the documents and give the folder its name; missing images raise OutputError naming them."""
        names = [
            self._documents.image_name(image, resolution)
            for resolution, images in self.images.items()
            for image in images
        ]
        masks = [MaskFile(f"{kind}_{resolution}m", kind) for kind, resolution in self.probabilities]
        expected = [*names, *(mask.path for mask in masks)]
        missing = [name for name in expected if not (self._temporary / f"{name}.tif").is_file()]
        if missing:
            raise OutputError(f"{self._final}: missing {', '.join(missing)}")
        tile = self._documents.tile
        images = GranuleReference(tile.identifier, tile.datastrip_identifier, tuple(names), FORMAT)
        documents = completed(self._documents, images, masks, NO_PREVIEW, content, cloudy)
        self._write_documents(documents, quality)
        publish(self._temporary, self._final)
        return self.outputs

    def _write_documents(self, documents: Documents, quality: AtmosphericQuality) -> None:
        reports = l2a_quality_reports(documents.tile, quality)
        passed = all(report.status == PASSED for report in reports)
        checks = {L2A_QUALITY: PASSED if passed else FAILED}
        product = replace(
            documents.product,
            product_format=FORMAT,
            quality=replace(documents.product.quality, checks=checks, failed=()),
        )
        write_bytes(self._temporary / TILE_FILE, tile_xml(documents.tile))
        write_bytes(self._temporary / PRODUCT_FILE, product_xml(product))
        document = l2a_quality_xml(reports, report_header(documents))
        write_bytes(self._temporary / f"{L2A_QUALITY}.xml", document)
