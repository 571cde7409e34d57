"""Parts pair by what they are; what one side lacks is found, names that differ are told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipf.compare.opening import open_content
from ipf.compare.pairing import Pairing, file_checks, pair
from ipf.compare.results import Check, CheckName, Status
from ipf.compare.tolerance_files import PROFILES, load_tolerances
from ipf.compare.tolerances import StructureTolerances, Tolerances
from ipf.errors import ProductError
from tests.compare.damaged import only, write_product
from tests.product.products import write_small_l1c

STRICT = Tolerances()
REPORT = Tolerances(structure=StructureTolerances(files="report", naming="report"))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_product(tmp_path_factory.mktemp("reference"))


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(reference, tmp_path / reference.name))


def pairing_of(reference: Path, candidate: Path) -> Pairing:
    return pair(open_content(reference), open_content(candidate))


def failures(checks: list[Check]) -> set[tuple[CheckName, str]]:
    return {(check.name, check.item) for check in checks if check.status is Status.FAILED}


def test_all_parts_of_a_copy_pair(reference: Path, candidate: Path) -> None:
    pairing = pairing_of(reference, candidate)
    assert pairing.count == len([path for path in reference.rglob("*") if path.is_file()])
    assert (pairing.missing, pairing.extra, pairing.naming) == ((), (), ())
    checks = file_checks(pairing, STRICT)
    assert [check.name for check in checks] == [CheckName.FILES, CheckName.NAMING]
    assert not failures(checks)
    for one, other in (*pairing.rasters, *pairing.documents, *pairing.others):
        assert one.path.relative_to(reference) == other.path.relative_to(candidate)


def test_a_real_product_pairs_with_one_of_ours(reference: Path, reference_data: Path) -> None:
    (official,) = (reference_data / "products").glob("*MSIL2A*T29UNU*")
    pairing = pairing_of(official, reference)
    lacking = {part.key for part in pairing.missing}
    # The sample has no bands of 10 and 20 m and no datastrip document; schemas are not shipped here.
    assert all(key.startswith("rep_info/") or "_QUALITY" in key or "FORMAT_" in key for key in lacking), (
        lacking
    )
    assert {part.path.name for part in pairing.extra} >= {"MTD_DS.xml", "T29UNU_20221005T115411_B02_10m.jp2"}
    keys = {one.key for one, _ in pairing.rasters}
    assert {"T29UNU/B02 60 m", "T29UNU/SCL 20 m", "T29UNU/MSK_QUALIT_B12", "T29UNU/PVI"} <= keys
    assert {one.key for one, _ in pairing.documents} >= {"T29UNU/metadata", "product/metadata", "manifest"}


def test_another_date_and_baseline_pair_and_are_told(reference: Path, tmp_path: Path) -> None:
    other = write_product(tmp_path, creation="2023-01-02T03:04:05.000000Z", baseline="05.10")
    pairing = pairing_of(reference, other)
    assert (pairing.missing, pairing.extra) == ((), ())
    told = {name.place: (name.reference, name.candidate) for name in pairing.naming}
    assert told.keys() == {"product", "datastrip folder"}
    assert told["product"] == (reference.name, other.name)
    strict = file_checks(pairing, STRICT)
    assert failures(strict) == {(CheckName.NAMING, "product")}
    assert other.name in strict[-1].message
    assert not failures(file_checks(pairing, REPORT))
    assert other.name in file_checks(pairing, REPORT)[-1].message


def renamed(product: Path, pattern: str, was: str, becomes: str) -> Path:
    """The product with `was` in the name of a file or folder replaced; the pattern "." is its own folder."""
    path = product if pattern == "." else only(product, pattern)
    assert was in path.name
    target = path.rename(path.with_name(path.name.replace(was, becomes)))
    return target if path == product else product


@pytest.mark.parametrize(
    ("pattern", "was", "becomes", "told"),
    [
        (".", "S2A", "S2B", "satellite S2B, expected S2A"),
        (".", "L2A", "L1C", "level L1C, expected L2A"),
        (".", "R023", "R024", "relative orbit R024, expected R023"),
        (".", "_20221005T115411", "_20221005T115412", "datatake start 20221005T115412"),
        (".", "T29UNU", "T29UNV", "tile T29UNV, expected T29UNU"),
        ("L2A_T29UNU_*", "A038058", "A038059", "absolute orbit A038059, expected A038058"),
        ("L2A_T29UNU_*", "115407", "115408", "start 20221005T115408, expected 20221005T115407"),
        ("DS_*", "S20221005T", "S20221006T", "start 20221006T115407, expected 20221005T115407"),
        ("R10m/*_B04_10m.jp2", "20221005T115411", "20221005T115412", "datatake start 20221005T115412"),
    ],
)
@pytest.mark.parametrize("profile", PROFILES)
def test_names_of_other_data_fail_under_every_profile(
    reference: Path, candidate: Path, pattern: str, was: str, becomes: str, told: str, profile: str
) -> None:
    pairing = pairing_of(reference, renamed(candidate, pattern, was, becomes))
    checks = file_checks(pairing, load_tolerances(profile))
    assert failures(checks) == {(CheckName.NAMING, "product")}
    assert told in checks[-1].message
    assert checks[-1].figures == {"different": 1, "of_other_data": 1}


def test_folders_of_the_users_own_names_tell_nothing(reference: Path, candidate: Path) -> None:
    for name in ("R024", "S2B_candidate", f"R024_{reference.name}", "T29UNV"):
        candidate = candidate.rename(candidate.with_name(name))
        assert not failures(file_checks(pairing_of(reference, candidate), REPORT)), name


def test_parameter_files_of_another_validity_are_others(tmp_path: Path) -> None:
    name = "S2A_OPER_GIP_VIEDIR_MPC__20151117T131048_V20150703T000000_21000101T000000_B07.DBL"
    others = {
        "MPC__20151117T131048": "MPC__20161117T131048",
        "V20150703": "V20150704",
        "21000101": "21000102",
        "S2A": "S2B",
    }
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / name).write_text("<a/>")
    found = {}
    for number, (was, becomes) in enumerate(others.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name.replace(was, becomes)).write_text("<a/>")
        found[was] = bool(failures(file_checks(pairing_of(tmp_path / "reference", folder), REPORT)))
    assert found == {was: number > 0 for number, was in enumerate(others)}


def test_products_of_different_offsets_pair(tmp_path: Path) -> None:
    from tests.product.products import small_acquisition

    products = [
        write_small_l1c(tmp_path / baseline, small_acquisition(baseline)) for baseline in ("03.01", "04.00")
    ]
    pairing = pairing_of(*products)
    offsets = {(one.offset, other.offset) for one, other in pairing.rasters if one.quantity == "reflectance"}
    assert offsets == {(0, -1000)}


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("R10m/*_B04_10m.jp2", "T29UNU/B04 10 m"),
        ("MSK_QUALIT_B02.jp2", "T29UNU/MSK_QUALIT_B02"),
        ("MTD_DS.xml", "datastrip/metadata"),
    ],
)
def test_a_missing_file_is_found(reference: Path, candidate: Path, pattern: str, key: str) -> None:
    path = only(candidate, pattern)
    path.unlink()
    checks = file_checks(pairing_of(reference, candidate), STRICT)
    assert failures(checks) == {(CheckName.FILES, key)}
    (found,) = (check for check in checks if check.status is Status.FAILED)
    assert path.name in found.message
    assert failures(file_checks(pairing_of(reference, candidate), REPORT)) == {(CheckName.FILES, key)}


def test_a_missing_report_may_be_reported_only(reference: Path, candidate: Path) -> None:
    (candidate / "INSPIRE.xml").unlink()
    pairing = pairing_of(reference, candidate)
    assert failures(file_checks(pairing, STRICT)) == {(CheckName.FILES, "INSPIRE")}
    reported = file_checks(pairing, REPORT)
    assert not failures(reported)
    assert any("INSPIRE.xml: missing" in check.message for check in reported)


def test_an_extra_file_is_found(reference: Path, candidate: Path) -> None:
    (candidate / "HTML").mkdir(exist_ok=True)
    (candidate / "HTML" / "more.html").write_text("more")
    pairing = pairing_of(reference, candidate)
    assert failures(file_checks(pairing, STRICT)) == {(CheckName.FILES, "HTML/more.html")}
    assert not failures(file_checks(pairing, REPORT))
    swapped = pairing_of(candidate, reference)
    assert failures(file_checks(swapped, STRICT)) == {(CheckName.FILES, "HTML/more.html")}


def test_an_image_under_another_bands_name_is_missing_and_extra(reference: Path, candidate: Path) -> None:
    path = only(candidate, "*_B05_20m.jp2")
    path.rename(path.with_name(path.name.replace("B05", "B15")))
    found = failures(file_checks(pairing_of(reference, candidate), STRICT))
    assert {item for _, item in found} == {
        "T29UNU/B05 20 m",
        "T29UNU/IMG_DATA/R20m/T29UNU_20221005T115411_B15_20m.jp2",
    }


def test_a_raster_that_became_a_document_is_found(reference: Path, candidate: Path) -> None:
    path = only(candidate, "MSK_DETFOO_B02.jp2")
    path.unlink()
    path.with_suffix(".gml").write_text("<Mask/>")
    pairing = pairing_of(reference, candidate)
    assert [part.key for part in pairing.missing] == [part.key for part in pairing.extra]
    assert failures(file_checks(pairing, REPORT)) == {(CheckName.FILES, "T29UNU/MSK_DETFOO_B02")}


def test_different_kinds_are_refused(reference: Path, tmp_path: Path) -> None:
    l1c = write_small_l1c(tmp_path)
    with pytest.raises(ProductError, match=r"SAFE L1C, expected SAFE L2A") as problem:
        pairing_of(reference, l1c)
    assert str(l1c) in str(problem.value)
    (tile,) = (reference / "GRANULE").iterdir()
    with pytest.raises(ProductError, match=r"tile L2A, expected SAFE L2A"):
        pairing_of(reference, tile)


def test_a_folder_of_geotiffs_pairs_with_a_product(reference: Path, tmp_path: Path) -> None:
    for name in ("MTD_MSIL2A.xml", "MTD_TL.xml", "L2A_QUALITY.xml"):
        shutil.copy(next(reference.rglob(name)), tmp_path)
    (tmp_path / "T29UNU_20221005T115411_B02_10m.tif").touch()
    (tmp_path / "MSK_CLDPRB_20m.tif").touch()
    content = open_content(tmp_path)
    assert content.kind == "rasters"
    pairing = pair(open_content(reference), content)
    assert pairing.extra == ()
    assert {one.key for one, _ in pairing.rasters} == {"T29UNU/B02 10 m", "T29UNU/MSK_CLDPRB 20 m"}
    assert {one.key for one, _ in pairing.documents} == {
        "product/metadata",
        "T29UNU/metadata",
        "T29UNU/report L2A_QUALITY",
    }
    band = content.rasters["T29UNU/B02 10 m"]
    assert (band.quantity, band.offset) == ("reflectance", -1000)


def test_contents_that_share_nothing_fail(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.tif").touch()
    checks = file_checks(pairing_of(tmp_path / "one", tmp_path / "other"), REPORT)
    assert (CheckName.FILES, "product") in failures(checks)


def test_names_without_meaning_are_not_compared(tmp_path: Path) -> None:
    for name in ("one.xml", "other.xml"):
        (tmp_path / name).write_text("<Ipf_Job_Order/>")
    pairing = pairing_of(tmp_path / "one.xml", tmp_path / "other.xml")
    assert (pairing.count, pairing.naming) == (1, ())
