"""Spearman of layer against formation step, against scipy and its own null."""

import numpy as np
import pytest

from evaluator.measures.onset.formation import Formation
from evaluator.measures.onset.layer_order import layer_order, spearman
from exposure.errors import EvaluationError


def formation(times: np.ndarray, theta: float = 0.3) -> Formation:
    return Formation(theta, 1, np.asarray(times, dtype=float), np.zeros(np.shape(times)))


def test_spearman_is_that_of_scipy():
    """With many ties, and with heads that never form, who tie last."""
    scipy = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(1)
    for _ in range(50):
        one, other = generator.integers(0, 4, (2, 12)).astype(float)
        other[generator.random(12) < 0.3] = np.inf
        assert spearman(one, other) == pytest.approx(scipy.spearmanr(one, other).statistic, abs=1e-12)


def test_a_constant_has_no_correlation():
    """None, not 0 and not NaN."""
    assert spearman(np.ones(4), np.arange(4.0)) is None
    assert spearman(np.arange(4.0), np.full(4, np.inf)) is None


def test_shallow_first_is_found_in_a_planted_run():
    """Six layers that form one after another: coefficient 1, and p near the least that 6! permutations allow."""
    times = np.arange(1, 7)[:, None] * np.ones(4) * 100
    found = layer_order([formation(times)])
    assert found.coefficient == pytest.approx(1)
    assert found.p_shallow_first < 0.01
    reverse = layer_order([formation(times[::-1])])
    assert reverse.coefficient == pytest.approx(-1)
    assert reverse.p_shallow_first == 1
    assert reverse.p_two_sided < 0.02


def test_heads_that_never_form_count_as_last_or_are_left_out():
    """Both readings, against scipy."""
    scipy = pytest.importorskip("scipy.stats")
    times = np.array([[100, 300], [200, np.inf], [np.inf, np.inf]])
    layers = np.repeat([1, 2, 3], 2)
    everyone = layer_order([formation(times)], "all")
    assert everyone.coefficient == pytest.approx(scipy.spearmanr(layers, times.ravel()).statistic)
    kept = np.isfinite(times.ravel())
    formed = layer_order([formation(times)], "formed")
    assert formed.coefficient == pytest.approx(scipy.spearmanr(layers[kept], times.ravel()[kept]).statistic)
    assert everyone.formed == formed.formed == (3,)


def test_the_null_is_right_where_heads_of_a_layer_go_together():
    """Layers in no order, whose heads form together: p below .1 in about a tenth of runs, where a test that permutes
    heads would be sure of most.
    """
    generator = np.random.default_rng(5)
    small = [
        layer_order([formation(generator.permutation(6)[:, None] + np.zeros(8))], draws=199, seed=run).p_shallow_first
        for run in range(150)
    ]
    assert 0.03 < np.mean(np.array(small) <= 0.1) < 0.18


def test_several_seeds_say_more_than_one():
    """Three runs with the same weak order: the mean coefficient is each one's, the p is smaller; a run that cannot say
    is named and left out.
    """
    times = np.array([[2, 2], [1, 1], [3, 3], [4, 4]]) * 10
    one, three = layer_order([formation(times)]), layer_order([formation(times)] * 3)
    assert three.coefficient == pytest.approx(one.coefficient)
    assert three.p_shallow_first < one.p_shallow_first / 2
    silent = layer_order([formation(times), formation(np.full((4, 2), np.inf))])
    assert silent.by_run == (one.coefficient, None)
    assert silent.coefficient == one.coefficient


def test_same_seed_same_p():
    """Draws depend on the seed alone."""
    runs = [formation(np.random.default_rng(2).random((5, 3)))]
    assert layer_order(runs, seed=4) == layer_order(runs, seed=4)
    assert layer_order(runs, seed=4) != layer_order(runs, seed=5)


def test_one_layer_cannot_have_an_order():
    """The reason is given instead of a number; runs that differ in θ are refused."""
    found = layer_order([formation(np.array([[10, 20, 30]]))])
    assert (found.coefficient, found.p_shallow_first) == (None, None)
    assert found.reason
    with pytest.raises(EvaluationError, match="different θ"):
        layer_order([formation(np.ones((2, 2))), formation(np.ones((2, 2)), theta=0.5)])
    with pytest.raises(EvaluationError, match="without a run"):
        layer_order([])


@pytest.mark.parametrize("heads", ["all", "formed"])
def test_the_null_is_that_of_a_plain_loop(heads):
    """p of several runs is what permuting layer by layer, and taking each coefficient anew, gives."""
    generator = np.random.default_rng(4)
    times = generator.choice([10.0, 20.0, 30.0, np.inf], size=(3, 5, 4))
    runs = [Formation(0.3, 1, one, one) for one in times]
    found = layer_order(runs, heads, draws=60, seed=7)
    orders, null = np.random.default_rng(7), []
    for _ in range(60):
        by_run = []
        for one in times:
            of_head = np.repeat(orders.permutation(5)[:, None], 4, axis=1)
            kept = np.isfinite(one) if heads == "formed" else np.ones(one.shape, dtype=bool)
            by_run.append(spearman(of_head[kept].astype(float), one[kept]))
        null.append(np.mean(by_run))
    assert found.p_shallow_first == (1 + sum(value >= found.coefficient - 1e-9 for value in null)) / 61
    assert found.p_two_sided == (1 + sum(abs(value) >= abs(found.coefficient) - 1e-9 for value in null)) / 61
