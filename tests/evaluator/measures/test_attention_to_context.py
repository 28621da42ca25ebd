"""Weights from rows of attention: against plain loops, and with attention planted in one head."""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt
import pytest

from evaluator.measures.attention.attention_change import attention_change
from evaluator.measures.attention.attention_sums import row_entropy
from evaluator.measures.attention.attention_to_context import (
    AttentionQueries,
    AttentionSpec,
    AttentionWeights,
    attention_weights,
)
from evaluator.measures.attention.control_positions import nearby_keys, shift_of
from evaluator.measures.attention.word_places import UNKNOWN, WordPlaces
from evaluator.measures.attention.word_spans import TokenSpan
from exposure.errors import EvaluationError

LAYERS, HEADS = 3, 4
Floats = npt.NDArray[np.float64]


def drawn_places(generator: np.random.Generator, n_pairs: int = 12) -> WordPlaces:
    """Words of one to three tokens in sequences of 14 to 20; every fourth pair is unknown."""
    rows = []
    for pair in range(n_pairs):
        if pair % 4 == 3:
            rows.append((UNKNOWN,) * 6)
            continue
        target = TokenSpan(start := int(generator.integers(1, 5)), start + int(generator.integers(1, 4)))
        first = target.end + int(generator.integers(0, 4))
        source = TokenSpan(first, first + int(generator.integers(1, 3)))
        shift, nearby = shift_of(source, target, 14 + pair % 6), nearby_keys(source, target)
        moved = (UNKNOWN, UNKNOWN) if shift is None else (source.end - 1 + shift, target.start + shift)
        rows.append((source.end - 1, target.start, target.end, nearby.start if nearby else UNKNOWN, *moved))
    columns = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return WordPlaces(*columns, np.ones(n_pairs, dtype=bool), ("",) * n_pairs)


def drawn_rows(generator: np.random.Generator, places: WordPlaces, width: int = 20) -> npt.NDArray[np.float32]:
    """[layer, query, head, key] Softmax rows of the queries, 0 after the query."""
    queries = AttentionQueries.of(places)
    logits = generator.normal(0, 2, (LAYERS, len(queries), HEADS, width))
    logits = np.where(np.arange(width) <= queries.token[None, :, None, None], logits, -np.inf)
    weights = np.exp(logits)
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("tokens", ["sum", "mean"])
def test_weights_and_entropy_equal_plain_loops(tokens: str) -> None:
    """Every pair, layer and head by hand: the word, both controls, the entropy and the uniform query."""
    generator = np.random.default_rng(1)
    places = drawn_places(generator)
    rows = drawn_rows(generator, places)
    found = attention_weights(rows, places, AttentionSpec(tokens=tokens))  # type: ignore[arg-type]
    queries = AttentionQueries.of(places)
    row_of = {(int(pair), i >= queries.n_sources): i for i, pair in enumerate(queries.pair)}
    for pair in range(len(places)):
        size = int(places.target_tokens[pair])
        scale = 1 if tokens == "sum" else max(size, 1)

        def over(start: int, query: int | None, layer: int, head: int, size: int = size, scale: int = scale) -> float:
            if query is None or start == UNKNOWN:
                return float("nan")
            return sum(float(rows[layer, query, head, start + i]) for i in range(size)) / scale

        source, shifted = row_of.get((pair, False)), row_of.get((pair, True))
        for layer in range(LAYERS):
            for head in range(HEADS):
                at = pair, layer, head
                same(found.weight[at], over(int(places.target_start[pair]), source, layer, head))
                same(found.same_query[at], over(int(places.nearby_start[pair]), source, layer, head))
                same(found.same_distance[at], over(int(places.shifted_start[pair]), shifted, layer, head))
                seen = [] if source is None else [float(one) for one in rows[layer, source, head] if one > 0]
                same(found.entropy[at], -sum(one * log(one) for one in seen) if seen else float("nan"))
        expected = float("nan") if source is None else size / scale / (int(places.source[pair]) + 1)
        same(found.uniform[pair], expected)
    assert found.is_known.tolist() == places.is_known.tolist()
    assert 0 < np.isnan(found.weight).mean() < 1


