"""Discovery metadata of a product (INSPIRE.xml): ISO 19115 in the encoding of ISO 19139.

The structure is that of official products. Where those carry place holders (``publisher``, ``org_name``), the
product's own name, dates and processor stand here.
"""

from __future__ import annotations

from lxml import etree

from ipf.product.metadata import ProductMetadata
from ipf.product.user_product_writer import LEVEL_NAMES, position_list
from ipf.product.utc import UtcTime
from ipf.product.xml_builder import XSI, Text, serialised, text_of

_GMD = "http://www.isotc211.org/2005/gmd"
_GCO = "http://www.isotc211.org/2005/gco"
_GML = "http://www.opengis.net/gml"
_XLINK = "http://www.w3.org/1999/xlink"
_SCHEMA = f"{_GMD} http://schemas.opengis.net/iso/19139/20060504/gmd/gmd.xsd"
_CODE_LISTS = (
    "http://standards.iso.org/ittf/PubliclyAvailableStandards/ISO_19139_Schemas/resources/Codelist"
    "/ML_gmxCodelists.xml"
)
_LANGUAGE_CODES = "http://www.loc.gov/standards/iso639-2/"
_WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
_REGULATION = "Commission Regulation (EU) No 1089/2010"
_REGULATION_DATE = "2010-12-08"
_FULL_TURN = 360.0


def inspire_xml(metadata: ProductMetadata, sensing_start: UtcTime, sensing_stop: UtcTime) -> bytes:
    """The discovery metadata of a product; sensing times are those of its datastrip."""
    created = f"{metadata.generation_time.moment:%Y-%m-%d}"
    root = etree.Element(
        f"{{{_GMD}}}MD_Metadata",
        nsmap={"gco": _GCO, "gmd": _GMD, "gml": _GML, "xlink": _XLINK, "xsi": XSI},
    )
    root.set(f"{{{XSI}}}schemaLocation", _SCHEMA)
    _string(root, "fileIdentifier", metadata.uri.removesuffix(".SAFE"))
    _language(root)
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    _responsible(root, "contact", "pointOfContact")
    _date(root, "dateStamp", created)
    _string(root, "metadataStandardName", "ISO19115")
    _string(root, "metadataStandardVersion", "2003/Cor.1:2006")
    system = _add(root, "referenceSystemInfo/MD_ReferenceSystem/referenceSystemIdentifier/RS_Identifier")
    _string(system, "code", _WGS84)
    _string(system, "codeSpace", "INSPIRE RS registry")
    identification = _add(root, "identificationInfo/MD_DataIdentification")
    _identify(identification, metadata, created)
    extent = _add(identification, "extent/EX_Extent")
    _bounding_box(extent, metadata)
    _period(extent, sensing_start, sensing_stop)
    _distribution(root)
    _quality(root, metadata)
    return serialised(root)


def _identify(identification: etree._Element, metadata: ProductMetadata, created: str) -> None:
    citation = _citation(identification, "citation", metadata.uri, created, "creation")
    identifier = _add(citation, "identifier/RS_Identifier")
    _string(identifier, "code", metadata.uri.removesuffix(".SAFE"))
    _string(identifier, "codeSpace", "Copernicus Sentinel-2")
    _string(identification, "abstract", f"Footprint: {position_list(metadata.footprint)}")
    _responsible(identification, "pointOfContact", "pointOfContact")
    _keywords(
        identification, ["Orthoimagery", "Land cover"], "GEMET - INSPIRE themes, version 1.0", "2008-06-01"
    )
    constraints = _add(identification, "resourceConstraints/MD_Constraints")
    _string(constraints, "useLimitation", "Contains modified Copernicus Sentinel data")
    legal = _add(identification, "resourceConstraints/MD_LegalConstraints")
    _code(legal, "accessConstraints", "MD_RestrictionCode", "otherRestrictions")
    _string(legal, "otherConstraints", "no limitations")
    distance = _add(identification, "spatialResolution/MD_Resolution/distance")
    length = etree.SubElement(distance, f"{{{_GCO}}}Distance", uom="m")
    length.text = "10"
    _language(identification)
    _add(identification, "topicCategory/MD_TopicCategoryCode", "imageryBaseMapsEarthCover")


def _keywords(parent: etree._Element, words: list[str], thesaurus: str, date: str) -> None:
    keywords = _add(parent, "descriptiveKeywords/MD_Keywords")
    for word in words:
        _string(keywords, "keyword", word)
    _citation(keywords, "thesaurusName", thesaurus, date, "publication")


