"""What is known of the XML documents of products: which elements belong together, what a run puts into them.

Paths are local names joined by ``/``, from below the root; an attribute is ``@name`` after that. ``*`` stands
for anything, ``/`` too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Self

from ipf.compare.naming import CREATION_DATES
from ipf.compare.tolerances import Tolerances
from ipf.compare.xml_values import EXACT, Limits

IDENTIFYING_ATTRIBUTES = (
    "bandId",
    "band_id",
    "bandIndex",
    "detectorId",
    "detector_id",
    "resolution",
    "ID",
    "id",
    "checkType",
    "metadataLevel",
    "tdi_config",
    "pos",
    "name",
    "key",
    "domain",
    "type",
)
"""Attributes that tell repeated elements apart, the more telling ones first, then those of `IDENTIFIERS`.

As many are taken as are needed: the angle grids of a tile need ``bandId`` and ``detectorId``.
"""

IDENTIFIERS = re.compile(r"\w+(?:Id|ID|_id|Identifier)")
"""Attributes such as granuleId, tileId, imuId, focalPlaneId, dataObjectID by which elements are known."""

IDENTIFYING_CHILDREN = {
    "Special_Values": "SPECIAL_VALUE_TEXT",
    "Scene_Classification_ID": "SCENE_CLASSIFICATION_TEXT",
    "Processing_Parameter": "Name",
    "Proc_Parameter": "Name",
    "Input": "File_Type",
    "Output": "File_Type",
    "check": "inspection/@id",
}
"""Elements that a child, or an attribute of one, tells apart: values, classes, job orders, reports."""

SETS = {
    "*GIPP_List/GIPP_FILENAME": "parameter files that were used: in the order of their requests",
    "*GRI_List/GRI_FILENAME": "reference images that were used",
    "*Active_Detectors_List/ACTIVE_DETECTOR": "detectors that were on, each by its number",
    "*Granule/IMAGE_FILE": "images of a tile, each by its name",
    "*Granule/IMAGE_ID": "images of a tile, each by its name",
    "*Granules/IMAGE_FILE": "images of a tile, each by its name",
    "*Granules/IMAGE_ID": "images of a tile, each by its name",
    "*Granule_List": "in some baselines one list for each granule, each by its name",
    "*MD_Keywords/keyword": "keywords",
    "*MD_DataIdentification/descriptiveKeywords": "groups of keywords, one for each thesaurus",
    "*MD_DataIdentification/resourceConstraints": "constraints of access and of use",
}
"""Repeated elements whose order has no meaning and which no attribute tells apart, and why it has none.

Elements that attributes tell apart need no rule: an element that says which one it is needs no place.
"""

RUN = (
    *CREATION_DATES,
    "*PROCESSING_BASELINE",
    "*PROCESSING_CENTER",
    "*PROCESSING_CENTRE",
    "*ARCHIVING_CENTRE",
    "*SOFTWARE_VERSION",
    "*PROCESSOR_VERSION",
    "*PRODUCT_DOI",
    "*Fixed_Header/Source/*",
    "*/xmlData/processing/*",
    "*item/@url",
    "*inspection/@itemURL",
    "*@schemaLocation",
    "*@noNamespaceSchemaLocation",
)
"""What depends on the run and not on the data: a difference there is one of naming.

Dates of creation; baseline and the DOI that is given to a collection of one baseline; centres; the creator
and its version in Earth Explorer headers; facility and software in manifests; folders of the run in quality
reports; where the run kept its schemas.
"""

VERSIONS = ("*VERSION", "*PROCESSING_BASELINE", "*Creator_Version", "*File_Version")
"""Versions, which are texts though they look like numbers: 2.10 is not 2.1."""

NEVER_LOST = (*CREATION_DATES, "*PROCESSING_BASELINE")
"""What of the run no document may lack that another says: when it was made, and by which baseline.

