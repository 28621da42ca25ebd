"""The order of layers, by run and over runs."""

from __future__ import annotations

from planted_runs import Planted, planted_run

from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.comparison import compare_runs
from evaluator.compared.formation_order import FormationOrder

FINE = tuple(range(0, 1001, 10))


def orders_of(runs: list[ComparedRun]) -> list[FormationOrder]:
    comparison = compare_runs(runs)
    assert comparison is not None
    return [one for one in comparison.orders if (one.order.theta, one.order.heads) == (0.5, "all")]


def test_layers_planted_one_after_the_other_are_found_so() -> None:
    """Each run has a coefficient near 1, and together they have a p that no run of three layers can have alone."""
    runs = [planted_run(f"s{seed}", Planted(800 + 40 * seed, layers=4), FINE, init_seed=seed) for seed in range(3)]
    *alone, together = orders_of(runs)
    assert [one.runs for one in alone] == [("s0",), ("s1",), ("s2",)]
    assert together.runs == ("s0", "s1", "s2")
    assert all(one.order.coefficient > 0.9 for one in orders_of(runs))
    assert all(one.order.p_shallow_first > 0.1 for one in alone)
    assert together.order.p_shallow_first <= 0.02
    assert (together.layers, together.heads, together.differ_in) == (3, 6, ())


def test_runs_of_another_shape_are_not_put_together() -> None:
    """Layers of a deeper model are other layers; and where runs differ in more than seed, it is said in what."""
    runs = [planted_run(f"b{batch}", Planted(800, layers=4), FINE, batch_sequences=batch) for batch in (16, 32)]
    deeper = planted_run("deeper", Planted(800, layers=6), FINE)
    *alone, together = orders_of([*runs, deeper])
    assert len(alone) == 3
    assert together.runs == ("b16", "b32")
    assert together.differ_in == ("batch_sequences",)


def test_one_layer_of_heads_has_no_order() -> None:
    """A model of two layers has one that can hold such heads: no coefficient, and the reason."""
    runs = [planted_run(f"s{seed}", Planted(800, layers=2), FINE, init_seed=seed) for seed in range(2)]
    for one in orders_of(runs):
        assert one.order.coefficient is None
        assert "two layers" in one.order.reason
