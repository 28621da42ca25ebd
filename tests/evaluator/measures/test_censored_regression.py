"""Regression of intervals: against a general optimiser, least squares, and truth."""

import numpy as np
import pytest

from evaluator.measures.onset.censored_regression import LogTimes, fit, profile


def mixed_times(seed: int, runs: int = 12) -> tuple[LogTimes, np.ndarray]:
    """Intervals of all kinds around 1 + 0.7 x, and x [run]."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, runs)
    times = 1 + 0.7 * x + 0.3 * generator.logistic(size=runs)
    low = times - generator.uniform(0.01, 0.4, runs)
    high = times + generator.uniform(0.01, 0.4, runs)
    low[:2], high[2:5] = -np.inf, np.inf
    return LogTimes(low, high), x


def minus_log_likelihood(point: np.ndarray, times: LogTimes, columns: np.ndarray) -> float:
    """Of β and log σ, as it is defined."""
    stats = pytest.importorskip("scipy.stats")
    mean, scale = columns @ point[:-1], np.exp(point[-1])
    mass = stats.logistic.cdf((times.high - mean) / scale) - stats.logistic.cdf((times.low - mean) / scale)
    return -float(np.log(mass).sum())


@pytest.mark.parametrize("seed", range(4))
def test_the_maximum_is_that_of_a_general_optimiser(seed):
    """β, σ and the likelihood, with left-, right- and interval-censored times; the profile at β is the maximum."""
    optimize = pytest.importorskip("scipy.optimize")
    times, x = mixed_times(seed)
    columns = np.column_stack([np.ones(len(x)), x])
    found = fit(times, columns)
    slow = optimize.minimize(
        minus_log_likelihood, np.array([0.5, 0.0, -1.0]), (times, columns), "Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000},
    )  # fmt: skip
    assert found.log_likelihood == pytest.approx(-slow.fun, abs=1e-7)
    np.testing.assert_allclose([*found.slopes, np.log(found.scale)], slow.x, atol=1e-4)
    assert profile(times, x, float(found.slopes[1])) == pytest.approx(found.log_likelihood, abs=1e-7)
    assert profile(times, x, float(found.slopes[1]) + 0.3) < found.log_likelihood


def test_shifting_and_scaling_times_does_what_it_must():
    """Times later by a constant move the intercept only; stretched times stretch all."""
    times, x = mixed_times(7)
    columns = np.column_stack([np.ones(len(x)), x])
    plain = fit(times, columns)
    later = fit(times - np.full(len(x), -30.0), columns)
    np.testing.assert_allclose(later.slopes - plain.slopes, [30, 0], atol=1e-5)
    wide = fit(LogTimes(3 * times.low, 3 * times.high), columns)
    np.testing.assert_allclose([*wide.slopes, wide.scale], 3 * np.append(plain.slopes, plain.scale), rtol=1e-5)


def test_the_profile_is_certain_where_one_line_suits_all():
    """Likelihood 1, its logarithm 0, inside the slopes that pass through all intervals, and less outside."""
    x = np.array([0.0, 1.0, 2.0])
    times = LogTimes(x - 0.1, x + 0.1)
    assert profile(times, x, 1.0) == 0
    assert profile(times, x, 1.05) == 0
    near, far = profile(times, x, 1.2), profile(times, x, 2.0)
    assert 0 > near > far


def test_narrow_intervals_far_apart_stay_finite():
    """Slopes that are absurd for the times have a low, finite likelihood."""
    times, x = LogTimes(np.array([1.0, 2.0, 3.0, 4.2]) - 1e-4, np.array([1.0, 2.0, 3.0, 4.2])), np.arange(4.0)
    values = [profile(times, x, slope) for slope in (-30, -3, 0.5, 1.05, 1.6, 4, 30)]
    assert np.isfinite(values).all()
    assert values == sorted(values[:4]) + sorted(values[4:], reverse=True)
