"""Step `format_l2a`: writes the Level-2A product, band by band.

While one band is encoded the next one is computed; a band is given back as soon as its images are encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.class_maps import ClassMapsUsed
from ipf_plugins.atmospheric.cog_product import CogProductWriter
from ipf_plugins.atmospheric.correction_quality import (
    aot_method,
    correction_quality,
    ground_figures,
    tables_used,
    water_vapour_method,
)
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.encoding import EncodingQueue, jobs_under_way
from ipf_plugins.atmospheric.image_content import ClassCover, image_content
from ipf_plugins.atmospheric.image_writer import ImageWriter
from ipf_plugins.atmospheric.l1c_documents import documents_of
from ipf_plugins.atmospheric.l1c_masks import pass_on
from ipf_plugins.atmospheric.l2a_destination import Destination
from ipf_plugins.atmospheric.l2a_images import THOUSANDTH, Rasters, mean_of_valid, where_classified
from ipf_plugins.atmospheric.l2a_production import L2AProduction, total_weight
from ipf_plugins.atmospheric.thumbnails import Thumbnails
from ipf_plugins.atmospheric.water_vapour_mean import WaterVapourMean
from pydantic import Field, field_validator

from ipf.engine import (
    Context,
    Findings,
    SinkStep,
    StepParameters,
    TaskRequest,
    Written,
    reads,
)
from ipf.errors import PlanError
from ipf.product.bands import RESOLUTIONS
from ipf.product.l2a_quality import AtmosphericQuality, exceeded_limits
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing, level_2a_documents, with_content
from ipf.product.metadata import DatastripMetadata, Gipp, ImageContent
from ipf.product.raster import Array, Raster
from ipf.product.reader import SafeProduct
from ipf.product.utc import UtcTime

BYTES_OF_10M = 4 * 2 + 3
"""Bytes held for each pixel of 10 m: three visible bands for true colour, which are encoded meanwhile, one
band that is still being encoded before them, and the true-colour image itself."""
BYTES_OF_20M = 2
"""Bytes of each pixel of 20 m of a band that is being encoded."""


class FormatL2AParameters(StepParameters):
    """What the product is called, and how its images are coded."""

    jp2_profile: Literal["official", "fast"] = Field(
        default="official",
        description="JPEG 2000 coding: as official products, or code-blocks of 64 x 64 everywhere",
    )
    baseline: str | None = Field(
        default=None,
        pattern=r"^\d{2}\.\d{2}$",
        description="processing baseline, 04.00 or later; none for that of Level-1C",
        json_schema_extra={"job_order": "PROCESSING_BASELINE"},
    )
    processing_centre: str | None = Field(
        default=None,
        pattern=r"^[A-Z0-9_]{4}$",
        description="processing centre in the names; none for that of Level-1C",
        json_schema_extra={"job_order": "PROCESSING_CENTER"},
    )
    resolution: int = Field(
        default=0,
        description="finest pixel size to write: 20 leaves out the images at 10 m, 60 those at 20 m too; 0 or"
        " 10 for all",
        json_schema_extra={"unit": "m", "source": "Sen2Cor User Manual, option --resolution"},
    )
    format: Literal["safe", "cog"] = Field(
        default="safe",
        description="form of the product: SAFE with JPEG 2000 images, or a folder with a Cloud Optimized"
        " GeoTIFF for each band and map at its native pixel size",
    )
    quality_page: bool = Field(
        default=False, description="write a page with pictures and quality figures beside the product"
    )

    @field_validator("resolution")
    @classmethod
    def _of_the_instrument(cls, resolution: int) -> int:
        if resolution not in (0, *RESOLUTIONS):
            raise ValueError(f"expected 0, 10, 20 or 60, found {resolution}")
        return resolution


PARAMETER_FILES = ("GIP_L2ACSC", "GIP_L2ACAC", "GIP_PROBA2")
"""Types of Sen2Cor's parameter files in official products; the schemas have none for L2A_GIPP.xml."""


@dataclass(frozen=True)
class Inputs:
    """Everything that a product holds; bands are computed when they are read.

    What is optional tells the quality report how the correction was made.
    """

    l1c_product: SafeProduct
    l1c_datastrip: DatastripMetadata
    atmospheric_state: AtmosphericState
    atmosphere_model: AtmosphereModel
    surface_reflectance: Annotated[Rasters, reads()]
    aerosol_optical_thickness: Annotated[Raster, reads()]
    water_vapour: Annotated[Raster, reads()]
    scene_classification: Annotated[Raster, reads()]
    cloud_probability: Annotated[Raster, reads()]
    snow_probability: Annotated[Raster, reads()]
    cloud_probability_60m: Annotated[Raster, reads()]
    snow_probability_60m: Annotated[Raster, reads()]
    elevation: Annotated[Raster | None, reads()]
    slope: Annotated[Raster | None, reads()]
    elevation_model: ElevationModel | None
    aerosol_field: AerosolField | None
    water_vapour_mean: WaterVapourMean | None
    class_maps_used: ClassMapsUsed | None


