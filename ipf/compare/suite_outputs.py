"""What a case compares on both sides: outputs that are there twice, and those that came or went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from ipf.compare.naming import normalised
from ipf.compare.references import matches


@dataclass(frozen=True, slots=True)
class PairedOutputs:
    """Outputs by their paths below the folders of both sides, sorted.

    `pairs` are those of reference and candidate that belong together, `missing` those of the reference alone,
    `added` those of the candidate alone.
    """

    pairs: tuple[tuple[Path, Path], ...]
    missing: tuple[Path, ...]
    added: tuple[Path, ...]


def paired(reference: Iterable[Path], candidate: Iterable[Path]) -> PairedOutputs:
    """Pair outputs of one name, then those whose names differ in nothing but what depends on the run.

    That is for `ipf.compare.naming.normalised` to say: creation date, baseline and the like. The comparison
    of such a pair tells whether its names may differ. A product of any other name is another product.
    """
    ours, theirs = set(reference), set(candidate)
    pairs = [(path, path) for path in ours & theirs]
    alike: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(theirs - ours):
        alike[normalised(path.as_posix())].append(path)
    missing = []
    for path in sorted(ours - theirs):
        found = alike[normalised(path.as_posix())]
        if found:
            pairs.append((path, found.pop(0)))
        else:
            missing.append(path)
    added = sorted(path for paths in alike.values() for path in paths)
    return PairedOutputs(tuple(sorted(pairs)), tuple(missing), tuple(added))


def stored_outputs(products: Path, patterns: Iterable[str]) -> list[Path]:
    """Outputs in the folder of a reference: what the patterns match, and what none of them does.

    The latter was compared when the reference was made; a case that leaves it out since then must say so. It
    is a file, or the largest folder below that of a file type of which nothing is matched. Files beside the
    folders of file types are no outputs.
    """
    found = matches(products, patterns)
    around = {parent for path in found for parent in path.parents}
    left = {
        _largest(path, around)
        for path in (each.relative_to(products) for each in products.glob("*/**/*") if not each.is_dir())
        if set(found).isdisjoint((path, *path.parents))
    }
    return sorted([*found, *left])


def _largest(path: Path, around: Set[Path]) -> Path:
    """The file, or the folder nearest to the file type's that holds it and is not among those in `around`."""
    folders = [folder for folder in path.parents if len(folder.parts) > 1 and folder not in around]
    return folders[-1] if folders else path


def unmatched(folder: Path, patterns: Iterable[str]) -> list[str]:
    """The patterns that match nothing in a folder."""
    return [pattern for pattern in patterns if not matches(folder, [pattern])]
