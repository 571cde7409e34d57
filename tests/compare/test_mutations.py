"""The comparison is able to fail: every kind of damage is found by the check that is meant for it."""

from __future__ import annotations

import filecmp
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from ipf.compare.comparison import compare
from ipf.compare.results import CheckName, Comparison, Status
from ipf.compare.tolerance_files import load_tolerances
from tests.compare.damage_kinds import SCL, assign
from tests.compare.damaged import edit_image, encode, grid_of, only, read, write_product
from tests.compare.mutation import COGS, GIPPS, GRIDS, IDENTICAL, LEVEL_2A, PRODUCTS, PROFILES, Mutation
from tests.compare.mutations import B08, HARMLESS, MUTATIONS
from tests.compare.small_products import write_cogs, write_gipps, write_grids

IMAGES = (
    *("R10m/*.jp2", "*_B05_20m.jp2", "*_B11_20m.jp2", "*_SCL_20m.jp2", "*_PVI.jp2"),
    *("MSK_CLASSI_B00.jp2", "MSK_CLDPRB_20m.jp2", "MSK_DETFOO_B02.jp2", "MSK_QUALIT_B02.jp2"),
)

ALWAYS_COMPARED = ("*_B04_10m.jp2", "*_AOT_10m.jp2", "*_B05_20m.jp2", "*_SCL_20m.jp2", "*_PVI.jp2")
"""Images that stay in a product whatever is damaged: classes, and of each kind one that nothing happened to
(damage to a document can make B04 another)."""

CLASSES_WITH_FEW = slice(40, 43)
"""Rows and columns of the only pixels of a class."""


@pytest.fixture(scope="session")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The undamaged products by what they are, each compared many times."""
    folder = tmp_path_factory.mktemp("references")
    return {
        LEVEL_2A: level_2a(folder),
        COGS: write_cogs(folder / "cogs"),
        GRIDS: write_grids(folder / "grids"),
        GIPPS: write_gipps(folder / "gipps"),
    }


def level_2a(folder: Path) -> Path:
    """A product with a few images of each kind, saturated pixels, for which B08 has 16 bits, a rare class."""
    product = write_product(folder)
    for path in product.rglob("*.jp2"):
        if not any(path.match(pattern) for pattern in IMAGES):
            path.unlink()
    path = only(product, B08)
    samples = read(path)
    samples[220:230, 220:230] = np.iinfo(np.uint16).max
    encode(path, samples, grid_of(path), bits=16)
    edit_image(product, SCL, assign(CLASSES_WITH_FEW, CLASSES_WITH_FEW, 10))
    return product


def copied(reference: Path, folder: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(reference, folder / reference.name))


def damaged_part(reference: Path, candidate: Path, folder: Path) -> Path:
    """The reference in `folder` and the candidate in its place, both without most images that are the same.

    That images which are the same pass is held by the tests of untouched copies; here they would take most of
    the time.
    """
    part = Path(shutil.copytree(reference, folder / reference.name, copy_function=os.link))
    for image in part.rglob("*.jp2"):
        other = candidate / image.relative_to(part)
        kept = any(image.match(pattern) for pattern in ALWAYS_COMPARED)
        if not kept and other.is_file() and filecmp.cmp(image, other, shallow=False):
            image.unlink()
            other.unlink()
    return part


def comparison(reference: Path, candidate: Path, profile: str) -> Comparison:
    return compare(reference, candidate, load_tolerances(profile))


def failures(result: Comparison) -> set[CheckName]:
    return {check.name for check in result.failures}


def told(result: Comparison) -> str:
    return "\n".join(f"{check.name} {check.item}: {check.message}" for check in result.failures)


def test_there_are_more_than_sixty_kinds_and_each_check_has_one() -> None:
    assert len([mutation for mutation in MUTATIONS if mutation.product == LEVEL_2A]) > 60
    assert {mutation.found_by for mutation in MUTATIONS} == set(CheckName)
    assert {mutation.product for mutation in MUTATIONS} == set(PRODUCTS)
    assert len({(mutation.product, mutation.name) for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.product}: {mutation.name}")
def test_damage_is_found_by_the_check_meant_for_it(
    references: dict[str, Path], tmp_path: Path, mutation: Mutation
) -> None:
    whole = references[mutation.product]
    candidate = copied(whole, tmp_path)
    mutation.damage(candidate)
    reference = damaged_part(whole, candidate, tmp_path / "reference")
    strict = comparison(reference, candidate, IDENTICAL)
    assert mutation.found_by in failures(strict), told(strict)
    if mutation.passes:
        looser = comparison(reference, candidate, mutation.passes)
        assert looser.status is Status.PASSED, told(looser)
    if mutation.fails:
        assert comparison(reference, candidate, mutation.fails).status is Status.FAILED


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("change", HARMLESS)
def test_what_is_no_damage_passes_everywhere(
    references: dict[str, Path], tmp_path: Path, profile: str, change: str
) -> None:
    reference = references[LEVEL_2A]
    candidate = copied(reference, tmp_path)
    HARMLESS[change](candidate)
    passes(comparison(reference, candidate, profile))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("product", PRODUCTS)
def test_an_untouched_copy_of_any_product_passes_everywhere(
    references: dict[str, Path], tmp_path: Path, profile: str, product: str
) -> None:
    passes(comparison(references[product], copied(references[product], tmp_path), profile))


def passes(result: Comparison) -> None:
    assert result.status is Status.PASSED, told(result)
    assert result.checks
