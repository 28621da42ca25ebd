"""A job's child process: a spec on standard input, lines on standard output, an outcome as the last of them.

It is told to end by SIGTERM, and then keeps what is finished. What no sentence is known for ends it with a traceback
on standard error and without an outcome: it has crashed, as by a signal, and its worker says so.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from exposure.child_lines import ChildLines
from exposure.errors import ExposureError, UsageError
from exposure.lifeline import end_with_parent
from exposure.progress import told

NICENESS = 5
"""Answers come first where the service is on the same machine."""
CANCELLED = {"state": "cancelled"}
Spec = TypeVar("Spec", bound=BaseModel)
Work = Callable[[Spec, ChildLines], dict[str, Any]]


END_SECONDS = 3.0
"""Once told to end, a child that has not cleaned up within this long ends as it is: nothing is ever half there."""


class Cancelled(BaseException):
    """The job is to end now; no Exception, so that nobody takes it for a failure of what was under way."""


def run_child(kind: type[Spec], work: Work[Spec]) -> int:
    """Do `work` on the spec of `kind` that stands on standard input, tell its outcome, and return the exit status.

    Import what takes long, or may print, within `work`.
    """
    end_with_parent()
    os.nice(NICENESS)
    lines = ChildLines.of_standard_output()
    ending = Ending(lines)
    try:
        ending.obey()
        outcome = _outcome(kind, work, lines, ending)
        ending.ignore()
    except Cancelled:
        outcome = CANCELLED
    lines.outcome(outcome)
    return 0


class Ending:
    """Whether we were told to end. The signal interrupts the main thread at once; code that swallows that is asked
    again by every progress, and what hangs is not waited for."""

    def __init__(self, lines: ChildLines) -> None:
        self.is_told = False
        self._lines = lines

    def obey(self) -> None:
        """End by Cancelled when SIGTERM or SIGINT comes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._cancel)

    def ignore(self) -> None:
        """It is too late: the work is done, and only has to be said."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    def check(self) -> None:
        """Raise Cancelled, in the main thread, once we were told to end."""
        if self.is_told and threading.current_thread() is threading.main_thread():
            raise Cancelled

    def _cancel(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self.is_told:
            self.is_told = True
            insisting = threading.Timer(END_SECONDS, self._insist)
            insisting.daemon = True
            insisting.start()
            raise Cancelled

    def _insist(self) -> None:
        self._lines.outcome(CANCELLED)
        os._exit(0)


def _outcome(kind: type[Spec], work: Work[Spec], lines: ChildLines, ending: Ending) -> dict[str, Any]:
    def listen(stage: str, done: float, total: float, unit: str) -> None:
        ending.check()
        lines.progress(stage, done, total, unit)

    try:
        with told(listen):
            return {"state": "succeeded", "result": work(_read(kind), lines)}
    except ExposureError as error:
        problem = str(error)
    except MemoryError:
        problem = "There is not enough memory. Finished work is kept: give more, or ask for less at once."
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        problem = f"{where}{error.strerror or error}. Finished work is kept: mend this and ask again."
    ending.check()
    return {"state": "failed", "problem": problem}


def _read(kind: type[Spec]) -> Spec:
    try:
        return kind.model_validate_json(sys.stdin.buffer.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "standard input"
        raise UsageError(
            f"What this process was asked to do is not as it should be: {where}: {first['msg']}. It is started by a "
            "worker (exposure worker) of the same version."
        ) from error
