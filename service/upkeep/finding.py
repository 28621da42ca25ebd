"""What `exposure doctor` finds: where, what is wrong, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was written.

    `remedy` is what repairing will do or, where `repair` is None, what a person has to do. `repair` says what it did;
    it raises ExposureError or OSError where it could not. Repairs are made in the order of the findings.
    """

    place: Path
    problem: str
    remedy: str
    repair: Callable[[], str] | None = None
