"""The lemma bootstrap against loops over pairs, and against variances that are known."""

from __future__ import annotations

import numpy as np
import pytest
from made_scores import rising, series, table

from evaluator.bootstrap import LemmaBootstrap
from evaluator.lemma_weights import LemmaWeights, ResamplingUnits
from evaluator.scored import Floats, PairTable
from evaluator.two_way_variance import resampling_scale

CRITICAL = ["a", "a", "b", "b", "c", "c", "", "", "a", "c"]
CONTEXT = ["x", "y", "x", "y", "z", "", "x", "", "x", "z"]


def weights_of(pairs: PairTable, resamples: int = 400, seed: int = 0) -> Floats:
    """[resample, pair]"""
    drawn = LemmaWeights.draw(ResamplingUnits.of(pairs), resamples, seed)
    return np.concatenate(list(drawn.of_pairs(np.ones(len(pairs), dtype=bool)))).astype(np.float64)


def test_a_pair_weighs_the_product_of_its_lemmas() -> None:
    """Both factors are resampled apart: a pair's weight is that of its critical times that of its context lemma."""
    both = weights_of(table(CRITICAL, CONTEXT))
    critical, context = weights_of(table(CRITICAL)), weights_of(table([""] * 10, CONTEXT))
    has_critical, has_context = (np.array([one != "" for one in lemmas]) for lemmas in (CRITICAL, CONTEXT))
    expected = np.where(has_critical, critical, 1) * np.where(has_context, context, 1)
    assert np.array_equal(both[:, has_critical | has_context], expected[:, has_critical | has_context])
    assert not np.array_equal(critical[:, 0], context[:, 0])


def test_pairs_that_share_all_lemmas_rise_and_fall_together() -> None:
    """The first and the ninth pair share both lemmas; no others do. Weights are whole, of mean and variance 1."""
    weights = weights_of(table(CRITICAL, CONTEXT), 4000)
    assert np.array_equal(weights[:, 0], weights[:, 8])
    assert not np.array_equal(weights[:, 0], weights[:, 1])
    alone = weights[:, 7]
    assert np.array_equal(alone, np.round(alone))
    assert (alone.mean(), alone.var()) == (pytest.approx(1, abs=0.07), pytest.approx(1, abs=0.15))
    assert weights[:, 0].var() == pytest.approx(3, abs=0.6), "product of two"


def test_a_lemma_is_resampled_alike_wherever_it_stands() -> None:
    """The same lemma has the same weights in another paradigm, in another order; another seed has others."""
    first, second = weights_of(table(["a", "b", "c"])), weights_of(table(["c", "q", "a", "a"], uid="other"))
    assert np.array_equal(first[:, 0], second[:, 2])
    assert np.array_equal(first[:, 2], second[:, 0])
    assert not np.array_equal(first, weights_of(table(["a", "b", "c"]), seed=1))


def test_a_factor_of_one_level_is_held_fixed() -> None:
    """Where all pairs have one critical lemma the context alone is resampled, and where it is one too, pairs are."""
    assert ResamplingUnits.of(table(["ever"] * 4, ["x", "x", "y", "y"])).resampled == ("context",)
    units = ResamplingUnits.of(table(["ever"] * 4, ["who"] * 4))
    assert units.resampled == ("pairs",)
    assert len(set(units.clusters.tolist())) == 4
    assert ResamplingUnits.of(table(CRITICAL, CONTEXT)).resampled == ("critical", "context", "pairs")


def test_resampled_accuracies_are_weighted_means() -> None:
    """Against a loop over resamples, checkpoints and pairs; one resample serves all checkpoints and both sides."""
    pairs = table(CRITICAL, CONTEXT)
    scores = series(rising([0, 1, 2, 3, 4, 1, 2, 3, 0, 5], 6), pairs)
    is_in = np.array([1, 0, 1, 1, 0, 1, 1, 0, 1, 1], dtype=bool)
    side = LemmaBootstrap.of(pairs, scores.credit, 30, 7).side(is_in)
    weights = weights_of(pairs, 30, 7)
    for scale in (1.0, 0.6):
        found = side.accuracies(scale)
        for resample in range(30):
            drawn = [1 - scale + scale * weights[resample, pair] for pair in np.flatnonzero(is_in)]
            for checkpoint in range(6):
                right = scores.credit[checkpoint, is_in]
                if sum(drawn) == 0:
                    assert np.isnan(found[resample, checkpoint])
                else:
                    assert found[resample, checkpoint] == pytest.approx(np.dot(drawn, right) / sum(drawn))
    assert side.accuracy.tolist() == pytest.approx(scores.credit[:, is_in].mean(axis=1).tolist())


