"""Whether induction heads form from shallow to deep layers, in each run and over all of them."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.compared.comparable import Comparable
from evaluator.compared.curves import Curve
from evaluator.compared.settings import differing
from evaluator.measures.onset.formation import Formation, formation_of
from evaluator.measures.onset.layer_order import Heads, LayerOrder, layer_order

DRAWS = 999
"""Permutations of layers of each test; p is not below 1/1000, nor much below 1/n! of n layers."""


@dataclass(frozen=True)
class FormationOrder:
    """The test at one θ, over one run or over all that have as many layers and heads."""

    runs: tuple[str, ...]
    order: LayerOrder
    layers: int
    """That can hold such heads."""
    heads: int
    """In those layers, of one run."""
    differ_in: tuple[str, ...] = ()
    """Facts: the test over runs is meant for seeds."""


def formation_orders(held: Comparable, heads: Heads = "all") -> list[FormationOrder]:
    """By θ: a row for each run, then one for each set of several that have one shape."""
    found = []
    for theta in held.quantity.thetas:
        found += [_over([one], theta, heads) for one in held.curves]
        found += [_over(group, theta, heads) for group in _by_shape(held.curves) if len(group) > 1]
    return found


def _by_shape(curves: tuple[Curve, ...]) -> list[list[Curve]]:
    found: dict[tuple[int, ...], list[Curve]] = {}
    for one in curves:
        found.setdefault(_shape(one), []).append(one)
    return list(found.values())


def _over(curves: list[Curve], theta: float, heads: Heads) -> FormationOrder:
    layers, of_layer = _shape(curves[0])
    order = layer_order([_formation(one, theta) for one in curves], heads, DRAWS)
    runs = tuple(one.run for one in curves)
    names = tuple(run.name for run in runs)
    return FormationOrder(names, order, layers, layers * of_layer, tuple(differing(runs)))


def _formation(curve: Curve, theta: float) -> Formation:
    assert curve.heads is not None
    return formation_of(curve.heads, curve.steps, theta, curve.quantity.first_layer)


def _shape(curve: Curve) -> tuple[int, int]:
    assert curve.heads is not None
    _, layers, heads = curve.heads.shape
    return layers - curve.quantity.first_layer, heads
