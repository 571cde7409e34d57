"""What receives the images of a Level-2A product, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ipf.product.jpeg2000 import Samples
from ipf.product.l2a_quality import AtmosphericQuality
from ipf.product.masks import Flags
from ipf.product.metadata import ImageContent, TileMetadata


class ImageWriter(Protocol):
    """Takes images and probabilities from several threads; `finish` makes the product appear.

    `images` are the contents wanted by pixel size, `probabilities` the masks with theirs; `needs_preview`
    says that a picture at 10 m is wanted for the preview besides. `tile` is the tile's metadata without image
    content, `outputs` are the folders that will appear.
    """

    @property
    def images(self) -> Mapping[int, tuple[str, ...]]: ...

    @property
    def probabilities(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def tile(self) -> TileMetadata: ...

    @property
    def outputs(self) -> tuple[Path, ...]: ...

    @property
    def needs_preview(self) -> bool: ...

    def add_image(self, content: str, resolution: int, samples: Samples) -> None: ...

    def add_preview(self, picture: Samples) -> None: ...

    def add_probability(self, kind: str, resolution: int, percentages: Flags) -> None: ...

    def finish(
        self, content: ImageContent, cloudy: float, quality: AtmosphericQuality
    ) -> tuple[Path, ...]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
