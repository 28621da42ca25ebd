"""Pairs that a 16-bit model cannot tell apart, scored again in fp32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evaluator.items import ItemScores
from evaluator.sequences import Integers

FIRST_EPSILON = {"bfloat16": 0.1, "float16": 0.02}
"""Nats of |Δ| below which a pair is scored again at first: four to six times the root mean square error of Δ that small
trained models show."""


def settle_near_ties(
    items: ItemScores,
    dtype: str,
    score_again: Callable[[Integers], ItemScores],
    on_note: Callable[[str], None],
) -> ItemScores:
    """`items` with every pair whose |Δ| is below ε replaced by `score_again(places)`, the same pairs in fp32.

    ε begins at FIRST_EPSILON and grows to the largest error of a Δ that was met, until no pair is left below it: no
    error as large as any that was seen can then have turned a decision.
    """
    epsilon, error = FIRST_EPSILON[dtype], 0.0
    while len(places := np.flatnonzero((np.abs(items.delta) < epsilon) & ~items.rescored)):
        again = score_again(places)
        error = max(error, float(np.abs(again.delta - items.delta[places]).max()))
        items = items.with_scores(places, again, rescored=True)
        epsilon = max(epsilon, error)
    if n := int(items.rescored.sum()):
        on_note(
            f"{n:,} pairs with |Δ| < {epsilon:.2g} in {dtype} were scored again in float32 "
            f"(Δ moved by up to {error:.2g})."
        )
    return items
