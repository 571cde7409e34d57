"""Defects that Level-1C flags in any band, through the whole chain: class 1 of the scene classification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ipf.product.bands import BAND_NAMES
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.masks import QUALITY_FLAGS
from tests.plugins.atmospheric import small_scenes
from tests.plugins.atmospheric.chain import Job
from tests.plugins.atmospheric.small_scenes import GRID, native

FLAGGED = {"B02": "saturated", "B08": "saturated", "B04": "defective", "B06": "saturated", "B09": "defective"}
HARMLESS = {"B03": "degraded_msi_packets", "B12": "partially_corrected_crosstalk"}


def place_of(band: str) -> tuple[int, int]:
    """Row and column, in pixels of 60 m, of the flag of a band."""
    return 2 + BAND_NAMES.index(band), 4


def flag(job: Job, flags: dict[str, str]) -> None:
    """Set one native pixel of each band's quality mask: the last of the 60 m pixel at the band's place."""
    (folder,) = (job.demo / "L1C").glob("*/GRANULE/*/QI_DATA")
    for band, name in flags.items():
        grid = GRID.at(native(band))
        planes = np.zeros((len(QUALITY_FLAGS), *grid.shape), np.uint8)
        row, column = ((place + 1) * 60 // native(band) - 1 for place in place_of(band))
        planes[QUALITY_FLAGS.index(name), row, column] = 1
        encode_jpeg2000(folder / f"MSK_QUALIT_{band}.jp2", planes, grid, ImageKind.QUALIT)


@pytest.mark.parametrize("mode", ["accurate", "sen2cor"])
def test_saturated_and_defective_pixels_of_every_band_are_class_1(tmp_path: Path, mode: str) -> None:
    job = small_scenes.job_of(tmp_path, small_scenes.patches())
    flag(job, FLAGGED | HARMLESS)
    outcome = small_scenes.run(job, mode=mode)
    assert (outcome.error, outcome.exit_code) == ("", 0)
    expected = np.zeros(GRID.at(20).shape, np.bool_)
    for band in FLAGGED:
        row, column = (3 * place for place in place_of(band))
        if native(band) == 60:
            expected[row : row + 3, column : column + 3] = True
        else:
            expected[row + 2, column + 2] = True
    classes = small_scenes.image(job.product, "SCL", 20)
    np.testing.assert_array_equal(classes == 1, expected)
    content = small_scenes.content_of(job.product)
    assert content.saturated_defective == pytest.approx(100 * expected.mean(), abs=1e-6)


def test_a_damaged_mask_of_10_m_is_told_in_one_line(tmp_path: Path) -> None:
    job = small_scenes.job_of(tmp_path, small_scenes.patches())
    (path,) = (job.demo / "L1C").glob("*/GRANULE/*/QI_DATA/MSK_QUALIT_B08.jp2")
    content = bytearray(path.read_bytes())
    data = content.rindex(b"\xff\x93")
    content[data : data + 2] = b"\x00\x00"
    path.write_bytes(content)
    outcome = small_scenes.run(job)
    assert outcome.exit_code >= 128
    assert "MSK_QUALIT_B08.jp2: cannot be decoded" in outcome.error
    assert "\n" not in outcome.error