def plan_product(known: Mapping[str, Any], parameters: FormatL2AParameters, context: Context) -> Findings:
    """Name the product and forecast its images in memory; refuses a name that exists or cannot be made."""
    product: SafeProduct = known["l1c_product"]
    l1c = documents_of(product, known["l1c_datastrip"])
    processing = processing_of(
        parameters,
        known["atmosphere_model"].table_files(),
        known.get("elevation_model"),
        known.get("class_maps_used"),
        context,
    )
    try:
        l2a = level_2a_documents(l1c, processing)
    except ValueError as problem:
        raise PlanError(f"{product.tile_folder}: {problem}") from problem
    pixels_of_10m = product.grid.rows * product.grid.columns
    pixels_of_20m = pixels_of_10m // 4
    return Findings(
        outputs=_destination(parameters, context).planned(l2a),
        memory_bytes=BYTES_OF_10M * pixels_of_10m
        + jobs_under_way(context.workers) * BYTES_OF_20M * pixels_of_20m,
    )


def processing_of(
    parameters: FormatL2AParameters,
    luts: tuple[str, ...],
    elevation_model: ElevationModel | None,
    maps: ClassMapsUsed | None,
    context: Context,
) -> L2AProcessing:
    """What Level-2A processing adds to the identity of the product."""
    used = maps or ClassMapsUsed()
    return L2AProcessing(
        creation=UtcTime(context.creation_date, 6),
        baseline=parameters.baseline,
        centre=parameters.processing_centre,
        dem=elevation_model.source if elevation_model is not None and elevation_model.used else None,
        gipps=_parameter_files(context.request),
        luts=luts,
        snow_climatology=used.snow_climatology,
        water_bodies=used.water_bodies,
        land_cover=used.land_cover,
        snow_condition=used.snow_condition,
    )


def _parameter_files(request: TaskRequest) -> tuple[Gipp, ...]:
    """Parameter files of the job order, of the types that GIPP_List has a name for."""
    return tuple(
        Gipp(path.stem, kind, None) for kind in PARAMETER_FILES for path in request.inputs.get(kind, ())
    )


def _destination(parameters: FormatL2AParameters, context: Context) -> Destination:
    return Destination.of(context.request, parameters.format == "cog", parameters.quality_page)


def write(inputs: Inputs, parameters: FormatL2AParameters, context: Context) -> Written:
    """Write the product; raises `OutputError` naming what cannot be written, and then leaves nothing."""
    l1c = documents_of(inputs.l1c_product, inputs.l1c_datastrip)
    luts = tables_used(inputs.atmosphere_model, inputs.aerosol_field)
    processing = processing_of(parameters, luts, inputs.elevation_model, inputs.class_maps_used, context)
    destination = _destination(parameters, context)
    with destination.staging() as parent:
        if parameters.format == "cog":
            with CogProductWriter(parent, l1c, processing, parameters.resolution) as cog:
                return _fill(cog, inputs, destination, parameters, context, lambda queue: None)
        with L2AProductWriter(
            parent,
            l1c,
            processing,
            style=parameters.jp2_profile,
            parts=destination.parts,
            finest=parameters.resolution,
        ) as safe:
            pass_masks_on = partial(pass_on, inputs.l1c_product, l1c.baseline, safe)
            return _fill(safe, inputs, destination, parameters, context, pass_masks_on)


def _fill(
    writer: ImageWriter,
    inputs: Inputs,
    destination: Destination,
    parameters: FormatL2AParameters,
    context: Context,
    pass_masks_on: Callable[[EncodingQueue], None],
) -> Written:
    """Give a product its images, its page and its name."""
    thumbnails = Thumbnails(inputs.l1c_product) if parameters.quality_page else None
    content, cloudy, negative = _add_images(writer, inputs, thumbnails, context, pass_masks_on)
    quality = _quality(inputs, negative, content)
    for line in inputs.elevation_model.told if inputs.elevation_model is not None else ():
        context.logger.info(line)
    tile = with_content(writer.tile, content, cloudy)
    for name, exceeded in exceeded_limits(tile, quality).items():
        if exceeded:
            context.logger.warning("%s: beyond a limit of the correction: %s", tile.identifier, name)
    page = None
    if thumbnails is not None:
        # Imported where it is used, for every command would start by loading matplotlib otherwise.
        from ipf_plugins.atmospheric.quality_page import quality_page

        page = quality_page(thumbnails, tile, quality, used_of(inputs, parameters, context))
    with destination.with_page(writer.outputs[0].name, page):
        made = writer.finish(content, cloudy, quality)
    figures = _figures(content, cloudy)
    return Written(destination.receive(made, figures), figures)


