"""The runner: executes a plan, tells what it does, and reports how it ended."""

from __future__ import annotations

import threading
import traceback
from datetime import UTC, datetime

from ipf.engine.executors import CancelledError
from ipf.engine.listener import RunListener, WarningCounter
from ipf.engine.memory import peak_memory_bytes
from ipf.engine.plan import DeferredTask, Plan, TaskOutline, TaskPlan
from ipf.engine.planner import plan_deferred
from ipf.engine.plugins import Plugins
from ipf.engine.report import RunReport, Status, TaskReport
from ipf.engine.taskrun import TaskRun
from ipf.errors import IpfError, ResourceError


def run_plan(plan: Plan, plugins: Plugins, listener: RunListener, stop: threading.Event) -> RunReport:
    """Run a plan; ordinary failures are told in the report, whose exit code the process leaves with.

    Setting `stop` ends the run before the next block: the report is then a failure.
    """
    start = _now()
    reports: list[TaskReport] = []
    counter = WarningCounter(listener)
    error, exit_code = "", 0
    for number, task in enumerate(plan.tasks):
        _tell(task, counter, told=plan.tasks[number - 1] if task.place[0] else None)
    try:
        position = 0
        while position < len(plan.tasks):
            if stop.is_set():
                raise CancelledError
            plan, task_plan = _planned(plan, position, plugins, counter)
            report_of_part = TaskRun(plan, task_plan, plugins, counter, stop).run()
            if task_plan.place[0]:
                reports[-1] = reports[-1].with_part(report_of_part)
            else:
                reports.append(report_of_part)
            position += 1
    except CancelledError:
        error, exit_code = "the run was asked to stop", IpfError.exit_code
    except IpfError as problem:
        error, exit_code = str(problem), problem.exit_code
        _log_traceback(counter, "DEBUG")
    except MemoryError:
        error, exit_code = "out of memory", ResourceError.exit_code
        _log_traceback(counter, "DEBUG")
    except Exception as problem:
        error, exit_code = f"{type(problem).__name__}: {problem}", IpfError.exit_code
        _log_traceback(counter, "ERROR")
    peak = peak_memory_bytes()
    limit = min((task.memory_limit_bytes for task in plan.tasks if task.memory_limit_bytes), default=peak)
    if peak > limit:
        counter.message("WARNING", f"{peak / 2**20:.0f} MB were used, {limit / 2**20:.0f} MB are granted")
    if error:
        counter.message("ERROR", " ".join(error.split()))
    status = Status.FAILED if error else Status.WARNING if counter.warnings else Status.OK
    report = RunReport(
        job_order=plan.job_order_path,
        processor_name=plan.job_order.processor_name,
        processor_version=plan.job_order.processor_version,
        start=start,
        stop=_now(),
        status=status,
        exit_code=exit_code,
        tasks=tuple(reports),
        warnings=tuple(counter.warnings),
        error=error,
        peak_memory_bytes=peak,
    )
    try:
        plugins.hook.ipf_finish(report=report)
    except (Exception, SystemExit) as problem:
        # What is done is done: a plugin that only looks on cannot turn it into a failure.
        counter.message("WARNING", f"hook ipf_finish failed: {type(problem).__name__}: {problem}")
        _log_traceback(counter, "DEBUG")
    return report


def _planned(plan: Plan, position: int, plugins: Plugins, counter: WarningCounter) -> tuple[Plan, TaskPlan]:
    """The plan and its task at `position`, which is planned now if it had to wait for those before it."""
    task = plan.tasks[position]
    if isinstance(task, DeferredTask):
        plan, parts = plan_deferred(plan, task, plugins)
        for part in parts:
            _tell(part, counter, told=task)
        return plan, parts[0]
    return plan, task


def _tell(task: TaskOutline, listener: RunListener, told: TaskOutline | None = None) -> None:
    """Tell what the plan of a task has for an operator, but for what was `told` before."""
    for step, note in task.notes:
        listener.message("INFO", f"step {step}: {note}")
    if task.without_effect and told is None and task.place[0] == 0:
        names = ", ".join(task.without_effect)
        listener.message("INFO", f"task {task.request.task_name}: without effect here: {names}")
    for text in task.warnings:
        if told is None or text not in told.warnings:
            listener.message("WARNING", text)
    if isinstance(task, DeferredTask):
        names = ", ".join(str(path) for paths in task.awaited.values() for path in paths)
        listener.message("INFO", f"task {task.request.task_name} is planned when {names} is made")


def _now() -> datetime:
    return datetime.now(UTC)


def _log_traceback(listener: RunListener, level: str) -> None:
    for line in traceback.format_exc().rstrip().splitlines():
        listener.message(level, line)
