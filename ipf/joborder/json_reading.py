"""Reading of JSON documents: values that know where they stand, so that an error names file and element."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ipf.errors import JobOrderError
from ipf.xml import read_bounded

MAXIMUM_BYTES = 8 * 2**20
"""Largest JSON document that is read; the largest real one has 26 kB."""


@dataclass(frozen=True, slots=True)
class JsonNode:
    """A value of a JSON document, at `path` in the file `name`."""

    value: object
    name: str
    path: str = ""

    def error(self, expected: str) -> JobOrderError:
        """The error to be raised about this value."""
        return JobOrderError(f"{self.name}: {self.path or '/'}: expected {expected}")

    def entries(self) -> dict[str, JsonNode]:
        """Members of this object."""
        if not isinstance(self.value, dict):
            raise self.error("an object")
        return {key: JsonNode(value, self.name, f"{self.path}/{key}") for key, value in self.value.items()}

    def items(self) -> list[JsonNode]:
        """Items of this list."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        return [JsonNode(value, self.name, f"{self.path}/{index}") for index, value in enumerate(self.value)]

    def text(self) -> str:
        """This text."""
        if not isinstance(self.value, str):
            raise self.error("a text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """This list of texts."""
        return tuple(item.text() for item in self.items())

    def text_by_key(self) -> dict[str, str]:
        """This object of texts."""
        return {key: node.text() for key, node in self.entries().items()}

    def boolean(self) -> bool:
        """This truth value, also as the text true or false."""
        value = {"true": True, "false": False}.get(str(self.value).casefold())
        if value is None or not isinstance(self.value, bool | str):
            raise self.error("true or false")
        return value

    def count(self) -> int:
        """This whole number, not below 0."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            raise self.error("a whole number not below 0")
        return self.value


def read_json(path: Path) -> JsonNode:
    """The document in the file `path`; `JobOrderError` with file and line when it is none."""
    content = read_bounded(path, JobOrderError, MAXIMUM_BYTES, "a JSON file")
    try:
        return JsonNode(json.loads(content), str(path))
    except json.JSONDecodeError as problem:
        raise JobOrderError(f"{path}:{problem.lineno}: not JSON: {problem.msg}") from problem
    except UnicodeDecodeError as problem:
        raise JobOrderError(f"{path}:1: not JSON: not UTF-8") from problem
    except (RecursionError, ValueError) as problem:
        raise JobOrderError(f"{path}:1: not JSON that can be read: {problem}") from problem
