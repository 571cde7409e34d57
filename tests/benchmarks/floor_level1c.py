"""The floor of a Level-1C tile: GDAL decodes the granules' images and masks and encodes the tile's.

``python floor_level1c.py GRANULES PRODUCT STYLE THREADS`` prints JSON, as `floor.py` does for Level 2A.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ipf.product.bands import BY_NAME
from ipf.product.jpeg2000 import CodingStyle, ImageKind, coding_profile
from tests.benchmarks.floor import creation_options, longest_first, measured


def options_of(path: Path, style: CodingStyle) -> list[str]:
    """Creation options that give an image of Level 1C its coding."""
    kind, _, band = path.stem.rpartition("_")
    if band in ("TCI", "PVI"):
        return creation_options(coding_profile(ImageKind(band), {"TCI": 10, "PVI": 0}[band], style))
    content = ImageKind(kind) if kind.startswith("MSK_") else ImageKind.BAND
    resolution = 60 if band == "B00" else BY_NAME[band].resolution
    return creation_options(coding_profile(content, resolution, style))


def main(granules: Path, product: Path, style: CodingStyle, threads: int) -> dict[str, float]:
    """Measure."""
    inputs = longest_first(granules.glob("*/*/*.jp2"))
    outputs = longest_first(product.glob("GRANULE/*/*/*.jp2"))
    return measured(inputs, outputs, lambda path: options_of(path, style), threads)


if __name__ == "__main__":
    style: CodingStyle = "fast" if sys.argv[3] == "fast" else "official"
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), style, int(sys.argv[4]))))
