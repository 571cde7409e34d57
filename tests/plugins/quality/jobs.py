"""Job orders of the tasks OLQC in the form in which the ground segment writes them, and small products."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from tests.cli.programs import Called, call

TEMPLATE = """<?xml version="1.0" encoding="UTF-8"?>
<Ipf_Job_Order>
  <Ipf_Conf>
    <Processor_Name>Chain</Processor_Name><Version>01.00.00</Version>
    <Stdout_Log_Level>INFO</Stdout_Log_Level><Stderr_Log_Level>INFO</Stderr_Log_Level>
    <Test>false</Test><Breakpoint_Enable>false</Breakpoint_Enable>
    <Processing_Station>CGS1</Processing_Station><Config_Files />
    <Dynamic_Processing_Parameters>{parameters}</Dynamic_Processing_Parameters>
  </Ipf_Conf>
  <List_of_Ipf_Procs count="1"><Ipf_Proc>
    <Task_Name>{task}</Task_Name><Task_Version>01.04.11</Task_Version>
    <List_of_Inputs count="4">{inputs}</List_of_Inputs>
    <List_of_Outputs count="1"><Output>
      <File_Type>REPORT</File_Type><File_Name_Type>{report_kind}</File_Name_Type>
      <File_Name>{report}</File_Name>
    </Output></List_of_Outputs>
  </Ipf_Proc></List_of_Ipf_Procs>
</Ipf_Job_Order>
"""
CREATION = "2026-02-03T04:05:06Z"


@dataclass(frozen=True)
class Job:
    """A job order in a folder that holds all that belongs to it."""

    path: Path
    report: Path

    def run(self, *options: str | Path, **environment: str) -> Called:
        """Run it in this process, with the installed plugins and those of `environment`."""
        more = {"IPF_PLUGIN_PATH": "", **environment}
        return call("ipf", "run", self.path, "--creation-date", CREATION, *options, **more)


def _input(file_type: str, kind: str, paths: Sequence[Path]) -> str:
    names = "".join(f"<File_Name>{path}</File_Name>" for path in paths)
    return (
        f"<Input><File_Type>{file_type}</File_Type><File_Name_Type>{kind}</File_Name_Type>"
        f'<List_of_File_Names count="{len(paths)}">{names}</List_of_File_Names></Input>'
    )


def make_job(
    folder: Path,
    products: Sequence[Path],
    *,
    gipp: Path | None = None,
    resources: Path | None = None,
    task: str = "OLQC",
    parameters: Mapping[str, str] | None = None,
    report_is_folder: bool = True,
) -> Job:
    """A job in `folder` as the Launcher's template has it (its type of the report), or an orchestrator."""
    working, repository = folder / "tmp", resources or folder / "repository"
    infos = folder / "idp_infos.xml"
    for made in (working, repository):
        made.mkdir(parents=True, exist_ok=True)
    infos.write_text("<IDP_Infos/>")
    inputs = [_input("PDI_SAFE", "Physical", products)]
    if gipp is not None:
        inputs.append(_input("GIP_OLQCPA", "Physical", [gipp]))
    inputs += [
        _input("WORKING", "Directory", [working]),
        _input("PERSISTENT_RESOURCES", "Directory", [repository]),
        _input("IDP_INFOS", "Directory", [infos]),
    ]
    report = folder / "output/REPORT" if report_is_folder else folder / "REPORT_17/report.xml"
    given = {"VALIDATE_SCHEMA": "false", **(parameters or {})}
    path = folder / "JobOrder_OLQC_17.xml"
    path.write_text(
        TEMPLATE.format(
            task=task,
            inputs="".join(inputs),
            report=report,
            report_kind="Directory" if report_is_folder else "Physical",
            parameters="".join(
                f"<Processing_Parameter><Name>{name}</Name><Value>{value}</Value></Processing_Parameter>"
                for name, value in given.items()
            ),
        )
    )
    return Job(path, report)


def copied(product: Path, folder: Path) -> Path:
    """A copy of a product that may be written into."""
    target = folder / product.name
    shutil.copytree(product, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def reports_in(folder: Path) -> dict[str, etree._Element]:
    """Every OLQC report below a folder, by its path in it."""
    found = {}
    for path in sorted(folder.rglob("QI_DATA/*.xml")):
        root = etree.parse(path).getroot()
        if etree.QName(root).localname == "Earth_Explorer_File":
            found[path.relative_to(folder).as_posix()] = root
    return found


def inspections(report: etree._Element) -> dict[str, str]:
    """Status of every inspection of a report by its identifier."""
    return {str(each.get("id")): str(each.get("status")) for each in report.iter("{*}inspection")}
