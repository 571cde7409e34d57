"""A page for people beside a product: what it shows, how good it is, what it was made with.

One HTML file that needs nothing else: pictures are inside, nothing is fetched.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files

from ipf_plugins.atmospheric.page_pictures import (
    class_picture,
    colour_picture,
    histogram_picture,
    map_picture,
)
from ipf_plugins.atmospheric.thumbnails import Thumbnails
from jinja2 import Environment, StrictUndefined

from ipf import __version__
from ipf.product.class_legend import LEGEND, SceneClass
from ipf.product.l2a_quality import AtmosphericQuality, exceeded_limits, l2a_quality_reports
from ipf.product.metadata import ImageContent, TileMetadata

TEMPLATE = "quality_page.html.j2"
PNG, JPEG = "image/png", "image/jpeg"


def quality_page(
    thumbnails: Thumbnails, tile: TileMetadata, quality: AtmosphericQuality, used: Mapping[str, str]
) -> str:
    """The page of a tile whose image content is known.

    `used` tells by keyword what the product was made with: mode, tables, methods.
    """
    template = files("ipf_plugins.atmospheric").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    content = tile.quality.content
    assert content is not None
    limits = exceeded_limits(tile, quality)
    return environment.from_string(template).render(
        tile=tile,
        metres=thumbnails.grid.resolution,
        before=_inline(colour_picture(thumbnails.before), JPEG),
        after=_inline(colour_picture(thumbnails.after), JPEG),
        classes=_inline(class_picture(thumbnails.classes), PNG),
        maps=_inline(map_picture(thumbnails.maps), PNG),
        histograms=_inline(histogram_picture(thumbnails.before, thumbnails.after), PNG),
        legend=_legend(content),
        reports=l2a_quality_reports(tile, quality),
        exceeded=[name for name, beyond in limits.items() if beyond],
        used=used,
        version=__version__,
    )


def _inline(picture: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(picture).decode('ascii')}"


def _legend(content: ImageContent) -> list[tuple[SceneClass, float]]:
    """Every class with its percentage: no data of the whole tile, the others of the pixels with data."""
    percentages = (
        content.nodata,
        content.saturated_defective,
        content.shadow,
        content.cloud_shadow,
        content.vegetation,
        content.not_vegetated,
        content.water,
        content.unclassified,
        content.medium_probability_clouds,
        content.high_probability_clouds,
        content.thin_cirrus,
        content.snow_ice,
    )
    return list(zip(LEGEND, percentages, strict=True))
