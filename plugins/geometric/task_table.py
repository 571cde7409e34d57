"""The tasks of Level-1C geometry: their steps, and the files that job orders name for them.

Source: task tables of the Sentinel-2 ground segment, scheme 6.1. `FORMAT_PRODUCT_L1C` is this project's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ipf_plugins.geometric.tile_folders import TILES_TYPE
from ipf_plugins.geometric.tile_list import LIST_TYPE, tiles_of_request

from ipf.engine import FileRequirement, TaskDefinition, TaskRequest, TaskSettings

DATASTRIP, GRANULES = "PDI_DS", ("PDI_ATF_LIST", "PDI_GR_LIST", "PDI_DS_GR_LIST")
PRODUCT_TYPES = ("S2MSI1C", "L1C", "MSI_L1C")
PICKING_TILES = ("PARALLEL_TILE", "PARALLEL_TILE_IDENT")
"""What of the work a job order asks for: read from the request by what opens the files."""
PICKING_BANDS = ("PARALLEL_BAND", "PARALLEL_BAND_IDENT")
BY_BAND = ("GEN_ORTHO_TOA", "TILE_FINALIZE", "FORMAT_IMG_L1C")
"""Tasks of tiles that several jobs may share by bands; the others need the bands that they need."""
PICKING_GRANULES = (
    "PARALLEL_DETECTOR",
    "PARALLEL_DETECTOR_IDENT",
    "PARALLEL_DATABLOCK",
    "DATABLOCK_NUMBER",
)
INGESTION = "IERS_DATA_INGESTION"
IGNORED = (
    "TRACE",
    "VALIDATE_SCHEMA",
    "FAKE_MODE",
    "MODE",
    "REMOVE_TEMPORARY_FILES",
    "PROCESSING_BASELINE",
    "PROCESSING_CENTER",
    "ARCHIVING_CENTER",
    "PROCESSING_CENTER_NAME",
    "PROCESSING_CENTER_COUNTRY",
    "PROCESSING_CENTER_ORG",
    "ARCHIVING_CENTER_NAME",
    "ARCHIVING_CENTER_COUNTRY",
    "ARCHIVING_CENTER_ORG",
)

RECORDED = (
    *("ATMIMA", "ATMSAD", "BLINDP", "CLOINV", "CLOPAR", "CONVER", "DATATI", "DECOMP", "EARMOD", "ECMWFP"),
    *("G2PARA", "G2PARE", "GEOPAR", "INTDET", "INVLOC", "JP2KPA", "LREXTR", "MASPAR", "OLQCPA", "PRDLOC"),
    *("PROBAS", "R2ABCA", "R2BINN", "R2CRCO", "R2DECT", "R2DEFI", "R2DENT", "R2DEPI", "R2EOB2", "R2EQOG"),
    *("R2L2NC", "R2NOMO", "R2PARA", "R2SWIR", "R2WAFI", "RESPAR", "SPAMOD", "TILPAR", "VIEDIR"),
)
"""Parameter files that the metadata of a datastrip name."""
DATED_BY = ("GIP_DATATI", "GIP_PRDLOC")
"""Parameter files that the datation of a datastrip is held against."""

LOCATION_IGNORED = (
    *IGNORED,
    *PICKING_TILES,
    *PICKING_BANDS,
    "ATF_LENGTH",
    "SAD_DATA_INGESTION",
    "POD_DATA_INGESTION",
    "DATA_MODEL_REFINING",
    "ANCILLARY_COMPUTATION",
    "GRANULE_FOOTPRINT_COMPUTATION",
    "COMPUTE_EXTRA_GRANULE",
    "DETECTOR_FOOTPRINT_COMPUTATION",
    "TECHNICAL_MASKS_COMPUTATION",
    "COARSE_CLOUD_MASK_PROJECT",
    "GRANULE_CLOUD_COMPUTATION",
)


def _settings(steps: Sequence[str], used: Sequence[str] = ()) -> Callable[[TaskRequest], TaskSettings]:
    """What the parameter files among a task's inputs set; `used` are types that its steps see to."""

    def settings(request: TaskRequest) -> TaskSettings:
        from ipf_plugins.geometric.gipp_settings import settings_of_gipps

        return settings_of_gipps(request, steps, used)

    return settings


def _needs(*types: str, summary: str = "") -> FileRequirement:
    return FileRequirement(file_types=types, summary=summary)


