"""What a mutation is: one kind of damage to a product of one kind, and what it is to lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ipf.compare.results import CheckName

IDENTICAL, ROUNDING, SAME, CROSS = "identical", "rounding", "same-algorithm", "cross-processor"
PROFILES = (IDENTICAL, ROUNDING, SAME, CROSS)
LEVEL_2A, COGS, GRIDS, GIPPS = "Level-2A product", "folder of COGs", "location grids", "parameter files"
PRODUCTS = (LEVEL_2A, COGS, GRIDS, GIPPS)


@dataclass(frozen=True)
class Mutation:
    """One kind of damage to the product called `product`.

    `found_by` fails under the profile ``identical``. `passes` is the strictest profile under which the damage
    is within tolerance, `fails` the loosest under which it is not; None where there is none to be named.
    """

    name: str
    damage: Callable[[Path], None]
    found_by: CheckName
    passes: str | None = None
    fails: str | None = None
    product: str = LEVEL_2A
