"""Doing something in a fork of this process, and killing it at its n-th write or after a while.

A fork has everything imported, so a kill costs milliseconds instead of a start of Python. Nothing may have used DuckDB,
torch or threads before.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POINTS = ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir", "ftruncate")
"""The calls of `os` by which writing shows."""


@dataclass(frozen=True)
class Kill:
    """When: before or after the call number `point` of POINTS, or after `seconds`."""

    point: int | None = None
    is_before: bool = True
    seconds: float | None = None

    def __str__(self) -> str:
        if self.seconds is not None:
            return f"after {self.seconds * 1000:.0f} ms"
        return f"{'before' if self.is_before else 'after'} write {self.point}"


@dataclass(frozen=True)
class Done:
    """How it ended: killed, or by itself with what it gave back, after `points` calls and `seconds`."""

    is_killed: bool
    answer: Any
    points: int
    seconds: float


def forked(action: Callable[[], Any], scratch: Path, kill: Kill | None = None) -> Done:
    """Run `action` in a fork; its answer must be a JSON value. Raises RuntimeError where it raises."""
    result = scratch / f"result-{os.getpid()}.json"
    result.unlink(missing_ok=True)
    started = time.monotonic()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _in_child(action, result, kill)
    if kill is not None and kill.seconds is not None:
        _kill_after(child, kill.seconds)
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - started
    if os.WIFSIGNALED(status):
        return Done(True, None, 0, seconds)
    said = json.loads(result.read_bytes())
    if "error" in said:
        raise RuntimeError(said["error"])
    return Done(False, said["answer"], said["points"], seconds)


def _in_child(action: Callable[[], Any], result: Path, kill: Kill | None) -> None:
    """Never returns."""
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    points = [0]
    write = os.write
    try:
        with _counted(points, kill):
            answer = action()
        said = {"answer": answer, "points": points[0]}
    except BaseException:
        said = {"error": traceback.format_exc()}
    handle = os.open(result, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    write(handle, json.dumps(said).encode())
    os._exit(0)


@contextlib.contextmanager
def _counted(points: list[int], kill: Kill | None) -> Any:
    """Count calls of POINTS, and die at the one that was asked for."""
    originals = {name: getattr(os, name) for name in POINTS}

    def counting(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            points[0] += 1
            is_it = kill is not None and kill.point == points[0]
            if is_it and kill is not None and kill.is_before:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = originals[name](*arguments, **options)
            if is_it:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call

    for name in POINTS:
        setattr(os, name, counting(name))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def _kill_after(child: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
