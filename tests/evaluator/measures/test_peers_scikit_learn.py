"""Concept vectors and probes against scikit-learn's classifiers, folds and scorers; a rank against scikit-dimension.

All of it is fp64 on both sides: what differs is the order of sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluator.measures.concepts.auroc import auroc
from evaluator.measures.concepts.concept_vectors import ConceptPairs, ConceptSpec, concept_layer
from evaluator.measures.concepts.effective_rank import centred_singular_values, effective_rank, participation_ratio
from evaluator.measures.concepts.folds import Cell, grouped_folds
from evaluator.measures.concepts.linear_probe import ridge_probe
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.separation import Separation, cross_fitted_scores
from evaluator.scored import Integers

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra peers)")

from sklearn import metrics
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

PAIRS, WIDTH, FOLDS, PENALTY = 60, 9, 5, 0.2
LEMMAS = np.arange(PAIRS) % 20  # folds of four lemmas and twelve pairs each
CLOSE = 1e-12


def made(strength: float = 0.4, seed: int = 0, pairs: int = PAIRS) -> PairStates:
    """Pairs with a level of their own, and a direction of this strength, rounded so that scores tie."""
    generator = np.random.default_rng(seed)
    level, *noise = generator.normal(size=(3, pairs, WIDTH))
    direction = strength * generator.normal(size=WIDTH)
    return PairStates.of(np.round(level + noise[0] + direction, 1), np.round(level + noise[1] - direction, 1))


def sentences(states: PairStates) -> tuple[Any, Any]:
    """[sentence, d_model] and [sentence] labels: all good sides, then all bad ones."""
    return np.concatenate([states.good, states.bad]), np.repeat([1, -1], len(states))


def classifier(fitted_pairs: int) -> Pipeline:
    """The probe as scikit-learn has it: our penalty is a share of a feature's variance, alpha grows with sentences."""
    return make_pipeline(StandardScaler(), RidgeClassifier(alpha=PENALTY * 2 * fitted_pairs))


@pytest.mark.parametrize("digits", [0, 1, 9])
@pytest.mark.parametrize("sizes", [(1, 1), (40, 7), (200, 300)])
def test_auroc_is_roc_auc_score_however_many_ties(digits: int, sizes: tuple[int, int]) -> None:
    """Scores in whole numbers nearly all tie, in tenths often, in billionths never."""
    generator = np.random.default_rng(sum(sizes) + digits)
    scores = np.round(generator.normal(np.repeat([0.5, 0.0], sizes)), digits)
    positives, negatives = np.split(scores, sizes[:1])
    if digits == 0 and min(sizes) > 1:
        assert len(np.unique(scores)) < len(scores) / 4
    expected = metrics.roc_auc_score(np.repeat([1, 0], sizes), scores)
    assert auroc(positives, negatives) == pytest.approx(expected, abs=CLOSE)


@pytest.mark.parametrize("positives", [[0.0, 0.0], [1.0, 1.0], [-1.0, -1.0]])
def test_auroc_of_constants_is_roc_auc_score(positives: list[float]) -> None:
    """All equal, all above, all below."""
    expected = metrics.roc_auc_score([1, 1, 0, 0], [*positives, 0.0, 0.0])
    assert auroc(np.array(positives), np.zeros(2)) == expected


def test_the_probe_decides_as_ridge_classifier() -> None:
    """Its scores of other sentences are decision_function, and what lies above 0 is what is predicted as good."""
    states = made(pairs=2 * PAIRS)
    fitted, other = states.take(np.arange(PAIRS)), states.take(np.arange(PAIRS, 2 * PAIRS))
    theirs = classifier(PAIRS).fit(*sentences(fitted))
    found = ridge_probe(PENALTY)(fitted).scores(other, np.ones((1, PAIRS)))
    for side, scores in zip((other.good, other.bad), found, strict=True):
        np.testing.assert_allclose(scores[0], theirs.decision_function(side), rtol=0, atol=CLOSE)
        np.testing.assert_array_equal(np.where(scores[0] > 0, 1, -1), theirs.predict(side))
    assert 0.5 < theirs.score(*sentences(other)) < 1