def test_an_empty_side_has_no_accuracy() -> None:
    """NaN everywhere, and no warning."""
    pairs = table(CRITICAL, CONTEXT)
    side = LemmaBootstrap.of(pairs, rising([1] * 10, 3), 5, 0).side(np.zeros(10, dtype=bool))
    assert np.isnan(side.accuracy).all()
    assert np.isnan(side.accuracies(1.0)).all()
    assert (side.pairs, side.effective) == (0, 0)


def test_the_crossed_bootstrap_varies_by_three_sums() -> None:
    """A sum over pairs has the variance V_critical + V_context + V_both in it, and the scale takes it to
    V_critical + V_context − V_both: measured over many resamples.
    """
    generator = np.random.default_rng(0)
    critical, context = generator.integers(12, size=300), generator.integers(9, size=300)
    influence = (
        generator.normal(size=300) + generator.normal(0, 0.4, 12)[critical] + generator.normal(0, 0.4, 9)[context]
    )
    influence -= influence.mean()
    pairs = table([f"c{one}" for one in critical], [f"x{one}" for one in context])
    units = ResamplingUnits.of(pairs)
    by = [
        sum(influence[keys == key].sum() ** 2 for key in np.unique(keys))
        for keys in (critical, context, critical * 100 + context)
    ]
    measured = (weights_of(pairs, 40_000) @ influence).var()
    assert measured == pytest.approx(sum(by), rel=0.05)
    scale = resampling_scale(influence, units.first_clusters, units.context_clusters)
    assert by[0] + by[1] - by[2] > max(by)
    assert scale**2 * sum(by) == pytest.approx(by[0] + by[1] - by[2])
    assert 1 / np.sqrt(3) <= scale < 1


def test_a_scale_is_never_below_what_one_factor_demands() -> None:
    """Where chance makes single pairs vary more than lemmas do, the largest of the single sums is kept."""
    influence = np.array([1.0, -1.0, 1.0, -1.0, 2.0, -2.0])
    critical, context = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 0, 2, 2])
    # by critical: 0, 0, 0; by context: 1 − 1, −1 + 1, 0; by both: 1, 1, 1, 1, 0. So 4 / 4
    assert resampling_scale(influence, critical, context) == 1
    influence = np.array([1.0, 1.0, 1.0, -1.0, 2.0, -2.0])
    # by critical: 4, 0, 0; by context: 0, 4, 0; by both: 1 × 4 and 0: (4 + 4 − 4) / 12, and no less than 4 / 12
    assert resampling_scale(influence, critical, context) == pytest.approx(np.sqrt(4 / 12))


def test_with_one_factor_nothing_is_scaled() -> None:
    """Clusters of one kind, or none at all, are resampled as they are."""
    generator = np.random.default_rng(1)
    for pairs in (table(["a", "b"] * 50), table([""] * 100, ["x", "y"] * 50), table([""] * 100)):
        units = ResamplingUnits.of(pairs)
        scale = resampling_scale(generator.normal(size=100), units.first_clusters, units.context_clusters)
        assert scale == 1


def test_pairs_that_share_nothing_vary_as_a_binomial() -> None:
    """Without lemmas the bootstrap is the plain one: the standard error is √(p (1 − p) / n)."""
    pairs = table([""] * 400)
    right = np.where(np.arange(400) < 280, 1.0, -1.0)[None, :]
    bootstrap = LemmaBootstrap.of(pairs, series(right, pairs).credit, 4000, 3)
    side = bootstrap.side(np.ones(400, dtype=bool))
    assert side.effective == 400
    assert side.accuracies(side.scale).std() == pytest.approx(np.sqrt(0.7 * 0.3 / 400), rel=0.06)


def test_shared_lemmas_widen_it() -> None:
    """400 pairs that are right or wrong by lemma, 20 in each, vary as 20 units do."""
    pairs = table([f"lemma {number // 20}" for number in range(400)])
    right = np.where(np.arange(400) < 280, 1.0, -1.0)[None, :]
    side = LemmaBootstrap.of(pairs, series(right, pairs).credit, 4000, 3).side(np.ones(400, dtype=bool))
    assert side.effective == pytest.approx(20)
    assert side.accuracies(side.scale).std() == pytest.approx(np.sqrt(0.7 * 0.3 / 20), rel=0.1)


@pytest.mark.parametrize("pairs", [1, 50])
def test_blocks_change_nothing(pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few weights at a time give the same resamples as all at once."""
    lemmas = table([f"{number % 7}" for number in range(pairs)])
    whole = weights_of(lemmas, 33)
    monkeypatch.setattr("evaluator.lemma_weights.BLOCK", 100)
    assert np.array_equal(whole, weights_of(lemmas, 33))
