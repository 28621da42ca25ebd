"""Crossings and lags against a loop that reads the curve point by point, and against tables made by hand."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.crossings import Crossing, crossing_of, crossing_steps, interpolated_steps
from evaluator.lags import is_undefined, lag_of, measured_lag, note_on

STEPS = np.array([0, 1, 10, 100, 300])
Curve = list[float]
curves = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.6, 0.75, 0.8, 1.0]), min_size=5, max_size=5)


def slow_crossing(curve: Curve, threshold: float) -> tuple[float, float, int]:
    """Step, interpolated step and un-crossings, point by point."""
    step = interpolated = inf
    un_crossings = 0
    for place, accuracy in enumerate(curve):
        if accuracy >= threshold and step == inf:
            step = interpolated = float(STEPS[place])
            if place > 0:
                before, gap = curve[place - 1], float(STEPS[place] - STEPS[place - 1])
                interpolated = STEPS[place - 1] + gap * (threshold - before) / (accuracy - before)
        if place > 0 and curve[place - 1] >= threshold > accuracy:
            un_crossings += 1
    return step, interpolated, un_crossings


@given(curves, st.sampled_from([0.25, 0.5, 0.6, 0.7, 0.8, 0.95]))
def test_a_crossing_is_what_a_loop_finds(curve: Curve, threshold: float) -> None:
    """First checkpoint at or above, the straight line to it, the checkpoint before, and falls below again."""
    step, interpolated, un_crossings = slow_crossing(curve, threshold)
    found = crossing_of(np.array(curve), STEPS, threshold)
    assert (inf if found.step is None else found.step) == step
    assert (inf if found.interpolated is None else found.interpolated) == pytest.approx(interpolated)
    assert found.un_crossings == un_crossings
    before = [int(one) for one in STEPS if one < step]
    assert found.after == (before[-1] if before else None)


@given(st.lists(curves, min_size=1, max_size=4), st.sampled_from([0.5, 0.6, 0.8]))
def test_many_curves_at_once(many: list[Curve], threshold: float) -> None:
    """Arrays of curves give what each gives alone."""
    expected = [slow_crossing(curve, threshold) for curve in many]
    assert crossing_steps(np.array(many), STEPS, threshold).tolist() == [step for step, _, _ in expected]
    assert interpolated_steps(np.array(many), STEPS, threshold).tolist() == pytest.approx([at for _, at, _ in expected])


@pytest.mark.parametrize(
    ("curve", "expected", "censoring"),
    [
        ([0.5, 0.6, 0.7, 0.9, 0.7], Crossing(0.8, 100, 10, 55.0, 1), "interval"),
        ([0.8, 0.6, 0.8, 0.9, 0.9], Crossing(0.8, 0, None, 0.0, 1), "left"),
        ([0.5, 0.6, 0.7, 0.79, 0.7], Crossing(0.8, None, 300, None, 0), "right"),
    ],
)
def test_what_is_known_of_a_crossing(curve: Curve, expected: Crossing, censoring: str) -> None:
    """Between two checkpoints; before the first, where the first is already above; or after the last, if ever."""
    found = crossing_of(np.array(curve), STEPS, 0.8)
    assert found == Crossing(
        expected.threshold, expected.step, expected.after, pytest.approx(expected.interpolated), expected.un_crossings
    )
    assert found.censoring == censoring


def test_eighty_of_a_hundred_is_at_eighty_percent() -> None:
    """Every share of pairs that equals a threshold of the grid is at it, whatever floating point makes of it."""
    for percent in range(60, 100, 5):
        for hundreds in range(1, 11):
            right = np.array([0.0, percent * hundreds])
            assert crossing_steps(right / (100 * hundreds), STEPS[:2], percent / 100) == 1.0


@pytest.mark.parametrize(
    ("validation", "train", "lag", "measured"),
    [(500, 300, 200, 200), (300, 500, -200, -200), (inf, 300, inf, inf), (300, inf, -inf, -inf), (inf, inf, 0, None)],
)
def test_lags_by_convention(validation: float, train: float, lag: float, measured: float | None) -> None:
    """A side that never crosses makes ±∞, two make 0: so a lag can always be compared. Measured, two make nothing."""
    assert lag_of(np.array([validation]), np.array([train])).tolist() == [lag]
    found = measured_lag(np.array([validation]), np.array([train]))
    assert np.array_equal(found, [np.nan if measured is None else measured], equal_nan=True)


@pytest.mark.parametrize(
    ("validation", "train", "said"),
    [
        ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], None),
        ([0, 0, 0, 0, 0], [0, 0, 1, 1, 1], "proxy-validation never"),
        ([0, 0, 0, 1, 1], [0, 0, 0, 0, 0], "proxy-train never"),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0], "neither side"),
        ([0, 0, 0, 0, 1], [1, 1, 1, 1, 1], "proxy-train is above the threshold from the first"),
        ([1, 0, 0, 0, 1], [1, 1, 1, 1, 1], "both sides are above the threshold from the first"),
    ],
)
def test_a_lag_that_is_no_plain_difference_says_so(validation: Curve, train: Curve, said: str | None) -> None:
    """A convention is named as one, and so is a time that lies before the first checkpoint."""
    late, early = (crossing_of(np.array(curve, dtype=float), STEPS, 0.8) for curve in (validation, train))
    note = note_on(late, early)
    assert note is None if said is None else note is not None and note.startswith(said)
    assert is_undefined(late, early) == ((said is not None and "never" in said) or said == "neither side")
