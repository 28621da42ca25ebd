"""Cells of attention patterns: each score equals the sentence that defines it, written as loops."""

import numpy as np
import pytest

from evaluator.measures.induction.attention_cells import (
    AttentionCells,
    induction_cells,
    mean_targets,
    prefix_matching_cells,
    previous_token_cells,
)


def read(cells: AttentionCells, pattern: np.ndarray) -> float:
    return float(cells.score(pattern[cells.queries, cells.keys]))


def random_pattern(length: int) -> np.ndarray:
    """[query, key] causal, rows add up to 1."""
    pattern = np.tril(np.random.default_rng(length).random((length, length)))
    return pattern / pattern.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("first", [0, 1])
def test_induction_reads_what_followed_the_first_occurrence(first):
    """Ā is the mean of attention from s + i − 1 to i, i = 1 … s − 1, counted after any BOS."""
    half = 7
    pattern = random_pattern(2 * half + first)
    counted = pattern[first:, first:]
    slow = sum(counted[half + i - 1, i] for i in range(1, half)) / (half - 1)
    assert read(induction_cells(half, first), pattern) == pytest.approx(slow)


@pytest.mark.parametrize("first", [0, 1])
def test_a_stub_pattern_gives_a_known_mean(first):
    """A head that gives 0.75 to the induction target and the rest to the first place has Ā = 0.75."""
    half, share = 5, 0.75
    tokens = [*range(100, 100 + first), *list(range(half)) * 2]
    pattern = np.zeros((len(tokens), len(tokens)))
    for query, token in enumerate(tokens):
        earlier = [key for key in range(1, query) if tokens[key - 1] == token]
        pattern[query, 0] = 1 - share * bool(earlier)
        for key in earlier:
            pattern[query, key] += share / len(earlier)
    assert read(induction_cells(half, first), pattern) == pytest.approx(share)
    assert read(prefix_matching_cells(half, 2, first), pattern) == pytest.approx(share)
    assert read(previous_token_cells(half, 2, first), pattern) < 0.2


@pytest.mark.parametrize("first", [0, 1])
def test_prefix_matching_sums_over_what_followed_the_same_token(first):
    """By tokens alone: the weight on places whose predecessor is the query's token, over queries that have one."""
    period, repeats = 4, 3
    tokens = [*range(100, 100 + first), *list(range(period)) * repeats]
    pattern = random_pattern(len(tokens))
    sums, entries = [], []
    for query in range(first + period, len(tokens)):
        found = [pattern[query, key] for key in range(1, query + 1) if tokens[key - 1] == tokens[query]]
        sums.append(sum(found))
        entries.extend(found)
    cells = prefix_matching_cells(period, repeats, first)
    assert read(cells, pattern) == pytest.approx(np.mean(sums))
    assert read(cells, pattern) / mean_targets(repeats) == pytest.approx(np.mean(entries))


@pytest.mark.parametrize("first", [0, 1])
def test_previous_token_leaves_the_bos_out(first):
    """The mean of attention one back, without the first token's to the BOS."""
    pattern = random_pattern(12 + first)
    slow = np.mean([pattern[query, query - 1] for query in range(first + 1, 12 + first)])
    assert read(previous_token_cells(4, 3, first), pattern) == pytest.approx(slow)


def test_scores_keep_the_axes_of_layers_and_heads():
    """Attention [sequence, head, cell] gives [sequence, head], in double precision."""
    cells = induction_cells(6, 1)
    attention = np.random.default_rng(0).random((3, 2, len(cells.queries)), dtype=np.float32)
    scores = cells.score(attention)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, attention.mean(axis=-1), rtol=1e-6)
