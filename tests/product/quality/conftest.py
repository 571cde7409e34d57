"""Small products to be inspected; every test that damages one takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.product.quality.small_products import lost_packets, write_l1c, write_l2a


@pytest.fixture(scope="session")
def l1c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Level-1C product of baseline 04.00."""
    return write_l1c(tmp_path_factory.mktemp("l1c"))


@pytest.fixture(scope="session")
def early(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Level-1C product of baseline 02.06, whose reports had other checks and whose masks are GML."""
    return write_l1c(tmp_path_factory.mktemp("early"), "02.06")


@pytest.fixture(scope="session")
def lossy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Level-1C product with lost and degraded packets in one band."""
    return lost_packets(tmp_path_factory.mktemp("lossy"))


@pytest.fixture(scope="session")
def l2a(tmp_path_factory: pytest.TempPathFactory, l1c: Path) -> Path:
    """A Level-2A product of baseline 04.00."""
    return write_l2a(tmp_path_factory.mktemp("l2a"), l1c)
