"""Patterns of tolerances that match nothing are told, each in a sentence; those that hold are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.compare.content import DocumentPart, Nature, RasterPart
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import MetadataTolerances, NumberTolerances, Override, Setting, Tolerances
from ipf.compare.unused import metadata_notes, override_notes, patterns_of

NOWHERE = Path("nowhere")
PARTS = (
    RasterPart("T/B04 10 m", NOWHERE, Nature.CONTINUOUS, "reflectance"),
    RasterPart("T/SCL 20 m", NOWHERE, Nature.CLASSES, "scene_classification"),
    RasterPart("T/MSK_CLASSI_B00", NOWHERE, Nature.MASK, "quality"),
    RasterPart("T/TCI 10 m", NOWHERE, Nature.PICTURE, "picture"),
    DocumentPart("T/metadata", NOWHERE),
)


def notes(item: str, **limits: Setting) -> tuple[str, ...]:
    return override_notes(Tolerances(overrides=(Override(item=item, limits=limits),)), PARTS)


@pytest.mark.parametrize("item", ["*/B4*", "T/B04", "t/b04 10 m", ""])
def test_an_override_without_a_part_is_told(item: str) -> None:
    (note,) = notes(item, bias=1.0)
    assert note == f"overrides of {item!r} hold nowhere: no part of either product has such a key"


@pytest.mark.parametrize(
    ("item", "limit"),
    [
        ("*/B0*", "bias"),
        ("*/TCI*", "shift"),
        ("*SCL*", "agreement"),
        ("*SCL*", "wiped"),
        ("*MSK*", "changed"),
        ("*", "wiped"),
        ("*", "bias"),
    ],
)
def test_one_that_holds_is_not(item: str, limit: str) -> None:
    assert notes(item, **{limit: "fail" if limit == "wiped" else 1.0}) == ()


@pytest.mark.parametrize(
    ("item", "idle", "used"),
    [("*/B04*", "agreement", "bias"), ("*SCL*", "changed", "agreement"), ("*MSK*", "bias", "changed")],
)
def test_a_limit_that_no_matching_part_has_is_told(item: str, idle: str, used: str) -> None:
    (note,) = notes(item, **{idle: 1.0, used: 1.0})
    assert note.startswith(f"overrides of {item!r}: {idle} hold nowhere")


def test_an_override_of_documents_alone_has_no_limits_that_hold() -> None:
    (note,) = notes("T/metadata", bias=1.0, rmse=1.0)
    assert note.startswith("overrides of 'T/metadata': bias, rmse hold nowhere")


def test_patterns_of_element_paths_are_told_unless_they_were_used() -> None:
    metadata = MetadataTolerances(
        numbers=(NumberTolerances(path="*ANGLE*"), NumberTolerances(path="*ANGEL*")),
        ignore=("*CRS", "*CSR"),
        sets=("*CRS",),
    )
    used = {("numbers", "*ANGLE*"), ("ignore", "*CRS")}
    assert [
        note.partition(" holds nowhere")[0] for note in metadata_notes(Tolerances(metadata=metadata), used)
    ] == [
        "metadata.numbers: '*ANGEL*'",
        "metadata.ignore: '*CSR'",
        "metadata.sets: '*CRS'",
    ]
    assert metadata_notes(Tolerances(metadata=metadata), patterns_of(metadata)) == ()


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_profile_brings_along_is_not_told(profile: str) -> None:
    tolerances = load_tolerances(profile)
    assert override_notes(tolerances, ()) == metadata_notes(tolerances, ()) == ()
    more = (*tolerances.metadata.numbers, NumberTolerances(path="*ANGEL*"))
    changed = tolerances.metadata.model_copy(update={"numbers": more})
    (note,) = metadata_notes(tolerances.model_copy(update={"metadata": changed}), ())
    assert "'*ANGEL*'" in note
