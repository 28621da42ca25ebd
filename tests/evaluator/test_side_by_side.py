"""Runs side by side against medians by hand, infinite ones among them."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_scores import rising, series, split, table

from evaluator.delay import analyse_delay
from evaluator.delay_report import DelayReport, DelayRequest
from evaluator.side_by_side import Median, median_of, side_by_side
from exposure.errors import EvaluationError

TRAIN = [1] * 30 + [0] * 30


def run_of(train_from: int, validation_from: int, uid: str = "made", checkpoints: int = 10) -> DelayReport:
    """A run whose sides become right at these checkpoints, 100 steps each; 99 is never."""
    scores = series(
        rising([train_from] * 30 + [validation_from] * 30, checkpoints),
        table([f"{number % 15}" for number in range(60)], uid=uid),
    )
    return analyse_delay(scores, split(TRAIN), DelayRequest(permutations=19, resamples=19))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([100.0, 300.0, 200.0], Median(200.0, 3, 0)),
        ([100.0, inf, None], Median(inf, 2, 1)),
        ([100.0, inf, 200.0, inf], Median(inf, 4, 0)),
        ([100.0, inf, 200.0], Median(200.0, 3, 0)),
        ([-inf, inf], Median(None, 2, 0)),
        ([inf, inf], Median(inf, 2, 0)),
        ([-inf, -inf, 5.0], Median(-inf, 3, 0)),
        ([None, None], Median(None, 0, 2)),
        ([], Median(None, 0, 0)),
    ],
)
def test_medians_of_what_may_be_infinite_or_missing(values: list[float | None], expected: Median) -> None:
    """The middle of what there is; between −∞ and ∞ there is no middle; what is missing is counted."""
    assert median_of(values) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_of_finite_values_it_is_the_median(values: list[float]) -> None:
    """As many below as above, and none lost."""
    found = median_of(values)
    assert found.value is not None
    assert sum(one < found.value for one in values) <= len(values) / 2 >= sum(one > found.value for one in values)
    assert found.runs == len(values)


def test_three_runs_by_hand() -> None:
    """Lags of 200, 300 and ∞: the median is 300; t_after is that of t_val, a side that never crosses being ∞."""
    reports = {"one": run_of(2, 4), "two": run_of(3, 6), "three": run_of(2, 99)}
    (row,) = side_by_side(reports)
    assert [run.name for run in row.runs] == ["one", "two", "three"]
    assert row.lag == Median(300.0, 3, 0)
    assert row.t_after == Median(600.0, 3, 0)
    assert row.half_rise_lag == Median(pytest.approx(250.0), 2, 1)
    assert row.plateau_difference == Median(0.0, 3, 0)
    assert row.threshold == 0.8


def test_runs_may_differ_in_paradigms_and_checkpoints() -> None:
    """A paradigm stands with the runs that evaluated it; sizes and runs of other steps sit beside each other."""
    rows = side_by_side({"small": run_of(2, 4), "large": run_of(1, 2, checkpoints=6), "other": run_of(1, 3, "another")})
    assert [(row.uid, [run.name for run in row.runs]) for row in rows] == [
        ("another", ["other"]),
        ("made", ["small", "large"]),
    ]
    assert rows[1].lag == Median(150.0, 2, 0)


def test_refusals() -> None:
    """No run, or a threshold that one of them has not measured."""
    with pytest.raises(EvaluationError, match="No run"):
        side_by_side({})
    with pytest.raises(EvaluationError, match=r"one has no lags at a threshold of 0\.77"):
        side_by_side({"one": run_of(2, 4)}, 0.77)
