"""A plan for people (tables) and for programs (JSON)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipf.cli.tables import table_text
from ipf.engine import BlockStep, DeferredTask, Plan, SceneStep, SinkStep, SourceStep, Step, TaskPlan
from ipf.engine.plan import PlannedLayer, PlannedStep, TaskOutline
from ipf.engine.requests import Inputs

KINDS = {SourceStep: "source", BlockStep: "block", SceneStep: "scene", SinkStep: "sink"}


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "job_order": str(plan.job_order_path),
        "dialect": plan.job_order.dialect,
        "processor_name": plan.job_order.processor_name,
        "processor_version": plan.job_order.processor_version,
        "executor": plan.options.executor,
        "block_size_m": plan.options.block_size_m,
        "memory_bytes": plan.memory_bytes,
        "tasks": [_task(task) for task in plan.tasks],
    }


def _task(task: TaskPlan | DeferredTask) -> dict[str, Any]:
    return {
        "name": task.request.task_name,
        "part": task.request.part,
        "definition": task.definition.name,
        "version": task.version,
        "workers": task.context.workers,
        "creation_date": task.context.creation_date.isoformat(),
        "memory_bytes": _memory_of(task),
        "planned_later": isinstance(task, DeferredTask),
        "waits_for": _texts(_awaited(task)),
        "inputs": _texts(task.request.inputs),
        "auxiliary": [str(path) for path in task.auxiliary],
        "outputs": [{"file_type": file.file_type, "path": str(file.path)} for file in task.outputs],
        "breakpoints": {name: str(path) for name, path in task.breakpoints.items()},
        "steps": [_step(planned) for planned in task.steps],
        "layers": [
            {
                "name": layer.name,
                "producer": layer.producer,
                "consumers": list(layer.consumers),
                "resolution_m": layer.grid.resolution,
                "rows": layer.grid.rows,
                "columns": layer.grid.columns,
                "dtype": layer.dtype,
                "bytes": layer.nbytes,
                "held": layer.held,
            }
            for layer in _layers(task)
        ],
        "without_effect": list(task.without_effect),
        "warnings": list(task.warnings),
    }


def _memory_of(task: TaskPlan | DeferredTask) -> int | None:
    """Forecast in bytes; None when the task is planned later."""
    return None if isinstance(task, DeferredTask) else task.memory_bytes


def _awaited(task: TaskOutline) -> Inputs:
    return task.awaited if isinstance(task, DeferredTask) else {}


def _layers(task: TaskOutline) -> tuple[PlannedLayer, ...]:
    return task.layers if isinstance(task, TaskPlan) else ()


def _texts(files: Inputs) -> dict[str, list[str]]:
    return {name: [str(path) for path in paths] for name, paths in files.items()}


def _step(planned: PlannedStep) -> dict[str, Any]:
    return {
        "name": planned.step.name,
        "kind": _kind(planned.step),
        "summary": planned.step.summary,
        "provider": planned.provider,
        "pass": planned.pass_number,
        "bands": _bands(planned),
        "skipped": planned.skipped,
        "notes": list(planned.findings.notes),
        "parameters": [
            {
                "name": parameter.name,
                "value": _json_value(parameter.value),
                "origin": parameter.origin,
                "description": parameter.description,
            }
            for parameter in planned.parameter_origins
        ],
    }


def _kind(step: Step) -> str:
    return next(name for kind, name in KINDS.items() if isinstance(step, kind))


def _bands(planned: PlannedStep) -> list[str]:
    return [unit.band for unit in planned.units if unit.band]


def _json_value(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def plan_tables(plan: Plan) -> str:
    """The plan as tables."""
    order = plan.job_order
    head = (
        f"{order.processor_name} {order.processor_version}  {order.dialect} job order {plan.job_order_path}\n"
        f"executor {plan.options.executor}, blocks of {plan.options.block_size_m} m, "
        f"memory forecast {_megabytes(plan.memory_bytes)}{_without_deferred(plan)}\n"
    )
    return head + "".join(_task_tables(task) for task in plan.tasks)


def _without_deferred(plan: Plan) -> str:
    names = ", ".join(task.request.task_name for task in plan.deferred)
    return f" without {names}, planned later" if names else ""


def _task_tables(task: TaskPlan | DeferredTask) -> str:
    steps = [
        (
            planned.pass_number,
            planned.step.name,
            "loaded" if planned.skipped else _kind(planned.step),
            " ".join(_bands(planned)),
            planned.provider,
            planned.step.summary,
        )
        for planned in task.steps
    ]
    parameters = [
        (planned.step.name, parameter.name, parameter.value, parameter.origin, parameter.description)
        for planned in task.steps
        for parameter in planned.parameter_origins
    ]
    chain = task.definition.name
    stands_for = "" if chain == task.request.task_name else f" (chain {chain})"
    title = f"\ntask {task.title} {task.version}".rstrip() + (
        f"{stands_for}: {task.context.workers} workers, {_forecast(task)}\n"
    )
    sections = (
        ("steps", ("pass", "step", "kind", "bands", "provider", "summary"), steps),
        ("parameters", ("step", "name", "value", "origin", "description"), parameters),
        ("waits for", ("type", "path"), _rows(_awaited(task))),
        ("inputs", ("type", "path"), _rows(task.request.inputs)),
        ("auxiliary files", ("path",), [(path,) for path in task.auxiliary]),
        ("outputs", ("type", "path"), [(file.file_type, file.path) for file in task.outputs]),
        ("breakpoints", ("layer", "path"), list(task.breakpoints.items())),
        ("layers", ("quantity", "bands", "from", "m", "type", "size", "kept"), _layer_rows(task)),
        ("notes", ("step", "note"), list(task.notes)),
        ("without effect", ("name",), [(name,) for name in task.without_effect]),
        ("warnings", ("text",), [(text,) for text in task.warnings]),
    )
    return title + "".join(
        f"\n{table_text(heading, columns, rows)}" for heading, columns, rows in sections if rows
    )


def _forecast(task: TaskPlan | DeferredTask) -> str:
    memory = _memory_of(task)
    return "planned later" if memory is None else f"memory forecast {_megabytes(memory)}"


def _rows(files: Inputs) -> list[tuple[str, Path]]:
    return [(name, path) for name, paths in files.items() for path in paths]


def _layer_rows(task: TaskOutline) -> list[tuple[Any, ...]]:
    """Layers gathered by quantity and pixel size: a product has over fifty of them."""
    steps = {planned.step.name for planned in task.steps}
    groups: dict[tuple[Any, ...], list[PlannedLayer]] = {}
    for layer in _layers(task):
        quantity = layer.name.partition("/")[0]
        producer = layer.producer if layer.producer in steps else "files"
        kept = "whole" if layer.held else "by block"
        groups.setdefault((quantity, producer, layer.grid.resolution, layer.dtype, kept), []).append(layer)
    rows = []
    for (quantity, producer, resolution, dtype, kept), layers in groups.items():
        bands = " ".join(layer.name.partition("/")[2] for layer in layers)
        size = _megabytes(sum(layer.nbytes for layer in layers))
        rows.append((quantity, bands, producer, resolution, dtype, size, kept))
    return rows


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
