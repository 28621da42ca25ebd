"""A published timeline, open for questions.

One `Timeline` holds one read-only connection to one generation; every question takes its own cursor, so threads may
share it. What the tables hold is in docs/timeline-tables.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from exposure.answers import CoverageAnswer, ExposureAnswer, FirstSeen, HistoryPoint
from exposure.bulk_folding import canonical_of_all
from exposure.counts_by_step import counts_by_step, counts_of_phrase
from exposure.errors import QuestionError, TimelineError
from exposure.first_seen_table import GroupFacts, RunFacts, answers_of, first_seen_table
from exposure.generation_reader import ReaderLimits, connect
from exposure.generation_tables import GENERATION_VERSION
from exposure.phrase_blocks import IndexedForm
from exposure.phrase_facts import NOT_INDEXED, PhraseFacts
from exposure.phrase_lookup import PhraseLookup, text_array
from exposure.phrases import MatchRule, Phrase, anchor_name
from exposure.question_time import watched
from exposure.status import ExposureStatus, status_at
from exposure.timeline_folder import TimelineFolder

LARGEST_STEP = 2**62
"""Steps are 64-bit integers in a generation."""


class Timeline:
    """Questions to one generation of a timeline."""

    def __init__(self, path: Path, generation: Path, limits: ReaderLimits | None = None) -> None:
        """Raises TimelineError where the generation cannot be read."""
        self.path = path
        self.generation = generation
        self._connection = _connect(generation, limits)
        self.facts = self._facts()
        rule: dict[str, Any] = self.facts["rule"]
        self.rule = MatchRule(**rule)
        self.steps: int = self.facts["steps"]
        self.batch_sequences: int = self.facts["batch_sequences"]
        self.exactness: str = self.facts["exactness"]
        self.groups = self._groups()
        self._lookup = PhraseLookup(self.rule, sum(group.phrases for group in self.groups))
        self.run = RunFacts(self.steps, self.batch_sequences, self.exactness, tuple(self.groups))

    @classmethod
    def open(cls, path: Path) -> Timeline:
        """The current generation of the timeline in folder `path`."""
        return cls(path, TimelineFolder.open(path).current)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Timeline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of one's own; never share one between threads."""
        return watched(self._connection.cursor())

    @cached_property
    def checkpoints(self) -> list[int]:
        """The steps of the run's checkpoints."""
        return [step for (step,) in self.cursor().execute("SELECT step FROM checkpoints ORDER BY step").fetchall()]

    def first_seen(self, phrases: Sequence[str], at_step: int | None = None) -> list[FirstSeen]:
        """When each phrase was first seen, in the order asked; more than one answer where a text has several forms.

        A text may be indexed as plain words and as words before a sentence end: both are answered. With `at_step` the
        status and the counts are those of that checkpoint.
        """
        texts = text_array(phrases)
        answers = answers_of(self.first_seen_table(texts, at_step))
        if not texts.null_count:
            return answers
        unreadable = iter([text for text, is_null in zip(phrases, texts.is_null().to_pylist(), strict=True) if is_null])
        return [one if one.phrase is not None else replace(one, phrase=next(unreadable)) for one in answers]

    def first_seen_table(self, phrases: pa.StringArray, at_step: int | None = None) -> pa.Table:
        """The same as one Arrow table of the schema `answer_schema(FirstSeen)`, for many phrases at once."""
        _refuse_impossible(at_step)
        found = self._lookup.find(self.cursor(), phrases)
        counts = None
        if at_step is not None:
            ids = found["phrase_id"].to_numpy()
            low, high = counts_by_step(self.cursor(), ids, [at_step]).of(ids)
            counts = low[:, 0], high[:, 0]
        return first_seen_table(found, phrases, at_step, counts, self.run)

    def statuses(self, phrases: Sequence[Phrase], at_step: int | None = None) -> list[ExposureStatus]:
        """The status of each phrase, given with its gap and sentence end as it was indexed."""
        _refuse_impossible(at_step)
        return [facts.status(at_step, self.steps) for facts in self.facts_of(phrases)]

    def facts_of(self, phrases: Sequence[Phrase]) -> list[PhraseFacts]:
        """What is known of each phrase, given with its gap and sentence end as it was indexed."""
        texts = pa.table(
            {
                "place": np.arange(len(phrases)),
                "phrase": canonical_of_all(text_array([phrase.text for phrase in phrases]), self.rule),
                "gap": pa.array([phrase.gap for phrase in phrases], pa.int32()),
                "sentence_end": pa.array([phrase.sentence_end for phrase in phrases], pa.bool_()),
            }
        )
        cursor = self.cursor()
        cursor.register("asked", texts)
        rows = cursor.execute(
            "SELECT a.place, p.group_id, p.first_batch, p.first_sequence, p.count FROM asked a JOIN phrases p "
            "ON p.phrase = a.phrase AND coalesce(p.gap, 0) = a.gap AND p.sentence_end = a.sentence_end"
        ).fetchall()
        facts = [NOT_INDEXED] * len(phrases)
        for place, group, *first_and_count in rows:
            facts[place] = self._facts_of_row(self.groups[group], *first_and_count)
        return facts

    def _facts_of_row(
        self, group: GroupFacts, first_batch: int | None, first_sequence: int | None, count: int
    ) -> PhraseFacts:
        is_exact = None
        if first_batch is not None and first_sequence is not None:
            is_exact = self._is_exact(group, first_batch * self.batch_sequences + first_sequence)
        return PhraseFacts(True, first_batch, is_exact, count, group.covered_batches)

    def history(self, phrase: str, at_steps: Sequence[int] | None = None) -> list[HistoryPoint]:
        """How often a phrase had been seen by each checkpoint, or by each of `at_steps`; nothing if not indexed."""
        steps = sorted(set(at_steps)) if at_steps else self.checkpoints or [self.steps]
        for step in steps:
            _refuse_impossible(step)
        points = []
        for form in self._forms_of(phrase):
            counts = counts_of_phrase(self.cursor(), form.phrase_id, form.count, steps)
            points += [self._point(form, step, low, high) for step, (low, high) in zip(steps, counts, strict=True)]
        return points

    def exposures(self, phrase: str) -> list[ExposureAnswer]:
        """The first exposures of a phrase that are kept exactly, in order of training."""
        answers = []
        for form in self._forms_of(phrase):
            cursor = self.cursor().execute(
                'SELECT rank, batch, sequence, token, shard, document_index, document, "offset", document_offset '
                "FROM exposures WHERE phrase_id = ? ORDER BY rank",
                [form.phrase_id],
            )
            group, phrase_asked = self.groups[form.group_id], _phrase_of(form)
            for fields in cursor.fetchall():
                slot = fields[1] * self.batch_sequences + fields[2]
                answers.append(ExposureAnswer.of(phrase_asked, self._is_exact(group, slot), *fields))
        return answers

    def coverage(self) -> list[CoverageAnswer]:
        """What has been scanned, for each phrase group."""
        cursor = self.cursor()
        answers = []
        for number, group in enumerate(self.groups):
            ranges = cursor.execute(
                "SELECT start_batch, end_batch FROM coverage WHERE group_id = ? ORDER BY start_batch", [number]
            ).fetchall()
            answers.append(
                CoverageAnswer(
                    phrase_group=group.fingerprint,
                    phrases=group.phrases,
                    steps=self.steps,
                    covered_through=group.covered_batches,
                    complete=group.covered_batches >= self.steps,
                    ranges=tuple((int(a), int(b)) for a, b in ranges),
                    missing_shards=group.missing_shards,
                    exactness=self.exactness,
                )
            )
        return answers

    def has_phrase(self, phrase: str) -> bool:
        """Whether a phrase, in any form, is indexed."""
        return bool(self._forms_of(phrase))

    def _forms_of(self, phrase: str) -> list[IndexedForm]:
        """Every form in which a phrase is indexed."""
        return self._lookup.forms_of(self.cursor(), phrase)

    def _is_exact(self, group: GroupFacts, slot: int) -> bool:
        return group.first_missing_slot is None or slot < group.first_missing_slot

    def _point(self, form: IndexedForm, step: int, low: int, high: int) -> HistoryPoint:
        group = self.groups[form.group_id]
        covered = step <= group.covered_batches
        return HistoryPoint(
            phrase=form.phrase,
            step=step,
            status=status_at(form.first_batch, step, group.covered_batches, self.steps),
            count=low,
            count_high=high if covered else None,
            exact=covered and low == high,
            gap=form.gap,
            anchor=anchor_name(form.sentence_end),
            exactness=self.exactness,
        )

    def _facts(self) -> dict[str, Any]:
        try:
            rows = self.cursor().execute("SELECT key, value FROM meta").fetchall()
        except duckdb.Error as error:
            raise TimelineError(
                f"{self.generation} is not a whole generation ({error}). Delete the file and run `exposure publish` "
                "on its timeline."
            ) from error
        facts = {key: json.loads(value) for key, value in rows}
        if facts.get("version") != GENERATION_VERSION:
            raise TimelineError(
                f"{self.generation} has tables of version {facts.get('version')}, this software reads "
                f"{GENERATION_VERSION}. Run `exposure publish {self.path}` to write them anew."
            )
        return facts

    def _groups(self) -> list[GroupFacts]:
        rows = self.cursor().execute(
            "SELECT fingerprint, phrases, covered_batches, first_missing_slot, missing_shards FROM phrase_groups "
            "ORDER BY group_id"
        )
        return [GroupFacts(a, b, c, d, tuple(missing)) for a, b, c, d, missing in rows.fetchall()]


def _connect(generation: Path, limits: ReaderLimits | None) -> duckdb.DuckDBPyConnection:
    try:
        return connect(generation, limits)
    except duckdb.Error as error:
        raise TimelineError(
            f"The generation {generation} cannot be opened ({error}). Delete the file and run `exposure publish` "
            "on its timeline."
        ) from error


def _phrase_of(form: IndexedForm) -> Phrase:
    return Phrase(form.phrase, form.gap or 0, form.sentence_end)


def _refuse_impossible(step: int | None) -> None:
    if step is not None and step < 0:
        raise QuestionError(f"Step {step} was asked for; steps are counted from 0. Give a checkpoint's step.")
    if step is not None and step > LARGEST_STEP:
        raise QuestionError(f"Step {step} was asked for, which no run reaches. Give a checkpoint's step.")
