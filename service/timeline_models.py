"""The answers about timelines that only the service gives, and the envelope around all others; frozen dataclasses."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from exposure.api.timelines import TimelineEntry, TimelineFacts
from service.generations import OpenGeneration

Row = TypeVar("Row")


class TimelineAnswers(BaseModel, Generic[Row]):
    """Answers from one generation of one timeline."""

    timeline: str = Field(description="The timeline that was asked.")
    generation: str = Field(description="Its generation: everything here was read from this one.")
    answers: list[Row]


class TimelineList(BaseModel):
    """The timelines of the service."""

    answers: list[TimelineEntry]


def entry_of(name: str, opened: OpenGeneration) -> TimelineEntry:
    """A timeline in the list."""
    facts = facts_of(name, opened)
    return TimelineEntry(
        name, facts.generation, facts.steps, facts.phrases, facts.exactness, facts.covered_through, facts.complete
    )


def facts_of(name: str, opened: OpenGeneration) -> TimelineFacts:
    """What the open generation says of itself."""
    timeline, facts = opened.timeline, opened.timeline.facts
    covered = min((group.covered_batches for group in timeline.groups), default=0)
    return TimelineFacts(
        name=name,
        generation=opened.digest,
        logical_digest=facts["logical_digest"],
        order_digest=facts["order_digest"],
        steps=timeline.steps,
        batch_sequences=timeline.batch_sequences,
        sequence_length=facts["sequence_length"],
        packing=facts["packing"],
        epochs=facts["epochs"],
        exactness=timeline.exactness,
        rule=timeline.rule,
        keep_first=facts["keep_first"],
        checkpoints=tuple(timeline.checkpoints),
        phrases=sum(group.phrases for group in timeline.groups),
        phrase_groups=len(timeline.groups),
        covered_through=covered,
        complete=covered >= timeline.steps,
        missing_shards=tuple(sorted({shard for group in timeline.groups for shard in group.missing_shards})),
    )
