"""What the commands about scoring share: shares of pairs, differences, and the page."""

from __future__ import annotations

import json
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scoring.page import PARTS, page, tables
from benchmarks.scoring.results import Measured, keep, kept, with_row
from benchmarks.scoring.samples import blimp
from benchmarks.scoring.scores import Difference, PairScores


def _scores(good: list[float], bad: list[float], is_right: list[bool]) -> PairScores:
    return PairScores(np.array(good), np.array(bad), np.array(is_right))


def test_difference_is_that_of_the_farthest_sentence() -> None:
    """The greatest difference is over both sides, and decisions are compared pair by pair."""
    one = _scores([-1.0, -2.0, -3.0], [-2.0, -2.0, -9.0], [True, False, True])
    other = _scores([-1.0, -2.0, -3.5], [-2.0, -2.75, -9.0], [True, True, True])
    assert Difference.between(one, other) == Difference(pairs=3, most=0.75, decisions=1)


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_what_is_not_finite_is_infinitely_far(odd: float) -> None:
    """A score that is not finite, on one side or on both, is never taken for agreement."""
    fine, broken = _scores([-1.0], [-2.0], [True]), _scores([odd], [-2.0], [True])
    assert Difference.between(fine, broken).most == np.inf
    assert Difference.between(broken, broken).most == np.inf


def test_macro_accuracy_weighs_paradigms_alike() -> None:
    """A paradigm with one pair counts as much as one with three."""
    scores = _scores([0.0] * 4, [0.0] * 4, [True, False, False, True])
    assert scores.macro_accuracy(("a", "a", "a", "b")) == pytest.approx((1 / 3 + 1) / 2)


def test_scores_come_back_as_they_were(tmp_path: Path) -> None:
    """What a peer scored is read as it was saved."""
    scores = _scores([-1.25, -2.0], [-3.0, -1.0], [True, False])
    scores.save(tmp_path / "a peer.npz")
    again = PairScores.load(tmp_path / "a peer.npz")
    assert Difference.between(scores, again) == Difference(2, 0.0, 0)


@pytest.mark.parametrize("share", [1, 3, 5, 10])
def test_share_is_the_same_of_every_paradigm(tmp_path: Path, share: int) -> None:
    """So many pairs of each paradigm, spread over it, and beside them those with identical sides."""
    for uid, size in (("a", 10), ("b", 25)):
        rows = (
            {"UID": uid, "pairID": str(i), "sentence_good": f"a {i}", "sentence_bad": f"{'a' if i == 7 else 'b'} {i}"}
            for i in range(size)
        )
        (tmp_path / f"{uid}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    chosen = blimp(tmp_path, share)
    for uid, size in (("a", 10), ("b", 25)):
        places = {int(pair.pair_id) for pair in chosen if pair.uid == uid}
        assert places == {ceil(number * size / share) for number in range(min(share, size))} | {7}
    assert len(blimp(tmp_path)) == 35


def test_rows_are_kept_and_replaced(tmp_path: Path) -> None:
    """A row that is measured again stands once, and other parts stay as they are."""
    rows = with_row(
        [{"model": "m", "peer": "p", "ratio": 1.0}], {"model": "m", "peer": "q", "ratio": 2.0}, ("model", "peer")
    )
    rows = with_row(rows, {"model": "m", "peer": "p", "ratio": 3.0}, ("model", "peer"))
    assert [(row["peer"], row["ratio"]) for row in rows] == [("q", 2.0), ("p", 3.0)]
    keep(tmp_path, "speed", Measured({"threads": 1}, rows, (0.1, 0.2)))
    keep(tmp_path, "sweep", Measured({}, [{"model": "m"}], (0.1, 0.2)))
    assert kept(tmp_path)["speed"].rows == rows
    assert kept(tmp_path)["speed"].load == (0.1, 0.2)


def test_page_holds_what_was_measured_and_says_what_was_not() -> None:
    """Every part stands on the page, with its figures or the words that there are none."""
    measured = {"speed": Measured({"threads": 2}, [{"model": "m", "ratio": 12.34, "apart": 0.0000123}], (0.1, 0.2))}
    text = page(measured)
    assert text.count("Not measured yet.") == len(PARTS) - 1
    assert "| m | 12.34 | 1.2e-05 |" in text
    assert "threads 2" in text
    assert [one.title for one in tables(measured)] == ["Speed"]