def test_cross_validation_is_that_of_scikit_learn_in_its_own_group_folds() -> None:
    """GroupKFold by lemma, cross_val_score by ROC AUC and by accuracy: the same figures, of folds that it chose."""
    states = made()
    rows, labels = sentences(states)
    folds = GroupKFold(FOLDS)
    # of both sides at once, with a lemma's pairs together: places of pairs are those of the good sides
    splits = list(folds.split(rows, labels, np.tile(LEMMAS, 2)))
    cells = [Cell(*(part[part < PAIRS] for part in split)) for split in splits]
    assert all(len(cell.test) == PAIRS // FOLDS for cell in cells)
    found = separation(states, cells)
    theirs = classifier(PAIRS - PAIRS // FOLDS)
    areas, shares = (cross_val_score(theirs, rows, labels, cv=splits, scoring=one) for one in ("roc_auc", "accuracy"))
    assert found.auroc.value == pytest.approx(areas.mean(), abs=CLOSE)
    assert found.accuracy.value == pytest.approx(shares.mean(), abs=CLOSE)
    assert np.ptp(areas) > 0


def separation(states: PairStates, cells: list[Cell]) -> Separation:
    return cross_fitted_scores(states, cells, ridge_probe(PENALTY), LEMMAS, 0, 0).separation()


def test_folds_keep_groups_and_are_as_even_as_group_k_fold() -> None:
    """Groups of very different sizes: folds of the sizes that scikit-learn makes of them."""
    for seed in range(20):
        groups: Integers = np.random.default_rng(seed).geometric(0.12, 300)
        ours = grouped_folds(groups, FOLDS, seed)
        theirs = [len(test) for _, test in GroupKFold(FOLDS).split(groups, groups=groups)]
        assert sorted(np.bincount(ours, minlength=FOLDS)) == sorted(theirs)
        assert all(len(set(ours[groups == group])) == 1 for group in groups)


def test_a_concept_vector_ranks_sentences_as_nearest_centroid() -> None:
    """|h − mean bad|² − |h − mean good|² rises with h·v̄: EXP's AUROC is that of this classifier's distances."""
    states = made(seed=2)
    is_train = np.random.default_rng(3).random(PAIRS) < 0.6
    layer = concept_layer(states, ConceptPairs(is_train, ~is_train, LEMMAS, None), ConceptSpec(draws=1, rank_draws=1))
    train, validation = (states.take(np.flatnonzero(part)) for part in (is_train, ~is_train))
    bad, good = NearestCentroid().fit(*sentences(train)).centroids_
    rows, labels = sentences(validation)
    nearer = ((rows - bad) ** 2).sum(axis=1) - ((rows - good) ** 2).sum(axis=1)
    assert layer.validation.auroc.value == pytest.approx(metrics.roc_auc_score(labels, np.round(nearer, 9)), abs=CLOSE)
    assert layer.direction is not None
    np.testing.assert_allclose(layer.direction, good - bad, atol=CLOSE)
    assert 0.55 < layer.validation.auroc.value < 0.99


@pytest.mark.parametrize(("pairs", "width"), [(80, 12), (15, 40)])
def test_ranks_are_those_of_principal_components(pairs: int, width: int) -> None:
    """Singular values of PCA, whatever the mean; the entropy of them and the participation ratio of their squares."""
    differences = np.random.default_rng(4).normal(size=(pairs, width)) * np.arange(1, width + 1) + 7
    theirs = PCA(svd_solver="full").fit(differences)
    kept = min(pairs - 1, width)  # the mean taken off leaves one fewer
    shares = theirs.singular_values_[:kept] / theirs.singular_values_[:kept].sum()
    values = centred_singular_values(differences)
    np.testing.assert_allclose(values[:kept], theirs.singular_values_[:kept], rtol=1e-9)
    assert effective_rank(values) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-6)
    variances = theirs.explained_variance_
    assert participation_ratio(values) == pytest.approx(variances.sum() ** 2 / (variances**2).sum(), rel=1e-9)


@pytest.mark.parametrize("pairs", [20, 200])
def test_participation_ratio_is_that_of_scikit_dimension(pairs: int) -> None:
    """lPCA with the participation ratio, on a few and on many vectors of uneven spread."""
    skdim = pytest.importorskip("skdim", reason="scikit-dimension is not installed (extra peers)")
    differences = np.random.default_rng(pairs).normal(size=(pairs, WIDTH)) * np.logspace(0, 1, WIDTH) + 3
    theirs = skdim.id.lPCA(ver="participation_ratio").fit(differences).dimension_
    found = participation_ratio(centred_singular_values(differences))
    assert found == pytest.approx(theirs, rel=1e-9)
    assert 1.5 < found < WIDTH - 1
