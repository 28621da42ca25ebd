"""The child process of one job: what it says, and how it is ended, with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from exposure.api.lines import Line
from exposure.lifeline import PARENT

TAIL_BYTES = 4096
DRAIN_SECONDS = 5.0
"""How long what is still in its pipes may take to arrive, once it has ended."""


class JobProcess:
    """A process in a session of its own. Start it from a thread that outlives it: the kernel ends it with that thread.

    `outcome` is the data of its last line once it has said one; `on_line`, called in another thread, hears the others.
    """

    def __init__(
        self, command: Sequence[str], spec: str, environment: Mapping[str, str], on_line: Callable[[Line], None]
    ) -> None:
        self.outcome: dict[str, object] | None = None
        self._on_line = on_line
        self._tail = b""
        self._told_to_end: float | None = None
        with tempfile.TemporaryFile() as given:
            given.write(spec.encode())
            given.seek(0)
            self._process = subprocess.Popen(
                command,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment, PARENT: str(os.getpid())},
                start_new_session=True,
            )
        self._readers = [
            threading.Thread(target=self._read_lines, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_tail, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Its process id, and that of its group."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether it runs no more; it is not reaped, so that its id stays its own until `finish`."""
        if self._process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None

    def end(self, grace_seconds: float) -> None:
        """Tell it to end; once it was told that long ago, kill it and all that it started. Call it again and again."""
        if self._told_to_end is None:
            self._told_to_end = time.monotonic()
            os.kill(self.pid, signal.SIGTERM)
        elif time.monotonic() - self._told_to_end > grace_seconds:
            self.kill()

    def kill(self) -> None:
        """Kill it and all that it started."""
        if self._process.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)

    def finish(self) -> int:
        """Wait for its end, kill what it left behind, and return its status: negative for the signal that ended it."""
        while not self.has_ended():
            time.sleep(0.02)
        self.kill()
        status = self._process.wait()
        for reader in self._readers:
            reader.join(DRAIN_SECONDS)
        return status

    @property
    def said_last(self) -> str:
        """The end of what it wrote to standard error."""
        return self._tail.decode("utf-8", "replace").strip()

    def _read_lines(self, stream: IO[bytes]) -> None:
        with stream:
            for text in stream:
                line = Line.read(text.decode("utf-8", "replace"))
                if line is not None and line.type == "outcome":
                    self.outcome = line.data
                elif line is not None:
                    self._on_line(line)

    def _read_tail(self, stream: IO[bytes]) -> None:
        with stream:
            while part := stream.read1(TAIL_BYTES):  # type: ignore[attr-defined]
                self._tail = (self._tail + part)[-TAIL_BYTES:]
