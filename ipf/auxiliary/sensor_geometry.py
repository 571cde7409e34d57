"""All that the sensor model needs of one acquisition, gathered from its datastrip and the parameter files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from ipf.auxiliary import iers_bulletin, spacecraft_model, viewing_directions
from ipf.auxiliary.gipp_choice import AuxiliaryFile, choose_auxiliary_file, find_auxiliary_files
from ipf.auxiliary.iers_bulletin import read_iers_bulletin
from ipf.auxiliary.spacecraft_model import NO_ROTATION, SpacecraftModel, read_spacecraft_model
from ipf.auxiliary.viewing_directions import NO_TDI, read_viewing_directions
from ipf.errors import AuxiliaryError
from ipf.geometry.acquisition import EarthOrientation, SensorGeometry, SensorKey, ViewingDirections
from ipf.geometry.line_of_sight import turned
from ipf.product.bands import BAND_NAMES
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip

Choose: TypeAlias = Callable[..., AuxiliaryFile]

SWIR_BANDS = ("B10", "B11", "B12")
"""Bands of the short-wave infrared focal plane; the others are on the other one."""


def read_sensor_geometry(
    datastrip: Path,
    gipp: Path | Sequence[Path],
    iers: Path | None = None,
    refining: bool = True,
    *,
    any_date: bool = False,
) -> SensorGeometry:
    """Read the geometry of an acquisition.

    datastrip : metadata of a datastrip of Level 1A, 1B or 1C, or the folder it stands in
    gipp : parameter files or folders with them: SPAMOD, and VIEDIR of every band that the datastrip dates;
        of several, those that the datastrip names are taken, else those valid at the start of sensing
    iers : Bulletin A to be used instead of the orientation of the Earth that the datastrip states; needed
        where it states none
    refining : whether corrections found by refinement are used, where the datastrip has any
    any_date : whether parameter files of other dates do where none is valid

    Raises `ProductError` for the datastrip, `AuxiliaryError` for the others, naming file, line and element.
    """
    return sensor_geometry(read_sensor_datastrip(datastrip), gipp, iers, refining, any_date=any_date)


def sensor_geometry(
    datastrip: SensorDatastrip,
    gipp: Path | Sequence[Path],
    iers: Path | None = None,
    refining: bool = True,
    *,
    any_date: bool = False,
) -> SensorGeometry:
    """As `read_sensor_geometry`, of a datastrip that was read."""
    files = find_auxiliary_files(gipp)
    if not files:
        raise AuxiliaryError(
            f"{gipp}: no parameter files, expected SPAMOD and VIEDIR of {datastrip.satellite}"
        )
    choose = partial(
        choose_auxiliary_file,
        files,
        satellite=datastrip.satellite,
        date=datastrip.sensing_start,
        named=frozenset(datastrip.gipps),
        any_date=any_date,
    )
    spacecraft = _spacecraft(datastrip, choose)
    return SensorGeometry(
        satellite=datastrip.satellite,
        epoch=datastrip.epoch,
        ephemeris=datastrip.ephemeris,
        attitude=datastrip.attitude,
        earth=_earth(datastrip, iers),
        datation=datastrip.datation,
        mounting=spacecraft.instrument,
        refining=datastrip.refining if refining else None,
        viewing=_viewing(datastrip, choose, spacecraft),
    )


def _earth(datastrip: SensorDatastrip, iers: Path | None) -> EarthOrientation:
    if iers is not None:
        return read_iers_bulletin(iers).at(datastrip.sensing_start)
    if datastrip.earth is None:
        raise AuxiliaryError(
            f"{datastrip.file}: no IERS_Bulletin in the datastrip, expected one or a file "
            f"{iers_bulletin.FILE_TYPE}"
        )
    return datastrip.earth


def _spacecraft(datastrip: SensorDatastrip, choose: Choose) -> SpacecraftModel:
    model = read_spacecraft_model(choose(spacecraft_model.FILE_TYPE).path)
    _check_satellite(model.source, model.heading.satellite, datastrip.satellite)
    return model


def _viewing(
    datastrip: SensorDatastrip, choose: Choose, spacecraft: SpacecraftModel
) -> dict[SensorKey, ViewingDirections]:
    dated = datastrip.datation.first_line
    viewing: dict[SensorKey, ViewingDirections] = {}
    for band in (name for name in BAND_NAMES if any(key[0] == name for key in dated)):
        content = read_viewing_directions(choose(viewing_directions.FILE_TYPE, band=band).path)
        _check_satellite(content.source, content.heading.satellite, datastrip.satellite)
        if content.band != band:
            raise AuxiliaryError(f"{content.source}: BAND_ID is that of {content.band}, expected {band}")
        directions = content.of(datastrip.tdi.get(band, NO_TDI))
        for detector in sorted(detector for name, detector in dated if name == band):
            if detector not in directions:
                raise AuxiliaryError(f"{content.source}: no directions of detector {detector:02d} of {band}")
            viewing[band, detector] = _in_instrument(directions[detector], (band, detector), spacecraft)
    return viewing


def _in_instrument(
    directions: ViewingDirections, sensor: SensorKey, spacecraft: SpacecraftModel
) -> ViewingDirections:
    """Directions in the instrument's frame: turned where detector or focal plane is."""
    band, detector = sensor
    plane = "SWIR" if band in SWIR_BANDS else "VNIR"
    rotations = spacecraft.detectors.get((plane, detector)), spacecraft.focal_planes.get(plane)
    for rotation in rotations:
        if rotation is not None and rotation != NO_ROTATION:
            directions = turned(directions, rotation)
    return directions


def _check_satellite(source: str, found: str, expected: str) -> None:
    if found != expected:
        raise AuxiliaryError(f"{source}: SATELLITE is {found}, wrong satellite: expected {expected}")
