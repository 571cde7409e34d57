"""Surface reflectance of slopes, beside bright ground, on mountains and below cirrus: traced forward here.

The truth is made in double precision from direct evaluations of the look-up table, with formulae written out
anew; what is tested is their inversion on blocks, levels and pixel sizes. Heights change along rows only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from ipf_plugins.atmospheric.atmosphere_model import LEVELS
from ipf_plugins.atmospheric.cirrus import CirrusModel
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.look_up_tables import VectorTables
from ipf_plugins.atmospheric.surface_reflectance import SurfaceReflectanceParameters, surface_reflectance
from scipy.ndimage import uniform_filter

from ipf.atmosphere.profile import pressure_at
from ipf.atmosphere.tile import path_airmass, path_reflectance
from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.kernels.classification import CLOUD_HIGH, VEGETATION
from ipf.product.angles import Direction
from ipf.product.bands import BY_NAME
from ipf.product.raster import Grid, Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres

SUN, VIEW = Direction(48.0, 150.0), Direction(6.0, 100.0)
AOT, WATER, OZONE = 0.3, 1.5, 0.33
SIDE_M = 6000
USED = ElevationModel("test", True, 0.0)
FLAT = ElevationModel("NONE", False, 0.0)
NO_NEIGHBOURS = SurfaceReflectanceParameters(adjacency_range_m=0.0)

Image = np.ndarray


@dataclass(frozen=True)
class Ground:
    """Reflectance, light and place of every 20 m pixel."""

    reflectance: Image
    elevation: Image
    illumination: Image
    sky_view: Image


def grid(resolution: int = 20) -> Grid:
    return replace(atmospheres.GRID, rows=SIDE_M // 10, columns=SIDE_M // 10).at(resolution)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def level(reflectance: Image | float, elevation: Image | float = 0.0) -> Ground:
    whole = np.ones(grid().shape)
    return Ground(reflectance * whole, elevation * whole, np.cos(np.deg2rad(SUN.zenith)) * whole, whole)


def seen_from_space(
    ground: Ground, band: str, around: Image | None = None, around_slopes: Image | None = None
) -> Image:
    """Reflectance at the top of the atmosphere; `around` is that of the surroundings, the pixel's own if
    None."""
    model = atmospheres.model(atmospheres.constant_angles(SUN, VIEW), atmospheres.stated(ozone=OZONE))
    tables = model.tables
    assert isinstance(tables, VectorTables)
    table = tables.tables["continental"]
    heights = ground.elevation[:1] if np.ptp(ground.elevation) else ground.elevation[:1, :1]
    pressure = np.clip(pressure_at(heights / 1000.0), 550.0, 1070.0)
    azimuth = SUN.azimuth - VIEW.azimuth
    air = table.evaluate(band, AOT, pressure, SUN.zenith, VIEW.zenith, azimuth)
    airmass = path_airmass(SUN.zenith, VIEW.zenith)
    whole, half = (tables.gases.transmittance(band, airmass, w, OZONE, pressure) for w in (WATER, WATER / 2))
    direct, diffuse = air.direct_down, air.diffuse_down
    circumsolar = direct
    incidence = ground.illumination / np.cos(np.deg2rad(SUN.zenith))
    light = direct * incidence + diffuse * (circumsolar * incidence + (1 - circumsolar) * ground.sky_view)
    total = air.transmittance_down
    if around_slopes is not None:
        light = light + total * around_slopes * (1 - ground.sky_view)
    if around is None:
        bounced = 1 / (1 - air.spherical_albedo * ground.reflectance)
        up = light * ground.reflectance * air.transmittance_up
    else:
        bounced = 1 / (1 - air.spherical_albedo * around)
        up = light * ground.reflectance * air.direct_up + total * around * air.diffuse_up
    seen = path_reflectance(air, whole, half) + whole.total * bounced * up
    return np.array(np.broadcast_to(seen, ground.reflectance.shape))


def counts(values: Image, layer: str, scale: float, offset: float = 0.0, dtype: type = np.uint16) -> Raster:
    resolution = SIDE_M // values.shape[0]
    stored = np.rint(values / scale - offset).astype(dtype)
    return raster_of_array(layer, grid(resolution), stored, "1", scale, offset)


def case(
    toa: Image,
    band: str,
    ground: Ground,
    elevation_model: ElevationModel,
    parameters: SurfaceReflectanceParameters,
    cirrus: float = 0.0,
    class_number: Image | int = VEGETATION,
) -> StepCase:
    whole = np.ones(grid().shape)
    state = atmospheres.stated(ozone=OZONE)
    model = atmospheres.model(atmospheres.constant_angles(SUN, VIEW), state)
    if elevation_model.used:
        model = replace(model, levels=LEVELS)
    veil = np.full(grid(60).shape, cirrus)
    classes = (class_number * whole).astype(np.uint8)
    return StepCase(
        surface_reflectance,
        quantities={
            "toa_reflectance": {
                band: counts(toa, f"toa_reflectance/{band}", 1e-4, -1000.0),
                "B10": counts(veil, "toa_reflectance/B10", 1e-4, -1000.0),
            },
            "aerosol_optical_thickness": {"": counts(AOT * whole, "aerosol_optical_thickness", 1e-3)},
            "water_vapour": {"": counts(WATER * whole, "water_vapour", 1e-3)},
            "elevation": {"": counts(ground.elevation, "elevation", 0.2, dtype=np.int16)},
            "illumination": {"": counts(ground.illumination, "illumination", 2e-5)},
            "sky_view": {"": counts(ground.sky_view, "sky_view", 1 / 250, dtype=np.uint8)},
            "scene_classification": {
                "": raster_of_array("scene_classification", grid(), classes, "class", nodata=0)
            },
        },
        models={
            "atmosphere_model": model,
            "elevation_model": elevation_model,
            "cirrus_model": CirrusModel(0.8 if cirrus else None),
        },
        parameters=parameters,
    )


def corrected(case: StepCase, band: str) -> Image:
    layer = run_step(case).layers[f"surface_reflectance/{band}"]
    return (layer.astype(np.float64) - 1000) / 10000


def on_band_pixels(values: Image, band: str) -> Image:
    """A 20 m image on the pixels of a finer band."""
    factor = 20 // BY_NAME[band].resolution
    return np.kron(values, np.ones((factor, factor)))


@pytest.mark.parametrize("band", ["B02", "B8A", "B12"])
def test_slopes_come_back_as_bright_as_they_are(band: str) -> None:
    shape = grid().shape
    sky = np.round(rng().uniform(0.7, 1.0, shape) * 250) / 250
    ground = Ground(rng().uniform(0.02, 0.5, shape), np.zeros(shape), rng().uniform(0.25, 0.99, shape), sky)
    flat = case(np.zeros(shape), band, ground, FLAT, NO_NEIGHBOURS)
    opposite = np.zeros(shape)
    for _ in range(4):  # opposite slopes look as bright as the scene does on the mean, their light included
        toa = on_band_pixels(seen_from_space(ground, band, around_slopes=opposite), band)
        flat = case(toa, band, ground, FLAT, NO_NEIGHBOURS)
        opposite = np.full(shape, corrected(flat, band).mean())
    parameters = SurfaceReflectanceParameters(adjacency_range_m=0.0, irradiance_minimum=0.05)
    found = corrected(case(toa, band, ground, USED, parameters), band)
    truth = on_band_pixels(ground.reflectance, band)
    assert np.abs(found - truth).mean() < 0.0015
    assert np.percentile(np.abs(found - truth), 99) < 0.006
    assert np.abs(corrected(flat, band) - truth).mean() > 0.02


@pytest.mark.parametrize("band", ["B02", "B8A"])
def test_light_of_opposite_slopes_is_taken_into_account(band: str) -> None:
    """Uniform slopes in a valley: the surroundings are the pixel itself, in light and in reflectance."""
    shape = grid().shape
    valley = Ground(
        np.full(shape, 0.3),
        np.zeros(shape),
        np.full(shape, np.cos(np.deg2rad(SUN.zenith))),
        np.full(shape, 0.8),
    )
    toa = seen_from_space(valley, band, around_slopes=valley.reflectance)
    size = BY_NAME[band].resolution
    toa = np.kron(toa, np.ones((20 // size,) * 2))
    found = corrected(case(toa, band, valley, USED, NO_NEIGHBOURS), band)
    assert found == pytest.approx(0.3, abs=0.004)


@pytest.mark.parametrize("band", ["B02", "B05", "B01"])
def test_light_of_bright_neighbours_is_taken_away(band: str) -> None:
    """A dark square of 600 m in bright ground."""
    size = BY_NAME[band].resolution
    truth = np.full(grid().shape, 0.45)
    truth[135:165, 135:165] = 0.02
    reach = 2 * round(1000 / 60) + 1
    around = uniform_filter(truth, reach * 3, mode="nearest")
    toa = seen_from_space(level(truth), band, around)
    toa = toa[1::3, 1::3] if size == 60 else on_band_pixels(toa, band)
    middle = (slice(47 * 60 // size, 53 * 60 // size),) * 2
    with_correction = corrected(case(toa, band, level(truth), FLAT, SurfaceReflectanceParameters()), band)
    without = corrected(case(toa, band, level(truth), FLAT, NO_NEIGHBOURS), band)
    assert with_correction[middle] == pytest.approx(0.02, abs=0.003)
    assert without[middle].mean() > 0.02 + 0.01
    far = (slice(15 * 60 // size, 20 * 60 // size),) * 2
    assert with_correction[far] == pytest.approx(0.45, abs=0.003)


def test_clouds_do_not_darken_what_lies_beside_them() -> None:
    truth = np.full(grid().shape, 0.1)
    cloudy = np.zeros(grid().shape, np.bool_)
    cloudy[99:159, 99:159] = True  # whole pixels of 60 m
    toa = seen_from_space(level(np.where(cloudy, 0.8, truth)), "B8A")
    seen = case(
        toa,
        "B8A",
        level(truth),
        FLAT,
        SurfaceReflectanceParameters(),
        class_number=np.where(cloudy, CLOUD_HIGH, VEGETATION),
    )
    found = corrected(seen, "B8A")
    assert found[~cloudy] == pytest.approx(0.1, abs=3e-4)
    overcast = case(toa, "B8A", level(truth), FLAT, SurfaceReflectanceParameters(), class_number=CLOUD_HIGH)
    alone = case(toa, "B8A", level(truth), FLAT, NO_NEIGHBOURS, class_number=CLOUD_HIGH)
    edge = uniform_filter(cloudy.astype(float), 7) % 1.0 > 0.0  # own brightness is known per 60 m only
    among_clouds, by_itself = corrected(overcast, "B8A"), corrected(alone, "B8A")
    assert among_clouds[~edge] == pytest.approx(by_itself[~edge], abs=5e-4)


@pytest.mark.parametrize("band", ["B01", "B02", "B12"])
def test_high_ground_has_less_air_above_it(band: str) -> None:
    heights = np.linspace(-400.0, 4400.0, grid().columns) * np.ones(grid().shape)
    ground = level(0.1, heights)
    size = BY_NAME[band].resolution
    toa = seen_from_space(ground, band)
    toa = toa[:: size // 20, 1 :: size // 20] if size > 20 else np.kron(toa, np.ones((20 // size,) * 2))
    found = corrected(case(toa, band, ground, USED, NO_NEIGHBOURS), band)
    assert found == pytest.approx(0.1, abs=0.0012)


@pytest.mark.parametrize("band", ["B03", "B11", "B09"])
def test_cirrus_is_taken_away(band: str) -> None:
    size = BY_NAME[band].resolution
    truth = rng().uniform(0.05, 0.3, grid(60).shape).repeat(3, 0).repeat(3, 1)
    toa = seen_from_space(level(truth), band)
    toa = toa[::3, ::3] if size == 60 else np.kron(toa, np.ones((20 // size,) * 2))
    veil = 0.02 / (0.8 * (2.0 if band == "B11" else 1.0))
    found = corrected(case(toa + veil, band, level(truth), FLAT, NO_NEIGHBOURS, cirrus=0.02), band)
    expected = corrected(case(toa, band, level(truth), FLAT, NO_NEIGHBOURS), band)
    assert found == pytest.approx(expected, abs=4e-4 if band != "B09" else 2e-3)


def test_grazing_light_is_corrected_where_asked() -> None:
    shape = grid().shape
    lit = np.full(shape, np.cos(np.deg2rad(SUN.zenith)))
    lit[:, 100:] = np.cos(np.deg2rad(75.0))
    ground = Ground(np.full(shape, 0.3), np.zeros(shape), lit, np.ones(shape))
    toa = seen_from_space(ground, "B8A")
    plain = corrected(case(toa, "B8A", ground, USED, NO_NEIGHBOURS), "B8A")
    chosen = SurfaceReflectanceParameters(adjacency_range_m=0.0, brdf=12)
    dimmed = corrected(case(toa, "B8A", ground, USED, chosen), "B8A")
    expected = np.cos(np.deg2rad(75.0)) / np.cos(np.deg2rad(SUN.zenith + 15.0))
    assert np.array_equal(dimmed[:, :90], plain[:, :90])
    assert dimmed[:, 110:] / plain[:, 110:] == pytest.approx(expected, abs=2e-3)


def corner(whole: StepCase, side_m: int = 540) -> StepCase:
    """The upper-left corner of a case, for tests of many small blocks."""

    def cut(raster: Raster) -> Raster:
        size = side_m // raster.grid.resolution
        part = np.ascontiguousarray(raster.read_all()[:size, :size])
        place = replace(raster.grid, rows=size, columns=size)
        return raster_of_array(raster.layer, place, part, "1", raster.scale, raster.offset, raster.nodata)

    quantities = {
        name: {band: cut(raster) for band, raster in rasters.items()}
        for name, rasters in whole.quantities.items()
    }
    return replace(whole, quantities=quantities)


@pytest.mark.parametrize("band", ["B02", "B09"])
def test_the_step_keeps_the_contract_on_slopes(band: str) -> None:
    shape, size = grid().shape, BY_NAME[band].resolution
    ground = Ground(
        rng().uniform(0.02, 0.5, shape),
        rng().uniform(0.0, 3000.0, shape),
        rng().uniform(0.0, 0.99, shape),
        np.round(rng().uniform(0.7, 1.0, shape) * 250) / 250,
    )
    toa = rng().uniform(0.1, 0.4, grid(size).shape)
    parameters = SurfaceReflectanceParameters(brdf=11)
    check_contract(corner(case(toa, band, ground, USED, parameters, cirrus=0.01)))
