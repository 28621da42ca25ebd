"""The evaluator's side: one checkpoint's scores, as `exposure evaluate` makes and reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.scoring.scores import Floats, PairScores
from evaluator.conventions import Convention
from evaluator.devices import device_of, dtype_name, dtype_of
from evaluator.items import ItemScores, SideScores
from evaluator.reference_model import reference_model
from evaluator.scoring import score_pairs
from evaluator.tokenising import tokenise_pairs
from exposure.pairs import MinimalPair


class Evaluator:
    """A checkpoint as transformers loads it; a sweep overwrites the weights of one such model in place."""

    def __init__(
        self, checkpoint: Path, batch_tokens: int | None = None, dtype: str = "float32", device: str = "cpu"
    ) -> None:
        self.checkpoint = checkpoint
        self.batch_tokens = batch_tokens
        place = device_of(device)
        self.dtype = dtype_of(dtype, place)
        self.model = reference_model(checkpoint, checkpoint.name, self.dtype, "sdpa").to(place)

    def items(self, pairs: Sequence[MinimalPair], convention: Convention) -> ItemScores:
        """Sentences to stored scores: tokenised and scored, as a sweep of one checkpoint does."""
        tokenised = tokenise_pairs(self.checkpoint, pairs, convention.spec(dtype_name(self.dtype)))
        return score_pairs(self.model, tokenised, where=self.checkpoint.name, batch_tokens=self.batch_tokens)

    def score(self, pairs: Sequence[MinimalPair], convention: Convention) -> PairScores:
        """The same as scores and decisions by `convention`."""
        items = self.items(pairs, convention)
        good, bad = (_normed(side, convention) for side in (items.good, items.bad))
        is_tie_right = convention.tie == "right"
        return PairScores(good, bad, np.asarray(good >= bad if is_tie_right else good > bad))


def _normed(side: SideScores, convention: Convention) -> Floats:
    """[pair] Sums of log p, or means over the scored tokens."""
    if convention.norm == "per-byte":
        raise ValueError("no peer norms by bytes")
    return side.sums if convention.norm == "sum" else np.asarray(side.sums / side.counts)
