"""Reading a published generation with plain SQL, for comparison with what an oracle says."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import oracles
from training_runs import Expected

from exposure.generation_reader import connect
from exposure.phrases import Phrase

Place = tuple[int, int, int | None, int, str]
"""Batch, sequence, token, character of the row text, document: in the oracle's order."""

PLACE = '{0}batch, {0}sequence, {0}token, "{0}offset", {0}document'


@dataclass
class Found:
    """What a generation holds of one phrase."""

    count: int
    first: Place | None
    last: Place | None
    kept: list[Place] = field(default_factory=list)
    buckets: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)


def current(timeline: Path) -> Path:
    """The current generation's file."""
    return timeline / "generations" / (timeline / "CURRENT").read_text().strip()


def query(timeline: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query to the current generation."""
    with contextlib.closing(connect(current(timeline))) as connection:
        return connection.execute(sql).fetchall()


def facts(timeline: Path) -> dict[str, Any]:
    """The table `meta`."""
    return {key: json.loads(value) for key, value in query(timeline, "SELECT key, value FROM meta")}


def logical_digest(timeline: Path) -> str:
    """What equal generations have in common."""
    return str(facts(timeline)["logical_digest"])


def read(timeline: Path) -> dict[Phrase, Found]:
    """Every phrase of the current generation."""
    sides = f"{PLACE.format('first_')}, {PLACE.format('last_')}"
    names: dict[int, Phrase] = {}
    found: dict[Phrase, Found] = {}
    for row in query(timeline, f"SELECT phrase_id, phrase, gap, sentence_end, count, {sides} FROM phrases"):
        names[row[0]] = phrase = Phrase(row[1], row[2] or 0, row[3])
        first, last = row[5:10], row[10:15]
        found[phrase] = Found(row[4], None if first[0] is None else first, None if last[0] is None else last)
    for row in query(timeline, f"SELECT phrase_id, rank, {PLACE.format('')} FROM exposures ORDER BY phrase_id, rank"):
        assert row[1] == len(found[names[row[0]]].kept), "ranks are 0, 1, 2 …"
        found[names[row[0]]].kept.append(row[2:])
    for phrase_id, start, end, *held in query(timeline, "SELECT * FROM counts"):
        found[names[phrase_id]].buckets[start, end] = tuple(held)  # type: ignore[assignment]
    return found


def assert_equals(timeline: Path, expected: Expected, keep: int = 8) -> None:
    """Every number of the generation is the oracle's."""
    found = read(timeline)
    assert set(expected) <= set(found)
    for phrase, one in found.items():
        if phrase not in expected:
            assert one == Found(0, None, None), phrase
            continue
        truth = expected[phrase]
        assert one.count == truth.count, phrase
        assert one.first == _place(truth.first), phrase
        assert one.last == _place(truth.last), phrase
        assert one.kept == [_place(position) for position in truth.first_k[:keep]], phrase
        assert_buckets(one, truth.by_batch, phrase)


def assert_buckets(one: Found, by_batch: Counter[int], phrase: Phrase) -> None:
    """Counts, first and last batch of every bucket are those of the oracle's batches in it; none is missing."""
    assert sum(count for count, _, _ in one.buckets.values()) == sum(by_batch.values()), phrase
    for (start, end), held in one.buckets.items():
        within = [batch for batch in by_batch if start <= batch < end]
        assert held == (sum(by_batch[batch] for batch in within), min(within), max(within)), phrase


def _place(position: oracles.Position) -> Place:
    return (position.batch, position.sequence, position.token, position.offset, str(position.document_id))
