"""What two small documents differ in is told once, at its path, and nothing else is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ipf.compare.tolerances import MetadataTolerances, Tolerances
from ipf.compare.xml_difference import XmlDifference, compare_xml
from ipf.compare.xml_rules import Rules
from ipf.compare.xml_values import Limits, value_difference


def compared(reference: str, candidate: str, **metadata: object) -> XmlDifference:
    tolerances = Tolerances(metadata=MetadataTolerances.model_validate(metadata))
    parser = etree.XMLParser(remove_comments=True)
    roots = (etree.fromstring(text.encode(), parser) for text in (reference, candidate))
    return compare_xml(*roots, Rules.of(tolerances))


def told(found: XmlDifference) -> list[tuple[str, str | None, str | None]]:
    return [(each.path, each.reference, each.candidate) for each in found.differences]


VALUES = [
    ("1.0", "1", True),
    ("1e3", "1000.000", True),
    ("+5", "5", True),
    ("-0", "0", True),
    ("NaN", "nan", True),
    ("INF", "+inf", True),
    ("NaN", "0", False),
    ("NaN", "INF", False),
    ("INF", "-INF", False),
    ("0.12345678901234567891", "0.12345678901234567892", False),
    ("9007199254740993", "9007199254740992", False),
    ("1e400", "2e400", False),
    ("1e99999999999999999999", "2e99999999999999999999", False),
    ("1e-400", "2e-400", False),
    ("1_000", "1000", False),
    ("1 2 3", "1.0  2\n3", True),
    ("1 2 3", "1 2 4", False),
    ("1 2 3", "1 3 2", False),
    ("1 2 3", "1 2", False),
    ("1 NaN 3", "1 NaN 3.0", True),
    ("1 NaN 3", "1 2 3", False),
    ("2022-01-25T15:17:01Z", "2022-01-25T15:17:01.000", True),
    ("2022-01-25T15:17:01.000Z", "2022-01-25T15:17:01.001Z", False),
    ("UTC=2022-01-25T15:17:01", "2022-01-25T15:17:01Z", True),
    ("UTC=2022-01-25T15:17:01", "TAI=2022-01-25T15:17:01", False),
    ("2022-10-11T06:40:43.456979752", "2022-10-11T06:40:43.456979753", False),
    ("2022-02-30T00:00:00", "2022-03-02T00:00:00", False),
    ("2022-01-25", "2022-01-26", False),
    ("true", "1", True),
    ("true", "false", False),
    ("0", "true", False),
    ("true", "yes", False),
    ("PASSED", " PASSED\n", True),
    ("PASSED", "FAILED", False),
    ("passed", "PASSED", False),
    ("", "0", False),
    ("", " ", True),
]


@pytest.mark.parametrize(("one", "other", "same"), VALUES)
def test_values_are_compared_as_what_they_are(one: str, other: str, same: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert (value_difference(*pair, Limits()) is None) is same


@pytest.mark.parametrize(
    ("one", "other", "limits", "counts"),
    [
        ("10", "10.5", Limits(absolute=0.5), False),
        ("10", "10.5", Limits(absolute=0.49), True),
        ("10", "10.5", Limits(relative=0.05), False),
        ("10", "10.5", Limits(relative=0.04), True),
        ("10", "10.5", Limits(absolute=0.1, relative=0.04), False),
        ("0", "0.5", Limits(relative=1e6), True),
        ("0", "0.5", Limits(relative=float("inf")), False),
        ("1 2 3", "1 2.1 3.1", Limits(absolute=0.1001), False),
        ("1 2 3", "1 2.1 3.2", Limits(absolute=0.1001), True),
        ("NaN 2", "1 2", Limits(absolute=1e9, relative=1e9), True),
        ("1 2", "NaN 2", Limits(absolute=1e9, relative=1e9), True),
        ("INF", "5", Limits(absolute=1e9, relative=1.0), True),
        ("1 2", "1 2 3", Limits(absolute=1e9), True),
        ("2022-01-25T15:17:01.000Z", "2022-01-25T15:17:01.001Z", Limits(seconds=0.001), False),
        ("2022-01-25T15:17:01.001Z", "2022-01-25T15:17:01.000Z", Limits(seconds=0.0009), True),
        ("2022-01-25T23:59:59.9Z", "2022-01-26T00:00:00.1Z", Limits(seconds=0.2), False),
        ("true", "false", Limits(absolute=1, seconds=1), True),
        ("text", "texts", Limits(absolute=1, seconds=1), True),
    ],
)
def test_tolerances_are_inclusive_and_no_way_around_types(
    one: str, other: str, limits: Limits, counts: bool
) -> None:
    found = value_difference(one, other, limits)
    assert found is not None
    assert found.counts is counts


def test_lists_tell_how_many_differ_and_where_most() -> None:
    found = value_difference("1 2 3 4", "1 2.5 3 4.25", Limits(absolute=0.3))
    assert found is not None
    message = "2 of 4 numbers differ, 1 beyond tolerance, most by 0.5 at number 2: 2.5, expected 2"
    assert found.message == message


GRIDS = """<T xmlns="psd-14"><A>
  <G bandId="0" detectorId="1"><V>1 2</V><V>3 4</V></G>
  <G bandId="0" detectorId="2"><V>5 6</V><V>7 8</V></G>
