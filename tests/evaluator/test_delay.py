"""The analysis of delay against tables made by hand, and what it promises of itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from math import inf

import numpy as np
import pytest
from made_scores import rising, series, split, table
from scipy import stats

from evaluator.conventions import PRESETS
from evaluator.delay import analyse_delay
from evaluator.delay_report import FEW_CLUSTERS, FEW_MIXED_CLUSTERS, FEW_PAIRS, DelayRequest, ParadigmDelay
from evaluator.scored import ScoredSeries
from evaluator.split import Split
from exposure.errors import EvaluationError

FEW = DelayRequest(permutations=99, resamples=99)
LEMMAS = [f"lemma {number % 40}" for number in range(240)]
CONTEXTS = [f"context {number % 7}" for number in range(240)]
TRAIN = [int(number % 240 < 120) for number in range(240)]


def one(scores: ScoredSeries, parts: Split, request: DelayRequest = FEW) -> ParadigmDelay:
    """The only paradigm."""
    (found,) = analyse_delay(scores, parts, request).paradigms
    return found


def delayed(by: int, train: list[int] = TRAIN, checkpoints: int = 25) -> ScoredSeries:
    """Proxy-validation learns as proxy-train does, `by` checkpoints later: pairs become right one after the other."""
    rank = {True: 0, False: 0}
    right_from = []
    for is_train in train:
        rank[bool(is_train)] += 1
        right_from.append(2 + rank[bool(is_train)] // 10 + (0 if is_train else by))
    return series(rising(right_from, checkpoints), table(LEMMAS, CONTEXTS))


def test_a_delay_that_was_planted_is_found() -> None:
    """300 steps later at every threshold, at checkpoints, interpolated and half-way; far outside both nulls."""
    found = one(delayed(3), split(TRAIN))
    assert [lag.lag.steps for lag in found.lags] == [300.0] * 8
    assert [lag.interpolated for lag in found.lags] == [pytest.approx(300.0)] * 8
    assert found.half_rise is not None
    assert found.half_rise.lag.steps == pytest.approx(300.0)
    assert found.plateau is not None
    assert found.plateau.difference == 0.0
    for lag in [*(one.lag for one in found.lags), found.half_rise.lag]:
        assert (lag.random_split.p, lag.within_lemma.p) == (0.01, 0.01)
        assert lag.interval is not None
        assert lag.interval.low <= 300 <= lag.interval.high
        assert lag.reason is None
    assert found.reason is None


def test_curves_by_hand() -> None:
    """Accuracies, ties and numbers of pairs of either side and of all scored pairs."""
    right = np.array([[1, -1, 0, 1, np.nan, 1], [1, 1, 1, 1, np.nan, -1]], dtype=float)
    parts = Split(("proxy-train", "proxy-train", "proxy-validation", "proxy-validation", "proxy-train", "no_phrase"))
    found = one(series(right, table(["a", "b", "a", "b", "a", "b"])), parts)
    assert found.train.accuracy.tolist() == [0.5, 1.0]
    assert found.validation.accuracy.tolist() == [0.5, 1.0]
    assert found.validation.ties.tolist() == [1, 0]
    assert found.everything.accuracy.tolist() == [0.6, 0.8]
    assert found.everything.pairs.tolist() == [5, 5]
    assert found.train.mean_delta.tolist() == [0.0, 1.0]
    assert (found.unscored, found.counts["proxy-train"], found.counts["no_phrase"]) == (1, 2, 1)
    expected = stats.binomtest(1, 2).proportion_ci(method="wilson")
    assert (found.train.wilson_low[0], found.train.wilson_high[0]) == (
        pytest.approx(expected.low),
        pytest.approx(expected.high),
    )
    assert (found.half_rise, found.plateau) == (None, None), "two checkpoints have no plateau"


@pytest.mark.parametrize(
    ("train_from", "validation_from", "steps", "censorings"),
    [
        (2, 99, inf, ("interval", "right")),
        (99, 2, -inf, ("right", "interval")),
        (99, 99, 0.0, ("right", "right")),
        (0, 3, 300.0, ("left", "interval")),
        (0, 0, 0.0, ("left", "left")),
        (1, 4, 300.0, ("interval", "interval")),
    ],
)
def test_sides_that_never_cross(
    train_from: int, validation_from: int, steps: float, censorings: tuple[str, str]
) -> None:
    """±∞ and 0 by convention, named as such; EXP's preset says that there is none instead; a real lag is the same."""
    scores = series(
        rising([train_from if is_train else validation_from for is_train in TRAIN], 8), table(LEMMAS, CONTEXTS)
    )
    lag = one(scores, split(TRAIN)).lag_at(0.8)
    exp = one(scores, split(TRAIN), replace(FEW, undefined="not-available")).lag_at(0.8)
    assert lag is not None
    assert exp is not None
    assert lag.lag.steps == steps
    assert (lag.train.censoring, lag.validation.censoring) == censorings
    if "right" in censorings:
        assert lag.lag.reason is not None
        assert (exp.lag.steps, exp.lag.interval, exp.interpolated) == (None, None, None)
        assert (exp.lag.random_split.p, exp.lag.within_lemma.p) == (None, None)
        assert lag.lag.random_split.p is not None
    else:
        assert exp == lag
    assert (lag.lag.interval is None) == (censorings == ("right", "right")), "a convention has no interval"


