"""The processes of a service: found by who started them, never by name alone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

MARKS = {
    "worker": "service.workers",
    "index": "indexer",
    "evaluation": "evaluator",
    "making": "service.sets.making",
}
"""What kills can be of, and the module that stands in the command line."""


def descendants(process: int) -> dict[int, list[str]]:
    """Process → command line, of all that `process` started and what these started."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, new = set[int](), {process}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return {one: command for one in found if (command := _command(one))}


def kill_one(service: int, kind: str) -> bool:
    """SIGKILL to a process of `kind` of a service; False where there is none now."""
    for process, command in descendants(service).items():
        if MARKS[kind] in command:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
            return True
    return False


def _command(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
