"""Small products to be inspected; every test that writes takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.product.documents import Documents
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing
from ipf.product.quality.parameter_file import SHIPPED_NAME, parameter_document
from ipf.product.quality.parameters import QualityParameters
from ipf.product.reader import SafeProduct, open_product
from ipf.product.utc import UtcTime
from tests.product.products import CONTENT, QUALITY, fill_l2a, write_small_l1c

CREATION = UtcTime.parse("2022-10-05T16:44:54.000000Z")
CLOUDY = 6.0
SMALL = QualityParameters(tile_side_minimum=1000.0)
"""Thresholds under which tiles may be as small as those of the tests."""


@pytest.fixture(scope="session")
def small_l1c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete Level-1C product."""
    return write_small_l1c(tmp_path_factory.mktemp("l1c"))


@pytest.fixture(scope="session")
def small_l2a(tmp_path_factory: pytest.TempPathFactory, small_l1c: Path) -> Path:
    """A complete Level-2A product."""
    return _write_l2a(tmp_path_factory.mktemp("l2a"), open_product(small_l1c), parts=False)[0]


@pytest.fixture(scope="session")
def l2a_parts(tmp_path_factory: pytest.TempPathFactory, small_l1c: Path) -> tuple[Path, Path]:
    """A tile and its datastrip at Level-2A, each by itself."""
    tile, datastrip = _write_l2a(tmp_path_factory.mktemp("parts"), open_product(small_l1c), parts=True)
    return tile, datastrip


def _write_l2a(parent: Path, l1c: SafeProduct, parts: bool) -> tuple[Path, ...]:
    assert l1c.metadata is not None
    documents = Documents(l1c.metadata, l1c.read_datastrip(), l1c.tile)
    processing = L2AProcessing(CREATION, None, luts=("scattering.npz",))
    with L2AProductWriter(parent, documents, processing, parts=parts) as writer:
        fill_l2a(writer, documents, l1c.tile_folder, l1c.auxiliary_files)
        return writer.finish(CONTENT, CLOUDY, QUALITY)


@pytest.fixture
def gipp(tmp_path: Path) -> Path:
    """A parameter file under which small products may pass."""
    path = tmp_path / f"{SHIPPED_NAME}.xml"
    path.write_bytes(parameter_document(SMALL))
    return path
