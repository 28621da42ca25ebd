"""Attention of every pair as a table: kept beside the means, so that checkpoints can be compared with no model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from evaluator.scored import Floats, Integers

MAPS = ("weight", "control", "entropy")


def items_table(weights: AttentionWeights, pairs: Integers) -> pa.Table:
    """Of the known pairs: `pair`, its place in pairs.parquet, `uniform`, and fp32 weight, control and entropy.

    The three are [layer × head] in one list, layer by layer; control is the one that the spec names, NaN where a pair
    has none. `heads` is how many a layer has.
    """
    known = np.flatnonzero(weights.is_known)
    taken = weights.take(known)
    _, n_layers, n_heads = taken.weight.shape
    columns = {"weight": taken.weight, "control": taken.control, "entropy": taken.entropy}
    lists = {name: _lists(one.reshape(len(known), n_layers * n_heads)) for name, one in columns.items()}
    return pa.table({
        "pair": pa.array(pairs[known], pa.int32()),
        "heads": pa.array(np.full(len(known), n_heads), pa.int32()),
        "uniform": pa.array(taken.uniform, pa.float64()),
        **lists,
    })  # fmt: skip


def weights_of(table: pa.Table, pairs: Integers, spec: AttentionSpec) -> AttentionWeights:
    """The weights of `pairs`, in that order, NaN where the table has none; only the spec's control is known."""
    held = dict(zip(table["pair"].to_pylist(), range(len(table)), strict=True))
    rows = np.array([held.get(pair, -1) for pair in pairs.tolist()], dtype=np.int64)
    n_heads = int(table["heads"][0].as_py()) if len(table) else 1
    weight, control, entropy = (_taken(_maps(table, name, n_heads), rows) for name in MAPS)
    uniform = _taken(np.asarray(table["uniform"].to_numpy()), rows)
    nothing = np.full_like(control, np.nan)
    is_shifted = spec.control == "same-distance"
    same_distance, same_query = (control, nothing) if is_shifted else (nothing, control)
    return AttentionWeights(weight, same_distance, same_query, entropy, uniform, spec)


def _lists(values: Floats) -> pa.Array:
    flat = pa.array(values.astype(np.float32).ravel(), pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1]).cast(pa.list_(pa.float32()))


def _maps(table: pa.Table, name: str, n_heads: int) -> Floats:
    """[row, layer, head]."""
    flat = np.asarray(table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False), dtype=np.float64)
    return flat.reshape(len(table), -1, n_heads) if len(table) else np.zeros((0, 1, n_heads))


def _taken(values: Floats, rows: Integers) -> Floats:
    found = np.full((len(rows), *values.shape[1:]), np.nan)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found
