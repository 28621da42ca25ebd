"""The loss log: one JSON line a training step."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from exposure.artefacts import atomic_write

FILE_NAME = "log.jsonl"


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """One training step: mean loss in nats over its targets before the update, learning rate, norm of the gradient
    before clipping, tokens (no padding) consumed up to its end, and seconds of training since the run began.
    """

    step: int
    loss: float
    lr: float
    grad_norm: float
    tokens: int
    seconds: float


class TrainingLog:
    """log.jsonl of a run, opened for going on after `step`: later lines, of work that is done again, are dropped."""

    def __init__(self, folder: Path, step: int) -> None:
        path = folder / FILE_NAME
        kept = [one for one in read_log(folder) if one.step <= step]
        with atomic_write(path) as partial:
            partial.write_text("".join(map(_line, kept)), encoding="utf-8")
        self.last = kept[-1] if kept else LoggedStep(0, 0.0, 0.0, 0.0, 0, 0.0)
        self._file = path.open("a", encoding="utf-8")

    def write(self, steps: list[LoggedStep]) -> None:
        """Append lines."""
        self._file.write("".join(map(_line, steps)))
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_log(folder: Path) -> list[LoggedStep]:
    """The steps that were logged in a run's folder; a last line that was cut off by a crash is left out."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [LoggedStep(**json.loads(line)) for line in lines]


def _line(step: LoggedStep) -> str:
    return json.dumps(asdict(step)) + "\n"
