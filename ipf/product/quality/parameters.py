"""Thresholds of the checks.

Those marked *official report* are the ones that real products' reports state, those marked *choice of this
project* are in no official document.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pydantic
from pydantic import Field


class QualityParameters(pydantic.BaseModel):
    """Thresholds of on-line quality control, each with unit, bounds and source.

    `name` is the parameter file that the reports name as their parent.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        default="Not applicable", description="parameter file that reports name as their parent"
    )
    schemas: Path | None = Field(
        default=None, description="folder of the specification's schemas: one version, or PSDnnn of several"
    )
    schema_errors_shown: int = Field(
        default=5, ge=1, le=1000, description="schema errors that a message names (1)"
    )

    lost_packets_maximum: int = Field(default=0, ge=0, description="lost source packets (1; official report)")
    degraded_packets_maximum: int = Field(
        default=0, ge=0, description="source packets too degraded for use (1; official report)"
    )
    sensing_orbit_first: int = Field(default=1, ge=0, description="first relative orbit (1; official report)")
    sensing_orbit_last: int = Field(default=143, ge=1, description="last relative orbit (1; official report)")
    downlink_orbit_first: int = Field(
        default=1, ge=0, description="first absolute orbit (1; official report)"
    )
    downlink_orbit_last: int = Field(
        default=99_999, ge=1, description="last absolute orbit (1; official report)"
    )
    sensing_time_tolerance: float = Field(
        default=10.0,
        ge=0,
        description="sensing start before its datatake"
        " (s; choice of this project, real datastrips start 4 s early)",
    )
    data_loss_maximum: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="pixels of a band made from lost packets"
        " (%; choice of this project, official reports state no limit)",
    )

    ephemeris_quality_maximum: float = Field(
        default=20.0, gt=0, description="EPHEMERIS_QUALITY (m; official report of 04.00)"
    )
    ephemeris_quality_maximum_early: float = Field(
        default=9.0, gt=0, description="EPHEMERIS_QUALITY before 04.00 (m; official report of 02.06)"
    )
    absolute_location_maximum: float = Field(
        default=30.0, gt=0, description="absolute location error (m; official report)"
    )
    planimetric_stability_maximum: float = Field(
        default=5.0, gt=0, description="planimetric stability (m; official report)"
    )
    invalid_attitudes_maximum: int = Field(
        default=0,
        ge=0,
        description="attitudes that are marked invalid"
        " (1; choice of this project, official reports state no limit)",
    )
    refining_mean_maximum: float = Field(
        default=2.0, gt=0, description="mean residual after refining, either axis (m; choice of this project)"
    )
    refining_deviation_maximum: float = Field(
        default=20.0, gt=0, description="standard deviation of residuals (m; choice of this project)"
    )
    sun_zenith_maximum_l1c: float = Field(
        default=82.0,
        gt=0,
        le=180,
        description="sun zenith angle at Level-1C (degrees; official report of 04.00)",
    )
    sun_zenith_maximum_l2a: float = Field(
        default=70.0,
        gt=0,
        le=180,
        description="sun zenith angle at Level-2A (degrees; official report of 04.00)",
    )
    sun_zenith_maximum_early: float = Field(
        default=180.0,
        gt=0,
        le=180,
        description="sun zenith angle before 04.00 (degrees; official report of 02.06)",
    )
    sun_azimuth_maximum: float = Field(
        default=360.0, gt=0, le=360, description="sun azimuth angle (degrees; official report)"
    )

    tile_side_minimum: float = Field(
        default=90_000.0, gt=0, description="side of a tile (m; official report)"
    )
    tile_side_maximum: float = Field(
        default=110_000.0, gt=0, description="side of a tile (m; official report)"
    )
    tile_alignment: int = Field(
        default=60,
        ge=1,
        description="grid on which tiles begin (m; choice of this project, the coarsest pixel of the three)",
    )

    reflectance_quantification: float = Field(
        default=10_000.0, gt=0, description="counts for a reflectance of 1 (1; PSD 14.8)"
    )
    aot_quantification: float = Field(
        default=1000.0, gt=0, description="counts for an optical thickness of 1 (1; PSD)"
    )
    water_vapour_quantification: float = Field(
        default=1000.0, gt=0, description="counts for 1 cm of water vapour (1/cm; PSD 14.8)"
    )
    absolute_calibration_maximum: float = Field(
        default=5.0, gt=0, description="absolute calibration accuracy (%; mission requirement)"
    )
    cross_band_calibration_maximum: float = Field(
        default=3.0, gt=0, description="cross-band calibration accuracy (%; mission requirement)"
    )
    multi_temporal_calibration_maximum: float = Field(
        default=1.0, gt=0, description="multi-temporal calibration accuracy (%; mission requirement)"
    )

    degraded_ancillary_maximum: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="ancillary data that are degraded"
        " (%; choice of this project, official reports state no limit)",
    )
    missing_lines_maximum: float = Field(
        default=0,
        ge=0,
        description="missing lines (1; choice of this project, official reports state no limit)",
    )
    corrupted_packets_maximum: float = Field(
        default=0,
        ge=0,
        description="corrupted instrument source packets"
        " (1; choice of this project, official reports state no limit)",
    )

    class_percentage_tolerance: float = Field(
        default=0.0001,
        ge=0,
        le=100,
        description="class percentage against the map's"
        " (%; choice of this project, rounding of the metadata)",
    )
    coarse_class_percentage_tolerance: float = Field(
        default=0.5,
        ge=0,
        le=100,
        description="the same where the map is there at 60 m only (%; choice of this project)",
    )
    mean_aot_tolerance: float = Field(
        default=0.0005,
        ge=0,
        description="mean optical thickness against the map's"
        " (1; choice of this project, half a count of the map)",
    )
    mean_water_vapour_tolerance: float = Field(
        default=0.005, ge=0, description="mean water vapour against the map's (cm; choice of this project)"
    )

    low_sun_zenith: float = Field(
        default=70.0,
        gt=0,
        le=90,
        description="sun zenith angle of a low sun (degrees; Sen2Cor User Manual, product limitations)",
    )
    high_aot: float = Field(
        default=1.0, gt=0, description="high optical thickness (1; Sen2Cor User Manual, product limitations)"
    )
    high_water_vapour: float = Field(
        default=5.0, gt=0, description="high water vapour (cm; Sen2Cor User Manual, product limitations)"
    )

    @pydantic.model_validator(mode="after")
    def _ordered(self) -> Self:
        """Refuse ranges whose first value is beyond the last."""
        for first, last in (
            ("sensing_orbit_first", "sensing_orbit_last"),
            ("downlink_orbit_first", "downlink_orbit_last"),
            ("tile_side_minimum", "tile_side_maximum"),
        ):
            if getattr(self, first) > getattr(self, last):
                raise ValueError(f"{first} is above {last}")
        return self