def test_no_half_rise_where_nothing_rises_beyond_noise() -> None:
    """Pairs that are right at random do not rise: None and why, for the side and the lag, never a guess."""
    generator = np.random.default_rng(3)
    right = generator.choice([-1.0, 1.0], (20, 240))
    rise = rising([2 + number % 10 for number in range(240)], 20)
    is_train = np.array(TRAIN, dtype=bool)
    found = one(series(np.where(is_train, rise, right), table(LEMMAS, CONTEXTS)), split(TRAIN))
    assert found.half_rise is not None
    assert found.half_rise.train.step is not None
    assert (found.half_rise.validation.step, found.half_rise.validation.interval) == (None, None)
    assert found.half_rise.validation.rise.low <= 0 <= found.half_rise.validation.rise.high
    assert (found.half_rise.lag.steps, found.half_rise.lag.interval) == (None, None)
    assert found.half_rise.lag.random_split.p is None
    assert found.half_rise.lag.reason == "proxy-validation does not rise beyond noise"


def test_an_empty_side_has_no_lag() -> None:
    """All exposed, or none: no lag, no half-rise, no plateau difference, and the reason; curves are there."""
    for train, missing in ((1, "proxy-validation"), (0, "proxy-train")):
        found = one(delayed(0), split([train] * 240))
        assert (found.lags, found.half_rise, found.plateau) == ((), None, None)
        assert found.reason == f"no scored pair is {missing}"
        assert found.lag_at(0.8) is None
        empty = found.validation if train else found.train
        assert np.isnan(empty.accuracy).all()
        assert np.isnan(empty.bootstrap_low).all()
        assert empty.pairs.tolist() == [0] * 25
    nothing = one(delayed(0), Split(("no_phrase",) * 240))
    assert nothing.clusters is None
    assert nothing.everything.pairs[0] == 240


def test_a_paradigm_without_any_score_is_reported() -> None:
    """Every pair unscored: NaN curves and counts of 0, no error."""
    found = one(series(np.full((4, 3), np.nan), table(["a", "b", "c"])), split([1, 0, 1]))
    assert (found.unscored, found.lags) == (3, ())
    assert np.isnan(found.everything.accuracy).all()


def test_flags() -> None:
    """Few pairs on a side, few effective clusters; what the paradigm's rule said is carried along."""
    assert one(delayed(1), split(TRAIN)).flags == ()
    assert one(delayed(1), split(TRAIN[20:] + [0] * 20)).flags == ()
    assert one(delayed(1), split([*TRAIN[21:], *[0] * 21])).flags == (FEW_PAIRS,)
    few = table([f"lemma {number % 29}" for number in range(240)], flags=("degenerate", "bad_grammatical_elsewhere"))
    flagged = one(replace(delayed(1), pairs=few), split(TRAIN))
    assert flagged.flags == ("degenerate", "bad_grammatical_elsewhere", FEW_CLUSTERS, FEW_MIXED_CLUSTERS)
    whole = [int(number % 40 < 20) for number in range(240)]
    assert one(delayed(1, whole), split(whole)).flags == (FEW_MIXED_CLUSTERS,), "40 lemmas, each in one part only"
    alone = one(replace(delayed(1), pairs=table(LEMMAS)), split([1] * 240))
    assert alone.flags == (FEW_PAIRS,), "nothing is tested where a part is empty"


