"""What a model cannot take is refused before it is run: texts beyond its context, tokens beyond its vocabulary."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_models

from evaluator.conventions import ScoringSpec
from evaluator.limits import context_length
from evaluator.scoring import score_pairs
from evaluator.tokenising import tokenise_pairs
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair


@pytest.mark.parametrize("architecture", tiny_models.SHAPES)
def test_context_length(architecture: str) -> None:
    """Whatever an architecture calls it."""
    assert context_length(tiny_models.model(architecture)) == tiny_models.CONTEXT


@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_too_long_a_sentence(architecture: str) -> None:
    """The longest that fits is scored, its last token predicted from a full context; one token more is refused."""
    folder = tiny_models.checkpoint(architecture)
    fitting = MinimalPair("u", "0", "!" * tiny_models.CONTEXT, "?")
    too_long = MinimalPair("u", "1", "?", "!" * (tiny_models.CONTEXT + 1))
    model = tiny_models.model(architecture)
    items = score_pairs(model, tokenise_pairs(folder, [fitting], ScoringSpec()), where="here")
    assert items.good.counts.tolist() == [tiny_models.CONTEXT]
    assert np.isfinite(items.delta).all()
    with pytest.raises(EvaluationError) as caught:
        score_pairs(model, tokenise_pairs(folder, [fitting, too_long], ScoringSpec()), where="step 4 (here)")
    assert str(caught.value).startswith(
        "step 4 (here): the pair u/1 has a sentence of 66 tokens with what stands before it, and the model's context "
        "holds 64 (the last token is only predicted). Leave such pairs out (1 sentences are too long)"
    )


def test_tokens_beyond_the_vocabulary() -> None:
    """A tokenizer with more tokens than the model has embeddings is another model's."""
    folder = tiny_models.checkpoint("llama")
    tokenised = tokenise_pairs(folder, tiny_models.pairs(), ScoringSpec())
    highest = int(tokenised.sequences.ids.max())
    score_pairs(tiny_models.model("llama", vocab_size=highest + 1), tokenised, where="here")
    with pytest.raises(EvaluationError) as caught:
        score_pairs(tiny_models.model("llama", vocab_size=highest), tokenised, where="step 4 (here)")
    message = str(caught.value)
    assert message.startswith(f"step 4 (here): the tokenizer gives token {highest} in the pair ")
    name = message.removeprefix(f"step 4 (here): the tokenizer gives token {highest} in the pair ").split(",")[0]
    (pair,) = [place for place, one in enumerate(tokenised.names) if one == name]
    holders = [
        place
        for place in range(len(tokenised))
        if any(highest in tokenised.sequences[int(side.sequence[place])] for side in (tokenised.good, tokenised.bad))
    ]
    assert pair == holders[0]
    assert f"and the model has embeddings for tokens below {highest}. Tokenizer and weights belong to" in message
