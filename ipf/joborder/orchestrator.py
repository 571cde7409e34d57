"""Configuration of the Sentinel-2 orchestrator: how each mode is split, and the parameters of every task.

``conf_<mode>.json`` says how the tasks of one mode are split and which parameter values replace the default.
``orchestratorICD.json`` lists the dynamic parameters of every task with their defaults, and which outputs of
earlier tasks feed which input. Both mean what the public Sentinel-2 orchestrator and its launcher make of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ipf.joborder.json_reading import JsonNode, read_json
from ipf.joborder.model import Parameter

COMMON = "COMMON"
"""Entry of the parameter list whose parameters every task has."""

_AXIS_PARAMETERS = {
    "BAND_QL": ("PARALLEL_BAND_QL_IDENT",),
    "BAND": ("PARALLEL_BAND_IDENT",),
    "DETECTOR": ("PARALLEL_DETECTOR_IDENT",),
    "GRANULE": ("PARALLEL_GRANULE_BEGIN", "PARALLEL_GRANULE_END"),
    "ATF": (
        "PARALLEL_ATF_BEGIN_GRANULE",
        "PARALLEL_ATF_END_GRANULE",
        "PARALLEL_ATF_BEGIN_MARGIN",
        "PARALLEL_ATF_END_MARGIN",
        "PARALLEL_ATF_DETECTOR_IDENT",
    ),
    "V_ATF": ("PARALLEL_V_ATF_NUMBER",),
    "DATABLOCK": ("DATABLOCK_NUMBER",),
    "TILE": ("PARALLEL_TILE_IDENT",),
    "GRI": ("GRI_NUMBER",),
}
"""Axes along which a task can be split, and the parameters that name its slice.

