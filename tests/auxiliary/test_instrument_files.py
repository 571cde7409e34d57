"""Instrument files: real ones are read, what is written is read back the same, damage is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipf.auxiliary.archives import read_auxiliary
from ipf.auxiliary.blind_pixels import (
    BlindDetector,
    BlindPixels,
    BlindSide,
    read_blind_pixels,
    write_blind_pixels,
)
from ipf.auxiliary.datation_model import DatationModel, read_datation_model, write_datation_model
from ipf.auxiliary.gipp_documents import GippHeading
from ipf.auxiliary.processing_location import (
    LinesToCut,
    ProcessingLocation,
    read_processing_location,
    write_processing_location,
)
from ipf.auxiliary.spacecraft_model import (
    NO_ROTATION,
    SpacecraftModel,
    read_spacecraft_model,
    write_spacecraft_model,
)
from ipf.auxiliary.viewing_directions import (
    ViewingDirectionsFile,
    read_viewing_directions,
    write_viewing_directions,
)
from ipf.errors import AuxiliaryError
from ipf.geometry.acquisition import Mounting, ViewingDirections
from ipf.product.utc import UtcTime

HEADING = GippHeading(
    "S2A",
    "S2A_TEST_FILE",
    UtcTime.parse("2020-01-01T00:00:00.0Z"),
    UtcTime.parse("2015-06-22T00:00:00.0Z"),
    UtcTime.parse("2100-01-01T00:00:00.0Z"),
    "0001",
)
RAMP = np.linspace(-0.18, -0.15, 5)
SIDE = BlindSide((0, 1, 2), (3, 4))

CONTENTS: dict[str, Any] = {
    "VIEDIR": ViewingDirectionsFile(
        HEADING,
        "B03",
        {"APPLIED": {1: ViewingDirections(RAMP, RAMP / 7), 12: ViewingDirections(-RAMP, RAMP * 1e-3)}},
    ),
    "SPAMOD": SpacecraftModel(
        HEADING,
        Mounting(-2.92e-05, -0.0009626, -2.24e-05),
        {"VNIR": NO_ROTATION, "SWIR": NO_ROTATION},
        {(plane, detector): NO_ROTATION for plane in ("VNIR", "SWIR") for detector in range(1, 13)},
    ),
    "BLINDP": BlindPixels(
        HEADING, {"B8A": 8}, {("B8A", 3): BlindDetector(10.0, SIDE, BlindSide((9, 8), (7,)))}
    ),
    "PRDLOC": ProcessingLocation(
        HEADING, "B04", 6, {("B01", 1): LinesToCut(783, 63)}, 60, 32, 100, True, 16000, 25000, 3000, "NOMINAL"
    ),
    "DATATI": DatationModel(
        HEADING,
        1.565873622,
        1.565873623,
        {"B01": 0.5},
        -19,
        9,
        3,
        9.5,
        {("B12", 12): -0.002, ("B12", 1): 0.0},
    ),
}
READERS: dict[str, Callable[[Path], Any]] = {
    "VIEDIR": read_viewing_directions,
    "SPAMOD": read_spacecraft_model,
    "BLINDP": read_blind_pixels,
    "PRDLOC": read_processing_location,
    "DATATI": read_datation_model,
}
WRITERS: dict[str, Callable[[Path, Any], None]] = {
    "VIEDIR": write_viewing_directions,
    "SPAMOD": write_spacecraft_model,
    "BLINDP": write_blind_pixels,
    "PRDLOC": write_processing_location,
    "DATATI": write_datation_model,
}
KINDS = sorted(READERS)


def same(left: Any, right: Any) -> bool:
    """Whether two contents are the same numbers, wherever they were read."""
    if isinstance(left, ViewingDirectionsFile):
        lists = [
            (configuration, detector, part.tan_psi_x.tolist(), part.tan_psi_y.tolist())
            for content in (left, right)
            for configuration, detectors in content.directions.items()
            for detector, part in detectors.items()
        ]
        half = len(lists) // 2
        return (left.heading, left.band, lists[:half]) == (right.heading, right.band, lists[half:])
    return bool(replace(left, source="") == replace(right, source=""))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(tmp_path: Path, kind: str) -> None:
    WRITERS[kind](tmp_path / "file.xml", CONTENTS[kind])
    assert same(CONTENTS[kind], READERS[kind](tmp_path / "file.xml"))


@pytest.mark.parametrize("kind", KINDS)
def test_real_files_are_read_and_come_back(tmp_path: Path, reference_data: Path, kind: str) -> None:
    packed = [
        path for path in (reference_data / "gipp").rglob(f"*GIP_{kind}_*") if path.suffix in (".TGZ", ".DBL")
    ]
    plain = list((reference_data / "geometry_madeira" / "GIPP").glob(f"*GIP_{kind}_*"))
    paths = sorted(packed) + sorted(plain)
    assert paths
    # Files of one kind differ in numbers alone: a few of the large ones do.
    for path in paths[:: 7 if kind == "VIEDIR" else 1]:
        content = READERS[kind](path)
        assert content.heading.satellite == path.name[:3]
        WRITERS[kind](tmp_path / "file.xml", content)
        assert same(content, READERS[kind](tmp_path / "file.xml"))


def test_figures_of_real_files(reference_data: Path) -> None:
    folder = reference_data / "geometry_madeira" / "GIPP"
    (path,) = folder.glob("*VIEDIR*_B03.xml")
    viewing = read_viewing_directions(path)
    assert (viewing.band, sorted(viewing.directions)) == ("B03", ["APPLIED", "LINE_A", "LINE_B"])
    assert viewing.of("APPLIED")[1].tan_psi_x[0] == -0.185134560537
    assert {len(part.tan_psi_y) for part in viewing.of("APPLIED").values()} == {2552}
    with pytest.raises(AuxiliaryError, match="no VIEWING_DIRECTIONS_LIST with tdi_config NO_TDI for B03"):
        viewing.of("NO_TDI")
    (path,) = folder.glob("*SPAMOD*")
    model = read_spacecraft_model(path)
    assert model.instrument == Mounting(-0.0292e-3, -0.9626e-3, -0.0224e-3)
    assert set(model.focal_planes.values()) | set(model.detectors.values()) == {NO_ROTATION}
    (path,) = folder.glob("*BLINDP*")
    blind = read_blind_pixels(path)
    assert (blind.numbers["B01"], len(blind.detectors)) == (20, 156)
    assert blind.detectors["B01", 1].right == BlindSide(tuple(range(1290, 1296)), tuple(range(1286, 1290)))
    (path,) = (reference_data / "gipp" / "S2A" / "GIP_PRDLOC").glob("*20180301*")
    location = read_processing_location(path)
    assert location.lines_to_cut["B01", 1] == LinesToCut(783, 63)
    assert (location.reference_band, location.reference_detector) == ("B04", 6)


@pytest.mark.parametrize(
    ("kind", "old", "new", "message"),
    [
        ("VIEDIR", "<NB_OF_PIXELS>5", "<NB_OF_PIXELS>6", "TAN_PSI_X_LIST has 5 numbers, NB_OF_PIXELS is 6"),
        ("VIEDIR", 'detector_id="12"', 'detector_id="01"', "detector 01 is given twice"),
        ("VIEDIR", 'detector_id="12"', 'detector_id="13"', "detector_id is 13"),
        ("VIEDIR", "APPLIED", "OTHER", "tdi_config is 'OTHER'"),
        ("VIEDIR", "<BAND_ID>2", "<BAND_ID>20", "BAND_ID is 20"),
        ("VIEDIR", "-0.18 ", "-1.8 ", "tangents up to 1.8"),
        ("SPAMOD", 'unit="mrad"', 'unit="deg"', "R1: expected an angle about X in mrad"),
        ("SPAMOD", "<SCALE_FACTOR>1", "<SCALE_FACTOR>2", "SCALE_FACTOR is 2"),
        ("SPAMOD", "-0.9626", "NaN", "R2 is 'NaN'"),
        ("BLINDP", ">0 1 2<", ">0 1<", "7 blind pixels, BLIND_PIXEL_NUMBER is 8"),
        ("BLINDP", ">0 1 2<", ">0 1 1<", "expected different columns"),
        ("BLINDP", "LEFT", "RIGHT", "expected LEFT and RIGHT"),
        ("PRDLOC", ">783<", ">-1<", "BEGIN_NB_LINES_TO_CUT is -1"),
        ("PRDLOC", "NOMINAL", "OTHER", "DATATION_SCENARIO is 'OTHER'"),
        ("DATATI", ">1.565873622<", ">15<", "THEORETICAL_LINE_PERIOD is 15 ms"),
        ("DATATI", "<DETECTOR_ID>12", "<DETECTOR_ID>1", "DETECTOR_ID is 1"),
        ("DATATI", "<SATELLITE>S2A", "<SATELLITE>S3A", "SATELLITE is 'S3A'"),
    ],
)
def test_damage_is_told_with_file_line_and_element(
    tmp_path: Path, kind: str, old: str, new: str, message: str
) -> None:
    path = tmp_path / "file.xml"
    WRITERS[kind](path, CONTENTS[kind])
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(AuxiliaryError, match=rf"file\.xml:\d+: .*{message}"):
        READERS[kind](path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    write_spacecraft_model(tmp_path / "file.xml", CONTENTS["SPAMOD"])
    with pytest.raises(AuxiliaryError, match="root element is GS2_SPACECRAFT_MODEL_PARAMETERS, expected"):
        read_viewing_directions(tmp_path / "file.xml")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(KINDS), place=st.floats(0, 1), damage=st.binary(max_size=12), cut=st.booleans())
def test_mutated_files_fail_as_auxiliary_files(
    tmp_path: Path, kind: str, place: float, damage: bytes, cut: bool
) -> None:
    path = tmp_path / f"{kind}.xml"
    WRITERS[kind](path, CONTENTS[kind])
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + damage + (b"" if cut else content[at + len(damage) :]))
    try:
        found = READERS[kind](path)
    except AuxiliaryError:
        return
    assert isinstance(found, type(CONTENTS[kind]))


def test_archives_are_read_in_place(reference_data: Path) -> None:
    (path,) = (reference_data / "gipp" / "S2A" / "GIP_SPAMOD").iterdir()
    found = read_auxiliary(path)
    assert found.name == f"{path}/{path.stem}.DBL"
