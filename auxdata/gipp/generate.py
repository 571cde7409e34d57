"""Makes the default parameter files: ``python -m ipf_auxdata.gipp.generate [FOLDER]``.

Names, sections, ranges and defaults come from the models in `ipf.auxiliary` (Level 2A) and
`ipf.product.quality` (quality control); running it twice gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

from ipf.atomic import write_bytes
from ipf.auxiliary.l2a_gipp import GIPPS
from ipf.auxiliary.l2a_gipp_writer import gipp_document
from ipf.product.quality.parameter_file import FILE_TYPE, SHIPPED_NAME, parameter_document, thresholds
from ipf.product.quality.parameters import QualityParameters

PROVENANCE = "provenance.json"


def default_files() -> dict[str, bytes]:
    """Content of every generated file, by name."""
    files = {gipp.file_name: gipp_document(gipp()) for gipp in GIPPS}
    described = {
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
    provenance = {
        "made_by": "python -m ipf_auxdata.gipp.generate",
        "text": "written by the generator from the models of ipf/auxiliary and ipf/product, not copied",
        "defaults": "of Level 2A, those of Sen2Cor 2.8; of the release named in the comment for fields that"
        " came later",
        "files": described,
    }
    document = json.dumps(provenance, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return {**files, PROVENANCE: document.encode("utf-8")}


def main(folder: Path) -> None:
    """Write the files into `folder`."""
    for name, content in default_files().items():
        write_bytes(folder / name, content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
