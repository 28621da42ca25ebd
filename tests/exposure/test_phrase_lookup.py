"""Single phrases, some, and many are found in three ways, which find the same."""

import unicodedata
from pathlib import Path

import chaos
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_runs import TrainingRun

from exposure import phrase_blocks, phrase_lookup
from exposure.answer_schema import answer_schema
from exposure.answers import FirstSeen
from exposure.counts_by_step import counts_by_step, counts_of_phrase
from exposure.first_seen_table import statuses_of
from exposure.phrase_index import PhraseIndex
from exposure.phrases import Phrase, PhraseSet
from exposure.status import status_at
from exposure.timeline import Timeline
from indexer.run import IndexOptions, index_corpus

WORDS = ["the", "cat", "dogs", "a", "café", unicodedata.normalize("NFD", "naïve"), "zebra", "Ω", "中文"]


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A timeline of plain and anchored phrases, some in one of Unicode's forms."""
    place = tmp_path_factory.mktemp("lookup")
    run = TrainingRun(chaos.write_shards(place / "c", 6), batch=2, epochs=2)
    texts = [*WORDS, *(f"{one} {two}" for one in WORDS for two in WORDS)]
    phrases = [*map(Phrase, texts), *(Phrase(text, sentence_end=True) for text in texts[::3])]
    index_corpus(run.manifest(place), PhraseSet.of(phrases), place / "t", IndexOptions(keep_first=2, grid_every=3))
    return place / "t"


def asked() -> list[str]:
    """Indexed and other texts, in any case, spacing and form, and more than once."""
    texts = [f"{one} {two}" for one in WORDS[::2] for two in [*WORDS[::2], "nobody", ""]]
    changed = [*texts, *map(str.upper, texts), *(text.replace(" ", " \t ") for text in texts)]
    formed = [unicodedata.normalize(form, text) for form in ("NFC", "NFD") for text in changed]
    return [*changed, *formed, "", " ", "\x00", *texts]


@pytest.mark.parametrize("block", [1, 2, 512])
def test_three_ways_find_the_same(timeline: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time, by a join and by the index: every text its rows, in the order asked."""
    monkeypatch.setattr(phrase_blocks, "BLOCK", block)
    texts = asked()
    with Timeline.open(timeline) as opened:
        answers = {text: opened.first_seen([text]) for text in texts}
        single = [answer for text in texts for answer in answers[text]]
        assert opened.first_seen(texts) == single
        monkeypatch.setattr(phrase_lookup, "MANY", 10)
        assert opened.first_seen(texts) == single
        assert opened.first_seen(texts[:40]) == [one for text in texts[:40] for one in answers[text]]
        table = opened.first_seen_table(pa.array(texts))
    assert table.schema.equals(answer_schema(FirstSeen))
    assert [FirstSeen(**row) for row in table.to_pylist()] == single
    assert len({one.status for one in single}) > 2
    assert len(single) > len(texts), "some texts have two forms, or nothing was tested"


def test_equal_hashes_are_told_apart(timeline: Path) -> None:
    """The index says where to look; the texts decide. Here every phrase has the hash of "the"."""
    texts = pa.array(["the", "nobody", "the"])
    with Timeline.open(timeline) as opened:
        cursor = opened.cursor()
        numbers = cursor.sql("SELECT phrase_id, hash('the') AS hash FROM phrases").to_arrow_table()
        index = PhraseIndex(numbers["hash"].to_numpy(), numbers["phrase_id"].to_numpy(), has_equal=True)
        found = phrase_lookup._find_by_index(cursor, texts, index)
        expected = phrase_lookup._find_by_join(cursor, texts)
    by_place = [("place", "ascending"), ("phrase_id", "ascending")]
    assert found.to_pylist() == expected.sort_by(by_place).to_pylist()
    assert {row["phrase"] for row in found.to_pylist()} == {"the"}


def test_nulls_are_not_found(timeline: Path) -> None:
    """What is no text is not indexed, among however many that are."""
    with Timeline.open(timeline) as opened:
        for texts in ([None], [None, "the"], [None, "the"] * 20):
            statuses = opened.first_seen_table(pa.array(texts, pa.string()))["status"].to_pylist()
            assert [one == "not_indexed" for one in statuses[:2]] == [text is None for text in texts[:2]]
        with_halves = ["the", "\udcff", "é\ud800", *["cat"] * 20]
        told = {one.phrase: one.status for one in opened.first_seen(with_halves)}
        assert told["\udcff"] == told["é\ud800"] == "not_indexed"


def test_counts_of_one_phrase_are_those_of_many(timeline: Path) -> None:
    """At every step, by its own rows and by one query over all."""
    with Timeline.open(timeline) as opened:
        rows = opened.cursor().execute("SELECT phrase_id, count FROM phrases").fetchall()
        steps = list(range(opened.steps + 3))
        counts = counts_by_step(opened.cursor(), [number for number, _ in rows], steps)
        opened_intervals = 0
        for number, total in rows:
            low, high = counts.of(np.array([number]))
            bounds = list(zip(low[0].tolist(), high[0].tolist(), strict=True))
            assert counts_of_phrase(opened.cursor(), number, total, steps) == bounds
            opened_intervals += sum(a < b for a, b in bounds)
    assert opened_intervals, "some bounds are apart, or nothing was tested"


small = st.integers(0, 6)


@given(st.lists(st.tuples(st.none() | small, small), max_size=8), st.none() | small, small)
def test_statuses_are_those_of_one(facts: list[tuple[int | None, int]], at_step: int | None, steps: int) -> None:
    """The status of many phrases at once is `status_at` of each."""
    batches = np.array([0 if batch is None else batch for batch, _ in facts], np.int64)
    is_found = np.array([batch is not None for batch, _ in facts], bool)
    covered = np.array([covered for _, covered in facts], np.int64)
    found = statuses_of(batches, is_found, at_step, covered, steps).to_pylist()
    assert found == [str(status_at(batch, at_step, covered, steps)) for batch, covered in facts]
