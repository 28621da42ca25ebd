"""Before and after: between which checkpoints of a paradigm what is inside the model is compared.

EXP (Muckatira et al. 2026, arXiv 2606.00230): before is step 100, after is t_val(0.80), when proxy-validation first
reaches .80 (method.md of the project, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from evaluator.delay_report import DelayReport

T_BEFORE = 100
TAU = 0.80


@dataclass(frozen=True, slots=True)
class Span:
    """Two measured checkpoints, and why they are these."""

    before: int
    after: int
    is_crossing: bool
    """Whether `after` is t_val(0.80), as EXP has it; else it is the last checkpoint."""
    note: str
    """What to know of them, "" where they are EXP's."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies between them."""
        return self.before >= self.after


def span_of(steps: Sequence[int], t_after: float | None) -> Span:
    """The first of rising `steps`, of one measured checkpoint or more, from 100 on, and the first from `t_after` on.

    Where only the last one is from 100 on, before is the one that precedes it.
    """
    late = [step for step in steps[:-1] if step >= T_BEFORE]
    before, notes = (late[0], []) if late else _earlier(steps)
    reached = [step for step in steps if t_after is not None and step >= t_after]
    if t_after is None:
        notes.append("no crossing of .80 by proxy-validation is known: after is the last checkpoint")
    elif not reached:
        notes.append("nothing was measured from the crossing of .80 on: after is the last checkpoint")
    elif reached[0] <= before:
        notes.append("proxy-validation is at .80 before there is a checkpoint to compare with: after is the last one")
    is_crossing = bool(reached) and reached[0] > before
    return Span(before, reached[0] if is_crossing else steps[-1], is_crossing, "; ".join(notes))


def _earlier(steps: Sequence[int]) -> tuple[int, list[str]]:
    """Before, where no checkpoint but the last is from step 100 on, and what to know of it."""
    if len(steps) == 1:
        return steps[0], ["one checkpoint only"]
    if steps[-1] >= T_BEFORE:
        return steps[-2], [f"no checkpoint from step {T_BEFORE} on but the last: before is the one that precedes it"]
    return steps[0], [f"no checkpoint from step {T_BEFORE} on: before is the first"]


def t_after_of(delay: DelayReport | None, uid: str) -> float | None:
    """t_val(0.80) of a paradigm; None where proxy-validation never gets there, or there is none."""
    held = () if delay is None else delay.paradigms
    lag = next((one.lag_at(TAU) for one in held if one.uid == uid), None)
    step = None if lag is None else lag.validation.step
    return float(step) if step is not None and isfinite(step) else None
