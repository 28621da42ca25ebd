"""Work that would stall other requests, or that may never end, done in a child process: asked in JSON, bounded.

The child gets one JSON object on the first line of standard input, and after it what was sent. It answers with JSON
objects, one a line; the last one is
`{"end": …}`, or `{"error": the error's class, "sentence": …}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exposure import errors
from exposure.errors import ExposureError
from exposure.lifeline import PARENT
from service import errors as service_errors
from service.errors import BusyError, TooSlowError

RETRY_SECONDS = 5
"""When to ask again, for who has waited in vain already."""


@dataclass(frozen=True)
class Reply:
    """What a child answered: its rows, and what stood on its last line."""

    rows: list[dict[str, Any]]
    end: Any


class Children:
    """Asks child processes, `at_once` of them at a time, each for `seconds` at most. Threads may share it.

    More questions wait for their turn, `wait_seconds` at most; how many wait, `limits.questions` bounds.
    """

    def __init__(self, at_once: int, seconds: float, wait_seconds: float) -> None:
        self._at_once = at_once
        self._turns = threading.BoundedSemaphore(at_once)
        self._seconds = seconds
        self._wait_seconds = wait_seconds

    def ask(self, module: str, question: Mapping[str, Any], sent: bytes = b"") -> Reply:
        """What `python -m module` answers to `question` about the bytes `sent`.

        Raises the error that the child says, BusyError where its turn did not come, TooSlowError where it takes too
        long (it is killed then), ExposureError where it ends without an answer.
        """
        if not self._turns.acquire(timeout=self._wait_seconds):
            raise BusyError(
                f"{self._at_once} requests of this kind are worked on at once, and none ended within "
                f"{self._wait_seconds:g} seconds. Ask again later.",
                RETRY_SECONDS,
            )
        try:
            status, printed = self._run(module, json.dumps(question).encode() + b"\n" + sent)
        finally:
            self._turns.release()
        return _reply(status, printed)

    def _run(self, module: str, question: bytes) -> tuple[int, bytes]:
        # -P: what lies in the folder in which the service was started is no module of ours.
        with subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, PARENT: str(os.getpid())},
        ) as child:
            try:
                printed, _ = child.communicate(question, timeout=self._seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                raise TooSlowError(
                    f"This took longer than {self._seconds:g} seconds, and was ended. Ask for less at once."
                ) from None
            except BaseException:
                child.kill()
                raise
            return child.returncode, printed


def _reply(status: int, printed: bytes) -> Reply:
    lines = [json.loads(line) for line in printed.splitlines()]
    last = lines[-1] if lines else {}
    if "error" in last:
        raise _error_named(last["error"])(last["sentence"])
    if status != 0 or "end" not in last:
        raise ExposureError(
            f"The process that was to answer this ended with status {status}, without an answer: perhaps for want of "
            "memory. Ask for less at once, or tell the operator."
        )
    return Reply(lines[:-1], last["end"])


def _error_named(name: str) -> type[ExposureError]:
    found = getattr(errors, name, None) or getattr(service_errors, name, None)
    return found if isinstance(found, type) and issubclass(found, ExposureError) else ExposureError
