"""Attention to the context word, read from TransformerLens' patterns of each sentence alone.

Ours are of one padded batch and sdpa, the bridge's of one sentence and eager attention: 2e-6 of a probability apart,
and a few times that in sums over a word's tokens and in entropies.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import tiny_models
import torch

pytest.importorskip("transformer_lens", reason="TransformerLens is not installed (extra peers)")

from bridged_models import bridge_around, seen

from evaluator.inside.attention_rows import attention_rows
from evaluator.inside.places import Places
from evaluator.measures.attention.attention_to_context import AttentionQueries, AttentionWeights, attention_weights
from evaluator.measures.attention.word_places import WordPlaces, word_places
from evaluator.measures.attention.word_spans import tokenised_sentences
from evaluator.model_inputs import model_inputs
from evaluator.rows import Rows
from evaluator.scored import Floats
from exposure.phrases import CriticalPhrase, Phrase

SPECIAL = tiny_models.tokenizer(tiny_models.END, tiny_models.END)
PAIRS = (  # sentence, place of the critical word, place of the context word
    ("The cats near the old green harbour sleep.", 7, 1),
    ("These dogs sleep in the harbour.", 1, 0),
    ("The painter has often seen that naïve harbour.", 6, 5),
    ("There is soon to be a cat here.", 3, 1),
)
SENTENCES = [sentence for sentence, _, _ in PAIRS]
IDS = [[SPECIAL.eos_token_id, *SPECIAL.encode(one, add_special_tokens=False)] for one in SENTENCES]
CLOSE = 1e-5


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


def places() -> WordPlaces:
    words = []
    for sentence, critical, context in PAIRS:
        split = [word.rstrip(".") for word in sentence.split()]
        phrase = Phrase(sentence)
        words.append(CriticalPhrase("made", "0", "good", phrase, split[critical], split[context], critical, context))
    return word_places(tokenised_sentences(SPECIAL.backend_tokenizer, SENTENCES), words)


def ours(architecture: str, at: WordPlaces) -> AttentionWeights:
    """From one batch, padded on the right."""
    width = max(map(len, IDS))
    padded = np.array([ids + [0] * (width - len(ids)) for ids in IDS], dtype=np.int32)
    nothing = np.zeros(0, dtype=np.int64)
    model, queries = tiny_models.model(architecture), AttentionQueries.of(at)
    inputs = model_inputs(model, Rows(padded, None, nothing, nothing, nothing))
    return attention_weights(attention_rows(model, inputs, Places(queries.pair, queries.token)).numpy(), at)


def theirs(architecture: str, at: WordPlaces) -> dict[str, Floats]:
    """[pair, layer, head] Sums and entropies of rows of the bridge's patterns, by plain slices."""
    bridge = bridge_around(tiny_models.model(architecture))
    found: dict[str, list[Floats]] = {"weight": [], "same_distance": [], "same_query": [], "entropy": []}
    for pair, ids in enumerate(IDS):
        pattern = seen(bridge, torch.tensor([ids])).patterns[:, 0].double().numpy()  # [layer, head, query, key]
        size = int(at.target_end[pair] - at.target_start[pair])
        for name, query, key in (
            ("weight", at.source[pair], at.target_start[pair]),
            ("same_distance", at.shifted_source[pair], at.shifted_start[pair]),
            ("same_query", at.source[pair], at.nearby_start[pair]),
        ):
            missing = np.full(pattern.shape[:2], np.nan)
            found[name].append(missing if key < 0 else pattern[:, :, query, key : key + size].sum(axis=-1))
        row = pattern[:, :, at.source[pair], : at.source[pair] + 1]
        found["entropy"].append(-(row * np.log(row)).sum(axis=-1))
    return {name: np.stack(values) for name, values in found.items()}


@pytest.mark.parametrize("architecture", [*tiny_models.ARCHITECTURES, "qwen2", "olmo2"])
def test_weights_controls_and_entropies_are_those_of_its_patterns(architecture: str) -> None:
    """The weight on the earlier word, on both controls, and how spread the row is, of every pair, layer and head."""
    at = places()
    assert at.is_known.all()
    assert (at.target_end - at.target_start).max() > 1, "words of one token only would prove less"
    found = ours(architecture, at)
    for name, expected in theirs(architecture, at).items():
        np.testing.assert_allclose(getattr(found, name), expected, rtol=0, atol=CLOSE)
        assert np.isfinite(expected).any()
    assert np.nanmax(np.abs(found.weight - found.same_query)) > 0.01, "equal weights everywhere would prove little"