</A><B unit="deg">5</B></T>"""


@pytest.mark.parametrize(
    ("was", "becomes", "expected"),
    [
        ("7 8", "7 9", [("A/G[bandId=0,detectorId=2]/V[2]", "7 8", "7 9")]),
        (
            "<V>1 2</V><V>3 4</V>",
            "<V>1 3</V><V>2 4</V>",
            [
                ("A/G[bandId=0,detectorId=1]/V[1]", "1 2", "1 3"),
                ("A/G[bandId=0,detectorId=1]/V[2]", "3 4", "2 4"),
            ],
        ),
        ("<V>5 6</V>", "", [("A/G[bandId=0,detectorId=2]/V[1]", "5 6", None)]),
        ("<V>5 6</V>", "<V>0 0</V><V>5 6</V>", [("A/G[bandId=0,detectorId=2]/V[1]", None, "0 0")]),
        (
            'bandId="0" detectorId="2"',
            'bandId="1" detectorId="2"',
            [
                ("A/G[bandId=0,detectorId=2]", "2 elements", None),
                ("A/G[bandId=1,detectorId=2]", None, "2 elements"),
            ],
        ),
        ('unit="deg"', 'unit="rad"', [("B/@unit", "deg", "rad")]),
        (' unit="deg"', "", [("B/@unit", "deg", None)]),
        ('unit="deg"', 'unit="deg" new="1"', [("B/@new", None, "1")]),
        ('<B unit="deg">5</B>', '<C unit="deg">5</C>', [("B", "5", None), ("C", None, "5")]),
        ("</A>", "stray</A>", [("A", "", "stray")]),
        ('xmlns="psd-14"', 'xmlns="psd-15"', [("@xmlns", "psd-14", "psd-15")]),
        ('<B unit="deg">', '<B xmlns="psd-15" unit="deg">', [("@xmlns", "psd-14", "psd-15")]),
        ('<T xmlns="psd-14">', '<T xmlns="psd-14" v="1">', [("@v", None, "1")]),
        ("<A>", '<A xmlns:x="http://x" x:u="1">', [("A/@u", None, "1")]),
    ],
)
def test_differences_are_told_once_at_their_path(
    was: str, becomes: str, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert GRIDS.count(was) == 1
    found = compared(GRIDS, GRIDS.replace(was, becomes))
    assert told(found) == expected
    assert not found.names
    assert not found.ignored
    assert all(each.counts for each in found.differences)


def test_elements_that_say_which_they_are_may_come_in_any_order() -> None:
    first, second = GRIDS.splitlines()[1:3]
    swapped = GRIDS.replace(first, "@").replace(second, first).replace("@", second)
    assert swapped != GRIDS
    assert told(compared(GRIDS, swapped)) == []


def test_elements_of_several_names_may_not() -> None:
    found = compared("<T><a>1</a><b>2</b></T>", "<T><b>2</b><a>1</a></T>")
    assert told(found) == [(".", "a, b", "b, a")]
    found = compared("<T><a>1</a><b>2</b><a>3</a></T>", "<T><a>1</a><a>3</a><b>2</b></T>")
    assert told(found) == [(".", "a, b, a", "a, a, b")]
    found = compared("<T><a>1</a><b>2</b><c/></T>", "<T><b>2</b><a>1</a></T>")
    assert told(found) == [(".", "a, b", "b, a"), ("c", "", None)]


def test_white_space_comments_prefixes_and_the_order_of_attributes_mean_nothing() -> None:
    one = '<T xmlns="n" a="1" b="2"><x>1 2</x><y/></T>'
    other = '<p:T b="2"\n xmlns:p="n" a="1"> <!-- c --><p:x>\n1  2 <!-- d --></p:x>\n<p:y></p:y></p:T>'
    found = compared(one, other)
    assert found == XmlDifference()


def test_repetitions_come_in_order_unless_it_is_free() -> None:
    one, other = "<T><L><v>1</v><v>2</v><v>3</v></L></T>", "<T><L><v>3</v><v>1.0</v><v>2</v></L></T>"
    assert [each.path for each in compared(one, other).differences] == ["L/v[1]", "L/v[2]", "L/v[3]"]
    assert told(compared(one, other, sets=["L/v"])) == []
    assert told(compared(one, other, sets=["*/v"])) == []
    assert len(compared(one, other, sets=["L"]).differences) == 3


def test_a_set_pairs_what_is_most_alike() -> None:
    one = "<T><v><a>1</a><b>2</b></v><v><a>3</a><b>4</b></v><v><a>5</a><b>6</b></v></T>"
    other = "<T><v><a>5</a><b>6</b></v><v><a>3</a><b>9</b></v><v><a>1</a><b>2</b></v></T>"
    assert told(compared(one, other, sets=["v"])) == [("v[2]/b", "4", "9")]
    other = "<T><v><a>5.01</a><b>6</b></v><v><a>1</a><b>2</b></v><w/></T>"
    found = compared(one, other, sets=["v"], absolute=0.1)
    assert [(each.path, each.counts) for each in found.differences] == [
        ("v[2]", True),
        ("v[3]/a", False),
        ("w", True),
    ]


def test_an_element_taken_out_of_a_long_list_is_one_difference() -> None:
    rows = [f"<p><t>{number}</t><q>{number * number}</q></p>" for number in range(300)]
    for at in (0, 150, 299):
        rest = rows[:at] + rows[at + 1 :]
        found = compared(f"<T>{''.join(rows)}</T>", f"<T>{''.join(rest)}</T>")
        assert told(found) == [(f"p[{at + 1}]", "2 elements", None)]
        found = compared(f"<T>{''.join(rest)}</T>", f"<T>{''.join(rows)}</T>")
        assert told(found) == [(f"p[{at + 1}]", None, "2 elements")]


def test_what_depends_on_the_run_is_a_difference_of_names() -> None:
    one = (
        '<T><GENERATION_TIME>2022-01-25T19:00:36Z</GENERATION_TIME><P d="GS2A_20220125T151701_034442_N04.00">'
        "S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE</P></T>"
    )
    other = one.replace("19:00:36", "19:00:37").replace("04.00", "05.11").replace("T190036", "T190037")
    found = compared(one, other)
    assert told(found) == []
    assert [each.place for each in found.names] == ["GENERATION_TIME", "P/@d", "P"]
    found = compared(one, one.replace("T18LTM", "T18LTN"))
    assert [each.path for each in found.differences] == ["P"]


@pytest.mark.parametrize("name", ["SOFTWARE_VERSION", "PROCESSING_BASELINE", "SCHEME_VERSION"])
def test_versions_are_no_decimals(name: str) -> None:
    found = compared(f"<R><{name}>2.10</{name}></R>", f"<R><{name}>2.1</{name}></R>")
    told = [(each.reference, each.candidate) for each in (*found.names, *found.differences)]
    assert told == [("2.10", "2.1")]
    assert not compared(f"<R><{name}>2.10</{name}></R>", f"<R><{name}> 2.10 </{name}></R>").names


def test_ignored_paths_are_listed_and_do_not_count() -> None:
    one = "<T><a><b>1</b><c x='1'>2</c></a><d>3</d></T>"
    other = "<T><a><b>9</b><c x='7'>2</c><e/></a><d>3</d></T>"
    found = compared(one, other, ignore=["a/b", "a/c/@x", "*/e"])
    assert told(found) == []
    assert [each.path for each in found.ignored] == ["a/b", "a/c/@x", "a/e"]
    assert not any(each.counts for each in found.ignored)
    found = compared(one, other, ignore=["a"])
    assert [each.path for each in found.ignored] == ["a"]
    assert compared(one, one.replace("2", "2.0"), ignore=["a/c"]).ignored == []
    assert len(compared(one, other, ignore=["b", "c", "e"]).differences) == 3


def test_no_tolerance_makes_one_orbit_another() -> None:
    one = (
        '<T><SENSING_ORBIT_NUMBER>34442</SENSING_ORBIT_NUMBER><S resolution="10"><NROWS>10980</NROWS></S></T>'
    )
    other = one.replace("34442", "34443").replace("10980", "10981").replace('"10"', '"20"')
    found = compared(one, other, absolute=100, relative=1)
    assert [each.counts for each in found.differences] == [True] * 3


def test_some_numbers_have_limits_of_their_own() -> None:
    one = "<T><Angles_Grids><V>1 2</V></Angles_Grids><w>1</w></T>"
    other = "<T><Angles_Grids><V>1.001 2</V></Angles_Grids><w>1.001</w></T>"
    found = compared(one, other, numbers=[{"path": "*Angles_Grids*", "absolute": 0.01}])
    assert [(each.path, each.counts) for each in found.differences] == [
        ("Angles_Grids/V", False),
        ("w", True),
    ]


def test_what_follows_from_other_differences_can_be_left_to_them() -> None:
    one = (
        '<X><dataObjectSection><dataObject ID="a"><byteStream size="12"><checksum>ab</checksum></byteStream>'
        "</dataObject></dataObjectSection></X>"
    )
    other = one.replace("12", "13").replace("ab", "cd")
    path = "dataObjectSection/dataObject/byteStream"
    for consequences, counts in (("fail", True), ("report", False)):
        found = compared(one, other, consequences=consequences)
        expected = [(f"{path}/@size", counts), (f"{path}/checksum", counts)]
        assert [(each.path, each.counts) for each in found.differences] == expected


def test_another_kind_of_document_is_one_difference() -> None:
    assert told(compared("<A><b>1</b></A>", "<B><b>2</b></B>")) == [(".", "A", "B")]


def test_any_depth_is_followed() -> None:
    depth = 250
    one = "<a>" * depth + "1" + "</a>" * depth
    found = compared(one, one.replace("1", "2"), sets=["*"])
    assert told(found) == [("/".join("a" * (depth - 1)), "1", "2")]


texts = st.sampled_from(
    ["", "1", "1.5", "1 2 3", "NaN", "false", "text", "2022-01-25T15:17:01.024Z", "N0400"]
)
names = st.sampled_from(["A", "B", "VALUES", "Size"])
keys = st.dictionaries(st.sampled_from(["bandId", "detectorId", "unit", "name"]), texts, max_size=2)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    """A small tree with repeated names, keyed and unkeyed."""
    element = etree.Element(draw(names), draw(keys))
    children = draw(st.integers(0, 3)) if depth else 0
    for _ in range(children):
        element.append(draw(trees(depth=depth - 1)))
    if not children:
        element.text = draw(texts)
    return element


def copied(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))


@settings(max_examples=150, deadline=None)
@given(trees(), st.data())
def test_any_change_of_one_leaf_is_found(tree: etree._Element, data: st.DataObject) -> None:
    rules = Rules.of(Tolerances())
    changed = copied(tree)
    assert compare_xml(tree, changed, rules) == XmlDifference()
    leaves = [element for element in changed.iter() if not len(element)]
    leaf = data.draw(st.sampled_from(leaves))
    if leaf.attrib and data.draw(st.booleans()):
        leaf.set(data.draw(st.sampled_from(sorted(leaf.attrib))), "changed")
    else:
        leaf.text = data.draw(texts.filter(lambda text: text != (leaf.text or "")))
    for one, other in itertools.permutations((tree, changed)):
        found = compare_xml(one, other, rules)
        assert found.differences
        assert all(each.counts for each in found.differences)


@settings(max_examples=100, deadline=None)
@given(trees(), st.data())
def test_any_element_taken_away_is_found(tree: etree._Element, data: st.DataObject) -> None:
    inner = [number for number, element in enumerate(tree.iter()) if number]
    if not inner:
        return
    changed = copied(tree)
    element = list(changed.iter())[data.draw(st.sampled_from(inner))]
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)
    for one, other in itertools.permutations((tree, changed)):
        assert compare_xml(one, other, Rules.of(Tolerances())).differences


TILE = """<Tile><General_Info>
<TILE_ID>S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_N02.09</TILE_ID>
<Datatake datatakeIdentifier="GS2A_20200717T221941_026481_N02.09">
<SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
<SENSING_ORBIT_NUMBER>29</SENSING_ORBIT_NUMBER></Datatake>
<PRODUCT_TYPE>S2MSI1C</PRODUCT_TYPE><PROCESSING_LEVEL>Level-1C</PROCESSING_LEVEL>
<PROCESSING_BASELINE>02.09</PROCESSING_BASELINE><GENERATION_TIME>2020-07-17T23:41:35.0Z</GENERATION_TIME>
<PRODUCT_URI>S2A_MSIL1C_20200717T221941_N0209_R029_T01LAC_20200717T234135.SAFE</PRODUCT_URI>
<GIPP>S2A_OPER_GIP_VIEDIR_MPC__20151117T131048_V20150703T000000_21000101T000000_B07</GIPP></General_Info>
<Geometric_Info><Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32701</HORIZONTAL_CS_CODE>
<Size resolution="10"><NROWS>10980</NROWS><NCOLS>10980</NCOLS></Size>
<Size resolution="60"><NROWS>1830</NROWS><NCOLS>1830</NCOLS></Size>
<Geoposition resolution="10"><ULX>300000</ULX><ULY>8100040</ULY></Geoposition></Tile_Geocoding>
</Geometric_Info>
<Quality_Info><CLOUDS>3</CLOUDS></Quality_Info><Other><x>1</x></Other></Tile>"""

DATATAKE = "datatakeIdentifier=GS2A_20200717T221941_026481_N02.09"

REPORT = {"differing": "report", "consequences": "report", "absolute": 100, "relative": 1, "seconds": 1e9}


def essential(was: str, becomes: str, **metadata: object) -> list[tuple[str, str]]:
    """Where a change of `TILE` is essential, and what is told."""
    assert TILE.count(was) == 1, was
    found = compared(TILE, TILE.replace(was, becomes), **(REPORT | metadata))
    assert all(difference in found.differences and difference.counts for difference in found.essential)
    return [(each.path, each.message) for each in found.essential]


@pytest.mark.parametrize(
    ("was", "becomes", "path", "message"),
    [
        (">29<", ">30<", "SENSING_ORBIT_NUMBER", "differs by 1"),
        (">29<", "><", "SENSING_ORBIT_NUMBER", "is no number"),
        (">3<", "><", "CLOUDS", "is no number"),
        (">1<", ">one<", "x", "is no number"),
        (">300000<", ">300010<", "ULX", "differs by 10"),
        (">8100040<", ">8100040.001<", "ULY", "differs by 0.001"),
        ("<NROWS>10980", "<NROWS>10981", "NROWS", "differs by 1"),
        ("<NCOLS>10980", "<NCOLS>5490", "NCOLS", "differs by 5490"),
        ("EPSG:32701", "EPSG:32601", "HORIZONTAL_CS_CODE", "is another text"),
        (">Sentinel-2A", ">Sentinel-2B", "SPACECRAFT_NAME", "is another text"),
        ("S2MSI1C", "S2MSI2A", "PRODUCT_TYPE", "is another text"),
        (
            "L1C_20200717T221941_N0209_R029_T01LAC",
            "L1C_20200717T221941_N0209_R029_T01LAD",
            "PRODUCT_URI",
            "is of other data: tile T01LAD, expected T01LAC",
        ),
        ("_A026481_", "_A026482_", "TILE_ID", "is of other data: absolute orbit A026482, expected A026481"),
        (
            "GS2A_20200717",
            "GS2A_20200718",
            "@datatakeIdentifier",
            "is of other data: datatake start 20200718T221941, expected 20200717T221941",
        ),
        (
            "S2A_MSIL1C_20200717T221941_N0209_R029_T01LAC_20200717T234135.SAFE",
            "product.SAFE",
            "PRODUCT_URI",
            "is no name of the data",
        ),
        ("2020-07-17T23:41:35.0Z", "yesterday", "GENERATION_TIME", "is no time"),
        ("2020-07-17T23:41:35.0Z", "", "GENERATION_TIME", "is empty"),
        (">02.09<", ">banana<", "PROCESSING_BASELINE", "is no baseline such as 05.11"),
        ("<SENSING_ORBIT_NUMBER>29</SENSING_ORBIT_NUMBER>", "", "SENSING_ORBIT_NUMBER", "is missing"),
        (' datatakeIdentifier="GS2A_20200717T221941_026481_N02.09"', "", "@datatakeIdentifier", "is missing"),
        ("<ULX>300000</ULX>", "", "ULX", "is missing"),
        ('<Size resolution="10">', '<Size resolution="20">', "Size[resolution=10]", "is missing"),
        ("<Quality_Info><CLOUDS>3</CLOUDS></Quality_Info>", "", "Quality_Info", "is missing"),
        ("<CLOUDS>3</CLOUDS>", "", "Quality_Info", "is empty"),
        ("<Tile>", "<Granule>", ".", "is another kind of document"),
    ],
)
def test_what_no_tolerance_allows(was: str, becomes: str, path: str, message: str) -> None:
    if was == "<Tile>":
        found = compared(TILE, TILE.replace("Tile>", "Granule>"), **REPORT)
        assert [(each.path, each.message) for each in found.essential] == [(path, message)]
        return
    ((place, told_message),) = essential(was, becomes)
    assert place.endswith(path)
    assert told_message == message


def test_a_branch_that_tells_which_data_is_missed() -> None:
    start, stop = TILE.index("<Tile_Geocoding>"), TILE.index("</Geometric_Info>")
    branch = TILE[start:stop]
    assert essential(branch, "<New/>") == [("Geometric_Info/Tile_Geocoding", "is missing")]
    start, stop = TILE.index("<Datatake"), TILE.index("<PRODUCT_TYPE>")
    assert essential(TILE[start:stop], "") == [(f"General_Info/Datatake[{DATATAKE}]", "is missing")]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (">Level-1C<", ">Level-1C_User<"),
        (">02.09<", ">05.11<"),
        ("2020-07-17T23:41:35.0Z", "2021-07-17T23:41:35Z"),
        ("SGS__20200717T234135", "2BPS_20230717T234135"),
        ("N0209_R029_T01LAC_20200717T234135", "N0500_R029_T01LAC_20230717T234135"),
        ("V20150703", "V20180703"),
        (">3<", ">77<"),
        ("<CLOUDS>3</CLOUDS>", "<CLOUDS>3</CLOUDS><NEW/>"),
        ("<x>1</x>", ""),
        ("<Other><x>1</x></Other>", ""),
        ("<ULX>300000</ULX>", "<ULX>300000.00</ULX>"),
        ("</Tile_Geocoding>", "<Size resolution='20'><NROWS>5490</NROWS></Size></Tile_Geocoding>"),
    ],
)
def test_what_another_processor_may_say(was: str, becomes: str) -> None:
    assert essential(was, becomes) == []


def test_what_is_to_be_ignored_is_never_essential() -> None:
    assert essential(">29<", ">30<", ignore=["*SENSING_ORBIT_NUMBER"]) == []
    assert essential("2020-07-17T23:41:35.0Z", "yesterday", ignore=["*GENERATION_TIME"]) == []
    assert essential("<CLOUDS>3</CLOUDS>", "", ignore=["Quality_Info"]) == []
    assert essential("<ULX>300000</ULX>", "", ignore=["*/Tile_Geocoding"]) == []
