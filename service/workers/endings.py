"""What became of an attempt, from how its child process ended."""

from __future__ import annotations

import signal

from service.jobs.outcome import Outcome
from service.settings import Settings
from service.workers.job_process import JobProcess
from service.workers.publicity import public_text, public_value

GIVEN_BACK = Outcome("cancelled", problem="Its worker was stopped, and gave it back.", is_retryable=True)
"""Somebody else takes it up where it was left; the attempt does not count."""


def outcome_of(settings: Settings, process: JobProcess, status: int, is_cancelled: bool, is_stopping: bool) -> Outcome:
    """The outcome of a process that ended with `status`; a child that told none has crashed, unless it had to end."""
    told = process.outcome or {}
    match told.get("state"):
        case "succeeded":
            return Outcome("succeeded", result=public_value(settings, told.get("result")))
        case "failed":
            return Outcome("failed", problem=public_text(settings, str(told.get("problem"))))
    if is_cancelled:
        return Outcome("cancelled", problem="It was cancelled. What was finished before is kept.")
    if is_stopping:
        return GIVEN_BACK
    if told:  # it was told to end, and not by us
        return Outcome("failed", problem="Its process was told to end by somebody else.", is_retryable=True)
    return Outcome("failed", problem=_crash(settings, status, process.said_last), is_retryable=True)


def _crash(settings: Settings, status: int, said_last: str) -> str:
    how = f"ended with status {status} without saying what became of the job"
    if status < 0:
        how = f"was ended by {_signal_name(-status)}{_MEANINGS.get(-status, '')}"
    last = public_text(settings, said_last)
    return f"The process of the job {how}. Finished work is kept." + (f" It said last:\n{last}" if last else "")


_MEANINGS: dict[int, str] = {
    signal.SIGKILL: ", as when memory runs out",
    signal.SIGSEGV: ", a fault in native code",
    signal.SIGABRT: ", given up by native code",
    signal.SIGBUS: ", as when a file shrinks while it is read, or a disk is full",
}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
