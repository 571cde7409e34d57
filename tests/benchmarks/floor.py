"""The floor of a tile's processing time: GDAL decodes the inputs and encodes the outputs, and nothing else.

``python floor.py LEVEL_1C LEVEL_2A STYLE THREADS`` prints JSON. The images of Level-2A are read beforehand,
off the clock; then the thirteen bands of Level-1C are decoded, and those images are encoded again, with their
own coding parameters, `THREADS` at a time and the longest first. Masks are passed on by the chain and are
left out here. No module of the chain runs: of the project only the table of coding profiles is used.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array

from ipf.product.jpeg2000 import CodingProfile, CodingStyle, ImageKind, coding_profile

gdal.UseExceptions()

Image = npt.NDArray[Any]
Job = Callable[[], object]


def decode(path: Path) -> Image:
    """All samples of an image. From two threads on GDAL decodes without OpenJPEG's own, slower pool."""
    gdal.SetThreadLocalConfigOption("GDAL_NUM_THREADS", "2")
    return np.asarray(gdal.Open(str(path)).ReadAsArray())


def kind_of(path: Path) -> ImageKind:
    """What an image of Level-2A holds, from its name."""
    if path.name.startswith("MSK_"):
        return ImageKind.PROBABILITY
    content = path.stem.split("_")[2]
    return ImageKind(content) if content in {kind.value for kind in ImageKind} else ImageKind.BAND


def options_of(path: Path, style: CodingStyle) -> list[str]:
    """Creation options that give an image of Level-2A its coding."""
    kind = kind_of(path)
    resolution = 0 if kind is ImageKind.PVI else int(path.stem[-3:-1])
    return creation_options(coding_profile(kind, resolution, style))


def creation_options(profile: CodingProfile) -> list[str]:
    """Options that give an image a coding."""
    precinct = f"{{{profile.precinct},{profile.precinct}}}"
    return [
        "REVERSIBLE=YES",
        "QUALITY=100",
        "PROGRESSION=LRCP",
        f"RESOLUTIONS={profile.levels + 1}",
        f"BLOCKXSIZE={profile.tile}",
        f"BLOCKYSIZE={profile.tile}",
        f"CODEBLOCK_WIDTH={profile.code_block}",
        f"CODEBLOCK_HEIGHT={profile.code_block}",
        f"PRECINCTS={','.join([precinct] * (profile.levels + 1))}",
        *([f"NBITS={profile.bits}"] if profile.bits % 8 else []),
    ]


def encode(image: Image, path: Path, options: Sequence[str]) -> int:
    """Encode an image with one thread; gives the size of the file, which is removed."""
    gdal.SetThreadLocalConfigOption("GDAL_NUM_THREADS", "1")
    gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(path), gdal_array.OpenArray(image), 0, options)
    size = path.stat().st_size
    path.unlink()
    return size


def timed(jobs: Iterable[Job], threads: int) -> tuple[float, float]:
    """Wall and processor seconds of the jobs, `threads` at a time."""
    before, start = os.times(), time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(job) for job in jobs]:
            future.result()
    after = os.times()
    return time.monotonic() - start, after.user + after.system - before.user - before.system


def longest_first(paths: Iterable[Path]) -> list[Path]:
    """By size of the file."""
    return sorted(paths, key=lambda path: -path.stat().st_size)


def main(level_1c: Path, level_2a: Path, style: CodingStyle, threads: int) -> dict[str, float]:
    """Measure; sizes tell that the same images were encoded."""
    inputs = longest_first(p for p in level_1c.glob("GRANULE/*/IMG_DATA/*_B??.jp2"))
    outputs = longest_first(
        [
            *level_2a.glob("GRANULE/*/IMG_DATA/R*m/*.jp2"),
            *level_2a.glob("GRANULE/*/QI_DATA/MSK_*PRB_*.jp2"),
            *level_2a.glob("GRANULE/*/QI_DATA/*_PVI.jp2"),
        ]
    )
    return measured(inputs, outputs, lambda path: options_of(path, style), threads)


def measured(
    inputs: Sequence[Path], outputs: Sequence[Path], options: Callable[[Path], list[str]], threads: int
) -> dict[str, float]:
    """Seconds of decoding `inputs` and of encoding what `outputs` hold, and the sizes of both."""
    with ThreadPoolExecutor(threads) as pool:
        images = dict(zip(outputs, pool.map(decode, outputs), strict=True))
    decoding = timed([lambda path=path: decode(path).shape for path in inputs], threads)
    sizes: list[int] = []
    with tempfile.TemporaryDirectory(dir=outputs[0].parents[3]) as folder:
        jobs = [
            lambda path=path: sizes.append(encode(images[path], Path(folder) / path.name, options(path)))
            for path in outputs
        ]
        encoding = timed(jobs, threads)
    return {
        "inputs": len(inputs),
        "outputs": len(outputs),
        "bytes": sum(sizes),
        "product_bytes": sum(path.stat().st_size for path in outputs),
        "decoding": decoding[0],
        "encoding": encoding[0],
        "seconds": decoding[0] + encoding[0],
        "decoding_processor": decoding[1],
        "encoding_processor": encoding[1],
        "processor_seconds": decoding[1] + encoding[1],
    }


if __name__ == "__main__":
    style: CodingStyle = "fast" if sys.argv[3] == "fast" else "official"
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), style, int(sys.argv[4]))))