ATF is a run of granules along track, V_ATF one in the virtual sensor.
"""

OLQC = "OLQC"

FOLDER_FUSION_STRATEGIES = ("SYMLINK", "COPY")
"""Ways to merge the outputs of several tasks into one folder, the usual one first."""

NOT_SPLIT_BY_BAND = "RADIO_AB"
"""The launcher never switches this task to bands: the real one cannot be run band by band."""


@dataclass(frozen=True, slots=True)
class SplitAxis:
    """An axis that a task can be split along.

    Attributes
    ----------
    name
        BAND, BAND_QL, DETECTOR, GRANULE, ATF, V_ATF, DATABLOCK, TILE or GRI.
    switch
        value of ``PARALLEL_<name>``; None where the task has none, and the orchestrator decides.
    slice_parameters
        the task's parameters that name the slice, with their defaults (dash-separated lists or numbers).
    """

    name: str
    switch: bool | None
    slice_parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """Into how many parts a task is split along an axis: the first of `numbers`.

    ATF and GRANULE have a second number, the parts of the detector list; what follows is kept as it is.
    """

    axis: str
    numbers: tuple[int, ...]

    @property
    def parts(self) -> int:
        """Number of parts along the axis."""
        return self.numbers[0]

    @property
    def detector_parts(self) -> int | None:
        """Number of parts of the detector list, None when not said."""
        return self.numbers[1] if len(self.numbers) > 1 else None


@dataclass(frozen=True, slots=True)
class OrchestratorConfiguration:
    """The configuration of one mode (``conf_<mode>.json``).

    Attributes
    ----------
    external_axes
        axes along which whole runs of the mode are started side by side.
    is_parallel
        whether tasks are split along an axis, where the configuration says so.
    partitions
        in how many parts.
    global_parameters, task_parameters
        values that replace the defaults in every task that has the parameter, and in one task.
    output_rules
        rule (EXCLUDE, FILTER_L1A, EXCLUDE_IMPORT) -> task -> file types, for what is handed to later modes.
    folder_fusion
        SYMLINK or COPY: how the outputs of several tasks are merged into one input folder.
    """

    external_axes: tuple[str, ...] = ()
    is_parallel: Mapping[str, bool] = field(default_factory=dict)
    partitions: tuple[Partition, ...] = ()
    global_parameters: Mapping[str, str] = field(default_factory=dict)
    task_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    output_rules: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    folder_fusion: str = FOLDER_FUSION_STRATEGIES[0]
    source: Path | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def partition(self, axis: str) -> Partition | None:
        """The partition along `axis`, None when there is none."""
        return next((each for each in self.partitions if each.axis == axis), None)


@dataclass(frozen=True, slots=True)
class Feed:
    """Outputs that feed an input: `output` of each of `producers`.

    `output` is a file type, or a path in the context of the modes run before (``PROC.L1B.LIST.VECTOR``), of
    which the last part is the file type.
    """

    output: str
    producers: tuple[str, ...]

    @property
    def file_type(self) -> str:
        """File type of the output."""
        return self.output.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class OrchestratorIcd:
    """The parameter list (``orchestratorICD.json``): parameters of every task, and what feeds its inputs."""

    common: tuple[Parameter, ...] = ()
    tasks: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    input_mapping: Mapping[str, Mapping[str, tuple[Feed, ...]]] = field(default_factory=dict)
    source: Path | None = field(default=None, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def defaults(self, task: str) -> dict[str, str]:
        """Parameters of the task table's `task` with their defaults: the common ones, then its own."""
        own = self.tasks.get(job_order_task_name(task), ())
        return {each.name: each.value for each in (*self.common, *own)}

    def values(
        self,
        task: str,
        configuration: OrchestratorConfiguration | None = None,
        table: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """Values with which `task` is started.

        The task's `options` come before the task `table`'s global values, these before what `configuration`
        overloads for the task and for all, and this before the default. Only parameters of this list count.
        """
        name = job_order_task_name(task)
        values = self.defaults(task)
        layers: list[Mapping[str, str]] = []
        if configuration is not None:
            layers += [
                configuration.global_parameters,
                configuration.task_parameters.get(name, {}),
                _switches(name, values, configuration.is_parallel),
            ]
        for layer in (*layers, table or {}, options or {}):
            values.update({key: value for key, value in layer.items() if key in values})
        return values

    def split_axes(self, task: str) -> tuple[SplitAxis, ...]:
        """Axes that `task` can be split along, those of its parameters."""
        defaults = self.defaults(task)
        axes = []
        for axis, names in _AXIS_PARAMETERS.items():
            switch = defaults.get(f"PARALLEL_{axis}")
            slices = tuple(Parameter(name, defaults[name]) for name in names if name in defaults)
            if slices:
                axes.append(SplitAxis(axis, None if switch is None else switch == "true", slices))
        return tuple(axes)

    def feeds(self, task: str, file_type: str) -> tuple[Feed, ...]:
        """What feeds the input `file_type` of `task`; () when the latest output of that type does."""
        return self.input_mapping.get(job_order_task_name(task), {}).get(file_type, ())

    def unknown_parameters(self, configuration: OrchestratorConfiguration) -> tuple[str, ...]:
        """Overloaded parameters that have nowhere to go, as ``NAME`` or ``TASK.NAME``."""
        everywhere = {each.name for each in self.common} | {
            each.name for parameters in self.tasks.values() for each in parameters
        }
        lost = [name for name in configuration.global_parameters if name not in everywhere]
        for task, parameters in configuration.task_parameters.items():
            own = {each.name for each in self.tasks.get(task, ())}
            lost += [f"{task}.{name}" for name in parameters if name not in own]
        return tuple(lost)


def read_orchestrator_configuration(path: str | os.PathLike[str]) -> OrchestratorConfiguration:
    """Configuration of one mode in the file `path`; `JobOrderError` naming file and element."""
    file = Path(path)
    notes: list[str] = []
    top = _known(
        read_json(file),
        notes,
        "EXTERNAL_PARALLELIZATION",
        "PARALLELIZATION",
        "PARAMETERS_OVERLOADING",
        "OUTPUT_CONTEXT_RULES",
        "FOLDER_FUSION_STRATEGY",
    )
    parallelization = _known(top.get("PARALLELIZATION"), notes, "MODE", "PARTITIONS")
    overloading = _known(top.get("PARAMETERS_OVERLOADING"), notes, "GLOBAL", "IDPSC_SPECIFIC")
    return OrchestratorConfiguration(
        external_axes=top["EXTERNAL_PARALLELIZATION"].texts() if "EXTERNAL_PARALLELIZATION" in top else (),
        is_parallel={axis: node.boolean() for axis, node in _entries(parallelization, "MODE").items()},
        partitions=tuple(_read_partition(each) for each in _items(parallelization, "PARTITIONS")),
        global_parameters={name: node.text() for name, node in _entries(overloading, "GLOBAL").items()},
        task_parameters={
            task: node.text_by_key() for task, node in _entries(overloading, "IDPSC_SPECIFIC").items()
        },
        output_rules={
            rule: {task: types.texts() for task, types in node.entries().items()}
            for rule, node in _entries(top, "OUTPUT_CONTEXT_RULES").items()
        },
        folder_fusion=_folder_fusion(top.get("FOLDER_FUSION_STRATEGY")),
        source=file,
        notes=tuple(notes),
    )


def read_orchestrator_icd(path: str | os.PathLike[str]) -> OrchestratorIcd:
    """Parameter list in the file `path`; `JobOrderError` naming file and element."""
    file = Path(path)
    notes: list[str] = []
    document = read_json(file)
    top = _known(document, notes, "PARAMETERS", "INPUT_OUTPUT_MAPPING", "FOLDER_FUSION_STRATEGY")
    if "PARAMETERS" not in top:
        raise document.error("a member PARAMETERS")
    parameters = {task: _read_parameters(node) for task, node in top["PARAMETERS"].entries().items()}
    return OrchestratorIcd(
        common=parameters.pop(COMMON, ()),
        tasks=parameters,
        input_mapping={
            task: {
                file_type: tuple(Feed(output, tasks.texts()) for output, tasks in feeds.entries().items())
                for file_type, feeds in node.entries().items()
            }
            for task, node in _entries(top, "INPUT_OUTPUT_MAPPING").items()
        },
        source=file,
        notes=tuple(notes),
    )


def _known(node: JsonNode | None, notes: list[str], *keys: str) -> dict[str, JsonNode]:
    """Members of the object `node`; those not among `keys` are noted."""
    entries = {} if node is None else node.entries()
    notes += [
        f"{each.name}: {each.path}: unknown, ignored" for key, each in entries.items() if key not in keys
    ]
    return entries


def _entries(members: Mapping[str, JsonNode], key: str) -> dict[str, JsonNode]:
    return members[key].entries() if key in members else {}


def _items(members: Mapping[str, JsonNode], key: str) -> list[JsonNode]:
    return members[key].items() if key in members else []


def _read_partition(node: JsonNode) -> Partition:
    items = node.items()
    if len(items) < 2:
        raise node.error("an axis and at least one number")
    return Partition(items[0].text(), tuple(item.count() for item in items[1:]))


def _folder_fusion(node: JsonNode | None) -> str:
    if node is None:
        return FOLDER_FUSION_STRATEGIES[0]
    if node.text() not in FOLDER_FUSION_STRATEGIES:
        raise node.error(" or ".join(FOLDER_FUSION_STRATEGIES))
    return node.text()


def _read_parameters(node: JsonNode) -> tuple[Parameter, ...]:
    parameters = []
    for item in node.items():
        words = item.texts()
        if len(words) != 2:
            raise item.error("a list of a name and a default value")
        parameters.append(Parameter(*words))
    return tuple(parameters)


def _switches(task: str, values: Mapping[str, str], is_parallel: Mapping[str, bool]) -> dict[str, str]:
    """The PARALLEL_* switches of a mode for one task.

    A task split into runs of granules is not split into granules as well, nor into detectors when the runs
    are of single detectors already.
    """
    switches = {f"PARALLEL_{axis}": on for axis, on in is_parallel.items()}
    if "BAND" in is_parallel:
        switches["PARALLEL_BAND_QL"] = is_parallel["BAND"]
    if task == NOT_SPLIT_BY_BAND:
        switches.pop("PARALLEL_BAND", None)
    if is_parallel.get("ATF") and "PARALLEL_ATF" in values:
        excluded = ["GRANULE", "DETECTOR"] if "PARALLEL_ATF_DETECTOR_IDENT" in values else ["GRANULE"]
        switches |= {f"PARALLEL_{axis}": False for axis in excluded if axis in is_parallel}
    return {name: "true" if on else "false" for name, on in switches.items()}


def job_order_task_name(table_name: str) -> str:
    """Task_Name that the job order of the task table's task `table_name` carries.

    A suffix after the first dash tells uses of one executable apart; every OLQC_* is the executable OLQC.
    """
    name = table_name.partition("-")[0]
    return OLQC if name.startswith(f"{OLQC}_") else name


def split_identifiers(identifiers: str, parts: int) -> tuple[str, ...]:
    """The dash-separated list cut into at most `parts` runs, the shorter ones first.

    For instance ``B00-B01-B02`` in two parts is ``B00`` and ``B01-B02``.
    """
    if parts < 1:
        raise ValueError(f"expected at least one part, found {parts}")
    items = identifiers.split("-")
    runs = []
    for left in range(min(parts, len(items)), 0, -1):
        length = len(items) // left
        runs.append("-".join(items[:length]))
        items = items[length:]
    return tuple(runs)
