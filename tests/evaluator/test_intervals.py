"""Intervals against SciPy, and against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluator.draw_intervals import bounds_of, interval_of, tail_of
from evaluator.intervals import wilson
from evaluator.student import student_quantile


@given(st.integers(1, 3000), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_wilson_is_scipys(trials: int, data: st.DataObject, level: float) -> None:
    """The score interval of a proportion is that of scipy.stats.binomtest, also at 0 and at all."""
    successes = data.draw(st.integers(0, trials))
    low, high = wilson(np.array([float(successes)]), np.array([float(trials)]), level)
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    assert (low[0], high[0]) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))


def test_no_trial_has_no_interval() -> None:
    """Of no pairs nothing is said."""
    low, high = wilson(np.zeros(2), np.array([0.0, np.nan]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


@given(st.floats(0.5, 0.9999), st.floats(1, 5000))
def test_students_quantile_is_scipys(probability: float, freedom: float) -> None:
    """Quantiles of t without SciPy, also where the degrees of freedom are not whole."""
    assert student_quantile(probability, freedom) == pytest.approx(
        stats.t.ppf(probability, freedom), rel=2e-4, abs=1e-6
    )


@pytest.mark.parametrize("units", [3.0, 10.0, 19.0, 250.5])
def test_tails_are_expanded_as_hesterberg_says(units: float) -> None:
    """Φ(−√(n / (n − 1)) t), worked out by SciPy; many units leave the plain percentile."""
    expected = stats.norm.cdf(-np.sqrt(units / (units - 1)) * stats.t.ppf(0.975, units - 1))
    assert tail_of(0.95, units) == pytest.approx(expected, rel=1e-3)
    assert tail_of(0.95, 1e9) == pytest.approx(0.025, rel=1e-6)


def test_percentiles_of_draws() -> None:
    """With many units behind them, 95 % of 0 … 1010 is 25 … 985, outwards where it falls between, in any order."""
    draws = np.random.default_rng(0).permutation(1011).astype(float)
    interval = interval_of(draws, 0.95, 1e9)
    assert (interval.low, interval.high, interval.level) == (25, 985, 0.95)


def test_draws_without_a_value_count_at_both_ends() -> None:
    """A draw that could be anything widens both ends; infinite draws stay what they are."""
    draws = np.array([np.nan] * 3 + [5.0] * 94 + [np.inf] * 3)
    assert (interval_of(draws, 0.9, 1e9).low, interval_of(draws, 0.9, 1e9).high) == (5.0, np.inf)
    assert interval_of(draws, 0.98, 1e9).low == -np.inf
    assert bounds_of(np.stack([draws, np.full(100, 7.0)], axis=1), 0.9, 1e9)[1].tolist() == [np.inf, 7.0]
