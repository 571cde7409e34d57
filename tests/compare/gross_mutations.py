"""Gross errors in metadata that leave the images as they are: no profile lets them pass."""

from __future__ import annotations

from ipf.compare.results import CheckName
from tests.compare.damage_kinds import text
from tests.compare.mutation import CROSS, Mutation

PRODUCT, TILE = "MTD_MSIL2A.xml", "MTD_TL.xml"

_DAMAGE = {
    "mean sun 40 degrees higher": ("ZENITH_ANGLE", "17.8", TILE),
    "mean sun to the north": ("AZIMUTH_ANGLE", "352.8", TILE),
    "step of a grid of angles": ("COL_STEP", "500", TILE),
    "row of a grid of angles without numbers": ("VALUES", "", TILE),
    "no data is 1": ("SPECIAL_VALUE_INDEX", "1", PRODUCT),
    "offset in metadata alone": ("BOA_ADD_OFFSET", "-900", PRODUCT),
    "offset off by a thousandth": ("BOA_ADD_OFFSET", "-1001", PRODUCT),
    "distance of the Sun": ("U", "1.5", PRODUCT),
    "irradiance off by 47 %": ("SOLAR_IRRADIANCE", "1000", PRODUCT),
    "infinite irradiance": ("SOLAR_IRRADIANCE", "INF", PRODUCT),
    "gain without a number": ("PHYSICAL_GAINS", "", PRODUCT),
}

GROSS = tuple(
    Mutation(name, text(path, lambda _, new=new: new, document), CheckName.METADATA, fails=CROSS)
    for name, (path, new, document) in _DAMAGE.items()
)
