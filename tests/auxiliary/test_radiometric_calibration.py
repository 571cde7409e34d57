"""The calibration of a band out of its files: chosen, complete, and undoing what the instrument did."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from ipf.auxiliary.l1_gipp import RadiometricParameters
from ipf.auxiliary.radiometric_calibration import read_band_calibration, read_leaks
from ipf.errors import AuxiliaryError
from ipf.product.utc import UtcTime
from ipf.radiometry import corrections
from ipf.radiometry.calibration import BilinearResponse, Defects
from tests.auxiliary.radiometric_set import change, files_in, path_of, write_set
from tests.radiometry import forward

ALL_ON = RadiometricParameters(swir_rearrangement=True, crosstalk_optical=True)
SWITCHED = {
    "onboard_equalization": "equalization",
    "dark_signal": "dark",
    "relative_response": "response",
    "swir_rearrangement": "line_shifts",
    "defective_pixels": "defects",
    "binning": "binning",
}
LINES = 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("gipp")
    write_set(made, ("B02", "B11", "B01"), range(1, 13))
    return made


@pytest.fixture
def copied(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "gipp")
    return tmp_path / "gipp"


def calibration(folder, band, detector, tdi="NO_TDI", switches=ALL_ON):
    return read_band_calibration(files_in(folder), band, [detector], tdi, switches)[detector]


def with_defects(folder):
    """A detector of B11 that has defective pixels."""
    every = read_band_calibration(files_in(folder), "B11", range(1, 13), "APPLIED", ALL_ON)
    return next(detector for detector, found in every.items() if found.defects)


def seen_by(found, truth, first_line):
    """Raw counts of 12 bits of an instrument like `found`, from counts in proportion to radiance."""
    blind = np.array(found.blind.every)
    pixels = truth.shape[1] + blind.size
    seeing = np.setdiff1d(np.arange(pixels), blind)
    response = found.response
    if isinstance(response, BilinearResponse):
        signal = forward.answer_bilinear(truth, response.a1, response.a2, response.zs)
    else:
        signal = forward.answer_cubic(truth, response.a, response.b, response.c)
    raw = np.zeros((truth.shape[0], pixels))
    raw[:, seeing] = signal
    raw = forward.add_dark(raw, found.dark.levels.astype(np.float64), first_line)
    table = found.equalization
    return forward.digitised(forward.even_out_on_board(raw, table.a1, table.a2, table.zs, table.dark))


@pytest.mark.parametrize("band", ["B02", "B11", "B01"])
def test_raw_counts_become_what_was_seen(folder, band):
    detector = with_defects(folder) if band == "B11" else 2
    found = calibration(folder, band, detector, "APPLIED" if band == "B11" else "NO_TDI")
    seeing = 2552 if band == "B02" else 1276
    ramp = np.linspace(5, 2500, LINES)[:, np.newaxis]
    truth = ramp + 50 * np.sin(np.arange(seeing) / 40.0)
    truth = np.clip(truth, 1, None)
    raw = seen_by(found, truth, 7)
    assert raw.min() > 0  # 0 means lost
    image = corrections.image_of_counts(raw)
    corrections.undo_onboard_equalization(image, found.equalization)
    corrections.subtract_dark(image, found.dark, 7)
    image = corrections.remove_blind_pixels(image, found.blind)
    assert image.shape == truth.shape
    corrections.apply_response(image, found.response)
    difference = image - truth
    # Rounding, times slopes up to 1.2, and that of the mean of the blind pixels.
    assert np.sqrt(np.mean(np.square(difference))) <= 0.4
    # Twelve blind pixels without noise tell the offset within 0.3 / sqrt(12), about 0.1 with their slope.
    assert abs(difference.mean()) <= 0.1
    if found.defects:
        image[:, list(found.defects.columns)] = 9999.0
        corrections.interpolate_defects(image, found.defects)
        column = found.defects.columns[0]
        assert abs(image[:, column] - truth[:, column]).max() <= 2.5


def test_what_comes_after_blind_pixels_has_their_width_left_out(folder):
    detector = with_defects(folder)
    found = calibration(folder, "B11", detector, "APPLIED")
    assert found.line_shifts.shifts.size == found.response.a1.size == 1276
    assert found.line_shifts.taps is None
    assert found.dark.levels.shape[1] == found.equalization.a1.size == 1296
    text = path_of(folder, "R2DEPI").read_text()
    raw = [column + 10 for column in found.defects.columns]  # ten blind pixels come before
    assert all(f"<COLUMNS>{column}" in text or f" {column}" in text for column in raw)


def test_defects_among_blind_pixels_are_left_out(copied):
    detector = with_defects(copied)
    path = path_of(copied, "R2DEPI")
    before = calibration(copied, "B11", detector, "APPLIED").defects
    change(path, "<COLUMNS>", "<COLUMNS>3 ")
    assert calibration(copied, "B11", detector, "APPLIED").defects.columns == before.columns


@pytest.mark.parametrize("switch", sorted(SWITCHED))
def test_every_switch_leaves_its_correction_out(folder, switch):
    band = "B01" if switch == "binning" else "B11"
    detector = with_defects(folder)
    tdi = "APPLIED" if band == "B11" else "NO_TDI"
    assert getattr(calibration(folder, band, detector, tdi), SWITCHED[switch]) is not None
    off = ALL_ON.model_copy(update={switch: False})
    assert getattr(calibration(folder, band, detector, tdi, off), SWITCHED[switch]) is None


def test_crosstalk_follows_its_switches(folder):
    files = files_in(folder)
    both = read_leaks(files, ALL_ON)
    assert both["B11"].keys() == {"B10", "B12"}
    assert 0 < both["B02"]["B08"] <= 0.004
    assert "B02" not in both["B02"]
    assert read_leaks(files, RadiometricParameters()) == both  # optical ones are 0
    assert not read_leaks(files, RadiometricParameters(crosstalk_electronic=False))
    assert not read_leaks(files, RadiometricParameters(crosstalk_electronic=False, crosstalk_optical=True))


def test_binning_is_that_of_its_file_where_there_is_one(copied):
    from ipf_auxdata.gipp import generate

    plain = calibration(copied, "B01", 1).binning
    assert plain.kernel.shape == (3, 7)
    assert plain.kernel.sum() == pytest.approx(1.0)
    name, content = next(
        (name, content) for name, (_, content) in generate.level_1_files().items() if "R2BINN" in name
    )
    text = content.decode().replace('<COLUMNS unit="pixels">7', '<COLUMNS unit="pixels">3')
    start = text.index("<KERNEL")
    start, stop = text.index(">", start) + 1, text.index("</KERNEL>")
    (copied / name).write_text(text[:start] + "0 0 0 0.2 0.6 0.2 0 0 0" + text[stop:])
    own = calibration(copied, "B01", 1).binning
    np.testing.assert_allclose(own.kernel[1], (0.2, 0.6, 0.2), rtol=1e-6)
    assert calibration(copied, "B02", 1).binning is None


@pytest.mark.parametrize("kind", ["BLINDP", "R2EQOG", "R2EOB2", "R2SWIR", "R2DEPI"])
def test_a_missing_file_is_named(copied, kind):
    for path in copied.glob(f"*{kind}*"):
        path.unlink()
    with pytest.raises(AuxiliaryError, match=f"no GIP_{kind} of S2A.* valid at 2020-08-16"):
        calibration(copied, "B11", 1, "APPLIED")


def test_files_of_another_satellite_or_time_are_refused(folder):
    for satellite, date, told in (
        ("S2B", "2020-08-16T00:00:00Z", "wrong satellite"),
        ("S2A", "2014-08-16T00:00:00Z", "out of validity"),
    ):
        files = files_in(folder, satellite, UtcTime.parse(date))
        with pytest.raises(AuxiliaryError, match=told):
            read_band_calibration(files, "B02", [1], "NO_TDI", ALL_ON)
        with pytest.raises(AuxiliaryError, match=told):
            read_leaks(files, ALL_ON)


def test_a_file_of_another_band_is_refused(copied):
    change(path_of(copied, "R2EQOG", "B02"), "<BAND_ID>1<", "<BAND_ID>2<")
    with pytest.raises(AuxiliaryError, match="BAND_ID is that of B03, expected that of B02"):
        calibration(copied, "B02", 1)


@pytest.mark.parametrize(
    ("kind", "told"),
    [("R2EQOG", "COEFFICIENTS: no detector_id 05"), ("R2EOB2", "COEFFICIENTS: no detector_id 05")],
)
def test_a_missing_detector_is_named(tmp_path, kind, told):
    write_set(tmp_path, ("B02",), (4, 5))
    other = tmp_path / "less"
    other.mkdir()
    write_set(other, ("B02",), (4,))
    source = path_of(other, kind, "B02")
    shutil.copy(source, tmp_path / source.name)
    shutil.rmtree(other)
    assert calibration(tmp_path, "B02", 4).detector == 4
    with pytest.raises(AuxiliaryError, match=told):
        calibration(tmp_path, "B02", 5)


def test_blind_pixels_beyond_the_line_are_refused(copied):
    change(path_of(copied, "BLINDP"), "2591<", "2592<")
    with pytest.raises(AuxiliaryError, match=r"BAND B02, detector 01: pixel 2592, expected less than 2592"):
        calibration(copied, "B02", 1)


def test_thirds_of_lines_are_moved_by_the_filter_of_the_file(folder):
    from ipf.auxiliary.swir_arrangement import read_swir_arrangement

    arrangement = read_swir_arrangement(path_of(folder, "R2SWIR"))
    shifts = arrangement.of("B10", 1)
    assert arrangement.of("B02", 1) is None
    lines = np.arange(9.0)[:, np.newaxis] ** 2 + np.zeros(shifts.shifts.size)
    moved = corrections.rearrange_lines(lines.astype(np.float32), shifts)
    expected = (np.arange(1.0, 8.0)[:, np.newaxis] + shifts.shifts / 3) ** 2
    np.testing.assert_allclose(moved, expected, atol=1e-4)
    other = type(shifts)(shifts.shifts, 1 / 3, np.array([0.1, 0.5, 0.4], np.float32))
    moved = corrections.rearrange_lines(lines.astype(np.float32), other)
    column = int(np.flatnonzero(shifts.shifts == -1)[0])
    assert moved[0, column] == pytest.approx(0.4 * 0 + 0.5 * 1 + 0.1 * 4)


def test_defects_are_none_where_there_are_none(folder):
    assert calibration(folder, "B02", 1).defects is None
    assert isinstance(calibration(folder, "B11", with_defects(folder), "APPLIED").defects, Defects)
