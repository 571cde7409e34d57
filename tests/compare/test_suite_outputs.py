"""What belongs together on both sides of a case, and what came or went."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipf.compare.suite_outputs import paired, stored_outputs, unmatched

PRODUCT = "L2A/S2A_MSIL2A_20220621T105031_N0400_R051_T31TCJ_20240501T103000.SAFE"
LATER = "L2A/S2A_MSIL2A_20220621T105031_N0510_R051_T31TCJ_20250101T000000.SAFE"
NEIGHBOUR = "L2A/S2A_MSIL2A_20220621T105031_N0400_R051_T31TDJ_20240501T103000.SAFE"
COG = "L2A/S2A_MSIL2A_20220621T105031_N0400_R051_T31TCJ_20240501T103000_COG"


def paths(*names: str) -> list[Path]:
    return [Path(name) for name in names]


@pytest.mark.parametrize(
    ("reference", "candidate", "pairs", "missing", "added"),
    [
        ([PRODUCT], [PRODUCT], [(PRODUCT, PRODUCT)], [], []),
        ([PRODUCT], [LATER], [(PRODUCT, LATER)], [], []),
        ([PRODUCT], [NEIGHBOUR], [], [PRODUCT], [NEIGHBOUR]),
        ([PRODUCT], [COG], [], [PRODUCT], [COG]),
        ([PRODUCT, LATER], [LATER], [(LATER, LATER)], [PRODUCT], []),
        ([PRODUCT], [PRODUCT, LATER], [(PRODUCT, PRODUCT)], [], [LATER]),
        (["A/x.txt", "A/y.txt"], ["A/x.txt", "B/y.txt"], [("A/x.txt", "A/x.txt")], ["A/y.txt"], ["B/y.txt"]),
        (["A/x.txt"], [], [], ["A/x.txt"], []),
    ],
)
def test_outputs_pair_unless_more_than_the_run_differs(
    reference: list[str],
    candidate: list[str],
    pairs: list[tuple[str, str]],
    missing: list[str],
    added: list[str],
) -> None:
    found = paired(paths(*reference), paths(*candidate))
    assert found.pairs == tuple((Path(first), Path(second)) for first, second in pairs)
    assert found.missing == tuple(paths(*missing))
    assert found.added == tuple(paths(*added))


def test_a_reference_holds_what_patterns_match_and_what_they_leave_out(tmp_path: Path) -> None:
    for name in ("CHANGES.md", "A/p/q/x.xml", "A/p/q/x.jp2", "A/p/r/y.xml", "B/s/t/z.xml", "B/u.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert stored_outputs(tmp_path, ["A", "B"]) == paths("A/p", "B/s", "B/u.xml")
    assert stored_outputs(tmp_path, ["A"]) == paths("A/p", "B/s", "B/u.xml")
    assert stored_outputs(tmp_path, ["A/*/*/*.xml"]) == paths(
        "A/p/q/x.jp2", "A/p/q/x.xml", "A/p/r/y.xml", "B/s", "B/u.xml"
    )
    assert stored_outputs(tmp_path, ["A/p/q/*"]) == paths(
        "A/p/q/x.jp2", "A/p/q/x.xml", "A/p/r", "B/s", "B/u.xml"
    )


def test_patterns_that_match_nothing_are_found(tmp_path: Path) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "B").mkdir()
    (tmp_path / "B" / "x.txt").touch()
    assert unmatched(tmp_path, ["A", "B", "B/*.txt", "C/*"]) == ["A", "C/*"]
