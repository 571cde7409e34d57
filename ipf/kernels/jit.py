"""The one JIT decorator of the project, so that every kernel is compiled under the same policy.

A kernel is a plain serial loop over arrays. Threads stand outside (they call kernels on blocks of their
own), hence `nogil`, and never `parallel=True`: two threads inside a parallel kernel abort the process.
Floating point keeps its order and its NaN (`fastmath=False`), since block invariance is promised bit for bit,
and a division by zero gives an infinity or NaN as in numpy instead of an exception.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile `function` on its first call (cached on disk), without the GIL and with numpy's error model.

    The undecorated function stays reachable as ``py_func`` for tests.
    """
    return cast(
        Function, njit(function, nogil=True, cache=True, error_model="numpy", fastmath=False, parallel=False)
    )
