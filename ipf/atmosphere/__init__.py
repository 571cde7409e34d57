"""The atmosphere: scattering look-up table, gas absorption model, both reduced to one band of one tile."""

from ipf.atmosphere.gases import GasModel, GasTransmittance, load_gas_model
from ipf.atmosphere.profile import ozone_above, pressure_at, water_vapour_above
from ipf.atmosphere.storage import load_scattering_table
from ipf.atmosphere.table import Scattering, ScatteringTable
from ipf.atmosphere.tile import TileGeometry, path_airmass, path_reflectance, reduce_to_tile
from ipf.kernels.atmosphere import BandCoefficients

__all__ = [
    "BandCoefficients",
    "GasModel",
    "GasTransmittance",
    "Scattering",
    "ScatteringTable",
    "TileGeometry",
    "load_gas_model",
    "load_scattering_table",
    "ozone_above",
    "path_airmass",
    "path_reflectance",
    "pressure_at",
    "reduce_to_tile",
    "water_vapour_above",
]
