"""Children of jobs as processes: what they were told, what they said, and how they ended."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exposure.api.lines import Line

PATIENCE = 45.0


@dataclass
class Said:
    """The lines of a child, what else stood on its standard output, its status and standard error."""

    status: int
    lines: list[Line] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    err: str = ""

    @property
    def outcome(self) -> dict[str, Any]:
        """Its last line."""
        assert self.lines, self.err
        assert self.lines[-1].type == "outcome", self.err
        assert all(line.type != "outcome" for line in self.lines[:-1])
        return self.lines[-1].data

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of its lines of one type."""
        return [line.data for line in self.lines if line.type == kind]


def start(module: str, text: str, **options: Any) -> subprocess.Popen[str]:
    """`python -m MODULE` with `text` on standard input, as the leader of a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.close()
    process.stdin = None
    return process


def finished(process: subprocess.Popen[str]) -> Said:
    """All that it said, once it has ended."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    said = Said(process.returncode, err=err)
    for text in out.splitlines():
        line = Line.read(text)
        if line is not None:
            said.lines.append(line)
        elif text:
            said.noise.append(text)
    return said


def done(module: str, spec: BaseModel | str, **options: Any) -> Said:
    """What a child said to `spec`."""
    text = spec if isinstance(spec, str) else spec.model_dump_json()
    return finished(start(module, text, **options))


def until(is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something that is bound to happen."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    """The processes below `pid` that are there now."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    found, left = [], [pid]
    while left:
        more = children.get(left.pop(), [])
        found += more
        left += more
    return found


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only what its parent has not yet taken note of."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _parents() -> Iterator[tuple[int, int]]:
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                yield int(process.name), int((process / "stat").read_text().rpartition(")")[2].split()[1])
