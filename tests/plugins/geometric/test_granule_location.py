"""Tasks that place granules: from job orders on real granules, by detectors, refined or not, and damaged."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.geometric.detector_selection import data_block_of_request, detectors_of_request
from ipf_plugins.geometric.locate_granules import final_location, initial_location
from ipf_plugins.geometric.located_granules import granules_to_locate
from ipf_plugins.geometric.update_location import update_location, updated_datastrip

from ipf.auxiliary.datation_model import write_datation_model
from ipf.auxiliary.iers_bulletin import read_iers_bulletin
from ipf.auxiliary.processing_location import write_processing_location
from ipf.engine import TaskRequest
from ipf.engine.testing import check_declaration
from ipf.errors import ParameterError, ProductError
from ipf.geometry.acquisition import EarthOrientation
from ipf.product.footprint_vector import read_footprint
from ipf.product.frame_file import read_frames
from ipf.product.l1b_granule_reader import read_granule_metadata
from ipf.product.l1b_model import GranuleMetadata
from ipf.product.sensor_datastrip import read_sensor_datastrip
from tests.auxiliary.test_instrument_files import CONTENTS
from tests.cli.programs import Called
from tests.geometry.madeira import ground_distance
from tests.plugins.geometric.chain_jobs import JobTask, run_job

OUTPUTS = {
    "UPDATE_LOC": ("PDI_DS", "PDI_DS_GR_LIST", "FRAME_FILE", "VECTOR_DS_FOOTPRINT"),
    "INIT_LOC_L1": ("PDI_DS_GR_LIST", "VECTOR"),
    "GEO1B_FINALIZE": ("PDI_DS_GR_LIST", "VECTOR"),
}


@dataclass(frozen=True)
class Locating:
    """The tasks on the acquisition over Madeira, into a folder."""

    data: Path
    out: Path

    @property
    def inputs(self) -> dict[str, list[Path]]:
        """What all three take."""
        return {
            "PDI_DS": [self.data / "DATASTRIP"],
            "PDI_DS_GR_LIST": [self.data / "GRANULE"],
            "GIP_SPAMOD": sorted((self.data / "GIPP").glob("*SPAMOD*")),
            "GIP_VIEDIR": sorted((self.data / "GIPP").glob("*VIEDIR*")),
            "DEM_SRTM": [self.data / "DEM_SRTM"],
            "DEM_GEOID": [self.data / "DEM_GEOID"],
        }

    def run(
        self, name: str, parameters: Mapping[str, str] | None = None, workers: int = 1, **changed: list[Path]
    ) -> Called:
        """Run a task."""
        task = JobTask(name, {**self.inputs, **changed}, {kind: self.out / kind for kind in OUTPUTS[name]})
        return run_job(self.out / "job.xml", [task], parameters or {}, workers)

    def granules(self) -> dict[str, GranuleMetadata]:
        """Metadata that were written, by granule."""
        return granules_in(self.out / "PDI_DS_GR_LIST")

    def request(self, **parameters: str) -> TaskRequest:
        """What a step of a task is asked for."""
        inputs = {name: tuple(paths) for name, paths in self.inputs.items()}
        return TaskRequest("L1B", "00.00", "GEO1B_FINALIZE", inputs, {}, parameters)


@pytest.fixture
def locating(reference_data: Path, tmp_path: Path) -> Locating:
    return Locating(reference_data / "geometry_madeira", tmp_path / "out")


def granules_in(folder: Path) -> dict[str, GranuleMetadata]:
    return {path.parent.name: read_granule_metadata(path) for path in sorted(folder.glob("*/*.xml"))}


def apart(found: GranuleMetadata, stated: GranuleMetadata) -> float:
    """Metres that the corners of two footprints lie apart, the largest of them."""
    one, other = (np.array(granule.geometry.footprint) for granule in (found, stated))
    return float(np.max(ground_distance(one[:, 1], one[:, 0], other[:, 1], other[:, 0])))


@pytest.mark.parametrize("step", [initial_location, final_location, update_location])
def test_declared(step: object) -> None:
    check_declaration(step)  # type: ignore[arg-type]


def test_real_granules_with_and_without_refinement(locating: Locating) -> None:
    """Refined, corners come out where real metadata have them; not refined, some 4 m away."""
    stated = granules_in(locating.data / "GRANULE")
    called = locating.run("GEO1B_FINALIZE", workers=2)
    assert called.code == 0, called.error
    assert "72 granules, REFINED" in called.stdout
    refined = locating.granules()
    assert refined.keys() == stated.keys()
    distances = sorted(apart(refined[name], stated[name]) for name in stated)
    print(f"\ncorners of granules: median {np.median(distances):.3f} m, {distances[-3]:.3f} m")
    assert distances[-3] < 0.2
    heights = [
        abs(mine[2] - theirs[2])
        for name in stated
        for mine, theirs in zip(
            refined[name].geometry.footprint, stated[name].geometry.footprint, strict=True
        )
    ]
    assert np.median(heights) < 0.3
    for name, granule in refined.items():
        assert replace(granule, geometry=stated[name].geometry) == stated[name]
    rings = [ring for path in (locating.out / "VECTOR").iterdir() for ring in read_footprint(path)]
    assert len(rings) == 72
    called = locating.run("INIT_LOC_L1")
    assert called.code == 0, called.error
    assert "72 granules, NOT_REFINED" in called.stdout
    moved = sorted(apart(granule, refined[name]) for name, granule in locating.granules().items())
    assert 3.0 < moved[0] < moved[-3] < 6.0


def test_jobs_of_detectors_share_folders(locating: Locating, tmp_path: Path) -> None:
    whole = Locating(locating.data, tmp_path / "whole")
    assert whole.run("GEO1B_FINALIZE").code == 0
    for detectors in ("01-02-03-04-05-06", "07-08-09-10-11-12"):
        called = locating.run(
            "GEO1B_FINALIZE", {"PARALLEL_DETECTOR": "true", "PARALLEL_DETECTOR_IDENT": detectors}
        )
        assert called.code == 0, called.error
    contents = [
        {
            path.relative_to(each.out): path.read_bytes()
            for kind in OUTPUTS["GEO1B_FINALIZE"]
            for path in (each.out / kind).rglob("*")
            if path.is_file()
        }
        for each in (whole, locating)
    ]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 84


def test_update(locating: Locating) -> None:
    called = locating.run("UPDATE_LOC")
    assert called.code == 0, called.error
    assert "72 granules, NOT_REFINED" in called.stdout
    frames = read_frames(locating.out / "FRAME_FILE" / "frame_file.xml")
    assert frames.datastrip == next((locating.data / "DATASTRIP").iterdir()).name
    assert len(frames.frames) == 156
    granules = locating.granules()
    for (band, detector), listed in frames.frames.items():
        for frame in listed:
            assert frame.lines == granules[frame.granule].lines(band)
            assert granules[frame.granule].detector == detector
    assert len(read_footprint(locating.out / "VECTOR_DS_FOOTPRINT")) == 1
    original = next((locating.data / "DATASTRIP").rglob("*.xml"))
    assert next((locating.out / "PDI_DS").rglob("*.xml")).read_bytes() == original.read_bytes()


def test_another_orientation_of_the_earth_is_taken_in(locating: Locating, tmp_path: Path) -> None:
    original = next((locating.data / "DATASTRIP").rglob("*.xml"))
    path = tmp_path / original.name
    earth = EarthOrientation(-0.2, 0.15, 0.35, 18.0)
    path.write_bytes(updated_datastrip(original, earth))
    found, before = read_sensor_datastrip(path), read_sensor_datastrip(original)
    assert found.earth == earth
    assert before.earth != earth
    assert found.granules == before.granules
    assert found.datation == before.datation
    assert updated_datastrip(original, None) == original.read_bytes()


def test_a_bulletin_is_taken_in_when_asked_for(locating: Locating) -> None:
    only_first = {"PARALLEL_DETECTOR_IDENT": "01"}
    before = read_sensor_datastrip(next((locating.data / "DATASTRIP").iterdir()))
    bulletin = next((locating.data / "IERS").iterdir())
    expected = read_iers_bulletin(bulletin).at(before.sensing_start)
    assert expected != before.earth
    for parameters, earth in (({}, before.earth), ({"IERS_DATA_INGESTION": "true"}, expected)):
        called = locating.run("UPDATE_LOC", {**only_first, **parameters}, IERS=[bulletin])
        assert called.code == 0, called.error
        written = next((locating.out / "PDI_DS").iterdir())
        assert read_sensor_datastrip(written).earth == earth
        (document,) = written.rglob("*.xml")
        named = f"<IERS_BULLETIN_FILENAME>{bulletin.stem}<" in document.read_text()
        assert named == ("IERS_DATA_INGESTION is false" not in called.stdout) == (earth == expected)
        assert "m from that of the datastrip" in called.stdout


def test_parameter_files_of_datation_and_cutting(locating: Locating, tmp_path: Path) -> None:
    """They are read, told and written down; those of another satellite are refused."""
    only_first = {"PARALLEL_DETECTOR_IDENT": "01"}
    datation, cutting = tmp_path / "datation.xml", tmp_path / "cutting.xml"
    write_datation_model(datation, CONTENTS["DATATI"])
    write_processing_location(cutting, CONTENTS["PRDLOC"])
    called = locating.run("UPDATE_LOC", only_first, GIP_DATATI=[datation], GIP_PRDLOC=[cutting])
    assert called.code == 0, called.error
    assert f"1.565873622 ms in {datation}" in called.stdout
    assert f"datation NOMINAL of {cutting}" in called.stdout
    assert "DATATION_SCENARIO is NOMINAL" in called.stdout
    assert "dated by EXOGENEOUS: they are not dated anew" in called.stdout
    assert "would move line" not in called.stdout
    frames = read_frames(locating.out / "FRAME_FILE" / "frame_file.xml")
    assert frames.cut == {("B01", 1): (783, 63)}
    write_datation_model(datation, replace(CONTENTS["DATATI"], line_period=1.5659))
    called = locating.run("UPDATE_LOC", only_first, GIP_DATATI=[datation])
    assert called.code == 0, called.error
    assert "THEORETICAL_LINE_PERIOD would move line 13825 by 2.3 m" in called.stdout
    for kind, path in (("GIP_DATATI", datation), ("GIP_PRDLOC", cutting)):
        path.write_text(path.read_text().replace(">S2A<", ">S2B<"))
        called = locating.run("UPDATE_LOC", only_first, **{kind: [path]})
        assert called.code >= 128
        assert f"{path}: SATELLITE is S2B, wrong satellite" in called.error


def test_missing_and_foreign_granules(locating: Locating, tmp_path: Path) -> None:
    folder = tmp_path / "granules"
    names = sorted(path.name for path in (locating.data / "GRANULE").iterdir() if "_D05_" in path.name)
    for name in names[1:]:
        shutil.copytree(locating.data / "GRANULE" / name, folder / "DB1" / name)
    only_fifth = {"PARALLEL_DETECTOR_IDENT": "05"}
    called = locating.run("GEO1B_FINALIZE", only_fifth, PDI_DS_GR_LIST=[folder])
    assert called.code == 0, called.error
    assert f"not located, for the inputs do not have them: {names[0]}" in called.stdout
    assert locating.granules().keys() == set(names[1:])
    called = locating.run("GEO1B_FINALIZE", {"PARALLEL_DETECTOR_IDENT": "06"}, PDI_DS_GR_LIST=[folder])
    assert called.code >= 128
    assert "no granule of detectors 06" in called.error
    foreign = folder / "DB1" / names[1].replace("S20200816", "S20200817")
    (folder / "DB1" / names[1]).rename(foreign)
    called = locating.run("GEO1B_FINALIZE", only_fifth, PDI_DS_GR_LIST=[folder])
    assert called.code >= 128
    assert f"{foreign}: granule is not listed" in called.error


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("<POSITION>2305<", "<POSITION>2311<", "POSITION 2311, expected"),
        ("<POSITION>2305<", "<POSITION>2306<", "POSITION is 2306"),
        ("<NROWS>2304<", "<NROWS>2303<", "NROWS is 2303"),
        ("Size resolution=\"10\"", "Size resolution=\"30\"", "0 sizes at 10 m"),
        ("GROUND_CENTER", "GROUND_CENTRE", "GROUND_CENTER is missing"),
        ("GRANULE_ID metadataLevel=\"Brief\">S2A", "GRANULE_ID metadataLevel=\"Brief\">S9A", "GRANULE_ID"),
    ],
)  # fmt: skip
def test_damaged_granules(locating: Locating, tmp_path: Path, before: str, after: str, message: str) -> None:
    folder = tmp_path / "granules"
    source = sorted(path for path in (locating.data / "GRANULE").iterdir() if "_D05_" in path.name)[1]
    shutil.copytree(source, folder / source.name)
    path = next((folder / source.name).glob("*.xml"))
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    called = locating.run("INIT_LOC_L1", {"PARALLEL_DETECTOR_IDENT": "05"}, PDI_DS_GR_LIST=[folder])
    assert called.code >= 128
    assert message in called.error
    assert str(path) in called.error


def test_damaged_datastrips(locating: Locating, tmp_path: Path) -> None:
    """A hole in the ephemeris, and files of another satellite."""
    original = next((locating.data / "DATASTRIP").iterdir())
    folder = tmp_path / original.name
    shutil.copytree(original, folder)
    path = next(folder.glob("*.xml"))
    text = path.read_text()
    points = text.split("<GPS_Point>")
    middle = len(points) // 2
    path.write_text("<GPS_Point>".join(points[: middle - 6] + points[middle + 6 :]))
    called = locating.run("INIT_LOC_L1", PDI_DS=[folder])
    assert called.code >= 128
    assert str(path) in called.error
    assert "ephemeris" in called.error
    path.write_text(text.replace("Sentinel-2A", "Sentinel-2B"))
    called = locating.run("INIT_LOC_L1", PDI_DS=[folder])
    assert called.code >= 128
    assert "S2B" in called.error
    assert not (locating.out / "PDI_DS_GR_LIST").exists()


def test_choices(locating: Locating) -> None:
    datastrip = read_sensor_datastrip(next((locating.data / "DATASTRIP").iterdir()))
    request = locating.request(PARALLEL_DETECTOR_IDENT="12-03")
    assert detectors_of_request(request) == (3, 12)
    assert {granule.name.detector for granule in granules_to_locate(request, datastrip).granules} == {3, 12}
    ignored = locating.request(PARALLEL_DETECTOR="false", PARALLEL_DETECTOR_IDENT="03")
    assert len(detectors_of_request(ignored)) == 12
    with pytest.raises(ParameterError, match="13, expected detectors"):
        detectors_of_request(locating.request(PARALLEL_DETECTOR_IDENT="13"))
    second = locating.request(PARALLEL_DATABLOCK="true", DATABLOCK_NUMBER="002")
    assert data_block_of_request(second) == "DB2"
    assert data_block_of_request(locating.request(DATABLOCK_NUMBER="002")) is None
    with pytest.raises(ProductError, match="in DB2"):
        granules_to_locate(second, datastrip)
    with pytest.raises(ParameterError, match="DATABLOCK_NUMBER: x"):
        data_block_of_request(locating.request(PARALLEL_DATABLOCK="true", DATABLOCK_NUMBER="x"))
