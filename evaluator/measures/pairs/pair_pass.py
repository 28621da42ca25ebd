"""One forward pass over the sentences of a paradigm, watched: hidden states and attention of the same run of the model.

Unlike for scoring every token is fed, since the last one is looked at too. Sentences are padded at their right, where
no token of a causal model sees it, so there is no mask. Only what is wanted of a batch is kept of it: memory is bounded
by one batch and by one paradigm's states.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluator.eval_mode import evaluating
from evaluator.inside.attention_rows import watched_attention
from evaluator.inside.hidden_states import HiddenStates, watched_hidden_states
from evaluator.inside.places import Places
from evaluator.limits import check_limits
from evaluator.measures.attention.attention_to_context import AttentionQueries, AttentionWeights, attention_weights
from evaluator.measures.attention.word_places import WordPlaces
from evaluator.measures.fitting_batches import FittingBatches
from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences, by_length
from evaluator.measures.pairs.seen_inside import PositionStates, SeenInside, Singles
from evaluator.measures.pairs.wanted import Wanted
from evaluator.memory import TokenBudget
from evaluator.scored import Integers
from evaluator.sequences import TokenSequences


@dataclass(frozen=True)
class _Tokens:
    """[token wanted] of all sentences of a paradigm: the sequence, the place in it, and where its state is kept."""

    sequence: Integers
    token: Integers

    def of(self, batch: Integers) -> tuple[Integers, Places]:
        """Which of them a batch of `batch` [row] rising sequences holds, and their places in it."""
        held = np.flatnonzero(np.isin(self.sequence, batch))
        return held, Places(np.searchsorted(batch, self.sequence[held]), self.token[held])


@dataclass
class _Batch:
    """What one batch has shown."""

    held: Integers
    states: Singles  # [layer, token held, d_model]
    pairs: Integers
    attention: AttentionWeights | None


def seen_inside(
    model: PreTrainedModel,
    sentences: ParadigmSentences,
    wanted: Wanted,
    *,
    budget: TokenBudget,
    where: str,
    on_note: Callable[[str], None] = lambda _: None,
) -> SeenInside:
    """Run `model` over the paradigm once, without unembedding, and return what is wanted.

    Raises EvaluationError where the model cannot be watched, a sentence is too long for it or has a token that it does
    not know, or not one sentence fits into memory; `where` names the checkpoint.
    """
    check_limits(model, sentences.tokenised, where, is_last_fed=True)
    sentences = sentences.showing(wanted)
    tokens = _tokens(sentences)
    with evaluating(model):
        ordered, longest = by_length(sentences), int(sentences.tokenised.sequences.lengths.max())
        fits = FittingBatches(budget, longest, "sentences", where, on_note)

        def run(first: int, end: int) -> _Batch:
            return _batch(model, sentences, wanted, tokens, np.sort(ordered[first:end]))

        batches = list(fits.run(len(ordered), run))
    states = _gathered(batches, len(tokens.sequence)) if wanted.positions else None
    return SeenInside(
        states=() if states is None else tuple(_of_positions(sentences, states)),
        attention=None if wanted.attention is None else _attention(batches, sentences),
    )


def _tokens(sentences: ParadigmSentences) -> _Tokens:
    """Position by position, the good sides of the pairs that have it and then their bad ones."""
    tokenised = sentences.tokenised
    sequence, token = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for one in sentences.positions:
        here = one.is_there
        sequence += [tokenised.good.sequence[here], tokenised.bad.sequence[here]]
        token += [one.good[here], one.bad[here]]
    return _Tokens(np.concatenate(sequence), np.concatenate(token))


def _batch(
    model: PreTrainedModel, sentences: ParadigmSentences, wanted: Wanted, tokens: _Tokens, batch: Integers
) -> _Batch:
    held, places = tokens.of(batch)
    pairs, words, queries = _queries(sentences, batch)
    seen: list[HiddenStates] = []
    rows: list[torch.Tensor] = []
    ids = _padded(sentences.tokenised.sequences, batch)
    with torch.inference_mode(), ExitStack() as watching:
        if len(held):
            watching.enter_context(watched_hidden_states(model, places, seen.append))
        if queries is not None:
            watching.enter_context(watched_attention(model, lambda _, found: rows.append(found.cpu()), queries))
        if len(held) or queries is not None:
            model.base_model(input_ids=torch.from_numpy(ids).to(model.device), use_cache=False)
    states = _stacked(seen[0], wanted.raw_states) if seen else np.zeros((0, 0, 0), np.float32)
    attention = None
    if words is not None and queries is not None:
        attention = attention_weights(torch.stack(rows).numpy(), words, wanted.attention)
    return _Batch(held, states, pairs, attention)


def _padded(sequences: TokenSequences, batch: Integers) -> Integers:
    """[row, token] With some token at the right."""
    held = sequences.take(batch)
    ids = np.zeros((len(batch), int(held.lengths.max())), dtype=np.int64)
    ids[np.repeat(np.arange(len(batch)), held.lengths), held.places] = held.ids
    return ids


def _queries(sentences: ParadigmSentences, batch: Integers) -> tuple[Integers, WordPlaces | None, Places | None]:
    """The pairs whose words stand in sentences of the batch, their words, and the queries that are watched."""
    if sentences.words is None:
        return np.zeros(0, np.int64), None, None
    sequence = sentences.words_sequence
    pairs = np.flatnonzero(np.isin(sequence, batch) & sentences.words.is_known)
    if not len(pairs):
        return pairs, None, None
    words = sentences.words.take(pairs)
    queries = AttentionQueries.of(words)
    rows = np.searchsorted(batch, sequence[pairs])[queries.pair]
    return pairs, words, Places(rows, queries.token)


def _stacked(seen: HiddenStates, is_raw: bool) -> Singles:
    """[layer, place, d_model] As transformers numbers them: the last is after the final norm, unless raw ones are
    wanted."""
    layers = seen.layers.numpy()
    return layers if is_raw else np.concatenate([layers[:-1], seen.final.numpy()[None]])


def _gathered(batches: list[_Batch], n_tokens: int) -> Singles:
    """[layer, token wanted, d_model]."""
    shown = [batch for batch in batches if len(batch.held)]
    if not shown:
        return np.zeros((0, n_tokens, 0), np.float32)
    n_layers, _, width = shown[0].states.shape
    whole = np.empty((n_layers, n_tokens, width), dtype=np.float32)
    for batch in shown:
        whole[:, batch.held] = batch.states
    return whole


def _of_positions(sentences: ParadigmSentences, states: Singles) -> list[PositionStates]:
    found, first = [], 0
    for one in sentences.positions:
        pairs = np.flatnonzero(one.is_there)
        good, bad = np.split(states[:, first : first + 2 * len(pairs)], 2, axis=1)
        found.append(PositionStates(one.position, pairs, good, bad))
        first += 2 * len(pairs)
    return found


def _attention(batches: list[_Batch], sentences: ParadigmSentences) -> AttentionWeights | None:
    """[pair of the paradigm]; None where no pair's words are known."""
    shown = [(batch.pairs, batch.attention) for batch in batches if batch.attention is not None]
    if not shown:
        return None
    pairs = np.concatenate([places for places, _ in shown])
    return AttentionWeights.join([one for _, one in shown]).spread(pairs, len(sentences.pairs))
