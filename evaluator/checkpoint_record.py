"""checkpoints.json of an evaluation: what became of each checkpoint of the series."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from evaluator.checkpoint_report import CheckpointReport
from exposure.order_rules import FrozenModel
from exposure.sealed import unsealed

NOT_MEASURED = "not measured."
"""After MEASURE and a colon, in the note of a checkpoint of which that measure could not be made."""

HASH_DIGITS = 16
"""Of a weights hash, in the name of a file of scores; its metadata hold the whole."""


class CheckpointRecord(FrozenModel):
    """What became of one checkpoint. Only `scored` ones stand in curves.

    `duplicate`: the same weights as an earlier step's, not scored. `broken`: `reason` says why.
    """

    step: int = Field(ge=0)
    source: str
    status: Literal["scored", "duplicate", "broken"]
    weights_sha256: str | None = None
    cheap_digest: str | None = None
    same_weights_as: tuple[int, ...] = ()
    reason: str | None = None
    notes: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
    """What was measured of it beside minimal pairs: MEASURE/SPEC."""

    def lacks(self, measures: Iterable[str]) -> bool:
        """Whether one of `measures` (beside minimal pairs) could not be made of it, as it was asked for last.

        What was made of it by another spec does not count: the notes then say that this one was refused.
        """
        made = {name.partition("/")[0] for name in self.measured}
        refused = {name for name in measures if any(note.startswith(f"{name}: {NOT_MEASURED}") for note in self.notes)}
        return bool(refused) or not made.issuperset(measures)

    @classmethod
    def of(cls, report: CheckpointReport) -> CheckpointRecord:
        """The record of a checkpoint that did not have to be scored, or could not."""
        return cls(
            step=report.step,
            source=report.source,
            status="scored" if report.status == "finished" else report.status,
            weights_sha256=report.weights_hash,
            cheap_digest=report.cheap_digest,
            same_weights_as=report.same_weights_as,
            reason=report.reason or None,
        )


def checkpoints_from(text: str | bytes) -> list[CheckpointRecord]:
    """What a checkpoints.json says; raises ValueError or TypeError where it is none, or damaged."""
    listed = json.loads(text)
    if not isinstance(listed, list):
        raise ValueError("it is not a JSON list")
    return [CheckpointRecord.model_validate(unsealed(one)) for one in listed]
