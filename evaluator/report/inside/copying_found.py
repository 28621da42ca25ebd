"""What was found of copying from the context: by generator, by position, when it came; and the ICL score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.crossings import Crossing, crossing_of
from evaluator.report.inside.measured_arrays import MeasuredArray, MeasuredRows
from evaluator.scored import Floats, Integers

GENERATORS = ("tokens", "hex")

COPIES_AT = (0.1, 0.5, 0.9)
"""Shares at which it is said when copying came: the surge is between the first and the last."""


@dataclass(frozen=True)
class CopyResult:
    """One generator's copy test, checkpoint by checkpoint."""

    generator: str
    overall: MeasuredArray  # [checkpoint]
    positions: Integers  # [position] rising
    accuracy: Floats  # [checkpoint of `position_steps`, position]
    position_steps: tuple[int, ...]

    @property
    def chosen_steps(self) -> tuple[int, ...]:
        """Checkpoints whose curves by position are shown: first, first at .1 and at .5, last."""
        steps = self.position_steps
        crossings = [self.crossing(share).step for share in COPIES_AT[:2]]
        return tuple(sorted({*steps[:1], *steps[-1:], *(step for step in crossings if step in steps)}))

    @property
    def first_copying(self) -> Crossing:
        """The first checkpoint that copies half of what is asked."""
        return self.crossing(0.5)

    def crossing(self, share: float) -> Crossing:
        """When accuracy first reaches `share`."""
        return crossing_of(self.overall.value, self.overall.steps, share)


@dataclass(frozen=True)
class CopyingFound:
    """Both generators where both were asked, and the ICL score where text was given."""

    results: tuple[CopyResult, ...]
    icl: MeasuredArray | None  # [checkpoint] nats


def copying_found(rows: MeasuredRows) -> CopyingFound | None:
    """None where neither copying nor the ICL score was measured."""
    results = tuple(one for name in GENERATORS if (one := _result(rows, name)) is not None)
    icl = rows.array("icl-score", ("step",), level="overall")
    return CopyingFound(results, icl) if results or icl is not None else None


def _result(rows: MeasuredRows, generator: str) -> CopyResult | None:
    measure = f"copying-{generator}"
    overall = rows.array(measure, ("step",), level="overall")
    if overall is None:
        return None
    places = rows.array(measure, ("step", "group"), level="position", conventions=[overall.convention])
    if places is None:
        return CopyResult(generator, overall, np.zeros(0, dtype=np.int64), np.zeros((0, 0)), ())
    numbers = np.array([int(name) for name in places.axes[1]], dtype=np.int64)
    order = np.argsort(numbers)
    return CopyResult(generator, overall, numbers[order], places.value[:, order], tuple(places.steps.tolist()))
