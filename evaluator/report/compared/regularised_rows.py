"""regularised.csv and regularised.parquet: copying with a regulariser and without, at equal training steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evaluator.compared.arm import Arm, Unit
from evaluator.compared.comparison import Comparison
from evaluator.compared.regularisation import Contrast


@dataclass(frozen=True, slots=True)
class RegularisedRow:
    """One regulariser against 0, all else equal, at one checkpoint that all these runs have.

    Means over runs, that is over seeds. `*_over` says what an interval is over: seeds, or queries of one run; empty
    where there is none. Lists are JSON.
    """

    measure: str
    regulariser: str
    amount: float
    step: int
    tokens: int | None
    plain_runs: tuple[str, ...]
    plain: float
    plain_low: float | None
    plain_high: float | None
    plain_over: str | None
    regularised_runs: tuple[str, ...]
    regularised: float
    regularised_low: float | None
    regularised_high: float | None
    regularised_over: str | None
    difference: float
    difference_low: float | None
    difference_high: float | None
    difference_over: str | None
    not_known: tuple[str, ...]
    convention: str


def regularised_rows(comparison: Comparison) -> list[RegularisedRow]:
    """By quantity, regulariser and checkpoint."""
    return [row for held in comparison.regularisation for one in held.contrasts for row in _of(one)]


def _of(contrast: Contrast) -> Iterator[RegularisedRow]:
    size = contrast.family.runs[0].tokens_per_step
    for step in contrast.steps.tolist():
        low, high, over = contrast.difference_ends(step) or NONE
        yield RegularisedRow(
            contrast.held.quantity.measure,
            contrast.factor,
            contrast.amount,
            step,
            None if size is None else step * size,
            *_arm(contrast.plain, step),
            *_arm(contrast.treated, step),
            contrast.difference(step),
            low,
            high,
            over,
            contrast.family.unknown,
            contrast.held.convention,
        )


NONE: tuple[None, None, None] = (None, None, None)

Found = tuple[tuple[str, ...], float, float | None, float | None, Unit | None]


def _arm(arm: Arm, step: int) -> Found:
    low, high, over = arm.ends(step) or NONE
    return tuple(arm.names), float(arm.values(step).mean()), low, high, over
