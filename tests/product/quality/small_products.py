"""Small products for the checks, and ways to damage them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from lxml import etree

from ipf.product.acquisition import l1c_documents
from ipf.product.documents import Documents
from ipf.product.l1c_writer import L1CMasks, write_l1c_product
from ipf.product.l2a_writer import L2AProductWriter
from ipf.product.level_2a import L2AProcessing
from ipf.product.metadata import ImageContent
from ipf.product.quality.catalogue import INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Item, Kind, Outcome, QualityParameters, inspect
from ipf.product.quality_report import Check
from ipf.product.reader import open_product
from ipf.product.utc import UtcTime
from tests.product.products import (
    AUXILIARY,
    CONTENT,
    QUALITY,
    counts,
    fill_l2a,
    l2a_images,
    masks,
    small_acquisition,
)

SMALL = QualityParameters(tile_side_minimum=1000.0)
"""Thresholds by which a tile of 1860 m is one."""
CREATION = UtcTime.parse("2022-10-05T16:44:54.000000Z")
CLOUDY = 25.0
_LOST, _DEGRADED = 0b0000_0100, 0b0000_1000


def write_l1c(parent: Path, baseline: str = "04.00", flags: int = 0) -> Path:
    """A Level-1C product; band B02 has the quality flags `flags` in a few pixels, no other band has any."""
    bands = counts()
    documents = l1c_documents(small_acquisition(baseline))
    quality = {}
    if flags:
        quality["B02"] = np.zeros(bands["B02"].shape, np.uint8)
        quality["B02"][20:23, 40:50] = flags
    whole = masks(bands)
    auxiliary = AUXILIARY if baseline >= "04.00" else {"AUX_ECMWFT": AUXILIARY["AUX_ECMWFT"]}
    return write_l1c_product(
        parent, documents, bands, L1CMasks(whole.footprints, quality, whole.clouds), auxiliary
    )


def lost_packets(parent: Path) -> Path:
    """A product whose band B02 has pixels from lost and from degraded packets."""
    return write_l1c(parent, flags=_LOST | _DEGRADED)


def write_l2a(parent: Path, l1c: Path) -> Path:
    """The Level-2A product of `l1c`, whose figures are those of its images."""
    source = open_product(l1c)
    assert source.metadata is not None
    documents = Documents(source.metadata, source.read_datastrip(), source.tile)
    with L2AProductWriter(parent, documents, L2AProcessing(CREATION)) as writer:
        fill_l2a(writer, documents, source.tile_folder, source.auxiliary_files)
        return writer.finish(content_of(documents), cloudy_of(documents), QUALITY)[0]


def class_shares(documents: Documents) -> tuple[float, list[float]]:
    """No data in percent of all pixels, and classes 1 to 11 in percent of the others."""
    classes = l2a_images(documents)["SCL", 20]
    valid = classes[classes > 0]
    return 100.0 * float((classes == 0).mean()), [
        100.0 * float((valid == number).mean()) for number in range(1, 12)
    ]


def cloudy_of(documents: Documents) -> float:
    """Classes 8, 9 and 10 in percent."""
    return round(sum(class_shares(documents)[1][7:10]), 6)


def content_of(documents: Documents) -> ImageContent:
    """The figures of the images that `l2a_images` gives."""
    nodata, shares = class_shares(documents)
    images = l2a_images(documents)
    shares = [round(share, 6) for share in shares]
    return replace(
        CONTENT,
        nodata=round(nodata, 6),
        saturated_defective=shares[0],
        shadow=shares[1],
        cloud_shadow=shares[2],
        vegetation=shares[3],
        not_vegetated=shares[4],
        water=shares[5],
        unclassified=shares[6],
        medium_probability_clouds=shares[7],
        high_probability_clouds=shares[8],
        thin_cirrus=shares[9],
        snow_ice=shares[10],
        mean_aot=round(float(images["AOT", 20].mean()) / 1000.0, 6),
        mean_water_vapour=round(float(images["WVP", 20].mean()) / 1000.0, 6),
    )


def item_of(product: Path, kind: Kind) -> Item:
    """The only item of a kind in a product."""
    (item,) = [item for item in items_of(product) if item.kind == kind]
    return item


def checks(item: Item, parameters: QualityParameters = SMALL) -> dict[str, Check]:
    """Every check of an item by its name, ``GENERAL_QUALITY.Lost_Packets``."""
    return {
        f"{report.checklist}.{check.identifier}": check
        for report in inspect(item, INSPECTIONS, parameters)
        for check in report.checks
    }


def broken(item: Item, parameters: QualityParameters = SMALL) -> set[str]:
    """Names of the checks that fail or are in error."""
    return {
        name
        for name, check in checks(item, parameters).items()
        if check.outcome in (Outcome.FAILED, Outcome.ERROR)
    }


Damage = Callable[[Item], None]


def text(old: str, new: str) -> Damage:
    """The first `old` of the metadata becomes `new`."""

    def damage(item: Item) -> None:
        substitute(item.document, old, new)

    return damage


def substitute(path: Path, old: str, new: str) -> None:
    """The first `old` of a file, which must be there, becomes `new`."""
    content = path.read_text(encoding="utf-8")
    assert old in content, f"{path.name} holds no {old}"
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def value(element: str, new: str, parent: str = "") -> Damage:
    """The text of the first `element`, below the first `parent` where one is named, becomes `new`."""

    def damage(item: Item) -> None:
        tree = etree.parse(item.document)
        node = tree.find(f".//{{*}}{parent}") if parent else tree.getroot()
        assert node is not None, f"no {parent}"
        found = node.find(f".//{{*}}{element}")
        assert found is not None, f"no {element}"
        found.text = new
        tree.write(item.document, encoding="utf-8")

    return damage


def added(parent: str, content: str) -> Damage:
    """The first `parent` of the metadata gains the element `content`."""

    def damage(item: Item) -> None:
        tree = etree.parse(item.document)
        node = tree.find(f".//{{*}}{parent}")
        assert node is not None, f"no {parent}"
        node.append(etree.fromstring(content))
        tree.write(item.document, encoding="utf-8")

    return damage


def manifest(old: str, new: str) -> Damage:
    """The first `old` of the manifest becomes `new`."""

    def damage(item: Item) -> None:
        assert item.manifest is not None
        substitute(item.manifest, old, new)

    return damage


def without_section(identifier: str) -> Damage:
    """The manifest loses the metadata object `identifier`, and what refers to it."""

    def damage(item: Item) -> None:
        assert item.manifest is not None
        tree = etree.parse(item.manifest)
        (node,) = [node for node in tree.iter("{*}metadataObject") if node.get("ID") == identifier]
        node.getparent().remove(node)
        for unit in tree.iter("{*}contentUnit"):
            for name in ("dmdID", "pdiID"):
                kept = [word for word in (unit.get(name) or "").split() if word != identifier]
                if unit.get(name) is not None:
                    unit.set(name, " ".join(kept))
        tree.write(item.manifest, encoding="utf-8")

    return damage


def with_section(identifier: str, category: str, classification: str) -> Damage:
    """The manifest gains a metadata object."""
    section = f'<metadataObject ID="{identifier}" category="{category}" classification="{classification}"/>'
    return manifest("</metadataSection>", f"{section}</metadataSection>")


def file(pattern: str, change: Callable[[Path], None]) -> Damage:
    """The first file in the folder of the item that matches `pattern` is changed."""

    def damage(item: Item) -> None:
        change(sorted(item.folder.glob(pattern))[0])

    return damage


def other_byte(path: Path) -> None:
    """The last byte of a file is another."""
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def cut(path: Path) -> None:
    """A file lacks its last four bytes."""
    path.write_bytes(path.read_bytes()[:-4])


def remove(path: Path) -> None:
    """Take a file away."""
    path.unlink()


def empty(path: Path) -> None:
    """Put the stand-in of one byte in the place of a file."""
    path.write_bytes(b"\n")