def test_the_same_question_has_the_same_answer() -> None:
    """Twice the same; another seed draws others; other paradigms beside it change nothing but the adjustment."""
    scores, parts = delayed(1), split(TRAIN)
    generator = np.random.default_rng(0)
    noisy = series(scores.delta * generator.choice([1.0, 1.0, 1.0, -1.0], scores.delta.shape), scores.pairs)
    first, again = one(noisy, parts), one(noisy, parts)
    assert str(first) == str(again)
    other_seed = one(noisy, parts, replace(FEW, seed=1))
    assert first.lags[4].lag.random_split.median != other_seed.lags[4].lag.random_split.median or (
        first.half_rise != other_seed.half_rise
    )
    both = series(
        np.concatenate([noisy.delta, scores.delta], axis=1),
        table(LEMMAS * 2, CONTEXTS * 2, uid=["made"] * 240 + ["another"] * 240),
    )
    report = analyse_delay(both, split(TRAIN * 2), FEW)
    assert [paradigm.uid for paradigm in report.paradigms] == ["another", "made"]
    beside = report.paradigms[1]
    assert first.half_rise is not None
    assert beside.half_rise is not None
    assert asdict(beside.half_rise.train) == asdict(first.half_rise.train)
    assert [one.lag.interval for one in beside.lags] == [one.lag.interval for one in first.lags]
    assert [one.lag.within_lemma.p for one in beside.lags] == [one.lag.within_lemma.p for one in first.lags]


def test_p_values_are_adjusted_over_all_that_can_lead() -> None:
    """Half-rise lags and lags at the named τ together, other thresholds apart, few pairs not at all: SciPy agrees."""
    generator = np.random.default_rng(1)
    uids = [f"paradigm {number}" for number in range(4)]
    scores = np.concatenate(
        [delayed(by).delta * generator.choice([1.0, 1.0, -1.0], (25, 240)) for by in (0, 1, 0, 3)], axis=1
    )
    pairs = table(LEMMAS * 4, CONTEXTS * 4, uid=[uid for uid in uids for _ in range(240)])
    parts = Split((*split(TRAIN * 3).parts, *split(TRAIN[21:] + [0] * 21).parts))
    report = analyse_delay(series(scores, pairs), parts, FEW)
    assert report.paradigms[3].flags == (FEW_PAIRS,)
    few = [lag.lag for lag in report.paradigms[3].lags]
    assert [lag.random_split.p_adjusted for lag in few] == [None] * 8
    assert None not in [lag.random_split.p for lag in few]
    eligible = report.paradigms[:3]
    others = [lag.lag for one in eligible for lag in one.lags if lag.threshold != 0.8]
    named = [lag.lag for one in eligible for lag in one.lags if lag.threshold == 0.8]
    halves = [one.half_rise.lag for one in eligible if one.half_rise is not None]
    assert (len(others), len(named)) == (3 * 7, 3)
    for family in (others, [*named, *halves]):
        for test in ("random_split", "within_lemma"):
            found = [getattr(lag, test) for lag in family if getattr(lag, test).p is not None]
            assert len(found) > 3
            expected = stats.false_discovery_control([null.p for null in found])
            assert [null.p_adjusted for null in found] == pytest.approx(expected.tolist())


def test_ties_count_as_the_convention_says() -> None:
    """Under lm-eval's preset a curve of nothing but ties is at 100 %, under ours at 0."""
    tied = np.zeros((4, 240))
    for name, accuracy in (("lm-eval", 1.0), ("exposure", 0.0)):
        found = one(series(tied, table(LEMMAS), convention=PRESETS[name]), split(TRAIN))
        assert found.train.accuracy.tolist() == [accuracy] * 4
        assert found.train.ties.tolist() == [120] * 4


def test_refusals() -> None:
    """A split of other pairs, a part that is none, thresholds and numbers of draws that cannot be."""
    with pytest.raises(EvaluationError, match="239 pairs and the scores have 240"):
        analyse_delay(delayed(0), split(TRAIN[1:]), FEW)
    with pytest.raises(EvaluationError, match="no part of a split"):
        Split(("proxy-train", "train"))
    for wrong in (
        {"threshold": 80.0},
        {"thresholds": (0.5, 1.0)},
        {"permutations": 0},
        {"resamples": 0},
        {"level": 0.0},
    ):
        with pytest.raises(EvaluationError, match=r"between 0 and 1|at least 1"):
            replace(FEW, **wrong)  # type: ignore[arg-type]


def test_the_grid_holds_the_threshold() -> None:
    """A threshold that is not on the grid is added to it, in its place."""
    assert DelayRequest(threshold=0.72, thresholds=(0.6, 0.9)).grid == (0.6, 0.72, 0.9)
    assert DelayRequest().grid == (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
