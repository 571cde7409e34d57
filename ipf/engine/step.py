"""The step contract: what a prototyper replaces, and how a step declares what it reads and writes.

A step is ``run(inputs, parameters, context) -> outputs``. `inputs` and `outputs` are frozen dataclasses whose
fields are the declaration: a field annotated with `reads` or `writes` is a raster layer, a field without is a
small frozen model that an earlier step produced under the same name. The engine reads the types from the
annotations of `run`, so that a step is one function, two dataclasses and one parameter model.

Four kinds of step exist:

* `SourceStep` opens the inputs of the task and gives lazy rasters and models; no pixel is read, so that it
  runs in the check pass as well;
* `BlockStep` turns arrays into arrays, block by block;
* `SceneStep` looks at the whole scene and gives a small model: ``accumulate``, ``merge``, ``finalise``;
* `SinkStep` writes the files that the job order asks for.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from ipf.engine.context import Context
from ipf.errors import PluginError

Bands = Mapping[str, Any]
"""Arrays (block and scene steps) or lazy rasters (sources and sinks) of a banded layer, by band name."""


class StepParameters(BaseModel):
    """Base of every step's parameters: frozen, unknown names refused, every field described and bounded.

    A field's ``json_schema_extra={"job_order": "PROCESSING_BASELINE"}`` names the dynamic parameter of a job
    order that sets it; every field is also set by the dynamic parameter ``<step>.<field>``. Those come as
    text, from which pydantic makes numbers; a choice among whole numbers (``Literal[0, 1]``) is made here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _number_of_text(cls, given: object, info: ValidationInfo) -> object:
        described = cls.model_fields[info.field_name or ""]
        if not isinstance(given, str) or typing.get_origin(described.annotation) is not typing.Literal:
            return given
        numbers = {str(choice): choice for choice in typing.get_args(described.annotation)}
        return numbers.get(given.strip(), given)


class NoParameters(StepParameters):
    """Parameters of a step that has none."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Reach of a step around each pixel, in metres on the ground."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def __post_init__(self) -> None:
        if min(self.top, self.bottom, self.left, self.right) < 0:
            raise PluginError(f"{self}: margins cannot be negative")

    @classmethod
    def around(cls, metres: int) -> Margins:
        """The same reach on every side."""
        return cls(metres, metres, metres, metres)

    def __bool__(self) -> bool:
        return self != Margins()


@dataclass(frozen=True, slots=True)
class Reads:
    """Declaration of an input layer; see `reads`."""

    layer: str
    bands: tuple[str, ...]
    resolution: int | None
    margins: Margins
    each_band: bool
    line_offsets: tuple[tuple[str, int], ...]

    def line_offset(self, band: str) -> int:
        """Lines by which the array of `band` is taken further down than the block."""
        return dict(self.line_offsets).get(band, 0)


def reads(
    layer: str = "",
    *,
    bands: tuple[str, ...] = (),
    resolution: int | None = None,
    margin: int | Margins = 0,
    each_band: bool = False,
    line_offsets: Mapping[str, int] | None = None,
) -> Reads:
    """Declare an input layer of a step, in ``Annotated[..., reads(...)]``.

    layer : name of the quantity; by default the field's name.
    bands : bands of the quantity that are needed; empty means all that it has.
    resolution : pixel size in metres on which the step wants the arrays. The engine averages finer pixels and
        repeats coarser ones (class maps are picked, not averaged). None: the native one, which for a
        layer without bands in a step run for each band is that of the band.
    margin : reach of the step around each pixel, in metres, the same on every side or `Margins`; the array is
        larger by it, and beyond the edge of the scene it holds no-data. 0 is a pixel-wise step.
    each_band : the step runs once for each band, and the field is one array rather than a mapping.
    line_offsets : by band, lines of the array's pixel size by which the band is taken further down than the
        block: for bands that look at the ground at different times. Not a margin: nothing more is read.
    """
    margins = Margins.around(margin) if isinstance(margin, int) else margin
    offsets = tuple(sorted((line_offsets or {}).items()))
    return Reads(layer, bands, resolution, margins, each_band, offsets)


@dataclass(frozen=True, slots=True)
class Writes:
    """Declaration of an output layer; see `writes`."""

    unit: str
    dtype: np.dtype[Any]
    scale: float | None
    offset: float
    nodata: int | None
    minimum: int
    maximum: int
    resolution: int | None
    each_band: bool


def writes(
    *,
    unit: str,
    dtype: str,
    scale: float | None = None,
    offset: float = 0.0,
    nodata: int | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    resolution: int | None = None,
    each_band: bool = False,
) -> Writes:
    """Declare an output layer of a block step, in ``Annotated[..., writes(...)]``.

    unit : unit of the physical value ("1" for reflectance, "cm", "class").
    dtype : storage type. With a `scale`, the step gives float32 physical values, NaN for no-data, and the
        engine stores ``round(value / scale - offset)`` limited to `minimum`..`maximum`; without, the array
        is stored as it is.
    resolution : pixel size in metres; None for that of the band in a step run for each band.
    """
    kind = np.dtype(dtype)
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        lowest, highest = int(limits.min), int(limits.max)
    else:
        lowest, highest = 0, 0
    return Writes(
        unit,
        kind,
        scale,
        offset,
        nodata,
        lowest if minimum is None else minimum,
        highest if maximum is None else maximum,
        resolution,
        each_band,
    )


@dataclass(frozen=True, slots=True)
class Port:
    """One field of an inputs or outputs dataclass: a layer when `declaration` is set, else a model."""

    name: str
    layer: str
    type: Any
    declaration: Reads | Writes | None
    optional: bool


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file or folder that a sink promises: the job order's file type and where it will stand."""

    file_type: str
    path: Path


