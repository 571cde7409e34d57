"""Job orders of several tasks, as the ground segment writes them, run in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.programs import Called, call

CREATION = "2024-09-01T10:20:30Z"

_JOB = """<?xml version="1.0" encoding="UTF-8"?>
<Ipf_Job_Order>
  <Ipf_Conf>
    <Processor_Name>L1CTile</Processor_Name><Version>01.00.00</Version>
    <Stdout_Log_Level>INFO</Stdout_Log_Level><Stderr_Log_Level>INFO</Stderr_Log_Level>
    <Test>false</Test><Breakpoint_Enable>false</Breakpoint_Enable>
    <Processing_Station>CGS1</Processing_Station><Config_Files />
    <Dynamic_Processing_Parameters>{parameters}</Dynamic_Processing_Parameters>
  </Ipf_Conf>
  <List_of_Ipf_Procs count="{count}">{tasks}</List_of_Ipf_Procs>
</Ipf_Job_Order>
"""
_TASK = """<Ipf_Proc>
    <Task_Name>{name}</Task_Name><Task_Version>01.00.00</Task_Version>
    <List_of_Inputs count="{inputs_count}">{inputs}</List_of_Inputs>
    <List_of_Outputs count="{outputs_count}">{outputs}</List_of_Outputs>
  </Ipf_Proc>"""


@dataclass(frozen=True)
class JobTask:
    """A task with its files by type, all of them folders or files that the name tells."""

    name: str
    inputs: Mapping[str, Sequence[Path]]
    outputs: Mapping[str, Path] = field(default_factory=dict)


def write_job(path: Path, tasks: Sequence[JobTask], parameters: Mapping[str, str]) -> Path:
    """Write a job order of tasks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _JOB.format(
            count=len(tasks),
            parameters="".join(
                f"<Processing_Parameter><Name>{name}</Name><Value>{value}</Value></Processing_Parameter>"
                for name, value in parameters.items()
            ),
            tasks="".join(map(_task, tasks)),
        )
    )
    return path


def _task(task: JobTask) -> str:
    return _TASK.format(
        name=task.name,
        inputs_count=len(task.inputs),
        inputs="".join(_input(kind, paths) for kind, paths in task.inputs.items()),
        outputs_count=len(task.outputs),
        outputs="".join(
            f"<Output><File_Type>{kind}</File_Type><File_Name_Type>Directory</File_Name_Type>"
            f"<File_Name>{path}</File_Name></Output>"
            for kind, path in task.outputs.items()
        ),
    )


def _input(kind: str, paths: Sequence[Path]) -> str:
    names = "".join(f"<File_Name>{path}</File_Name>" for path in paths)
    file_name_type = "Physical" if paths and paths[0].suffix else "Directory"
    return (
        f"<Input><File_Type>{kind}</File_Type><File_Name_Type>{file_name_type}</File_Name_Type>"
        f'<List_of_File_Names count="{len(paths)}">{names}</List_of_File_Names></Input>'
    )


def run_job(
    path: Path, tasks: Sequence[JobTask], parameters: Mapping[str, str] | None = None, workers: int = 1
) -> Called:
    """Write a job order at `path` and run it."""
    write_job(path, tasks, parameters or {})
    options = ("--creation-date", CREATION, "--workers", str(workers))
    return call("ipf", "run", path, *options, IPF_PLUGIN_PATH="")


@dataclass(frozen=True)
class Formatting:
    """The tasks that format tiles, from one folder with what they take into another."""

    made: Path
    out: Path

    def task(self, name: str) -> JobTask:
        """One of the tasks."""
        return {task.name: task for task in self.tasks()}[name]

    def tasks(self) -> tuple[JobTask, ...]:
        """All of them, in their order, later folders of a tile before earlier ones."""
        tiles = self.made / "tiles"
        images, pictures, colours, metadata, strip, products = (
            self.out / name for name in ("images", "previews", "colours", "metadata", "datastrip", "products")
        )
        common = {
            "PDI_DS": [self.made / "l1b" / "DATASTRIP"],
            "TILE_LIST_FILE": [self.made / "tile_list_file.xml"],
        }
        pairs = {"PDI_DS_PVI_LIST": [pictures], "PDI_DS_TCI_LIST": [colours]}
        return (
            JobTask("FORMAT_IMG_L1C", {**common, "PDI_DS_TILE_LIST": [tiles]}, {"PDI_DS_TILE_LIST": images}),
            JobTask(
                "FORMAT_IMG_PVI_TCI",
                {**common, "PDI_DS_TILE_LIST": [tiles]},
                {"PDI_DS_PVI_LIST": pictures, "PDI_DS_TCI_LIST": colours},
            ),
            JobTask(
                "FORMAT_METADATA_TILE_L1C",
                {**common, "PDI_DS_TILE_LIST": [images, tiles], **pairs},
                {"PDI_DS_TILE_LIST": metadata},
            ),
            JobTask(
                "FORMAT_METADATA_DS_L1C",
                {**common, "PDI_DS_TILE_LIST": [metadata, tiles]},
                {"PDI_DS": strip},
            ),
            JobTask(
                "FORMAT_PRODUCT_L1C",
                {**common, "PDI_DS": [strip], "PDI_DS_TILE_LIST": [metadata, images, tiles], **pairs},
                {"L1C": products},
            ),
        )

    def run(self, *names: str, workers: int = 1, **parameters: str) -> Called:
        """Run some of the tasks, or all, from one job order."""
        tasks = [task for task in self.tasks() if not names or task.name in names]
        return run_job(self.out / "JobOrder.xml", tasks, parameters, workers)

    def only(self, pattern: str) -> Path:
        """The one file or folder that matches."""
        (found,) = self.out.glob(pattern)
        return found
