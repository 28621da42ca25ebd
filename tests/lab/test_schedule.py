"""The learning rate by step."""

from __future__ import annotations

import math

import pytest

from lab.schedule import learning_rate


def test_rate_rises_to_its_peak_and_falls_to_its_floor() -> None:
    """Linear to the peak at the end of the warm-up, half a cosine to the floor at the last step."""
    rates = [learning_rate(step, 100, 2.0, 0.1, 0.25) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([0.2 * step for step in range(1, 11)])
    assert rates[54] == pytest.approx(2.0 * (0.25 + 0.75 / 2))
    assert rates[-1] == pytest.approx(0.5)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[77] == pytest.approx(2 * (0.25 + 0.75 * (1 + math.cos(math.pi * 68 / 90)) / 2))


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.5, 1.0])
def test_short_runs_have_rates_too(steps: int, warmup: float) -> None:
    """No step of a run, however short, has a rate of zero or above the peak (with a floor)."""
    assert all(0 < learning_rate(step, steps, 1.0, warmup, 0.1) <= 1.0 for step in range(1, steps + 1))
