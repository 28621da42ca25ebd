"""Scoring pairs, whatever way is taken: equal to one sentence at a time, for every method, prefix and architecture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch
from slow_scores import assert_close, slow_scores
from transformers import AutoModelForCausalLM, PreTrainedModel

from evaluator.conventions import Method, Prefix, ScoringSpec
from evaluator.items import ItemScores
from evaluator.scoring import score_pairs
from evaluator.tokenising import tokenise_pairs
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair, OnePrefix, TwoPrefix

PREFIX_IDS = {"llama": 0}  # <s>; elsewhere <|endoftext|>
EXACT = 2e-5


def with_prefix_forms(pair: MinimalPair) -> MinimalPair:
    """The pair with forms made of its sentences; every third has no one-prefix form, every fourth no two-prefix."""
    words = pair.sentence_good.split()
    number = sum(map(ord, pair.name))
    return replace(
        pair,
        one_prefix=OnePrefix(" ".join(words[:-1]), "walks away", "harbour.") if number % 3 and words[1:] else None,
        two_prefix=TwoPrefix(pair.sentence_bad, " ".join(words[:2]), "sleeping") if number % 4 else None,
    )


SCORABLE = tuple(map(with_prefix_forms, tiny_models.pairs()[::8] + tiny_models.pairs()[-9:]))
PAIRS = (*SCORABLE, MinimalPair("list", "1", "", "", phrase_good="the cat"))


def model_of(folder: Path) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model


def quietly(folder: Path, spec: ScoringSpec, pairs: tuple[MinimalPair, ...] = PAIRS, **options: object) -> ItemScores:
    """Scores by the checkpoint in `folder`; nothing must be worth a note."""
    notes: list[str] = []
    items = score_pairs(
        model_of(folder),
        tokenise_pairs(folder, pairs, spec),
        where="here",
        on_note=notes.append,
        **options,  # type: ignore[arg-type]
    )
    assert notes == []
    return items


# Against the oracle


@pytest.mark.parametrize("prefix", ["bos", "none"])
@pytest.mark.parametrize("method", ["full", "one-prefix", "two-prefix"])
@pytest.mark.parametrize("architecture", tiny_models.SHAPES)
def test_every_method_and_prefix(architecture: str, method: Method, prefix: Prefix) -> None:
    """Tries give every token the log-probability that it has when its sentence is alone."""
    folder = tiny_models.checkpoint(architecture)
    spec = ScoringSpec(method, prefix)
    expected = slow_scores(model_of(folder), folder, PREFIX_IDS.get(architecture, 1), PAIRS, spec)
    assert_close(quietly(folder, spec), expected, EXACT)


@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_trained_models(architecture: str) -> None:
    """The same for models that have learnt something, with a space before every sentence."""
    folder = tiny_models.trained_checkpoint(architecture)
    spec = ScoringSpec(lead_space=True)
    expected = slow_scores(model_of(folder), folder, PREFIX_IDS.get(architecture, 1), PAIRS, spec)
    assert_close(quietly(folder, spec), expected, EXACT)


def test_scores_are_sums() -> None:
    """A side's score is the sum of its tokens' log p; pairs that the method does not apply to have none."""
    folder = tiny_models.checkpoint("gpt_neox")
    items = quietly(folder, ScoringSpec())
    good, bad = slow_scores(model_of(folder), folder, 1, PAIRS, ScoringSpec())
    expected = [one.sum() - other.sum() for one, other in zip(good[:-1], bad[:-1], strict=True)]  # type: ignore[union-attr]
    np.testing.assert_allclose(items.delta[:-1], expected, atol=1e-4)
    assert np.isnan(items.delta[-1])
    assert items.is_scored.tolist() == [True] * len(SCORABLE) + [False]


def test_identical_sides_tie_exactly() -> None:
    """Two sides of one text have a difference of exactly 0, and so has all that two sides begin with."""
    items = quietly(tiny_models.checkpoint("llama"), ScoringSpec())
    identical = [place for place, pair in enumerate(PAIRS) if pair.has_identical_sides]
    assert identical
    assert (items.delta[identical] == 0).all()
    for place, pair in enumerate(SCORABLE):
        good, bad = (side.log_probs[side.starts[place] : side.starts[place + 1]] for side in (items.good, items.bad))
        if pair.sentence_good.split()[0] == pair.sentence_bad.split()[0]:
            assert good[0] == bad[0]


# Invariance


@pytest.mark.parametrize("batch_tokens", [1, 300, 100_000])
def test_batch_size_does_not_matter(batch_tokens: int) -> None:
    """Batches of one row, of two and of everything give the same."""
    folder = tiny_models.checkpoint("llama")
    one, other = (quietly(folder, ScoringSpec(), batch_tokens=size) for size in (batch_tokens, 1000))
    np.testing.assert_allclose(one.good.log_probs, other.good.log_probs, atol=EXACT)
    np.testing.assert_allclose(one.bad.log_probs, other.bad.log_probs, atol=EXACT)


def test_order_of_pairs_does_not_matter() -> None:
    """Pairs in another order have the same scores, to the last bit."""
    folder = tiny_models.checkpoint("gpt2")
    order = np.random.default_rng(3).permutation(len(PAIRS))
    straight = quietly(folder, ScoringSpec())
    shuffled = quietly(folder, ScoringSpec(), tuple(PAIRS[place] for place in order))
    np.testing.assert_array_equal(shuffled.delta, straight.delta[order])


def test_same_twice() -> None:
    """The same model and texts give the same bits."""
    folder = tiny_models.checkpoint("gpt_neox")
    one, other = quietly(folder, ScoringSpec()), quietly(folder, ScoringSpec())
    np.testing.assert_array_equal(one.good.log_probs, other.good.log_probs)


def test_train_mode_is_left_and_entered_again() -> None:
    """A model in train mode is scored without its dropout, and is in train mode afterwards."""
    folder = tiny_models.checkpoint("gpt2")
    model = model_of(folder).train()
    assert model.config.resid_pdrop > 0
    items = score_pairs(model, tokenise_pairs(folder, PAIRS, ScoringSpec()), where="here")
    np.testing.assert_array_equal(items.delta, quietly(folder, ScoringSpec()).delta)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_progress() -> None:
    """Progress rises by batches to its total."""
    heard: list[tuple[int, int]] = []
    quietly(
        tiny_models.checkpoint("llama"),
        ScoringSpec(),
        batch_tokens=128,
        on_progress=lambda done, total: heard.append((done, total)),
    )
    totals = {total for _, total in heard}
    assert len(heard) > 3
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert {heard[-1][0]} == totals


def test_notes_of_the_tokenizer_are_passed_on() -> None:
    """What a reader should know of the tokenizer is heard with every checkpoint."""
    folder = tiny_models.checkpoint("llama")
    tokenised = replace(tokenise_pairs(folder, PAIRS, ScoringSpec()), notes=("The file was followed.",))
    notes: list[str] = []
    score_pairs(model_of(folder), tokenised, where="here", on_note=notes.append)
    assert notes == ["The file was followed."]


# What is refused


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_broken_weights(number: float) -> None:
    """One weight that is not finite is an error that names the checkpoint, how many pairs it costs, and the first."""
    folder = tiny_models.checkpoint("gpt_neox")
    model = model_of(folder)
    tokenised = tokenise_pairs(folder, PAIRS, ScoringSpec())
    rare = tokenised.sequences[int(tokenised.good.sequence[5])][3]
    holders = [
        place
        for place in np.flatnonzero(tokenised.is_scored)
        if any(rare in tokenised.sequences[int(side.sequence[place])][:-1] for side in (tokenised.good, tokenised.bad))
    ]
    with torch.no_grad():
        model.get_input_embeddings().weight[rare] = number  # type: ignore[index, union-attr]
    with pytest.raises(EvaluationError) as caught:
        score_pairs(model, tokenised, where="step 400 (there)")
    message = str(caught.value)
    assert 0 < len(holders) < len(SCORABLE), "the broken row must be known by some sentences only"
    assert message.startswith(
        f"step 400 (there): {len(holders)} of {len(SCORABLE)} pairs have a log-probability that is"
    )
    assert f"the first is {PAIRS[holders[0]].name}. The weights are damaged, or overflow in float32" in message


def test_wrong_dtype() -> None:
    """A model of another dtype than the scores are named by is refused."""
    folder = tiny_models.checkpoint("llama")
    tokenised = tokenise_pairs(folder, PAIRS, ScoringSpec(dtype="bfloat16"))
    with pytest.raises(EvaluationError, match=r"here: the weights are float32, and scores in bfloat16 were asked for"):
        score_pairs(model_of(folder), tokenised, where="here")
