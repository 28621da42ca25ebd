"""What was found of induction heads: scores of every head, when heads formed, and whether by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluator.measures.onset.formation import (
    FIRST_LAYER,
    THETAS,
    CentreOfMass,
    Formation,
    centre_of_mass,
    formation_sweep,
)
from evaluator.measures.onset.layer_order import LayerOrder, layer_order
from evaluator.report.inside.measured_arrays import MeasuredRows
from evaluator.scored import Floats, Integers

SCORES = (
    "induction",
    "induction-folded",
    "induction-attention",
    "eigenvalue-positivity",
    "eigenvalue-positivity-folded",
    "prefix-matching",
    "previous-token",
)

NAMED = 0.3
"""The θ of the sweep that is drawn and named where there is room for one: its middle."""


@dataclass(frozen=True)
class HeadScores:
    """One score of every head, at the checkpoints that have it of all heads."""

    steps: Integers  # [checkpoint]
    values: Floats  # [checkpoint, layer, head]
    sequences: int
    """Over how many the last checkpoint's are; 0 where a score is of weights alone."""
    convention: str


@dataclass(frozen=True)
class InductionFound:
    """`sweep`, `orders`, `centre` are of `by`; empty and None in a model of one layer, which can hold no such head."""

    scores: Mapping[str, HeadScores]
    by: str
    """The score that says whether a head has formed: I, or Ā where weights are not known."""
    sweep: tuple[Formation, ...]
    orders: tuple[tuple[LayerOrder, LayerOrder], ...]
    """Of each θ: over all heads, and over those that formed."""
    centre: CentreOfMass | None
    previous: tuple[Formation, ...]
    """Of previous-token heads, by the same θ, from layer 0."""

    @property
    def of(self) -> HeadScores:
        """The score that formation is of."""
        return self.scores[self.by]

    @property
    def named(self) -> Formation | None:
        """At the θ that is drawn."""
        return next((one for one in self.sweep if one.theta == NAMED), None)

    @property
    def named_order(self) -> LayerOrder | None:
        """Of all heads at that θ."""
        return next((every for every, _ in self.orders if every.theta == NAMED), None)

    def last(self, score: str) -> Floats | None:
        """[layer, head] A score at its last checkpoint."""
        return self.scores[score].values[-1] if score in self.scores else None


def induction_found(rows: MeasuredRows) -> InductionFound | None:
    """None where no head has a score."""
    scores = {name: one for name in SCORES if (one := _scores(rows, name)) is not None}
    by = next((name for name in ("induction", "induction-attention") if name in scores), None)
    if by is None:
        return None
    of, has_layers = scores[by], scores[by].values.shape[1] > FIRST_LAYER
    sweep = formation_sweep(of.values, of.steps) if has_layers else ()
    return InductionFound(
        scores,
        by,
        sweep,
        tuple((layer_order([one], "all"), layer_order([one], "formed")) for one in sweep),
        centre_of_mass(of.values) if has_layers else None,
        _previous(scores),
    )


def _scores(rows: MeasuredRows, measure: str) -> HeadScores | None:
    found = rows.array(measure, ("step", "layer", "head"), level="overall")
    if found is None:
        return None
    is_whole = np.isfinite(found.value).all(axis=(1, 2))
    if not is_whole.any():
        return None
    number = float(found.n[is_whole][-1].max())
    sequences = int(number) if np.isfinite(number) else 0
    return HeadScores(found.steps[is_whole], found.value[is_whole], sequences, found.convention)


def _previous(scores: Mapping[str, HeadScores]) -> tuple[Formation, ...]:
    held = scores.get("previous-token")
    return () if held is None else formation_sweep(held.values, held.steps, THETAS, first_layer=0)
