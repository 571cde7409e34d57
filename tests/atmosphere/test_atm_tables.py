"""Tables in Sen2Cor's layout: what is written from our table is read back and says what our table says."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ipf.atmosphere import atm_layout as layout
from ipf.atmosphere.atm_tables import AtmTables, load_atm_tables
from ipf.atmosphere.atm_tile import ReducedBand, coefficients_at, reduce_atm_to_tile
from ipf.atmosphere.atm_writer import write_atm_tables
from ipf.atmosphere.gases import GasModel
from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.table import Scattering, ScatteringTable
from ipf.atmosphere.tile import TileGeometry, path_airmass, path_reflectance, reduce_to_tile, two_way_gases
from ipf.errors import AuxiliaryError, ParameterError
from ipf.kernels.atmosphere import correct_lambertian, simulate_toa

IRRADIANCE = {
    "B01": 1884.69,
    "B02": 1959.66,
    "B03": 1823.24,
    "B04": 1512.06,
    "B05": 1424.64,
    "B06": 1287.61,
    "B07": 1162.08,
    "B08": 1041.63,
    "B8A": 955.32,
    "B09": 812.92,
    "B10": 367.15,
    "B11": 245.59,
    "B12": 85.25,
}
"""Solar irradiance of Sentinel-2A, W/(m² µm), as its product metadata state it."""
OZONE = 331
POINTS = 200


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, table: ScatteringTable, gases: GasModel) -> Path:
    """A set of tables of the summer profile with 331 Dobson units."""
    folder = tmp_path_factory.mktemp("lib_S2A")
    write_atm_tables(folder, table, gases, IRRADIANCE, "summer", OZONE)
    return folder


@pytest.fixture(scope="module")
def tables(library: Path) -> AtmTables:
    return load_atm_tables(library, "summer", 340.0)


@dataclasses.dataclass(frozen=True)
class Air:
    """A point of the atmosphere; visibility and elevation in km, water vapour in cm at sea level."""

    visibility: np.ndarray
    elevation: np.ndarray
    sun: np.ndarray
    view: np.ndarray
    azimuth: np.ndarray
    water: np.ndarray

    @property
    def aot(self) -> np.ndarray:
        return layout.aot_of_visibility(self.visibility, self.elevation)

    @property
    def arguments(self) -> tuple[np.ndarray, ...]:
        """As `AtmTables.evaluate` takes them, the aerosol first."""
        above = layout.water_above(self.water, self.elevation)
        return self.aot, self.elevation, self.sun, self.view, self.azimuth, above


def air(**given: float | np.ndarray) -> Air:
    """A point at nodes of all axes, but for what is given."""
    at_nodes = {
        "visibility": 23.0,
        "elevation": 0.0,
        "sun": 30.0,
        "view": 10.0,
        "azimuth": 60.0,
        "water": 2.0,
    }
    values = np.broadcast_arrays(*(np.asarray(given.get(name, value)) for name, value in at_nodes.items()))
    return Air(*(value.astype(np.float64) for value in values))


def scattering_of(table: ScatteringTable, band: str, point: Air) -> Scattering:
    pressure = pressure_at(point.elevation)
    return table.evaluate(band, point.aot, pressure, point.sun, point.view, point.azimuth)


def truth(
    table: ScatteringTable, gases: GasModel, band: str, point: Air
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Path reflectance, two-way transmittance and spherical albedo from our table, without the layout."""
    scattering = scattering_of(table, band, point)
    *_, above = point.arguments
    airmass = path_airmass(point.sun, point.view)
    whole, half = two_way_gases(gases, band, airmass, above, OZONE / 1000.0, pressure_at(point.elevation))
    two_way = scattering.transmittance_down * scattering.transmittance_up * whole.total
    return path_reflectance(scattering, whole, half), two_way, scattering.spherical_albedo


def read_out(tables: AtmTables, band: str, point: Air) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same from tables in Sen2Cor's layout."""
    values = tables.evaluate(band, *point.arguments)
    cosine = np.cos(np.deg2rad(point.sun))
    sun = IRRADIANCE[band] * 0.1 * cosine
    lit = (values.direct * cosine + values.diffuse) * (1.0 - 0.15 * values.spherical_albedo)
    return np.pi * values.path / sun, lit / sun, values.spherical_albedo


