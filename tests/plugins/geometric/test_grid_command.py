"""``ipf grid``: the files that Sen2VM makes of the same configurations, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from osgeo import gdal

from tests.cli.programs import Called, call
from tests.geometry.madeira import ground_distance


@pytest.fixture
def madeira(reference_data: Path) -> Path:
    return reference_data / "geometry_madeira"


def options(madeira: Path, **more: Path) -> list[str | Path]:
    """Options that name the files of Madeira, in place of Sen2VM's own paths."""
    (geoid,), (iers,) = (madeira / "DEM_GEOID").glob("*.gtx"), (madeira / "IERS").iterdir()
    places = {
        "l1b": madeira,
        "gipp": madeira / "GIPP",
        "dem": madeira / "DEM_SRTM",
        "geoid": geoid,
        "iers": iers,
    }
    return [part for name, place in {**places, **more}.items() for part in (f"--{name}", place)]


def make(madeira: Path, out: Path, operation: str, *arguments: str | Path, **more: Path) -> Called:
    configuration = madeira / f"configuration_TDS1_{operation}.json"
    return call("ipf", "grid", configuration, "--out", out, *options(madeira, **more), *arguments)


def values(path: Path) -> npt.NDArray[np.float64]:
    dataset = gdal.OpenEx(str(path), gdal.OF_RASTER)
    assert dataset.GetRasterBand(1).DataType == gdal.GDT_Float64
    return np.asarray(dataset.ReadAsArray())


def transform(path: Path) -> tuple[float, ...]:
    return tuple(gdal.OpenEx(str(path), gdal.OF_RASTER).GetGeoTransform())


def test_direct_grids_are_those_of_sen2vm(madeira: Path, tmp_path: Path) -> None:
    called = make(madeira, tmp_path, "direct", "--detectors", "01,11", "--bands", "B02,B12,B01")
    assert called.code == 0, called.stderr
    reference = madeira / "reference" / "direct"
    expected = {
        path.name
        for path in reference.iterdir()
        if path.stem.rsplit("_", 2)[1] in ("D01", "D11") and path.stem[-3:] in ("B02", "B12", "B01")
    }
    assert {path.name for path in tmp_path.iterdir()} == expected
    distances = []
    for name in sorted(expected):
        ours, theirs = values(tmp_path / name), values(reference / name)
        assert ours.shape == theirs.shape
        assert transform(tmp_path / name) == transform(reference / name)
        distances.append(ground_distance(*ours[:2], *theirs[:2]).ravel())
        assert np.max(np.abs(ours[2] - theirs[2])) < 0.1
    found = np.concatenate(distances)
    # The gates of the sensor model, for another source of the Earth's orientation: 8 cm at the equator.
    assert float(np.sqrt(np.mean(found**2))) < 0.1
    assert float(np.max(found)) < 0.3


def test_inverse_grids_are_those_of_sen2vm(madeira: Path, tmp_path: Path) -> None:
    called = make(madeira, tmp_path, "inverse", "--detectors", "5,07", "--bands", "B02,B12,B01")
    assert called.code == 0, called.stderr
    differences = []
    assert len(list(tmp_path.iterdir())) == 6
    for path in tmp_path.iterdir():
        theirs, ours = values(madeira / "reference" / "inverse" / path.name), values(path)
        assert ours.shape == theirs.shape
        assert transform(path) == transform(madeira / "reference" / "inverse" / path.name)
        both = np.isfinite(theirs) & np.isfinite(ours)
        assert np.sum(np.isfinite(theirs) != np.isfinite(ours)) <= 2
        differences.append(np.abs(ours - theirs)[both])
    found = np.concatenate(differences)
    assert len(found) > 100
    assert float(np.median(found)) < 0.02
    assert float(np.max(found)) < 0.6


def configuration(madeira: Path, folder: Path, **changes: Any) -> Path:
    content = json.loads((madeira / "configuration_TDS1_inverse.json").read_text())
    content.update(changes)
    path = folder / "configuration.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"operation": "both"}, "operation"),
        ({"colour": "red"}, "colour"),
        ({"steps": {"10m_bands": 0, "20m_bands": 1, "60m_bands": 1}}, "steps.10m_bands"),
        ({"inverse_location_additional_info": None}, "inverse_location_additional_info"),
    ],
)
def test_bad_configurations_name_the_field(
    madeira: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = configuration(madeira, tmp_path, **changes)
    called = call("ipf", "grid", path, "--out", tmp_path / "out", *options(madeira))
    assert called.code >= 128
    assert str(path) in called.error
    assert message in called.error
    assert not (tmp_path / "out").exists()


def test_text_that_is_no_configuration(madeira: Path, tmp_path: Path) -> None:
    path = tmp_path / "configuration.json"
    for text in ("", "[]", "{", "nonsense", "[" * 5000):
        path.write_text(text)
        called = call("ipf", "grid", path, "--out", tmp_path / "out", *options(madeira))
        assert called.code >= 128
        assert str(path) in called.error


def test_paths_that_are_not_there_are_named(madeira: Path, tmp_path: Path) -> None:
    called = call(
        "ipf", "grid", madeira / "configuration_TDS1_direct.json", "--out", tmp_path / "out", "--l1b", madeira
    )
    assert called.code >= 128
    assert "gipp_folder: src/test/resources/tests/input/TDS1/inputs/GIPP does not exist" in called.error


def test_instrument_files_of_another_satellite(madeira: Path, reference_data: Path, tmp_path: Path) -> None:
    called = make(madeira, tmp_path / "out", "direct", gipp=reference_data / "gipp" / "S2B")
    assert called.code >= 128
    assert "S2A" in called.error


@pytest.mark.parametrize(("option", "text"), [("--bands", "B02,B13"), ("--detectors", "01,13")])
def test_unknown_bands_and_detectors(madeira: Path, tmp_path: Path, option: str, text: str) -> None:
    called = make(madeira, tmp_path / "out", "direct", option, text)
    assert called.code >= 128
    assert "13" in called.error
