"""Medians, ratios and verdicts, from outcomes to the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bars import BARS, tasks_of
from benchmarks.corpus import CorpusFacts
from benchmarks.document import document
from benchmarks.layout import Table, markdown
from benchmarks.memory import Memory
from benchmarks.report import bars, limits
from benchmarks.results import Results
from benchmarks.resume import Resume
from benchmarks.rounds import Timings
from benchmarks.tasks import Outcome, SideFailedError, Task, run

FACTS = CorpusFacts("made", 0, 1, 1000, 100_000_000, "ab" * 32)
BAR = BARS[0]


def results(ours: list[float], theirs: list[float]) -> Results:
    """A run in which the two sides of the first bar had these MB/s, round by round."""
    outcomes = {
        task: [Outcome(100 / rate, 1.5, 100_000_000, 7, 3, 10**8) for rate in rates]
        for task, rates in ((BAR.ours, ours), (BAR.peers[0], theirs))
    }
    return Results("2026-01-01", "a machine", {"Python": "3"}, FACTS, 3, [BAR.name], Timings(outcomes))


@pytest.mark.parametrize(("ours", "verdict"), [(400.0, "met"), (200.0, "short by 50%")])
def test_disturbed_rounds_change_no_verdict(ours: float, verdict: str) -> None:
    """A round that is slow for both, or for one, changes neither ratio nor verdict, and shows in the extremes."""
    row = bars(results([ours, ours / 2, ours / 10], [50, 25, 50])).rows[0]
    assert row["ours MB/s"] == ours / 2
    assert row["ratio"] == ours / 50
    assert row["low – high"] == f"{ours / 500:.2f} – {ours / 50:.2f}"
    assert row["verdict"] == verdict


def test_fastest_peer_counts() -> None:
    """Where a bar has several peers, it is held against the best of them."""
    bar = next(one for one in BARS if len(one.peers) > 1)
    rates = (300.0, 500.0, 400.0)
    tasks = (bar.ours, *bar.peers)
    timings = Timings({t: [Outcome(1, 0, int(r * 1e6), 1, 1)] for t, r in zip(tasks, rates, strict=True)})
    row = bars(Results("", "", {}, FACTS, 1, [bar.name], timings)).rows[0]
    assert (row["peer MB/s"], row["ratio"]) == (500, 0.6)


def test_failure_is_said_in_its_row() -> None:
    """A peer that is not installed leaves its reason, and nothing else is lost."""
    found = results([400.0], [])
    found.timings.outcomes.pop(BAR.peers[0])
    found.timings.failures[BAR.peers[0]] = "No module named 'x'"
    row = bars(found).rows[0]
    assert (row["ours MB/s"], row["ratio"], row["verdict"]) == (400, None, "No module named 'x'")


def test_limits() -> None:
    """Memory that grows, or a unit scanned twice, is short; each limit has its own row."""
    found = results([1.0], [1.0])
    found.memory = Memory(400_000_000, 500_000_000, 590_000_000)
    found.resume = Resume(32, 5, lost=7, most_lost=1, scanned_twice=1)
    assert [row["verdict"] for row in limits(found).rows] == ["met", "short", "short", "met"]


def test_results_are_kept_whole(tmp_path: Path) -> None:
    """What is saved and loaded gives the same document."""
    found = results([400.0, 410.0], [50.0, 40.0])
    found.memory = Memory(1, 2, 3)
    found.save(tmp_path / "results.json")
    assert document(Results.load(tmp_path / "results.json")) == document(found)


def test_markdown_table() -> None:
    """Numbers are grouped, nothing is a dash, bars in a cell are escaped."""
    assert markdown(Table("t", ("a", "b"), [{"a": 1234, "b": None}, {"a": "x|y", "b": 1.5}])) == (
        "| a | b |\n| --- | --- |\n| 1,234 | – |\n| x\\|y | 1.5 |\n"
    )


def test_every_side_of_the_bars_is_known() -> None:
    """Each task of each bar names a side that can be timed, once."""
    from benchmarks.sides import SIDES

    tasks = tasks_of(list(BARS))
    assert {task.side for task in tasks} <= SIDES.keys()
    assert len(set(tasks)) == len(tasks)


def test_side_that_fails_says_why(tmp_path: Path) -> None:
    """A process that ends badly becomes its last line."""
    with pytest.raises(SideFailedError, match=r"corpus\.json"):
        run(Task("naive loop", str(tmp_path), "1k"), timeout=60)
