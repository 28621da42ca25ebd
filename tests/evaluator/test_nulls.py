"""Permutation tests against brute force over every arrangement of labels."""

from __future__ import annotations

from itertools import combinations, product
from math import inf

import numpy as np
import numpy.typing as npt
import pytest
from made_scores import rising, series, split, table

from evaluator.clusters import critical_clusters
from evaluator.delay import analyse_delay
from evaluator.delay_report import DelayRequest, ParadigmDelay
from evaluator.nulls import CANNOT_MOVE, null_test, permuted_labels

CHECKPOINTS = 8
LEMMAS = ["a", "a", "a", "a", "b", "b", "b", "c", "c", "d"]
RIGHT_FROM = [1, 2, 5, 6, 2, 3, 6, 1, 7, 4]
TRAIN = [1, 1, 0, 0, 1, 0, 0, 1, 0, 1]


def arrangements(labels: list[int], clusters: list[str]) -> list[tuple[int, ...]]:
    """Every way to give the same number of labels within each cluster."""
    places = {name: [at for at, one in enumerate(clusters) if one == name] for name in clusters}
    chosen = [combinations(held, sum(labels[at] for at in held)) for held in places.values()]
    return [tuple(int(at in set(sum(one, ()))) for at in range(len(labels))) for one in product(*chosen)]


def slow_step(right_from: list[int], threshold: float) -> float:
    """The first checkpoint at which the share of pairs that are right reaches the threshold."""
    for checkpoint in range(CHECKPOINTS):
        if sum(one <= checkpoint for one in right_from) >= threshold * len(right_from) - 1e-12:
            return checkpoint * 100.0
    return inf


def slow_lag(labels: tuple[int, ...] | list[int], threshold: float) -> float:
    """t_val − t_train of one arrangement, by the conventions."""
    train = slow_step([one for one, is_train in zip(RIGHT_FROM, labels, strict=True) if is_train], threshold)
    validation = slow_step([one for one, is_train in zip(RIGHT_FROM, labels, strict=True) if not is_train], threshold)
    return 0.0 if train == validation == inf else validation - train


def exact_p(clusters: list[str], threshold: float) -> float:
    """The share of all arrangements, the real one among them, with a lag at least as large."""
    lags = [slow_lag(one, threshold) for one in arrangements(TRAIN, clusters)]
    return float(np.mean([lag >= slow_lag(TRAIN, threshold) for lag in lags]))


def analysed(
    draws: int = 4000, lemmas: list[str] = LEMMAS, train: list[int] = TRAIN, right: npt.ArrayLike | None = None
) -> ParadigmDelay:
    """The one paradigm of these tests."""
    scores = rising(RIGHT_FROM, CHECKPOINTS) if right is None else right
    request = DelayRequest(permutations=draws, resamples=50, thresholds=(0.6, 0.8))
    return analyse_delay(series(scores, table(lemmas)), split(train), request).paradigms[0]


@pytest.mark.parametrize("threshold", [0.6, 0.8])
def test_p_is_the_share_of_all_arrangements(threshold: float) -> None:
    """Both tests agree with all arrangements enumerated: of any pairs, and within lemmas only."""
    lag = analysed().lag_at(threshold)
    assert lag is not None
    assert lag.lag.steps == slow_lag(TRAIN, threshold)
    for test, clusters in ((lag.lag.random_split, ["all"] * 10), (lag.lag.within_lemma, LEMMAS)):
        expected = exact_p(clusters, threshold)
        assert test.p == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 4000) + 1 / 4001)
        assert test.p == (test.at_least + 1) / (test.draws + 1)
        assert (test.draws, test.undefined) == (4000, 0)
        assert 0 < expected < 1, "else this shows nothing"


def test_quantiles_of_the_null_are_those_of_all_arrangements() -> None:
    """A lag stands beside what chance gives: its middle 95 % and its median."""
    lag = analysed().lag_at(0.8)
    assert lag is not None
    null = np.sort([slow_lag(one, 0.8) for one in arrangements(TRAIN, ["all"] * 10)])
    shown = lag.lag.random_split
    assert (shown.low, shown.median, shown.high) == tuple(np.quantile(null, [0.025, 0.5, 0.975], method="nearest"))


