"""Rows of the long table that attention gives: maps by layer and head, and figures of the whole model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evaluator.measures.attention.attention_to_context import AttentionWeights
from evaluator.measures.attention.concentration_null import ConcentrationTest
from evaluator.measures.attention.head_selection import HeadSelection
from evaluator.measures.attention.resampled_means import HeadBootstrap, HeadMeans, head_means
from evaluator.scored import Flags, Floats
from exposure.measurement import Measurement


@dataclass(frozen=True)
class AttentionMeans:
    """Means of one checkpoint over a group of pairs."""

    weight: HeadMeans
    control: HeadMeans
    """Of the control that the spec names, over the pairs that have one."""
    entropy: HeadMeans
    uniform: float
    """Mean over known pairs of the weight that a uniform query would pay; NaN where there is none."""


def attention_means(weights: AttentionWeights, bootstrap: HeadBootstrap, is_in: Flags | None = None) -> AttentionMeans:
    """Layer × head means over the pairs of `bootstrap` that have a value (and are marked in `is_in` [pair])."""
    uniform = weights.uniform[weights.is_known & (True if is_in is None else is_in)]
    weight, control, entropy = (
        head_means(values, bootstrap, is_in) for values in (weights.weight, weights.control, weights.entropy)
    )
    return AttentionMeans(weight, control, entropy, float(uniform.mean()) if len(uniform) else float("nan"))


@dataclass(frozen=True, slots=True)
class Group:
    """Of what rows are, as Measurement has it; `step` is that of the later checkpoint where it is of a change."""

    step: int
    level: str
    group: str
    phenomenon: str | None
    split: str

    def row(
        self,
        measure: str,
        value: float,
        n: int,
        convention: str,
        *,
        layer: int | None = None,
        head: int | None = None,
        low: float = float("nan"),
        high: float = float("nan"),
    ) -> Measurement:
        """One row; NaN becomes None, which says that it cannot be said."""
        numbers = (None if np.isnan(one) else float(one) for one in (value, low, high))
        found, below, above = numbers
        place = (self.step, self.level, self.group, self.phenomenon, self.split)
        return Measurement(measure, *place, layer, head, found, n, below, above, convention)


def rows_of_means(means: AttentionMeans, group: Group, convention: str) -> list[Measurement]:
    """attention-to-context, attention-control and attention-entropy by layer and head, attention-uniform of all."""
    maps = {
        "attention-to-context": means.weight,
        "attention-control": means.control,
        "attention-entropy": means.entropy,
    }
    rows = [row for name, one in maps.items() for row in rows_of_map(name, one, group, convention)]
    return [*rows, group.row("attention-uniform", means.uniform, means.weight.pairs, convention)]


def rows_of_map(measure: str, means: HeadMeans, group: Group, convention: str) -> list[Measurement]:
    """One row a head."""
    return _by_head(
        means.mean,
        lambda at: group.row(
            measure,
            float(means.mean[at]),
            means.pairs,
            convention,
            layer=at[0],
            head=at[1],
            low=float(means.low[at]),
            high=float(means.high[at]),
        ),
    )


def rows_of_concentration(test: ConcentrationTest, group: Group, convention: str) -> list[Measurement]:
    """For each figure attention-change-FIGURE, and the same with -control, -difference and -p."""
    rows = []
    for figure in test.figures:
        name = f"attention-change-{figure.name.replace('_', '-')}"
        for suffix, value, low, high in (
            ("", figure.word, figure.word_low, figure.word_high),
            ("-control", figure.control, figure.control_low, figure.control_high),
            ("-difference", figure.difference, figure.difference_low, figure.difference_high),
            ("-p", float("nan") if figure.p is None else figure.p, float("nan"), float("nan")),
        ):
            rows.append(group.row(name + suffix, value, test.pairs, convention, low=low, high=high))
    return rows


def rows_of_selection(selection: HeadSelection, group: Group, convention: str) -> list[Measurement]:
    """By layer and head: attention-head-frequency, -held-out (effect), -p (held out) and -p-all."""
    maps: Mapping[str, Floats] = {
        "attention-head-frequency": selection.frequency,
        "attention-head-held-out": selection.held_out_effect,
        "attention-head-p": selection.p,
        "attention-head-p-all": selection.p_all,
    }
    convention = f"{convention}; {selection.spec.convention}"
    rows = []
    for name, values in maps.items():

        def row(at: tuple[int, int], name: str = name, values: Floats = values) -> Measurement:
            return group.row(name, float(values[at]), selection.pairs, convention, layer=at[0], head=at[1])

        rows += _by_head(values, row)
    return rows


def _by_head(values: Floats, row: Callable[[tuple[int, int]], Measurement]) -> list[Measurement]:
    n_layers, n_heads = values.shape
    return [row((layer, head)) for layer in range(n_layers) for head in range(n_heads)]
