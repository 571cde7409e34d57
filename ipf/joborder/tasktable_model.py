"""Task tables: what a management layer knows of a processor's tasks, in one model for both families.

The management layer picks the inputs of every task with the table, writes the job orders, starts the
executables and judges their exit codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ipf.errors import JobOrderError
from ipf.joborder.model import ConfigurationFile, FileNameType


@dataclass(frozen=True, slots=True)
class Quantity:
    """A limit with the unit it is written in; 0 often stands for no limit."""

    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ParameterDeclaration:
    """A parameter that the processor understands.

    `type` is String, number or datenumber (MMFI); `valid_values` is empty when any value is.
    """

    name: str
    type: str = ""
    default: str | None = None
    valid_values: tuple[str, ...] = ()
    mandatory: bool | None = None


@dataclass(frozen=True, slots=True)
class TemporalSelection:
    """Files by time (EEGS): offsets in seconds added to the time of interest, overlap in percent."""

    start_offset: int | None = None
    stop_offset: int | None = None
    overlap: str = ""
    minimum_overlap: float | None = None


@dataclass(frozen=True, slots=True)
class GeospatialSelection:
    """Files by place (EEGS): offset added round the area of interest, overlap in percent."""

    offset: float | None = None
    overlap: str = ""
    minimum_overlap: float | None = None


@dataclass(frozen=True, slots=True)
class AlternativeType:
    """Files of one type that satisfy an input, and how they are picked.

    Attributes
    ----------
    origin
        DB (archive), PROC (an earlier task), LOG (MMFI); EXTERNAL or Task/Version (EEGS).
    retrieval_mode, time_before, time_after
        name of the rule, and seconds by which the sensing time is widened (MMFI).
    source_data
        whether to be recorded as source data (MMFI).
    instances, maximum_files, maximum_to_plugin, ordering, virtual, temporal, geospatial, metadata_names
        selection parameters (EEGS); numbers of files are texts, as "unlimited" has several spellings.
    """

    file_type: str
    file_name_type: str = ""
    origin: str = ""
    retrieval_mode: str = ""
    time_before: float | None = None
    time_after: float | None = None
    source_data: bool | None = None
    instances: str = ""
    maximum_files: str = ""
    maximum_to_plugin: str = ""
    ordering: str = ""
    virtual: bool | None = None
    temporal: TemporalSelection | None = None
    geospatial: GeospatialSelection | None = None
    metadata_names: tuple[str, ...] = ()

    @property
    def kind(self) -> FileNameType:
        """Meaning of the file names; physical when not said or not known."""
        return FileNameType.of(self.file_name_type) or FileNameType.PHYSICAL


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to satisfy an input: by files of each of `types`; MMFI has one type, EEGS may have several."""

    types: tuple[AlternativeType, ...]
    order: int | None = None
    identifier: str = ""
    filter_algorithm: str = ""


@dataclass(frozen=True, slots=True)
class TableInput:
    """An input of a task; `alternatives` in the order in which they are tried.

    `reference` names the `identifier` of another input whose choice is copied (MMFI); `mode` is ALWAYS or the
    mode of the jobs that have this input (MMFI).
    """

    alternatives: tuple[Alternative, ...] = ()
    mandatory: bool = True
    mode: str = ""
    identifier: str = ""
    reference: str = ""
    filter_algorithm: str = ""

    @property
    def file_types(self) -> tuple[str, ...]:
        """Every type that may satisfy the input, in the order tried."""
        return tuple(each.file_type for alternative in self.alternatives for each in alternative.types)


@dataclass(frozen=True, slots=True)
class TableOutput:
    """An output of a task.

    `destination` is DB (archive), PROC (later tasks) or DBPROC (MMFI), Internal or External (EEGS).
    """

    file_type: str
    destination: str = ""
    file_name_type: str = ""
    mandatory: bool | None = None
    pattern: str = ""

    @property
    def kind(self) -> FileNameType:
        """Meaning of the file name; physical when not said or not known."""
        return FileNameType.of(self.file_name_type) or FileNameType.PHYSICAL


@dataclass(frozen=True, slots=True)
class TableBreakpoint:
    """An intermediate result that a task can write."""

    path: str
    file_name_type: str = ""
    identifier: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a task has for a dynamic parameter, above every default (Sentinel-2)."""

    name: str
    value: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class ExitCode:
    """An exit code of the task and what it means (EEGS)."""

    value: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class TableTask:
    """One executable of the processor.

    Attributes
    ----------
    executable
        path, or a variable such as ``$RADIO_AB_EXE_DIR`` (Sentinel-2).
    critical, criticality_level
        whether a failure of the task fails the job; the level has no public meaning.
    cpu_cores, ram, disk_space, timeout
        needs: number, MB, MB and seconds; None when not said. `cpu_cores_scalable` and `ram_scalable` tell
        whether more is of use (EEGS).
    software_distribution, software_version_tag
        FLEX.
    """

    name: str
    version: str = ""
    executable: str = ""
    critical: bool | None = None
    criticality_level: int | None = None
    inputs: tuple[TableInput, ...] = ()
    outputs: tuple[TableOutput, ...] = ()
    breakpoints: tuple[TableBreakpoint, ...] = ()
    options: tuple[Option, ...] = ()
    parameters: tuple[ParameterDeclaration, ...] = ()
    configuration_files: tuple[ConfigurationFile, ...] = ()
    exit_codes: tuple[ExitCode, ...] = ()
    cpu_cores: float | None = None
    cpu_cores_scalable: bool | None = None
    ram: float | None = None
    ram_scalable: bool | None = None
    disk_space: float | None = None
    timeout: float | None = None
    software_distribution: str = ""
    software_version_tag: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Tasks that run at the same time; one pool runs after the other. EEGS tables have one task per pool."""

    tasks: tuple[TableTask, ...]
    detached: bool | None = None
    killing_signal: int | None = None


@dataclass(frozen=True, slots=True)
class PrivateConfiguration:
    """Configuration files that only the processor reads, and the one taken by default (MMFI variant)."""

    default: str = ""
    files: tuple[ConfigurationFile, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskTable:
    """The tasks of a processor.

    Attributes
    ----------
    dialect
        mmfi or eegs.
    minimum_disk_space, maximum_time, has_sensing_time, test
        MMFI; None when not said.
    configuration_spaces, private_configuration
        MMFI variants.
    configuration_files
        with the version (Sentinel-2: the role) as identifier.
    attributes
        of the root element, in Clark notation.
    notes
        what was ignored or doubtful in the file, one line each.
    """

    dialect: str
    processor_name: str
    processor_version: str
    pools: tuple[Pool, ...]
    test: bool | None = None
    author: str = ""
    minimum_disk_space: Quantity | None = None
    maximum_time: Quantity | None = None
    has_sensing_time: bool | None = None
    parameters: tuple[ParameterDeclaration, ...] = ()
    configuration_files: tuple[ConfigurationFile, ...] = ()
    configuration_spaces: tuple[str, ...] = ()
    private_configuration: PrivateConfiguration | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    source: Path | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def tasks(self) -> tuple[TableTask, ...]:
        """Tasks of every pool, in order."""
        return tuple(task for pool in self.pools for task in pool.tasks)

    def task(self, name: str) -> TableTask:
        """First task called `name`; `JobOrderError` naming those there are when there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        found = ", ".join(task.name for task in self.tasks) or "none"
        raise JobOrderError(f"{self.source or 'task table'}: expected a task named '{name}', found {found}")
