"""From sentences through small models to weights: padded and packed batches against eager attention, read by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tiny_models import ARCHITECTURES, END, model, pairs, tokenizer

from evaluator.inside.attention_rows import attention_rows
from evaluator.inside.places import Places, path_places
from evaluator.measures.attention.attention_to_context import AttentionQueries, attention_weights
from evaluator.measures.attention.word_places import WordPlaces, word_places
from evaluator.measures.attention.word_spans import tokenised_sentences
from evaluator.model_inputs import model_inputs
from evaluator.row_packing import packed_rows
from evaluator.rows import Rows
from evaluator.sequences import TokenSequences
from evaluator.tries import sort_sequences
from exposure.phrases import CriticalPhrase, Phrase

SPECIAL = tokenizer(END, END)
SENTENCES = [pair.sentence_good for pair in pairs()[:240:24]]
IDS = [
    np.array([SPECIAL.eos_token_id, *SPECIAL.encode(text, add_special_tokens=False)], dtype=np.int32)
    for text in SENTENCES
]


def places() -> WordPlaces:
    """The last but one word is critical, the first or second its context."""
    words = []
    for number, sentence in enumerate(SENTENCES):
        split = sentence.split()
        at, other = len(split) - 2, number % 2
        phrase = Phrase(sentence)
        words.append(CriticalPhrase("made", "0", "good", phrase, split[at], split[other], at, other))
    return word_places(tokenised_sentences(SPECIAL.backend_tokenizer, SENTENCES), words, is_last_fed=False)


def by_hand(architecture: str, at: WordPlaces) -> dict[str, npt.NDArray[np.float64]]:
    """[pair, layer, head] From the whole patterns of an eager model, sentence by sentence."""
    eager = model(architecture, attn_implementation="eager")
    found: dict[str, list[npt.NDArray[np.float64]]] = {"weight": [], "same_distance": []}
    for pair, ids in enumerate(IDS):
        with torch.no_grad():
            output = eager(input_ids=torch.from_numpy(ids).long()[None], output_attentions=True)
        pattern = torch.stack(output.attentions)[:, 0].double().numpy()  # [layer, head, query, key]
        size = int(at.target_tokens[pair])
        for name, source, start in (
            ("weight", at.source, at.target_start),
            ("same_distance", at.shifted_source, at.shifted_start),
        ):
            query, key = int(source[pair]), int(start[pair])
            found[name].append(pattern[:, :, query, key : key + size].sum(axis=-1) + (np.nan if query < 0 else 0))
    return {name: np.stack(values) for name, values in found.items()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padded_batches_give_what_eager_attention_holds(architecture: str) -> None:
    """Rows of chosen queries of all sentences in one batch, padded on the right."""
    at = places()
    assert at.is_known.sum() >= 8
    assert at.has_shifted.any()
    queries = AttentionQueries.of(at)
    width = max(map(len, IDS))
    padded = np.stack([np.pad(ids, (0, width - len(ids))) for ids in IDS])
    nothing = np.zeros(0, dtype=np.int64)
    rows = Rows(padded, None, nothing, nothing, nothing)
    sdpa = model(architecture)
    found = attention_weights(
        attention_rows(sdpa, model_inputs(sdpa, rows), Places(queries.pair, queries.token)).numpy(), at
    )
    for name, expected in by_hand(architecture, at).items():
        np.testing.assert_allclose(getattr(found, name), expected, atol=1e-5)


def test_packed_rows_give_the_same_along_their_paths() -> None:
    """Sentences packed as tries, as scoring feeds them: queries and keys are found by the path of each."""
    at = places()
    queries = AttentionQueries.of(at)
    sequences = TokenSequences.of(IDS, np.ones(len(IDS), dtype=np.int64))
    (rows,) = packed_rows(sequences, sort_sequences(sequences), 2 * max(map(len, IDS))).groups
    nodes = [node_of(rows, IDS[pair][: token + 1]) for pair, token in zip(queries.pair, queries.token, strict=True)]
    where = Places(*np.array(nodes, dtype=np.int64).T)
    assert rows.ancestry is not None
    paths = [path_places(rows.ancestry, row, token) for row, token in nodes]
    sdpa = model("llama")
    found = attention_weights(attention_rows(sdpa, model_inputs(sdpa, rows), where).numpy(), at, paths=paths)
    for name, expected in by_hand("llama", at).items():
        np.testing.assert_allclose(getattr(found, name), expected, atol=1e-5)


def node_of(rows: Rows, beginning: npt.NDArray[np.int32]) -> tuple[int, int]:
    """Row and place of the node that ends `beginning`, by trying every one."""
    assert rows.ancestry is not None
    for row, token in np.ndindex(rows.token_ids.shape):
        path = path_places(rows.ancestry, row, token)
        if np.array_equal(rows.token_ids[row, path], beginning):
            return row, token
    raise AssertionError(beginning)
