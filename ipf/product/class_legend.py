"""The classes of the scene classification for people: names and colours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SceneClass:
    """A class: its number (PSD 14.8, Scene_Classification_List), name and colour (red, green, blue)."""

    number: int
    name: str
    colour: tuple[int, int, int]

    @property
    def css(self) -> str:
        """The colour as a page writes it."""
        return "#{:02x}{:02x}{:02x}".format(*self.colour)


LEGEND = tuple(
    SceneClass(number, name, colour)
    for number, (name, colour) in enumerate(
        (
            ("no data", (0, 0, 0)),
            ("saturated or defective", (255, 0, 0)),
            ("dark or cast shadow", (47, 47, 47)),
            ("cloud shadow", (100, 50, 0)),
            ("vegetation", (0, 160, 0)),
            ("not vegetated", (255, 230, 90)),
            ("water", (0, 0, 255)),
            ("unclassified", (128, 128, 128)),
            ("cloud, medium probability", (192, 192, 192)),
            ("cloud, high probability", (255, 255, 255)),
            ("thin cirrus", (100, 200, 255)),
            ("snow or ice", (255, 150, 255)),
        )
    )
)
"""Classes 0 to 11 in the colours of Sen2Cor (Sen2Cor User Manual, scene classification)."""

COLOURS = tuple(each.colour for each in LEGEND)
