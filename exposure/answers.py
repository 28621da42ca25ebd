"""The answers to questions, field for field as the shell prints and REST sends them: frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass

from exposure.phrases import Phrase, anchor_name
from exposure.positions import first_step
from exposure.status import ExposureStatus


@dataclass(frozen=True, slots=True)
class CountAt:
    """Bounds of a count: equal where it is exact."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """When one phrase was first seen.

    `first_exact` says that nothing before it is unscanned; else `first_batch` is an upper bound. `count` is exact
    where `count_high` equals it, else a lower bound; `count_high` is None where nothing bounds it. `sequence` is the
    place in the batch, `token` in the sequence, `offset` the character in the row's text, all 0-based.
    """

    phrase: str
    status: ExposureStatus
    first_batch: int | None
    first_step: int | None
    first_exact: bool | None
    sequence: int | None
    token: int | None
    document: str | None
    count: int | None
    count_high: int | None
    offset: int | None
    document_offset: int | None
    last_step: int | None
    gap: int | None
    anchor: str | None
    exactness: str

    @classmethod
    def not_indexed(cls, phrase: str, exactness: str) -> FirstSeen:
        """The answer for a phrase that the timeline was never asked to look for."""
        return cls(phrase, ExposureStatus.NOT_INDEXED, *(None,) * 13, exactness=exactness)


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """How often a phrase had been seen by checkpoint `step`; `count` and `count_high` as in FirstSeen."""

    phrase: str
    step: int
    status: ExposureStatus
    count: int
    count_high: int | None
    exact: bool
    gap: int | None
    anchor: str | None
    exactness: str


@dataclass(frozen=True, slots=True)
class ExposureAnswer:
    """One exposure: where in the run, and where in the corpus. `exact` says that nothing before it is unscanned."""

    phrase: str
    rank: int
    batch: int
    step: int
    sequence: int
    token: int | None
    shard: int
    document_index: int
    document: str
    offset: int
    document_offset: int
    exact: bool
    gap: int | None
    anchor: str | None

    @classmethod
    def of(
        cls,
        phrase: Phrase,
        exact: bool,
        rank: int,
        batch: int,
        sequence: int,
        token: int | None,
        shard: int,
        document_index: int,
        document: str,
        offset: int,
        document_offset: int,
    ) -> ExposureAnswer:
        """From a row of the table `exposures`."""
        return cls(
            phrase.text,
            rank,
            batch,
            first_step(batch),
            sequence,
            token,
            shard,
            document_index,
            document,
            offset,
            document_offset,
            exact,
            phrase.gap or None,
            anchor_name(phrase.sentence_end),
        )


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """What has been scanned for one phrase group: `covered_through` is the last step of which everything is known."""

    phrase_group: str
    phrases: int
    steps: int
    covered_through: int
    complete: bool
    ranges: tuple[tuple[int, int], ...]
    missing_shards: tuple[int, ...]
    exactness: str
