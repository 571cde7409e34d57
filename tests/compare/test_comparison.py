"""The comparison as a whole: every part is compared, what cannot be is a failure, threads change nothing."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ipf.compare import comparison as comparison_module
from ipf.compare.comparison import compare
from ipf.compare.content import Nature
from ipf.compare.opening import open_content
from ipf.compare.results import CheckName, Comparison, Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import Override, Tolerances
from ipf.errors import ProductError, StepError
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing
from ipf.product.reader import open_product
from ipf.product.utc import UtcTime
from tests.compare.damaged import Samples, documents_of, edit_image, only
from tests.product.products import CONTENT, QUALITY, fill_l2a, write_small_l1c

B04, B05 = "IMG_DATA/*_B04.jp2", "IMG_DATA/*_B05.jp2"
SCENE_CLASSES = "*_SCL_20m.jp2"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Level-1C product."""
    return write_small_l1c(tmp_path_factory.mktemp("l1c"))


@pytest.fixture(scope="module")
def l2a(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Level-2A product, whose images are noise."""
    source = open_product(reference)
    documents = documents_of(reference)
    processing = L2AProcessing(UtcTime.parse("2022-10-05T16:44:54.000000Z"), None, luts=("scattering.npz",))
    with L2AProductWriter(tmp_path_factory.mktemp("l2a"), documents, processing) as writer:
        fill_l2a(writer, documents, source.tile_folder, source.auxiliary_files)
        (product,) = writer.finish(CONTENT, 6.0, QUALITY)
    return product


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(reference, tmp_path / reference.name))


def compared(reference: Path, candidate: Path, profile: str = "identical", threads: int = 2) -> Comparison:
    return compare(reference, candidate, load_tolerances(profile), threads=threads)


def failures(result: Comparison) -> set[tuple[str, str]]:
    return {(check.name.value, check.item) for check in result.failures}


@pytest.mark.parametrize("profile", PROFILES)
def test_an_untouched_copy_passes(reference: Path, candidate: Path, profile: str) -> None:
    result = compared(reference, candidate, profile)
    assert failures(result) == set()
    assert result.status is Status.PASSED
    assert (result.kind, result.profile) == ("SAFE L1C", profile)
    assert (result.reference, result.candidate) == (reference, candidate)
    assert result.naming == ()


def test_every_file_has_a_part_and_every_part_a_check(reference: Path, candidate: Path) -> None:
    result = compared(reference, candidate)
    content = open_content(reference)
    parts = {**content.rasters, **content.documents, **content.others}
    assert {part.path for part in parts.values()} == {path for path in reference.rglob("*") if path.is_file()}
    assert {part.item for part in result.parts} == set(parts)
    assert {check.item for check in result.checks} >= set(parts)


def test_damage_is_told_at_its_part_and_nowhere_else(reference: Path, candidate: Path) -> None:
    def brighten(samples: Samples) -> Samples:
        samples[150, 150] += 1
        return samples

    edit_image(candidate, B04, brighten)
    only(candidate, "README.txt").write_text("something else")
    result = compared(reference, candidate)
    items = {item for _, item in failures(result)}
    assert items == {"T29UNU/B04 10 m", "rep_info/README.txt"}
    assert ("statistics", "T29UNU/B04 10 m") in failures(result)
    assert ("bytes", "rep_info/README.txt") in failures(result)


def test_the_result_does_not_depend_on_threads_and_comes_in_the_order_of_keys(
    reference: Path, candidate: Path
) -> None:
    edit_image(candidate, B04, lambda samples: samples[::-1])
    only(candidate, B05).write_bytes(b"nothing")
    results = [compared(reference, candidate, "rounding", threads) for threads in (1, 5)]
    assert results[0].checks == results[1].checks
    assert [part.item for part in results[0].parts] == [part.item for part in results[1].parts]
    rasters = [part.item for part in results[0].parts if part.item in open_content(reference).rasters]
    assert rasters == sorted(rasters)


@pytest.mark.parametrize("pattern", [B04, "MSK_DETFOO_B04.jp2", "MTD_TL.xml", "MTD_MSIL1C.xml"])
def test_what_cannot_be_read_is_a_failure_under_the_loosest_profile_too(
    reference: Path, candidate: Path, pattern: str
) -> None:
    only(candidate, pattern).write_bytes(b"nothing that is known")
    assert "readable" in {name for name, _ in failures(compared(reference, candidate, PROFILES[-1]))}


def test_files_that_may_not_be_read_are_failures(
    reference: Path, candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "B04.jp2")

    monkeypatch.setattr(comparison_module, "structure_checks", refuse)
    result = compared(reference, candidate)
    told = [check.message for check in result.failures]
    assert set(told) == {"B04.jp2: Permission denied"}
    assert len(told) == len(open_content(reference).rasters)


def test_what_the_project_raises_on_purpose_fails_its_part_alone(
    reference: Path, candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = comparison_module.compare_documents

    def fail_once(*parts: object) -> object:
        if parts[0].key == "manifest":  # type: ignore[attr-defined]
            raise StepError("no such\nluck")
        return whole(*parts)  # type: ignore[arg-type]

    monkeypatch.setattr(comparison_module, "compare_documents", fail_once)
    (failure,) = compared(reference, candidate).failures
    assert (failure.name, failure.item) == (CheckName.READABLE, "manifest")
    assert failure.message == "no such luck"


def test_a_programming_error_is_raised(
    reference: Path, candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(comparison_module, "byte_check", fail)
    with pytest.raises(ZeroDivisionError):
        compared(reference, candidate)


def test_the_calling_thread_reads_nothing(
    reference: Path, candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = set()

    def noted(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            threads.add(threading.current_thread())
            return function(*arguments)

        return call

    for name in ("open_content", "structure_checks", "compare_rasters", "compare_documents", "byte_check"):
        monkeypatch.setattr(comparison_module, name, noted(getattr(comparison_module, name)))
    assert compared(reference, candidate).status is Status.PASSED
    assert threads
    assert threading.current_thread() not in threads


def test_progress_rises_to_one_and_names_each_part(reference: Path, candidate: Path) -> None:
    told: list[tuple[float, str]] = []
    result = compare(
        reference, candidate, Tolerances(), progress=lambda fraction, text: told.append((fraction, text))
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert sorted(text for _, text in told) == sorted(part.item for part in result.parts)


def test_statistics_are_split_by_the_classes_of_the_reference(l2a: Path, tmp_path: Path) -> None:
    candidate = Path(shutil.copytree(l2a, tmp_path / l2a.name))
    edit_image(candidate, SCENE_CLASSES, lambda samples: samples * 0)
    result = compared(l2a, candidate)
    assert {item for _, item in failures(result)} == {"T29UNU/SCL 20 m"}
    by_class = [check for check in result.checks if check.name is CheckName.CLASS_STATISTICS]
    split = [part for part in open_content(l2a).rasters.values() if part.classification is not None]
    assert len(by_class) == len(split) > 20
    assert all(check.figures["classes"] == 11 for check in by_class)  # no data is none
    assert all("pixels no_data" in check.figures for check in by_class)


def test_classes_that_cannot_be_read_leave_no_statistics_out_in_silence(l2a: Path, tmp_path: Path) -> None:
    """Also where the candidate lacks them and the profile only reports that."""
    sides = [Path(shutil.copytree(l2a, tmp_path / side / l2a.name)) for side in ("reference", "candidate")]
    only(sides[0], SCENE_CLASSES).write_bytes(b"nothing")
    only(sides[1], SCENE_CLASSES).unlink()
    result = compared(*sides, "cross-processor")
    failed = [check for check in result.failures if check.name is CheckName.CLASS_STATISTICS]
    assert len(failed) > 20
    assert all("T29UNU/SCL 20 m cannot be read" in check.message for check in failed)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("pattern", "was", "becomes"),
    [
        ("MTD_MSIL1C.xml", "<SENSING_ORBIT_NUMBER>23<", "<SENSING_ORBIT_NUMBER>24<"),
        ("MTD_MSIL1C.xml", "R023_T29UNU", "R024_T29UNU"),
        ("MTD_MSIL1C.xml", "<GENERATION_TIME>2", "<GENERATION_TIME>yesterday 2"),
        ("MTD_TL.xml", "<ULX>", "<ULX>1"),
        ("MTD_TL.xml", "EPSG:32629", "EPSG:32630"),
        ("manifest.safe", "relativeOrbitNumber", "orbitnumber"),
    ],
)
def test_another_acquisition_fails_under_every_profile(
    reference: Path, candidate: Path, pattern: str, was: str, becomes: str, profile: str
) -> None:
    path = only(candidate, pattern)
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes))
    assert {name for name, _ in failures(compared(reference, candidate, profile))} == {"metadata"}


def test_a_changed_profile_is_called_so(reference: Path, candidate: Path) -> None:
    overrides = (Override(item="*/B04*", limits={"bias": 1.0}),)
    tolerances = load_tolerances("rounding").model_copy(update={"overrides": overrides})
    assert compare(reference, candidate, tolerances).profile == "rounding, changed"


def test_overrides_that_match_no_part_of_either_side_are_noted(reference: Path, candidate: Path) -> None:
    only(candidate, B05).unlink()
    items = ("*/B04 10 m", "*/B05 20 m", "*/B4 10 m")
    overrides = tuple(Override(item=item, limits={"bias": 1.0}) for item in items)
    (note,) = compare(reference, candidate, Tolerances(overrides=overrides)).notes
    assert note.startswith("overrides of '*/B4 10 m' hold nowhere")
    assert compared(reference, candidate).notes == ()


def test_products_of_two_kinds_and_nothing_at_all_are_refused(
    reference: Path, l2a: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProductError, match="SAFE L2A, expected SAFE L1C"):
        compared(reference, l2a)
    with pytest.raises(ProductError, match="is missing"):
        compared(reference, tmp_path / "nowhere")


def test_memory_of_an_image_is_that_of_its_pixels(reference: Path) -> None:
    part = open_content(reference).rasters["T29UNU/B04 10 m"]
    decoded = comparison_module._decoded_bytes
    assert decoded(part) == 186 * 186 * 2
    assert decoded(replace(part, components=(0, 1, 2))) == 3 * decoded(part)
    assert decoded(replace(part, components=(0, 1, 2), nature=Nature.MASK)) == decoded(part), "bits of one"
    assert decoded(replace(part, path=reference / "manifest.safe")) == 0
    assert decoded(replace(part, path=reference / "nowhere.jp2")) == 0
