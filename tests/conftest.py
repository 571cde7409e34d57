"""Fixtures shared by every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of real Sentinel-2 data and independent results, named by IPF_REFERENCE_DATA."""
    folder = os.environ.get("IPF_REFERENCE_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("reference data absent: IPF_REFERENCE_DATA names no folder")
    return Path(folder)
