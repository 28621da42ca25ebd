"""Timelines as they are answered."""

from __future__ import annotations

from dataclasses import dataclass

from exposure.phrases import MatchRule


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One timeline in the list; where it cannot be used, `problem` says why and the rest is null."""

    name: str
    generation: str | None = None
    steps: int | None = None
    phrases: int | None = None
    exactness: str | None = None
    covered_through: int | None = None
    complete: bool | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineFacts:
    """What a timeline is: its run, how phrases match, and how far all its phrase groups are covered."""

    name: str
    generation: str
    logical_digest: str
    order_digest: str
    steps: int
    batch_sequences: int
    sequence_length: int | None
    packing: str
    epochs: int
    exactness: str
    rule: MatchRule
    keep_first: int
    checkpoints: tuple[int, ...]
    phrases: int
    phrase_groups: int
    covered_through: int
    complete: bool
    missing_shards: tuple[int, ...]
