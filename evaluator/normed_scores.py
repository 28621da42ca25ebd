"""What a file of scores says under a convention: each side's score as the convention norms it, and their difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluator.conventions import Convention
from evaluator.items import METADATA_KEY
from evaluator.scored import Floats
from exposure.errors import EvaluationError

Side = Literal["good", "bad"]
SizesOf = Callable[[Side], Floats]
"""[pair] UTF-8 bytes of what is scored of a side."""


@dataclass(frozen=True)
class NormedScores:
    """NaN where the method does not apply to a pair."""

    good: Floats  # [pair] nats, or nats a token or byte
    bad: Floats  # [pair]
    delta: Floats  # [pair] good − bad


def columns_for(convention: Convention) -> list[str]:
    """The columns of a file of scores that `normed_scores` takes."""
    if convention.norm == "sum":
        return ["delta", "score_good", "score_bad"]
    lists = ["token_log_probs_good", "token_log_probs_bad"] if convention.norm == "per-token" else []
    return ["score_good", "score_bad", *lists]


def normed_scores(table: pa.Table, convention: Convention, bytes_of: SizesOf) -> NormedScores:
    """The scores in a table with `columns_for` the convention; `bytes_of` is asked for a norm by bytes alone."""
    if convention.norm == "sum":
        return NormedScores(*(numbers(table[name]) for name in ("score_good", "score_bad", "delta")))
    good = numbers(table["score_good"]) / _size(table, "good", convention, bytes_of)
    bad = numbers(table["score_bad"]) / _size(table, "bad", convention, bytes_of)
    return NormedScores(good, bad, good - bad)


def refuse_other_items(table: pa.Table, name: object, pairs: int) -> None:
    """Raise EvaluationError unless `table`, read from the file `name`, holds the scores of so many pairs."""
    if (table.schema.metadata or {}).get(METADATA_KEY) is None or len(table) != pairs:
        raise EvaluationError(f"{name} is not of this evaluation. Delete it and evaluate the same again.")


def numbers(column: Any) -> Floats:
    """A column of numbers; null is NaN."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _size(table: pa.Table, side: Side, convention: Convention, bytes_of: SizesOf) -> Floats:
    if convention.norm == "per-token":
        return numbers(pc.list_value_length(table[f"token_log_probs_{side}"]))
    return bytes_of(side)
