"""Crossings that do not last, and cohorts that are empty, are said as what they are."""

from __future__ import annotations

import numpy as np
from made_scores import series, split, table

from evaluator.delay import analyse_delay
from evaluator.delay_report import DelayRequest
from evaluator.intervals import Interval
from evaluator.report.fall_backs import fall_backs
from evaluator.report.standing import standing_since
from evaluator.report.wording import covering_text, null_text
from evaluator.since_exposure import NEVER, SinceExposureRequest, accuracy_since_exposure


def test_a_part_that_falls_back_is_told() -> None:
    """Proxy-train crosses three times and ends above, proxy-validation once and ends below."""
    train, validation = [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 1, 0]
    right = np.array([[one] * 60 + [other] * 60 for one, other in zip(train, validation, strict=True)]) * 2.0 - 1
    scores = series(right, table([f"lemma {number % 30}" for number in range(120)]))
    request = DelayRequest(permutations=9, resamples=9)
    (found,) = analyse_delay(scores, split([1] * 60 + [0] * 60), request).paradigms
    assert [one.text for one in fall_backs(found, 0.8)] == [
        "proxy-train falls back 2 times",
        "proxy-validation falls back once, in the end below",
    ]
    assert fall_backs(found, 0.123) == ()
    assert fall_backs(None, 0.8) == ()


def test_an_empty_cohort_names_the_true_reason() -> None:
    """Exposed out of the range of the bins is another thing than never exposed."""
    steps = [0, 10, 20]
    scores = series(np.ones((3, 4)), table(["a", "b", "c", "d"]), steps)
    first = np.array([1, 5, 5, NEVER])
    request = SinceExposureRequest(resamples=5)
    (found,) = accuracy_since_exposure(scores, first, np.ones(4, dtype=bool), request)
    reason = standing_since(found, 100).reason
    assert reason.startswith("out of range: none of 3 exposed pairs has a checkpoint in every bin of 10 steps")
    assert "--bin-steps N" in reason
    (never,) = accuracy_since_exposure(scores, np.full(4, NEVER), np.ones(4, dtype=bool), request)
    assert standing_since(never, 100).reason == "no pair with a known first exposure (4 never exposed, 0 not known)"


def test_a_lag_is_said_beside_its_null_and_interval() -> None:
    """The excess over the median of permuted labels, and plainly where the interval covers 0."""
    assert null_text(60.0, 46.0, 33.0, 58.0).startswith("14 beyond the median of labels permuted within lemmas (+33")
    assert null_text(30.0, 46.0, 33.0, 58.0).startswith("16 below the median")
    assert null_text(46.2, 46.0, 33.0, 58.0).startswith("at the median of labels")
    assert null_text(np.inf, 46.0, 33.0, 58.0).endswith(", median +46)")
    assert covering_text(Interval(-1.0, 5.0)).endswith("], which covers 0")
    assert covering_text(Interval(1.0, 5.0)).endswith("]")
