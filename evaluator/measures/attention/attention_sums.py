"""Sums over rows of attention: the weight on some keys, and how spread a row is. fp64."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluator.scored import Floats, Integers
from exposure.errors import EvaluationError

ROUNDING = 1e-2
"""How far the sum of a row may lie from 1: probabilities that were rounded to bfloat16 stay within half of it."""


def rows_along(rows: Floats, queries: Integers, paths: Sequence[Integers] | None = None) -> Floats:
    """[layer, query, head, key] Rows with keys in the order of the query's own sequence, checked.

    rows [layer, query, head, key]; `queries` [query] places in their sequences; `paths` [query] where the tokens of
    the sequence up to the query stand in the row, None where they stand in order already. EvaluationError where the
    rows are of other queries, or the keys up to a query do not hold its attention.
    """
    if rows.ndim != 4 or rows.shape[1] != len(queries) or (paths is not None and len(paths) != len(queries)):
        raise EvaluationError(
            f"Rows of attention of shape {rows.shape} for {len(queries)} queries: expected is [layer, query, head, "
            "key], a row for every query of AttentionQueries.of(places), in that order, and a path for each or none."
        )
    ordered = rows if paths is None else _gathered(rows, paths)
    if ordered.shape[-1] <= queries.max(initial=-1) or (paths and any(map(_is_short, paths, queries.tolist()))):
        raise EvaluationError(
            f"Rows of {ordered.shape[-1]} keys cannot be of a query at token {queries.max()}, counted from 0. Give "
            "rows with a key for every token up to the query."
        )
    _check_probabilities(ordered, queries)
    return ordered


def _is_short(path: Integers, query: int) -> bool:
    return len(path) != query + 1


def _gathered(rows: Floats, paths: Sequence[Integers]) -> Floats:
    longest = max(map(len, paths), default=0)
    ordered = np.zeros((*rows.shape[:3], longest))
    for query, path in enumerate(paths):
        ordered[:, query, :, : len(path)] = rows[:, query][:, :, path]
    return ordered


def _check_probabilities(rows: Floats, queries: Integers) -> None:
    """Of each row, what the query may see is not negative and sums to 1."""
    seen = span_sums(rows, np.zeros_like(queries), queries + 1)
    is_wrong = ~(np.abs(seen - 1) <= ROUNDING) | ~(rows >= 0).all(axis=-1)  # [layer, query, head]; NaN is wrong
    if is_wrong.any():
        layer, query, head = (int(place[0]) for place in np.nonzero(is_wrong))
        raise EvaluationError(
            f"Attention of layer {layer}, head {head}, query {query} (token {queries[query]}) sums to "
            f"{seen[layer, query, head]:.4g} over the keys up to it, and 1 is expected of probabilities. Check that "
            "rows, places and paths are of the same batch, and that the checkpoint's weights are finite."
        )


def span_sums(rows: Floats, starts: Integers, ends: Integers) -> Floats:
    """[layer, query, head] Σ of rows [layer, query, head, key] over the keys [starts, ends) [query]."""
    keys = np.arange(rows.shape[-1])
    is_in = (keys >= starts[:, None]) & (keys < ends[:, None])  # [query, key]
    return np.asarray(np.matmul(rows, is_in[None, :, :, None].astype(np.float64))[..., 0])


def row_entropy(rows: Floats) -> Floats:
    """[...] −Σ α ln α in nats over the last axis, 0 ln 0 = 0; ln n for n equal weights, 0 for a single one."""
    logs = np.log(rows, out=np.zeros_like(rows), where=rows > 0)
    return np.asarray(-(rows * logs).sum(axis=-1) + 0.0)
