"""The neutral job order: one model for every dialect, nothing of what a job order says left out.

Terms follow the Sentinel-2 flavour of the MMFI family where the families differ; what only one family has
says so. Fields marked "layout" record how the file was written, not what it says, and take no part in
equality.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path

from ipf.errors import JobOrderError
from ipf.joborder.loglevels import UNSAID, LogLevel, LogSelection
from ipf.joborder.moment import Moment


class FileNameType(Enum):
    """What a file name stands for; what is on disk has the last word."""

    PHYSICAL = "Physical"
    LOGICAL = "Logical"
    STEM = "Stem"
    REGEXP = "Regexp"
    DIRECTORY = "Directory"
    ARCHIVE = "Archive"

    @classmethod
    def of(cls, text: str) -> FileNameType | None:
        """Type written as `text` in any case; empty and ``File`` mean physical; None when unknown."""
        if text.casefold() in ("", "file"):
            return cls.PHYSICAL
        return next((member for member in cls if member.value.casefold() == text.casefold()), None)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dynamic processing parameter; its value is always text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `stop`, either of which may be open.

    The pair 1983-01-01T00:00:00Z, 2020-01-01T00:00:00Z, which Sentinel-2 writes for "not said", is open.
    """

    start: Moment
    stop: Moment

    @property
    def begin(self) -> datetime | None:
        """Start in UTC, None when open."""
        return None if self._is_sentinel2_default else self.start.value

    @property
    def end(self) -> datetime | None:
        """Stop in UTC, None when open."""
        return None if self._is_sentinel2_default else self.stop.value

    @property
    def _is_sentinel2_default(self) -> bool:
        return (self.start.text, self.stop.text) == ("1983-01-01T00:00:00Z", "2020-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class SensingTime(Interval):
    """Sensing time (MMFI) or time of interest (EEGS) of the job."""


@dataclass(frozen=True, slots=True)
class TimeInterval(Interval):
    """Validity of one input file."""

    file_name: str = ""


@dataclass(frozen=True, slots=True)
class AreaOfInterest:
    """Polygon on the ground (EEGS), as text "lat lon lat lon ..." in degrees, counter-clockwise, closed.

    Raises `ValueError` when the text is not pairs of a latitude and a longitude.
    """

    geometry: str

    def __post_init__(self) -> None:
        if not all(-90 <= latitude <= 90 and -360 <= longitude <= 360 for latitude, longitude in self.points):
            raise ValueError("expected latitudes in [-90, 90] and longitudes in [-360, 360] degrees")

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Corners as (latitude, longitude) in degrees."""
        try:
            numbers = [float(word) for word in self.geometry.split()]
        except ValueError as problem:
            raise ValueError("expected numbers 'lat lon lat lon ...' in degrees") from problem
        if len(numbers) % 2 or not numbers:
            raise ValueError("expected pairs 'lat lon lat lon ...' in degrees")
        return tuple(zip(numbers[::2], numbers[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A configuration file; `identifier` is its Cfg_ID (EEGS) or its configuration space (MMFI)."""

    path: str
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """Files of one type given to a task.

    Attributes
    ----------
    file_type, files
        for instance GIP_VIEDIR and thirteen paths; the list may be empty, a path never is.
    file_name_type
        as written (MMFI); `kind` gives its meaning.
    source_data
        whether the input is to be recorded as source data (MMFI), None when not said.
    time_intervals
        validity of the files (MMFI).
    file_systems
        FS_TYPE of each file (prosEO), or () when none has any.
    product_id
        Product_ID (prosEO).
    identifier, alternative
        Input_ID and Alternative_ID (EEGS).
    part
        position among the selected inputs of one EEGS input: 0 begins a new one.
    """

    file_type: str
    files: tuple[str, ...] = ()
    file_name_type: str = ""
    source_data: bool | None = None
    time_intervals: tuple[TimeInterval, ...] = ()
    file_systems: tuple[str, ...] = ()
    product_id: str = ""
    identifier: str = ""
    alternative: str = ""
    part: int = 0

    @property
    def kind(self) -> FileNameType:
        """Meaning of the file names; physical when not said or not known."""
        return FileNameType.of(self.file_name_type) or FileNameType.PHYSICAL


@dataclass(frozen=True, slots=True)
class Output:
    """Where a task is to write products of one type.

    Attributes
    ----------
    file_type
        for instance PDI_DS_TILE_LIST or REPORT.
    files, file_name_type, file_systems
        as in `Input` (MMFI); usually one path.
    mandatory
        None when not said: then producing nothing is allowed.
    product_id
        Product_ID (prosEO).
    pattern, directory, baseline
        File_Name_Pattern, File_Dir (empty: the working directory) and Baseline (EEGS).
    listed
        layout: the names stand in a List_of_File_Names.
    """

    file_type: str
    files: tuple[str, ...] = ()
    file_name_type: str = ""
    mandatory: bool | None = None
    file_systems: tuple[str, ...] = ()
    product_id: str = ""
    pattern: str = ""
    directory: str = ""
    baseline: str = ""
    listed: bool = field(default=False, compare=False)

    @property
    def path(self) -> str:
        """The path (MMFI), or the folder with the file name pattern (EEGS); may be empty."""
        if self.files:
            return self.files[0]
        return posixpath.join(self.directory, self.pattern) if self.pattern else self.directory

    @property
    def kind(self) -> FileNameType:
        """Meaning of the file names; physical when not said or not known."""
        return FileNameType.of(self.file_name_type) or FileNameType.PHYSICAL


@dataclass(frozen=True, slots=True)
class BreakpointFile:
    """An intermediate result that a task can write (Brk_File or Intermediate_Output)."""

    path: str
    file_type: str = ""
    file_name_type: str = ""
    enable: bool | None = None
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Intermediate results of one task; `enable` is the task's own switch (an MMFI variant)."""

    files: tuple[BreakpointFile, ...] = ()
    enable: bool | None = None
    elements: tuple[str, ...] = field(default=(), compare=False)
    """Layout: child elements in the order of the file."""


@dataclass(frozen=True, slots=True)
class RamDisk:
    """Memory mounted as a folder (EEGS); amount in MB."""

    amount: int
    mount_path: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What a task may use at most (EEGS); None where not said.

    Memory and disk in MB; 0 CPU cores means a negligible use.
    """

    cpu_cores: float | None = None
    ram: int | None = None
    disk_space: int | None = None
    gpu_cores: float | None = None
    gpu_ram: int | None = None
    ram_disks: tuple[RamDisk, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One Ipf_Proc (MMFI) or Task (EEGS). Parameters, configuration files and resources are EEGS only."""

    name: str
    version: str = ""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    breakpoint: Breakpoint | None = None
    parameters: tuple[Parameter, ...] = ()
    configuration_files: tuple[ConfigurationFile, ...] = ()
    resources: Resources = Resources()
    elements: tuple[str, ...] = field(default=(), compare=False)
    """Layout: child elements in the order of the file."""

    def inputs_of_type(self, file_type: str) -> tuple[Input, ...]:
        """Inputs of `file_type`, in the order of the job order."""
        return tuple(each for each in self.inputs if each.file_type == file_type)

    def outputs_of_type(self, file_type: str) -> tuple[Output, ...]:
        """Outputs of `file_type`, in the order of the job order."""
        return tuple(each for each in self.outputs if each.file_type == file_type)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the head of the file was written.

    Attributes
    ----------
    root, configuration
        elements below the root and below Ipf_Conf, in the order of the file; () for the usual order.
    parameter_container
        the one of several parameter containers that holds the parameters.
    empty_configuration_file
        an empty list of configuration files is written with one empty element in it.
    """

    root: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()
    parameter_container: str = ""
    empty_configuration_file: bool = False


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What a processor is asked to do.

    Attributes
    ----------
    dialect
        name of the dialect it was read from or is written in: mmfi, eegs, or a plugin's.
    parameters
        dynamic processing parameters of the whole job (MMFI).
    sensing_time
        sensing time (MMFI) or time of interest (EEGS), None when not said.
    stdout_log, stderr_log
        what either stream shows; `stdout_levels` and `stderr_levels` give the levels.
    configuration_files
        of the whole job (MMFI); empty elements are left out.
    private_configuration_files
        Processor_Conf/File_Name (MMFI variant).
    breakpoint_enable
        Breakpoint_Enable (MMFI) or Intermediate_Output_Enable (EEGS).
    test, troubleshooting, order_type, acquisition_station
        MMFI; None or empty when not said.
    file_class, processing_node, area_of_interest, metadata_parameters
        EEGS.
    attributes
        attributes of the root element, in Clark notation (schemaName, schemaVersion, schema locations).
    namespace
        of the root element, empty for none.
    layout
        how the file was written.
    source
        the file it was read from.
    notes
        what was ignored or doubtful in the file, one line each.
    """

    dialect: str
    processor_name: str
    processor_version: str
    tasks: tuple[Task, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    sensing_time: SensingTime | None = None
    stdout_log: LogSelection = UNSAID
    stderr_log: LogSelection = UNSAID
    test: bool | None = None
    troubleshooting: bool | None = None
    breakpoint_enable: bool | None = None
    order_type: str = ""
    acquisition_station: str = ""
    processing_station: str = ""
    configuration_files: tuple[ConfigurationFile, ...] = ()
    private_configuration_files: tuple[str, ...] = ()
    file_class: str = ""
    processing_node: str = ""
    area_of_interest: AreaOfInterest | None = None
    metadata_parameters: tuple[Parameter, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    layout: Layout = field(default=Layout(), compare=False)
    source: Path | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def order_id(self) -> str:
        """Identity of the order from its file name, without folders and suffix; empty when there is no file.

        ``JobOrder.<id>.xml`` is the rule of the MMFI family, ``JobOrder_<task>_<pid>.xml`` the custom of the
        Sentinel-2 orchestrator. Any other name stands for itself.
        """
        if self.source is None:
            return ""
        stem = self.source.name.removesuffix(self.source.suffix) or self.source.name
        match = re.match(r"job_?order[._-](.+)", stem, re.IGNORECASE | re.DOTALL)
        return match[1] if match else stem

    @property
    def stdout_levels(self) -> frozenset[LogLevel]:
        """Levels shown on the standard output."""
        return self.stdout_log.levels()

    @property
    def stderr_levels(self) -> frozenset[LogLevel]:
        """Levels shown on the standard error."""
        return self.stderr_log.levels()

    def task(self, name: str) -> Task:
        """First task called `name`; `JobOrderError` naming those there are when there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        found = ", ".join(task.name for task in self.tasks) or "none"
        raise JobOrderError(f"{self.source or 'job order'}: expected a task named '{name}', found {found}")

    def parameter(self, name: str, default: str | None = None) -> str | None:
        """Value of the parameter `name` of the whole job, else of its tasks in order, else `default`.

        The last of several values of one name counts: Sentinel-2 job orders give the values common to all
        tasks first and the task's own after them.
        """
        for parameters in (self.parameters, *(task.parameters for task in self.tasks)):
            values = _by_name(parameters)
            if name in values:
                return values[name]
        return default

    def parameters_of(self, task: Task) -> dict[str, str]:
        """Every parameter that `task` is given: the job's, overridden by its own."""
        return _by_name((*self.parameters, *task.parameters))

    def breakpoints_of(self, task: Task) -> tuple[BreakpointFile, ...]:
        """Intermediate results that `task` has to write: on at every level that has a switch."""
        if task.breakpoint is None:
            return ()
        switches = [
            switch for switch in (self.breakpoint_enable, task.breakpoint.enable) if switch is not None
        ]
        if not switches or not all(switches):
            return ()
        return tuple(each for each in task.breakpoint.files if each.enable is not False)


def _by_name(parameters: Iterable[Parameter]) -> dict[str, str]:
    return {parameter.name: parameter.value for parameter in parameters}
