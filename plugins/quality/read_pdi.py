"""Step `read_pdi`: finds the products and parts of products that the job order gives."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ipf_plugins.quality import INPUT_TYPE

from ipf.engine import Context, NoParameters, SourceStep
from ipf.errors import UsageError
from ipf.product.quality.items import items_of, with_datastrips
from ipf.product.quality.model import Item


@dataclass(frozen=True)
class GivenItem:
    """An item, and the path by which it was given: its own, or that of the product that holds it."""

    item: Item
    given: Path


@dataclass(frozen=True)
class InspectedItems:
    """Everything that is to be inspected, in the order in which it was given."""

    items: tuple[GivenItem, ...]


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the items."""


@dataclass(frozen=True)
class Outputs:
    """What is to be inspected."""

    inspected_items: InspectedItems


def find_items(paths: Iterable[Path]) -> InspectedItems:
    """The items at `paths`, tiles and granules with the datastrip that is among them.

    Raises `ProductError` for what is none, `UsageError` for an item given twice.
    """
    given: dict[str, Path] = {}
    found: list[Item] = []
    for path in paths:
        for item in items_of(path):
            place = os.path.realpath(item.folder)
            if place in given:
                raise UsageError(f"{path}: {item.identifier} is given twice, by {given[place]} too")
            given[place] = path
            found.append(item)
    return InspectedItems(
        tuple(GivenItem(item, given[os.path.realpath(item.folder)]) for item in with_datastrips(found))
    )


def read(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Find the items; raises as `find_items` does."""
    return Outputs(find_items(context.request.inputs.get(INPUT_TYPE, ())))


read_pdi = SourceStep(
    name="read_pdi", run=read, summary="finds the products and parts of products to be inspected"
)
