"""The other end of a question that is answered in a child process: JSON in, rows out, an end or an error at last."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from exposure.errors import ExposureError, QuestionError
from exposure.lifeline import end_with_parent

NICENESS = 10
"""So that other requests come first."""

Answer = Callable[[dict[str, Any]], tuple[Iterable[Any], Any]]
"""Gives (rows that are dataclasses, the end) to a question."""


def answer_question(answer: Answer) -> int:
    """Answer the question on the first line of standard input; the exit status."""
    end_with_parent()
    gc.disable()  # of one question there is nothing to collect, and millions of objects to look through for it
    os.nice(NICENESS)
    out = _claimed_standard_output()
    question = json.loads(sys.stdin.buffer.readline())
    try:
        rows, end = answer(question)
        said = [json.dumps(asdict(row)) for row in rows]
        _refuse_excess(said, question)
        last: dict[str, Any] = {"end": end}
    except ExposureError as error:
        said, last = [], {"error": type(error).__name__, "sentence": str(error)}
    with out:
        out.writelines(f"{line}\n" for line in [*said, json.dumps(last)])
    return 0


def sent_with_question() -> bytes:
    """What came on standard input after the question: a body as it was sent."""
    return sys.stdin.buffer.read()


def _claimed_standard_output() -> Any:
    """Standard output for our lines alone: what a library prints there goes to standard error."""
    descriptor = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(descriptor, "w", encoding="ascii")


def _refuse_excess(said: list[str], question: dict[str, Any]) -> None:
    size, most = sum(map(len, said)), question.get("most_bytes")
    if most is not None and size > most:
        raise QuestionError(f"The answer would have {size:,} bytes, {most:,} is the most. Ask for less at once.")
