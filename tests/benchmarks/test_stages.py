"""Clocks around the steps of a scan: exclusive times, and steps that exist."""

from __future__ import annotations

import inspect
import time

import pytest

from benchmarks.stages import PARTS, ROWS, SEARCH, STEPS, Clock, _owner, clocked
from indexer.compiled.key_search import search
from indexer.matchers import words


class Work:
    """Two steps, one within the other."""

    def outer(self) -> None:
        spin(0.02)
        self.inner()
        self.inner()

    def inner(self) -> None:
        spin(0.03)


def spin(seconds: float) -> None:
    """Compute for so long."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_inner_steps_are_taken_off_outer_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step within another counts once, for itself; waiting counts for nobody."""
    clock, work = Clock(), Work()
    monkeypatch.setattr(Work, "outer", clock.wrapped("outer", Work.outer))
    monkeypatch.setattr(Work, "inner", clock.wrapped("inner", Work.inner))
    work.outer()
    clock.wrapped("waiting", time.sleep)(0.05)
    assert clock.seconds["outer"] == pytest.approx(0.02, abs=0.008)
    assert clock.seconds["inner"] == pytest.approx(0.06, abs=0.008)
    assert clock.seconds["waiting"] < 0.01


@pytest.mark.parametrize("path", STEPS.values())
def test_every_step_exists(path: str) -> None:
    """A step that is renamed in the product must be renamed here."""
    owner, name = _owner(path)
    assert callable(getattr(owner, name))


def test_clocks_are_taken_off_again() -> None:
    """After the block the product is as it was."""
    with clocked(Clock(), {"search": SEARCH}):
        assert words.search is not search
    assert words.search is search


def test_rows_are_the_steps() -> None:
    """What is shown is every step, the search in its parts, and the rest."""
    assert {*ROWS} == {*STEPS, *PARTS, "walk and compare", "all else"} - {"search"}


def test_search_is_called_as_its_parts_expect() -> None:
    """compiled_steps.py stands in for the search: the arguments that it uses come first, in this order."""
    assert list(inspect.signature(search.py_func).parameters)[:3] == ["marked", "table", "scratch"]
