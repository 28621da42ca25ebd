"""How the pairs of each paradigm fall, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.scored import PairTable
from evaluator.split import Split
from exposure.splits import SplitRequest


@dataclass(frozen=True, slots=True)
class SplitRow:
    """How many pairs of one paradigm are in each part, under which split."""

    evaluation: str
    uid: str
    pairs: int
    proxy_train: int
    proxy_validation: int
    unknown: int
    not_indexed: int
    no_phrase: int
    refused: int
    flags: tuple[str, ...]
    policy: str
    sides: str
    at_step: int | None
    exactness: str


def split_rows(
    evaluation: str, pairs: PairTable, split: Split, request: SplitRequest, exactness: str
) -> tuple[SplitRow, ...]:
    """One row a paradigm, in alphabetical order."""
    return tuple(
        _row(evaluation, uid, pairs.take(places), split.take(places), request, exactness)
        for uid, places in pairs.places_of.items()
    )


def _row(evaluation: str, uid: str, pairs: PairTable, split: Split, request: SplitRequest, exactness: str) -> SplitRow:
    counts = {part.replace("-", "_"): number for part, number in split.counts.items()}
    return SplitRow(
        evaluation=evaluation,
        uid=uid,
        pairs=len(pairs),
        **counts,
        flags=tuple(sorted({flag for flags in pairs.flags for flag in flags})),
        policy=request.policy,
        sides=request.sides,
        at_step=request.at_step,
        exactness=exactness,
    )
