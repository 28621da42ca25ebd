"""What each checkpoint made of each pair, read checkpoint by checkpoint so that any number of rows can be sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluator.checkpoint_record import HASH_DIGITS, CheckpointRecord
from evaluator.conventions import Convention
from evaluator.normed_scores import NormedScores, columns_for, normed_scores, refuse_other_items
from evaluator.report.convention_choice import choose_convention
from evaluator.scored import Floats, Integers, credit_of
from evaluator.split_witness import EXPOSURES, SPLIT
from exposure.answer_schema import answer_schema
from exposure.api.resources import ItemScore
from exposure.errors import EvaluationError, QuestionError
from service.errors import NotFoundError
from service.evaluations.pages import Asked
from service.evaluations.pair_rows import PAIRS, PairRows
from service.evaluations.row_parameters import ItemParameters
from service.evaluations.stored import StoredEvaluation

SCHEMA = answer_schema(ItemScore)


@dataclass(frozen=True)
class Items:
    """The rows of an answer: every pair at `places` by every one of `checkpoints`, in that order."""

    evaluation: StoredEvaluation
    pairs: PairRows
    convention: Convention
    checkpoints: Sequence[CheckpointRecord]
    places: Integers

    @classmethod
    def of(cls, evaluation: StoredEvaluation, question: ItemParameters) -> Items:
        """What is asked for.

        Raises NotFoundError for names that nothing has, QuestionError for all there is, EvaluationError where scores
        are gone.
        """
        if not (question.step or question.uid or question.from_step is not None or question.to_step is not None):
            raise QuestionError(
                "All pairs by all checkpoints are more than anyone wants at once. Give steps (step, from_step, "
                "to_step) or paradigms (uid)."
            )
        convention = _convention(evaluation, question.convention)
        checkpoints = _checkpoints(evaluation, question)
        pairs = PairRows.of(evaluation)
        found = cls(evaluation, pairs, convention, checkpoints, pairs.places(question))
        found._refuse_missing()
        return found

    def __len__(self) -> int:
        return len(self.checkpoints) * len(self.places)

    @property
    def state(self) -> str:
        """What names these rows. Checkpoints that are not asked for may be scored meanwhile: they change nothing."""
        weights = [(one.step, one.weights_sha256) for one in self.checkpoints]
        rows = hashlib.sha256(self.places.tobytes()).hexdigest()
        files = [self.evaluation.signature(name) for name in (PAIRS, EXPOSURES, SPLIT)]
        document = [self.evaluation.name, asdict(self.convention), weights, rows, files]
        return hashlib.sha256(json.dumps(document).encode()).hexdigest()[:40]

    def planned(self, asked: Asked) -> range:
        """The numbers of the rows of one page; raises LimitError for too many at once."""
        rest = max(len(self) - asked.start, 0)
        asked.refuse_excess(rest)
        return range(asked.start, asked.start + min(rest, asked.wanted))

    def batches(self, rows: range) -> Iterator[pa.RecordBatch]:
        """The rows with these numbers, a batch for each checkpoint."""
        each = len(self.places)
        for at, one in enumerate(self.checkpoints):
            held = range(max(rows.start, at * each), min(rows.stop, (at + 1) * each))
            if held:
                yield self._batch(one, self.places[held.start - at * each : held.stop - at * each])

    def _batch(self, one: CheckpointRecord, places: Integers) -> pa.RecordBatch:
        scores = self._scores(one)
        credit = credit_of(scores.delta, self._identical, self.convention)
        credit = np.where(np.isnan(scores.delta), np.nan, credit)
        chosen, rows = pa.array(places), len(places)
        columns = [
            pa.array(np.full(rows, one.step, dtype=np.int64)),
            self.pairs.column("uid").take(chosen),
            self.pairs.column("pair_id").take(chosen),
            self.pairs.phenomenon.take(chosen),
            *(_numbers(values[places]) for values in (scores.good, scores.bad, scores.delta, credit)),
            self.pairs.split.take(chosen),
            pa.repeat(pa.scalar(self.convention.name), rows),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)

    @property
    def _identical(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """[pair] Only asked for where it counts: half a credit is for two sides that differ."""
        if self.convention.tie == "half":
            return self.pairs.has_identical_sides
        return np.zeros(len(self.pairs), dtype=bool)

    def _scores(self, one: CheckpointRecord) -> NormedScores:
        name = self._file(one)
        source = self.evaluation.open(name)
        if source is None:
            raise EvaluationError(self._missing(name))
        try:
            file = pq.ParquetFile(source, page_checksum_verification=True)
            table = file.read(columns_for(self.convention), use_threads=False)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise EvaluationError(
                f"{self.evaluation.path}/{name} is damaged ({str(error).splitlines()[0]}). Delete it and ask for the "
                "same evaluation again: only what is missing is scored."
            ) from error
        refuse_other_items(table, self.evaluation.path / name, self.evaluation.manifest.pairs)
        return normed_scores(table, self.convention, self.pairs.scored_bytes)

    def _refuse_missing(self) -> None:
        """Before anything is sent: afterwards an answer can only be cut off."""
        for one in self.checkpoints:
            if not self.evaluation.has(self._file(one)):
                raise EvaluationError(self._missing(self._file(one)))

    def _missing(self, name: str) -> str:
        return (
            f"{self.evaluation.path}/{name} is gone. Ask for the same evaluation again: only what is missing is scored."
        )

    def _file(self, one: CheckpointRecord) -> str:
        spec = self.evaluation.manifest.spec(self.convention)
        return f"scores/{spec.name}/{(one.weights_sha256 or '')[:HASH_DIGITS]}.parquet"


def _convention(evaluation: StoredEvaluation, name: str | None) -> Convention:
    try:
        return choose_convention(evaluation.manifest, name)
    except EvaluationError as error:
        stored = ", ".join(one.name for one in evaluation.manifest.conventions)
        raise NotFoundError(
            f"query.convention: the evaluation has no scores for {name!r}. Ask for one that it has: {stored}."
        ) from error


def _checkpoints(evaluation: StoredEvaluation, question: ItemParameters) -> list[CheckpointRecord]:
    known = {one.step: one for one in evaluation.checkpoints}
    scored = {one.step for one in evaluation.scored}
    for step in question.step:
        if step not in scored:
            raise NotFoundError(_not_scored(step, known.get(step)))
    return [one for one in evaluation.scored if question.has_step(one.step)]


def _not_scored(step: int, one: CheckpointRecord | None) -> str:
    if one is None:
        why = "the evaluation has no such checkpoint (yet)"
    elif one.status == "duplicate":
        same = ", ".join(map(str, one.same_weights_as))
        why = f"that checkpoint has the same weights as step {same}: ask for that one"
    else:
        why = "that checkpoint could not be scored"
    return f"query.step {step}: {why}. GET …/checkpoints says what became of each."


def _numbers(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))
