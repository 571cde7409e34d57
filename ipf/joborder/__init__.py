"""Job orders: one neutral model, read and written in the MMFI and EEGS dialects and those of plugins."""

from ipf.joborder.dialects import (
    BUILT_IN_DIALECTS,
    Dialect,
    read_job_order,
    to_xml,
    write_job_order,
)
from ipf.joborder.loglevels import LogLevel, LogSelection
from ipf.joborder.model import (
    AreaOfInterest,
    Breakpoint,
    BreakpointFile,
    ConfigurationFile,
    FileNameType,
    Input,
    Interval,
    JobOrder,
    Layout,
    Output,
    Parameter,
    RamDisk,
    Resources,
    SensingTime,
    Task,
    TimeInterval,
)
from ipf.joborder.moment import Moment

__all__ = [
    "BUILT_IN_DIALECTS",
    "AreaOfInterest",
    "Breakpoint",
    "BreakpointFile",
    "ConfigurationFile",
    "Dialect",
    "FileNameType",
    "Input",
    "Interval",
    "JobOrder",
    "Layout",
    "LogLevel",
    "LogSelection",
    "Moment",
    "Output",
    "Parameter",
    "RamDisk",
    "Resources",
    "SensingTime",
    "Task",
    "TimeInterval",
    "read_job_order",
    "to_xml",
    "write_job_order",
]
