"""Step `format_l2a`: writes the Level-2A product, band by band.

While one band is encoded the next one is computed; a band is given back as soon as its images are encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.encoding import EncodingQueue, jobs_under_way
from ipf_plugins.atmospheric.image_content import ClassCover, image_content
from ipf_plugins.atmospheric.l1c_documents import documents_of
from ipf_plugins.atmospheric.l2a_destination import Destination
from ipf_plugins.atmospheric.l2a_images import THOUSANDTH, Rasters, mean_of_valid, where_classified
from ipf_plugins.atmospheric.l2a_production import L2AProduction, total_weight
from pydantic import Field

from ipf.engine import (
    Context,
    Findings,
    SinkStep,
    StepParameters,
    Written,
    reads,
)
from ipf.errors import PlanError
from ipf.product.l2a_quality import AtmosphericQuality
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing, level_2a_documents
from ipf.product.metadata import DatastripMetadata, ImageContent
from ipf.product.raster import Array, Raster
from ipf.product.reader import SafeProduct
from ipf.product.utc import UtcTime

VISIBLE_BANDS = 3
"""Bands of 10 m that are held for the true-colour images, beside those that are being encoded."""
BYTES_PER_COUNT = 2


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


@dataclass(frozen=True)
class Inputs:
    """Everything that a product holds; bands are computed when they are read."""

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


def processing_of(parameters: FormatL2AParameters, model: AtmosphereModel, context: Context) -> L2AProcessing:
    """What Level-2A processing adds to the identity of the product."""
    return L2AProcessing(
        creation=UtcTime(context.creation_date, 6),
        baseline=parameters.baseline,
        centre=parameters.processing_centre,
        luts=(model.table_file,),
    )


def plan_product(known: Mapping[str, Any], parameters: FormatL2AParameters, context: Context) -> Findings:
    """Name the product and forecast its images in memory; refuses a name that exists or cannot be made."""
    product: SafeProduct = known["l1c_product"]
    l1c = documents_of(product, known["l1c_datastrip"])
    processing = processing_of(parameters, known["atmosphere_model"], context)
    try:
        l2a = level_2a_documents(l1c, processing)
    except ValueError as problem:
        raise PlanError(f"{product.tile_folder}: {problem}") from problem
    images = VISIBLE_BANDS + jobs_under_way(context.workers)
    return Findings(
        outputs=Destination.of(context.request).planned(l2a),
        memory_bytes=images * BYTES_PER_COUNT * product.grid.rows * product.grid.columns,
    )


def write(inputs: Inputs, parameters: FormatL2AParameters, context: Context) -> Written:
    """Write the product; raises `OutputError` naming what cannot be written, and then leaves nothing."""
    l1c = documents_of(inputs.l1c_product, inputs.l1c_datastrip)
    destination = Destination.of(context.request)
    with destination.staging() as parent:
        with L2AProductWriter(
            parent,
            l1c,
            processing_of(parameters, inputs.atmosphere_model, context),
            style=parameters.jp2_profile,
            parts=destination.parts,
        ) as writer:
            content, cloudy, negative = _add_images(writer, inputs, l1c.baseline, context)
            made = writer.finish(content, cloudy, _quality(inputs, negative))
        figures = _figures(content, cloudy)
        return Written(destination.receive(made, figures), figures)


def _add_images(
    writer: L2AProductWriter, inputs: Inputs, l1c_baseline: str, context: Context
) -> tuple[ImageContent, float, dict[str, float]]:
    """Add all images and masks; gives image content, cloud cover and negative reflectance in percent."""
    with EncodingQueue(context.workers, total_weight(inputs.l1c_product.grid), context.progress) as queue:
        production = L2AProduction(writer, queue)
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
        production.pass_on(inputs.l1c_product, l1c_baseline)
        cover = ClassCover.of(classes)
        content = image_content(
            cover,
            inputs.atmospheric_state,
            mean_of_valid(aot, THOUSANDTH),
            mean_of_valid(water_vapour, THOUSANDTH),
        )
        queue.finish()
    return content, cover.cloudy_percentage, negative


def _take(raster: Raster) -> Array:
    """All counts of a layer that is not needed any more."""
    counts = raster.read_all()
    raster.release()
    return counts


def _quality(inputs: Inputs, negative: Mapping[str, float]) -> AtmosphericQuality:
    """What the correction reports of itself."""
    state = inputs.atmospheric_state
    return AtmosphericQuality(
        water_vapour_method=state.water_vapour.source.value,
        negative_reflectance=negative,
        look_up_tables=(inputs.atmosphere_model.table_file,),
        mean_altitude=state.ground_elevation.field.mean / 1000.0,
        auxiliary_files=tuple(sorted(inputs.l1c_product.auxiliary_files)),
    )


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
