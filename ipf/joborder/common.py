"""Elements that job orders of both families write alike: parameters, times, lists of texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from ipf.joborder.loglevels import LogLevel
from ipf.joborder.model import Interval, Parameter, SensingTime
from ipf.joborder.reading import Node, short
from ipf.joborder.writing import element, parent


def read_parameters(nodes: Iterable[Node]) -> tuple[Parameter, ...]:
    """Parameters of elements with a Name and a Value; one given twice with two values is noted."""
    parameters: list[Parameter] = []
    values: dict[str, str] = {}
    for node in nodes:
        parameter = Parameter(node.required_text("Name"), node.text("Value"))
        if values.setdefault(parameter.name, parameter.value) != parameter.value:
            node.note(f"parameter {short(parameter.name)} is given more than once, the last value counts")
        parameters.append(parameter)
    return tuple(parameters)


def parameter_elements(tag: str, parameters: Iterable[Parameter]) -> list[etree._Element]:
    """The elements `tag` of `parameters`."""
    return [parent(tag, (element("Name", each.name), element("Value", each.value))) for each in parameters]


def read_sensing_time(node: Node) -> SensingTime:
    """Start and Stop below `node`; an error when they are in the wrong order."""
    sensing_time = SensingTime(node.moment("Start"), node.moment("Stop"))
    if is_reversed(sensing_time):
        raise node.error("expected a Stop that is not before Start")
    return sensing_time


def is_reversed(interval: Interval) -> bool:
    """Whether `interval` stops before it starts."""
    begin, end = interval.begin, interval.end
    return begin is not None and end is not None and end < begin


def interval_elements(interval: Interval) -> list[etree._Element]:
    """Start and Stop of `interval`."""
    return [element("Start", interval.start.text), element("Stop", interval.stop.text)]


def read_texts(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Texts of `nodes` without the empty ones."""
    return tuple(node.value for node in nodes if node.value)


def read_level_names(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Names of log levels; an unknown one is kept and noted."""
    for node in nodes:
        if LogLevel.of(node.value) is None:
            node.note(f"log level '{short(node.value)}' is unknown")
    return tuple(node.value for node in nodes)
