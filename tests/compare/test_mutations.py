"""The comparison is able to fail: every kind of damage is found by the check that is meant for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ipf.compare.comparison import compare
from ipf.compare.results import CheckName, Comparison, Status
from ipf.compare.tolerance_files import load_tolerances
from tests.compare.damaged import encode, grid_of, only, read, write_product
from tests.compare.mutations import B08, HARMLESS, IDENTICAL, MUTATIONS, PROFILES, Mutation

IMAGES = (
    *("R10m/*.jp2", "*_B05_20m.jp2", "*_B11_20m.jp2", "*_SCL_20m.jp2", "*_PVI.jp2"),
    *("MSK_CLASSI_B00.jp2", "MSK_CLDPRB_20m.jp2", "MSK_DETFOO_B02.jp2", "MSK_QUALIT_B02.jp2"),
)


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The undamaged product, with a few images of each kind, which are compared several hundred times.

    B08 has saturated pixels, for which it takes 16 bits.
    """
    product = write_product(tmp_path_factory.mktemp("reference"))
    for path in product.rglob("*.jp2"):
        if not any(path.match(pattern) for pattern in IMAGES):
            path.unlink()
    path = only(product, B08)
    samples = read(path)
    samples[220:230, 220:230] = np.iinfo(np.uint16).max
    encode(path, samples, grid_of(path), bits=16)
    return product


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(reference, tmp_path / reference.name))


def comparison(reference: Path, candidate: Path, profile: str) -> Comparison:
    return compare(reference, candidate, load_tolerances(profile))


def failures(result: Comparison) -> set[CheckName]:
    return {check.name for check in result.failures}


def told(result: Comparison) -> str:
    return "\n".join(f"{check.name} {check.item}: {check.message}" for check in result.failures)


def test_there_are_more_than_sixty_kinds_and_each_check_has_one() -> None:
    assert len(MUTATIONS) > 60
    assert {mutation.found_by for mutation in MUTATIONS} == set(CheckName)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_damage_is_found_by_the_check_meant_for_it(
    reference: Path, candidate: Path, mutation: Mutation
) -> None:
    mutation.damage(candidate)
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
    reference: Path, candidate: Path, profile: str, change: str
) -> None:
    HARMLESS[change](candidate)
    result = comparison(reference, candidate, profile)
    assert result.status is Status.PASSED, told(result)
    assert result.checks
