"""Comparison of two products as a process of its own, and what it is held against: GDAL decoding both.

``python -m tests.benchmarks.comparing compare REFERENCE CANDIDATE THREADS`` prints JSON: seconds by part in
the order in which they ended, and the names of the checks that failed. ``decode`` instead of ``compare``
decodes every JPEG 2000 image of both, `THREADS` at a time and the longest first, and keeps none.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from ipf.compare.comparison import compare
from ipf.compare.tolerance_files import load_tolerances
from tests.benchmarks.floor import decode, longest_first, timed


def compared(reference: Path, candidate: Path, threads: int) -> dict[str, Any]:
    """Compare, under the strictest profile: all that differs is named."""
    start = time.monotonic()
    ended: list[tuple[float, str]] = []
    result = compare(
        reference,
        candidate,
        load_tolerances("identical"),
        threads=threads,
        progress=lambda _, key: ended.append((time.monotonic() - start, key)),
    )
    return {
        "seconds": time.monotonic() - start,
        "ended": ended,
        "parts": len(result.parts),
        "failed": sorted({f"{check.name}" for check in result.failures}),
        "unreadable": [check.message for check in result.failures if check.name == "readable"],
        "equal": sum(part.raster is not None and not part.raster.differing for part in result.parts),
        "rasters": sum(part.raster is not None for part in result.parts),
    }


def decoded(products: tuple[Path, Path], threads: int) -> dict[str, Any]:
    """Decode with nothing but GDAL."""
    paths = longest_first(path for product in products for path in product.rglob("*.jp2"))
    seconds, processor_seconds = timed([lambda path=path: decode(path).shape for path in paths], threads)
    return {"images": len(paths), "seconds": seconds, "processor_seconds": processor_seconds}


if __name__ == "__main__":
    what, first, second, count = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    found = compared(first, second, count) if what == "compare" else decoded((first, second), count)
    print(json.dumps(found))
