"""Step `format_l1c_scene`: the Level-1C product of the scene, and the truth beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.scene import BASELINE, Air, Scene
from ipf_plugins.simulator.spectra import Cover
from ipf_plugins.simulator.truth import write_band, write_document, write_layers
from ipf_plugins.simulator.weather import write_forecasts
from pydantic import Field, field_validator

from ipf.engine import Context, Findings, PlannedFile, SinkStep, StepParameters, Written, reads
from ipf.errors import PlanError
from ipf.product.acquisition import Acquisition, l1c_documents
from ipf.product.bands import BAND_NAMES
from ipf.product.documents import Documents
from ipf.product.l1c_writer import L1CMasks, write_l1c_product
from ipf.product.masks import CLOUD_FLAGS, QUALITY_FLAGS, Flags
from ipf.product.metadata_writer import first_baseline_of
from ipf.product.product_writer import discard, publish, temporary_folder
from ipf.product.raster import Raster, Window
from ipf.product.utc import UtcTime

PRODUCT_TYPES = ("L1C", "S2MSI1C", "MSI_L1C")
TRUTH_TYPE = "TRUTH"
TRUTH_SUFFIX = ".TRUTH"
ENCODING_BYTES = 100 * 2**20
"""Images being encoded, beside the layers. Those of a full tile take more, but less than is forecast for the
truth of all bands, of which only that of the bands under way is held: measured 3.1 GB, forecast 3.9."""

Rasters = Mapping[str, Raster]

_TRUE_LAYERS = (
    "true_cover",
    "true_cloud",
    "true_cloud_height",
    "true_cirrus",
    "true_shadow",
    "true_aot",
    "true_water_vapour",
    "true_elevation",
    "true_direct_light",
    "true_sky_view",
)


class ProductParameters(StepParameters):
    """What the product is called, how it is coded, and what its forecasts say."""

    jp2_profile: Literal["official", "fast"] = Field(
        "fast", description="JPEG 2000 coding: as official products, or code-blocks of 64 x 64 everywhere"
    )
    baseline: str | None = Field(
        None,
        pattern=r"^\d{2}\.\d{2}$",
        description="Processing baseline from 04.00, for Sentinel-2C from 05.11; none for the first of these",
    )

    forecasts: Literal["true", "none"] = Field(
        "true",
        description="Embedded CAMS and ECMWF forecasts: they say what is true of the air, or there are none",
    )
    forecast_aot: float | None = Field(
        None,
        ge=0.0,
        le=5.0,
        description="Aerosol optical thickness that the forecast says instead of the truth",
    )
    forecast_water_vapour: float | None = Field(
        None, ge=0.0, le=10.0, description="Water vapour in cm that the forecast says instead of the truth"
    )

    @field_validator("baseline")
    @classmethod
    def _with_offsets(cls, value: str | None) -> str | None:
        if value is not None and value < BASELINE:
            raise ValueError(f"expected {BASELINE} or later, since counts are made with offsets")
        return value


@dataclass(frozen=True)
class Inputs:
    """All that is seen, and all that is true."""

    scene: Scene
    air: Air
    detector_footprint: Annotated[Rasters, reads()]
    counts: Annotated[Rasters, reads()]
    true_saturation: Annotated[Rasters, reads()]
    true_reflectance: Annotated[Rasters, reads()]
    true_cover: Annotated[Raster, reads()]
    true_cloud: Annotated[Raster, reads()]
    true_cloud_height: Annotated[Raster, reads()]
    true_cirrus: Annotated[Raster, reads()]
    true_shadow: Annotated[Raster, reads()]
    true_aot: Annotated[Raster, reads()]
    true_water_vapour: Annotated[Raster, reads()]
    true_elevation: Annotated[Raster, reads()]
    true_direct_light: Annotated[Raster, reads()]
    true_sky_view: Annotated[Raster, reads()]

    @property
    def layers(self) -> dict[str, Raster]:
        """The true layers without bands."""
        return {name: getattr(self, name) for name in _TRUE_LAYERS}


def documents_of(scene: Scene, parameters: ProductParameters, context: Context) -> Documents:
    """Metadata of the scene's product."""
    return l1c_documents(
        Acquisition(
            satellite=scene.satellite,
            tile=scene.tile,
            grid=scene.grid,
            sensing_time=scene.sensing_time,
            angles=scene.angles,
            absolute_orbit=scene.absolute_orbit,
            relative_orbit=scene.relative_orbit,
            creation=UtcTime(context.creation_date, 6),
            baseline=parameters.baseline or max(BASELINE, first_baseline_of(scene.satellite)),
            radiometry=scene.radiometry,
        )
    )


def planned_files(
    scene: Scene, parameters: ProductParameters, context: Context
) -> tuple[PlannedFile, PlannedFile]:
    """The product, and the folder of its truth."""
    request = context.request
    kind = next((name for name in PRODUCT_TYPES if name in request.outputs), PRODUCT_TYPES[0])
    uri = documents_of(scene, parameters, context).product.uri
    product = request.output_path(kind) / uri
    truth = request.output_path(TRUTH_TYPE) / (uri.removesuffix(".SAFE") + TRUTH_SUFFIX)
    return PlannedFile(kind, product), PlannedFile(TRUTH_TYPE, truth)


