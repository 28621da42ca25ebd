"""Regularised against not: copying and induction scores at equal steps, of runs that differ in that and their seed.

COPY (arXiv 2409.09281) reports, at 10B tokens, 21 % of queries copied without, 51 % with weight decay and 56 % with
attention dropout of 0.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.compared.arm import Arm, Ends, common_steps, difference_ends
from evaluator.compared.comparable import Comparable
from evaluator.compared.curves import Curve
from evaluator.compared.settings import FACTS, REGULARISERS, Family, families, value_of
from evaluator.scored import Integers


@dataclass(frozen=True)
class Contrast:
    """One regulariser at 0 against one of its values, all else equal."""

    held: Comparable
    factor: str
    """attention_dropout or weight_decay."""
    amount: float
    """What it is in `treated`; 0 in `plain`."""
    family: Family
    """All runs of both arms; what they share is fixed."""
    plain: Arm
    treated: Arm

    @property
    def steps(self) -> Integers:
        """[checkpoint] Those that all runs of both arms have."""
        return common_steps([self.plain, self.treated])

    def difference(self, step: int) -> float:
        """Mean of treated − mean of plain."""
        return float(self.treated.values(step).mean() - self.plain.values(step).mean())

    def difference_ends(self, step: int) -> Ends | None:
        """Its interval."""
        return difference_ends(self.plain, self.treated, step)


@dataclass(frozen=True)
class Regularisation:
    """The contrasts of one quantity; `reason` says why there is none."""

    held: Comparable
    contrasts: tuple[Contrast, ...]
    reason: str | None


def regularisation(held: Comparable) -> Regularisation:
    """Every contrast that the runs allow."""
    found = tuple(one for factor in REGULARISERS for one in _contrasts(held, factor))
    return Regularisation(held, found, None if found else _reason(held.curves))


def _contrasts(held: Comparable, factor: str) -> list[Contrast]:
    found = []
    for family in families([one.run for one in held.curves], {factor}):
        amounts = sorted({float(value) for run in family.runs if (value := value_of(run, factor)) is not None})
        if 0.0 in amounts:
            found += [_contrast(held, family, factor, amount) for amount in amounts if amount > 0]
    return [one for one in found if len(one.steps)]


def _contrast(held: Comparable, family: Family, factor: str, amount: float) -> Contrast:
    plain, treated = (
        Arm(tuple(one for one in held.curves if one.run in family.runs and value_of(one.run, factor) == value))
        for value in (0.0, amount)
    )
    runs = tuple(one.run for arm in (plain, treated) for one in arm.curves)
    return Contrast(held, factor, amount, Family(runs, family.free), plain, treated)


def _reason(curves: Sequence[Curve]) -> str:
    known = [one.run for one in curves if all(value_of(one.run, name) is not None for name in REGULARISERS)]
    missing = [one.run.name for one in curves if one.run not in known]
    unknown = f" Attention dropout or weight decay of {', '.join(missing)} is not known." if missing else ""
    others = ", ".join(name for fact, name in FACTS.items() if fact not in REGULARISERS)
    return (
        "No two runs differ in attention dropout, or in weight decay, alone, one of them without it and with a "
        f"checkpoint in common: {others} must be the same.{unknown}"
    )
