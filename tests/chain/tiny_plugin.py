"""A tiny chain for tests of the run-time contract: Source, Block, Sink on a scene of a few pixels.

The task TINY reads a text file (type TINY) whose first word says how the sink behaves, and writes the sum of
its pixels to a file (type SUM). Most behaviours are ways to end badly, each while a temporary output is open.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from ipf.atomic import atomic_path
from ipf.engine import (
    BlockStep,
    Context,
    FileRequirement,
    Findings,
    NoParameters,
    PlannedFile,
    Processor,
    SinkStep,
    SourceStep,
    TaskDefinition,
    Written,
    hookimpl,
    provides,
    reads,
    writes,
)
from ipf.errors import AuxiliaryError, ProductError, ResourceError
from ipf.product.raster import Grid, Raster, raster_of_array

__version__ = "7.1"
LONG_S = 60


@dataclass(frozen=True)
class Behaviour:
    """What the input file asks for."""

    name: str


@dataclass(frozen=True)
class Nothing:
    pass


@dataclass(frozen=True)
class Opened:
    counts: Annotated[Mapping[str, Raster], provides()]
    behaviour: Behaviour


def open_tiny(inputs: Nothing, parameters: NoParameters, context: Context) -> Opened:
    path = context.request.input_path("TINY")
    behaviour = path.read_text().split()[0]
    if behaviour == "unreadable":
        raise ProductError(f"{path}: expected a tiny product")
    if behaviour == "plan_bug":
        raise ZeroDivisionError("a bug in a source")
    if behaviour == "plan_long":
        begun(context.request.output_path("SUM"))
        time.sleep(LONG_S)
    grid = Grid(32633, 300000.0, 5000040.0, 60, 4, 5)
    counts = np.arange(20, dtype=np.uint16).reshape(4, 5)
    return Opened({"B01": raster_of_array("counts/B01", grid, counts, "1", 1.0)}, Behaviour(behaviour))


@dataclass(frozen=True)
class DoubleInputs:
    counts: Annotated[npt.NDArray[np.float32], reads(each_band=True)]
    behaviour: Behaviour


@dataclass(frozen=True)
class DoubleOutputs:
    doubled: Annotated[npt.NDArray[np.float32], writes(unit="1", dtype="uint16", scale=1.0, each_band=True)]


def double(inputs: DoubleInputs, parameters: NoParameters, context: Context) -> DoubleOutputs:
    if inputs.behaviour.name == "block_exit":
        sys.exit(0)
    if inputs.behaviour.name == "long_blocks":
        begun(context.request.output_path("SUM"))
        time.sleep(0.5)
    return DoubleOutputs(inputs.counts * np.float32(2.0))


@dataclass(frozen=True)
class SumInputs:
    doubled: Annotated[Mapping[str, Raster], reads()]
    behaviour: Behaviour


def plan_sum(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    planned = PlannedFile("SUM", context.request.output_path("SUM"))
    if known["behaviour"].name == "auxiliary":
        raise AuxiliaryError("no table is valid at the date")
    return Findings(outputs=(planned,), notes=("one file",))


def write_sum(inputs: SumInputs, parameters: NoParameters, context: Context) -> Written:
    path = context.request.output_path("SUM")
    total = sum(int(raster.read_all().sum()) for raster in inputs.doubled.values())
    with atomic_path(path) as temporary:
        temporary.write_text(f"{total}\n")
        BEHAVIOURS.get(inputs.behaviour.name, no_fault)(path, context)
    context.logger.debug("multiple\nlines\n\nof debug")
    if inputs.behaviour.name == "unplanned":
        return Written((PlannedFile("SUM", path.with_suffix(".other")),))
    return Written((PlannedFile("SUM", path),), {"total": float(total)})


def no_fault(path: Path, context: Context) -> None:
    """Behave well."""


def warn(path: Path, context: Context) -> None:
    context.logger.warning("something is odd")


def chatter(path: Path, context: Context) -> None:
    print("printed\ntwice", flush=True)
    print("threads of BLAS:", os.environ["OPENBLAS_NUM_THREADS"])
    print("complained", file=sys.stderr)
    warnings.warn("deprecated thing", stacklevel=1)
    from osgeo import gdal

    gdal.Error(gdal.CE_Warning, 6, "a driver\nis odd")


def wander(path: Path, context: Context) -> None:
    """Change the working directory."""
    os.chdir("/")


def bug(path: Path, context: Context) -> None:
    raise ZeroDivisionError("first line\nsecond line")


def recursion(path: Path, context: Context) -> None:
    recursion(path, context)


def memory(path: Path, context: Context) -> None:
    raise MemoryError


def resource(path: Path, context: Context) -> None:
    raise ResourceError("the disk quota is too small")


def python_exit(path: Path, context: Context) -> None:
    sys.exit("left with a text")


def os_exit(path: Path, context: Context) -> None:
    os._exit(1)


def native_exit(path: Path, context: Context) -> None:
    ctypes.CDLL(None).exit(1)


def crash(path: Path, context: Context) -> None:
    ctypes.string_at(0)


def killed(path: Path, context: Context) -> None:
    os.kill(os.getpid(), 9)


def begun(path: Path) -> None:
    """Tell the test that the long part begins."""
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".begun").touch()


def long_python(path: Path, context: Context) -> None:
    begun(path)
    end = time.monotonic() + LONG_S
    while time.monotonic() < end:
        time.sleep(0.01)


def wait_for_itself(library: ctypes.CDLL) -> None:
    """Lock a mutex twice: a native call that no signal ends."""
    mutex = ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)


def long_native(path: Path, context: Context) -> None:
    begun(path)
    wait_for_itself(ctypes.CDLL(None))


def long_native_locked(path: Path, context: Context) -> None:
    """As a native call that does not release the interpreter's lock: no Python code can run meanwhile."""
    begun(path)
    wait_for_itself(ctypes.PyDLL(None))


