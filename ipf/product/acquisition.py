"""Metadata of a Level-1C product from a few facts: who looked at which tile, when, under which angles.

For products made from band arrays (simulated scenes, pixels that came without metadata). What the facts do
not tell is nominal and says so: the datastrip has one tile and ends ten seconds after it, its orbit is a
circle through the point above the tile's centre, the attitude turns with the orbit, and the auxiliary files
are named ``Not applicable``.

Each document can also be made alone from the other two: `nominal_datastrip` where the datastrip's is missing,
`product_of` where a tile and a datastrip come without a product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyproj

from ipf.errors import ProductError
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
    Level,
    ProductMetadata,
    ProductQuality,
    Radiometry,
    TileMetadata,
    TileQuality,
)
from ipf.product.metadata_writer import psd_version_of
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
from ipf.product.xml_nodes import Node
from ipf.xml import parse_xml_bytes

NOT_APPLICABLE = "Not applicable"
_PRODUCT_TYPES: Mapping[Level, str] = {"L1C": "S2MSI1C", "L2A": "S2MSI2A"}
_REFERENCE_BAND = "B04"

SPECIAL_VALUES: Mapping[str, int] = {NODATA: 0, SATURATED: 65535}

_MARGIN = timedelta(seconds=10)
_DOI_SINCE = "04.00"
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
    `relative_orbit` 1-143; `creation` dates the product. `datatake_start` and `datastrip_start` are ten
    seconds before the tile where None; `radiometry` and `physical_gains` are those of the instrument.
    `centre` has four characters.
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
    datatake_start: UtcTime | None = None
    datastrip_start: UtcTime | None = None
    radiometry: Radiometry | None = None
    physical_gains: Mapping[str, float] | None = None
    auxiliary: AuxiliaryData = NOMINAL_AUXILIARY
    doi: str = NOT_APPLICABLE


def l1c_documents(acquisition: Acquisition) -> Documents:
    """Documents of the Level-1C product of an acquisition.

    Raises ValueError for a satellite without nominal radiometry or a grid that is not in UTM, OutputError for
    parts that contradict each other.
    """
    tile = _tile(acquisition)
    product = _product(acquisition, tile)
    return Documents(product, nominal_datastrip(product, tile), tile).checked()


def _tile(acquisition: Acquisition) -> TileMetadata:
    start = acquisition.datastrip_start or _before(acquisition.sensing_time)
    names = acquisition.satellite, "OPER", "L1C", acquisition.centre, acquisition.creation.compact
    baseline = acquisition.baseline
    return TileMetadata(
        level="L1C",
        psd_version=psd_version_of(baseline),
        identifier=str(TileName(*names, acquisition.absolute_orbit, acquisition.tile, baseline)),
        datastrip_identifier=str(DatastripName(*names, start.compact, baseline)),
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


def _before(time: UtcTime) -> UtcTime:
    return _in_milliseconds(time.moment - _MARGIN)


def _in_milliseconds(moment: datetime) -> UtcTime:
    """A time as datastrips state it; what would not be written is cut off."""
    return UtcTime(moment.replace(microsecond=moment.microsecond // 1000 * 1000), 3)


def _product(acquisition: Acquisition, tile: TileMetadata) -> ProductMetadata:
    start = acquisition.datatake_start or _before(acquisition.sensing_time)
    baseline, satellite = acquisition.baseline, acquisition.satellite
    datatake = Datatake(
        identifier=f"G{satellite}_{start.compact}_{acquisition.absolute_orbit:06d}_N{baseline}",
        satellite=satellite,
        kind="INS-NOBS",
        sensing_start=start,
        relative_orbit=acquisition.relative_orbit,
    )
    radiometry = acquisition.radiometry or nominal_radiometry(satellite, start, baseline)
    return ProductMetadata(
        level="L1C",
        psd_version=psd_version_of(baseline),
        uri=_uri(datatake, tile),
        start_time=start,
        stop_time=start,
        product_type=_PRODUCT_TYPES["L1C"],
        baseline=baseline,
        doi=acquisition.doi if baseline >= _DOI_SINCE else None,
        generation_time=acquisition.creation,
        datatake=datatake,
        granules=(GranuleReference(tile.identifier, tile.datastrip_identifier, ()),),
        special_values=SPECIAL_VALUES,
        radiometry=radiometry,
        physical_gains=acquisition.physical_gains or nominal_gains(satellite),
        reference_band=_REFERENCE_BAND,
        scene_classes={},
        footprint=footprint_of(acquisition.grid),
        auxiliary=acquisition.auxiliary,
        quality=ProductQuality(0.0, None, 0.0, 0.0, {}),
    )


def _uri(datatake: Datatake, tile: TileMetadata) -> str:
    name = TileName.parse(tile.identifier)
    return ProductName(
        datatake.satellite,
        name.level,
        datatake.sensing_start.compact,
        name.baseline,
        datatake.relative_orbit,
        name.tile,
        name.creation,
    ).folder


def nominal_datastrip(product: ProductMetadata, tile: TileMetadata) -> DatastripMetadata:
    """Metadata of a datastrip with this one tile, for a Level-1C product whose own are missing.

    It starts when its identifier says and ends ten seconds after the tile.
    """
    name = DatastripName.parse(tile.datastrip_identifier)
    start = UtcTime(datetime.strptime(name.start, "%Y%m%dT%H%M%S").replace(tzinfo=UTC), 3)
    stop = _in_milliseconds(tile.sensing_time.moment + _MARGIN)
    latitude, longitude = centre_of(tile.grid)
    return DatastripMetadata(
        level=product.level,
        psd_version=tile.psd_version,
        datatake=product.datatake,
        sensing_start=start,
        sensing_stop=stop,
        baseline=product.baseline,
        doi=product.doi,
        processing_centre=name.centre,
        processing_time=product.generation_time,
        reception_station=name.centre,
        downlink_orbit=TileName.parse(tile.identifier).absolute_orbit,
        archiving_centre=tile.archiving_centre,
        archiving_time=tile.archiving_time,
        processing_parameters=None,
        tiles=(tile.identifier,),
        swir_rearrangement=False,
        saturated_pixels=True,
        radiometry=product.radiometry,
        degraded_ancillary=product.quality.degraded_ancillary,
        auxiliary=replace(product.auxiliary, earth_rotation=NOMINAL_AUXILIARY.earth_rotation),
        sensor_configuration=sensor_configuration(product.physical_gains, start, _GPS_UTC),
        geometric_info=geometric_info(),
        satellite_ancillary_data=satellite_ancillary_data(
            latitude, longitude, tile.sensing_time, (start, stop), _GPS_UTC
        ),
        geometric_quality=geometric_quality(product.generation_time),
        radiometric_quality=radiometric_quality(),
    )


def product_of(tile: TileMetadata, datastrip: DatastripMetadata) -> ProductMetadata:
    """Metadata of the product that a Level-1C tile and its datastrip would make; lists of files are empty.

    Raises ProductError when the datastrip's configuration lacks the physical gains.
    """
    configuration = datastrip.sensor_configuration
    root = Node(parse_xml_bytes(configuration.content, configuration.name, ProductError), configuration.name)
    gains = {
        band.attribute_band("bandId"): band.number("PHYSICAL_GAINS")
        for band in root.all("Acquisition_Configuration/Spectral_Band_Info/Spectral_Band_Information")
    }
    quality = ProductQuality(
        tile.quality.cloudy, tile.quality.snow, datastrip.degraded_ancillary, tile.quality.degraded_msi, {}
    )
    return ProductMetadata(
        level=tile.level,
        psd_version=tile.psd_version,
        uri=_uri(datastrip.datatake, tile),
        start_time=datastrip.datatake.sensing_start,
        stop_time=datastrip.datatake.sensing_start,
        product_type=_PRODUCT_TYPES[tile.level],
        baseline=datastrip.baseline,
        doi=datastrip.doi,
        generation_time=datastrip.processing_time,
        datatake=datastrip.datatake,
        granules=(GranuleReference(tile.identifier, tile.datastrip_identifier, ()),),
        special_values=SPECIAL_VALUES,
        radiometry=datastrip.radiometry,
        physical_gains=gains,
        reference_band=_REFERENCE_BAND,
        scene_classes={},
        footprint=footprint_of(tile.grid),
        auxiliary=datastrip.auxiliary,
        quality=quality,
    )


def coordinate_system(epsg: int) -> str:
    """HORIZONTAL_CS_NAME of a UTM zone, ``WGS84 / UTM zone 18S``; another system raises ValueError."""
    for base, hemisphere in ((_UTM_NORTH, "N"), (_UTM_SOUTH, "S")):
        if 1 <= epsg - base <= _UTM_ZONES:
            return f"WGS84 / UTM zone {epsg - base:02d}{hemisphere}"
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
