"""Figures of concentration: known values, plain loops, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluator.measures.attention.concentration import (
    bounds,
    concentration,
    direction,
    effective_heads,
    gini,
    positive_total,
    top_share,
)

Floats = npt.NDArray[np.float64]
CHANGES = arrays(np.float64, st.integers(2, 12), elements=st.integers(-50, 100).map(lambda one: one / 100))


def slow_gini(values: list[float]) -> float:
    """Half the mean absolute difference of all pairs, by the mean."""
    differences = [abs(one - other) for one in values for other in values]
    return sum(differences) / len(differences) / (2 * sum(values) / len(values))


def test_known_values() -> None:
    """All in one of four heads, the same in all four, 1 to 4: Gini 3/4, 0, 1/4; effective heads 1, 4, 100/30."""
    gained = np.array([[0.0, 2, 0, 0], [3, 3, 3, 3], [4, 2, 1, 3]])
    np.testing.assert_allclose(gini(gained), [0.75, 0, 0.25], atol=1e-15)
    np.testing.assert_allclose(effective_heads(gained), [1, 4, 100 / 30])
    np.testing.assert_allclose(top_share(gained, 1), [1, 0.25, 0.4])
    np.testing.assert_allclose(top_share(gained, 3), [1, 0.75, 0.9])
    np.testing.assert_allclose(positive_total(gained), [2, 12, 10])


def test_what_fell_counts_as_nothing_gained() -> None:
    """Negative Δ are zeros, and stay among the heads that Gini counts."""
    fell, still = np.array([-5.0, 2, -0.1, 0]), np.array([0.0, 2, 0, 0])
    of_fell, of_still = ({name: float(one) for name, one in concentration(delta).items()} for delta in (fell, still))
    assert (of_fell.pop("mean"), of_still.pop("mean")) == (fell.mean(), still.mean())
    assert of_fell == of_still
    assert gini(fell) == pytest.approx(0.75)


def test_where_nothing_rose_no_share_can_be_said() -> None:
    """The total is 0, and the rest NaN: never 0 or 1."""
    found = concentration(np.array([-1.0, 0, -2]), top=(1,))
    assert found.pop("positive_total") == 0
    assert found.pop("mean") == -1
    assert np.isnan(list(found.values())).all()
    assert set(found) == {"top1_share", "gini", "effective_heads"}


@given(CHANGES, st.integers(1, 12))
def test_figures_equal_plain_loops(delta: Floats, k: int) -> None:
    """Gini as mean absolute difference, shares by sorting, effective heads by sums."""
    gained = [max(float(one), 0.0) for one in delta]
    if not sum(gained):
        return
    assert float(gini(delta)) == pytest.approx(slow_gini(gained), abs=1e-12)
    assert float(top_share(delta, k)) == pytest.approx(sum(sorted(gained)[::-1][:k]) / sum(gained))
    assert float(effective_heads(delta)) == pytest.approx(sum(gained) ** 2 / sum(one**2 for one in gained))


@given(CHANGES, st.randoms(use_true_random=False))
def test_figures_know_neither_order_nor_unit(delta: Floats, random: st.DataObject) -> None:
    """Heads in another order, and Δ a thousand times as large, have the same shares; all lie within their bounds."""
    if not (delta > 0).any():
        return
    order = list(range(len(delta)))
    random.shuffle(order)  # type: ignore[attr-defined]
    found, other = concentration(delta), concentration(1000 * delta[order])
    assert float(other["positive_total"]) == pytest.approx(1000 * float(found["positive_total"]))
    for name in found:
        low, high = bounds(name, len(delta))
        assert low - 1e-12 <= float(found[name]) <= high + 1e-9
        if name not in ("positive_total", "mean"):
            assert float(other[name]) == pytest.approx(float(found[name]), abs=1e-12)


def test_concentrating_moves_every_figure_in_its_direction() -> None:
    """A gain moved from a small head to the largest one is more concentrated by each figure."""
    spread, gathered = concentration(np.array([3.0, 2, 1]), (1,)), concentration(np.array([3.9, 2, 0.1]), (1,))
    for name in ("top1_share", "gini", "effective_heads"):
        assert direction(name) * (gathered[name] - spread[name]) > 0
    assert "top5_share" not in concentration(np.array([3.0, 2, 1]))
