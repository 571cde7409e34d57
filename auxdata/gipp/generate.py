"""Makes the default parameter files: ``python -m ipf_auxdata.gipp.generate [FOLDER]``.

Names, sections, ranges and defaults come from the models in `ipf.auxiliary` (Level 1, Level 2A) and
`ipf.product.quality` (quality control); running it twice gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

from ipf.atomic import write_bytes
from ipf.auxiliary.gipp_names import ALL_BANDS, ANY_SATELLITE, AuxiliaryName
from ipf.auxiliary.l1_gipp import LEVEL_1_GIPPS
from ipf.auxiliary.l1_gipp_files import level_1_gipp_document
from ipf.auxiliary.l1_gipp_model import Level1Gipp, element_of, source_of
from ipf.auxiliary.l1_gipp_radiometry import RADIOMETRIC_GIPPS
from ipf.auxiliary.l2a_gipp import GIPPS
from ipf.auxiliary.l2a_gipp_writer import gipp_document
from ipf.product.quality.parameter_file import FILE_TYPE, SHIPPED_NAME, parameter_document, thresholds
from ipf.product.quality.parameters import QualityParameters

PROVENANCE = "provenance.json"
SATELLITES = ("S2A", "S2B", "S2C")
DATES = "20261125T000000", "20150622T000000", "21000101T000000"
"""Dates in the names of Level-1 files: made, valid from the first acquisition on."""


def level_1_name(model: type[Level1Gipp], satellite: str = ANY_SATELLITE) -> AuxiliaryName:
    """Name of a Level-1 file with defaults."""
    return AuxiliaryName(satellite, "OPER", model.file_type, "IPF_", *DATES, ALL_BANDS)


def level_1_files() -> dict[str, tuple[Level1Gipp, bytes]]:
    """Fields and content of every Level-1 file, by name; of some, one for each satellite."""
    made: dict[str, tuple[Level1Gipp, bytes]] = {}
    for model in (*LEVEL_1_GIPPS, *RADIOMETRIC_GIPPS):
        for satellite in SATELLITES if model.per_satellite else (ANY_SATELLITE,):
            content = model.of_satellite(satellite)
            name = level_1_name(model, satellite)
            made[f"{name}.xml"] = content, level_1_gipp_document(content, name)
    return made


def default_files() -> dict[str, bytes]:
    """Content of every generated file, by name."""
    files = {gipp.file_name: gipp_document(gipp()) for gipp in GIPPS}
    described: dict[str, dict[str, object]] = {
        gipp.file_name: {
            "file_type": gipp.file_type,
            "fields": len(gipp.model_fields),
            "sha256": sha256(files[gipp.file_name]).hexdigest(),
        }
        for gipp in GIPPS
    }
    quality = f"{SHIPPED_NAME}.xml"
    files[quality] = parameter_document(QualityParameters())
    described[quality] = {
        "file_type": FILE_TYPE,
        "fields": len(thresholds()),
        "sha256": sha256(files[quality]).hexdigest(),
        "defaults": "those that official quality reports state; a comment names the source of each",
    }
    for name, (content, document) in level_1_files().items():
        files[name] = document
        described[name] = {
            "file_type": content.file_type,
            "fields": len(type(content).model_fields),
            "sha256": sha256(document).hexdigest(),
            "defaults": {
                element_of(field): source_of(type(content), field) for field in type(content).model_fields
            },
        }
    provenance = {
        "made_by": "python -m ipf_auxdata.gipp.generate",
        "text": "written by the generator from the models of ipf/auxiliary and ipf/product, not copied",
        "defaults": "of Level 2A, those of Sen2Cor 2.8; of the release named in the comment for fields that"
        " came later",
        "files": described,
        "calibration": "what holds numbers of every pixel is not here; python -m ipf_auxdata.gipp.radiometry"
        " FOLDER makes it, of published sizes and random numbers, and says which are which",
    }
    listed = json.dumps(provenance, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return {**files, PROVENANCE: listed.encode("utf-8")}


def main(folder: Path) -> None:
    """Write the files into `folder`."""
    for name, content in default_files().items():
        write_bytes(folder / name, content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