@dataclass(frozen=True, slots=True)
class Findings:
    """What a step's check learned without pixels.

    `auxiliary` are the files that it will read besides the task's inputs, `outputs` those that it will
    write, `memory_bytes` the working memory that it needs beside the layers, `notes` lines for an operator.
    """

    auxiliary: tuple[Path, ...] = ()
    outputs: tuple[PlannedFile, ...] = ()
    memory_bytes: int = 0
    notes: tuple[str, ...] = ()


Check = Callable[[Mapping[str, Any], Any, Context], Findings]
"""``check(known, parameters, context)``: refuse what can be refused without pixels, by raising.

`known` holds by name the models that exist in the check pass: those of source steps.
"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all steps share. `name` is how chains and job orders call it, `summary` is for people."""

    name: str
    summary: str = ""
    check: Check | None = None

    @property
    def function(self) -> Callable[..., Any]:
        """The function whose annotations declare inputs and parameters."""
        raise NotImplementedError

    @property
    def inputs(self) -> type:
        """Dataclass of the step's inputs."""
        model: type = _annotation(self.function, 0, self.name)
        return model

    @property
    def outputs(self) -> type:
        """Dataclass of the step's outputs."""
        model: type = _annotation(self.function, None, self.name)
        return model

    @property
    def parameters(self) -> type[StepParameters]:
        """Model of the step's parameters."""
        model: type[StepParameters] = _annotation(self.function, 1, self.name)
        return model

    @property
    def input_ports(self) -> tuple[Port, ...]:
        """Declared inputs, in the order of the dataclass."""
        return _ports(self.inputs, Reads, self.name)

    @property
    def output_ports(self) -> tuple[Port, ...]:
        """Declared outputs, in the order of the dataclass."""
        return _ports(self.outputs, Writes, self.name)

    @property
    def each_band(self) -> bool:
        """Whether the step runs once for each band of a layer."""
        return any(
            port.declaration is not None and port.declaration.each_band
            for port in self.input_ports + self.output_ports
        )


@dataclass(frozen=True, kw_only=True)
class SourceStep(Step):
    """Opens the task's inputs: models, and lazy rasters (``Mapping[str, Raster]`` marked with `provides`)."""

    run: Callable[[Any, Any, Context], Any]

    @property
    def function(self) -> Callable[..., Any]:
        return self.run


@dataclass(frozen=True, kw_only=True)
class BlockStep(Step):
    """Arrays in, arrays out, for one block. The result must depend on a pixel's place, never on the block."""

    run: Callable[[Any, Any, Context], Any]

    @property
    def function(self) -> Callable[..., Any]:
        return self.run


@dataclass(frozen=True, kw_only=True)
class SceneStep(Step):
    """A model of the whole scene, gathered on cells that do not depend on the block size.

    ``accumulate(inputs, parameters, context) -> partial`` for each cell, ``merge(partial, partial) ->
    partial`` in the cells' order, ``finalise(partial, parameters, context) -> outputs``.
    """

    accumulate: Callable[[Any, Any, Context], Any]
    merge: Callable[[Any, Any], Any]
    finalise: Callable[[Any, Any, Context], Any]

    @property
    def function(self) -> Callable[..., Any]:
        return self.accumulate

    @property
    def outputs(self) -> type:
        model: type = _annotation(self.finalise, None, self.name)
        return model


@dataclass(frozen=True, kw_only=True)
class SinkStep(Step):
    """Writes files; sees whole lazy rasters. `run` returns `Written`."""

    run: Callable[[Any, Any, Context], Written]

    @property
    def function(self) -> Callable[..., Any]:
        return self.run


@dataclass(frozen=True)
class Written:
    """What a sink has written: the planned files, and figures worth reporting."""

    files: tuple[PlannedFile, ...]
    figures: Mapping[str, float | str] = field(default_factory=dict)


def provides() -> Writes:
    """Declare the lazy rasters of a source, whose type, scale and grid are those of the rasters given."""
    return writes(unit="", dtype="uint16")


def _annotation(function: Callable[..., Any], position: int | None, step: str) -> Any:
    """Type of the argument at `position` of `function`, or of its result when None."""
    try:
        hints = typing.get_type_hints(function)
    except NameError as problem:
        raise PluginError(f"step {step}: annotation cannot be resolved: {problem}") from problem
    arguments = list(function.__code__.co_varnames[: function.__code__.co_argcount])
    name = "return" if position is None else arguments[position] if position < len(arguments) else "?"
    if name not in hints:
        raise PluginError(f"step {step}: {function.__qualname__} has no annotation for {name}")
    return hints[name]


def _ports(model: type, declaration: type[Reads] | type[Writes], step: str) -> tuple[Port, ...]:
    """Ports of a dataclass; a class that is not a frozen dataclass is an error of the plugin."""
    if model is types.NoneType:
        return ()
    if not dataclasses.is_dataclass(model):
        raise PluginError(f"step {step}: {model!r} is not a dataclass of inputs or outputs")
    hints = typing.get_type_hints(model, include_extras=True)
    ports = []
    for item in dataclasses.fields(model):
        hint = hints[item.name]
        declared = next(
            (extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, declaration)), None
        )
        plain = typing.get_args(hint)[0] if declared is not None else hint
        optional = types.NoneType in typing.get_args(plain)
        layer = declared.layer if isinstance(declared, Reads) and declared.layer else item.name
        ports.append(Port(item.name, layer, plain, declared, optional))
    return tuple(ports)
