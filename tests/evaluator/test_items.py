"""Per-item scores in memory and on disk: sums that depend on their own tokens only, files that are the same twice."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.items import METADATA_KEY, SCHEMA, ItemScores, SideScores, read_items, write_items
from exposure.errors import EvaluationError

LOG_PROB = st.floats(-40, 0, width=32)
SIDES = st.lists(st.lists(LOG_PROB, max_size=12), min_size=1, max_size=12)


def side_of(scores: list[list[float]]) -> SideScores:
    flat = np.array([one for tokens in scores for one in tokens], dtype=np.float32)
    return SideScores(flat, np.cumsum([0, *map(len, scores)], dtype=np.int64))


def items_of(good: list[list[float]], bad: list[list[float]]) -> ItemScores:
    return ItemScores(side_of(good), side_of(bad), np.zeros(len(good), dtype=bool))


@given(SIDES)
def test_sums(scores: list[list[float]]) -> None:
    """Each side's sum is that of its own tokens; a side without any has 0."""
    side = side_of(scores)
    np.testing.assert_allclose(side.sums, [math.fsum(tokens) for tokens in scores], rtol=1e-12, atol=1e-12)
    assert side.counts.tolist() == [len(tokens) for tokens in scores]


@given(SIDES, st.lists(LOG_PROB, min_size=1, max_size=12), SIDES)
def test_equal_tokens_tie_exactly(before: list[list[float]], tokens: list[float], after: list[list[float]]) -> None:
    """The same tokens have the same sum to the last bit wherever they stand: a tie is a tie."""
    sums = side_of([*before, tokens, *after, tokens]).sums
    assert sums[len(before)] == sums[-1]


def test_what_is_not_finite_stays_where_it_is() -> None:
    """A NaN costs its own pair and no other."""
    items = items_of([[-1.0], [float("nan"), -1.0], [-2.0]], [[-2.0], [-1.0], [-1.0]])
    np.testing.assert_array_equal(items.delta, [1.0, np.nan, -1.0])


def test_pairs_without_tokens() -> None:
    """A pair that one side of has no tokens was not scored."""
    items = items_of([[-1.0], [], [-2.0], []], [[-2.0], [-1.0], [], []])
    assert items.is_scored.tolist() == [True, False, False, False]
    np.testing.assert_array_equal(items.delta, [1.0, np.nan, np.nan, np.nan])
    assert len(items) == 4


@given(SIDES, st.data())
def test_some_pairs_replaced(scores: list[list[float]], data: st.DataObject) -> None:
    """Replaced pairs have the others' scores and flags, the rest their own; nothing that was given has changed."""
    places = data.draw(st.lists(st.integers(0, len(scores) - 1), unique=True))
    others = [[one - 1 for one in scores[place]] for place in places]
    items = items_of(scores, scores)
    found = items.with_scores(np.array(places, dtype=np.int64), items_of(others, others), rescored=True)
    expected = [[one - 1 for one in tokens] if place in places else tokens for place, tokens in enumerate(scores)]
    np.testing.assert_array_equal(found.good.log_probs, side_of(expected).log_probs)
    np.testing.assert_array_equal(found.bad.log_probs, side_of(expected).log_probs)
    assert np.flatnonzero(found.rescored).tolist() == sorted(places)
    np.testing.assert_array_equal(items.good.log_probs, side_of(scores).log_probs)
    assert not items.rescored.any()
    again = found.with_scores(np.array(places, dtype=np.int64), items_of(others, others))
    assert not again.rescored.any()


def test_files(tmp_path: Path) -> None:
    """What is written is read, pairs without scores as nulls; the same scores give the same bytes."""
    items = items_of([[-1.0, -0.5], [], [-2.0]], [[-2.0], [], [-1.0, -4.0]])
    items.rescored[2] = True
    for name in ("a", "b"):
        write_items(tmp_path / name, items, {"weights": "12", "model": "x"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    table = read_items(tmp_path / "a")
    assert table.schema.equals(SCHEMA)
    assert table.to_pydict() == {
        "pair": [0, 1, 2],
        "delta": [0.5, None, 3.0],
        "score_good": [-1.5, None, -2.0],
        "score_bad": [-2.0, None, -5.0],
        "token_log_probs_good": [[-1.0, -0.5], None, [-2.0]],
        "token_log_probs_bad": [[-2.0], None, [-1.0, -4.0]],
        "rescored": [False, False, True],
    }
    assert pq.read_schema(tmp_path / "a").metadata[METADATA_KEY] == b'{"model": "x", "weights": "12"}'
    assert read_items(tmp_path / "a", ["delta"]).column_names == ["delta"]


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", None], ids=["empty", "cut", "missing"])
def test_damaged_files(tmp_path: Path, content: bytes | None) -> None:
    """A file that is no scores is named, with what to do."""
    file = tmp_path / "items.parquet"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EvaluationError) as caught:
        read_items(file)
    assert str(caught.value).startswith(f"{file} cannot be read as scores (")
    assert "Delete it and evaluate the same again" in str(caught.value)
