"""Random sequences that repeat: what a head can do with them, it does by looking back, not by knowing the language."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.scored import Integers
from exposure.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class RepeatedSpec:
    """Which sequences: `period` distinct random tokens, `repeats` times over, `sequences` of them."""

    sequences: int = 50
    period: int = 100
    """Tokens of one repeat; no token occurs twice in it."""
    repeats: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        """At least one sequence of at least two tokens, given twice."""
        if self.sequences < 1 or self.period < 2 or self.repeats < 2:
            raise EvaluationError(
                f"Repeated sequences were asked for as {self}: at least 1 sequence, 2 tokens and 2 repeats are needed."
            )

    def length(self, has_bos: bool) -> int:
        """Tokens of a row, the BOS among them."""
        return self.period * self.repeats + has_bos

    @property
    def convention(self) -> str:
        """What a stored value names."""
        return f"{self.sequences}x{self.period}x{self.repeats} random tokens, seed {self.seed}"


HALVES = RepeatedSpec()
"""Of the induction score: two identical halves of 100 tokens, 50 sequences."""

OLSSON = RepeatedSpec(sequences=50, period=25, repeats=4)
"""Of the standard head scores: 25 random tokens four times over (Olsson et al. 2022, head activation evaluators)."""


@dataclass(frozen=True)
class RepeatedSequences:
    """Rows of token ids as a model reads them."""

    token_ids: Integers  # [sequence, token] a BOS first where there is one
    spec: RepeatedSpec
    first: int
    """Where the first repeat begins: 1 after a BOS, else 0."""


def repeated_sequences(spec: RepeatedSpec, vocabulary: Integers, bos: int | None) -> RepeatedSequences:
    """`spec.sequences` rows; the tokens of each drawn without replacement from `vocabulary` [entry].

    `vocabulary` are the ids that may be drawn (drawable_tokens.py); of them `bos` never is. Row i has a generator of
    its own, so more sequences begin with the same ones. Raises EvaluationError where fewer than `spec.period`
    are left.
    """
    ids = np.setdiff1d(vocabulary, [] if bos is None else [bos])
    if len(ids) < spec.period:
        raise EvaluationError(
            f"{spec.period} distinct tokens a sequence were asked for, and the vocabulary without special tokens has "
            f"{len(ids)}. Ask for a period of at most {len(ids)}."
        )
    rows = [_row(np.random.default_rng([spec.seed, row]), spec, ids) for row in range(spec.sequences)]
    token_ids = np.stack(rows).astype(np.int64)
    if bos is not None:
        token_ids = np.insert(token_ids, 0, bos, axis=1)
    return RepeatedSequences(token_ids, spec, int(bos is not None))


def _row(generator: np.random.Generator, spec: RepeatedSpec, ids: Integers) -> Integers:
    return np.tile(generator.choice(ids, size=spec.period, replace=False), spec.repeats)
