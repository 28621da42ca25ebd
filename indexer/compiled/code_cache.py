"""Where compiled code is kept, so that a machine compiles a kernel once: a file for each kernel and types of arguments.

The folder is `code-<versions>` in $EXPOSURE_CODE_CACHE, else in `exposure` under the user's folder for caches. A file
is named by all that its content depends on: versions of Python, numba and llvmlite, the kind of vectors, the processor,
and every source file that the kernel's own imports (sources.py). Files are written whole or not at all, and are held
against their digest when read: processes that compile at once disturb nobody, and a folder that was filled elsewhere
may be read-only. Where nothing can be kept, every process compiles anew.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from exposure import __version__
from indexer.compiled.sources import digest_of_sources
from indexer.compiled.vectors import HAS_VECTORS

VARIABLE = "EXPOSURE_CODE_CACHE"


def code_folder() -> Path | None:
    """The folder of compiled code; None where neither the variable nor a home says one."""
    chosen = os.environ.get(VARIABLE)
    try:
        root = Path(chosen) if chosen else _user_caches() / "exposure"
    except RuntimeError:  # no home
        return None
    return root / f"code-{numba.__version__}-{_version_digest()[:12]}"


def _user_caches() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    return Path(named) if named else Path.home() / ".cache"


@cache
def _version_digest() -> str:
    versions = (__version__, platform.python_version(), numba.__version__, llvmlite.__version__, HAS_VECTORS)
    return hashlib.sha256(repr(versions).encode()).hexdigest()


class KernelCode:
    """The kept code of one kernel. Has the methods that numba's dispatchers ask of a cache."""

    def __init__(self, function: Callable[..., Any], on_compile: Callable[[], None]) -> None:
        """`on_compile` is called whenever there is no code to load, so that numba is about to compile."""
        self._function = function
        self._on_compile = on_compile

    @property
    def cache_path(self) -> str | None:
        """The folder of the code."""
        folder = code_folder()
        return None if folder is None else str(folder)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """The kernel compiled for `signature`, or None."""
        target.refresh()
        path = self._path(signature, target.codegen())
        content = _read(path) if path else None
        if content is None:
            self._on_compile()
            return None
        return CompileResult._rebuild(target, *pickle.loads(content))

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep what was compiled for `signature`, where something can be written."""
        path = self._path(signature, result.codegen)
        if path and not result.library.has_dynamic_globals:
            _write(path, dumps(result._reduce()))

    def _path(self, signature: Any, processor: Any) -> Path | None:
        folder = code_folder()
        if folder is None:
            return None
        closed_over = [cell.cell_contents for cell in self._function.__closure__ or ()]
        parts = (repr(signature), processor.magic_tuple(), self._function.__code__.co_code, dumps(closed_over))
        sources = digest_of_sources(Path(self._function.__code__.co_filename))
        digest = hashlib.sha256(repr((parts, sources)).encode()).hexdigest()
        return folder / f"{self._function.__module__}.{self._function.__qualname__}-{digest[:20]}"

    def enable(self) -> None:
        """Asked for by numba; code is always kept."""

    def disable(self) -> None:
        """Asked for by numba; code is always kept."""

    def flush(self) -> None:
        """Asked for by numba before it recompiles; what is kept is right."""


def _read(path: Path) -> bytes | None:
    """What was kept at `path`; None where there is nothing or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:32], content[32:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(code).digest() + code)
        temporary.replace(path)
    except OSError:  # read-only or full: the next process compiles again
        _remove(temporary)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
