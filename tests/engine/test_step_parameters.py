"""Parameters of a step from text, as job orders and command lines give them."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import Field, ValidationError

from ipf.engine import StepParameters


class Choices(StepParameters):
    """Choices of each kind."""

    code: Literal[0, 1, 22] = Field(default=0, description="a choice among whole numbers")
    name: Literal["one", "22"] = Field(default="one", description="a choice among words")
    size: int = Field(default=20, description="any whole number")


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [("code", "22", 22), ("code", " 1 ", 1), ("code", 0, 0), ("name", "22", "22"), ("size", "7", 7)],
)
def test_text_becomes_what_the_field_holds(name: str, given: object, found: object) -> None:
    chosen = getattr(Choices.model_validate({name: given}), name)
    assert (chosen, type(chosen)) == (found, type(found))


@pytest.mark.parametrize(("name", "given"), [("code", "2"), ("code", "1.0"), ("code", ""), ("name", "two")])
def test_other_text_is_refused(name: str, given: Any) -> None:
    with pytest.raises(ValidationError, match=name):
        Choices.model_validate({name: given})
