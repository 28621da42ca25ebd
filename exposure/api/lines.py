"""What a job's child process says on standard output, one JSON object a line; its worker passes it on.

A child gets its work as one JSON object on standard input. Its last line is an outcome; a child that ends without one
has crashed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, TextIO

LineType = Literal["progress", "checkpoint", "measurement", "note", "outcome"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `data` of an outcome: {"state": "succeeded", "result": {…}} or {"state": "failed", "problem": "…"}."""

    type: LineType
    data: dict[str, Any]

    def write(self, stream: TextIO) -> None:
        """Write it whole, at once."""
        stream.write(json.dumps(asdict(self), ensure_ascii=True) + "\n")
        stream.flush()

    @classmethod
    def read(cls, text: str) -> Line | None:
        """The line that `text` is; None where it is something else, as libraries print."""
        try:
            fields = json.loads(text)
            return cls(fields["type"], dict(fields["data"]))
        except (ValueError, KeyError, TypeError):
            return None
