"""Tolerances: how much two products may differ. A profile is a complete set; a file changes some of it.

All limits are inclusive: what is measured must be at most the limit (correlation, agreement: at least).
"""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import Literal

import pydantic
from pydantic import Field

Limit = float
"""A limit in the unit of the values; ``inf`` allows anything."""

Setting = float | str
"""A limit, or a verdict, before it is known of which."""

Verdict = Literal["fail", "report"]
"""What a difference of that kind means: a failure, or a line in the report."""


class Model(pydantic.BaseModel):
    """Base of all tables: unknown names are refused, values are checked, nothing changes afterwards."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=True)


class RasterTolerances(Model):
    """Limits on the values of a continuous raster, in its unit; shares are of the pixels compared."""

    absolute: Limit = Field(default=0.0, ge=0, description="difference that a pixel may have")
    relative: Limit = Field(
        default=0.0, ge=0, description="added to it, times the magnitude of the reference (1)"
    )
    outside: Limit = Field(default=0.0, ge=0, le=1, description="share of pixels that may be beyond that (1)")
    bias: Limit = Field(default=0.0, ge=0, description="mean difference, either sign")
    rmse: Limit = Field(default=0.0, ge=0, description="root mean square of the difference")
    maximum: Limit = Field(default=0.0, ge=0, description="largest difference of any pixel")
    slope: Limit = Field(default=0.0, ge=0, description="difference of the regression slope from 1 (1)")
    correlation: Limit = Field(default=1.0, ge=-1, le=1, description="least correlation (1)")
    class_bias: Limit = Field(
        default=0.0, ge=0, description="mean difference over any one class, either sign"
    )
    class_share: Limit = Field(
        default=0.0, ge=0, le=1, description="share of pixels that a class needs to be judged by that (1)"
    )
    no_data: Limit = Field(
        default=0.0, ge=0, le=1, description="share of pixels whose no-data may change (1)"
    )
    saturation: Limit = Field(
        default=0.0, ge=0, le=1, description="share of pixels whose saturation may change (1)"
    )
    shift: Limit = Field(default=0.0, ge=0, description="median shift over all windows (pixels)")
    local_shift: Limit = Field(
        default=0.0, ge=0, description="largest shift that neighbouring windows have together (pixels)"
    )


class ClassTolerances(Model):
    """Limits on class maps."""

    agreement: Limit = Field(
        default=1.0, ge=0, le=1, description="least share of pixels with the same class (1)"
    )
    intersection_over_union: Limit = Field(
        default=1.0,
        ge=0,
        le=1,
        description="least intersection over union of a class with at least 1 % of the pixels (1)",
    )
    wiped: Verdict = Field(
        default="fail", description="a class of however few pixels that one side alone has"
    )


class MaskTolerances(Model):
    """Limits on masks."""

    changed: Limit = Field(
        default=0.0, ge=0, le=1, description="share of pixels of which a bit may change (1)"
    )
    wiped: Verdict = Field(
        default="fail", description="a bit, set in however few pixels, that one side alone has"
    )


class NumberTolerances(Model):
    """Other limits for the numbers at some element paths."""

    path: str = Field(description="pattern of element paths, * stands for anything")
    absolute: Limit = Field(default=0.0, ge=0, description="difference that a number may have")
    relative: Limit = Field(
        default=0.0, ge=0, description="added to it, times the magnitude of the reference (1)"
    )


class MetadataTolerances(Model):
    """Limits on XML documents. Patterns are element paths of local names, ``*`` stands for anything."""

    absolute: Limit = Field(default=0.0, ge=0, description="difference that a number may have")
    relative: Limit = Field(
        default=0.0, ge=0, description="added to it, times the magnitude of the reference (1)"
    )
    seconds: Limit = Field(default=0.0, ge=0, description="difference that a time may have (s)")
    numbers: tuple[NumberTolerances, ...] = Field(
        default=(), description="other limits for some numbers; the last counts"
    )
    differing: Verdict = Field(
        default="fail", description="what a difference beyond that means; of other data it fails"
    )
    consequences: Verdict = Field(
        default="fail", description="values that follow from other differences: sizes and checksums of files"
    )
    ignore: tuple[str, ...] = Field(
        default=(), description="element paths that are not compared, listed as such"
    )
    sets: tuple[str, ...] = Field(
        default=(), description="element paths whose repetitions may come in any order"
    )


class StructureTolerances(Model):
    """What else may differ."""

    files: Verdict = Field(default="fail", description="a part that one side lacks")
    naming: Verdict = Field(default="fail", description="names, identifiers and creation dates")
    encoding: Verdict = Field(default="fail", description="data type, quantification, JPEG 2000 structure")
    bytes: Verdict = Field(default="fail", description="files of no known structure")


class Override(Model):
    """Other limits for the parts whose key matches; what is not given stays."""

    item: str = Field(description="pattern of keys, * stands for anything")
    limits: dict[str, Setting] = Field(description="limits by name, those of the part's nature")


class Tolerances(Model):
    """A complete set. `rasters` has limits by quantity; ``other`` is for those that it does not name."""

    profile: str = Field(default="identical", description="name")
    rasters: dict[str, RasterTolerances] = Field(default_factory=lambda: {"other": RasterTolerances()})
    classes: ClassTolerances = ClassTolerances()
    masks: MaskTolerances = MaskTolerances()
    metadata: MetadataTolerances = MetadataTolerances()
    structure: StructureTolerances = StructureTolerances()
    overrides: tuple[Override, ...] = ()

    @pydantic.model_validator(mode="after")
    def _complete(self) -> Tolerances:
        if "other" not in self.rasters:
            raise ValueError("rasters: expected a table 'other' for quantities that have none of their own")
        for override in self.overrides:
            known = {
                *RasterTolerances.model_fields,
                *ClassTolerances.model_fields,
                *MaskTolerances.model_fields,
            }
            unknown = sorted(set(override.limits) - known)
            if unknown:
                raise ValueError(f"overrides of {override.item!r}: no limit called {', '.join(unknown)}")
            if any(isinstance(limit, float) and math.isnan(limit) for limit in override.limits.values()):
                raise ValueError(f"overrides of {override.item!r}: a limit is not a number")
        return self

    def of_raster(self, item: str, quantity: str) -> RasterTolerances:
        """Limits of the continuous raster `item` of `quantity`."""
        base = self.rasters.get(quantity, self.rasters["other"])
        return RasterTolerances.model_validate(base.model_dump() | self._overridden(item, RasterTolerances))

    def of_class_map(self, item: str) -> ClassTolerances:
        """Limits of the class map `item`."""
        overridden = self._overridden(item, ClassTolerances)
        return ClassTolerances.model_validate(self.classes.model_dump() | overridden)

    def of_number(self, path: str) -> tuple[float, float]:
        """Absolute and relative limit of the number at an element path."""
        chosen: NumberTolerances | MetadataTolerances = self.metadata
        for rule in self.metadata.numbers:
            if fnmatchcase(path, rule.path):
                chosen = rule
        return chosen.absolute, chosen.relative

    def of_mask(self, item: str) -> MaskTolerances:
        """Limits of the mask `item`."""
        overridden = self._overridden(item, MaskTolerances)
        return MaskTolerances.model_validate(self.masks.model_dump() | overridden)

    def _overridden(self, item: str, model: type[Model]) -> dict[str, Setting]:
        limits: dict[str, Setting] = {}
        for override in self.overrides:
            if fnmatchcase(item, override.item):
                limits |= {
                    name: value for name, value in override.limits.items() if name in model.model_fields
                }
        return limits
