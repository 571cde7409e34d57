"""Dark signal and relative response of every pixel (GIPP R2EQOG), one file for each band.

The response is a cubic polynomial or two straight lines, whichever element is there. Source: root and
elements as public readers of operational files have them (CUBIC of the VNIR, BI-LINEAR of the SWIR bands);
equations: Level-1 ATBD of Sentinel-2, section 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lxml import etree

from ipf.auxiliary.gipp_documents import GippHeading, content_of, new_document, open_gipp
from ipf.auxiliary.pixel_coefficients import add_coefficients, coefficients_of, detectors_of, pixels_of
from ipf.auxiliary.viewing_directions import APPLIED, NO_TDI
from ipf.errors import AuxiliaryError
from ipf.product.bands import BY_NAME
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node
from ipf.radiometry.calibration import SUBLINES, BilinearResponse, CubicResponse, DarkSignal, Response

FILE_TYPE = "GIP_R2EQOG"
ROOT = "GS2_RADIOS2_EQUALIZATION_ONGROUND"
CUBIC, BILINEAR = "CUBIC", "BI-LINEAR"


@dataclass(frozen=True, slots=True)
class DetectorEqualization:
    """Dark signal and response of the raw pixels of one detector."""

    dark: DarkSignal
    response: Response


@dataclass(frozen=True, slots=True)
class GroundEqualization:
    """An R2EQOG file: `band` and, by TDI configuration and detector (1-12), its coefficients."""

    heading: GippHeading
    band: str
    lists: Mapping[str, Mapping[int, DetectorEqualization]]
    source: str = ""

    def of(self, configuration: str) -> Mapping[int, DetectorEqualization]:
        """Coefficients for a TDI configuration; `AuxiliaryError` naming the file when it has none."""
        if configuration not in self.lists:
            raise AuxiliaryError(
                f"{self.source}: no COEFFICIENTS_LIST with tdi_config {configuration} for {self.band}, found"
                f" {', '.join(self.lists)}"
            )
        return self.lists[configuration]


def read_ground_equalization(path: Path) -> GroundEqualization:
    """Read an R2EQOG file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    band = data.band("BAND_ID")
    lists: dict[str, Mapping[int, DetectorEqualization]] = {}
    for node in data.all("COEFFICIENTS_LIST"):
        configuration = node.attribute("tdi_config")
        if configuration not in (NO_TDI, APPLIED) or configuration in lists:
            raise node.error(f"tdi_config is '{configuration}', expected one each of {NO_TDI}, {APPLIED}")
        lists[configuration] = detectors_of(node, "COEFFICIENTS", lambda entry: _read(entry, band))
    if not lists:
        raise data.error("DATA: element COEFFICIENTS_LIST is missing")
    return GroundEqualization(GippHeading.of(root), band, lists, root.file)


def _read(node: Node, band: str) -> DetectorEqualization:
    pixels = pixels_of(node, band)
    found = node.child("GROUND_EQUALIZATION")
    cubic, bilinear = found.find(CUBIC), found.find(BILINEAR)
    if cubic is not None and bilinear is None:
        a, b = (coefficients_of(cubic, name, pixels) for name in ("COEFF_A", "COEFF_B"))
        response: Response = CubicResponse(a, b, coefficients_of(cubic, "COEFF_C", pixels, positive=True))
        return DetectorEqualization(_read_dark(cubic, band, pixels), response)
    if bilinear is not None and cubic is None:
        a1, a2, zs = (
            coefficients_of(bilinear, name, pixels, positive=True)
            for name in ("COEFF_A1", "COEFF_A2", "COEFF_Zs")
        )
        return DetectorEqualization(_read_dark(bilinear, band, pixels), BilinearResponse(a1, a2, zs))
    raise found.error(f"GROUND_EQUALIZATION: expected one of {CUBIC} and {BILINEAR}")


def _lines_element(band: str) -> str:
    return f"A_{BY_NAME[band].resolution}M_BAND"


def _read_dark(node: Node, band: str, pixels: int) -> DarkSignal:
    """Dark levels by line of the cycle; a cycle of one line may stand in the element itself."""
    lines = node.child(f"COEFF_D/{_lines_element(band)}")
    cycle = SUBLINES[BY_NAME[band].resolution]
    if cycle == 1 and not lines.all("LINE1"):
        return DarkSignal(coefficients_of(lines, ".", pixels)[np.newaxis])
    names = [f"LINE{number}" for number in range(1, cycle + 1)]
    found = [child.name for child in lines.all("*")]
    if found != names:
        raise lines.error(f"{lines.name} has {', '.join(found) or 'no lines'}, expected {', '.join(names)}")
    return DarkSignal(np.stack([coefficients_of(lines, name, pixels) for name in names]))


def ground_equalization_document(content: GroundEqualization) -> bytes:
    """The file, read back as the same numbers."""
    document, data = new_document(ROOT, content.heading)
    add(data, "BAND_ID", BY_NAME[content.band].identifier)
    for configuration, detectors in content.lists.items():
        entries = add(data, "COEFFICIENTS_LIST", tdi_config=configuration)
        for detector, found in sorted(detectors.items()):
            entry = add(entries, "COEFFICIENTS", detector_id=f"{detector:02d}")
            add(entry, "NB_OF_PIXELS", found.dark.levels.shape[1])
            _add(add(entry, "GROUND_EQUALIZATION"), content.band, found)
    return content_of(document)


def _add(parent: etree._Element, band: str, found: DetectorEqualization) -> None:
    response = found.response
    if isinstance(response, CubicResponse):
        node = add(parent, CUBIC)
        named = {"COEFF_A": response.a, "COEFF_B": response.b, "COEFF_C": response.c}
    else:
        node = add(parent, BILINEAR)
        named = {"COEFF_A1": response.a1, "COEFF_A2": response.a2, "COEFF_Zs": response.zs}
    for name, values in named.items():
        add_coefficients(node, name, values)
    lines = add(add(node, "COEFF_D"), _lines_element(band))
    for number, level in enumerate(found.dark.levels, start=1):
        add_coefficients(lines, f"LINE{number}", level)