@pytest.mark.parametrize("band", sorted(IRRADIANCE))
def test_at_nodes_the_tables_say_what_ours_says(
    table: ScatteringTable, gases: GasModel, tables: AtmTables, band: str
) -> None:
    random = np.random.default_rng(7)
    nodes = {
        "visibility": layout.VISIBILITY,
        "elevation": layout.ELEVATION,
        "sun": layout.SOLAR_ZENITH,
        "view": np.array([0.0, 10.0]),
        "azimuth": layout.AZIMUTH,
        "water": np.array(layout.SEASONS["summer"].water) / 10.0,
    }
    given = {name: random.choice(values, POINTS) for name, values in nodes.items()}
    given["azimuth"] *= given["view"] > 0.0  # the layout has one value there, ours differ by their rounding
    point = air(**given)
    for found, expected in zip(read_out(tables, band, point), truth(table, gases, band, point), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("axis", "low", "high", "path", "transmittance"),
    [
        ("visibility", 5.0, 120.0, 0.0004, 0.006),
        ("elevation", 0.0, 2.5, 0.0002, 0.002),
        ("sun", 0.0, 50.0, 0.0013, 0.007),
        ("sun", 50.0, 70.0, 0.0020, 0.020),
        ("view", 0.0, 12.0, 0.0002, 0.002),
        ("azimuth", 0.0, 180.0, 0.0004, 1e-6),
        ("water", 0.4, 5.0, 0.0001, 0.004),
    ],
)
def test_between_nodes_the_difference_is_that_of_straight_lines(
    table: ScatteringTable,
    gases: GasModel,
    tables: AtmTables,
    axis: str,
    low: float,
    high: float,
    path: float,
    transmittance: float,
) -> None:
    """The nodes of the sun, 10 degrees apart, cost most: 2 % of the transmittance at 65 degrees."""
    point = air(**{axis: np.linspace(low, high, POINTS)})
    for band in ("B01", "B04", "B8A", "B09", "B12"):
        found, expected = read_out(tables, band, point), truth(table, gases, band, point)
        assert np.max(np.abs(found[0] - expected[0])) < path, band
        assert np.max(np.abs(found[1] / expected[1] - 1.0)) < transmittance, band
        assert np.max(np.abs(found[2] - expected[2])) < 0.001, band


def test_units_and_columns_agree_with_a_row_of_sen2cor(tables: AtmTables) -> None:
    """B02 of its Sentinel-2A table, summer, 2 cm, rural, 23 km, sun at 30 degrees, sea level: the other
    aerosol model and the scalar solution leave less than 10 %."""
    values = tables.evaluate("B02", *air(view=0.0).arguments)
    for name, expected in {
        "path": 4.354,
        "diffuse": 45.02,
        "direct": 89.31,
        "direct_up": 0.576,
        "diffuse_up": 0.285,
        "spherical_albedo": 0.1885,
    }.items():
        assert float(getattr(values, name)) == pytest.approx(expected, rel=0.1), name


def test_a_file_has_the_layout(library: Path, table: ScatteringTable, gases: GasModel) -> None:
    """Bytes, not our reader: big-endian, header, and the place of each kind of column."""
    path = library / "20_60" / "h99000_wv20_rura.atm"
    assert path.stat().st_size == 12 * 8 * 8 * 104 * 4 == layout.size_of("20_60")
    assert (library / "10" / path.name).stat().st_size == 4 * 8 * 8 * 104 * 4
    values = np.fromfile(path, ">f4").reshape(12, 8, 8, 104)
    np.testing.assert_array_equal(values[0, :, 0, 1], [5, 7, 10, 15, 23, 40, 80, 120])
    np.testing.assert_array_equal(values[5, 0, :, 0], [0, 10, 20, 30, 40, 50, 60, 70])
    band, visibility, sun, elevation = 7, 3, 4, 2  # B8A, 15 km, 40 degrees, 1 km
    row = values[band, visibility, sun, 2 + 17 * elevation : 2 + 17 * (elevation + 1)]
    upright = air(visibility=15.0, sun=40.0, elevation=1.0, view=0.0)
    tilted = air(visibility=15.0, sun=40.0, elevation=1.0, azimuth=layout.AZIMUTH)
    scale = IRRADIANCE["B8A"] * 0.1 * np.cos(np.deg2rad(40.0)) / np.pi
    assert row[0] == pytest.approx(float(truth(table, gases, "B8A", upright)[0]) * scale, rel=1e-6)
    np.testing.assert_allclose(row[10:], truth(table, gases, "B8A", tilted)[0] * scale, rtol=1e-6)
    scattering = scattering_of(table, "B8A", upright)
    assert row[5] == pytest.approx(float(scattering.spherical_albedo), rel=1e-6)
    assert row[3] / row[4] == pytest.approx(float(scattering.direct_up / scattering.diffuse_up), rel=1e-5)
    assert row[2] == pytest.approx(
        95.532 * row[3] ** (1 / np.cos(np.deg2rad(40))) * (row[3] + row[4]), rel=2e-3
    )
    aslant = scattering_of(table, "B8A", air(visibility=15.0, sun=40.0, elevation=1.0))
    assert row[8] / row[9] == pytest.approx(float(aslant.direct_up / aslant.diffuse_up), rel=1e-5)


