"""Whether induction heads form from shallow to deep layers, in each run and over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from evaluator.compared.comparable import Comparable
from evaluator.compared.curves import Curve
from evaluator.compared.settings import differing
from evaluator.measures.onset.formation import Formation, formation_of
from evaluator.measures.onset.layer_order import Heads, LayerOrder, layer_order

BOTH: tuple[Heads, ...] = ("all", "formed")


@dataclass(frozen=True)
class FormationOrder:
    """The test at one θ, over one run or over all that have as many layers and heads. p is not much below 1/n!."""

    runs: tuple[str, ...]
    order: LayerOrder
    layers: int
    """That can hold such heads."""
    heads: int
    """In those layers, of one run."""
    differ_in: tuple[str, ...] = ()
    """Facts: the test over runs is meant for seeds."""


def formation_orders(held: Comparable) -> list[FormationOrder]:
    """By `heads` and θ: one for each run, then one for each set of several that have one shape."""
    found = []
    for heads, theta in product(BOTH, held.quantity.thetas):
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
    order = layer_order([_formation(one, theta) for one in curves], heads)
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