def same(found: float, expected: float) -> None:
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_a_uniform_query_pays_what_uniform_says_and_is_as_spread_as_can_be() -> None:
    """Rows of 1/(k+1): the weight is the uniform one in every head, word or control, and the entropy ln(k+1)."""
    places = drawn_places(np.random.default_rng(2))
    token = AttentionQueries.of(places).token
    row = np.where(np.arange(20) <= token[:, None], 1 / (token[:, None] + 1.0), 0)  # [query, key]
    found = attention_weights(np.broadcast_to(row[None, :, None], (LAYERS, len(token), HEADS, 20)), places)
    known = places.is_known
    np.testing.assert_allclose(found.weight[known], found.uniform[known][:, None, None] * np.ones((LAYERS, HEADS)))
    np.testing.assert_allclose(
        found.entropy[known], np.log(places.source[known] + 1.0)[:, None, None] * np.ones((LAYERS, HEADS))
    )


def test_entropy_of_known_rows() -> None:
    """ln 4 for four equal weights, 0 for one, and the value by hand in between; zeros add nothing."""
    rows = np.array([[0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0], [0.5, 0.25, 0.25, 0]])
    np.testing.assert_allclose(row_entropy(rows), [log(4), 0, 1.5 * log(2)], atol=1e-15)
    assert not np.signbit(row_entropy(rows)).any()


def test_planted_attention_is_found_and_controls_stay_flat() -> None:
    """One head moves 0.6 of its weight to the target: it gains that, and neither its control nor another head does."""
    generator = np.random.default_rng(3)
    places = drawn_places(generator, 24)
    queries = AttentionQueries.of(places)
    before = drawn_rows(generator, places).astype(np.float64)
    after = before.copy()
    for query in range(queries.n_sources):
        pair = queries.pair[query]
        planted = np.zeros(20)
        planted[places.target_start[pair] : places.target_end[pair]] = 1 / places.target_tokens[pair]
        after[1, query, 2] = 0.4 * before[1, query, 2] + 0.6 * planted
    change = attention_change(attention_weights(before, places), attention_weights(after, places))
    gained = np.nanmean(change.weight, axis=0)
    assert gained[1, 2] > 0.3
    gained[1, 2] = 0
    np.testing.assert_allclose(gained, 0, atol=1e-15)
    np.testing.assert_array_equal(change.control[change.has_control], 0)
    assert change.contrast[change.has_control][:, 1, 2].min() > 0
    nearby = attention_weights(after, places).same_query - attention_weights(before, places).same_query
    assert np.nanmax(nearby) <= 0


def test_a_change_is_after_less_before_and_its_contrast_word_less_control() -> None:
    """By the numbers, of both controls in turn."""
    generator = np.random.default_rng(9)
    places = drawn_places(generator)
    before, after = drawn_rows(generator, places), drawn_rows(generator, places)
    for spec in (AttentionSpec(), AttentionSpec(control="same-query")):
        one, other = attention_weights(before, places, spec), attention_weights(after, places, spec)
        controls = [each.same_distance if spec.control == "same-distance" else each.same_query for each in (one, other)]
        change = attention_change(one, other)
        expected = (other.weight - one.weight) - (controls[1] - controls[0])
        np.testing.assert_allclose(change.contrast, expected, atol=1e-12)
        np.testing.assert_allclose(change.entropy, other.entropy - one.entropy)
        assert 0 < change.has_control.sum() < len(places)


