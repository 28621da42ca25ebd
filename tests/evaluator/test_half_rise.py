"""Half-rise times against curves whose middle is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.half_rise import half_rise_steps, plateau_checkpoints, plateau_of


@pytest.mark.parametrize(("checkpoints", "last"), [(3, None), (4, 3), (21, 3), (30, 3), (31, 4), (154, 16)])
def test_a_plateau_is_a_tenth_and_at_least_three(checkpoints: int, last: int | None) -> None:
    """And never all there is: the rise needs a first checkpoint beside."""
    assert plateau_checkpoints(checkpoints) == last


def test_by_hand() -> None:
    """From .5 to a plateau of .9: half-way is .7, two fifths of the way from .6 at 200 to .85 at 300."""
    curve, steps = np.array([0.5, 0.6, 0.6, 0.85, 0.88, 0.92, 0.9]), np.arange(7) * 100
    assert plateau_of(curve, 3) == pytest.approx(0.9)
    assert half_rise_steps(curve, steps, 3) == pytest.approx(200 + 100 * 0.1 / 0.25)


def test_where_the_curve_ends_does_not_move_it() -> None:
    """A curve that rises at the same time to a lower plateau has the same half-rise time; a threshold would lag."""
    steps = np.arange(0, 2001, 100)
    shape = 1 / (1 + np.exp(-(steps - 800) / 100))
    times = half_rise_steps(np.stack([0.5 + 0.45 * shape, 0.5 + 0.25 * shape]), steps, 3)
    assert times[0] == pytest.approx(times[1])
    assert times[0] == pytest.approx(800, abs=5)


def test_a_curve_that_ends_no_higher_has_none() -> None:
    """Falling or flat: nothing rose, so there is no half of it."""
    curves = np.array([[0.6, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.7]])
    assert np.isnan(half_rise_steps(curves, np.arange(4), 3)).tolist() == [True, True, False]


@given(st.lists(st.floats(0, 1), min_size=5, max_size=12))
def test_it_lies_where_the_curve_passes_half_way(curve: list[float]) -> None:
    """Read off the curve at that time, accuracy is half-way; before the checkpoint that ends it, never."""
    accuracy, steps = np.array(curve), np.arange(len(curve)) * 10
    time = float(half_rise_steps(accuracy, steps, 3))
    half = (accuracy[0] + accuracy[-3:].mean()) / 2
    if accuracy[-3:].mean() <= accuracy[0]:
        assert np.isnan(time)
    else:
        assert np.interp(time, steps, accuracy) == pytest.approx(half, abs=1e-6)
        assert (accuracy[steps < time - 1e-6] < half + 1e-12).all()