def test_every_arrangement_is_as_likely_as_any_other() -> None:
    """Labels are shuffled inside clusters, evenly over all arrangements, and never across."""
    clusters = critical_clusters(table(LEMMAS))
    labels = np.array(TRAIN, dtype=bool)
    drawn = np.concatenate(list(permuted_labels(labels, clusters, 12_000, [0])))
    found, counts = np.unique(drawn.astype(int), axis=0, return_counts=True)
    expected = arrangements(TRAIN, LEMMAS)
    assert {tuple(one) for one in found.tolist()} == set(expected)
    assert len(expected) == 6 * 3 * 2
    share = 12_000 / len(expected)
    assert ((counts - share) ** 2 / share).sum() < 80, "chi-square of 35 degrees: 66.6 at 0.1 %"


def test_infinite_lags_are_compared_as_they_are() -> None:
    """∞ is at least ∞, 0 by convention is not, and nothing is left out."""
    test = null_test("random-split", np.array([inf, inf, 0.0, -inf, 300.0, inf]), None)
    assert (test.at_least, test.p) == (2, 3 / 6)
    assert null_test("random-split", np.array([-inf, inf, -inf]), None).p == 1.0
    assert null_test("random-split", np.array([100.0, 100.0, 100.0 - 1e-9, 99.0]), None).p == 3 / 4


def test_a_draw_without_a_lag_counts_against() -> None:
    """Nothing is won where a random split has no lag at all; without an observed one there is no test."""
    test = null_test("within-lemma", np.array([100.0, np.nan, 0.0, 50.0]), None)
    assert (test.at_least, test.undefined, test.p) == (1, 1, 2 / 4)
    nothing = null_test("within-lemma", np.array([np.nan, 1.0]), None)
    assert nothing.p is None
    assert nothing.reason is not None


def test_where_no_label_can_move_there_is_no_test() -> None:
    """Lemmas that are exposed whole, or pairs that share none, leave nothing to permute: None, and why."""
    for lemmas in (["a"] * 5 + ["b"] * 5, [""] * 10):
        found = analysed(200, lemmas, [1] * 5 + [0] * 5)
        assert found.clusters is not None
        assert (found.clusters.mixed, found.clusters.movable, found.clusters.effective_mixed) == (0, 0, 0)
        for lag in [*(one.lag for one in found.lags), *([found.half_rise.lag] if found.half_rise else [])]:
            assert (lag.within_lemma.p, lag.within_lemma.draws) == (None, 0)
            assert lag.random_split.p is not None or lag.steps is None
        assert found.lags[0].lag.within_lemma.reason == CANNOT_MOVE


def test_half_rise_lags_are_tested_the_same_way() -> None:
    """p of the half-rise lag is that of all arrangements too, with the half-rise worked out one by one."""
    right_from = [0, 2, 3, 4, 4, 5, 6, 6, 2, 3] * 8
    lemmas, train = LEMMAS * 8, (TRAIN * 8)[:40] + [1 - one for one in (TRAIN * 8)[40:]]
    found = analysed(999, lemmas, train, rising(right_from, 12))
    assert found.half_rise is not None
    assert found.half_rise.lag.steps is not None
    labels = np.array(train, dtype=bool)
    generator = np.random.default_rng(5)

    def half(mask: npt.NDArray[np.bool_]) -> float:
        curve = np.array([np.mean([one <= at for one in np.array(right_from)[mask]]) for at in range(12)])
        level = (curve[0] + curve[-3:].mean()) / 2
        place = int(np.argmax(curve >= level))
        return 100 * (place - 1 + (level - curve[place - 1]) / (curve[place] - curve[place - 1]))

    assert found.half_rise.lag.steps == pytest.approx(half(~labels) - half(labels))
    shuffled = [generator.permutation(labels) for _ in range(999)]
    expected = np.mean([half(~one) - half(one) >= found.half_rise.lag.steps - 1e-6 for one in shuffled])
    assert found.half_rise.lag.random_split.p == pytest.approx(expected, abs=0.08)
    assert 0.02 < expected < 0.98, "else this shows nothing"
