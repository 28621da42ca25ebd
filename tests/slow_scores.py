"""What scores are, the slow and obvious way: one sentence at a time, in float64, by the whole model's logits."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from evaluator.conventions import ScoringSpec
from evaluator.items import ItemScores
from exposure.pairs import MinimalPair

Scores = list[npt.NDArray[np.float64] | None]


def slow_scores(
    model: PreTrainedModel, folder: Path, prefix_id: int, pairs: tuple[MinimalPair, ...], spec: ScoringSpec
) -> tuple[Scores, Scores]:
    """Token log-probabilities of the good and of the bad side of every pair; None where the method does not apply.

    A context and what follows it are tokenised apart: byte-level tokenizers never join tokens over a space.
    """
    exact = copy.deepcopy(model).double().eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    @cache
    def score(context: str, target: str) -> npt.NDArray[np.float64]:
        before, after = (tokenizer.encode(text, add_special_tokens=False).ids for text in (context, target))
        ids = ([prefix_id] if spec.prefix == "bos" else []) + before + after
        with torch.no_grad():
            log_probs = exact(torch.tensor([ids])).logits[0].log_softmax(-1)
        first = max(1, len(ids) - len(after))
        return np.array([log_probs[place - 1, ids[place]].item() for place in range(first, len(ids))])

    good, bad = zip(*(_texts(pair, spec) for pair in pairs), strict=True)
    return [text and score(*text) for text in good], [text and score(*text) for text in bad]


def _texts(pair: MinimalPair, spec: ScoringSpec) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    lead = " " if spec.lead_space else ""
    if spec.method == "full":
        if pair.is_bare_phrase:
            return None, None
        return ("", lead + pair.sentence_good), ("", lead + pair.sentence_bad)
    if spec.method == "one-prefix" and pair.one_prefix:
        before = lead + pair.one_prefix.prefix
        return (before, " " + pair.one_prefix.word_good), (before, " " + pair.one_prefix.word_bad)
    if spec.method == "two-prefix" and pair.two_prefix:
        after = " " + pair.two_prefix.word
        return (lead + pair.two_prefix.prefix_good, after), (lead + pair.two_prefix.prefix_bad, after)
    return None, None


def assert_close(items: ItemScores, expected: tuple[Scores, Scores], tolerance: float) -> None:
    """Every token's log p within `tolerance`, side by side and pair by pair."""
    for side, wanted in zip((items.good, items.bad), expected, strict=True):
        for place, scores in enumerate(wanted):
            found = side.log_probs[side.starts[place] : side.starts[place + 1]]
            if scores is None:
                assert len(found) == 0
            else:
                np.testing.assert_allclose(found, scores, rtol=0, atol=tolerance)