def test_a_head_that_reads_a_fixed_distance_back_has_no_contrast() -> None:
    """Whatever stands there: it pays the word all, the equally distant control as much, and other keys nothing."""
    places = WordPlaces(*(np.array([one]) for one in (6, 4, 5, 5, 7, 5)), np.array([True]), ("",))
    rows = np.zeros((1, 2, 1, 8))
    rows[0, 0, 0, 4] = rows[0, 1, 0, 5] = 1
    found = attention_weights(rows, places)
    assert (found.weight.item(), found.same_distance.item(), found.same_query.item()) == (1, 1, 0)


def test_packed_rows_give_the_weights_of_the_sentences_alone() -> None:
    """Keys scattered over a wide row, other sentences between them, read along each query's path."""
    generator = np.random.default_rng(4)
    places = drawn_places(generator)
    rows = drawn_rows(generator, places)
    paths = [np.sort(generator.choice(50, token + 1, replace=False)) for token in AttentionQueries.of(places).token]
    packed = np.zeros((*rows.shape[:3], 50), dtype=np.float32)
    for query, path in enumerate(paths):
        packed[:, query][:, :, path] = rows[:, query, :, : len(path)]
    alone, together = attention_weights(rows, places), attention_weights(packed, places, paths=paths)
    for name in ("weight", "same_distance", "same_query", "entropy", "uniform"):
        np.testing.assert_allclose(getattr(alone, name), getattr(together, name), rtol=1e-12)


def test_batches_join_to_the_whole() -> None:
    """Weights taken pair by pair and joined equal those of all pairs at once."""
    generator = np.random.default_rng(5)
    places = drawn_places(generator)
    rows, queries = drawn_rows(generator, places), AttentionQueries.of(places)
    parts = []
    for pair in range(len(places)):
        mine = rows[:, np.flatnonzero(queries.pair == pair)]
        parts.append(attention_weights(mine, places.take(np.array([pair]))))
    whole, joined = attention_weights(rows, places), AttentionWeights.join(parts)
    np.testing.assert_array_equal(whole.weight, joined.weight)
    np.testing.assert_array_equal(whole.control, joined.control)
    np.testing.assert_array_equal(whole.take(np.array([2, 0])).entropy, joined.entropy[[2, 0]])


def test_what_are_no_probabilities_of_these_queries_is_refused() -> None:
    """A NaN, a sum of a half, a negative, a missing row, too few keys, a path of another query: each is told."""
    generator = np.random.default_rng(6)
    places = drawn_places(generator)
    rows = drawn_rows(generator, places)
    for value in (np.nan, -1, 9):
        broken = rows.copy()
        broken[1, 2, 3, 0] = value
        with pytest.raises(EvaluationError, match="layer 1, head 3, query 2"):
            attention_weights(broken, places)
    with pytest.raises(EvaluationError, match=r"sums to 0\.5"):
        attention_weights(rows / 2, places)
    with pytest.raises(EvaluationError, match="a row for every query"):
        attention_weights(rows[:, 1:], places)
    with pytest.raises(EvaluationError, match="a key for every token"):
        attention_weights(rows[..., :5], places)
    paths = [np.arange(token + 1) for token in AttentionQueries.of(places).token]
    with pytest.raises(EvaluationError, match="a key for every token"):
        attention_weights(rows, places, paths=[paths[0][:-1], *paths[1:]])


def test_no_known_pair_gives_no_number() -> None:
    """All NaN, and no error: there is nothing to read."""
    places = drawn_places(np.random.default_rng(7)).take(np.array([3, 7]))
    found = attention_weights(np.zeros((LAYERS, 0, HEADS, 9)), places)
    assert np.isnan(found.weight).all()
    assert not found.is_known.any()


def test_a_change_between_different_specs_is_refused() -> None:
    """The mean before and the sum after have no difference."""
    generator = np.random.default_rng(8)
    places = drawn_places(generator)
    rows = drawn_rows(generator, places)
    with pytest.raises(EvaluationError, match="mean over target"):
        attention_change(attention_weights(rows, places), attention_weights(rows, places, AttentionSpec(tokens="mean")))
