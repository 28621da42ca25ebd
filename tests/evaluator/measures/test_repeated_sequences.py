"""Random sequences that repeat: distinct tokens, identical repeats, a BOS that is counted."""

import numpy as np
import pytest

from evaluator.measures.induction.repeated_sequences import HALVES, OLSSON, RepeatedSpec, repeated_sequences
from exposure.errors import EvaluationError

VOCABULARY = np.arange(5, 305)


def test_halves_are_identical_and_hold_no_token_twice():
    """The rows for Ā are a BOS and two equal halves of 100 distinct tokens of the vocabulary."""
    made = repeated_sequences(HALVES, VOCABULARY, bos=0)
    assert made.token_ids.shape == (50, 201)
    assert made.first == 1
    assert (made.token_ids[:, 0] == 0).all()
    halves = made.token_ids[:, 1:].reshape(50, 2, 100)
    np.testing.assert_array_equal(halves[:, 0], halves[:, 1])
    assert all(len(set(half.tolist())) == 100 for half in halves[:, 0])
    assert set(np.unique(halves)) <= set(VOCABULARY.tolist())


def test_without_a_bos_the_first_repeat_begins_the_row():
    """Nothing is counted that is not there."""
    made = repeated_sequences(OLSSON, VOCABULARY, bos=None)
    assert (made.first, made.token_ids.shape) == (0, (50, 100))
    np.testing.assert_array_equal(made.token_ids[:, :25], made.token_ids[:, 75:])
    assert OLSSON.length(has_bos=True) == 101


def test_every_token_of_the_vocabulary_is_as_likely():
    """Draws are even over the vocabulary, and rows differ."""
    made = repeated_sequences(RepeatedSpec(sequences=400, period=30), VOCABULARY, None).token_ids
    counts = np.bincount(made.ravel(), minlength=305)
    assert (counts[:5] == 0).all()
    expected = made.size / 300
    assert ((counts[5:] - expected) ** 2 / (2 * expected)).sum() < 380  # χ² of 299 degrees, each draw counted twice
    assert len(np.unique(made, axis=0)) == 400


def test_a_seed_gives_the_same_rows_and_more_rows_begin_with_them():
    """Same inputs, same bytes; another seed, other rows; a longer draw continues a shorter one."""
    few, many = (repeated_sequences(RepeatedSpec(count, 20), VOCABULARY, 0).token_ids for count in (3, 8))
    np.testing.assert_array_equal(few, many[:3])
    other = repeated_sequences(RepeatedSpec(3, 20, seed=1), VOCABULARY[::-1], 0).token_ids
    assert (other != few).any(axis=1).all()


def test_the_bos_is_never_drawn():
    """Where it is an ordinary token of the vocabulary, it stands first and nowhere else."""
    made = repeated_sequences(RepeatedSpec(20, 10), np.arange(11), bos=7).token_ids
    assert (made[:, 0] == 7).all()
    assert not (made[:, 1:] == 7).any()


def test_a_vocabulary_that_is_too_small_is_refused():
    """The sentence names the numbers."""
    with pytest.raises(EvaluationError, match=r"100 distinct tokens .* has 60"):
        repeated_sequences(HALVES, np.arange(60), None)
    with pytest.raises(EvaluationError, match="at least 1 sequence"):
        RepeatedSpec(repeats=1)
