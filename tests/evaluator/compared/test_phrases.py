"""How what is compared is written for people."""

from __future__ import annotations

from math import inf

import pytest
from planted_runs import Planted, planted_run

from evaluator.compared.curves import curve_of
from evaluator.compared.first_steps import FirstStep
from evaluator.compared.quantities import QUANTITIES
from evaluator.intervals import Interval
from evaluator.report.compared.phrases import alpha_interval, alpha_text, first_text, first_tokens_text, signed_share
from evaluator.report.drawing.scales import short_number


@pytest.mark.parametrize(
    ("onset", "steps", "words", "tokens"),
    [
        (950, (0, 900, 1000), "900–1,000", "7.373M–8.192M"),
        (9000, (0, 900, 1000), "> 1,000", "> 8.192M"),
        (10, (900, 1000), "≤ 900", "≤ 7.373M"),
    ],
)
def test_a_first_step_says_between_which_checkpoints(
    onset: float, steps: tuple[int, ...], words: str, tokens: str
) -> None:
    """In steps and in tokens; never, and already at the first checkpoint; without a size there are no tokens."""
    for batch in (32, None):
        run = planted_run("a", Planted(onset), steps, batch_sequences=batch)
        curve = curve_of(run, QUANTITIES["copying-tokens"], "copy test: planted")
        assert curve is not None
        found = FirstStep(curve, curve.crossing(0.3))
        assert first_text(found) == words
        assert first_tokens_text(found) == (tokens if batch else "–")


def test_exponents_and_differences() -> None:
    """Open ends are infinite, signs are kept, and no zero has one."""
    assert [alpha_text(one) for one in (0.484, 1.0, -0.05, inf, -inf, None)] == [".48", "1.00", "−.05", "∞", "−∞", "–"]
    assert alpha_interval(Interval(-inf, 0.5)).replace("\N{NO-BREAK SPACE}", " ") == "[−∞ … .50]"
    assert [signed_share(one) for one in (0.055, -0.01, 0.0, -1e-9)] == ["+.055", "−.010", ".000", ".000"]
    assert [short_number(one) for one in (8192, 2.5e6, 2e10)] == ["8,192", "2.5M", "20B"]
