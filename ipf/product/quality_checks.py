"""The checks behind the quality reports of datastrips and tiles.

Identifiers and thresholds are those of official reports (baseline 04.00). Every check here is computed from
metadata, sections and files; checks of the official lists that look at anything else (the classification of
manifest entries, star-tracker data, residual histograms, validation against schemas) are left out rather than
reported as passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ipf.errors import OutputError, ProductError
from ipf.product.bands import RESOLUTIONS
from ipf.product.jpeg2000 import inspect_jpeg2000
from ipf.product.metadata import DatastripMetadata, Level, TileMetadata, XmlSection
from ipf.product.quality_report import Check as AnyCheck
from ipf.product.quality_report import Outcome, Report
from ipf.product.xml_builder import Text
from ipf.product.xml_nodes import Node
from ipf.xml import parse_xml_bytes

DATASTRIP_FILE, TILE_FILE = "MTD_DS.xml", "MTD_TL.xml"

_MAXIMUM_EPHEMERIS_QUALITY = 20.0
_MAXIMUM_ABSOLUTE_LOCATION = 30.0
_MAXIMUM_PLANIMETRIC_STABILITY = 5.0
_CALIBRATION_ACCURACIES = {
    "Absolute": ("ABSOLUTE_CALIBRATION_ACCURACY", 5.0),
    "Cross_Band": ("CROSS_BAND_CALIBRATION_ACCURACY", 3.0),
    "Multi_Temporal": ("MULTI_TEMPORAL_CALIBRATION_ACCURACY", 1.0),
}
_MAXIMUM_SUN_ZENITH: dict[Level, float] = {"L1C": 82.0, "L2A": 70.0}
_TILE_SIDES = (90_000, 110_000)
_TILE_ALIGNMENT = 60
_FALSE_NORTHING, _FIRST_SOUTHERN_ZONE = 10_000_000, 32701
_BANDS = 13


def datastrip_reports(metadata: DatastripMetadata, identifier: str) -> tuple[Report, ...]:
    """The reports of a datastrip whose metadata document is written."""
    checklists = {
        "FORMAT_CORRECTNESS": [_times(metadata), _document(identifier)],
        "GENERAL_QUALITY": [*_packets(metadata), *_orbits(metadata), _document(identifier)],
        "GEOMETRIC_QUALITY": _geometry(metadata),
        "RADIOMETRIC_QUALITY": [*_quantification(metadata), *_acquisition(metadata), *_calibration(metadata)],
        "SENSOR_QUALITY": [*_sensor(metadata), _document(identifier)],
    }
    return _reports(checklists, identifier, metadata)


def tile_reports(
    metadata: TileMetadata, datastrip: DatastripMetadata, granule: Path, expected: Iterable[str]
) -> tuple[Report, ...]:
    """The reports of a tile whose images, masks and metadata stand in the folder `granule`.

    `expected` are the images and masks that its level demands, as paths in the folder.
    """
    identifier = metadata.identifier
    checklists = {
        "FORMAT_CORRECTNESS": [
            *_position(metadata),
            *_completeness(metadata, granule, sorted(expected)),
            *_auxiliary(metadata, datastrip, granule),
            _document(identifier),
        ],
        "GENERAL_QUALITY": [_sun_zenith(metadata), _document(identifier)],
        "GEOMETRIC_QUALITY": [_sun_azimuth(metadata), *_dimensions(metadata, granule)],
        "SENSOR_QUALITY": [_sensing_time(metadata, datastrip), _document(identifier)],
    }
    return _reports(checklists, identifier, datastrip)


def Check(  # noqa: N802
    identifier: str, item: str, passed: bool, message: str, values: Mapping[str, Text] | None = None
) -> AnyCheck:
    """A check that ran."""
    return AnyCheck(identifier, item, Outcome.of(passed), message, values or {})


def _reports(
    checklists: dict[str, list[AnyCheck]], identifier: str, datastrip: DatastripMetadata
) -> tuple[Report, ...]:
    configuration = [gipp.name for gipp in datastrip.auxiliary.gipps if gipp.kind == "GIP_OLQCPA"]
    parent = configuration[0] if configuration else "Not applicable"
    return tuple(Report(name, identifier, tuple(checks), parent) for name, checks in checklists.items())


def _section(section: XmlSection) -> Node:
    return Node(parse_xml_bytes(section.content, section.name, OutputError), section.name)


def _document(item: str) -> AnyCheck:
    return Check("checkMetadata", item, True, "Metadata file is present.")


def _at_most(identifier: str, item: str, what: str, value: float, limit: float) -> AnyCheck:
    return Check(
        identifier,
        item,
        value <= limit,
        f"{what} is {value:g}, expected at most {limit:g}",
        {"VALUE": value, "EXPECTED": limit},
    )


def _in_range(identifier: str, what: str, name: str, value: int, last: int) -> AnyCheck:
    message = f"{what} is {value}, expected 1 to {last}"
    return Check(identifier, DATASTRIP_FILE, 1 <= value <= last, message, {name: value})


def _times(metadata: DatastripMetadata) -> AnyCheck:
    start, stop = metadata.sensing_start, metadata.sensing_stop
    return Check(
        "Start_Stop_Time",
        DATASTRIP_FILE,
        start <= stop,
        "Sensing period is valid." if start <= stop else "Sensing stops before it starts.",
        {"SENSING_START": start, "SENSING_STOP": stop},
    )


def _packets(metadata: DatastripMetadata) -> list[AnyCheck]:
    summary = _section(metadata.sensor_configuration).find("Source_Packet_Description/Degradation_Summary")
    if summary is None:
        return []
    counts = {"Lost_Packets": "NUMBER_OF_LOST_PACKETS", "Degraded_Packets": "NUMBER_OF_TOO_DEGRADED_PACKETS"}
    return [
        Check(
            identifier,
            DATASTRIP_FILE,
            summary.integer(name) == 0,
            f"{name} is {summary.integer(name)}, expected 0",
            {name: summary.integer(name)},
        )
        for identifier, name in counts.items()
    ]


def _orbits(metadata: DatastripMetadata) -> list[AnyCheck]:
    return [
        _in_range(
            "Orbit_Number_DOWNLINK",
            "Downlink orbit",
            "DOWNLINK_ORBIT_NUMBER",
            metadata.downlink_orbit,
            99_999,
        ),
        _in_range(
            "Relative_Orbit_Number_SENSING",
            "Sensing orbit",
            "SENSING_ORBIT_NUMBER",
            metadata.datatake.relative_orbit,
            143,
        ),
    ]


def _geometry(metadata: DatastripMetadata) -> list[AnyCheck]:
    quality = _section(metadata.geometric_quality).child("Geometric_QI")
    limits = (
        ("Absolute_Location_Value", "Absolute_Location/VALUE", _MAXIMUM_ABSOLUTE_LOCATION),
        ("Planimetric_Stability", "Planimetric_Stability/VALUE", _MAXIMUM_PLANIMETRIC_STABILITY),
        ("Ephemeris_Quality", "EPHEMERIS_QUALITY", _MAXIMUM_EPHEMERIS_QUALITY),
    )
    checks = [
        _at_most(identifier, DATASTRIP_FILE, identifier.replace("_", " "), quality.number(path), limit)
        for identifier, path, limit in limits
    ]
    indicators = _section(metadata.satellite_ancillary_data).all(
        "Attitudes/Corrected_Attitudes/Values/ATTITUDE_QUALITY_INDICATOR"
    )
    wrong = sum(indicator.text() == "INVALID" for indicator in indicators)
    message = f"{wrong} of {len(indicators)} corrected attitudes are invalid"
    checks.append(Check("Attitude_Quality_Indicator_Corrected", DATASTRIP_FILE, wrong == 0, message))
    return checks


def _quantification(metadata: DatastripMetadata) -> list[AnyCheck]:
    values = metadata.radiometry.quantification
    expected = {"QuantificationValue": (values.reflectance, 10000.0)}
    if metadata.level == "L2A":
        expected = {
            "QuantificationValueBOA": (values.reflectance, 10000.0),
            "QuantificationValueAOT": (values.aot or 0.0, 1000.0),
            "QuantificationValueWVP": (values.water_vapour or 0.0, 1000.0),
        }
    return [
        Check(
            identifier, DATASTRIP_FILE, value == nominal, f"{identifier} is {value:g}, expected {nominal:g}"
        )
        for identifier, (value, nominal) in expected.items()
    ]


def _acquisition(metadata: DatastripMetadata) -> list[AnyCheck]:
    configuration = _section(metadata.sensor_configuration).child("Acquisition_Configuration")
    equalised = configuration.flag("EQUALIZATION_MODE")
    times = configuration.all("Spectral_Band_Info/Spectral_Band_Information/INTEGRATION_TIME")
    positive = sum(time.number() > 0 for time in times)
    irradiance = metadata.radiometry.solar_irradiance
    lit = sum(value > 0 for value in irradiance.values())
    return [
        Check(
            "EqualizationFlag",
            DATASTRIP_FILE,
            equalised,
            f"EQUALIZATION_MODE is {'set' if equalised else 'not set'}",
        ),
        Check(
            "IntegrationTime",
            DATASTRIP_FILE,
            positive == len(times),
            f"INTEGRATION_TIME is positive in {positive} of {len(times)} bands",
        ),
        Check(
            "SolarRadiance",
            DATASTRIP_FILE,
            lit == _BANDS,
            f"SOLAR_IRRADIANCE is positive in {lit} of {_BANDS} bands",
        ),
    ]


def _calibration(metadata: DatastripMetadata) -> list[AnyCheck]:
    bands = _section(metadata.radiometric_quality).all("Radiometric_Quality_List/Radiometric_Quality")
    return [
        _at_most(
            f"Radiometric_Quality_Indicators_{name}",
            DATASTRIP_FILE,
            element,
            max((band.number(element) for band in bands), default=0.0),
            limit,
        )
        for name, (element, limit) in _CALIBRATION_ACCURACIES.items()
    ]


def _sensor(metadata: DatastripMetadata) -> list[AnyCheck]:
    synchronised = _section(metadata.sensor_configuration).child("Time_Stamp").flag("GPS_SYNC")
    degraded = metadata.degraded_ancillary
    return [
        Check(
            "Datation_Model_GPS_SYNC",
            DATASTRIP_FILE,
            synchronised,
            f"GPS is {'' if synchronised else 'not '}synchronised.",
        ),
        Check(
            "Degraded_SAD", DATASTRIP_FILE, degraded == 0, f"{degraded:g} % of ancillary data are degraded"
        ),
    ]


def _position(metadata: TileMetadata) -> list[AnyCheck]:
    grid = metadata.grid
    sides = [side * grid.resolution for side in grid.shape]
    first, last = _TILE_SIDES
    # Tiles are cut in northings counted from the equator.
    northing = grid.upper_left_y - (_FALSE_NORTHING if grid.epsg >= _FIRST_SOUTHERN_ZONE else 0)
    aligned = grid.upper_left_x % _TILE_ALIGNMENT == 0 and northing % _TILE_ALIGNMENT == 0
    return [
        Check(
            "Tile_Position_Size",
            TILE_FILE,
            all(first <= side <= last for side in sides),
            f"Tile is {sides[0]} m by {sides[1]} m, expected {first} to {last} m",
        ),
        Check(
            "Tile_Position_Geoposition",
            TILE_FILE,
            aligned,
            f"Upper-left corner is {'' if aligned else 'not '}on the grid of {_TILE_ALIGNMENT} m",
            {"ULX": grid.upper_left_x, "ULY": grid.upper_left_y},
        ),
    ]


def _completeness(metadata: TileMetadata, granule: Path, expected: list[str]) -> list[AnyCheck]:
    missing = [path for path in expected if not (granule / path).is_file()]
    identifiers = {"IMG_DATA/": f"check{metadata.level}Images", "QI_DATA/": f"check{metadata.level}Masks"}
    checks = []
    for folder, identifier in identifiers.items():
        absent = [path for path in missing if path.startswith(folder)]
        message = f"Missing: {' '.join(absent)}" if absent else f"All elements of {folder} are present."
        checks.append(Check(identifier, metadata.identifier, not absent, message))
    return checks


def _auxiliary(metadata: TileMetadata, datastrip: DatastripMetadata, granule: Path) -> list[AnyCheck]:
    """Whether the atmosphere files that the datastrip names stand in the tile."""
    files = {
        "Aux_Cams": (datastrip.auxiliary.cams is not None, ("AUX_CAMSFO", "AUX_CAMSRE")),
        "Ecmwf": (datastrip.auxiliary.ecmwf is not None, ("AUX_ECMWFT",)),
    }
    checks = []
    for identifier, (named, names) in files.items():
        if named:
            present = any((granule / "AUX_DATA" / name).is_file() for name in names)
            message = f"{names[0]} file is {'present' if present else 'absent'}."
            checks.append(Check(identifier, metadata.identifier, present, message))
    return checks


def _sun_zenith(metadata: TileMetadata) -> AnyCheck:
    limit = _MAXIMUM_SUN_ZENITH[metadata.level]
    zenith = metadata.angles.mean_sun.zenith
    return _at_most("Solar_Angle_Zenith", TILE_FILE, "Zenith solar angle", zenith, limit)


def _sun_azimuth(metadata: TileMetadata) -> AnyCheck:
    azimuth = metadata.angles.mean_sun.azimuth
    return _at_most("Solar_Angle_Azimuth", TILE_FILE, "Azimuth solar angle", azimuth, 360.0)


def _dimensions(metadata: TileMetadata, granule: Path) -> list[AnyCheck]:
    """Whether the images of each pixel size have the size that the metadata state.

    A Level-2A tile may lack finer ones with their folders.
    """
    present = [size for size in RESOLUTIONS if (granule / "IMG_DATA" / f"R{size}m").is_dir()]
    finest = min(present, default=0)
    shapes: dict[tuple[int, int], list[str]] = {}
    unreadable = []
    for image in sorted((granule / "IMG_DATA").rglob("*.jp2")):
        try:
            shapes.setdefault(inspect_jpeg2000(image).shape, []).append(image.name)
        except ProductError:
            unreadable.append(image.name)
    expected = {
        resolution: metadata.grid.at(resolution).shape for resolution in RESOLUTIONS if resolution >= finest
    }
    strays = unreadable + [
        name for shape, names in shapes.items() if shape not in expected.values() for name in names
    ]
    return [
        Check(
            f"Granule_Dimensions_{resolution}m",
            metadata.identifier,
            shape in shapes and not strays,
            f"Images of other sizes: {' '.join(strays)}"
            if strays
            else f"{len(shapes.get(shape, []))} images of {shape[0]} x {shape[1]} pixels",
        )
        for resolution, shape in expected.items()
    ]


def _sensing_time(metadata: TileMetadata, datastrip: DatastripMetadata) -> AnyCheck:
    time = metadata.sensing_time
    inside = datastrip.sensing_start <= time <= datastrip.sensing_stop
    message = f"Sensing time is {'in' if inside else 'out'}side the datastrip"
    return Check("Sensing_Time", TILE_FILE, inside, message, {"SENSING_TIME": time})
