"""What the child process of an evaluation job is told. Importable without torch."""

from __future__ import annotations

from pathlib import Path

from exposure.api.names import StrictModel
from exposure.api.requests import EvaluationRequest


class EvaluationSpec(StrictModel):
    """The request, and where what it names is on this machine: absolute paths.

    `checkpoints` is what `series_of` takes: a path or a hub pattern. `locks` is the folder of the locks of devices.
    """

    request: EvaluationRequest
    checkpoints: str
    pairs: Path
    timeline: Path | None = None
    phrases: Path | None = None
    text: tuple[Path, ...] = ()
    out: Path
    locks: Path
