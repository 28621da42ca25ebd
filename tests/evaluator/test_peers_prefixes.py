"""BLiMP's one-prefix and two-prefix methods against what both libraries make of words after a context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from benchmarks.scoring.ours import Evaluator
from evaluator.conventions import Convention, Prefix
from exposure.pairs import MinimalPair, OnePrefix, TwoPrefix

CLOSE = 1e-4

Score = Callable[[list[str], list[str]], list[float]]
"""Contexts and words → log p of the words."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


@pytest.fixture(scope="module", params=tiny_models.ARCHITECTURES)
def checkpoint(request: pytest.FixtureRequest) -> Path:
    return tiny_models.checkpoint(request.param)


def test_prefixes_after_a_bos_are_those_of_minicons(checkpoint: Path) -> None:
    """With a BOS, both methods give the summed `conditional_score` of minicons."""
    pytest.importorskip("minicons", reason="minicons is not installed (extra peers)")
    from benchmarks.scoring.library import WITH_BOS, Minicons

    library = Minicons(checkpoint).model
    _compare(checkpoint, "bos", lambda contexts, words: library.conditional_score(contexts, words, **WITH_BOS))


def test_prefixes_without_a_bos_are_those_of_the_harness(checkpoint: Path) -> None:
    """With nothing before the context, both methods give the harness's log-likelihood of a continuation."""
    pytest.importorskip("lm_eval", reason="lm-eval is not installed (extra peers)")
    from benchmarks.scoring.harness import Harness, Instance

    model = Harness(checkpoint).model

    def theirs(contexts: list[str], words: list[str]) -> list[float]:
        asked = [("loglikelihood", {}, (one, f" {word}"), 0) for one, word in zip(contexts, words, strict=True)]
        return [score for score, _ in model.loglikelihood([Instance(*one) for one in asked], disable_tqdm=True)]

    _compare(checkpoint, "none", theirs)


def _compare(checkpoint: Path, prefix: Prefix, theirs: Score) -> None:
    evaluator, pairs = Evaluator(checkpoint), _pairs()
    one = [pair.one_prefix for pair in pairs if pair.one_prefix]
    two = [pair.two_prefix for pair in pairs if pair.two_prefix]
    assert len(one) == len(two) == len(pairs) > 200

    ours = evaluator.score(pairs, Convention("peer", "one-prefix", prefix))
    context = [form.prefix for form in one]
    np.testing.assert_allclose(ours.good, theirs(context, [form.word_good for form in one]), rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs(context, [form.word_bad for form in one]), rtol=0, atol=CLOSE)

    ours = evaluator.score(pairs, Convention("peer", "two-prefix", prefix))
    words = [form.word for form in two]
    np.testing.assert_allclose(ours.good, theirs([form.prefix_good for form in two], words), rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs([form.prefix_bad for form in two], words), rtol=0, atol=CLOSE)


def _pairs() -> list[MinimalPair]:
    """The world's pairs with forms like BLiMP's: the words that differ after what both begin with; the last word."""
    made = []
    for pair in tiny_models.pairs():
        good, bad = pair.sentence_good.split(" "), pair.sentence_bad.split(" ")
        shared = len(list(takewhile(lambda both: both[0] == both[1], zip(good, bad, strict=False))))
        if pair.uid != "corner_cases" and 0 < shared < min(len(good), len(bad)):
            one = OnePrefix(" ".join(good[:shared]), " ".join(good[shared:]), " ".join(bad[shared:]))
            two = TwoPrefix(" ".join(good[:-1]), " ".join(bad[:-1]), good[-1])
            made.append(replace(pair, one_prefix=one, two_prefix=two))
    return made