def _takes(*types: str, summary: str = "") -> FileRequirement:
    return FileRequirement(file_types=types, mandatory=False, summary=summary)


def _parameter_files(names: str) -> list[FileRequirement]:
    """Optional parameter files: what is left out has the defaults that the project ships."""
    return [_takes(f"GIP_{name}", summary="parameter file") for name in names.split()]


_TERRAIN = (
    _takes("DEM_SRTM", "DEM_GLOBE", "DEM", summary="elevation model; without one the ground is the geoid"),
    _takes("DEM_GEOID", summary="geoid; without one elevations count from the ellipsoid"),
)
_STRIP = _needs(DATASTRIP, summary="datastrip of Level 1B; for products, of Level 1C")
_LIST = _needs(LIST_TYPE, summary="tiles under the datastrip")
_TILES = _needs(TILES_TYPE, summary="tiles as far as earlier tasks have made them")
_IERS = _takes("IERS", summary="Earth orientation in place of the datastrip's own")
_SENSOR = (
    _needs("GIP_SPAMOD", summary="how the instrument is mounted"),
    _needs("GIP_VIEDIR", summary="viewing directions of every band"),
)


def _tile_task(
    name: str,
    steps: Sequence[str],
    inputs: Sequence[FileRequirement],
    outputs: Sequence[FileRequirement],
    summary: str,
) -> TaskDefinition:
    """A task that is run for each tile of the list."""
    return TaskDefinition(
        name=name,
        steps=tuple(steps),
        inputs=(_STRIP, _LIST, *inputs),
        outputs=tuple(outputs),
        ignored_parameters=(*IGNORED, *(() if name in BY_BAND else PICKING_BANDS)),
        request_parameters=(*PICKING_TILES, *(PICKING_BANDS if name in BY_BAND else ())),
        parts=tiles_of_request,
        settings=_settings(steps),
        summary=summary,
    )


def _location_task(
    name: str, step: str, parameter_files: str, outputs: Sequence[str], others: Sequence[str], summary: str
) -> TaskDefinition:
    """A task that places the granules of a datastrip on the ground; one of them updates the datastrip."""
    updates = DATASTRIP in outputs
    return TaskDefinition(
        name=name,
        steps=("read_datastrip", step),
        inputs=(
            _STRIP,
            _needs("PDI_DS_GR_LIST", summary="granules of Level 1A or 1B"),
            *_SENSOR,
            *_TERRAIN,
            _IERS,
            *map(_takes, others),
            *_parameter_files(parameter_files),
        ),
        outputs=tuple(map(_needs, outputs)),
        settings=_settings(("read_datastrip", step), DATED_BY if updates else ()),
        ignored_parameters=(*LOCATION_IGNORED, *(() if updates else (INGESTION,))),
        request_parameters=(*PICKING_GRANULES, *((INGESTION,) if updates else ())),
        summary=summary,
    )


