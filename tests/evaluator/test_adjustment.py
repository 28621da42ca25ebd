"""Adjusted p values against SciPy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluator.adjustment import benjamini_hochberg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_it_is_scipys(p: list[float]) -> None:
    """Benjamini and Hochberg's adjustment, ties and all, in the order given."""
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p).tolist())


def test_what_has_no_p_is_not_counted() -> None:
    """None stays None, and the others are adjusted as if it were not there."""
    assert benjamini_hochberg([None, 0.01, None, 0.04]) == [None, pytest.approx(0.02), None, pytest.approx(0.04)]
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([None]) == [None]
