"""All checks in one list: those of a finished product, and those that are made as one is written."""

from __future__ import annotations

from ipf.product.quality import (
    format_checks,
    general_checks,
    geometric_checks,
    image_checks,
    l2a_checks,
    manifest_checks,
    mask_checks,
    radiometric_checks,
    schema_checks,
    sensor_checks,
)
from ipf.product.quality.model import Inspection

INSPECTIONS: tuple[Inspection, ...] = (
    *manifest_checks.INSPECTIONS,
    *schema_checks.INSPECTIONS,
    *format_checks.INSPECTIONS,
    *mask_checks.INSPECTIONS,
    *image_checks.INSPECTIONS,
    *general_checks.INSPECTIONS,
    *geometric_checks.INSPECTIONS,
    *radiometric_checks.INSPECTIONS,
    *sensor_checks.INSPECTIONS,
    *l2a_checks.INSPECTIONS,
)
"""Every check, each checklist in the order of its report."""

AT_WRITING: tuple[Inspection, ...] = tuple(
    inspection for inspection in INSPECTIONS if inspection.needs is None
)
"""The checks that a writer makes: those that need neither the manifest, which is written last, nor schemas,
which a writer does not have, nor images to be decoded that were only just encoded."""
