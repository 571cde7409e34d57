"""Level-1B products: a datastrip, and the granules of each detector in their order along the track.

Layout: ``DATASTRIP/<id>/`` and ``GRANULE/<id>/{MTD, IMG_DATA/…_Dnn_Bxx.jp2, QI_DATA/}`` (PSD 14.8). Granules
and images that are not there are told, not refused: what they hold is missing from the image of the detector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.images import EXTENSIONS, image_header, image_pieces
from ipf.product.l1b_granule_reader import read_granule_metadata
from ipf.product.l1b_model import GRANULE_LINES, GranuleMetadata, lines_of
from ipf.product.raster import Array, Window
from ipf.product.sensor_datastrip import GranuleEntry, SensorDatastrip, read_sensor_datastrip
from ipf.product.xml_nodes import STAND_IN_BYTES

Counts = npt.NDArray[np.uint16]

METADATA_PATTERN = "S2?_*_MTD_L1B_GR_*.xml"
NO_DATA = 0
"""Count of lines without an image (PSD 14.8, special value NODATA)."""

_BAND_IN_NAME = re.compile(r"_D(?P<detector>\d\d)_(?P<band>B(?:0[1-9]|1[0-2]|8A))(?:_MSIL1B)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class L1bGranule:
    """A granule on disk: its metadata, folder, and by band the images and quality masks that are there."""

    metadata: GranuleMetadata
    folder: Path
    images: Mapping[str, Path]
    masks: Mapping[str, Path]

    @property
    def missing(self) -> tuple[str, ...]:
        """Bands without an image; an empty stand-in is none."""
        return tuple(band for band in BAND_NAMES if band not in self.images)

    def counts(self, band: str, threads: int = 1, rows: range | None = None) -> Counts:
        """Decode the image of `band`, or `rows` of it from 0 on, (rows, columns) uint16.

        Raises `ProductError` naming the file when it is missing, cut, or of another size than the metadata
        tell.
        """
        path = self.images.get(band)
        if path is None:
            raise ProductError(f"{self.folder}: no image of {band}")
        header, shape = image_header(path), self.metadata.shape(band)
        if (header.shape, header.components, header.dtype) != (shape, 1, np.dtype(np.uint16)):
            raise ProductError(
                f"{path}: {header.components} x {header.shape} samples of {header.dtype}, expected {shape} "
                "of uint16"
            )
        wanted = range(shape[0]) if rows is None else rows
        counts = np.empty((len(wanted), shape[1]), np.uint16)
        for windows, samples in image_pieces(path, threads, wanted):
            for window in windows:
                put_rows(counts, wanted, window, samples[0])
        return counts


def put_rows(image: Array, rows: range, window: Window, samples: Array) -> None:
    """Put those samples of a window into `image`, which holds `rows` of the whole, that lie in these."""
    first, stop = max(window.row, rows.start), min(window.row + window.height, rows.stop)
    columns = slice(window.column, window.column + window.width)
    image[first - rows.start : stop - rows.start, columns] = samples[first - window.row : stop - window.row]


@dataclass(frozen=True, slots=True)
class L1bProduct:
    """A Level-1B product.

    granules : by detector (1-12), in their order along the track; every active detector is in it
    missing : granules that the datastrip lists and that are not there, by detector
    """

    datastrip: SensorDatastrip
    granules: Mapping[int, tuple[L1bGranule, ...]]
    missing: Mapping[int, tuple[GranuleEntry, ...]]

    def lines(self, band: str, detector: int) -> range:
        """All lines of a band and detector, from 1, those of missing granules included.

        A missing granule at the end is taken to be whole.
        """
        there = self.granules.get(detector, ())
        end = there[-1].metadata.lines(band).stop if there else 1
        whole = GRANULE_LINES * 10 // BY_NAME[band].resolution
        for entry in self.missing.get(detector, ()):
            lines = lines_of(entry.position, whole, band)
            end = lines.stop if lines.start >= end else end
        return range(1, end)

    def gaps(self, band: str, detector: int) -> tuple[range, ...]:
        """Lines of a band and detector that no image holds, as ranges in their order."""
        gaps, next_line, everything = [], 1, self.lines(band, detector)
        for granule in self.granules.get(detector, ()):
            lines = granule.metadata.lines(band)
            if band not in granule.images:
                continue
            if lines.start > next_line:
                gaps.append(range(next_line, lines.start))
            next_line = lines.stop
        if next_line < everything.stop:
            gaps.append(range(next_line, everything.stop))
        return tuple(gaps)

    def counts(self, band: str, detector: int, lines: range | None = None, threads: int = 1) -> Counts:
        """Counts of consecutive lines of a band and detector, all by default, `NO_DATA` in the gaps.

        Raises `ProductError` as `L1bGranule.counts` does, and when no granule of the detector is there.
        """
        granules = self.granules.get(detector, ())
        if not granules:
            raise ProductError(f"{self.datastrip.file}: no granule of detector {detector:02d}")
        wanted = self.lines(band, detector) if lines is None else lines
        columns = granules[0].metadata.shape(band)[1]
        counts = np.full((len(wanted), columns), NO_DATA, np.uint16)
        for granule in granules:
            held = granule.metadata.lines(band)
            first, stop = max(held.start, wanted.start), min(held.stop, wanted.stop)
            if first < stop and band in granule.images:
                part = range(first - held.start, stop - held.start)
                counts[first - wanted.start : stop - wanted.start] = granule.counts(band, threads, part)
        return counts


def read_l1b_product(product: Path) -> L1bProduct:
    """Read a Level-1B product, a folder with DATASTRIP and GRANULE; raises `ProductError` naming the part."""
    datastrips = _folders(product / "DATASTRIP")
    if len(datastrips) != 1:
        raise ProductError(f"{product / 'DATASTRIP'}: {len(datastrips)} datastrips, expected one")
    return read_l1b_parts(datastrips[0], _folders(product / "GRANULE"))


def read_l1b_parts(datastrip: Path, granules: Iterable[Path]) -> L1bProduct:
    """Read a datastrip and the granules of it among the folders `granules`.

    A folder that the datastrip does not list is an error, as are granules that overlap or whose metadata
    contradict the datastrip; one that is listed and not there, or without its metadata, is missing. Raises
    `ProductError` naming file, line and element.
    """
    strip = read_sensor_datastrip(datastrip)
    folders = {folder.name: folder for folder in granules}
    listed = {entry.identifier for entries in strip.granules.values() for entry in entries}
    unlisted = sorted(folders.keys() - listed)
    if unlisted:
        raise ProductError(f"{folders[unlisted[0]]}: granule is not listed in {strip.file}")
    found: dict[int, tuple[L1bGranule, ...]] = {}
    missing: dict[int, tuple[GranuleEntry, ...]] = {}
    for detector, entries in strip.granules.items():
        there = [(entry, _granule(entry, detector, folders.get(entry.identifier))) for entry in entries]
        found[detector] = tuple(granule for _, granule in there if granule is not None)
        absent = tuple(entry for entry, granule in there if granule is None)
        if absent:
            missing[detector] = absent
        _check_order(found[detector])
    return L1bProduct(strip, found, missing)


def _granule(entry: GranuleEntry, detector: int, folder: Path | None) -> L1bGranule | None:
    """The granule in `folder`, None where it or its metadata are not there."""
    documents = [] if folder is None or not folder.is_dir() else sorted(folder.glob(METADATA_PATTERN))
    if folder is None or not documents:
        return None
    if len(documents) > 1:
        raise ProductError(f"{folder}: {len(documents)} files of metadata, expected one")
    metadata = read_granule_metadata(documents[0])
    told = str(metadata.name), metadata.detector, metadata.position
    if told != (entry.identifier, detector, entry.position):
        raise ProductError(
            f"{documents[0]}: granule {told[0]} at POSITION {told[2]}, expected {entry.identifier} of "
            f"detector {detector:02d} at {entry.position} as in the datastrip"
        )
    return L1bGranule(
        metadata, folder, _by_band(folder / "IMG_DATA", detector), _by_band(folder / "QI_DATA", detector)
    )


def _by_band(folder: Path, detector: int) -> dict[str, Path]:
    """Images in a folder by the band in their names; empty stand-ins are none."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        match = _BAND_IN_NAME.search(path.stem)
        if match is None or path.suffix not in EXTENSIONS or path.stat().st_size <= STAND_IN_BYTES:
            continue
        if int(match["detector"]) != detector:
            raise ProductError(
                f"{path}: image of detector {match['detector']} in a granule of {detector:02d}"
            )
        if match["band"] in found:
            raise ProductError(f"{path}: second image of {match['band']}, beside {found[match['band']].name}")
        found[match["band"]] = path
    return found


def _check_order(granules: Sequence[L1bGranule]) -> None:
    for before, after in pairwise(granules):
        end = before.metadata.position + before.metadata.sizes[10][0]
        if after.metadata.position < end:
            raise ProductError(
                f"{after.folder}: POSITION is {after.metadata.position}, expected {end} or more, where "
                f"{before.folder.name} ends"
            )
        if before.metadata.sizes[10][1] != after.metadata.sizes[10][1]:
            raise ProductError(f"{after.folder}: another number of columns than in {before.folder.name}")


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        raise ProductError(f"{parent}: does not exist, expected a folder of a Level-1B product")
    return sorted(entry for entry in parent.iterdir() if entry.is_dir())
