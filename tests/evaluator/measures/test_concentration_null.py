"""Concentration against its control: planted gains, equal gains, and the null's own error rate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from made_scores import table

from evaluator.lemma_weights import ResamplingUnits
from evaluator.measures.attention.attention_change import AttentionChange
from evaluator.measures.attention.attention_to_context import AttentionSpec
from evaluator.measures.attention.concentration import concentration
from evaluator.measures.attention.concentration_null import NO_PAIR, NOTHING_ROSE, ONE_CLUSTER, concentration_test
from evaluator.measures.attention.resampled_means import HeadBootstrap

LAYERS, HEADS = 6, 8
Floats = npt.NDArray[np.float64]


def changes(
    seed: int, planted: float = 0.0, pairs: int = 160, lemmas: int = 20, resamples: int = 100
) -> tuple[AttentionChange, HeadBootstrap]:
    """Word and control move alike, by lemma and by pair; the word gains `planted` more in head (1, 2)."""
    generator = np.random.default_rng(seed)
    lemma = generator.integers(0, lemmas, pairs)

    def noise() -> Floats:
        by_lemma = generator.normal(0, 0.03, (lemmas, LAYERS, HEADS))[lemma]
        return by_lemma + generator.normal(0, 0.1, (pairs, LAYERS, HEADS))

    word, control = noise(), noise()
    word[:, 1, 2] += planted
    units = ResamplingUnits.of(table([f"lemma {one}" for one in lemma]))
    return AttentionChange(word, control, word - control, AttentionSpec()), HeadBootstrap.draw(units, resamples, seed)


def test_a_planted_gain_is_found_and_the_control_stays_flat() -> None:
    """0.3 in one head of 48: total, share, Gini and effective heads say so, each with a small p."""
    change, bootstrap = changes(1, 0.3)
    found = concentration_test(change, bootstrap, draws=199, seed=4)
    for figure in (found["positive_total"], found["top1_share"], found["gini"], found["effective_heads"]):
        assert figure.p is not None
        assert figure.p <= 0.05
        assert abs(figure.difference) > 3 * abs(figure.null_median)
    total = found["positive_total"]
    assert total.difference_low <= 0.3 <= total.difference_high
    assert total.control < 0.15
    assert found["top1_share"].word > 0.6
    assert found["effective_heads"].word < 3
    assert (found.pairs, found.draws) == (160, 199)


def test_figures_are_those_of_the_mean_change() -> None:
    """Of word and control, over the pairs marked that have both."""
    change, bootstrap = changes(2, 0.1)
    change.control[3] = np.nan
    is_in = np.arange(160) < 100
    found = concentration_test(change, bootstrap, draws=9, is_in=is_in)
    used = is_in & (np.arange(160) != 3)
    for values, side in ((change.weight, "word"), (change.control, "control")):
        expected = concentration(values[used].mean(axis=0).ravel())
        assert {one.name: getattr(one, side) for one in found.figures} == pytest.approx(
            {name: float(one) for name, one in expected.items()}
        )
    assert found.pairs == 99


def test_equal_gains_of_word_and_control_are_no_finding() -> None:
    """Both gain in the same head, which is concentrated: the difference is near 0 and p is not small."""
    change, bootstrap = changes(3)
    change.weight[:, 1, 2] += 0.3
    change.control[:, 1, 2] += 0.3
    found = concentration_test(change, bootstrap, draws=199)
    for figure in found.figures:
        assert figure.p is not None
        assert figure.p > 0.05
        assert figure.difference_low <= 0 <= figure.difference_high
    assert found["top1_share"].word > 0.4


def test_the_null_rejects_as_often_as_it_says() -> None:
    """200 changes without any difference: p ≤ 0.1 in about a tenth of them, for the total and for Gini."""
    ps = []
    for seed in range(200):
        change, bootstrap = changes(1000 + seed, pairs=60, lemmas=12, resamples=2)
        found = concentration_test(change, bootstrap, draws=59, seed=seed, top=())
        ps.append([found["positive_total"].p, found["gini"].p])
    share = (np.array(ps, dtype=np.float64) <= 0.1).mean(axis=0)
    assert (share > 0.04).all()
    assert (share < 0.17).all()


def test_lemmas_and_not_pairs_are_exchanged() -> None:
    """A gain of one lemma's many pairs only is no finding: its p is far from small."""
    change, bootstrap = changes(5, lemmas=8)
    is_first = bootstrap.clusters == bootstrap.clusters[0]
    change.weight[is_first, 1, 2] += 2
    figure = concentration_test(change, bootstrap, draws=199)["positive_total"]
    assert figure.p is not None
    assert figure.p > 0.1


def test_what_cannot_be_said_says_why() -> None:
    """No pair with a control, nothing that rose, one cluster: no p, and the reason."""
    change, bootstrap = changes(6, pairs=10)
    empty = concentration_test(change, bootstrap, is_in=np.zeros(10, dtype=bool))
    assert {one.reason for one in empty.figures} == {NO_PAIR}
    assert empty.pairs == 0
    assert np.isnan(empty["gini"].word)
    fallen = AttentionChange(-np.abs(change.weight), change.control, change.entropy, AttentionSpec())
    found = concentration_test(fallen, bootstrap, draws=19)
    assert found["gini"].reason == NOTHING_ROSE
    assert found["gini"].p is None
    assert found["positive_total"].p is not None
    single = HeadBootstrap.draw(ResamplingUnits.of(table(["a"] * 10, ["x"] * 10)), 10)
    single = HeadBootstrap(single.weights, np.zeros(10, dtype=np.int64), single.critical, single.context)
    assert {one.reason for one in concentration_test(change, single, draws=9).figures} == {ONE_CLUSTER}


def test_the_same_seed_gives_the_same_numbers() -> None:
    """And another seed another null."""
    change, bootstrap = changes(7, 0.05)
    first, again, other = (concentration_test(change, bootstrap, draws=49, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first["gini"].null_median != other["gini"].null_median
    assert first["gini"].difference == other["gini"].difference
