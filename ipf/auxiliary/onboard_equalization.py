"""How the instrument evened out its pixels before compression (GIPP R2EOB2; type GIP_R2EQOB in job orders).

A file holds the coefficients of one band, in up to two tables: those that the instrument has, and those that
it is about to get. Root: PSD 14.8, GIPP_List; tables and coefficients: EOPF documentation of Sentinel-2 MSI,
inverse equalization; the elements around them are this project's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.auxiliary.gipp_documents import GippHeading, content_of, new_document, open_gipp
from ipf.auxiliary.pixel_coefficients import add_coefficients, coefficients_of, detectors_of, pixels_of
from ipf.errors import AuxiliaryError
from ipf.product.bands import BY_NAME
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node
from ipf.radiometry.calibration import OnboardEqualization

FILE_TYPE = "GIP_R2EOB2"
JOB_ORDER_TYPE = "GIP_R2EQOB"
ROOT = "GS2_RADIOS2_EQUALIZATION_ONBOARD"
NEW, CURRENT = "NEW_TABLE", "CURRENT_TABLE"


@dataclass(frozen=True, slots=True)
class OnboardTables:
    """An R2EOB2 file: `band` and, by table and detector (1-12), the coefficients of its raw pixels."""

    heading: GippHeading
    band: str
    tables: Mapping[str, Mapping[int, OnboardEqualization]]
    source: str = ""

    def of(self, table: str = NEW) -> Mapping[int, OnboardEqualization]:
        """Coefficients of a table by detector; `AuxiliaryError` naming the file when it has none."""
        if table not in self.tables:
            raise AuxiliaryError(f"{self.source}: no {table}, found {', '.join(self.tables)}")
        return self.tables[table]


def read_onboard_equalization(path: Path) -> OnboardTables:
    """Read an R2EOB2 file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    band = data.band("BAND_ID")
    tables = {
        name: detectors_of(node, "COEFFICIENTS", lambda entry: _read(entry, band))
        for name in (NEW, CURRENT)
        if (node := data.find(name)) is not None
    }
    if not tables:
        raise data.error(f"DATA: element {NEW} is missing")
    return OnboardTables(GippHeading.of(root), band, tables, root.file)


def _read(node: Node, band: str) -> OnboardEqualization:
    pixels = pixels_of(node, band)
    return OnboardEqualization(
        a1=coefficients_of(node, "COEFF_A1", pixels, positive=True),
        a2=coefficients_of(node, "COEFF_A2", pixels, positive=True),
        zs=coefficients_of(node, "COEFF_Zs", pixels, positive=True),
        dark=coefficients_of(node, "COEFF_D", pixels),
    )


def onboard_equalization_document(content: OnboardTables) -> bytes:
    """The file, read back as the same numbers."""
    document, data = new_document(ROOT, content.heading)
    add(data, "BAND_ID", BY_NAME[content.band].identifier)
    for name, detectors in content.tables.items():
        table = add(data, name)
        for detector, found in sorted(detectors.items()):
            entry = add(table, "COEFFICIENTS", detector_id=f"{detector:02d}")
            add(entry, "NB_OF_PIXELS", found.a1.size)
            for element, values in (
                ("COEFF_A1", found.a1),
                ("COEFF_A2", found.a2),
                ("COEFF_Zs", found.zs),
                ("COEFF_D", found.dark),
            ):
                add_coefficients(entry, element, values)
    return content_of(document)
