"""The one exception tree of the project, and the exit code that each failure leaves the process with.

The interface between a processor and its management layer reserves 0 for success, 1-127 for success with
warnings and 128-255 for failure; 128 + N means "ended by signal N". The failures below therefore use codes
that no signal handled by the processor (SIGHUP 129, SIGINT 130, SIGTERM 143) can produce.
"""

from __future__ import annotations


class IpfError(Exception):
    """Base of every failure that the project raises on purpose; its text is one line for an operator."""

    exit_code: int = 128


class UsageError(IpfError):
    """The command line is wrong: an unknown option, a missing or surplus argument."""

    exit_code = 160


class JobOrderError(IpfError):
    """A job order, task table or orchestrator configuration cannot be read; names file, line and element."""

    exit_code = 161


class PluginError(IpfError):
    """A plugin cannot be loaded, or two plugins contradict each other; names the providers."""

    exit_code = 162


class PlanError(IpfError):
    """The job cannot be planned: unknown task, step without a producer, refused by the check pass."""

    exit_code = 163


class ParameterError(PlanError):
    """A parameter is unknown, not of its type or out of its range; names the parameter and its origin."""

    exit_code = 164


class ProductError(IpfError):
    """An input product is missing, incomplete or malformed; names the file and the element."""

    exit_code = 165


class NothingToMakeError(ProductError):
    """There is nothing to make a part of a task of, such as a tile that no detector sees.

    Where a task has other parts, this one is left out with a warning.
    """


class AuxiliaryError(IpfError):
    """An auxiliary file (GIPP, DEM, look-up table, GRIB) is missing, malformed or not valid at the date."""

    exit_code = 166


class StepError(IpfError):
    """A processing step failed on good input; names the step."""

    exit_code = 167


class OutputError(IpfError):
    """An output could not be written, or the outputs written are not those planned."""

    exit_code = 168


class ResourceError(IpfError):
    """The job needs more memory, disk or time than it is granted."""

    exit_code = 169


class QualityError(IpfError):
    """A product does not pass quality control, and the caller wants that to be a failure."""

    exit_code = 170


class ComparisonError(IpfError):
    """A product differs from its reference beyond tolerance, or could not be compared with it."""

    exit_code = 171


class SignalError(IpfError):
    """The process was asked to end. The exit code is 128 + the signal's number."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"interrupted by signal {signal_number}")
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
