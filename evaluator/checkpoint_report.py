"""What became of each checkpoint of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["scored", "finished", "duplicate", "broken"]
"""`scored` in this run; `finished` in an earlier one, and not read again; `duplicate`: the weights of an earlier step,
and not scored; `broken`: missing, damaged, of another model, or of a kind that is never loaded."""


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """One line of the report on a sweep."""

    step: int
    source: str
    status: Status
    weights_hash: str | None = None
    reason: str = ""
    same_weights_as: tuple[int, ...] = ()
    """Earlier steps of the sweep with the same weights, in ascending order. It speaks of them too: a checkpoint whose
    weights come again later is as suspect as the later one."""
    cheap_digest: str | None = None
    """As of ResolvedCheckpoint; None where the checkpoint got no further."""
