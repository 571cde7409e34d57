"""Vector masks: pixels to GML and back through the reader, and beside an official file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies
from lxml import etree

from ipf.product.masks import CLOUD_FLAGS, read_clouds, read_detector_footprint, read_quality
from ipf.product.raster import Grid
from ipf.product.vector_masks import (
    VECTOR_MASKS,
    cloud_features,
    footprint_features,
    quality_features,
    vector_mask_xml,
)

GRID = Grid(32755, 499980.0, 6900040.0, 60, 9, 7)
L1C_BEFORE_04 = "l1c_metadata/S2A_MSIL1C_20171207T002051_N0206_R116_T55JEJ_20171207T032513.SAFE"
IDENTIFIER = "S2A_OPER_MSK_{}_SGS__20171207T032513_A012840_T55JEJ_{}_MSIL1C"

flag_arrays = numpy_strategies.arrays(np.uint8, GRID.shape, elements=st.integers(0, 255))


def written(folder: Path, kind: str, band: str, features: object) -> Path:
    path = folder / f"{kind}_{band}.gml"
    path.write_bytes(vector_mask_xml(IDENTIFIER.format(kind[4:], band), band, features, GRID))  # type: ignore[arg-type]
    return path


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flags=flag_arrays)
def test_quality_flags_come_back(tmp_path: Path, flags: np.ndarray) -> None:
    paths = [
        written(tmp_path, kind, "B01", quality_features(kind, flags, GRID))
        for kind in VECTOR_MASKS
        if kind != "MSK_DETFOO"
    ]
    assert np.array_equal(read_quality(paths, GRID), flags)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detectors=numpy_strategies.arrays(np.uint8, GRID.shape, elements=st.integers(0, 12)))
def test_detector_footprints_come_back(tmp_path: Path, detectors: np.ndarray) -> None:
    path = written(tmp_path, "MSK_DETFOO", "B8A", footprint_features(detectors, GRID))
    assert np.array_equal(read_detector_footprint(path, GRID), detectors)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flags=flag_arrays)
def test_clouds_come_back_without_snow(tmp_path: Path, flags: np.ndarray) -> None:
    path = written(tmp_path, "MSK_CLOUDS", "B00", cloud_features(flags, GRID))
    kept = np.uint8(~(1 << CLOUD_FLAGS.index("snow")) & 0b111)
    assert np.array_equal(read_clouds(path, GRID), flags & kept)


@pytest.mark.parametrize("kind", ["DETFOO", "NODATA"])
def test_the_document_has_the_elements_of_the_official_one(reference_data: Path, kind: str) -> None:
    (granule,) = (reference_data / L1C_BEFORE_04 / "GRANULE").iterdir()
    official = etree.parse(granule / f"QI_DATA/MSK_{kind}_B01.gml").getroot()
    detectors = np.full(GRID.shape, 7, np.uint8)
    features = footprint_features(detectors, GRID) if kind == "DETFOO" else ()
    ours = etree.fromstring(vector_mask_xml(IDENTIFIER.format(kind, "B01"), "B01", features, GRID))
    assert paths(ours) == paths(official)
    assert dict(ours.attrib) == dict(official.attrib)
    assert ours[0].text == official[0].text


def paths(root: etree._Element) -> set[str]:
    tree = root.getroottree()
    return {re.sub(r"\[\d+\]", "", tree.getelementpath(element)) for element in root.iter()}
