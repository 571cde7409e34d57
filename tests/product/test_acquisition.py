"""Documents from an acquisition's few facts: names, places and the nominal orbit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyproj
import pytest
from lxml import etree

from ipf.errors import ProductError
from ipf.product.acquisition import (
    centre_of,
    coordinate_system,
    footprint_of,
    l1c_documents,
    nominal_datastrip,
    product_of,
)
from ipf.product.bands import BAND_NAMES
from ipf.product.datastrip_reader import read_datastrip_metadata
from ipf.product.datastrip_writer import datastrip_xml
from ipf.product.documents import Documents
from ipf.product.metadata import XmlSection
from ipf.product.metadata_reader import read_product_metadata
from ipf.product.nominal_datastrip import satellite_ancillary_data
from ipf.product.nominal_radiometry import nominal_gains, nominal_radiometry, sun_distance_correction
from ipf.product.raster import Grid
from ipf.product.tile_reader import read_tile_metadata
from ipf.product.utc import UtcTime
from tests.product.documents import documents
from tests.product.products import small_acquisition

REAL_L1C = "products/S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE"
WHOLE_TILE = "Level-2A_User_Product__N05.11__*.xml"


def test_identifiers_follow_the_facts() -> None:
    made = l1c_documents(small_acquisition())
    assert made.product.uri == "S2A_MSIL1C_20221005T115411_N0400_R023_T29UNU_20221005T153022.SAFE"
    assert made.tile.identifier == "S2A_OPER_MSI_L1C_TL_ATOS_20221005T153022_A038058_T29UNU_N04.00"
    assert made.tile.datastrip_identifier == (
        "S2A_OPER_MSI_L1C_DS_ATOS_20221005T153022_S20221005T115407_N04.00"
    )
    assert made.granule == "GRANULE/L1C_T29UNU_A038058_20221005T115407"
    assert made.datastrip_folder == "DATASTRIP/DS_ATOS_20221005T153022_S20221005T115407"
    assert made.image_name("B02", 10) == "T29UNU_20221005T115411_B02_10m"
    assert made.product.datatake.identifier == "GS2A_20221005T115411_038058_N04.00"


def test_a_datastrip_can_be_made_for_a_real_product_without_one(reference_data: Path) -> None:
    product = read_product_metadata(reference_data / REAL_L1C / "MTD_MSIL1C.xml")
    tile = read_tile_metadata(next((reference_data / REAL_L1C).glob("GRANULE/*/MTD_TL.xml")))
    datastrip = nominal_datastrip(product, tile)
    assert Documents(product, datastrip, tile).checked().datastrip == datastrip
    assert str(datastrip.sensing_start) == "2022-01-25T15:23:41.000Z"
    assert datastrip.sensing_start < tile.sensing_time < datastrip.sensing_stop
    remade = product_of(tile, datastrip)
    assert remade.uri == product.uri
    assert remade.datatake == product.datatake
    assert remade.radiometry == product.radiometry
    assert remade.physical_gains == product.physical_gains
    assert remade.reference_band == product.reference_band
    assert remade.quality.cloud_coverage == pytest.approx(product.quality.cloud_coverage)


def test_a_datastrip_without_gains_makes_no_product() -> None:
    made = l1c_documents(small_acquisition())
    section = XmlSection("Sensor_Configuration", b"<Sensor_Configuration><broken>")
    with pytest.raises(ProductError, match="Sensor_Configuration:1: not well-formed"):
        product_of(made.tile, replace(made.datastrip, sensor_configuration=section))


def test_coordinate_systems_are_named_as_in_real_tiles(reference_data: Path) -> None:
    for path in documents(reference_data, "Tile_ID"):
        tile = read_tile_metadata(path)
        assert coordinate_system(tile.grid.epsg) == tile.coordinate_system
    with pytest.raises(ValueError, match="EPSG:4326 is not a UTM zone"):
        coordinate_system(4326)


def test_footprint_is_that_of_a_real_whole_tile(reference_data: Path) -> None:
    (path,) = (reference_data / "metadata").glob(WHOLE_TILE)
    real = read_product_metadata(path).footprint
    to_map = pyproj.Transformer.from_crs(4326, 32632)
    east, north = np.array([to_map.transform(*point) for point in real]).T
    grid = Grid(32632, round(east.min()), round(north.max()), 10, 10980, 10980)
    ours = footprint_of(grid)
    assert ours[0] == ours[-1]
    assert len(real) == len(ours)
    # Both rings go round the same corners, whichever comes first.
    for point in real:
        assert min(np.hypot(*np.subtract(point, corner)) for corner in ours) < 2e-4


@pytest.mark.parametrize("satellite", ["S2A", "S2B", "S2C"])
def test_radiometry_is_that_of_a_real_product(reference_data: Path, satellite: str) -> None:
    newest = {"S2A": "products/*L1C*T18LTM*/MTD_MSIL1C.xml", "S2B": f"metadata/{WHOLE_TILE}"}
    path = next(reference_data.glob(newest.get(satellite, "metadata/*N99.04*.xml")))
    real = read_product_metadata(path)
    ours = nominal_radiometry(satellite, real.datatake.sensing_start, "04.00")
    assert real.satellite == satellite
    assert ours.solar_irradiance == real.radiometry.solar_irradiance
    assert dict(ours.offsets) == dict(real.radiometry.offsets)
    assert ours.display_order == real.radiometry.display_order
    assert nominal_gains(satellite) == pytest.approx(dict(real.physical_gains), abs=1e-5)
    for band, real_band in zip(ours.spectral_bands, real.radiometry.spectral_bands, strict=True):
        assert (band.band, band.resolution) == (real_band.band, real_band.resolution)
        assert (band.minimum, band.maximum, band.central) == (
            real_band.minimum,
            real_band.maximum,
            real_band.central,
        )
        assert len(band.response) == len(real_band.response)


def test_an_unknown_satellite_has_no_nominal_radiometry() -> None:
    with pytest.raises(ValueError, match="no nominal radiometry of S2D"):
        l1c_documents(small_acquisition("05.11", "S2D"))


def test_sun_distance_is_that_of_real_products(reference_data: Path) -> None:
    for path in documents(reference_data, "User_Product"):
        real = read_product_metadata(path)
        ours = sun_distance_correction(real.datatake.sensing_start)
        assert ours == pytest.approx(real.radiometry.sun_distance_correction, abs=2e-10), path


def states(latitude: float, longitude: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions and velocities, and quaternions, once a second, thirty seconds before and after the place."""
    overpass = UtcTime.parse("2022-10-05T11:56:30Z")
    times = UtcTime.parse("2022-10-05T11:56:00Z"), UtcTime.parse("2022-10-05T11:57:00Z")
    root = etree.fromstring(satellite_ancillary_data(latitude, longitude, overpass, times, 18.0).content)

    def numbers(path: str) -> np.ndarray:
        return np.array([[float(word) for word in node.text.split()] for node in root.iterfind(path)])

    assert root.findtext(".//GPS_TIME") == "2022-10-05T11:56:18.000000"
    return (
        numbers(".//AOCS_Ephemeris/POSITION_VALUES"),
        numbers(".//AOCS_Ephemeris/VELOCITY_VALUES"),
        numbers(".//QUATERNION_VALUES"),
    )


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(52.7, -8.3), (-12.2, 282.7), (0.0, 180.0), (80.0, 20.0)]
)
def test_the_nominal_orbit_passes_above_the_place_going_south(latitude: float, longitude: float) -> None:
    positions, velocities, quaternions = states(latitude, longitude)
    assert positions.shape == velocities.shape == (61, 3)
    to_geographic = pyproj.Transformer.from_crs(4978, 4979, always_xy=True)
    below = np.array(to_geographic.transform(*positions.T)).T
    assert below[30, 1] == pytest.approx(latitude, abs=1e-6)
    assert (below[30, 0] - longitude + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    assert below[:, 2] == pytest.approx(786_000, abs=12_000)
    assert np.all(np.diff(below[:, 1]) < 0)
    assert np.diff(positions, axis=0) == pytest.approx((velocities[1:] + velocities[:-1]) / 2, abs=3)
    inertial = velocities + np.cross([0, 0, 7.292115e-5], positions)
    assert np.linalg.norm(inertial, axis=1) == pytest.approx(7465, rel=2e-3)
    normal = np.cross(positions, inertial)
    inclination = np.degrees(np.arccos(normal[:, 2] / np.linalg.norm(normal, axis=1)))
    assert inclination == pytest.approx(98.62, abs=0.2)
    assert np.linalg.norm(quaternions, axis=1) == pytest.approx(1)


def test_the_attitude_looks_down() -> None:
    positions, _, (quaternion, *_) = states(10.0, 20.0)
    x, y, z, w = quaternion
    down = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    assert down == pytest.approx(-positions[0] / np.linalg.norm(positions[0]), abs=1e-9)


def test_centre_lies_inside_the_footprint() -> None:
    grid = small_acquisition().grid
    latitude, longitude = centre_of(grid)
    ring = np.array(footprint_of(grid))
    assert ring[:, 0].min() < latitude < ring[:, 0].max()
    assert ring[:, 1].min() < longitude < ring[:, 1].max()


def test_the_datastrip_of_an_acquisition_is_read_back(tmp_path: Path) -> None:
    made = l1c_documents(small_acquisition()).datastrip
    path = tmp_path / "MTD_DS.xml"
    path.write_bytes(datastrip_xml(made))
    read = read_datastrip_metadata(path)
    sections = [name for name in made.__slots__ if isinstance(getattr(made, name), XmlSection)]
    assert len(sections) == 5
    for name in sections:
        assert squeezed(getattr(read, name)) == squeezed(getattr(made, name))
    assert replace(read, **{name: getattr(made, name) for name in sections}) == made
    assert list(made.radiometry.offsets) == list(BAND_NAMES)


def squeezed(section: XmlSection) -> str:
    return re.sub(r">\s+<", "><", section.content.decode())
