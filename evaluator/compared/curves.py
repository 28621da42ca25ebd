"""One quantity of one run by checkpoint, from its measured rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.measured_values import MeasuredValues, head_values, overall_values
from evaluator.compared.quantities import Quantity
from evaluator.crossings import Crossing, crossing_of
from evaluator.scored import Floats, Integers


@dataclass(frozen=True)
class Curve:
    """Values over the checkpoints of which there is one. Places of heads are None where no heads are measured."""

    run: ComparedRun
    quantity: Quantity
    convention: str
    steps: Integers  # [checkpoint]
    values: Floats  # [checkpoint]
    low: Floats  # [checkpoint] NaN where the measure gives no interval
    high: Floats  # [checkpoint]
    n: Floats  # [checkpoint] over how many queries, or sequences; NaN where that says nothing
    heads: Floats | None = None  # [checkpoint, layer, head] the scores of all, from layer 0 on

    @property
    def tokens(self) -> Integers | None:
        """[checkpoint] step × batch × context; None where batch or context is not known."""
        size = self.run.tokens_per_step
        return None if size is None else self.steps * size

    def crossing(self, theta: float) -> Crossing:
        """The first checkpoint at or above θ."""
        return crossing_of(self.values, self.steps, theta)

    def strongest(self, at: int) -> tuple[int, int] | None:
        """Layer and head of the highest score at a checkpoint; the first of equals."""
        if self.heads is None:
            return None
        first = self.quantity.first_layer
        layer, head = np.unravel_index(int(self.heads[at, first:].argmax()), self.heads[at, first:].shape)
        return first + int(layer), int(head)


def curve_of(run: ComparedRun, quantity: Quantity, convention: str) -> Curve | None:
    """The curve of rows under one convention; None where there is no checkpoint with all its values."""
    if quantity.kind == "copying":
        return _of_shares(run, quantity, convention, overall_values(run.measured, quantity.measure, convention))
    return _of_heads(run, quantity, convention, head_values(run.measured, quantity.measure, convention))


def _of_shares(run: ComparedRun, quantity: Quantity, convention: str, held: MeasuredValues) -> Curve | None:
    at = np.flatnonzero(np.isfinite(held.value))
    if not len(at):
        return None
    return Curve(run, quantity, convention, held.steps[at], held.value[at], held.low[at], held.high[at], held.n[at])


def _of_heads(run: ComparedRun, quantity: Quantity, convention: str, held: MeasuredValues) -> Curve | None:
    """A checkpoint at which a head's score is missing has none: the highest of the others may be lower."""
    _, layers, heads = held.value.shape
    at = np.flatnonzero(np.isfinite(held.value).all(axis=(1, 2)))
    if not len(at) or layers <= quantity.first_layer or not heads:
        return None
    scores = held.value[at]
    highest: Floats = scores[:, quantity.first_layer :].max(axis=(1, 2))
    none = np.full(len(at), np.nan)
    return Curve(run, quantity, convention, held.steps[at], highest, none, none, held.n[at].max(axis=(1, 2)), scores)
