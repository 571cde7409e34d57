"""Parameter files of the radiometry: generated, read back as the same numbers, and refused when damaged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ipf_auxdata.gipp import radiometry
from ipf_auxdata.gipp.radiometry import radiometric_files

from ipf.auxiliary.blind_pixels import read_blind_pixels
from ipf.auxiliary.crosstalk import crosstalk_document, read_crosstalk
from ipf.auxiliary.defective_pixels import (
    NEIGHBOURS,
    DefectivePixels,
    defective_pixels_document,
    read_defective_pixels,
)
from ipf.auxiliary.gipp_names import AuxiliaryName
from ipf.auxiliary.ground_equalization import ground_equalization_document, read_ground_equalization
from ipf.auxiliary.l1_gipp_files import level_1_gipp_document, read_level_1_gipp
from ipf.auxiliary.l1_gipp_model import Level1Gipp
from ipf.auxiliary.l1_gipp_radiometry import (
    RADIOMETRIC_GIPPS,
    BinningFilter,
    DeconvolutionFilter,
    DenoisingThresholds,
    NoiseModel,
    NormCoefficients,
    WaveletFilters,
)
from ipf.auxiliary.onboard_equalization import (
    CURRENT,
    onboard_equalization_document,
    read_onboard_equalization,
)
from ipf.auxiliary.pixel_coefficients import raw_pixels
from ipf.auxiliary.swir_arrangement import read_swir_arrangement, swir_arrangement_document
from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES, BY_NAME, DETECTORS
from ipf.radiometry.calibration import SUBLINES, BilinearResponse, CubicResponse
from ipf.radiometry.corrections import shift_weights
from tests.auxiliary.radiometric_set import change, path_of, write_set

BANDS = ("B02", "B11", "B01")
READERS: dict[str, tuple[Callable[[Path], Any], Callable[[Any], bytes]]] = {
    "R2EOB2": (read_onboard_equalization, onboard_equalization_document),
    "R2EQOG": (read_ground_equalization, ground_equalization_document),
    "R2CRCO": (read_crosstalk, crosstalk_document),
    "R2SWIR": (read_swir_arrangement, swir_arrangement_document),
    "R2DEPI": (read_defective_pixels, defective_pixels_document),
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gipp")
    write_set(folder, BANDS)
    return folder


@pytest.fixture
def damaged(generated, tmp_path):
    def copy(file_type: str, band: str, before: str, after: str) -> Path:
        source = path_of(generated, file_type, band)
        path = tmp_path / source.name
        path.write_bytes(source.read_bytes())
        change(path, before, after)
        return path

    return copy


def test_files_are_read_back_and_written_as_they_were(generated):
    for path in generated.glob("*.xml"):
        kind = AuxiliaryName.parse(path.stem).file_type.removeprefix("GIP_")
        if kind != "BLINDP":
            reader, writer = READERS[kind]
            assert writer(reader(path)) == path.read_bytes(), path.name


def test_generated_numbers_are_within_what_is_published(generated):
    for band in BANDS:
        ground = read_ground_equalization(path_of(generated, "R2EQOG", band))
        (configuration,) = ground.lists
        assert configuration == ("APPLIED" if band == "B11" else "NO_TDI")
        for detector, found in ground.of(configuration).items():
            assert found.dark.levels.shape == (SUBLINES[BY_NAME[band].resolution], raw_pixels(band))
            assert found.dark.levels.min() >= 440
            assert found.dark.levels.max() <= 522
            swir = band == "B11"
            assert isinstance(found.response, BilinearResponse if swir else CubicResponse)
            factor = found.response.a1 if isinstance(found.response, BilinearResponse) else found.response.c
            assert 1.0 <= factor.min() < factor.max() <= 1.2
            onboard = read_onboard_equalization(path_of(generated, "R2EOB2", band)).of()[detector]
            pedestal = found.dark.levels - onboard.dark
            assert pedestal.min() > 40
            assert pedestal.max() < 60
    crosstalk = read_crosstalk(path_of(generated, "R2CRCO"))
    assert not crosstalk.optical.any()
    assert 0 < crosstalk.electrical.max() <= 0.004
    defects = read_defective_pixels(path_of(generated, "R2DEPI"))
    numbers = [sum(len(defects.of(band, detector)) for detector in DETECTORS) for band in BAND_NAMES]
    assert dict(zip(BAND_NAMES, numbers, strict=True)) == {
        **dict.fromkeys(BAND_NAMES, 0),
        "B10": 2,
        "B11": 3,
        "B12": 1,
    }


def test_generator_gives_the_same_bytes_and_each_satellite_its_own():
    first, again = dict(radiometric_files("S2A", ["B05"], [3])), dict(radiometric_files("S2A", ["B05"], [3]))
    assert first == again
    other = dict(radiometric_files("S2B", ["B05"], [3]))
    own = {AuxiliaryName.parse(name.removesuffix(".xml")).satellite for name in other}
    assert own == {"S2B"}
    for name, content in other.items():
        if "BLINDP" not in name:
            assert content.replace(b"S2B", b"S2A") != first[name.replace("S2B", "S2A")]
    alone = dict(radiometric_files("S2A", ["B05"], [3, 4]))
    (name,) = (name for name in first if "R2EQOG" in name)
    entry = re.search(rb'<COEFFICIENTS detector_id="03">.*?</COEFFICIENTS>', first[name], re.DOTALL)
    assert entry is not None
    assert entry.group() in alone[name]  # a detector does not depend on those made with it


def test_blind_pixels_are_those_of_operational_files(generated, reference_data):
    (real,) = (reference_data / "gipp" / "S2A" / "GIP_BLINDP").iterdir()
    ours = read_blind_pixels(path_of(generated, "BLINDP"))
    theirs = read_blind_pixels(real)
    assert ours.numbers == theirs.numbers
    assert ours.detectors == theirs.detectors


def test_command_writes_every_file(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["radiometry", str(tmp_path / "new"), "--satellite", "S2B"])
    monkeypatch.setattr(radiometry.radiometric_files, "__defaults__", (("B01", "B10"), (12,)))
    radiometry.main()
    assert len(list((tmp_path / "new").iterdir())) == 4 + 2 * 2


def test_filters_have_their_defaults(generated):
    defects = read_defective_pixels(path_of(generated, "R2DEPI"))
    np.testing.assert_allclose(defects.filter_of("B11"), NEIGHBOURS, rtol=1e-7)
    line = np.arange(5.0) ** 3 - 2 * np.arange(5.0) ** 2 + 7
    assert line @ np.array(NEIGHBOURS) == pytest.approx(line[2])  # exact for cubic polynomials
    arrangement = read_swir_arrangement(path_of(generated, "R2SWIR"))
    np.testing.assert_array_equal(arrangement.taps, shift_weights(1 / 3)[2])
    own = DefectivePixels(defects.heading, {}, {"B11": np.array([0.5, 0, 0.5], np.float32)})
    assert own.filter_of("B11").tolist() == [0.5, 0.0, 0.5]


@pytest.mark.parametrize(
    ("kind", "band", "before", "after", "told"),
    [
        ("R2EQOG", "B02", "GS2_RADIOS2_EQUALIZATION_ONGROUND", "GS2_OTHER", "mismatch"),
        ("R2EQOG", "B02", "<BAND_ID>1<", "<BAND_ID>13<", "expected a band number 0-12"),
        (
            "R2EQOG",
            "B02",
            "<NB_OF_PIXELS>2592<",
            "<NB_OF_PIXELS>2552<",
            "NB_OF_PIXELS is 2552, expected 2592",
        ),
        ("R2EQOG", "B02", 'detector_id="02"', 'detector_id="01"', "detector 01 is given twice"),
        ("R2EQOG", "B02", 'detector_id="02"', 'detector_id="13"', "detector"),
        ("R2EQOG", "B02", "<COEFF_C>1", "<COEFF_C>7 1", "COEFF_C has 2593 numbers, expected 2592"),
        ("R2EQOG", "B02", "<COEFF_C>1", "<COEFF_C>nan 1", "COEFF_C"),
        ("R2EQOG", "B02", "<COEFF_A>", "<COEFF_A>x ", "COEFF_A holds a word that is not a number"),
        ("R2EQOG", "B02", "LINE6>", "LINE7>", "LINE6"),
        ("R2EQOG", "B02", "A_10M_BAND", "A_20M_BAND", "A_10M_BAND"),
        ("R2EQOG", "B02", "<CUBIC>", "<CUBE>", "mismatch"),
        ("R2EQOG", "B11", "<COEFF_Zs>", "<COEFF_Zs>-1 ", "COEFF_Zs has 1297 numbers"),
        ("R2EQOG", "B02", 'tdi_config="NO_TDI"', 'tdi_config="SOME"', "tdi_config is 'SOME'"),
        ("R2EOB2", "B02", "<COEFF_A2>0", "<COEFF_A2>-0", "COEFF_A2: -0.99"),
        ("R2EOB2", "B02", "<COEFF_D>", "<COEFF_D>1 ", "COEFF_D has 2593 numbers"),
        ("R2CRCO", "B00", 'band_id_k="3"', 'band_id_k="2"', "CROSSTALK_COEFF of B03 is given twice"),
        ("R2CRCO", "B00", "<OPTICAL>0.0", "<OPTICAL>0.5", "expected 0 for the band itself"),
        ("R2CRCO", "B00", "<OPTICAL>0.0", "<OPTICAL>", "OPTICAL has 12 numbers, expected 13"),
        ("R2CRCO", "B00", "<ELECTRICAL>0.0", "<ELECTRICAL>1e-3", "expected 0 for the band itself"),
        (
            "R2SWIR",
            "B00",
            'band_id="10"',
            'band_id="9"',
            "SWIR_BAND: band_id of B09, expected one each of B10",
        ),
        ("R2SWIR", "B00", 'band_id="11"', 'band_id="10"', "SWIR_BAND: band_id of B10, expected one each"),
        ("R2SWIR", "B00", 'detector_id="07">', 'detector_id="07">1 ', "DETECTOR has 1297 numbers"),
        ("R2SWIR", "B00", "-1 -1 -1", "-2 -1 -1", "DETECTOR: expected -1, 0 or 1 for each pixel"),
        ("R2DEPI", "B00", "<COLUMNS>", "<COLUMNS>1296 ", "COLUMNS: expected different whole numbers"),
        ("R2DEPI", "B00", "<COLUMNS>", "<COLUMNS>1.5 ", "COLUMNS: expected different whole numbers"),
        ("R2DEPI", "B00", 'BAND band_id="4"', 'BAND band_id="5"', "BAND B06 is given twice"),
        (
            "R2DEPI",
            "B00",
            "<SINGULARITY_LIST/>",
            "<INTERPOLATION_FILTER>1 1 1</INTERPOLATION_FILTER>",
            "3 taps",
        ),
    ],
)
def test_damage_is_named(damaged, kind, band, before, after, told):
    path = damaged(kind, band, before, after)
    with pytest.raises(AuxiliaryError) as failure:
        READERS[kind][0](path)
    assert str(path) in str(failure.value)
    assert told in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_zero_in_place_of_a_factor_is_named(damaged):
    path = damaged("R2EQOG", "B02", "<COEFF_C>1", "<COEFF_C>0 1")
    text = path.read_text()
    start = text.index("<COEFF_C>0 ") + len("<COEFF_C>0 ")
    path.write_text(text[:start] + text[text.index(" ", start) + 1 :])
    with pytest.raises(AuxiliaryError, match="COEFF_C: 0 for pixel 0, expected positive numbers"):
        read_ground_equalization(path)


def test_tables_and_configurations_that_are_not_there_are_named(generated):
    tables = read_onboard_equalization(path_of(generated, "R2EOB2", "B02"))
    with pytest.raises(AuxiliaryError, match="no CURRENT_TABLE, found NEW_TABLE"):
        tables.of(CURRENT)
    ground = read_ground_equalization(path_of(generated, "R2EQOG", "B02"))
    with pytest.raises(AuxiliaryError, match="no COEFFICIENTS_LIST with tdi_config APPLIED for B02"):
        ground.of("APPLIED")


def test_norms_are_those_of_the_filters():
    """Noise through the cubic B-spline, level after level, as impulse responses tell."""
    filters, norms = WaveletFilters(), NormCoefficients().norms
    size = 129
    smooth = np.zeros((size, size))
    smooth[size // 2, size // 2] = 1.0
    found = []
    for level in range(filters.levels):
        transfer = np.zeros(size)
        reach = len(filters.low_pass) // 2
        for tap, weight in enumerate(filters.low_pass):
            transfer[size // 2 + (tap - reach) * 2**level] = weight
        spectrum = np.fft.fft(np.fft.ifftshift(transfer))
        smoother = np.fft.ifft2(np.fft.fft2(smooth) * np.outer(spectrum, spectrum)).real
        found.append(np.sqrt(np.sum((smooth - smoother) ** 2)))
        smooth = smoother
    np.testing.assert_allclose(norms, found, rtol=1e-6)
    np.testing.assert_allclose(norms, (0.889, 0.200, 0.086), atol=2e-3)  # Starck and Murtagh's table
    assert len(DenoisingThresholds().thresholds) == filters.levels


def test_noise_is_that_of_metadata(reference_data):
    text = next((reference_data / "geometry_madeira" / "DATASTRIP").rglob("*MTD_L1B_DS*.xml")).read_text()
    stated = [
        [float(value) for value in re.findall(rf"<{name}>([^<]+)<", text)] for name in ("ALPHA", "BETA")
    ]
    assert list(NoiseModel().alpha.values()) == stated[0]
    assert list(NoiseModel().beta.values()) == stated[1]


@pytest.mark.parametrize("satellite", ["S2A", "S2B", "S2C"])
def test_modulation_transfer_is_that_of_the_published_spread_functions(reference_data, satellite):
    model = DeconvolutionFilter.of_satellite(satellite)
    for band in BAND_NAMES:
        if band == "B10":
            assert model.mtf_across[band] == model.mtf_along[band] == 1.0
            continue
        file = reference_data / "spectral" / "psf" / satellite / f"{satellite}_PSF_{band}.csv"
        spread = np.loadtxt(file, delimiter=",")
        nyquist = np.exp(2j * np.pi * np.arange(spread.shape[0]) / 10)  # five samples a pixel
        for axis, transfer in ((0, model.mtf_across), (1, model.mtf_along)):
            assert abs(spread.sum(axis=axis) @ nyquist) == pytest.approx(transfer[band], abs=0.005)


@pytest.mark.parametrize(
    ("content", "before", "after", "told"),
    [
        (BinningFilter(), ">3</LINES>", ">5</LINES>", "KERNEL has 21 numbers, expected 5 times 7"),
        (BinningFilter(), ">7</COLUMNS>", ">8</COLUMNS>", "LINES and COLUMNS are 3 and 8, expected odd"),
        (BinningFilter(), ">0 0", ">0.1 0", "KERNEL: the sum of its weights is 1.1, expected 1"),
        (BinningFilter(), ">0 0", ">inf 0", "KERNEL holds a number that is not finite"),
        (WaveletFilters(), ">0.0625 0.25", ">0.25 0.0625", "LOW_PASS: expected an odd number of taps"),
        (WaveletFilters(), ">0.0625 0.25 0.375 0.25 0.0625<", ">1 1 1<", "the sum of its taps is 3"),
        (WaveletFilters(), ">3</LEVELS>", ">9</LEVELS>", "LEVELS = 9"),
        (NormCoefficients(), ">0.89", ">-0.89", "NORMS: expected positive numbers"),
        (DenoisingThresholds(), ">3 2 1<", ">3 2 -1<", "THRESHOLDS: expected numbers of 0 and more"),
        (
            DenoisingThresholds(),
            ">3 2 1<",
            ">3 2 1 1 1 1 1<",
            "THRESHOLDS: tuple should have at most 6 items",
        ),
        (DeconvolutionFilter(), ">1</BAND>", ">1.5</BAND>", "MTF_ACROSS is up to 1.5, expected at most 1"),
        (NoiseModel(), ">0.56</BAND>", ">-0.56</BAND>", "positive values expected"),
    ],
)
def test_damaged_parameters_are_named(tmp_path, content: Level1Gipp, before, after, told):
    name = AuxiliaryName.parse(
        f"S2A_OPER_{content.file_type}_TEST_20260101T000000_V20200101T000000_20210101T000000_B00"
    )
    path = tmp_path / f"{name}.xml"
    path.write_bytes(level_1_gipp_document(content, name))
    read_level_1_gipp(path, type(content))
    change(path, before, after)
    with pytest.raises(AuxiliaryError) as failure:
        read_level_1_gipp(path, type(content))
    assert told in str(failure.value)
    assert str(path) in str(failure.value)


def test_defaults_do_not_contradict_themselves():
    for model in RADIOMETRIC_GIPPS:
        assert not model().contradiction()
        assert not model.of_satellite("S2B").contradiction()
    with pytest.raises(ValueError, match="no modulation transfer of S2D"):
        DeconvolutionFilter.of_satellite("S2D")