def plan_product(known: Mapping[str, Any], parameters: ProductParameters, context: Context) -> Findings:
    """Name the outputs; refuses those that exist."""
    scene: Scene = known["scene"]
    files = planned_files(scene, parameters, context)
    for file in files:
        if file.path.exists():
            raise PlanError(f"output {file.file_type}: {file.path} exists already")
    return Findings(outputs=files, memory_bytes=ENCODING_BYTES)


def write(inputs: Inputs, parameters: ProductParameters, context: Context) -> Written:
    """Write product and truth, each of which appears whole.

    Raises `OutputError` naming the file that cannot be written; then nothing is left.
    """
    product, truth = planned_files(inputs.scene, parameters, context)
    staging = temporary_folder(truth.path.parent, truth.path)
    made: Path | None = None
    try:
        forecasts = _forecasts(inputs, parameters, context.scratch)
        write_layers(staging, inputs.layers)
        write_document(staging, inputs.scene, inputs.air, product.path.name)
        made = write_l1c_product(
            product.path.parent,
            documents_of(inputs.scene, parameters, context),
            _with_truth(inputs, staging, context),
            L1CMasks(
                footprints=_Lazily(partial(_footprint, inputs)),
                quality=_Lazily(partial(_quality, inputs)),
                clouds=_clouds(inputs),
            ),
            forecasts,
            parameters.jp2_profile,
            context.workers,
        )
        publish(staging, truth.path)
    except BaseException:
        if made is not None:
            discard(made)
        raise
    finally:
        discard(staging)
    return Written((product, truth))


def _forecasts(inputs: Inputs, parameters: ProductParameters, scratch: Path) -> dict[str, bytes]:
    """Contents of the forecasts by name; none when the product is to be without them."""
    if parameters.forecasts == "none":
        return {}
    air = inputs.air
    foretold = replace(
        air,
        aot=air.aot if parameters.forecast_aot is None else parameters.forecast_aot,
        water_vapour=air.water_vapour
        if parameters.forecast_water_vapour is None
        else parameters.forecast_water_vapour,
    )
    written = write_forecasts(inputs.scene, foretold, scratch)
    return {name: path.read_bytes() for name, path in written.items()}


def _with_truth(inputs: Inputs, folder: Path, context: Context) -> dict[str, Raster]:
    """The counts of all bands; when a band is read its truth is written, and both are given back.

    So no more bands are in memory than are encoded at a time.
    """
    begun: list[str] = []

    def read(band: str, window: Window) -> npt.NDArray[Any]:
        begun.append(band)
        context.progress((len(begun) - 1) / len(BAND_NAMES))
        values = inputs.counts[band].read(window)
        write_band(folder, inputs.true_reflectance[band], inputs.true_saturation[band], band)
        inputs.counts[band].release()
        inputs.true_reflectance[band].release()
        return values

    return {band: replace(inputs.counts[band], read=partial(read, band)) for band in BAND_NAMES}


class _Lazily(Mapping[str, Flags]):
    """Masks of all bands, each made when it is asked for."""

    def __init__(self, make: Callable[[str], Flags]) -> None:
        self._make = make

    def __getitem__(self, band: str) -> Flags:
        if band not in BAND_NAMES:
            raise KeyError(band)
        return self._make(band)

    def __contains__(self, band: object) -> bool:
        return band in BAND_NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(BAND_NAMES)

    def __len__(self) -> int:
        return len(BAND_NAMES)


def _footprint(inputs: Inputs, band: str) -> Flags:
    raster = inputs.detector_footprint[band]
    return np.ascontiguousarray(raster.read_all(), np.uint8)


def _quality(inputs: Inputs, band: str) -> Flags:
    """Quality flags of a band: saturated, no data."""
    saturation, footprint = inputs.true_saturation[band], inputs.detector_footprint[band]
    flags: Flags = saturation.read_all().astype(np.uint8) << np.uint8(QUALITY_FLAGS.index("saturated"))
    flags |= (footprint.read_all() == 0).astype(np.uint8) << np.uint8(QUALITY_FLAGS.index("no_data"))
    saturation.release()
    footprint.release()
    return flags


def _clouds(inputs: Inputs) -> Flags:
    """Cloud flags at 60 m: of what covers more than half of a pixel, and cirrus that adds more than 0.005."""
    cloud, veil, cover = inputs.true_cloud, inputs.true_cirrus, inputs.true_cover
    opaque = _mean_at_60m(cloud, cloud.read_all()) * (cloud.scale or 1.0) > 0.5
    cirrus = (_mean_at_60m(veil, veil.read_all()) * (veil.scale or 1.0) > 0.005) & ~opaque
    snow = (_mean_at_60m(cover, cover.read_all() == Cover.SNOW) > 0.5) & ~opaque
    flags = np.zeros(opaque.shape, np.uint8)
    for name, mask in (("opaque_cloud", opaque), ("cirrus", cirrus), ("snow", snow)):
        flags |= mask.astype(np.uint8) << np.uint8(CLOUD_FLAGS.index(name))
    return flags


def _mean_at_60m(raster: Raster, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    factor = 60 // raster.grid.resolution
    rows, columns = raster.grid.rows // factor, raster.grid.columns // factor
    return np.asarray(values.reshape(rows, factor, columns, factor).mean(axis=(1, 3)))


STEP = SinkStep(
    name="format_l1c_scene",
    run=write,
    check=plan_product,
    summary="the Level-1C product of the scene, and its truth",
)
