"""What ``ipf qc`` does: find the items, inspect them, tell a person, write what was asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from ipf_plugins.quality.judgement import Judgement, checks_with, judge, summary
from ipf_plugins.quality.parameter_settings import foreign_file
from ipf_plugins.quality.quality_control import refuse_without_schemas
from ipf_plugins.quality.quality_json import quality_json
from ipf_plugins.quality.quality_page import quality_page
from ipf_plugins.quality.quality_table import print_judgements
from ipf_plugins.quality.read_pdi import find_items
from ipf_plugins.quality.report_writing import WritingPlan, plan_writing, write_reports

from ipf.atomic import write_text
from ipf.engine import load_plugins
from ipf.engine.outputs_guard import refuse_outputs_in_inputs, refuse_shared_outputs
from ipf.errors import QualityError
from ipf.product.quality.model import Outcome, QualityParameters
from ipf.product.quality.parameter_file import read_parameter_file


@dataclass(frozen=True)
class QualityRun:
    """One call of the command; paths as the user gave them."""

    product: Path
    schemas: Path | None
    parameter_file: Path | None
    json_file: Path | None
    html_file: Path | None
    write_reports: bool
    plugins: tuple[Path, ...]
    created: datetime

    def run(self) -> None:
        """Inspect the product; `QualityError` when a check failed, once everything is written.

        Raises `ProductError` for what is no product, `AuxiliaryError` for a bad parameter file, `PlanError`
        for a file that would be written into the product.
        """
        given = Path(os.path.normpath(self.product.absolute()))
        self._guard(given)
        parameters = self._parameters()
        checks = load_plugins(self.plugins).checks()
        items = find_items((given,))
        writing: WritingPlan | None = plan_writing(items, checks) if self.write_reports else None
        judgements = [judge(each.item, checks, parameters) for each in items.items]
        print_judgements(judgements)
        if writing is not None:
            written = write_reports(writing, judgements, self.created)
            for path in written.files:
                click.echo(f"written {path}")
            for note in (*writing.notes, *written.notes):
                click.echo(f"warning: {note}")
        self._write_files(judgements, parameters)
        if checks_with(judgements, Outcome.FAILED, Outcome.ERROR):
            raise QualityError(f"{self.product}: {summary(judgements)}")

    def _guard(self, given: Path) -> None:
        """Refuse to write the page or the JSON into what is inspected, or one over the other."""
        outputs = {"--json": self.json_file, "--html": self.html_file}
        named = {name: path.absolute() for name, path in outputs.items() if path is not None}
        inputs = {"PRODUCT": [given]}
        if self.parameter_file is not None:
            inputs["--parameters"] = [self.parameter_file.absolute()]
        refuse_outputs_in_inputs(inputs, {name: [path] for name, path in named.items()}, "ipf qc")
        refuse_shared_outputs(named.items(), "ipf qc")

    def _parameters(self) -> QualityParameters:
        parameters = QualityParameters()
        if self.parameter_file is not None:
            file = read_parameter_file(self.parameter_file)
            parameters = file.parameters()
            if not file.own:
                click.echo(f"warning: {foreign_file(file)}")
        if self.schemas is not None:
            refuse_without_schemas(self.schemas, "--schemas")
        return parameters.model_copy(update={"schemas": self.schemas})

    def _write_files(self, judgements: list[Judgement], parameters: QualityParameters) -> None:
        if self.json_file is not None:
            write_text(self.json_file, quality_json(judgements, parameters))
        if self.html_file is not None:
            write_text(self.html_file, quality_page(judgements, parameters, self.created))
