"""Sen2Cor's parameter files: every field is read, ranges are kept, and the shipped set is the generator's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ipf_auxdata.gipp import generate
from pydantic import BaseModel

from ipf.auxiliary.l2a_gipp import FILE_TYPES, GIPPS, GippFile, read_gipp, read_gipp_of_type
from ipf.auxiliary.l2a_gipp_calibration import ProcessingBaseline, SceneClassificationCalibration
from ipf.auxiliary.l2a_gipp_configuration import Configuration
from ipf.auxiliary.l2a_gipp_correction import AtmosphericCorrectionCalibration
from ipf.auxiliary.l2a_gipp_model import Gipp, properties
from ipf.auxiliary.l2a_gipp_writer import gipp_document
from ipf.errors import AuxiliaryError

SHIPPED = Path(generate.__file__).parent


def read(folder: Path, model: type[Gipp], content: str) -> GippFile[Any]:
    """Read a parameter file with `content` between the tags of its root."""
    path = folder / model.file_name
    path.write_text(f"<{model.root}>{content}</{model.root}>", encoding="utf-8")
    return read_gipp(path, model)


def refusal(folder: Path, model: type[Gipp], content: str) -> str:
    """Message of the refusal of such a file; it always names the file."""
    with pytest.raises(AuxiliaryError) as caught:
        read(folder, model, content)
    message = str(caught.value)
    assert message.startswith(f"{folder / model.file_name}: ")
    assert "\n" not in message
    return message.removeprefix(f"{folder / model.file_name}: ")


def test_the_shipped_set_is_exactly_what_the_generator_makes(tmp_path: Path) -> None:
    generate.main(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    shipped = {path.name: path.read_bytes() for path in SHIPPED.iterdir() if path.suffix in (".xml", ".json")}
    assert made == shipped
    assert len(made) == 29


@pytest.mark.parametrize("model", GIPPS, ids=lambda model: model.file_type)
def test_a_file_of_the_shipped_set_states_every_field_and_is_the_default(model: type[Gipp]) -> None:
    file = read_gipp_of_type(SHIPPED / model.file_name, model.file_type)
    assert file.content == model()
    assert file.content.model_fields_set == set(model.model_fields)
    assert file.notes == ()


@pytest.mark.parametrize("model", GIPPS, ids=lambda model: model.file_type)
def test_every_field_says_what_it_is_where_it_stands_and_what_it_may_be(model: type[Gipp]) -> None:
    for name, field in model.model_fields.items():
        known = properties(model, name)
        assert field.description, name
        assert known["section"], name
        assert known["expected"], name
        assert known["source"].startswith("parameter files of Sen2Cor "), name


def test_defaults_are_those_of_sen2cor_2_8() -> None:
    """Figures of release 2.8 that a user would notice."""
    common = Configuration()
    assert (common.Visibility, common.Altitude, common.Adj_Km, common.Smooth_WV_Map) == (
        40.0,
        0.1,
        1.0,
        100.0,
    )
    assert (common.Ozone_Content, common.Aerosol_Type, common.Mid_Latitude) == (331, "RURAL", "SUMMER")
    assert (common.WV_Correction, common.VIS_Update_Mode, common.WV_Watermask) == (1, 1, 1)
    assert (common.Cirrus_Correction, common.DEM_Terrain_Correction, common.BRDF_Correction) == (
        False,
        True,
        0,
    )
    assert [scheme.PSD_Version for scheme in common.PSD_Scheme][:2] == ["14.2", "14.5"]
    scene = SceneClassificationCalibration()
    assert (scene.T_CLOUD_LP, scene.T_CLOUD_MP, scene.T_CLOUD_HP) == (0.0, 0.20, 0.80)
    assert (scene.T1_NDSI_SNW, scene.T2_NDSI_SNW, scene.T_SDW) == (0.35, 0.50, 0.75)
    correction = AtmosphericCorrectionCalibration()
    assert (correction.AC_Min_Ddv_Area, correction.AC_Max_Nr_Topo_Iter) == (2.0, 3)
    assert [band.c1 for band in correction.wavelength][-4:] == [0.001, 0.0005, 0.0002, 0.00005]
    assert ProcessingBaseline().Baseline_Version == "99.99"


def other_value(model: type[Gipp], name: str) -> Any:
    """A value of a field that is allowed and, where there is one, not the default."""
    default, known = model.model_fields[name].default, properties(model, name)
    if isinstance(default, tuple):
        return default[:-1] + default[:1] if len(default) > 1 else default
    if isinstance(default, bool):
        return not default
    if "choices" in known:
        return known["choices"][-1]
    if "keywords" in known:
        return known["limits"][1]
    if isinstance(default, str):
        return "11.22" if name == "Baseline_Version" else f"{default} and more"
    bounds = [part for part in model.model_fields[name].metadata if hasattr(part, "le")]
    return type(default)(bounds[0].le)


@pytest.mark.parametrize("model", GIPPS, ids=lambda model: model.file_type)
def test_what_is_written_is_read_back_whatever_the_values(model: type[Gipp], tmp_path: Path) -> None:
    changed = model(**{name: other_value(model, name) for name in model.model_fields})
    path = tmp_path / model.file_name
    path.write_bytes(gipp_document(changed))
    assert read_gipp(path, model).content == changed
    assert changed != model() or model is ProcessingBaseline


def test_only_fields_that_the_file_holds_count_as_set(tmp_path: Path) -> None:
    file = read(tmp_path, Configuration, "<Flags><BRDF_Correction> 21 </BRDF_Correction></Flags>")
    assert file.content.model_fields_set == {"BRDF_Correction"}
    assert file.content.BRDF_Correction == 21
    assert file.content.Visibility == 40.0


def test_a_file_of_release_2_1_is_read_by_its_former_names(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        SceneClassificationCalibration,
        "<Scene_Classification><Snow_Map_Reference>snow.tiff</Snow_Map_Reference><Classificators>"
        "<BARE_SOILS>5</BARE_SOILS><LOW_PROBA_CLOUDS>7</LOW_PROBA_CLOUDS></Classificators>"
        "<Thresholds><T_CLOUD_MP>0.35</T_CLOUD_MP></Thresholds></Scene_Classification>",
    )
    assert file.notes == ()
    assert file.content.Snow_Map == "snow.tiff"
    assert file.content.T_CLOUD_MP == 0.35
    assert file.content.model_fields_set == {"Snow_Map", "NOT_VEGETATED", "UNCLASSIFIED", "T_CLOUD_MP"}


def test_sections_wrappers_and_namespaces_do_not_matter(tmp_path: Path) -> None:
    """Release 2.1 has the sensor inside a section of its own; ground segments wrap the whole document."""
    path = tmp_path / "wrapped.xml"
    bands = "".join(f"<g:fwhm>0.0{index:02d}</g:fwhm>" for index in range(1, 14))
    path.write_text(
        f'<Earth_Explorer_File xmlns:g="urn:gipp"><Data_Block>'
        f"<g:{AtmosphericCorrectionCalibration.root}><g:Atmospheric_Correction><g:Sensor><g:Resolution>"
        f"<g:Band_List>{bands}</g:Band_List></g:Resolution></g:Sensor></g:Atmospheric_Correction>"
        f"</g:{AtmosphericCorrectionCalibration.root}></Data_Block></Earth_Explorer_File>",
        encoding="utf-8",
    )
    content = read_gipp(path, AtmosphericCorrectionCalibration).content
    assert content.fwhm[0] == 0.001
    assert len(content.fwhm) == 13


def test_fields_of_release_3_are_read(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        Configuration,
        "<Common_Section><Region_Of_Interest><row0>5490</row0><col0>AUTO</col0></Region_Of_Interest>"
        "<Force_Exit_On_DEM_Error>TRUE</Force_Exit_On_DEM_Error><Handle_L1C_QLT_Mask>FALSE</Handle_L1C_QLT_Mask>"
        "<QI_Scheme>L2A_QUALITY</QI_Scheme></Common_Section>",
    )
    assert file.notes == ()
    assert (file.content.row0, file.content.col0) == (5490, "AUTO")
    assert file.content.Force_Exit_On_DEM_Error
    assert not file.content.Handle_L1C_QLT_Mask


def test_a_reference_may_be_empty_where_there_is_no_elevation_model(tmp_path: Path) -> None:
    file = read(tmp_path, Configuration, "<DEM_Directory>NONE</DEM_Directory><DEM_Reference/>")
    assert file.content.DEM_Reference == ""


def test_an_unknown_field_is_noted_with_file_and_section(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        Configuration,
        "<Calibration><DEM_Unit>0</DEM_Unit><Visibility>23</Visibility></Calibration>",
    )
    assert file.content.Visibility == 23.0
    assert file.notes == (f"{tmp_path / 'L2A_GIPP.xml'}: Calibration/DEM_Unit: unknown field, left out",)


@pytest.mark.parametrize(
    ("model", "content", "message"),
    [
        (
            Configuration,
            "<Visibility>121</Visibility>",
            "Visibility = '121': expected a number from 5 to 120 km",
        ),
        (
            Configuration,
            "<Visibility>nan</Visibility>",
            "Visibility = 'nan': expected a number from 5 to 120 km",
        ),
        (Configuration, "<Visibility/>", "Visibility = '': expected a number from 5 to 120 km"),
        (
            Configuration,
            "<Ozone_Content>300</Ozone_Content>",
            "Ozone_Content = '300': expected one of 0, 250, 290, 330, 331, 370, 377, 410, 420, 450, 460",
        ),
        (
            Configuration,
            "<BRDF_Correction>3</BRDF_Correction>",
            "BRDF_Correction = '3': expected one of 0, 1, 2, 11",
        ),
        (
            Configuration,
            "<Nr_Threads>9</Nr_Threads>",
            "Nr_Threads = '9': expected AUTO or a whole number from 1 to 8",
        ),
        (
            Configuration,
            "<Nr_Threads>all</Nr_Threads>",
            "Nr_Threads = 'all': expected AUTO or a whole number",
        ),
        (
            Configuration,
            "<Median_Filter>1.5</Median_Filter>",
            "Median_Filter = '1.5': expected a whole number from 0",
        ),
        (
            Configuration,
            "<Aerosol_Type>rural</Aerosol_Type>",
            "Aerosol_Type = 'rural': expected one of RURAL, MARI",
        ),
        (
            Configuration,
            "<Cirrus_Correction>5</Cirrus_Correction>",
            "Cirrus_Correction = '5': expected TRUE or FALSE",
        ),
        (
            Configuration,
            "<DEM_Directory> </DEM_Directory>",
            "DEM_Directory = '': expected a text that is not empty",
        ),
        (Configuration, "<Adj_Km>1</Adj_Km><Adj_Km>2</Adj_Km>", "Adj_Km: given twice"),
        (
            Configuration,
            "<Adj_Km><value>1</value></Adj_Km>",
            "Adj_Km: holds elements, expected a number from 0 to 10",
        ),
        (
            Configuration,
            '<PSD_Scheme PSD_Version="14" PSD_Reference="S2"/>',
            "PSD_Scheme[1]/PSD_Version = '14': string should match pattern",
        ),
        (SceneClassificationCalibration, "<WATER>7</WATER>", "WATER = '7': expected 6"),
        (
            SceneClassificationCalibration,
            "<T_SDW>-11</T_SDW>",
            "T_SDW = '-11': expected a number from -10 to 10",
        ),
        (AtmosphericCorrectionCalibration, "<fwhm>0.02</fwhm>", "fwhm: expected 13 elements"),
        (
            AtmosphericCorrectionCalibration,
            "<fwhm>20</fwhm>" * 13,
            "fwhm[1] = '20': input should be less than or",
        ),
        (
            AtmosphericCorrectionCalibration,
            '<wavelength c0="0">0.4</wavelength>' * 13,
            "wavelength[1]/c1: field required",
        ),
        (
            ProcessingBaseline,
            "<Baseline_Version>5</Baseline_Version>",
            "Baseline_Version = '5': expected two digits",
        ),
    ],
)
def test_a_bad_value_is_refused_naming_field_value_and_range(
    model: type[Gipp], content: str, message: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, model, content).startswith(message)


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "L2A_GIPP.xml"
    root = Configuration.root
    path.write_text(f'<!DOCTYPE x [<!ENTITY e "5">]><{root}><Adj_Km>&e;</Adj_Km></{root}>', encoding="utf-8")
    with pytest.raises(AuxiliaryError, match="document type declarations are not accepted"):
        read_gipp(path, Configuration)
    path.write_text(f"<{root}>{' ' * 2**20}</{root}>", encoding="utf-8")
    with pytest.raises(AuxiliaryError, match="more than 1048576 bytes"):
        read_gipp(path, Configuration)
    path.write_text(f"<{root}><Adj_Km>1", encoding="utf-8")
    with pytest.raises(AuxiliaryError, match="not well-formed XML"):
        read_gipp(path, Configuration)


def test_another_document_a_missing_file_and_an_unknown_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        AuxiliaryError, match=f"root element {ProcessingBaseline.root}, expected {Configuration.root}"
    ):
        read_gipp(SHIPPED / ProcessingBaseline.file_name, Configuration)
    with pytest.raises(AuxiliaryError, match=r"absent\.xml: cannot be read"):
        read_gipp_of_type(tmp_path / "absent.xml", "GIP_L2ACFG")
    with pytest.raises(AuxiliaryError, match="type GIP_JP2KPA, expected one of GIP_L2ACFG, GIP_L2ACSC"):
        read_gipp_of_type(tmp_path / "absent.xml", "GIP_JP2KPA")
    assert set(FILE_TYPES) == {"GIP_L2ACFG", "GIP_L2ACSC", "GIP_L2ACAC", "GIP_PROBA2"}


def test_an_unknown_part_of_an_entry_is_noted(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        ProcessingBaseline,
        '<DATA><Idp_Sc_List workflow="l2a" order="1"><Idp_Sc_Name>ipf</Idp_Sc_Name>'
        "<Idp_Sc_Version>03.00.01</Idp_Sc_Version></Idp_Sc_List><Baseline_Version>05.11</Baseline_Version></DATA>",
    )
    (component,) = file.content.Idp_Sc_List
    assert isinstance(component, BaseModel)
    assert (component.Idp_Sc_Name, component.Idp_Sc_Version) == ("ipf", "03.00.01")
    assert file.content.Baseline_Version == "05.11"
    assert file.notes == (f"{file.path}: Idp_Sc_List/order: unknown field, left out",)
