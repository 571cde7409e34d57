"""Files that go with a simulated datastrip: parameter files of the instrument, elevation, and their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from ipf_plugins.simulator import focal_plane
from ipf_plugins.simulator.view_metadata import Acquired
from osgeo import gdal, osr

from ipf.atomic import atomic_path
from ipf.auxiliary import spacecraft_model, viewing_directions
from ipf.auxiliary.gipp_documents import GippHeading
from ipf.auxiliary.gipp_names import ALL_BANDS, AuxiliaryName
from ipf.auxiliary.spacecraft_model import NO_ROTATION, SpacecraftModel, write_spacecraft_model
from ipf.auxiliary.viewing_directions import ViewingDirectionsFile, write_viewing_directions
from ipf.errors import OutputError
from ipf.geometry.acquisition import SensorGeometry
from ipf.geometry.terrain import Terrain
from ipf.product.bands import BAND_NAMES
from ipf.product.metadata import AuxiliaryData, Datatake, EarthRotation, Gipp
from ipf.product.nominal_radiometry import nominal_gains
from ipf.product.utc import UtcTime

CENTRE = "SIM_"
BASELINE = "05.11"
RADIO_OFFSET = -100.0
"""Counts to add to those of Level 1B since baseline 04.00."""
RELATIVE_ORBIT, ABSOLUTE_ORBIT, DOWNLINK_ORBIT = 51, 52000, 52001
DEM_FILE = "DEM_SIMULATED.tif"
_MADE, _FROM, _UNTIL = "20261125T000000", "20150622T000000", "21000101T000000"
_TAI_MINUS_GPS = 19.0


def parameter_file_names(satellite: str) -> Mapping[str, AuxiliaryName]:
    """Names of the parameter files: SPAMOD by an empty band, VIEDIR by its band."""

    def named(file_type: str, band: str) -> AuxiliaryName:
        return AuxiliaryName(satellite, "OPER", file_type, CENTRE, _MADE, _FROM, _UNTIL, band)

    return {
        "": named(spacecraft_model.FILE_TYPE, ALL_BANDS),
        **{band: named(viewing_directions.FILE_TYPE, band) for band in BAND_NAMES},
    }


def write_parameter_files(folder: Path, satellite: str, geometry: SensorGeometry) -> Iterator[Path]:
    """Write how the instrument is mounted, and the directions of its pixels; tells each file."""
    for band, name in parameter_file_names(satellite).items():
        path = folder / f"{name}.xml"
        heading = GippHeading.of_name(name)
        if not band:
            planes = dict.fromkeys(spacecraft_model.FOCAL_PLANES, NO_ROTATION)
            write_spacecraft_model(path, SpacecraftModel(heading, geometry.mounting, planes, {}))
        else:
            own = {detector: found for (of, detector), found in geometry.viewing.items() if of == band}
            lists = {focal_plane.TDI[band]: own}
            write_viewing_directions(path, ViewingDirectionsFile(heading, band, lists))
        yield path


def write_elevation(path: Path, terrain: Terrain) -> None:
    """Write the ground as a GeoTIFF in degrees, float32 metres; OutputError naming the file."""
    rows, columns = terrain.heights.shape
    system = osr.SpatialReference()
    system.ImportFromEPSG(4326)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    corner = terrain.west - terrain.step_lon / 2, terrain.north + terrain.step_lat / 2
    with atomic_path(path) as temporary:
        try:
            driver = gdal.GetDriverByName("GTiff")
            options = ["COMPRESS=DEFLATE", "PREDICTOR=3"]
            dataset = driver.Create(str(temporary), columns, rows, 1, gdal.GDT_Float32, options)
            dataset.SetGeoTransform((corner[0], terrain.step_lon, 0.0, corner[1], 0.0, -terrain.step_lat))
            dataset.SetProjection(system.ExportToWkt())
            dataset.GetRasterBand(1).WriteArray(np.asarray(terrain.heights))
            dataset.FlushCache()
        except RuntimeError as problem:
            raise OutputError(f"{path}: cannot be written as GeoTIFF: {problem}") from problem


def datastrip_information(
    satellite: str, geometry: SensorGeometry, utc: Callable[[float], UtcTime], end: int
) -> Acquired:
    """What the metadata of a simulated datastrip of 10 m lines up to `end` say beside its geometry."""
    times = geometry.datation.first_line.values()
    start = utc(min(times))
    stop = utc(max(times) + (end - 1) * geometry.datation.line_period)
    names = [(str(name), name.file_type) for name in parameter_file_names(satellite).values()]
    earth = geometry.earth
    return Acquired(
        datatake=Datatake(
            f"G{satellite}_{start.compact}_{ABSOLUTE_ORBIT:06d}_N{BASELINE}",
            satellite,
            "INS-NOBS",
            start,
            RELATIVE_ORBIT,
        ),
        baseline=BASELINE,
        downlink_orbit=DOWNLINK_ORBIT,
        epoch=geometry.epoch,
        sensing_start=start,
        sensing_stop=stop,
        tdi=focal_plane.TDI,
        gains=nominal_gains(satellite),
        radio_offsets=dict.fromkeys(BAND_NAMES, RADIO_OFFSET),
        auxiliary=AuxiliaryData(
            gipps=tuple(Gipp(name, kind, "1") for name, kind in sorted(names)),
            dem=Path(DEM_FILE).stem,
            iers_bulletin="None",
            earth_rotation=EarthRotation(
                earth.ut1_minus_utc, earth.gps_minus_utc, -_TAI_MINUS_GPS, earth.pole_x, earth.pole_y
            ),
        ),
    )
