"""What a timeline is made with, and keeps."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import MatchRule

TIMELINE_VERSION = 1


@dataclass(frozen=True)
class TimelineSettings:
    """What a timeline is made with, and keeps.

    The edges of its buckets come from here and not from whatever manifest is at hand, so that another list of
    checkpoints never makes finished work worthless: it is answered from the edges that there are.
    """

    rule: MatchRule
    keep_first: int
    grid_every: int
    checkpoints: Checkpoints
    checkpoints_through: int
    later: tuple[tuple[int, tuple[int, ...]], ...] = ()
    version: int = TIMELINE_VERSION

    def is_compatible(self, other: TimelineSettings) -> bool:
        """Whether what is scanned with one can stand beside what is scanned with the other."""
        mine, theirs = ((one.rule, one.keep_first, one.grid_every) for one in (self, other))
        return mine == theirs

    def bucket_edges(self, order: DataOrder) -> npt.NDArray[np.int64]:
        """The first batch of every bucket, rising: 0, a regular grid, the checkpoints the timeline was made with.

        Checkpoints of a longer run count where it goes beyond the runs before it.
        """
        made_with = order.model_copy(update={"checkpoints": self.checkpoints}).checkpoint_steps
        added = {step for _, steps in self.grown(order).later for step in steps}
        edges = {0, *made_with, *added, *range(0, order.steps, self.grid_every)}
        return np.array(sorted(edge for edge in edges if edge < order.steps), dtype=np.int64)

    def grown(self, order: DataOrder) -> TimelineSettings:
        """The settings that also hold the checkpoints of a longer `order`, for the steps that it adds.

        `later` lists for each longer run (its steps, its checkpoints beyond the runs before it).
        """
        known = max([self.checkpoints_through, *(through for through, _ in self.later)])
        if order.steps <= known:
            return self
        added = tuple(step for step in order.checkpoint_steps if step > known)
        return replace(self, later=(*self.later, (order.steps, added)))

    @property
    def words(self) -> str:
        """What must be the same for scans to stand side by side, for messages."""
        rule = self.rule
        return (
            f"case {rule.case}, boundary {rule.boundary}, whitespace {rule.whitespace}, the first {self.keep_first} "
            f"exposures, a grid of {self.grid_every} steps"
        )

    def to_json(self) -> str:
        """The content of timeline.json."""
        fields = {
            **vars(self),
            "rule": asdict(self.rule),
            "checkpoints": self.checkpoints.model_dump(mode="json"),
        }
        return json.dumps(fields, indent=1) + "\n"

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> TimelineSettings:
        """From the content of timeline.json; raises TypeError, ValueError or KeyError where it is another."""
        parsed = {
            "rule": MatchRule(**fields["rule"]),
            "checkpoints": Checkpoints(**fields["checkpoints"]),
            "later": tuple((through, tuple(steps)) for through, steps in fields.get("later", ())),
        }
        return cls(**{**fields, **parsed})