def test_visibility_and_water_vapour_follow_the_relations_of_the_tables() -> None:
    visibility = np.array([5.0, 23.0, 40.0, 120.0])
    np.testing.assert_allclose(
        layout.aot_of_visibility(visibility, 0.0), [1.19, 0.3226, 0.201, 0.079], rtol=4e-3
    )
    height = np.array([0.0, 0.3, 1.9, 3.5])
    np.testing.assert_allclose(
        layout.visibility_of_aot(layout.aot_of_visibility(visibility, height), height), visibility, rtol=1e-12
    )
    assert layout.aot_of_visibility(23.0, 2.5) == pytest.approx(np.exp(0.92664 - 0.805663 * np.log(23.0)))
    np.testing.assert_allclose(layout.water_above(2001.0, [0, 1, 2, 3]), [2001, 1216, 705, 396], rtol=1e-12)
    assert 705 < layout.water_above(2001.0, 1.5) < 1216


def test_names_follow_season_ozone_and_aerosol() -> None:
    assert layout.file_name("summer", 250, 4, "continental") == "f99000_wv04_rura.atm"
    assert layout.file_name("winter", 377, 11, "maritime") == "w99000_wv11_mari.atm"
    assert layout.SEASONS["summer"].nearest_ozone(305.0) == 290
    assert layout.SEASONS["winter"].nearest_ozone(600.0) == 460
    for arguments in (("autumn", 250, 4, "rural"), ("winter", 331, 4, "rural"), ("winter", 330, 50, "rural")):
        with pytest.raises(ParameterError):
            layout.file_name(*arguments)
    with pytest.raises(ParameterError, match="aerosol 'desert': expected one of"):
        layout.file_name("summer", 331, 4, "desert")


@pytest.mark.parametrize(
    ("latitude", "day", "season"),
    [
        (45.0, date(2020, 4, 1), "summer"),
        (45.0, date(2020, 3, 31), "winter"),
        (45.0, date(2021, 9, 30), "summer"),
        (45.0, date(2021, 10, 1), "winter"),
        (-45.0, date(2021, 1, 1), "summer"),
        (-45.0, date(2021, 7, 1), "winter"),
        (-30.0, date(2021, 7, 1), "summer"),
        (29.9, date(2021, 1, 1), "summer"),
    ],
)
def test_the_season_follows_latitude_and_day(latitude: float, day: date, season: str) -> None:
    assert layout.season_of(latitude, day) == season


