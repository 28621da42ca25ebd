"""Tokens of a batch of which something is asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluator.rows import Ancestry
from exposure.errors import EvaluationError

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """[place] Tokens by the row of the batch and the place in that row, both counted from 0, in any order."""

    rows: Integers
    tokens: Integers

    def __len__(self) -> int:
        return len(self.rows)

    def check(self, n_rows: int, width: int) -> None:
        """Raise EvaluationError where a place lies outside a batch of `n_rows` rows of `width` tokens."""
        for name, given, bound in (("row", self.rows, n_rows), ("token", self.tokens, width)):
            outside = given[(given < 0) | (given >= bound)]
            if len(outside):
                raise EvaluationError(
                    f"Place {name} {outside[0]} was asked for, and the batch has {n_rows} rows of {width} tokens, "
                    "counted from 0. Ask for places of the rows that the model is fed."
                )


def path_places(ancestry: Ancestry, row: int, token: int) -> Integers:
    """[depth] Places in `row` of the ancestors of `token` and of itself, first to last: of a sentence in a packed row,
    the tokens up to it. Attention rows of packed batches read at these places are those of the sentence alone.
    """
    ends = ancestry.subtree_ends[row, : token + 1]
    return np.flatnonzero(ends > token).astype(np.int64)