def tasks() -> tuple[TaskDefinition, ...]:
    """All tasks, in the order of the chain."""
    return (
        _location_task(
            "UPDATE_LOC",
            "update_location",
            "DATATI INVLOC PRDLOC BLINDP",
            (DATASTRIP, "PDI_DS_GR_LIST", "FRAME_FILE", "VECTOR_DS_FOOTPRINT"),
            ("PDI_SAD",),
            "places of granules, frames and outline of a datastrip",
        ),
        _location_task(
            "INIT_LOC_L1",
            "initial_location",
            "PRDLOC INVLOC R2ABCA CLOINV BLINDP",
            ("PDI_DS_GR_LIST", "VECTOR"),
            ("VECTOR", "FRAME_FILE"),
            "places of granules, not refined",
        ),
        _location_task(
            "GEO1B_FINALIZE",
            "final_location",
            "EARMOD GEOPAR INTDET G2PARE G2PARA",
            ("PDI_DS_GR_LIST", "VECTOR"),
            ("FRAME_FILE",),
            "places of granules, refined where the datastrip is",
        ),
        TaskDefinition(
            name="GET_TILE_LIST",
            steps=("read_datastrip", "write_tile_list"),
            inputs=(
                _STRIP,
                *_SENSOR,
                *_TERRAIN,
                _IERS,
                _takes("VECTOR_DS_FOOTPRINT"),
                _takes("VECTOR"),
                *_parameter_files("TILPAR G2PARA HRTPAR"),
            ),
            outputs=(_takes(DATASTRIP), _needs(LIST_TYPE)),
            settings=_settings(("read_datastrip", "write_tile_list")),
            ignored_parameters=(*IGNORED, *PICKING_TILES, *PICKING_BANDS),
            summary="the tiles that a datastrip covers",
        ),
        _tile_task(
            "TILE_INIT",
            ("read_datastrip", "tile_geometry", "tile_meteorology", "write_tile"),
            (
                *_SENSOR,
                *_TERRAIN,
                _IERS,
                _takes("ECMWF"),
                _takes("CAMS"),
                *_parameter_files("RESPAR EARMOD TILPAR GEOPAR R2ABCA ECMWFP"),
            ),
            (_needs(TILES_TYPE),),
            "grid, angles and forecasts of a tile",
        ),
        _tile_task(
            "GEN_ORTHO_TOA",
            ("read_l1b", "calibrate", "ortho_grids", "resample", "toa_reflectance", "write_ortho"),
            (
                _TILES,
                _needs(*GRANULES, summary="Level-1B granules"),
                *_SENSOR,
                *_TERRAIN,
                _IERS,
                _takes("VECTOR"),
                _takes("FRAME_FILE"),
                *_parameter_files("RESPAR INTDET BLINDP EARMOD GEOPAR G2PARA JP2KPA R2ABCA R2PARA"),
            ),
            (_needs(TILES_TYPE),),
            "reflectance at the top of the atmosphere on the map",
        ),
        _tile_task(
            "TILE_FINALIZE",
            ("finalise_tile",),
            (
                _TILES,
                _takes("VECTOR_DS_FOOTPRINT", summary="outline of the datastrip, to hold the tile against"),
                _takes(*GRANULES, summary="Level-1B granules, to tell those that are missing"),
            ),
            (_needs(TILES_TYPE),),
            "what of a tile has been seen, and when",
        ),
        _tile_task(
            "MASK_S2",
            ("read_ortho", "cloud_elevation", "cloud_candidates", "cloud_mask", "write_cloud_mask"),
            (
                _TILES,
                _takes("DEM_SRTM", "DEM_GLOBE", "DEM"),
                *_parameter_files("MASPAR R2ABCA R2PARA CLOPAR"),
            ),
            (_needs(TILES_TYPE), _takes("VECTOR")),
            "clouds, cirrus and snow of a tile",
        ),
        _tile_task(
            "FORMAT_IMG_L1C",
            ("read_ortho", "encode_images"),
            (_TILES, *_parameter_files("JP2KPA")),
            (_needs(TILES_TYPE),),
            "images and masks of a tile in JPEG 2000",
        ),
        _tile_task(
            "FORMAT_IMG_PVI_TCI",
            ("read_ortho", "encode_pictures"),
            (_TILES, *_parameter_files("JP2KPA CONVER R2ABCA R2PARA")),
            (_needs("PDI_DS_PVI_LIST"), _needs("PDI_DS_TCI_LIST")),
            "true colour and preview of a tile",
        ),
        _tile_task(
            "FORMAT_METADATA_TILE_L1C",
            ("format_tile_metadata",),
            (_TILES, _takes("PDI_DS_PVI_LIST"), _takes("PDI_DS_TCI_LIST")),
            (_needs(TILES_TYPE),),
            "metadata of a finished tile",
        ),
        TaskDefinition(
            name="FORMAT_METADATA_DS_L1C",
            steps=("format_datastrip_metadata",),
            inputs=(
                _STRIP,
                _LIST,
                _TILES,
                _IERS,
                *_TERRAIN,
                _takes("ECMWF"),
                _takes("CAMS"),
                *_parameter_files(" ".join(RECORDED)),
            ),
            outputs=(_needs(DATASTRIP),),
            settings=_settings(("format_datastrip_metadata",), [f"GIP_{name}" for name in RECORDED]),
            ignored_parameters=(*IGNORED, *PICKING_TILES, *PICKING_BANDS),
            summary="the Level-1C datastrip",
        ),
        _tile_task(
            "FORMAT_PRODUCT_L1C",
            ("format_product",),
            (_TILES, _takes("PDI_DS_PVI_LIST"), _takes("PDI_DS_TCI_LIST")),
            (_needs(*PRODUCT_TYPES, summary="folder for the products"),),
            "a Level-1C product of each tile",
        ),
    )
