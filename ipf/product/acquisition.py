"""Metadata of a Level-1C product from a few facts: who looked at which tile, when, under which angles.

For products made from band arrays (simulated scenes, pixels that came without metadata). What the facts do
not tell is nominal and says so: the datastrip has one tile and lasts twenty seconds around it, its orbit is a
circle through the point above the tile's centre, the attitude looks at the centre of the Earth, and the
auxiliary files are named ``Not applicable``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pyproj

from ipf.product.angles import TileAngles
from ipf.product.documents import Documents
from ipf.product.metadata import (
    NODATA,
    SATURATED,
    AuxiliaryData,
    DatastripMetadata,
    Datatake,
    EarthRotation,
    Gipp,
    GranuleReference,
    ProductMetadata,
    ProductQuality,
    Radiometry,
    TileMetadata,
    TileQuality,
)
from ipf.product.names import DatastripName, ProductName, TileName
from ipf.product.nominal_datastrip import (
    geometric_info,
    geometric_quality,
    radiometric_quality,
    satellite_ancillary_data,
    sensor_configuration,
)
from ipf.product.nominal_radiometry import nominal_gains, nominal_radiometry
from ipf.product.raster import Grid
from ipf.product.utc import UtcTime

NOT_APPLICABLE = "Not applicable"
SPECIAL_VALUES: Mapping[str, int] = {NODATA: 0, SATURATED: 65535}

_HALF_DATASTRIP = timedelta(seconds=10)
_PSD_15_SINCE = "05.11"
_DOI_SINCE = "04.00"
_ORBITS_DOWNLINK_LAGS = 1
_UTM_NORTH, _UTM_SOUTH, _UTM_ZONES = 32600, 32700, 60
# GPS time runs ahead of UTC by the leap seconds since 1980; 18 since 2017.
_GPS_UTC = 18.0

NOMINAL_AUXILIARY = AuxiliaryData(
    gipps=(Gipp("GIPP.tar", "GIP_PROBAS", "0001"),),
    dem=NOT_APPLICABLE,
    iers_bulletin=NOT_APPLICABLE,
    earth_rotation=EarthRotation(0.0, _GPS_UTC, -19.0, 0.0, 0.0),
)
"""Auxiliary data of a product made without any."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """The facts.

    `tile` is the tile's name (``18LTM``), `grid` its 10 m grid in UTM, `sensing_time` that of the tile,
    `relative_orbit` 1-143; `creation` dates the product. `radiometry` and `physical_gains` are those of the
    instrument where None. `centre` has four characters.
    """

    satellite: str
    tile: str
    grid: Grid
    sensing_time: UtcTime
    angles: TileAngles
    absolute_orbit: int
    relative_orbit: int
    creation: UtcTime
    baseline: str = "04.00"
    centre: str = "IPF_"
    radiometry: Radiometry | None = None
    physical_gains: Mapping[str, float] | None = None
    auxiliary: AuxiliaryData = field(default=NOMINAL_AUXILIARY)
    doi: str = NOT_APPLICABLE

    @property
    def psd_version(self) -> int:
        """Major version of the Product Specification Document of the baseline."""
        return 15 if self.baseline >= _PSD_15_SINCE else 14


def l1c_documents(acquisition: Acquisition) -> Documents:
    """Documents of the Level-1C product of an acquisition.

    Raises ValueError for a satellite without nominal radiometry or a grid that is not in UTM, OutputError for
    parts that contradict each other.
    """
    start = UtcTime(acquisition.sensing_time.moment - _HALF_DATASTRIP, 3)
    stop = UtcTime(acquisition.sensing_time.moment + _HALF_DATASTRIP, 3)
    datatake = Datatake(
        identifier=(
            f"G{acquisition.satellite}_{start.compact}_{acquisition.absolute_orbit:06d}_N{acquisition.baseline}"
        ),
        satellite=acquisition.satellite,
        kind="INS-NOBS",
        sensing_start=start,
        relative_orbit=acquisition.relative_orbit,
    )
    radiometry = acquisition.radiometry or nominal_radiometry(
        acquisition.satellite, acquisition.sensing_time, acquisition.baseline
    )
    tile = _tile(acquisition, start)
    datastrip = _datastrip(acquisition, datatake, radiometry, tile.identifier, (start, stop))
    return Documents(_product(acquisition, datatake, radiometry, tile), datastrip, tile).checked()


def _doi(acquisition: Acquisition) -> str | None:
    return acquisition.doi if acquisition.baseline >= _DOI_SINCE else None


def _tile(acquisition: Acquisition, start: UtcTime) -> TileMetadata:
    names = acquisition.satellite, "OPER", "L1C", acquisition.centre, acquisition.creation.compact
    return TileMetadata(
        level="L1C",
        psd_version=acquisition.psd_version,
        identifier=str(TileName(*names, acquisition.absolute_orbit, acquisition.tile, acquisition.baseline)),
        datastrip_identifier=str(DatastripName(*names, start.compact, acquisition.baseline)),
        l1c_identifier=None,
        downlink_priority="NOMINAL",
        sensing_time=acquisition.sensing_time,
        archiving_centre=acquisition.centre,
        archiving_time=acquisition.creation,
        coordinate_system=coordinate_system(acquisition.grid.epsg),
        grid=acquisition.grid,
        angles=acquisition.angles,
        quality=TileQuality(0.0, 0.0, None, None, (), ""),
    )


def _datastrip(
    acquisition: Acquisition,
    datatake: Datatake,
    radiometry: Radiometry,
    tile: str,
    times: tuple[UtcTime, UtcTime],
) -> DatastripMetadata:
    gains = acquisition.physical_gains or nominal_gains(acquisition.satellite)
    latitude, longitude = centre_of(acquisition.grid)
    return DatastripMetadata(
        level="L1C",
        psd_version=acquisition.psd_version,
        datatake=datatake,
        sensing_start=times[0],
        sensing_stop=times[1],
        baseline=acquisition.baseline,
        doi=_doi(acquisition),
        processing_centre=acquisition.centre,
        processing_time=acquisition.creation,
        reception_station=acquisition.centre,
        downlink_orbit=acquisition.absolute_orbit + _ORBITS_DOWNLINK_LAGS,
        archiving_centre=acquisition.centre,
        archiving_time=acquisition.creation,
        processing_parameters=None,
        tiles=(tile,),
        swir_rearrangement=False,
        saturated_pixels=True,
        radiometry=radiometry,
        degraded_ancillary=0.0,
        auxiliary=acquisition.auxiliary,
        sensor_configuration=sensor_configuration(gains, times[0], _GPS_UTC),
        geometric_info=geometric_info(),
        satellite_ancillary_data=satellite_ancillary_data(
            latitude, longitude, acquisition.sensing_time, times, _GPS_UTC
        ),
        geometric_quality=geometric_quality(acquisition.creation),
        radiometric_quality=radiometric_quality(),
    )


def _product(
    acquisition: Acquisition, datatake: Datatake, radiometry: Radiometry, tile: TileMetadata
) -> ProductMetadata:
    name = ProductName(
        acquisition.satellite,
        "L1C",
        datatake.sensing_start.compact,
        acquisition.baseline,
        acquisition.relative_orbit,
        acquisition.tile,
        acquisition.creation.compact,
    )
    return ProductMetadata(
        level="L1C",
        psd_version=acquisition.psd_version,
        uri=name.folder,
        start_time=datatake.sensing_start,
        stop_time=datatake.sensing_start,
        product_type="S2MSI1C",
        baseline=acquisition.baseline,
        doi=_doi(acquisition),
        generation_time=acquisition.creation,
        datatake=datatake,
        granules=(GranuleReference(tile.identifier, tile.datastrip_identifier, ()),),
        special_values=SPECIAL_VALUES,
        radiometry=radiometry,
        physical_gains=acquisition.physical_gains or nominal_gains(acquisition.satellite),
        reference_band="B04",
        scene_classes={},
        footprint=footprint_of(acquisition.grid),
        auxiliary=acquisition.auxiliary,
        quality=ProductQuality(0.0, None, 0.0, 0.0, {}),
    )


def coordinate_system(epsg: int) -> str:
    """HORIZONTAL_CS_NAME of a UTM zone, ``WGS84 / UTM zone 18S``; another system raises ValueError."""
    for base, hemisphere in ((_UTM_NORTH, "N"), (_UTM_SOUTH, "S")):
        if 1 <= epsg - base <= _UTM_ZONES:
            return f"WGS84 / UTM zone {epsg - base}{hemisphere}"
    raise ValueError(f"EPSG:{epsg} is not a UTM zone on WGS 84 (EPSG:32601-32660, 32701-32760)")


def footprint_of(grid: Grid) -> tuple[tuple[float, float], ...]:
    """Closed ring of latitude and longitude (degrees) around the corners of a grid, clockwise."""
    left, top = grid.upper_left_x, grid.upper_left_y
    right, bottom = left + grid.columns * grid.resolution, top - grid.rows * grid.resolution
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return tuple(_geographic(grid, easting, northing) for easting, northing in corners)


def centre_of(grid: Grid) -> tuple[float, float]:
    """Latitude and longitude (degrees) of a grid's centre."""
    easting = grid.upper_left_x + grid.columns * grid.resolution / 2
    northing = grid.upper_left_y - grid.rows * grid.resolution / 2
    return _geographic(grid, easting, northing)


def _geographic(grid: Grid, easting: float, northing: float) -> tuple[float, float]:
    to_geographic = pyproj.Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    longitude, latitude = to_geographic.transform(easting, northing)
    return float(latitude), float(longitude)