def test_aerosol_is_continued_in_clear_air_and_ends_in_haze(
    tables: AtmTables, table: ScatteringTable
) -> None:
    rest = air().arguments[1:]
    assert tables.evaluate("B02", 3.0, *rest) == tables.evaluate("B02", *air(visibility=5.0).arguments)
    at_end, clear, clearer = (
        tables.evaluate("B02", *arguments).path
        for arguments in (air(visibility=120.0).arguments, (0.04, *rest), (0.0, *rest))
    )
    assert clearer < clear < at_end
    ends = table.evaluate("B02", np.array([0.0, 0.0767]), 1013.25, 30.0, 10.0, 60.0).path_reflectance
    assert clearer / at_end == pytest.approx(ends[0] / ends[1], rel=0.02)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sun": 70.1}, "solar zenith"),
        ({"view": 15.1}, "view zenith"),
        ({"view": np.nan}, "view zenith"),
        ({"azimuth": np.inf}, "relative azimuth"),
        ({"elevation": 3.6}, "elevation"),
        ({"water": -1.0}, "water vapour: expected 0 or more"),
    ],
)
def test_what_lies_outside_is_refused(tables: AtmTables, given: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        tables.evaluate("B02", *air(**given).arguments)


def test_a_satellite_has_its_own_folder_in_the_library(tmp_path: Path) -> None:
    (tmp_path / "lib_S2B").mkdir()
    assert layout.library_of(tmp_path, "S2B") == tmp_path / "lib_S2B"
    assert layout.library_of(tmp_path, "S2A") == tmp_path


@pytest.fixture
def spoilt(library: Path, tmp_path: Path) -> Path:
    """A copy of the set, for a test to spoil."""
    for place in layout.BANDS:
        (tmp_path / place).mkdir()
        for path in (library / place).iterdir():
            (tmp_path / place / path.name).write_bytes(path.read_bytes())
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(AuxiliaryError) as caught:
        load_atm_tables(folder, "summer", OZONE)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_malformed_file_is_refused_by_name(spoilt: Path) -> None:
    path = spoilt / "10" / "h99000_wv29_rura.atm"
    good = path.read_bytes()
    path.write_bytes(good[:-4])
    assert refusal(spoilt) == f"{path}: 106492 bytes, expected 106496: 32-bit floats of shape (4, 8, 8, 104)"
    path.write_bytes(good + b"\0")
    assert refusal(spoilt).startswith(f"{path}: more than 106496 bytes")
    values = np.frombuffer(good, ">f4").reshape(4, 8, 8, 104).copy()
    values[3, 4, 2, 50] = np.nan
    path.write_bytes(values.tobytes())
    assert refusal(spoilt) == (
        f"{path}: band B08, visibility 23 km, solar zenith 20 degrees: column 50 is nan, "
        "expected a finite number"
    )
    path.write_bytes(np.frombuffer(good, ">f4").astype("<f4").tobytes())
    assert refusal(spoilt).startswith(
        f"{path}: band B02, visibility 5 km, solar zenith 0 degrees: begins with 0, "
    )
    path.unlink()
    message = refusal(spoilt)
    assert message.startswith(f"{path}: missing; expected in {spoilt}: 10/h99000_wv04_rura.atm, ")
    assert message.endswith("10/h99000_wv50_rura.atm")


def test_a_set_that_is_not_there_is_refused(library: Path) -> None:
    with pytest.raises(AuxiliaryError, match=r"20_60/f99000_wv04_rura\.atm: missing"):
        load_atm_tables(library, "summer", 200.0)
    with pytest.raises(AuxiliaryError, match=r"20_60/h99000_wv04_mari\.atm: missing"):
        load_atm_tables(library, "summer", OZONE, "maritime")
    with pytest.raises(ParameterError, match="season 'spring': expected one of summer, winter"):
        load_atm_tables(library, "spring", OZONE)


def geometry() -> TileGeometry:
    """Angles of a tile of 6 x 6 nodes, as they change over a real one."""
    sun, view = np.linspace(30.0, 31.0, 6)[:, np.newaxis], np.linspace(2.0, 10.0, 6)
    return TileGeometry(*np.broadcast_arrays(sun, view, np.full((6, 6), 60.0)), 20000.0)


@pytest.fixture(scope="module")
def reduced(tables: AtmTables) -> dict[str, ReducedBand]:
    return {
        band: reduce_atm_to_tile(tables, band, geometry(), [0.0, 1.3, 3.5], IRRADIANCE[band])
        for band in ("B02", "B8A", "B09", "B12")
    }


def test_a_reduced_band_holds_what_the_tables_say(tables: AtmTables, reduced: dict[str, ReducedBand]) -> None:
    """Every quantity at every node, one AOT and all water vapour, at three elevations."""
    band, grid, aot = reduced["B02"], geometry(), 20
    assert band.path_reflectance.shape == (3, 6, 6, 151, 6)
    cosine = np.cos(np.deg2rad(grid.solar_zenith))[..., np.newaxis]
    for level, elevation in enumerate((0.0, 1.3, 3.5)):
        values = tables.evaluate(
            "B02",
            aot * band.aot_step,
            elevation,
            *(
                angle[..., np.newaxis]
                for angle in (grid.solar_zenith, grid.view_zenith, grid.relative_azimuth)
            ),
            band.water[level],
        )
        sun = IRRADIANCE["B02"] * 0.1 * cosine
        lit = (values.direct * cosine + values.diffuse) * (1.0 - 0.15 * values.spherical_albedo)
        share = values.direct * cosine / lit
        for name, expected in {
            "path_reflectance": np.pi * values.path / sun,
            "transmittance": lit / sun,
            "direct_share": share,
            "circumsolar": share + (1.0 - share) * values.direct_up ** (1.0 / cosine),
            "diffuse_ratio": values.diffuse_up / values.direct_up,
            "spherical_albedo": values.spherical_albedo,
        }.items():
            np.testing.assert_allclose(
                getattr(band, name)[level, :, :, aot], expected, rtol=2e-5, err_msg=name
            )
    assert band.water[2] == pytest.approx(layout.water_above(tables.water, 3.5))


@pytest.mark.parametrize(
    ("band", "tolerance"), [("B02", 0.0008), ("B8A", 0.0006), ("B09", 0.001), ("B12", 0.0006)]
)
def test_the_kernels_correct_with_reduced_tables_as_with_ours(
    table: ScatteringTable, gases: GasModel, reduced: dict[str, ReducedBand], band: str, tolerance: float
) -> None:
    """Ground of reflectance 0.3 seen through our table, corrected with the reduced ones, at 0 and 1.3 km."""
    shape = (80, 80)
    aot = np.linspace(0.1, 0.7, 80, dtype=np.float32)[:, np.newaxis] + np.zeros(shape, np.float32)
    ground = np.full(shape, 0.3, np.float32)
    for level, elevation in ((0, 0.0), (1, 1.3)):
        least, most = (float(layout.water_above(column, elevation)) for column in (0.4, 5.0))
        water = np.linspace(least, most, 80, dtype=np.float32) + np.zeros(shape, np.float32)
        ours = reduce_to_tile(table, gases, band, geometry(), float(pressure_at(elevation)), OZONE / 1000.0)
        place = (3, 2, 1200.0)
        toa = simulate_toa(ground, aot, water, ours, *place)
        corrected = correct_lambertian(toa, aot, water, coefficients_at(reduced[band], level), *place)
        assert np.max(np.abs(corrected - ground)) < tolerance


def test_shares_of_the_light_are_those_of_our_table(
    table: ScatteringTable, gases: GasModel, reduced: dict[str, ReducedBand]
) -> None:
    """Direct light down and diffuse light up, at AOT from 0.1 to 1; water vapour takes from both in B09."""
    for band in ("B02", "B8A", "B12"):
        ours = reduce_to_tile(table, gases, band, geometry(), float(pressure_at(0.0)), OZONE / 1000.0)
        theirs = coefficients_at(reduced[band], 0)
        np.testing.assert_allclose(theirs.beam[..., 5:50], ours.beam[..., 5:50], atol=0.012, err_msg=band)
        np.testing.assert_allclose(
            theirs.scattered[..., 5:50], ours.scattered[..., 5:50], atol=0.01, err_msg=band
        )


def test_a_tile_outside_the_tables_is_refused(tables: AtmTables) -> None:
    grid = geometry()
    low_sun = dataclasses.replace(grid, solar_zenith=grid.solar_zenith + 45.0)
    with pytest.raises(ParameterError, match="solar zenith"):
        reduce_atm_to_tile(tables, "B02", low_sun, [0.0], 1960.0)
    with pytest.raises(ParameterError, match="elevation"):
        reduce_atm_to_tile(tables, "B02", grid, [4.0], 1960.0)
    with pytest.raises(ParameterError, match="irradiance of B02: 0"):
        reduce_atm_to_tile(tables, "B02", grid, [0.0], 0.0)
    with pytest.raises(ParameterError, match="band 'B13' is not in the tables"):
        reduce_atm_to_tile(tables, "B13", grid, [0.0], 1960.0)
    one = TileGeometry(*(np.zeros((1, 5)),) * 3)
    with pytest.raises(ParameterError, match="at least 2 x 2 nodes"):
        reduce_atm_to_tile(tables, "B02", one, [0.0], 1960.0)
