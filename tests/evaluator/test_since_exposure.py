"""Accuracy since first exposure against loops over pairs and bins."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_scores import rising, series, table

from evaluator.since_exposure import (
    NEVER,
    SinceExposure,
    SinceExposureRequest,
    accuracy_since_exposure,
    bin_edges,
    bin_width,
)
from exposure.errors import EvaluationError

STEPS = [0, 10, 20, 30, 50, 70, 100]
FEW = SinceExposureRequest(before=1, after=2, width=30, resamples=50)


def slow(right: list[list[int]], first: list[int], exact: list[bool], edges: list[int]) -> tuple[list[float], int]:
    """Accuracy of each bin over the pairs that have a checkpoint in all of them, and how many they are."""
    values: list[list[float]] = []
    for pair, start in enumerate(first):
        bins = [
            [right[at][pair] for at, step in enumerate(STEPS) if low <= step - start < high]
            for low, high in pairwise(edges)
        ]
        if exact[pair] and start != NEVER and all(bins):
            values.append([float(np.mean(one)) for one in bins])
    return [float(np.mean(one)) for one in zip(*values, strict=True)], len(values)


@given(st.data())
def test_it_is_what_a_loop_finds(data: st.DataObject) -> None:
    """Each pair counts once in every bin; pairs with an unknown first exposure or an empty bin are left out."""
    pairs = data.draw(st.integers(1, 8))
    right = data.draw(st.lists(st.lists(st.integers(0, 1), min_size=pairs, max_size=pairs), min_size=7, max_size=7))
    first = data.draw(st.lists(st.sampled_from([NEVER, 1, 10, 11, 30, 35, 60, 90]), min_size=pairs, max_size=pairs))
    exact = data.draw(st.lists(st.booleans(), min_size=pairs, max_size=pairs))
    scores = series(np.array(right) * 2.0 - 1.0, table([f"{number % 3}" for number in range(pairs)]), STEPS)
    (found,) = accuracy_since_exposure(scores, np.array(first), np.array(exact), FEW)
    expected, cohort = slow(right, first, exact, [-30, 0, 30, 60])
    assert found.edges.tolist() == [-30, 0, 30, 60]
    assert found.pairs == cohort
    assert found.accuracy.tolist() == pytest.approx(expected) if cohort else np.isnan(found.accuracy).all()
    assert found.unknown == exact.count(False)
    assert found.never == sum(known and one == NEVER for one, known in zip(first, exact, strict=True))
    assert found.pairs + found.unknown + found.never + found.out_of_range == pairs


def exposed_then_right(delay: int) -> SinceExposure:
    """Pairs that become right `delay` steps after they were first seen, at different times; some never seen."""
    steps = list(range(0, 1001, 50))
    first = np.array([100 + 25 * (number % 20) for number in range(200)] + [NEVER] * 50)
    right_from = [int(np.searchsorted(steps, one + delay)) for one in first[:200]] + [10] * 50
    scores = series(rising(right_from, len(steps)), table([f"{number % 40}" for number in range(250)]), steps)
    request = SinceExposureRequest(before=2, after=6, resamples=100)
    (found,) = accuracy_since_exposure(scores, first, np.ones(250, dtype=bool), request)
    return found


def test_an_effect_of_exposure_stands_where_it_was_planted() -> None:
    """Wrong before, right from 100 steps after the first exposure, whenever that was; intervals stay around it."""
    found = exposed_then_right(100)
    assert found.pairs == 200
    assert found.accuracy.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert (found.wilson_low <= found.accuracy + 1e-12).all()
    assert (found.bootstrap_high >= found.accuracy).all()
    assert found.never == 50


def test_pairs_that_were_never_exposed_are_read_at_the_same_steps() -> None:
    """They turn right at step 500, whenever the cohort was exposed: their share rises smoothly over its bins."""
    found = exposed_then_right(100)
    first = np.array([100 + 25 * (number % 20) for number in range(200)])
    expected = []
    for low in range(-100, 300, 50):
        at = [[step for step in range(0, 1001, 50) if low <= step - one < low + 50] for one in first]
        expected.append(float(np.mean([np.mean([step >= 500 for step in steps]) for steps in at])))
    assert found.never_exposed.tolist() == pytest.approx(expected)
    assert 0 < expected[3] < 1


@given(
    st.lists(st.integers(0, 120), min_size=1, max_size=12, unique=True).map(sorted),
    st.lists(st.integers(1, 100), max_size=8),
)
def test_bins_let_most_pairs_in(steps: list[int], first: list[int]) -> None:
    """Of the gaps between checkpoints the one leaving most pairs a checkpoint in every bin; of equals the widest."""

    def cohort(width: int) -> int:
        edges = [(low * width, low * width + width) for low in (-1, 0, 1)]
        return sum(all(any(a <= s - f < b for s in steps) for a, b in edges) for f in first)

    gaps = {after - before for before, after in pairwise(steps)} or {1}
    expected = max(gaps, key=lambda gap: (cohort(gap), gap))
    assert bin_width(np.array(steps), np.array(first, dtype=np.int64), FEW) == expected
    assert bin_edges(7, FEW).tolist() == [-7, 0, 7, 14]


def test_dense_early_checkpoints_have_a_cohort() -> None:
    """With gaps of 1, then of 500, pairs exposed early are in bins as wide as the small gap, without being asked."""
    steps = [*range(20), 519, 1019]
    first = np.array([2 + number % 4 for number in range(40)])
    scores = series(rising([1] * 40, len(steps)), table([str(number) for number in range(40)]), steps)
    (found,) = accuracy_since_exposure(scores, first, np.ones(40, dtype=bool), SinceExposureRequest(resamples=10))
    assert (found.pairs, found.edges.tolist()) == (40, [-1, 0, 1, 2, 3, 4, 5])


def test_one_first_exposure_a_pair() -> None:
    """Arrays of another length are refused."""
    scores = series(rising([1, 2], 7), table(["a", "b"]), STEPS)
    with pytest.raises(EvaluationError, match="3 pairs for scores of 2"):
        accuracy_since_exposure(scores, np.array([1, 2, 3]), np.array([True] * 3), FEW)
