"""The engine: what a plugin author and the command line use.

A plugin imports everything it needs from here::

    from ipf.engine import BlockStep, StepParameters, hookimpl, reads, writes
"""

from ipf.engine.context import Context, TaskRequest
from ipf.engine.descriptions import (
    AuxiliaryType,
    CheckDefinition,
    ExecutorDefinition,
    FileRequirement,
    Processor,
    Reader,
    TaskDefinition,
    Writer,
)
from ipf.engine.executors import CancelledError, Executor
from ipf.engine.hookspecs import hookimpl
from ipf.engine.listener import RunListener
from ipf.engine.plan import DeferredTask, Plan, RunOptions, TaskPlan
from ipf.engine.planner import plan_job
from ipf.engine.plugins import Plugins, load_plugins
from ipf.engine.report import Message, RunReport, Status, StepReport, TaskReport
from ipf.engine.runner import run_plan
from ipf.engine.settings import Setting, TaskSettings
from ipf.engine.step import (
    Bands,
    BlockStep,
    Findings,
    Margins,
    NoParameters,
    PlannedFile,
    SceneStep,
    SinkStep,
    SourceStep,
    Step,
    StepParameters,
    Written,
    provides,
    reads,
    writes,
)

__all__ = [
    "AuxiliaryType",
    "Bands",
    "BlockStep",
    "CancelledError",
    "CheckDefinition",
    "Context",
    "DeferredTask",
    "Executor",
    "ExecutorDefinition",
    "FileRequirement",
    "Findings",
    "Margins",
    "Message",
    "NoParameters",
    "Plan",
    "PlannedFile",
    "Plugins",
    "Processor",
    "Reader",
    "RunListener",
    "RunOptions",
    "RunReport",
    "SceneStep",
    "Setting",
    "SinkStep",
    "SourceStep",
    "Status",
    "Step",
    "StepParameters",
    "StepReport",
    "TaskDefinition",
    "TaskPlan",
    "TaskReport",
    "TaskRequest",
    "TaskSettings",
    "Writer",
    "Written",
    "hookimpl",
    "load_plugins",
    "plan_job",
    "provides",
    "reads",
    "run_plan",
    "writes",
]
