"""The one decorator of compiled functions: no Python objects, no GIL, code that is kept (code_cache.py)."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

from exposure.errors import UsageError
from indexer.compiled.code_cache import VARIABLE, KernelCode, code_folder

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

SECONDS = 20
"""About how long everything takes to compile, as a person is told."""


def kernel(function: Kernel) -> Kernel:
    """`function` as machine code, compiled at its first call unless its code is kept.

    Kernels must not read or write outside their arrays, and not raise: nothing checks bounds, and a division by zero
    gives what the processor gives. They may use constants of any file that theirs imports at its top.
    """
    compiled = numba.njit(nogil=True, boundscheck=False, error_model="numpy")(function)
    compiled._cache = KernelCode(function, _tell)
    return compiled


def refuse_without_compiler() -> None:
    """Raise UsageError where numba was told to compile nothing: reading, packing and counting are compiled code."""
    if numba.config.DISABLE_JIT:
        raise UsageError(
            "NUMBA_DISABLE_JIT is set, so nothing can be compiled, and indexing is compiled code. Unset it. Where only "
            "vector operations cannot be built, EXPOSURE_PLAIN_LOOPS=1 does without them."
        )


@cache
def _tell() -> None:
    """Say, once in a process, why it takes a while until something happens."""
    folder = code_folder()
    if folder is not None and _is_writable(folder):
        notice = f"compiling for this machine, once (about {SECONDS} s) …"
    else:
        notice = (
            f"compiling for this machine (about {SECONDS} s), and in every process again: its code cannot "
            f"be kept in {folder or 'a home that is not there'}. Set {VARIABLE} to a folder that can be written …"
        )
    sys.stderr.write(f"{notice}\n")
    sys.stderr.flush()


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
