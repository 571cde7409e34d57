"""The parameter file of quality control: what it says, and what is refused in it."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
from ipf_auxdata.gipp import generate
from lxml import etree

from ipf.errors import AuxiliaryError
from ipf.product.quality.parameter_file import (
    SHIPPED_NAME,
    parameter_document,
    parent_name,
    read_parameter_file,
    thresholds,
)
from ipf.product.quality.parameters import QualityParameters

SHIPPED = Path(generate.__file__).parent / f"{SHIPPED_NAME}.xml"
PARENT = "S2__OPER_GIP_OLQCPA_IPF__20261125T000000_V20150622T000000"
AMALFI = b"<?xml version='1.0'?><Amalfi><checkLists><checkList id='a'/></checkLists></Amalfi>"


def file_with(folder: Path, content: str, name: str = f"{SHIPPED_NAME}.xml") -> Path:
    path = folder / name
    path.write_text(
        "<Earth_Explorer_File><Data_Block type='xml'><Quality_Parameters>"
        f"{content}</Quality_Parameters></Data_Block></Earth_Explorer_File>"
    )
    return path


def refusal(path: Path) -> str:
    with pytest.raises(AuxiliaryError) as refused:
        read_parameter_file(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def test_the_shipped_file_states_every_threshold_and_is_the_default() -> None:
    file = read_parameter_file(SHIPPED)
    assert file.own
    assert file.parameters() == QualityParameters(name=PARENT)
    assert set(file.values) == set(QualityParameters.model_fields) - {"name", "schemas"}


OURS = "choice of this project"
OFFICIAL = re.compile(
    r"official report( of \d\d\.\d\d)?|PSD( 14\.8)?|mission requirement|Sen2Cor User Manual, .+"
)


def test_thresholds_that_nobody_else_states_are_declared_as_ours() -> None:
    ours = {name for name, threshold in thresholds().items() if threshold.source.startswith(OURS)}
    for name, threshold in thresholds().items():
        assert name in ours or OFFICIAL.fullmatch(threshold.source), threshold
    assert {"REFINING_MEAN_MAXIMUM", "REFINING_DEVIATION_MAXIMUM", "TILE_ALIGNMENT"} <= ours
    document = parameter_document(QualityParameters()).decode()
    assert f"<!-- mean residual after refining, either axis ({OURS}) -->" in document
    assert f"One whose source is '{OURS}' is in no official report" in document


def test_every_threshold_has_unit_text_and_source() -> None:
    known = thresholds()
    assert known["EPHEMERIS_QUALITY_MAXIMUM"].unit == "m"
    assert known["SUN_ZENITH_MAXIMUM_L2A"].unit == "degrees"
    assert known["WATER_VAPOUR_QUANTIFICATION"].unit == "1/cm"
    for threshold in known.values():
        assert threshold.text, threshold
        assert threshold.source, threshold


def test_a_document_keeps_the_values_that_are_not_defaults(tmp_path: Path) -> None:
    wanted = QualityParameters(ephemeris_quality_maximum=9.25, lost_packets_maximum=12)
    path = tmp_path / f"{SHIPPED_NAME}.xml"
    path.write_bytes(parameter_document(wanted))
    assert read_parameter_file(path).parameters() == wanted.model_copy(update={"name": PARENT})
    assert parameter_document(wanted) == path.read_bytes()


def test_the_header_speaks_of_the_file() -> None:
    fixed = etree.parse(SHIPPED).find("Earth_Explorer_Header/Fixed_Header")
    assert fixed is not None
    assert fixed.findtext("File_Name") == SHIPPED.stem
    assert fixed.findtext("File_Type") == "GIP_OLQCPA"
    assert fixed.findtext("Validity_Period/Validity_Start") == "UTC=2015-06-22T00:00:00"


def test_a_document_of_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'mine' is not the name of a GIP_OLQCPA"):
        parameter_document(QualityParameters(), "mine")


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        (f"{SHIPPED_NAME}.xml", PARENT),
        (
            "S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20220830T002500_21000101T000000_B00.zip",
            "S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20220830T002500",
        ),
        ("thresholds.tar.gz", "thresholds"),
    ],
)
def test_reports_name_the_file_as_official_ones_do(name: str, parent: str) -> None:
    assert parent_name(name) == parent


def test_left_out_thresholds_have_their_defaults(tmp_path: Path) -> None:
    path = file_with(tmp_path, "<LOST_PACKETS_MAXIMUM unit='1'>3</LOST_PACKETS_MAXIMUM>")
    assert read_parameter_file(path).values == {"lost_packets_maximum": 3}
    assert read_parameter_file(path).parameters().ephemeris_quality_maximum == 20.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<LOST_PAKETS unit='1'>3</LOST_PAKETS>", ":1: LOST_PAKETS: unknown threshold"),
        (
            "<DATA_LOSS_MAXIMUM unit='%'>101</DATA_LOSS_MAXIMUM>",
            ":1: DATA_LOSS_MAXIMUM = 101: input should be less than or equal to 100",
        ),
        (
            "<LOST_PACKETS_MAXIMUM unit='1'>-1</LOST_PACKETS_MAXIMUM>",
            ":1: LOST_PACKETS_MAXIMUM = -1: input should be greater than or equal to 0",
        ),
        (
            "<LOST_PACKETS_MAXIMUM unit='1'>1.5</LOST_PACKETS_MAXIMUM>",
            ":1: LOST_PACKETS_MAXIMUM = 1.5: input should be a valid integer",
        ),
        ("<DATA_LOSS_MAXIMUM unit='%'>few</DATA_LOSS_MAXIMUM>", " = 'few': expected a number"),
        ("<DATA_LOSS_MAXIMUM unit='%'/>", " = '': expected a number"),
        ("<ABSOLUTE_LOCATION_MAXIMUM unit='m'>inf</ABSOLUTE_LOCATION_MAXIMUM>", "expected a finite number"),
        ("<DATA_LOSS_MAXIMUM unit='%'>nan</DATA_LOSS_MAXIMUM>", "expected a finite number"),
        (
            "<EPHEMERIS_QUALITY_MAXIMUM unit='km'>2</EPHEMERIS_QUALITY_MAXIMUM>",
            "EPHEMERIS_QUALITY_MAXIMUM: unit is km, expected m",
        ),
        ("<EPHEMERIS_QUALITY_MAXIMUM>2</EPHEMERIS_QUALITY_MAXIMUM>", "unit is missing, expected m"),
        (
            2 * "<DATA_LOSS_MAXIMUM unit='%'>1</DATA_LOSS_MAXIMUM>",
            "DATA_LOSS_MAXIMUM: given twice",
        ),
        (
            "<SENSING_ORBIT_FIRST unit='1'>144</SENSING_ORBIT_FIRST>",
            ": sensing_orbit_first is above sensing_orbit_last",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, message: str) -> None:
    assert message in refusal(file_with(tmp_path, content))


def test_a_range_may_be_moved_beyond_its_default(tmp_path: Path) -> None:
    path = file_with(
        tmp_path,
        "<TILE_SIDE_MINIMUM unit='m'>200000</TILE_SIDE_MINIMUM>"
        "<TILE_SIDE_MAXIMUM unit='m'>300000</TILE_SIDE_MAXIMUM>",
    )
    assert read_parameter_file(path).parameters().tile_side_minimum == 200_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<Earth_Explorer_File>", "not well-formed"),
        ("", "not well-formed"),
        ("<!DOCTYPE a><a/>", "document type"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "GIP.xml"
    path.write_text(content)
    assert message in refusal(path)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "nowhere.xml")
    (tmp_path / "folder.xml").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.xml")


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize(("pack", "suffix"), [(zipped, ".zip"), (tarred, ".TGZ")])
def test_an_archive_may_hold_the_file(tmp_path: Path, pack: object, suffix: str) -> None:
    assert callable(pack)
    own = parameter_document(QualityParameters(data_loss_maximum=7.5))
    path = pack(tmp_path / f"{SHIPPED_NAME}{suffix}", {"a/amalfi.xml": AMALFI, "a/ours.xml": own})
    file = read_parameter_file(path)
    assert file.own
    assert file.parameters().data_loss_maximum == 7.5
    assert file.name == PARENT
    bad = own.replace(b">7.5<", b">700<")
    message = refusal(pack(tmp_path / f"bad{suffix}", {"ours.xml": bad}))
    assert re.match(r"/ours\.xml:\d+: DATA_LOSS_MAXIMUM = 700: ", message)


@pytest.mark.parametrize(("pack", "suffix"), [(zipped, ".zip"), (tarred, ".tgz")])
def test_an_archive_of_another_form_says_nothing(tmp_path: Path, pack: object, suffix: str) -> None:
    assert callable(pack)
    file = read_parameter_file(pack(tmp_path / f"{SHIPPED_NAME}{suffix}", {"conf/a.xml": AMALFI, "b": b"\0"}))
    assert (file.own, file.name, dict(file.values)) == (False, PARENT, {})
    assert file.parameters() == QualityParameters(name=PARENT)


def test_a_document_of_another_form_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "GIP_OLQCPA.xml"
    path.write_bytes(AMALFI)
    assert not read_parameter_file(path).own


def test_what_is_called_an_archive_and_is_none_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "GIP.zip"
    path.write_bytes(AMALFI)
    assert "expected a ZIP or tar archive" in refusal(path)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_truncated_archive_is_an_error(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = pack(tmp_path / "GIP.zip", {"ours.xml": parameter_document(QualityParameters())})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = refusal(path)
    assert "cannot be read" in message or "expected a ZIP or tar archive" in message
