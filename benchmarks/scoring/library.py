"""minicons: its scorer of causal models, with its BOS and the sum, or as it comes (no BOS, the mean)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from minicons.scorer import IncrementalLMScorer

from benchmarks.scoring.scores import PairScores
from exposure.pairs import MinimalPair


def _total(log_probs: torch.Tensor) -> float:
    return float(log_probs.sum(0).item())


SUM: dict[str, Any] = {"reduction": _total}
WITH_BOS: dict[str, Any] = {"bos_token": True, **SUM}
AS_IT_COMES: dict[str, Any] = {}


class Minicons:
    """A checkpoint as minicons loads it; it takes sentences in the order in which they are given."""

    def __init__(self, checkpoint: Path, batch_size: int = 64, dtype: str = "float32", device: str = "cpu") -> None:
        self.model = IncrementalLMScorer(str(checkpoint), device, dtype=getattr(torch, dtype))
        self.batch_size = batch_size

    def score(self, pairs: Sequence[MinimalPair], settings: dict[str, Any]) -> PairScores:
        """`settings` are arguments of `sequence_score`. It decides nothing itself: right is the higher score."""
        sentences = [one for pair in pairs for one in (pair.sentence_good, pair.sentence_bad)]
        found: list[float] = []
        for start in range(0, len(sentences), self.batch_size):
            found += self.model.sequence_score(sentences[start : start + self.batch_size], **settings)
        good, bad = np.array(found[0::2]), np.array(found[1::2])
        return PairScores(good, bad, np.asarray(good > bad))
