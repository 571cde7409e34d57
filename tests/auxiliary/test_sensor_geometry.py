"""The geometry of an acquisition, gathered from the real datastrip of Madeira and the files it names."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ipf.auxiliary.sensor_geometry import read_sensor_geometry
from ipf.errors import AuxiliaryError
from ipf.geometry.acquisition import Mounting


@pytest.fixture
def datastrip(reference_data: Path) -> Path:
    (folder,) = (reference_data / "geometry_madeira" / "DATASTRIP").iterdir()
    return folder


@pytest.fixture
def gipp(reference_data: Path) -> Path:
    return reference_data / "geometry_madeira" / "GIPP"


def test_all_bands_and_detectors(datastrip: Path, gipp: Path) -> None:
    geometry = read_sensor_geometry(datastrip, gipp)
    assert geometry.satellite == "S2A"
    assert geometry.viewing.keys() == geometry.datation.first_line.keys()
    assert len(geometry.viewing) == 156
    assert geometry.viewing["B03", 1].tan_psi_x[0] == -0.185134560537  # the list for APPLIED
    assert {len(part.tan_psi_x) for key, part in geometry.viewing.items() if key[0] == "B09"} == {425}
    assert geometry.mounting == Mounting(-0.0292e-3, -0.9626e-3, -0.0224e-3)
    assert geometry.refining is not None
    assert read_sensor_geometry(datastrip, gipp, refining=False).refining is None


def test_a_bulletin_replaces_what_the_datastrip_states(
    reference_data: Path, datastrip: Path, gipp: Path
) -> None:
    (bulletin,) = (reference_data / "geometry_madeira" / "IERS").iterdir()
    stated = read_sensor_geometry(datastrip, gipp).earth
    replaced = read_sensor_geometry(datastrip, gipp, bulletin).earth
    assert stated != replaced
    # Turned Earth: 465 m/s at the equator, 0.2 ms; pole: 31 m an arc second.
    assert replaced.ut1_minus_utc == pytest.approx(stated.ut1_minus_utc, abs=3e-4)
    assert replaced.pole_y == pytest.approx(stated.pole_y, abs=2e-3)
    (late,) = (reference_data / "gipp" / "S2B_datation_iers").glob("*UT1UTC*")
    with pytest.raises(AuxiliaryError, match="IERS bulletin out of date"):
        read_sensor_geometry(datastrip, gipp, late)


def test_files_that_are_named_win_over_those_of_the_date(
    reference_data: Path, datastrip: Path, gipp: Path, tmp_path: Path
) -> None:
    both = [reference_data / "gipp", gipp]
    geometry, expected = read_sensor_geometry(datastrip, both), read_sensor_geometry(datastrip, gipp)
    assert geometry.mounting == expected.mounting
    assert all(
        (geometry.viewing[key].tan_psi_x == expected.viewing[key].tan_psi_x).all() for key in expected.viewing
    )
    # Without them, those of the date do; the only other SPAMOD is of 2025.
    with pytest.raises(AuxiliaryError, match=r"no GIP_SPAMOD of S2A valid at 2020-08-16.*out of validity"):
        read_sensor_geometry(datastrip, reference_data / "gipp")
    other = read_sensor_geometry(datastrip, reference_data / "gipp", any_date=True)
    assert other.mounting != expected.mounting


def test_files_of_the_wrong_satellite(
    reference_data: Path, datastrip: Path, gipp: Path, tmp_path: Path
) -> None:
    with pytest.raises(AuxiliaryError, match="wrong satellite"):
        read_sensor_geometry(datastrip, reference_data / "gipp" / "S2B")
    for file in gipp.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    (model,) = tmp_path.glob("*SPAMOD*")
    model.write_text(model.read_text().replace("<SATELLITE>S2A", "<SATELLITE>S2B"))
    with pytest.raises(AuxiliaryError, match="SATELLITE is S2B, wrong satellite: expected S2A"):
        read_sensor_geometry(datastrip, tmp_path)


def test_absent_files_are_told(datastrip: Path, gipp: Path, tmp_path: Path) -> None:
    with pytest.raises(AuxiliaryError, match="no parameter files"):
        read_sensor_geometry(datastrip, tmp_path)
    for file in gipp.iterdir():
        if "B8A" not in file.name:
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(AuxiliaryError, match="no GIP_VIEDIR of S2A for B8A"):
        read_sensor_geometry(datastrip, tmp_path)


def test_focal_planes_and_detectors_are_turned(datastrip: Path, gipp: Path, tmp_path: Path) -> None:
    folder = tmp_path / "GIPP"
    shutil.copytree(gipp, folder)
    (path,) = folder.glob("*SPAMOD*")
    text = path.read_text()
    plane = text.index("<MSI_TO_SWIR>")
    turned_swir = text[plane:].replace('unit="mrad">0.0</R2>', 'unit="mrad">0.0039</R2>', 1)
    path.write_text(text[:plane] + turned_swir)
    geometry, before = read_sensor_geometry(datastrip, folder), read_sensor_geometry(datastrip, gipp)
    unchanged = geometry.viewing["B02", 3].tan_psi_y - before.viewing["B02", 3].tan_psi_y
    assert not np.any(unchanged)
    change = geometry.viewing["B11", 3].tan_psi_y - before.viewing["B11", 3].tan_psi_y
    # About y by a small angle, taken negative as that of the instrument: x changes by it, 3 m on the ground.
    assert np.allclose(change, -3.9e-6, atol=2e-7)
    assert geometry.mounting == before.mounting