The rest came with one baseline or another, or may be left out: DOI, centres, versions, places of schemas.
"""

CONSEQUENCES = (
    "dataObjectSection/dataObject/byteStream/@size",
    "dataObjectSection/dataObject/byteStream/checksum",
)
"""What differs in manifests when any file of the product does, which is told where that file is compared."""

IDENTITIES = (
    "*ORBIT_NUMBER",
    "*rbitNumber",
    "*_INDEX",
    "*NROWS",
    "*NCOLS",
    "*ULX",
    "*ULY",
    "*XDIM",
    "*YDIM",
    "*BAND_ID",
    "*ACTIVE_DETECTOR",
    "*Id",
    "*/@*ID",
    "*_id",
    "*/@id",
    "*/@resolution",
    "*/@size",
    "*/checksum",
)
"""Numbers that name something, place a grid, count pixels or bytes: no tolerance makes one orbit another."""

ESSENTIAL = (
    "*ORBIT_NUMBER",
    "*rbitNumber",
    "*ULX",
    "*ULY",
    "*NROWS",
    "*NCOLS",
    "*HORIZONTAL_CS_CODE",
    "*SPACECRAFT_NAME",
    "*platform/number",
    "*PRODUCT_TYPE",
)
"""Which data a product is of, and where: two that differ there are no two results of one acquisition.

Orbits, satellite and product type of metadata and manifest, the grid of a tile. The level of processing is
not among them, which the kind of both products tells.
"""

IDENTIFIERS_OF_DATA = ("*PRODUCT_URI*", "*DATASTRIP_ID", "*TILE_ID", "*GRANULE_ID", "*/@*dentifier")
"""Identifiers whose names tell satellite, tile, orbit and times, as does no other text in their place."""

SECTIONS = ("*_Info", "*_Header", "Data_Block", "*Section", "informationPackageMap", "Ipf_Conf", "List_of_*")
"""Main sections of metadata, parameter files, reports, manifests and job orders, right below the root."""


@dataclass(slots=True)
class Patterns:
    """Whether a path is one of those that patterns name; answers are remembered, for paths come often."""

    patterns: Sequence[str]
    _expression: re.Pattern[str] = field(init=False, repr=False)
    _known: dict[str, bool] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._expression = re.compile("|".join(translate(pattern) for pattern in self.patterns) or r"(?!)")

    def match(self, path: str) -> bool:
        """Whether a pattern matches the whole path."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._expression.match(path) is not None
        return known


@dataclass(frozen=True, slots=True)
class Rules:
    """How two documents are compared: limits on values, and the paths for which something else holds.

    `reported` are paths whose differences are listed and do not count; what differs at `essential` ones is
    a failure under any tolerances, as are `identifiers` that name other data and `sections` that are lost.
    """

    tolerances: Tolerances
    sets: Patterns
    ignored: Patterns
    reported: Patterns
    run: Patterns
    never_lost: Patterns
    identities: Patterns
    versions: Patterns
    essential: Patterns
    identifiers: Patterns
    sections: Patterns
    _limits: dict[str, Limits] = field(default_factory=dict)

    @classmethod
    def of(cls, tolerances: Tolerances) -> Self:
        """Rules of a set of tolerances; its sets are added to those known here."""
        metadata = tolerances.metadata
        return cls(
            tolerances,
            Patterns((*SETS, *metadata.sets)),
            Patterns(metadata.ignore),
            Patterns(CONSEQUENCES if metadata.consequences == "report" else ()),
            Patterns(RUN),
            Patterns(NEVER_LOST),
            Patterns(IDENTITIES),
            Patterns(VERSIONS),
            Patterns(ESSENTIAL),
            Patterns(IDENTIFIERS_OF_DATA),
            Patterns(SECTIONS),
        )

    def is_section(self, path: str) -> bool:
        """Whether `path` is that of a main section."""
        return "/" not in path and self.sections.match(path)

    def is_told(self, path: str) -> bool:
        """Whether no document may lack what another says at `path`: it tells which data these are."""
        return self.essential.match(path) or self.identifiers.match(path)

    def is_needed(self, path: str) -> bool:
        """Whether no document may lack the element or attribute `path` where it has what is around it."""
        return self.is_told(path) or self.never_lost.match(path)

    def limits_at(self, path: str) -> Limits:
        """Limits on the value at `path`."""
        known = self._limits.get(path)
        if known is None:
            absolute, relative = self.tolerances.of_number(path)
            given = Limits(absolute, relative, self.tolerances.metadata.seconds)
            known = self._limits[path] = EXACT if self.identities.match(path) else given
        return known
