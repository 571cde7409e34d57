"""Where benchmarks keep what takes long to make."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full-tile",
        type=Path,
        help="folder that keeps the full tile of known truth between runs (else it is made each time)",
    )


@pytest.fixture(scope="session")
def full_tile_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the full tile."""
    given = request.config.getoption("--full-tile")
    return given.resolve() if isinstance(given, Path) else tmp_path_factory.mktemp("full_tile")
