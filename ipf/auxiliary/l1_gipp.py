"""The parameter files of Level-1C processing that nobody publishes: what this project has in them.

Root elements are those of the Product Specification Document (PSD 14.8, GIPP_List); where it names none, they
are made after its pattern.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from ipf.auxiliary.l1_gipp_model import CHOICE_OF_THIS_PROJECT, ByBand, Level1Gipp, parameter
from ipf.auxiliary.radiometric_parameters import public_fields
from ipf.product.bands import BAND_NAMES
from ipf.product.nominal_radiometry import nominal_gains, nominal_radiometry
from ipf.product.utc import UtcTime
from ipf.product.xml_nodes import Node

OWN = CHOICE_OF_THIS_PROJECT
LARGEST_RADIUS = 10
"""Of the morphology of masks, in pixels of 60 m."""
WGS_84 = "NIMA TR8350.2, table 3.1"
OVERVIEW = "Sentinel-2 Level-1C algorithm overview (Sentinel Online)"


class ResamplingParameters(Level1Gipp):
    """How lines of pixels become a map."""

    file_type: ClassVar[str] = "GIP_RESPAR"
    root: ClassVar[str] = "GS2_RESAMPLES2_PARAMETERS"

    interpolation: Literal["b_spline", "cubic", "bilinear", "nearest"] = parameter(
        "b_spline",
        "b_spline (cubic, through the pixels), cubic (a = -0.5), bilinear or nearest",
        source=f"B-spline: {OVERVIEW}; its degree: {OWN}",
    )


class TilingParameters(Level1Gipp):
    """Which tiles a datastrip has."""

    file_type: ClassVar[str] = "GIP_TILPAR"
    root: ClassVar[str] = "GS2_TILINGS2_PARAMETERS"

    smallest_share: float = parameter(
        0.0, "share of a tile that the datastrip must cover for the tile to be made", source=OWN, ge=0, lt=1
    )


class MaskParameters(Level1Gipp):
    """How flagged pixels become areas."""

    file_type: ClassVar[str] = "GIP_MASPAR"
    root: ClassVar[str] = "GS2_MASKS2_PARAMETERS"

    opaque_erosion: int = parameter(
        1,
        "radius by which opaque clouds shrink first: smaller ones go",
        unit="pixels",
        source=OWN,
        ge=0,
        le=LARGEST_RADIUS,
    )
    opaque_dilation: int = parameter(
        3, "radius by which opaque clouds grow after that", unit="pixels", source=OWN, ge=0, le=LARGEST_RADIUS
    )
    cirrus_erosion: int = parameter(
        2,
        "radius by which cirrus shrinks first: smaller pieces go",
        unit="pixels",
        source=OWN,
        ge=0,
        le=LARGEST_RADIUS,
    )
    cirrus_dilation: int = parameter(
        4, "radius by which cirrus grows after that", unit="pixels", source=OWN, ge=0, le=LARGEST_RADIUS
    )


class CloudParameters(Level1Gipp):
    """What pixels of clouds, cirrus and snow look like."""

    file_type: ClassVar[str] = "GIP_CLOPAR"
    root: ClassVar[str] = "GS2_CLOUD_S2_PARAMETERS"

    blue_band: Literal["B01", "B02"] = parameter("B01", "band that clouds are bright in", source=OVERVIEW)
    swir_band: Literal["B11", "B12"] = parameter("B11", "band that snow is dark in", source=OVERVIEW)
    opaque_minimum: float = parameter(
        0.22,
        "reflectance in the blue, corrected for clear air, from which a cloud is opaque",
        source=OWN,
        ge=0.0,
        le=1.5,
    )
    cirrus_minimum: float = parameter(
        0.006,
        "reflectance in B10 at the top of the atmosphere from which there is cirrus",
        source=OWN,
        ge=0.0,
        le=1.5,
    )
    snow_index_minimum: float = parameter(
        0.55, "(blue - SWIR) / (blue + SWIR) from which what is bright is snow", source=OWN, ge=-1.0, le=1.0
    )


class ConversionParameters(Level1Gipp):
    """How reflectance becomes a picture of eight bits."""

    file_type: ClassVar[str] = "GIP_CONVER"
    root: ClassVar[str] = "GS2_CONVERSION_PARAMETERS"

    white_reflectance: float = parameter(
        0.25, "reflectance that is white in pictures", source="pictures of real products", gt=0.0, le=1.5
    )


class CodingParameters(Level1Gipp):
    """How images are coded in JPEG 2000."""

    file_type: ClassVar[str] = "GIP_JP2KPA"
    root: ClassVar[str] = "GS2_JP2K_PARAMETERS"

    jp2_profile: Literal["official", "fast"] = parameter(
        "official",
        "JPEG 2000 coding: as official products, or code-blocks of 64 x 64 everywhere",
        source="code-streams of real products",
    )


class EarthModelParameters(Level1Gipp):
    """The ellipsoid, which is that of the map projections and cannot be another."""

    file_type: ClassVar[str] = "GIP_EARMOD"
    root: ClassVar[str] = "GS2_EARTH_MODEL_PARAMETERS"

    semi_major_axis: float = parameter(
        6378137.0, "semi-major axis of WGS 84", unit="m", source=WGS_84, ge=6378137.0, le=6378137.0
    )
    inverse_flattening: float = parameter(
        298.257223563,
        "reciprocal of the flattening of WGS 84",
        source=WGS_84,
        ge=298.257223563,
        le=298.257223563,
    )


class GeometricParameters(Level1Gipp):
    """How the sensor model is used."""

    file_type: ClassVar[str] = "GIP_GEOPAR"
    root: ClassVar[str] = "GS2_GEOMETRICAL_PARAMETERS"

    refining: bool = parameter(
        True, "use the corrections that refinement found, where the datastrip has any", source=OWN
    )


class InterDetectorParameters(Level1Gipp):
    """Which of two detectors is taken where both have seen the ground."""

    file_type: ClassVar[str] = "GIP_INTDET"
    root: ClassVar[str] = "GS2_INTER_DETECTOR_PARAMETERS"

    detector_choice: Literal["middle", "lowest"] = parameter(
        "middle",
        "detector of a pixel that two have seen: change in the middle of their overlap, or take the lower"
        " number nearly to its end, as the footprints of official products show",
        source=OWN,
    )


class ForecastParameters(Level1Gipp):
    """How forecasts are taken over into tiles."""

    file_type: ClassVar[str] = "GIP_ECMWFP"
    root: ClassVar[str] = "GS2_ECMWF_IMPORT_PARAMETERS"

    longest_gap: float = parameter(
        3.0,
        "time beyond the first and last forecast that these still do for",
        unit="h",
        source=f"steps of CAMS and ECMWF forecasts; {OWN}",
        ge=0.0,
        le=24.0,
    )


def _switch(default: bool, text: str) -> Any:
    return parameter(default, text, source="Radiometric_Info of a Level-1B datastrip of S2A, baseline 05.00")


class RadiometricParameters(Level1Gipp):
    """Which corrections raw counts get on the way to Level 1B, and how counts are limited."""

    file_type: ClassVar[str] = "GIP_R2PARA"
    root: ClassVar[str] = "GS2_RADIOS2_PARAMETERS"

    saturated_count: int = parameter(
        4095,
        "least count of Level 1B that is saturated",
        source="converter of 12 bits (PSD 14.8)",
        ge=1,
        le=65535,
    )
    radiance_offset: float = parameter(
        -100.0,
        "counts to add to those of Level 1B to have them in proportion to radiance",
        unit="counts",
        source="RADIO_ADD_OFFSET of Level-1B metadata",
        ge=-1000.0,
        le=0.0,
    )
    onboard_equalization: bool = _switch(True, "undo what the instrument did to even out its pixels")
    dark_signal: bool = _switch(True, "subtract the dark signal")
    blind_pixels: bool = _switch(True, "subtract the offset of each line that its blind pixels tell")
    crosstalk_optical: bool = _switch(False, "subtract the light of other bands")
    crosstalk_electronic: bool = _switch(True, "subtract the signal of other bands")
    relative_response: bool = _switch(True, "make pixels respond alike")
    swir_rearrangement: bool = _switch(False, "put columns of SWIR bands on one line")
    defective_pixels: bool = _switch(True, "fill defective pixels from their neighbours")
    restoration: bool = _switch(False, "sharpen, and reduce noise")
    binning: bool = _switch(True, "make 60 m pixels of those of 20 m across")

    @classmethod
    def of_ground_segment(cls, data: Node) -> Self | None:
        """Equalization and the offset of Level 1B, where they are."""
        fields = public_fields(data)
        return cls(**fields) if fields else None


class AbsoluteCalibration(Level1Gipp):
    """What turns counts into reflectance, of one satellite."""

    file_type: ClassVar[str] = "GIP_R2ABCA"
    root: ClassVar[str] = "GS2_ABSOLUTE_CALIBRATION"
    per_satellite: ClassVar[bool] = True

    solar_irradiance: ByBand = parameter(
        dict.fromkeys(BAND_NAMES, 1.0),
        "irradiance of the sun at one astronomical unit",
        unit="W/m2/um",
        source="Solar_Irradiance_List of Level-1C metadata of the satellite",
    )
    physical_gains: ByBand = parameter(
        dict.fromkeys(BAND_NAMES, 1.0),
        "counts for each W/m2/sr/um, after all corrections",
        unit="counts/(W/m2/sr/um)",
        source="PHYSICAL_GAINS of Level-1C metadata of the satellite; they drift",
    )

    @classmethod
    def of_satellite(cls, satellite: str) -> Self:
        """The calibration of a satellite as its products state it; ValueError for an unknown one."""
        nominal = nominal_radiometry(satellite, UtcTime.parse("2026-01-01T00:00:00Z"), "04.00")
        return cls(solar_irradiance=nominal.solar_irradiance, physical_gains=nominal_gains(satellite))


LEVEL_1_GIPPS: tuple[type[Level1Gipp], ...] = (
    ResamplingParameters,
    TilingParameters,
    MaskParameters,
    CloudParameters,
    ConversionParameters,
    CodingParameters,
    EarthModelParameters,
    GeometricParameters,
    InterDetectorParameters,
    ForecastParameters,
    RadiometricParameters,
    AbsoluteCalibration,
)
BY_FILE_TYPE = {gipp.file_type: gipp for gipp in LEVEL_1_GIPPS}
