"""Where a job order wants a Level-2A product: whole in one folder, or its tile and datastrip apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ipf_plugins.atmospheric.cog_product import cog_folder

from ipf.atomic import write_text
from ipf.engine import PlannedFile, TaskRequest
from ipf.errors import PlanError
from ipf.product.documents import Documents
from ipf.product.product_writer import discard, publish, temporary_folder

PRODUCT_TYPES = ("L2A", "S2MSI2A", "MSI_L2A")
TILE_TYPE, DATASTRIP_TYPE = "MSI_L2A_TL", "MSI_L2A_DS"
INDICATORS_TYPE = "KPI_L2A"
STAGING = "l2a"
"""Hidden folder in which a tile and its datastrip grow before each goes to its own place."""


@dataclass(frozen=True)
class Destination:
    """File types and folders of the product, or of its tile and its datastrip; and the folder of indicators.

    `cog` is for a folder of GeoTIFFs instead of a product in SAFE form, `page` for a quality page beside it.
    The ground segment asks for a folder of key performance indicators, of which no public description says
    what it holds: it receives the figures of the run report as JSON.
    """

    types: tuple[str, ...]
    folders: tuple[Path, ...]
    indicators: Path | None = None
    cog: bool = False
    page: bool = False

    @property
    def parts(self) -> bool:
        """Whether tile and datastrip go apart."""
        return len(self.types) > 1

    @classmethod
    def of(cls, request: TaskRequest, cog: bool = False, page: bool = False) -> Destination:
        """As the job order's outputs say; `PlanError` when they name neither form, or one that is never of
        GeoTIFFs.
        """
        if TILE_TYPE in request.outputs and DATASTRIP_TYPE in request.outputs:
            types: tuple[str, ...] = (TILE_TYPE, DATASTRIP_TYPE)
        else:
            types = tuple(name for name in PRODUCT_TYPES if name in request.outputs)[:1]
        if not types:
            wanted = f"{' or '.join(PRODUCT_TYPES)}, or {TILE_TYPE} and {DATASTRIP_TYPE}"
            raise PlanError(f"{request.source}: task {request.task_name}: no output of type {wanted}")
        if cog and len(types) > 1:
            raise PlanError(
                f"{request.source}: task {request.task_name}: outputs {TILE_TYPE} and {DATASTRIP_TYPE} are"
                " written in SAFE form only"
            )
        folders = tuple(request.outputs[name] for name in types)
        return cls(types, folders, request.outputs.get(INDICATORS_TYPE), cog, page)

    def planned(self, l2a: Documents) -> tuple[PlannedFile, ...]:
        """Everything that will appear; `PlanError` when something of that name is there already."""
        tile = l2a.tile
        uri = l2a.product.uri
        whole = cog_folder(uri) if self.cog else uri
        names = (tile.identifier, tile.datastrip_identifier) if self.parts else (whole,)
        files = [*self._files(names)]
        if self.indicators is not None:
            files.append(self._indicators_file(self.indicators, names[0]))
        if self.page:
            files.append(self.page_file(names[0]))
        for file in files:
            if file.path.exists():
                raise PlanError(f"output {file.file_type}: {file.path} exists already")
        return tuple(files)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """The folder to write into; tile and datastrip grow in a hidden one and are moved by `receive`."""
        if not self.parts:
            yield self.folders[0]
            return
        hidden = temporary_folder(self.folders[0], self.folders[0] / STAGING)
        try:
            yield hidden
        finally:
            discard(hidden)

    def page_file(self, product: str) -> PlannedFile:
        """The quality page of the product, or of the tile, of that name."""
        return PlannedFile(self.types[0], self.folders[0] / f"{product.removesuffix('.SAFE')}.html")

    @contextmanager
    def with_page(self, product: str, html: str | None) -> Iterator[None]:
        """Put the quality page, if there is one, into its place; it goes when the block fails."""
        if html is None:
            yield
            return
        path = self.page_file(product).path
        write_text(path, html)
        try:
            yield
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def receive(self, made: Sequence[Path], figures: Mapping[str, float | str]) -> tuple[PlannedFile, ...]:
        """Put what was made, and the indicators, into their places."""
        files = [*self._files([path.name for path in made])]
        for path, file in zip(made, files, strict=True):
            if path != file.path:
                file.path.parent.mkdir(parents=True, exist_ok=True)
                publish(path, file.path)
        if self.indicators is not None:
            indicators = self._indicators_file(self.indicators, made[0].name)
            write_text(indicators.path, json.dumps(figures, indent=2, sort_keys=True) + "\n")
            files.append(indicators)
        if self.page:
            files.append(self.page_file(made[0].name))
        return tuple(files)

    def _files(self, names: Sequence[str]) -> Iterator[PlannedFile]:
        for file_type, folder, name in zip(self.types, self.folders, names, strict=True):
            yield PlannedFile(file_type, folder / name)

    @staticmethod
    def _indicators_file(folder: Path, product: str) -> PlannedFile:
        return PlannedFile(INDICATORS_TYPE, folder / f"{product.removesuffix('.SAFE')}_KPI.json")
