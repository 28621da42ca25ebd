"""How an attempt ended, as its worker says."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to. `problem` is a sentence, where it did not succeed.

    `is_retryable`: another attempt may do better. A failure that is (a crash, no memory) puts the job back into the
    queue, three times at most. A cancellation that is, where nobody had asked for one, gives the job back: its worker
    is being stopped, and the attempt does not count.
    """

    state: Literal["succeeded", "failed", "cancelled"]
    result: dict[str, Any] | None = None
    problem: str | None = None
    is_retryable: bool = False

    def to_json(self) -> str:
        """The same text for the same outcome."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False)
