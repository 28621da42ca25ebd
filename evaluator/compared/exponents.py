"""α of t(tokens) ∝ (batch × context)^α over the runs that differ in nothing else, or why there is none.

By quantity and θ, and apart for each set of runs with one learning rate, decay, dropout and size of model. Warm-ups may
differ, since one of so many tokens is another one in updates: where they do, it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.first_steps import FirstStep
from evaluator.compared.quantities import Quantity
from evaluator.compared.settings import FACTS, SIZE, Family, differing, families, settings_text
from evaluator.measures.onset.run_event import RunEvent
from evaluator.measures.onset.update_exponent import UpdateExponent, update_exponent

FREE = (*SIZE, "warmup_steps")
"""Facts in which the runs of one α may differ."""

HYPOTHESES: dict[str, float] = {
    "the same number of updates": 1.0,
    "the root of batch × context, as arXiv 2511.16893 finds": 0.5,
    "the same number of tokens": 0.0,
}
"""What is claimed → its α. COPY (arXiv 2409.09281) claims the first, for copying."""


@dataclass(frozen=True)
class FamilyExponent:
    """α of one family at one θ; `found` is None where it is refused, and `reason` says why."""

    quantity: Quantity
    theta: float
    family: Family
    events: tuple[FirstStep, ...]
    found: UpdateExponent | None
    reason: str | None

    @property
    def has_sizes(self) -> bool:
        """Whether there are two, without which there is no α at any θ."""
        return len(_sizes(self.family.runs)) > 1

    @property
    def differ_in(self) -> tuple[str, ...]:
        """What the runs differ in beside their size: α is of that too."""
        return tuple(name for name in self.family.differ_in if name not in SIZE)

    def excludes(self, exponent: float) -> bool | None:
        """Whether the interval excludes an α; None where there is no interval."""
        return None if self.found is None else self.found.excludes(exponent)


def exponents(quantity: Quantity, steps: Sequence[FirstStep]) -> list[FamilyExponent]:
    """For each family of runs, by θ. `steps` are those of one quantity."""
    runs = list(dict.fromkeys(one.run for one in steps))
    found = []
    for family in families(runs, FREE):
        why = _refusal(family, runs)
        for theta in quantity.thetas:
            events = tuple(one for one in steps if one.theta == theta and one.run in family.runs)
            found.append(_exponent(quantity, theta, family, events, why))
    return found


def _exponent(
    quantity: Quantity, theta: float, family: Family, events: tuple[FirstStep, ...], why: str | None
) -> FamilyExponent:
    known = [event for one in events if (event := one.event) is not None]
    reason = why or _unseen(known, theta)
    if reason is not None:
        return FamilyExponent(quantity, theta, family, events, None, reason)
    found = update_exponent(known)
    return FamilyExponent(quantity, theta, family, events, found, found.reason)


def _refusal(family: Family, runs: Sequence[ComparedRun]) -> str | None:
    """Why there can be no exponent whatever θ; where no family has one, runs of other sizes are named, and why not."""
    sizes = _sizes(family.runs)
    if len(sizes) >= 2:
        return None
    missing = [run.name for run in family.runs if run.tokens_per_step is None]
    unknown = f"; batch or context of {', '.join(missing)} is not known" if missing else ""
    is_served = any(len(_sizes(one.runs)) > 1 for one in families(runs, FREE))
    others = [] if is_served or len(_sizes(runs)) < 2 else [run for run in runs if run not in family.runs]
    apart = differing(runs, [name for name in FACTS if name not in FREE])
    mixed = f"; the other runs differ in more than that: {_apart(others, apart)}" if others else ""
    return f"two sizes (batch × context) at least are needed, known here: {len(sizes)}{unknown}{mixed}"


def _sizes(runs: Sequence[ComparedRun]) -> set[int]:
    return {size for run in runs if (size := run.tokens_per_step) is not None}


def _apart(others: Sequence[ComparedRun], facts: Sequence[str]) -> str:
    alike = families(others, [name for name in FACTS if name not in facts])
    return "; ".join(f"{', '.join(one.names)} ({settings_text(one.runs[0], facts)})" for one in alike)


def _unseen(events: Sequence[RunEvent], theta: float) -> str | None:
    if any(event.crossing.step is not None and event.crossing.step < 1 for event in events):
        return f"a run is at or above θ = {_written(theta)} at step 0, before any training"
    if all(event.crossing.step is None for event in events):
        return f"no run reached θ = {_written(theta)}: all are censored"
    return None


def _written(theta: float) -> str:
    return f"{theta:.2f}".removeprefix("0")
