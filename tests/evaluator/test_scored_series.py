"""Scores as arrays: what is refused, and what is picked out."""

from __future__ import annotations

import numpy as np
import pytest
from made_scores import series, table

from exposure.errors import EvaluationError

PAIRS = table(["a", "b", "c"], uid=["two", "one", "two"])


@pytest.mark.parametrize(
    ("right", "steps", "said"),
    [
        ([[1, 1]], [0], "one column a pair"),
        (np.empty((0, 3)), [], "at least one checkpoint"),
        ([[1, 1, 1], [1, 1, 1]], [100, 100], "rising order"),
        ([[1, 1, 1], [1, 1, 1]], [200, 100], "rising order"),
        ([[1, np.nan, 1], [1, 1, 1]], [0, 100], "one/1 has no score at step 0"),
        ([[1, 1, 1], [1, 1, -np.inf]], [0, 100], "infinite"),
    ],
)
def test_what_is_no_series_is_refused(right: list[list[float]], steps: list[int], said: str) -> None:
    """Wrong shapes, steps out of order, holes and infinite scores, each with a sentence that names it."""
    with pytest.raises(EvaluationError, match=said):
        series(right, PAIRS, steps)


def test_paradigms_in_alphabetical_order() -> None:
    """Where the pairs of each stand; a paradigm's series holds its scored pairs only."""
    scores = series([[1, -1, np.nan], [1, 0, np.nan]], PAIRS)
    assert {uid: places.tolist() for uid, places in PAIRS.places_of.items()} == {"one": [1], "two": [0, 2]}
    assert list(PAIRS.places_of) == ["one", "two"]
    assert scores.of_paradigm("two").pairs.pair_id == ("0",)
    assert scores.of_paradigm("one").ties.tolist() == [[False], [True]]
    assert len(scores.of_paradigm("three").pairs) == 0
