"""EXP's funnel on paradigms made to leave it at each stage, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_scores import rising, series, table

from evaluator.delay import analyse_delay
from evaluator.delay_report import DelayReport, DelayRequest
from evaluator.funnel import FunnelRequest, FunnelRow, funnel
from evaluator.split import Split
from exposure.errors import EvaluationError

CHECKPOINTS = 12
TRAIN, VALIDATION, NONE = ["proxy-train"], ["proxy-validation"], ["no_phrase"]
EVEN = TRAIN * 120 + VALIDATION * 120
LATE = [5 + number % 4 for number in range(240)]

WORLD: dict[str, tuple[list[int], list[str]]] = {
    # accuracy at steps 100, 200 and 300 is 60, 70 and 80 %: its mean is 70 %
    "a_early": ([1] * 144 + [2] * 24 + [3] * 24 + [9] * 48, EVEN),
    "b_low_peak": ([5] * 191 + [99] * 49, EVEN),
    "c_no_phrase": (LATE, NONE * 240),
    "d_few": (LATE, TRAIN * 99 + VALIDATION * 141),
    "e_below": ([5] * 120 + [5] * 95 + [99] * 25, EVEN),
    "f_same_time": (LATE, EVEN),
    "g_delayed": ([5] * 120 + [8] * 120, EVEN),
}
EXPECTED = [
    "early_accuracy",
    "low_peak",
    "no_phrase",
    "few_proxy_train",
    "validation_below",
    "not_significant",
    "selected",
]


def report_of(world: dict[str, tuple[list[int], list[str]]] = WORLD, first: int = 0, seed: int = 0) -> DelayReport:
    """One run; its first checkpoint may be a later one."""
    right_from = [one for made, _ in world.values() for one in made]
    pairs = table(
        [f"{number % 40}" for number in range(len(right_from))], uid=[uid for uid in world for _ in range(240)]
    )
    scores = series(rising(right_from, CHECKPOINTS)[first:], pairs, [100 * at for at in range(first, CHECKPOINTS)])
    parts = Split(tuple(part for _, parts in world.values() for part in parts))
    return analyse_delay(scores, parts, DelayRequest(permutations=99, resamples=20, thresholds=(), seed=seed))


def rows_of(reports: dict[str, DelayReport], request: FunnelRequest | None = None) -> dict[str, FunnelRow]:
    """By uid."""
    return {row.uid: row for row in funnel(reports, request or FunnelRequest())}


def test_every_paradigm_leaves_at_its_stage() -> None:
    """One for each stage, just past its threshold; two runs, both significant; eligible are the last two."""
    rows = rows_of({"seed 0": report_of(), "seed 1": report_of(seed=1)})
    assert list(rows) == list(WORLD)
    assert [row.stage for row in rows.values()] == EXPECTED
    assert [uid for uid, row in rows.items() if row.is_eligible] == ["f_same_time", "g_delayed"]


def test_figures_are_shown_whatever_the_stage() -> None:
    """Means, peaks, numbers of pairs, lags and p of both runs."""
    rows = rows_of({"seed 0": report_of(), "seed 1": report_of(seed=1)})
    assert rows["a_early"].early_mean == pytest.approx(0.7)
    assert rows["b_low_peak"].peak == pytest.approx(191 / 240)
    assert rows["d_few"].proxy_train == 99
    assert rows["e_below"].validation_peaks == (pytest.approx(95 / 120),) * 2
    assert rows["g_delayed"].lags == (300.0, 300.0)
    assert rows["g_delayed"].p == (0.01, 0.01)
    assert rows["f_same_time"].lags == (0.0, 0.0)
    assert (rows["g_delayed"].significant_runs, rows["f_same_time"].significant_runs) == (2, 0)
    assert rows["c_no_phrase"].lags == (None, None)
    assert np.isnan(rows["c_no_phrase"].validation_peaks).all()


def test_one_run_cannot_be_significant_in_two() -> None:
    """With one seed all that is eligible is shown, and nothing selected, unless one run is asked for."""
    reports = {"only": report_of()}
    assert rows_of(reports)["g_delayed"].stage == "not_significant"
    assert rows_of(reports, FunnelRequest(runs=1))["g_delayed"].stage == "selected"


def test_means_are_over_runs() -> None:
    """A paradigm that is early in one run of two is judged by the mean of both."""
    late = {**WORLD, "a_early": (LATE, EVEN)}
    rows = rows_of({"early": report_of(), "late": report_of(late)})
    assert rows["a_early"].early_mean == pytest.approx(0.35)
    assert rows["a_early"].stage == "not_significant"


def test_without_an_early_checkpoint_nothing_is_called_early() -> None:
    """Where no checkpoint lies in the range the figure is missing, and it drops nothing."""
    row = rows_of({"late start": report_of(first=4)})["a_early"]
    assert (row.early_mean, row.stage) == (None, "not_significant")
    both = rows_of({"late start": report_of(first=4), "whole": report_of()})["a_early"]
    assert both.early_mean is None, "only checkpoints that both have"


def test_thresholds_are_parameters() -> None:
    """Other figures than EXP's move paradigms to other stages."""
    request = FunnelRequest(early_accuracy=0.71, proxy_train=99, runs=1)
    rows = rows_of({"only": report_of()}, request)
    assert rows["a_early"].is_eligible
    assert rows["d_few"].is_eligible


def test_refusals() -> None:
    """No run, other paradigms, no checkpoint in common, a threshold that was not measured."""
    report = report_of()
    fewer = replace(report, paradigms=report.paradigms[1:])
    later = replace(report, steps=report.steps + 50)
    for reports, request, said in (
        ({}, FunnelRequest(), "No run"),
        ({"a": report, "b": fewer}, FunnelRequest(), "different paradigms"),
        ({"a": report, "b": later}, FunnelRequest(), "no checkpoint in common"),
        ({"a": report}, FunnelRequest(validation=0.85), "no lags at a threshold of 0.85; it has 0.8"),
    ):
        with pytest.raises(EvaluationError, match=said):
            funnel(reports, request)