def long_gdal(path: Path, context: Context) -> None:
    """Encode a large JPEG 2000 file, tens of seconds in one call of a native library."""
    from osgeo import gdal

    gdal.UseExceptions()
    side = 10980
    memory_file = gdal.GetDriverByName("MEM").Create("", side, side, 1, gdal.GDT_UInt16)
    noise = np.random.default_rng(1).integers(0, 2**15, (side, side), np.uint16)
    memory_file.GetRasterBand(1).WriteArray(noise)
    begun(path)
    with atomic_path(path.with_suffix(".jp2")) as temporary:
        gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(temporary), memory_file, options=["QUALITY=100"])


def long_children(path: Path, context: Context) -> None:
    """Start helper processes: one in a session of its own, one that forked, one that ignores SIGTERM."""
    command = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"]
    free = subprocess.Popen(command, start_new_session=True)
    bound = subprocess.Popen(command)
    forked = multiprocessing.get_context("fork").Process(target=time.sleep, args=(LONG_S,))
    forked.start()
    numbers = f"{free.pid} {bound.pid} {forked.pid}"
    path.with_suffix(".children").write_text(numbers)
    long_python(path, context)


def long_thread(path: Path, context: Context) -> None:
    """Leave a thread behind that does not end."""
    threading.Thread(target=time.sleep, args=(LONG_S,)).start()


BEHAVIOURS: Mapping[str, Callable[[Path, Context], None]] = {
    "warn": warn,
    "chatter": chatter,
    "wander": wander,
    "bug": bug,
    "recursion": recursion,
    "memory": memory,
    "resource": resource,
    "python_exit": python_exit,
    "os_exit": os_exit,
    "native_exit": native_exit,
    "crash": crash,
    "killed": killed,
    "long_python": long_python,
    "long_native": long_native,
    "long_native_locked": long_native_locked,
    "long_gdal": long_gdal,
    "long_children": long_children,
    "long_thread": long_thread,
}


@hookimpl
def ipf_steps() -> list[Any]:
    return [
        SourceStep(name="open_tiny", run=open_tiny),
        BlockStep(name="double", run=double),
        SinkStep(name="write_sum", run=write_sum, check=plan_sum),
    ]


@hookimpl
def ipf_tasks() -> list[TaskDefinition]:
    return [
        TaskDefinition(
            name="TINY",
            steps=("open_tiny", "double", "write_sum"),
            inputs=(FileRequirement(file_types=("TINY",)),),
            outputs=(FileRequirement(file_types=("SUM",)),),
            aliases=("OLQC",),
        )
    ]


@hookimpl
def ipf_processors() -> list[Processor]:
    return [Processor(name="TINY_CHAIN", tasks=("TINY",))]
