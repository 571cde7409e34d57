"""Angle grids of real Level-1C tiles, and the geometry of their acquisitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lxml import etree
from pyproj import Transformer

from ipf.auxiliary.gipp_choice import choose_auxiliary_file, find_auxiliary_files
from ipf.auxiliary.viewing_directions import FILE_TYPE, NO_TDI, read_viewing_directions
from ipf.geometry.acquisition import Mounting, SensorGeometry
from ipf.product.bands import BAND_NAMES
from ipf.product.sensor_datastrip import read_sensor_datastrip

Floats = npt.NDArray[np.float64]

SPACING = 5000.0
"""Metres between nodes."""


@dataclass(frozen=True)
class AngleGrid:
    """Zenith and azimuth (degrees) at the nodes of a tile, (23, 23), NaN where there are none."""

    zenith: Floats
    azimuth: Floats


class L1cTile:
    """A product's first tile."""

    def __init__(self, product: Path) -> None:
        self.product = product
        self._metadata = etree.parse(next((product / "GRANULE").glob("*/MTD_TL.xml")))
        corner = [float(self._text(name)) for name in ("ULX", "ULY")]
        easting, northing = np.meshgrid(
            corner[0] + SPACING * np.arange(23), corner[1] - SPACING * np.arange(23)
        )
        code = int(self._text("HORIZONTAL_CS_CODE").split(":")[1])
        to_degrees = Transformer.from_crs(code, 4326, always_xy=True)
        self.longitude, self.latitude = to_degrees.transform(easting, northing)

    def sun(self) -> AngleGrid:
        """The grid of the sun."""
        found = self._metadata.find(".//{*}Sun_Angles_Grid")
        assert found is not None
        return _grid(found)

    def views(self) -> Iterator[tuple[str, int, AngleGrid]]:
        """Grids of views with bands and detectors."""
        for found in self._metadata.iterfind(".//{*}Viewing_Incidence_Angles_Grids"):
            yield BAND_NAMES[int(found.get("bandId", ""))], int(found.get("detectorId", "")), _grid(found)

    def geometry(self, data: Path) -> SensorGeometry:
        """The acquisition's geometry without the mounting, whose file is not at hand."""
        datastrip = read_sensor_datastrip(next((self.product / "DATASTRIP").iterdir()))
        files = find_auxiliary_files(data / "gipp" / datastrip.satellite)
        named = frozenset(datastrip.gipps)
        viewing = {}
        for band in BAND_NAMES:
            chosen = choose_auxiliary_file(
                files,
                FILE_TYPE,
                satellite=datastrip.satellite,
                date=datastrip.sensing_start,
                band=band,
                named=named,
                any_date=True,
            )
            directions = read_viewing_directions(chosen.path).of(datastrip.tdi.get(band, NO_TDI))
            dated = (key for key in datastrip.datation.first_line if key[0] == band)
            viewing.update({key: directions[key[1]] for key in dated})
        assert datastrip.earth is not None
        return SensorGeometry(
            satellite=datastrip.satellite,
            epoch=datastrip.epoch,
            ephemeris=datastrip.ephemeris,
            attitude=datastrip.attitude,
            earth=datastrip.earth,
            datation=datastrip.datation,
            mounting=Mounting(0.0, 0.0, 0.0),
            refining=None,
            viewing=viewing,
        )

    def _text(self, name: str) -> str:
        text = self._metadata.findtext(f".//{{*}}{name}")
        assert text
        return text


def l1c_tiles(data: Path) -> list[L1cTile]:
    """The two products with full metadata of their datastrips."""
    return [L1cTile(product) for product in sorted((data / "l1c_metadata").glob("S2*.SAFE"))]


def _grid(element: etree._Element) -> AngleGrid:
    zenith, azimuth = (
        np.array(
            [line.text.split() for line in element.iterfind(f"{{*}}{name}/{{*}}Values_List/{{*}}VALUES")]
        )
        for name in ("Zenith", "Azimuth")
    )
    return AngleGrid(zenith.astype(np.float64), azimuth.astype(np.float64))