def _bounding_box(extent: etree._Element, metadata: ProductMetadata) -> None:
    latitudes = [latitude for latitude, _ in metadata.footprint]
    longitudes = [longitude for _, longitude in metadata.footprint]
    if max(longitudes) - min(longitudes) > _FULL_TURN / 2:  # the footprint crosses 180 degrees
        longitudes = [longitude % _FULL_TURN for longitude in longitudes]
    box = _add(extent, "geographicElement/EX_GeographicBoundingBox")
    bounds = {
        "westBoundLongitude": min(longitudes),
        "eastBoundLongitude": max(longitudes),
        "southBoundLatitude": min(latitudes),
        "northBoundLatitude": max(latitudes),
    }
    for name, bound in bounds.items():
        etree.SubElement(_add(box, name), f"{{{_GCO}}}Decimal").text = text_of(bound)


def _period(extent: etree._Element, start: UtcTime, stop: UtcTime) -> None:
    parent = _add(extent, "temporalElement/EX_TemporalExtent/extent")
    period = etree.SubElement(parent, f"{{{_GML}}}TimePeriod", {f"{{{_GML}}}id": "sensing"})
    for name, time in (("beginPosition", start), ("endPosition", stop)):
        etree.SubElement(period, f"{{{_GML}}}{name}").text = f"{time.moment:%Y-%m-%dT%H:%M:%S}"


def _distribution(root: etree._Element) -> None:
    file_format = _add(root, "distributionInfo/MD_Distribution/distributionFormat/MD_Format")
    _string(file_format, "name", "SAFE")
    _string(file_format, "version", "1.1")


def _quality(root: etree._Element, metadata: ProductMetadata) -> None:
    quality = _add(root, "dataQualityInfo/DQ_DataQuality")
    _code(_add(quality, "scope/DQ_Scope"), "level", "MD_ScopeCode", "dataset")
    result = _add(quality, "report/DQ_DomainConsistency/result/DQ_ConformanceResult")
    _citation(result, "specification", _REGULATION, _REGULATION_DATE, "publication")
    _string(result, "explanation", "See the referenced specification")
    _add(result, "pass").set(f"{{{_GCO}}}nilReason", "unknown")  # conformity is not evaluated
    statement = (
        f"{LEVEL_NAMES[metadata.level]} product of {metadata.datatake.spacecraft_name}, datatake"
        f" {metadata.datatake.identifier}, processing baseline {metadata.baseline}"
    )
    _string(_add(quality, "lineage/LI_Lineage"), "statement", statement)


def _add(parent: etree._Element, path: str, text: Text | None = None) -> etree._Element:
    """Add the elements of `path`, one inside the other, and return the innermost."""
    element = parent
    for name in path.split("/"):
        element = etree.SubElement(element, f"{{{_GMD}}}{name}")
    if text is not None:
        element.text = text_of(text)
    return element


def _string(parent: etree._Element, path: str, text: str) -> None:
    etree.SubElement(_add(parent, path), f"{{{_GCO}}}CharacterString").text = text


def _date(parent: etree._Element, path: str, date: str) -> None:
    etree.SubElement(_add(parent, path), f"{{{_GCO}}}Date").text = date


def _code(parent: etree._Element, path: str, code_list: str, value: str) -> None:
    code = _add(parent, f"{path}/{code_list}", value)
    code.set("codeList", f"{_CODE_LISTS}#{code_list}")
    code.set("codeListValue", value)


def _language(parent: etree._Element) -> None:
    code = _add(parent, "language/LanguageCode", "eng")
    code.set("codeList", _LANGUAGE_CODES)
    code.set("codeListValue", "eng")


def _responsible(parent: etree._Element, path: str, role: str) -> None:
    party = _add(parent, f"{path}/CI_ResponsibleParty")
    _string(party, "organisationName", "Not applicable")
    _code(party, "role", "CI_RoleCode", role)


def _citation(parent: etree._Element, path: str, title: str, date: str, kind: str) -> etree._Element:
    citation = _add(parent, f"{path}/CI_Citation")
    _string(citation, "title", title)
    dated = _add(citation, "date/CI_Date")
    _date(dated, "date", date)
    _code(dated, "dateType", "CI_DateTypeCode", kind)
    return citation
