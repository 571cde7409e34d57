"""A page for people on the quality of items: the verdict, what failed, what was not run, and every check.

One HTML file that needs nothing else: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from ipf_plugins.quality.judgement import Judgement, counts, legible, remarks, summary, verdict
from jinja2 import Environment, StrictUndefined

from ipf import __version__
from ipf.product.quality.model import Outcome, QualityParameters
from ipf.product.quality.parameter_file import thresholds
from ipf.product.utc import UtcTime

TEMPLATE = "quality_page.html.j2"


def quality_page(judgements: Sequence[Judgement], parameters: QualityParameters, created: datetime) -> str:
    """The page of judged items."""
    template = files("ipf_plugins.quality").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["css"] = lambda outcome: outcome.lower().replace(" ", "-")
    page = environment.from_string(template).render(
        verdict=verdict(judgements),
        summary=summary(judgements),
        counts=counts(judgements),
        outcomes=tuple(Outcome),
        judgements=judgements,
        failed=remarks(judgements, Outcome.FAILED, Outcome.ERROR),
        not_run=remarks(judgements, Outcome.NOT_RUN),
        parameters=parameters,
        thresholds=[(each, getattr(parameters, each.field)) for each in thresholds().values()],
        created=UtcTime(created, 0),
        version=__version__,
    )
    return legible(page)