def _add_images(
    writer: ImageWriter,
    inputs: Inputs,
    thumbnails: Thumbnails | None,
    context: Context,
    pass_masks_on: Callable[[EncodingQueue], None],
) -> tuple[ImageContent, float, dict[str, float]]:
    """Add all images and masks; gives image content, cloud cover and negative reflectance in percent."""
    work = total_weight(inputs.l1c_product.grid, writer)
    with EncodingQueue(context.workers, work, context.progress) as queue:
        production = L2AProduction(writer, queue, thumbnails)
        negative = production.add_bands(inputs.surface_reflectance)
        classes = _take(inputs.scene_classification)
        aot = where_classified(_take(inputs.aerosol_optical_thickness), classes)
        water_vapour = where_classified(_take(inputs.water_vapour), classes)
        production.add_map("AOT", aot)
        production.add_map("WVP", water_vapour)
        production.add_classes(classes)
        production.add_probability("MSK_CLDPRB", inputs.cloud_probability)
        production.add_probability("MSK_SNWPRB", inputs.snow_probability)
        production.add_probability("MSK_CLDPRB", inputs.cloud_probability_60m)
        production.add_probability("MSK_SNWPRB", inputs.snow_probability_60m)
        pass_masks_on(queue)
        cover = ClassCover.of(classes)
        if production.empty and cover.valid:
            bands = ", ".join(production.empty)
            context.logger.warning("no surface reflectance at all, though pixels are classified: %s", bands)
        content = image_content(
            cover,
            inputs.atmospheric_state,
            aot_method(inputs.atmospheric_state, inputs.aerosol_field),
            mean_of_valid(aot, THOUSANDTH),
            mean_of_valid(water_vapour, THOUSANDTH),
            0.0 if inputs.aerosol_field is None else inputs.aerosol_field.uncertainty,
        )
        queue.finish()
    return content, cover.cloudy_percentage, negative


def _take(raster: Raster) -> Array:
    """All counts of a layer that is not needed any more."""
    counts = raster.read_all()
    raster.release()
    return counts


def _quality(inputs: Inputs, negative: Mapping[str, float], content: ImageContent) -> AtmosphericQuality:
    """What the correction reports of itself."""
    state = inputs.atmospheric_state
    return correction_quality(
        inputs.l1c_product,
        state,
        inputs.atmosphere_model,
        ground_figures(state, inputs.elevation_model, inputs.elevation, inputs.slope),
        inputs.elevation_model,
        inputs.aerosol_field,
        inputs.water_vapour_mean,
        negative,
        content.mean_aot or 0.0,
    )


def used_of(inputs: Inputs, parameters: FormatL2AParameters, context: Context) -> dict[str, str]:
    """What the product was made with, for people."""
    state, dem = inputs.atmospheric_state, inputs.elevation_model
    maps = inputs.class_maps_used
    named = (maps.water_bodies, maps.land_cover, maps.snow_condition, maps.snow_climatology) if maps else ()
    return {
        "mode": context.request.parameters.get("MODE", "accurate"),
        "Level-1C": documents_of(inputs.l1c_product, inputs.l1c_datastrip).product.uri,
        "look-up tables": " ".join(tables_used(inputs.atmosphere_model, inputs.aerosol_field)),
        "absorption by gases": inputs.atmosphere_model.gas_model,
        "aerosol, first guess": str(state.aerosol_optical_thickness),
        "aerosol, method": aot_method(state, inputs.aerosol_field),
        "water vapour, first guess": f"{state.water_vapour} cm",
        "water vapour, method": water_vapour_method(state, inputs.water_vapour_mean),
        "ozone": f"{state.ozone} cm-atm",
        "pressure at the ground": f"{state.surface_pressure} hPa",
        "elevation model": "NONE" if dem is None else " ".join((dem.source, dem.note, *dem.told)).strip(),
        "maps of the classification": ", ".join(name for name in named if name) or "NONE",
        "form": parameters.format,
    }


def _figures(content: ImageContent, cloudy: float) -> dict[str, float | str]:
    """What the run report tells of the product."""
    return {
        "CLOUDY_PIXEL_PERCENTAGE": cloudy,
        "NODATA_PIXEL_PERCENTAGE": content.nodata,
        "GRANULE_MEAN_AOT": content.mean_aot or 0.0,
        "GRANULE_MEAN_WV": content.mean_water_vapour or 0.0,
        "AOT_RETRIEVAL_METHOD": content.aot_retrieval_method or "",
        "OZONE_VALUE": content.ozone or 0.0,
    }


format_l2a = SinkStep(
    name="format_l2a",
    summary="Level-2A product: images at 10, 20 and 60 m, masks, metadata, quality reports",
    run=write,
    check=plan_product,
)
