"""Atmosphere over a tile from embedded GRIB files, against what the official processor wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from ipf.auxiliary.meteorology import (
    CAMS_WAVELENGTHS,
    KILOGRAMS_PER_CM_ATM,
    Meteorology,
    read_meteorology,
)
from ipf.errors import AuxiliaryError

# Corners of tile T29UNU, degrees.
LATITUDE, LONGITUDE = np.meshgrid(np.linspace(53.24, 52.25, 12), np.linspace(-8.9, -7.4, 12), indexing="ij")


@pytest.fixture
def level2a(reference_data: Path) -> Path:
    (folder,) = (reference_data / "products").glob("*T29UNU*")
    return folder


@pytest.fixture
def meteorology(level2a: Path) -> Meteorology:
    return read_meteorology(sorted(level2a.glob("GRANULE/*/AUX_DATA/AUX_*")))


def test_ozone_is_the_value_that_the_official_product_states(meteorology: Meteorology, level2a: Path):
    content = etree.parse(level2a / "MTD_MSIL2A.xml")
    assert content.findtext(".//OZONE_SOURCE") == "AUX_ECMWFT"
    stated = float(content.findtext(".//OZONE_VALUE")) / 1000
    grid = meteorology.field("tco3")
    ours = meteorology.ozone_cm_atm(grid.latitude[:, None], grid.longitude).mean()
    # The official processor's conversion factor differs from ours by 0.06 %.
    assert ours == pytest.approx(stated, rel=1e-3)


def test_ozone_conversion_from_first_principles():
    loschmidt, avogadro, molar_mass = 2.686780111e25, 6.02214076e23, 47.9982e-3
    # 1 cm-atm is a layer of 1 cm of pure gas under standard conditions.
    assert pytest.approx(loschmidt * 0.01 / avogadro * molar_mass, rel=1e-4) == KILOGRAMS_PER_CM_ATM


def test_water_vapour_and_aerosol_are_plausible_beside_the_official_retrieval(
    meteorology: Meteorology, level2a: Path
):
    content = etree.parse(level2a / "MTD_MSIL2A.xml")
    water = meteorology.water_vapour_cm(LATITUDE, LONGITUDE).mean()
    assert water == pytest.approx(float(content.findtext(".//GRANULE_MEAN_WV")), rel=0.3)
    thickness = [
        meteorology.aerosol_optical_thickness(LATITUDE, LONGITUDE, wavelength).mean()
        for wavelength in CAMS_WAVELENGTHS
    ]
    assert thickness == sorted(thickness, reverse=True)
    species = [
        meteorology.field(f"{kind}aod550").at(LATITUDE, LONGITUDE).mean()
        for kind in ("ss", "du", "om", "bc", "su")
    ]
    assert sum(species) == pytest.approx(thickness[1], rel=0.01)


def test_surface_pressure_follows_the_standard_atmosphere(meteorology: Meteorology):
    sea_level = meteorology.sea_level_pressure_hpa(52.7, -8.0)
    assert 950 < sea_level < 1060
    # ICAO Doc 7488: 1013.25 hPa at 0 m, 898.746 hPa at 1000 m, 540.199 hPa at 5000 m.
    for elevation, standard in ((0.0, 1013.25), (1000.0, 898.746), (5000.0, 540.199)):
        ours = meteorology.surface_pressure_hpa(52.7, -8.0, elevation)
        assert ours / sea_level == pytest.approx(standard / 1013.25, rel=1e-5)


def test_older_products_have_no_aerosol(reference_data: Path):
    files = sorted(reference_data.glob("l1c_metadata/*T55JEJ*/GRANULE/*/AUX_DATA/AUX_*"))
    meteorology = read_meteorology(files)
    assert sorted(meteorology.fields) == ["msl", "tco3", "tcwv"]
    with pytest.raises(AuxiliaryError, match=r"AUX_ECMWFT: no field aod550; there are msl, tco3, tcwv"):
        meteorology.aerosol_optical_thickness(-28.5, 147.5)


def test_a_field_that_does_not_reach_the_tile_names_its_file(meteorology: Meteorology):
    with pytest.raises(
        AuxiliaryError, match=r"AUX_CAMSFO: GRIB field aod550: longitude 12\.5 to 13 is outside"
    ):
        meteorology.aerosol_optical_thickness(52.7, [12.5, 13.0])
    with pytest.raises(
        AuxiliaryError, match=r"AUX_ECMWFT: GRIB field msl: latitude -52\.7 to -52\.7 is outside"
    ):
        meteorology.surface_pressure_hpa(-52.7, -8.0, 0.0)


def test_valid_time_is_the_acquisition(meteorology: Meteorology):
    # The tile was seen at 11:56:49; the fields are given for the minute at which the datastrip starts.
    assert f"{meteorology.valid_time:%Y-%m-%dT%H:%M}" == "2022-10-05T11:54"


def test_one_field_from_two_files_is_an_error(meteorology: Meteorology, level2a: Path):
    (path,) = level2a.glob("GRANULE/*/AUX_DATA/AUX_ECMWFT")
    with pytest.raises(AuxiliaryError, match="field tcwv is also in"):
        read_meteorology([path, path])
