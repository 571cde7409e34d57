"""References of regression cases: folders of products, or those packed, with a note on every change.

A reference is a folder with a folder for each file type, or ``products.tar.xz`` with the same in it, and
``CHANGES.md``. A new one appears whole or not at all.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from ipf.atomic import TEMPORARY_PREFIX
from ipf.compare.figures import ClassMapFigures, MaskFigures
from ipf.compare.results import Comparison, PartResult
from ipf.errors import OutputError, ProductError

ARCHIVE = "products.tar.xz"
CHANGES = "CHANGES.md"

_DATED = re.compile(r"\A# .+\n\n## \d{4}-\d{2}-\d{2}$", re.MULTILINE)
"""How the changes of a reference begin: its name, and the day of the first note."""


def matches(folder: Path, patterns: Iterable[str]) -> list[Path]:
    """What a case compares in a folder of outputs, relative to it, sorted.

    A pattern that is the name of a folder (a file type) stands for everything in it, any other for the paths
    that it matches.
    """
    found: set[Path] = set()
    for pattern in patterns:
        whole = folder / pattern
        paths = whole.iterdir() if whole.is_dir() else folder.glob(pattern)
        found.update(path.relative_to(folder) for path in paths)
    return sorted(found)


def opened(reference: Path, scratch: Path) -> Path:
    """Folder of a reference's products: its own, or `scratch` when they are packed.

    Raises `ProductError` naming the reference when it is not there or cannot be unpacked.
    """
    archive = reference / ARCHIVE
    if archive.is_file():
        try:
            with tarfile.open(archive, "r:xz") as packed:
                packed.extractall(scratch, filter="data")
        except (OSError, EOFError, tarfile.TarError) as problem:
            raise ProductError(f"{archive}: cannot be unpacked: {problem}") from problem
        return scratch
    if not reference.is_dir():
        raise ProductError(f"{reference}: no such reference; 'ipf regression --update-references' makes one")
    return reference


def write_reference(
    reference: Path, products: Path, parts: Iterable[Path], *, packed: bool, note: Sequence[str]
) -> None:
    """Put `parts` of the folder `products` in the place of a reference, and add `note` to its changes.

    Raises `OutputError` naming the reference when it cannot be written, or when its folder holds what is
    no reference; what is there stays then.
    """
    _refuse_others(reference)
    told = reference / CHANGES
    try:
        before = told.read_text(encoding="utf-8").rstrip() if told.exists() else f"# {reference.name}"
        with _replaced(reference) as made:
            if packed:
                _pack(products, parts, made / ARCHIVE)
            else:
                for part in parts:
                    copied(products / part, made / part)
            (made / CHANGES).write_text("\n".join([before, "", *note, ""]), encoding="utf-8")
    except OSError as problem:
        raise OutputError(f"{reference}: cannot be written: {problem.strerror or problem}") from problem


def is_missing(reference: Path) -> bool:
    """Whether there is no reference: no folder, or an empty one."""
    return not reference.exists() or (reference.is_dir() and not any(reference.iterdir()))


def _refuse_others(reference: Path) -> None:
    """`OutputError` unless the folder is missing, or one that was made here and holds nothing else."""
    if is_missing(reference):
        return
    found = f"{reference}: cannot be replaced: expected a reference"
    if not reference.is_dir():
        raise OutputError(f"{found}, found a file")
    told = reference / CHANGES
    if not told.is_file() or not _DATED.search(told.read_text(encoding="utf-8", errors="replace")):
        raise OutputError(
            f"{found} with its {CHANGES}, found other files; name a folder of its own, or empty it"
        )
    for path in sorted(reference.iterdir()):
        if (path.is_file() and path.name not in (ARCHIVE, CHANGES)) or (path / CHANGES).exists():
            raise OutputError(f"{found} and nothing else, found {path.name}")


def change_note(
    day: date,
    reason: str,
    comparisons: Sequence[tuple[str, Comparison]],
    missing: Sequence[Path] = (),
    added: Sequence[Path] = (),
) -> list[str]:
    """The lines that tell of a change: day, reason, and how the new products differ from the old ones.

    `missing` are outputs that the reference had before and has no longer, `added` those that it has now.
    """
    lines = [f"## {day.isoformat()}", "", reason, ""]
    for what, paths in (("Outputs that went:", missing), ("Outputs that came:", added)):
        if paths:
            lines += [what, "", *(f"- {path.as_posix()}" for path in paths), ""]
    rows = [
        f"| {product} | {part.item} | {_differences(part)} |"
        for product, comparison in comparisons
        for part in comparison.parts
        if _differences(part)
    ]
    failures = [
        f"- {product}: {check.name} of {check.item}: {_without_folders(check.message, comparison)}"
        for product, comparison in comparisons
        for check in comparison.failures
    ]
    if rows:
        lines += ["| product | part | difference from the reference before |", "|---|---|---|", *rows, ""]
    if failures:
        lines += ["Checks that failed against it:", "", *failures]
    if not comparisons and not missing and not added:
        lines.append("There was no reference to compare with.")
    return lines


def _without_folders(message: str, comparison: Comparison) -> str:
    """A message without the folders of the run, which differ from machine to machine."""
    for compared in (comparison.reference, comparison.candidate):
        for folder in (compared, compared.parent):
            if folder.name:
                message = message.replace(f"{folder}/", "")
    return message


def _differences(part: PartResult) -> str:
    """The differences of one part in a line; empty for none."""
    raster = part.raster
    if raster is not None and (raster.differing or raster.no_data_lost or raster.no_data_gained):
        unit = "" if raster.unit in ("", "1") else f" {raster.unit}"
        changes = f"maximum {raster.all.maximum:.4g}{unit}, RMS {raster.all.uncertainty:.4g}{unit}"
        no_data = raster.no_data_lost + raster.no_data_gained
        return changes + (f", {no_data} pixels without data on one side" if no_data else "")
    if part.classes is not None and part.classes.agreement < 1:
        return _class_changes(part.classes)
    if part.mask is not None and part.mask.first_at is not None:
        return _mask_changes(part.mask)
    counted = sum(difference.counts for difference in part.document)
    return f"{counted} element{'s' * (counted != 1)} of another content" if counted else ""


def _class_changes(figures: ClassMapFigures) -> str:
    changed = int(figures.confusion.sum() - figures.confusion.trace())
    return f"{changed} pixels of another class, agreement {100 * figures.agreement:.3f} %"


def _mask_changes(figures: MaskFigures) -> str:
    return f"{sum(figures.lost.values())} bits lost, {sum(figures.gained.values())} gained"


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder` that takes its place when the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=folder.parent))
    old = made / "old"
    new = made / "new"
    new.mkdir()
    try:
        yield new
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except BaseException:  # an interrupt too must not take the old one away
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def copied(source: Path, target: Path) -> None:
    """Copy a file or a folder to `target`, the folders above it being made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _pack(products: Path, parts: Iterable[Path], archive: Path) -> None:
    """Pack files so that the same products give the same bytes: sorted, without times and owners."""
    files = sorted(
        file
        for part in parts
        for file in ([products / part] if (products / part).is_file() else _files(products / part))
    )
    with tarfile.open(archive, "w:xz", format=tarfile.PAX_FORMAT, preset=9) as packed:
        for file in files:
            entry = tarfile.TarInfo(file.relative_to(products).as_posix())
            content = file.read_bytes()
            entry.size, entry.mode = len(content), 0o644
            packed.addfile(entry, io.BytesIO(content))


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)
