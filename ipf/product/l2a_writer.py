"""Writing a Level-2A product image by image, as a SAFE or as a tile and a datastrip apart.

Images and masks are handed over as they become ready, from any thread; `finish` adds metadata, reports and
the manifest and gives the product its name. Until then it grows in a folder of another name, removed when the
writer is left without `finish`.

Differences from official products: schemas are not copied (``rep_info`` holds a note), there is no HTML
presentation, TCI carries no inventory box, the quality reports hold the checks of
`ipf.product.quality`, and a tile or datastrip apart has no manifest or inventory of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ipf.errors import OutputError, ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.documents import Documents
from ipf.product.granule_writer import GranuleWriter
from ipf.product.jpeg2000 import CodingStyle, Samples
from ipf.product.l2a_quality import AtmosphericQuality, l2a_quality_reports
from ipf.product.level_2a import (
    L2AProcessing,
    completed,
    images_from,
    level_2a_documents,
    probabilities_from,
)
from ipf.product.masks import Flags
from ipf.product.metadata import GranuleReference, ImageContent, TileMetadata
from ipf.product.product_writer import (
    discard,
    publish,
    temporary_folder,
    write_datastrip,
    write_product_documents,
    write_tile,
)


class L2AProductWriter:
    """Writes one Level-2A product from the documents of its Level-1C product.

    In SAFE form `parent` receives one folder, the product. In PDI form (`write_parts`) it receives the tile's
    and the datastrip's folders, named by their identifiers. `threads` is the number of threads inside each
    encoding; several images may be added at the same time. Nothing finer than `finest` metres is written; 0
    is for all pixel sizes.
    """

    def __init__(
        self,
        parent: Path,
        l1c: Documents,
        processing: L2AProcessing,
        style: CodingStyle = "official",
        threads: int = 1,
        parts: bool = False,
        finest: int = 0,
    ) -> None:
        self._parts = parts
        self.images = images_from(finest)
        self.probabilities = probabilities_from(finest)
        self._documents = documents = level_2a_documents(l1c, processing)
        self._tile_folder: Path
        if parts:
            self._outputs = [parent / documents.tile.identifier, parent / documents.tile.datastrip_identifier]
        else:
            self._outputs = [parent / documents.product.uri]
        self._temporaries: list[Path] = []
        try:
            for output in self._outputs:
                self._temporaries.append(temporary_folder(parent, output))
        except OutputError:
            self.abandon()
            raise
        root = self._temporaries[0]
        self._tile_folder = root if parts else root / documents.granule
        self._granule = GranuleWriter(root, self._tile_folder, documents, style, threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abandon()

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The folders that `finish` makes appear: the product, or the tile and the datastrip."""
        return tuple(self._outputs)

    @property
    def tile(self) -> TileMetadata:
        """Metadata of the tile, without image content."""
        return self._documents.tile

    def add_image(self, content: str, resolution: int, samples: Samples) -> None:
        """Add an image: ``B02``, ``AOT``, ``WVP`` (uint16 counts), ``SCL``, ``TCI`` (uint8, TCI 3 planes).

        TCI at 10 m gives the preview too. An image that the product does not have at that pixel size, or has
        already, raises OutputError.
        """
        if content not in self.images.get(resolution, ()):
            raise OutputError(f"{self._outputs[0]}: Level-2A has no image {content} at {resolution} m")
        self._granule.write_image(content, resolution, samples)

    @property
    def needs_preview(self) -> bool:
        """Whether the preview must be added, since no true-colour image at 10 m gives it."""
        return self._granule.native_resolution not in self.images

    def add_preview(self, picture: Samples) -> None:
        """Add the preview of a true-colour picture at 10 m that is no image of the product."""
        self._granule.write_preview(picture)

    def add_footprint(self, band: str, detectors: Flags) -> None:
        """Add the detector footprint of a band (1-12, 0 for none), at its native pixel size."""
        self._granule.write_footprint(band, detectors)

    def add_quality(self, band: str, flags: Flags) -> None:
        """Add the quality flags of a band, bits as `ipf.product.masks.QUALITY_FLAGS`."""
        self._granule.write_quality(band, flags)

    def add_clouds(self, flags: Flags) -> None:
        """Add the Level-1C cloud flags at 60 m, bits as `ipf.product.masks.CLOUD_FLAGS`."""
        self._granule.write_clouds(flags)

    def add_probability(self, kind: str, resolution: int, percentages: Flags) -> None:
        """Add a probability (0-100): ``MSK_CLDPRB`` or ``MSK_SNWPRB``, at 20 or 60 m."""
        if (kind, resolution) not in self.probabilities:
            raise OutputError(f"{self._outputs[0]}: Level-2A has no mask {kind} at {resolution} m")
        self._granule.write_probability(kind, resolution, percentages)

    def copy_masks(self, quality_folder: Path) -> None:
        """Take over the raster masks of a Level-1C tile of baseline 04.00 or later, from its QI_DATA."""
        for band in BAND_NAMES:
            for kind in ("MSK_DETFOO", "MSK_QUALIT"):
                self._granule.copy_mask(kind, band, quality_folder / f"{kind}_{band}.jp2")
        self._granule.copy_mask("MSK_CLASSI", None, quality_folder / "MSK_CLASSI_B00.jp2")

    def copy_auxiliary(self, files: Mapping[str, Path]) -> None:
        """Pass on the embedded auxiliary files of Level-1C, by name (``AUX_ECMWFT``, ``AUX_CAMSFO``)."""
        for name, path in sorted(files.items()):
            try:
                self._granule.write_auxiliary(name, path.read_bytes())
            except OSError as problem:
                raise ProductError(f"{path}: cannot be read: {problem.strerror or problem}") from problem

    def finish(self, content: ImageContent, cloudy: float, quality: AtmosphericQuality) -> tuple[Path, ...]:
        """Write metadata, reports and manifest, and give the outputs their names; they are returned.

        `content` and `cloudy` (percent) are the figures of the scene classification. Images and masks that
        are missing raise OutputError naming them.
        """
        documents = self._complete_documents(content, cloudy)
        images, masks = self._expected_images(), self._expected_masks()
        missing = [path for path in images + masks if not (self._tile_folder / path).is_file()]
        if missing:
            raise OutputError(f"{self._outputs[0]}: missing {', '.join(missing)}")
        level_2a = l2a_quality_reports(documents.tile, quality)
        root = self._temporaries[0]
        strip = self._temporaries[1] if self._parts else root / documents.datastrip_folder
        datastrip = write_datastrip(strip, documents)
        tile = write_tile(self._tile_folder, documents, strip, images, masks, level_2a)
        if not self._parts:
            write_product_documents(root, documents, tile, datastrip, self._granule.checksums)
        self._publish()
        return self.outputs

    def _publish(self) -> None:
        """Give the outputs their names, all or none."""
        published: list[Path] = []
        try:
            for temporary, output in zip(self._temporaries, self._outputs, strict=True):
                publish(temporary, output)
                published.append(output)
        except OutputError:
            for output in published:
                discard(output)
            raise

    def abandon(self) -> None:
        """Remove what is unfinished; nothing after `finish`."""
        for temporary in self._temporaries:
            discard(temporary)

    def _expected_images(self) -> list[str]:
        """Images of a complete tile, as paths in its folder."""
        return [
            self._granule.image_path(content, resolution)
            for resolution, contents in self.images.items()
            for content in contents
        ]

    def _expected_masks(self) -> list[str]:
        """Masks of a complete tile, and its preview, as paths in its folder."""
        masks = [f"QI_DATA/{kind}_{band}.jp2" for kind in ("MSK_DETFOO", "MSK_QUALIT") for band in BAND_NAMES]
        masks += ["QI_DATA/MSK_CLASSI_B00.jp2", f"QI_DATA/{self._granule.preview_name}"]
        return masks + [f"QI_DATA/{kind}_{size}m.jp2" for kind, size in self.probabilities]

    def _complete_documents(self, content: ImageContent, cloudy: float) -> Documents:
        documents = self._documents
        images = tuple(
            f"{documents.granule}/{self._granule.image_path(name, resolution).removesuffix('.jp2')}"
            for resolution, names in self.images.items()
            for name in names
        )
        reference = GranuleReference(documents.tile.identifier, documents.tile.datastrip_identifier, images)
        preview = f"{documents.granule}/QI_DATA/{self._granule.preview_name}"
        return completed(documents, reference, self._granule.masks, preview, content, cloudy)
