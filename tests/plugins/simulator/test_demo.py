"""The demonstration and the program ``ipf simulate``, as a user meets them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ipf_plugins.simulator.demo import main
from ipf_plugins.simulator.job import adapted, parameters_of

from ipf.errors import AuxiliaryError, ParameterError, ProductError, UsageError
from ipf.product.reader import open_product
from tests.plugins.simulator.conftest import plan_scene

IPF = [sys.executable, "-c", "from ipf.cli.guard import ipf; ipf()"]
DEMO = [sys.executable, "-m", "ipf_plugins.simulator.demo"]


def ipf(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*IPF, *arguments], capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder and output of a demonstration, smaller than usual."""
    folder = tmp_path_factory.mktemp("demo") / "here"
    code = (
        "import sys; from pathlib import Path; from ipf_plugins.simulator.demo import run_demo;"
        " run_demo(Path(sys.argv[1]), {'simulate_acquisition.size_m': '1860'})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


def test_the_demonstration_says_where_everything_is(demonstrated: tuple[Path, str]) -> None:
    folder, text = demonstrated
    places = dict(
        line.split(":", 1)
        for line in text.splitlines()
        if line.startswith(("Level", "truth", "quick", "comp"))
    )
    assert set(places) == {"Level-1C", "Level-2A", "truth", "quicklook", "comparison"}
    for place in places.values():
        assert Path(place.strip()).exists()
        assert Path(place.strip()).is_relative_to(folder)
    assert open_product(Path(places["Level-2A"].strip())).level == "L2A"
    for picture in ("quicklook.png", "reflectance.png"):
        assert (folder / "report" / picture).read_bytes().startswith(b"\x89PNG")


def test_the_product_agrees_with_the_truth(demonstrated: tuple[Path, str]) -> None:
    """Within 0.05 rho + 0.005 for 99 % of the pixels under a clear sky, in every band, the air retrieved."""
    _, text = demonstrated
    rows = [line.split() for line in text.splitlines() if line.startswith("B") and line.endswith("%")]
    assert len(rows) == 12
    for band, pixels, bias, rmse, _, within, _ in rows:
        assert int(pixels) > 400, band
        # A tenth of a centimetre of water vapour is 0.013 in B09, where a quarter of the light comes through.
        assert abs(float(bias)) < (0.02 if band == "B09" else 0.003), band
        assert float(rmse) < (0.025 if band == "B09" else 0.005), band
        assert float(within) >= 99.0, band
    aot, water_vapour = (
        [float(number) for number in re.findall(r"\d+\.\d+", line)]
        for line in text.splitlines()
        if line.startswith(("aerosol optical thickness:", "water vapour:"))
    )
    assert abs(aot[0] - aot[1]) <= 0.03 + 0.1 * aot[1]
    assert abs(water_vapour[0] - water_vapour[1]) <= 0.2 + 0.1 * water_vapour[1]


def test_clouds_are_found(demonstrated: tuple[Path, str]) -> None:
    _, text = demonstrated
    (share,) = re.findall(r"clouds called cloud: (\d+\.\d) %", text)
    assert float(share) >= 90.0
    assert "shadows called shadow:" in text


def test_the_page_shows_the_figures(demonstrated: tuple[Path, str]) -> None:
    page = (demonstrated[0] / "report" / "index.html").read_text()
    for expected in ("<td>B8A</td>", "quicklook.png", "reflectance.png", "clear water", "T31TCJ"):
        assert expected in page


def test_the_program_compares(demonstrated: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = demonstrated
    (l1c,), (l2a,), (truth,) = (list((folder / name).iterdir()) for name in ("L1C", "L2A", "truth"))
    result = ipf("simulate", "compare", l2a, truth, "--l1c", l1c, "--report", tmp_path / "page")
    assert result.returncode == 0, result.stderr
    assert "within 0.05 rho + 0.005" in result.stdout
    assert (tmp_path / "page" / "index.html").is_file()
    for name in ("quicklook.png", "reflectance.png"):
        assert (tmp_path / "page" / name).read_bytes() == (folder / "report" / name).read_bytes()


def test_a_folder_with_other_things_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "L1C").mkdir()
    (tmp_path / "L1C" / "precious").touch()
    assert main([str(tmp_path)]) == 168
    assert "exists already and was not made by the demonstration" in capsys.readouterr().err
    assert (tmp_path / "L1C" / "precious").exists()


@pytest.mark.parametrize("arguments", [["a", "b"], ["--help"]])
def test_the_demonstration_called_wrongly(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 160
    assert "expected one folder at most" in capsys.readouterr().err


def test_a_scene_from_the_command_line(tmp_path: Path) -> None:
    result = ipf(
        "simulate", "scene", tmp_path, "--size", "600", "--seed", "5", "--clouds", "0", "--set",
        "simulate_counts.noise=0", "--workers", "1",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    product, truth = (Path(line) for line in result.stdout.splitlines()[-2:])
    assert open_product(product).grid.rows == 60
    assert (truth / "truth.json").is_file()
    assert "simulate_counts.noise" in (tmp_path / "simulate_l1c.xml").read_text()


def test_a_scene_asked_for_wrongly(tmp_path: Path) -> None:
    result = ipf("simulate", "scene", tmp_path / "out", "--size", "1000")
    assert result.returncode == 164, result.stderr
    assert "expected a multiple of 60 m" in result.stderr
    assert not list((tmp_path / "out").glob("*/*"))


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"simulate_acquisition.aot": "9"}, ParameterError, "simulate_acquisition.aot"),
        ({"simulate_acquisition.atmosphere": "absent.json"}, AuxiliaryError, "cannot be read"),
        ({"simulate_counts.noise_model": "absent.csv"}, AuxiliaryError, "cannot be read"),
        ({"simulate_acquisition.like": "absent.SAFE"}, ProductError, "absent.SAFE"),
    ],
)
def test_bad_parameters_of_the_job_order(
    tmp_path: Path, parameters: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan_scene(tmp_path, parameters)


def test_job_orders_are_adapted() -> None:
    order = adapted("simulate_l1c.xml", {"simulate_acquisition.seed": "9", "simulate_counts.noise": "0"})
    values = {parameter.name: parameter.value for parameter in order.parameters}
    assert values["simulate_acquisition.seed"] == "9"
    assert values["simulate_counts.noise"] == "0"
    assert values["simulate_acquisition.aot"] == "0.15"
    assert [output.path for output in order.tasks[0].outputs] == ["L1C", "truth"]


def test_settings_win_over_options(tmp_path: Path) -> None:
    found = parameters_of({"a.b": 1, "c.d": None, "e.f": tmp_path / "x"}, ["a.b=2", "g.h=x=y"])
    assert found == {"a.b": "2", "e.f": str(tmp_path / "x"), "g.h": "x=y"}
    with pytest.raises(UsageError):
        parameters_of({}, ["=1"])
