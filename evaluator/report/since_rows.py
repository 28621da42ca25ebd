"""since_exposure.csv and since_exposure.parquet: accuracy by time since first exposure, under the policy seen-by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from evaluator.report.build import Report
from evaluator.report.plain import finite
from evaluator.since_exposure import SinceExposure


@dataclass(frozen=True, slots=True)
class SinceRow:
    """One bin of time of one paradigm: [from_steps, to_steps) since the first checkpoint that could have seen a pair.

    `pairs` is the cohort, the same in every bin. `never_exposed` is the accuracy of pairs never exposed at the same
    training steps. Left out: `unknown` first exposures, and those `out_of_range` of the checkpoints.
    """

    evaluation: str
    uid: str
    from_steps: int
    to_steps: int
    pairs: int
    accuracy: float | None
    wilson_low: float | None
    wilson_high: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    never_exposed: float | None
    never: int
    unknown: int
    out_of_range: int
    convention: str


def since_rows(report: Report) -> list[SinceRow]:
    """By evaluation, paradigm and bin."""
    return [
        row
        for run in report.runs
        if run.exposed is not None
        for uid in sorted(run.exposed.since)
        for row in _bins(run.name, run.exposed.since[uid], run.convention.name)
    ]


def _bins(evaluation: str, since: SinceExposure, convention: str) -> Iterator[SinceRow]:
    edges = since.edges.tolist()
    for at, (begin, end) in enumerate(pairwise(edges)):
        yield SinceRow(
            evaluation=evaluation,
            uid=since.uid,
            from_steps=begin,
            to_steps=end,
            pairs=since.pairs,
            accuracy=finite(since.accuracy[at]),
            wilson_low=finite(since.wilson_low[at]),
            wilson_high=finite(since.wilson_high[at]),
            bootstrap_low=finite(since.bootstrap_low[at]),
            bootstrap_high=finite(since.bootstrap_high[at]),
            never_exposed=finite(since.never_exposed[at]),
            never=since.never,
            unknown=since.unknown,
            out_of_range=since.out_of_range,
            convention=convention,
        )
