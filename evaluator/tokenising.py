"""Pairs → token sequences: every distinct text is tokenised once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluator.conventions import ScoringSpec
from evaluator.token_sequences import TokenisedPairs
from exposure.pairs import MinimalPair


def tokenise_pairs(folder: Path, pairs: Sequence[MinimalPair], spec: ScoringSpec) -> TokenisedPairs:
    """`pairs` by the tokenizer of a checkpoint's folder.

    Raises EvaluationError where there is no tokenizer, no prefix token although one is asked for, or nothing to score.
    """
    raise NotImplementedError
