"""The probe against scikit-learn's ridge, fold by fold; its permuted labels against fits made anew."""

from __future__ import annotations

import numpy as np
import pytest

from evaluator.measures.concepts.folds import disjoint_cells
from evaluator.measures.concepts.label_signs import label_signs
from evaluator.measures.concepts.linear_probe import ridge_probe
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.readout import mean_difference
from evaluator.measures.concepts.separation import Fit, cross_fitted_scores
from exposure.errors import EvaluationError

PENALTY = 0.3


def made(pairs: int, width: int, seed: int, strength: float = 0.0) -> PairStates:
    """Pairs with a level each, features of very different scales, and a direction of this strength."""
    generator = np.random.default_rng(seed)
    scales = np.exp(generator.normal(0, 2, width))
    level = generator.normal(0, 2, (pairs, width))
    direction = generator.normal(0, strength, width)
    good, bad = (level + generator.normal(0, 1, (pairs, width)) + sign * direction for sign in (1, -1))
    return PairStates.of(5 + good * scales, 5 + bad * scales)


@pytest.mark.parametrize(("pairs", "width"), [(40, 12), (15, 60), (20, 40)])
def test_scores_are_those_of_scikit_learns_ridge(pairs: int, width: int) -> None:
    """Standardised, least squares with alpha = penalty × sentences: the same score for sentences not fitted."""
    pytest.importorskip("sklearn")
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fitted, other = made(pairs, width, 0, 0.5), made(25, width, 1)
    model = make_pipeline(StandardScaler(), Ridge(alpha=PENALTY * 2 * pairs))
    model.fit(np.concatenate([fitted.good, fitted.bad]), np.repeat([1.0, -1.0], pairs))
    good, bad = ridge_probe(PENALTY)(fitted).scores(other, np.ones((1, pairs)))
    np.testing.assert_allclose(good[0], model.predict(other.good), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(bad[0], model.predict(other.bad), rtol=1e-7, atol=1e-9)


def test_cross_validated_figures_are_those_of_a_loop_with_scikit_learn() -> None:
    """Folds that keep lemmas together, a pipeline fitted in each: the same AUROC, paired share and accuracy."""
    metrics = pytest.importorskip("sklearn.metrics")
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    states, clusters = made(60, 8, 2, 1.0), np.arange(60) % 13
    everything = np.ones(60, dtype=bool)
    cells = disjoint_cells(everything, everything, (clusters,), 4, 0)
    found = cross_fitted_scores(states, cells, ridge_probe(PENALTY), clusters, 0, 0).separation()
    areas, weights, paired, right = [], [], [], []
    for cell in cells:
        fit, test = states.take(cell.fit), states.take(cell.test)
        model = make_pipeline(StandardScaler(), Ridge(alpha=PENALTY * 2 * len(fit)))
        model.fit(np.concatenate([fit.good, fit.bad]), np.repeat([1.0, -1.0], len(fit)))
        good, bad = model.predict(test.good), model.predict(test.bad)
        areas.append(metrics.roc_auc_score(np.repeat([1, 0], len(test)), np.concatenate([good, bad])))
        weights.append(len(test) ** 2)
        paired += (good > bad).tolist()
        right += [*(good > 0).tolist(), *(bad < 0).tolist()]
    assert found.pairs == 60
    assert found.auroc.value == pytest.approx(np.average(areas, weights=weights), abs=1e-12)
    assert found.paired.value == pytest.approx(np.mean(paired))
    assert found.accuracy.value == pytest.approx(np.mean(right))
    assert 0.6 < np.mean(right) < 1


@pytest.mark.parametrize("fit", [ridge_probe(PENALTY), mean_difference], ids=["probe", "mean difference"])
def test_permuted_labels_are_as_good_as_fits_made_anew(fit: Fit) -> None:
    """A draw's scores are those of states whose sides were really exchanged, and everything fitted again."""
    states, clusters = made(24, 6, 3, 0.5), np.arange(24) % 7
    everything = np.ones(24, dtype=bool)
    cells = disjoint_cells(everything, everything, (clusters,), 3, 0)
    scores = cross_fitted_scores(states, cells, fit, clusters, 5, 11)
    for draw, signs in enumerate(label_signs(clusters, 5, 11)):
        is_kept = (signs > 0)[:, None]
        swapped = PairStates(np.where(is_kept, states.good, states.bad), np.where(is_kept, states.bad, states.good))
        again = cross_fitted_scores(swapped, cells, fit, clusters, 0, 0)
        np.testing.assert_allclose(scores.called_good[draw], again.called_good[0], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(scores.called_bad[draw], again.called_bad[0], rtol=1e-8, atol=1e-10)


def test_a_constant_feature_says_nothing() -> None:
    """It is left out, as if it were not there, instead of a division by 0."""
    states = made(20, 5, 4, 0.5)
    constant = np.full((20, 1), 3.7)
    wider = PairStates.of(np.hstack([states.good, constant]), np.hstack([states.bad, constant]))
    narrow, wide = (ridge_probe(1.0)(one).scores(one, np.ones((1, 20)))[0] for one in (states, wider))
    np.testing.assert_allclose(narrow, wide, rtol=1e-9)


def test_p_of_noise_is_as_often_small_as_it_says() -> None:
    """Without anything to find, p ≤ .2 comes in about a fifth of data sets, for the probe and the mean difference."""
    for fit in (ridge_probe(0.1), mean_difference):
        found = []
        for seed in range(100):
            states, clusters = made(30, 6, 100 + seed), np.arange(30) // 2
            everything = np.ones(30, dtype=bool)
            cells = disjoint_cells(everything, everything, (clusters,), 3, 0)
            found.append(cross_fitted_scores(states, cells, fit, clusters, 49, seed).separation().auroc.p_high)
        assert 8 <= sum(p is not None and p <= 0.2 for p in found) <= 32  # ± 3 binomial standard deviations


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan")])
def test_a_penalty_must_be_above_zero(penalty: float) -> None:
    """With more dimensions than sentences there is no least-squares answer without one."""
    with pytest.raises(EvaluationError, match="Give a number above 0"):
        ridge_probe(penalty)
