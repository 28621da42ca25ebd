"""Asking the command line: in this process, where any traceback fails the test, or in a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from exposure.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str


def exposure(*arguments: object) -> Answer:
    """`exposure ARGUMENTS` in this process; what is no SystemExit would have been a traceback, and is let through."""
    out, err = io.StringIO(), io.StringIO()
    status: object = None
    with patch.object(sys, "argv", ["exposure", *map(str, arguments)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code
    assert isinstance(status, int), "every command ends with a status"
    return Answer(status, out.getvalue(), err.getvalue())


def command(*arguments: object) -> list[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "exposure", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, standard output being buffered as it usually is."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"} | changes


def process(*arguments: object, folder: Path | None = None, **changes: str) -> Answer:
    """`exposure ARGUMENTS` as a process."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def assert_sentence(answer: Answer, status: int = 1) -> None:
    """An error that a user can read: the status, nothing on standard output, no traceback, what to do."""
    assert answer.status == status, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert answer.err.startswith("error: " if status == 1 else "Usage: "), answer.err
