"""Which heads attend to the word more than to its control: chosen on half of the clusters, reported on the rest.

The best of many heads looks better than it is (winner's curse). So clusters are split in halves, many times: on one
half heads are chosen, on the other their effect and p are taken. Meinshausen, Meier and Bühlmann (2009), p-values for
high-dimensional regression, JASA 104: 1671–1681: adjusted p of the held-out halves, 1 where a head was not chosen,
aggregated over splits as twice their median.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluator.measures.attention.held_out_heads import KnownContrasts, SelectionSpec, held_out_split
from evaluator.scored import Flags, Floats, Integers
from exposure.errors import EvaluationError

FEWEST_CLUSTERS = 4
"""Two in each half. With few clusters no p can be small: it is at least 2^−clusters of a half."""


@dataclass(frozen=True)
class HeadSelection:
    """What was chosen, by layer and head, and what is left of it on clusters that had no part in the choice."""

    effect: Floats  # [layer, head] mean contrast of all pairs
    p_all: Floats  # [layer, head] max-T p of all heads, by critical and by context lemma: the larger one
    frequency: Floats  # [layer, head] share of splits in which it was chosen
    chosen_effect: Floats  # [layer, head] mean contrast on the choosing halves where it was chosen; NaN where never
    held_out_effect: Floats  # [layer, head] the same splits, on the other halves
    p: Floats  # [layer, head] of the held-out halves, adjusted for all that was chosen and for the splits
    best_chosen: float
    """Mean over splits of the effect of the best head, on the half that says that it is the best."""
    best_held_out: float
    """The same heads on the other halves: the difference is the winner's curse."""
    pairs: int
    clusters: int
    spec: SelectionSpec
    reason: str | None = None
    """Why nothing could be chosen; then frequency is 0 and every p is NaN."""


def select_heads(
    contrast: Floats, clusters: Integers, context: Integers | None = None, spec: SelectionSpec | None = None
) -> HeadSelection:
    """Heads by contrast [pair, layer, head]: what the word gained, or has, beyond its control.

    `clusters` [pair] number what is halved and flipped (critical lemma contrasts); `context` [pair] numbers a second
    factor that pairs share (context lemmas; −1: none). Pairs without a contrast (NaN) are left out. Raises
    EvaluationError where a contrast is infinite or NaN in some heads only, or the shapes do not fit.
    """
    spec = spec or SelectionSpec()
    _check(contrast, clusters, context)
    shape = contrast.shape[1:]
    flat = contrast.reshape(len(contrast), -1)
    known = KnownContrasts(flat, clusters, context if context is not None and _n_levels(context) > 1 else None)
    known = known.take(np.asarray(~np.isnan(flat).any(axis=1)))
    n_clusters = len(np.unique(known.clusters))
    if n_clusters < FEWEST_CLUSTERS:
        return _nothing(known.values, shape, n_clusters, spec)
    _, p_all = known.max_t(spec, np.random.default_rng([spec.seed, 0]))
    p_all = np.maximum(p_all, known.p_by_context(spec, np.random.default_rng([spec.seed, 0])))
    splits = [held_out_split(known, spec, number) for number in range(1, spec.splits + 1)]
    is_chosen = np.array([one.is_chosen for one in splits])
    return HeadSelection(
        effect=known.values.mean(axis=0).reshape(shape),
        p_all=p_all.reshape(shape),
        frequency=is_chosen.mean(axis=0).reshape(shape),
        chosen_effect=_mean_of(np.array([one.chosen_effect for one in splits]), is_chosen).reshape(shape),
        held_out_effect=_mean_of(np.array([one.held_out_effect for one in splits]), is_chosen).reshape(shape),
        p=np.minimum(1, 2 * np.median([one.p for one in splits], axis=0)).reshape(shape),
        best_chosen=_mean_known([one.best[0] for one in splits]),
        best_held_out=_mean_known([one.best[1] for one in splits]),
        pairs=len(known.values),
        clusters=n_clusters,
        spec=spec,
    )


def selected_by_both(gained: HeadSelection, paid: HeadSelection) -> HeadSelection:
    """Heads that gained more than the control, and pay more than it: `gained` with the weaker evidence of the two.

    A gain alone is not enough: attention that was spread evenly gives a little less to a word in a longer row than to a
    control in a shorter one, so a head that turns to something else loses less on the word. The larger p of two
    hypotheses that must both hold is a p (Berger 1982, Technometrics 24: 295–300).
    """
    return replace(
        gained,
        p_all=np.maximum(gained.p_all, paid.p_all),
        frequency=np.minimum(gained.frequency, paid.frequency),
        p=np.maximum(gained.p, paid.p),
    )


def _check(contrast: Floats, clusters: Integers, context: Integers | None) -> None:
    lengths = {len(one) for one in (contrast, clusters, context) if one is not None}
    if contrast.ndim != 3 or len(lengths) > 1 or not contrast[0:1].size:
        raise EvaluationError(
            f"A contrast of shape {contrast.shape} with {len(clusters)} clusters: expected is [pair, layer, head] with "
            "at least one pair and head, and for each pair the number of its cluster (and of its context, if given)."
        )
    unknown = np.isnan(contrast).reshape(len(contrast), -1)
    if np.isinf(contrast).any() or (unknown.any(axis=1) & ~unknown.all(axis=1)).any():
        raise EvaluationError(
            "A contrast is infinite, or unknown in some heads of a pair and known in others. Take rows of attention of "
            "all heads again: nothing can be concluded from these."
        )


def _n_levels(context: Integers) -> int:
    return len(np.unique(context[context >= 0]))


def _mean_of(values: Floats, is_chosen: Flags) -> Floats:
    """[head] Mean over the splits in which it was chosen; NaN where there is none."""
    times = is_chosen.sum(axis=0)
    return np.asarray(np.where(is_chosen, values, 0).sum(axis=0) / np.where(times > 0, times, np.nan))


def _mean_known(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _nothing(flat: Floats, shape: tuple[int, ...], clusters: int, spec: SelectionSpec) -> HeadSelection:
    unknown = np.full(shape, np.nan)
    return HeadSelection(
        effect=flat.mean(axis=0).reshape(shape) if len(flat) else unknown,
        p_all=unknown,
        frequency=np.zeros(shape),
        chosen_effect=unknown,
        held_out_effect=unknown,
        p=unknown,
        best_chosen=float("nan"),
        best_held_out=float("nan"),
        pairs=len(flat),
        clusters=clusters,
        spec=spec,
        reason=f"{clusters} clusters: at least {FEWEST_CLUSTERS} are needed, two to choose on and two to report on",
    )
