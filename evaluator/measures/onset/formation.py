"""When heads form: the first checkpoint at which a head's score reaches θ, and where in the model the score lies.

Layers are counted from 0. No induction head can be in layer 0, as nothing before it has moved tokens (Elhage et al.
2021): by default all begins at layer 1. Nothing here runs a model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.crossings import Crossing, crossing_of, crossing_steps
from evaluator.scored import Flags, Floats, Integers
from exposure.errors import EvaluationError

THETAS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""The default sweep of θ; none of them is the right one, so all are reported."""

FIRST_LAYER = 1
"""The first layer that can hold an induction head. For previous-token heads it is 0."""


@dataclass(frozen=True)
class Formation:
    """When each head first reached θ; seen only from one checkpoint to the next, and not after the last."""

    theta: float
    first_layer: int
    steps: Floats  # [layer − first_layer, head] t*: the first checkpoint at or above θ; ∞ for never (right-censored)
    after: Floats  # [layer − first_layer, head] the checkpoint before it; −∞ where it is the first; the last for never

    @property
    def has_formed(self) -> Flags:
        """[layer − first_layer, head]."""
        return np.isfinite(self.steps)

    @property
    def formed_by_layer(self) -> Integers:
        """[layer − first_layer] How many heads ever reach θ."""
        return np.asarray(self.has_formed.sum(axis=1))

    @property
    def layers(self) -> Integers:
        """[layer − first_layer] Their numbers in the model."""
        return self.first_layer + np.arange(len(self.steps))


def formation_of(scores: Floats, steps: Integers, theta: float, first_layer: int = FIRST_LAYER) -> Formation:
    """When heads form, of scores [checkpoint, layer, head] at rising training steps [checkpoint].

    t* is the first checkpoint with score ≥ θ; that a score falls below again is not held against it. Raises
    EvaluationError where the shapes or steps do not fit, a score is not finite, or no layer is left.
    """
    _check(scores, steps, first_layer)
    curves = np.moveaxis(scores[:, first_layer:], 0, -1)  # [layer, head, checkpoint]
    times = crossing_steps(curves, steps, theta)
    places = np.searchsorted(steps, times)  # of never: the number of checkpoints
    before = np.concatenate([[-np.inf], steps.astype(np.float64)])
    return Formation(theta, first_layer, times, before[places])


def formation_sweep(
    scores: Floats, steps: Integers, thetas: tuple[float, ...] = THETAS, first_layer: int = FIRST_LAYER
) -> tuple[Formation, ...]:
    """The same for each θ."""
    return tuple(formation_of(scores, steps, theta, first_layer) for theta in thetas)


def first_formation(scores: Floats, steps: Integers, theta: float, first_layer: int = FIRST_LAYER) -> Crossing:
    """When the first head of the model reaches θ: the event of a run that update_exponent.py takes."""
    _check(scores, steps, first_layer)
    return crossing_of(scores[:, first_layer:].max(axis=(1, 2)), steps, theta)


@dataclass(frozen=True)
class CentreOfMass:
    """Where in the model the positive scores lie, checkpoint by checkpoint."""

    layer: Floats  # [checkpoint] Σ L I⁺ / Σ I⁺; NaN where no score is positive
    mass: Floats  # [checkpoint] Σ I⁺, in heads: where it is small, the centre is of noise
    even: float
    """Where it is if all layers have the same."""


def centre_of_mass(scores: Floats, first_layer: int = FIRST_LAYER) -> CentreOfMass:
    """Σ L · I⁺ / Σ I⁺ over the layers from `first_layer`, of scores [checkpoint, layer, head]; I⁺ = max(I, 0)."""
    _check(scores, np.arange(len(scores)), first_layer)
    by_layer = np.maximum(scores[:, first_layer:], 0).sum(axis=2)  # [checkpoint, layer]
    layers = first_layer + np.arange(by_layer.shape[1])
    mass = by_layer.sum(axis=1)
    centre = (by_layer @ layers) / np.where(mass > 0, mass, np.nan)
    return CentreOfMass(centre, mass, float(layers.mean()))


def _check(scores: Floats, steps: Integers, first_layer: int) -> None:
    if scores.ndim != 3 or not len(scores) or len(scores) != len(steps) or not scores.shape[2]:
        raise EvaluationError(
            f"Scores of shape {scores.shape} for {len(steps)} steps: [checkpoint, layer, head] is expected, one "
            "checkpoint at least."
        )
    if (np.diff(steps) <= 0).any():
        raise EvaluationError(f"Checkpoints must be in rising order of step, each once; given were {steps}.")
    if scores.shape[1] <= first_layer:
        raise EvaluationError(
            f"The model has {scores.shape[1]} layers and none from layer {first_layer} on, where heads are looked for."
        )
    if not np.isfinite(scores).all():
        raise EvaluationError("A head's score is not finite. Measure its checkpoint again, or leave it out.")
