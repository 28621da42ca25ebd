"""The pairs of an evaluation by column, and which of them a question asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluator.scored import Flags, Floats, Integers
from evaluator.split_file import read_parts
from evaluator.split_witness import EXPOSURES, SPLIT, lost_exposures
from evaluator.terms import phenomenon_of
from exposure.errors import EvaluationError
from service.errors import NotFoundError
from service.evaluations.measurement_rows import not_measured
from service.evaluations.row_parameters import ItemParameters
from service.evaluations.stored import StoredEvaluation

PAIRS = "pairs.parquet"


@dataclass(frozen=True)
class PairRows:
    """What every item of a pair says, in the order of all scores."""

    evaluation: StoredEvaluation
    file: pq.ParquetFile
    split: pa.Array
    """[pair] Its part; null without a timeline."""

    @classmethod
    def of(cls, evaluation: StoredEvaluation) -> PairRows:
        """Read them; raises EvaluationError where that fails, and where exposures were not turned into a split yet."""
        try:
            source = evaluation.open(PAIRS)
            if source is None:
                raise OSError("there is no such file")
            file = pq.ParquetFile(source, page_checksum_verification=True)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _damaged(evaluation, error) from error
        return cls(evaluation, file, _split(evaluation, file.metadata.num_rows))

    def __len__(self) -> int:
        return int(self.file.metadata.num_rows)

    def column(self, name: str) -> pa.Array:
        """[pair] A column, read when it is first asked for."""
        if name not in self._columns:
            try:
                self._columns[name] = self.file.read([name], use_threads=False)[name].combine_chunks()
            except (pa.ArrowException, OSError, KeyError, ValueError) as error:
                raise _damaged(self.evaluation, error) from error
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {}

    @cached_property
    def phenomenon(self) -> pa.Array:
        """[pair] The published phenomenon, as measurements name it; null where the file names none."""
        coded = self.column("phenomenon").dictionary_encode()
        names = pa.array([phenomenon_of(name) or None for name in coded.dictionary.to_pylist()], pa.string())
        return names.take(coded.indices)

    @cached_property
    def has_identical_sides(self) -> Flags:
        """[pair] Whether both sentences are the same."""
        return flags(pc.equal(self.column("sentence_good"), self.column("sentence_bad")))

    def scored_bytes(self, side: str) -> Floats:
        """[pair] UTF-8 bytes of what is scored of a side; NaN where the method does not apply."""
        return np.asarray(self.column(f"scored_bytes_{side}").to_numpy(zero_copy_only=False), dtype=np.float64)

    def places(self, question: ItemParameters) -> Integers:
        """The pairs that are asked for. Raises NotFoundError for a name that no pair has."""
        fits = np.ones(len(self), dtype=bool)
        uids = self.column("uid")
        if question.uid:
            _refuse_unknown("uid", "paradigm", set(question.uid) - set(pc.unique(uids).to_pylist()))
            fits &= flags(pc.is_in(uids, value_set=pa.array(question.uid, pa.string())))
        for name, column in (("phenomenon", self.phenomenon), ("pair_id", self.column("pair_id"))):
            value = getattr(question, name)
            if value is not None:
                has = flags(pc.equal(column, value))
                _refuse_unknown(name, name, set() if has.any() else {value})
                fits &= has
        if question.split is not None:
            self._refuse_no_timeline()
            fits &= flags(pc.equal(self.split, question.split))
        return np.flatnonzero(fits).astype(np.int64)

    def _refuse_no_timeline(self) -> None:
        if self.split.null_count:
            raise EvaluationError(
                f"{self.evaluation.name} was evaluated without a timeline, so that no pair is in a part. Ask for the "
                "same evaluation again with `timeline`: what is scored is not scored again."
            )


def flags(mask: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    """A column of truth values; null is false."""
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def _damaged(evaluation: StoredEvaluation, error: Exception) -> EvaluationError:
    return EvaluationError(
        f"{evaluation.path}/{PAIRS} cannot be read ({str(error).splitlines()[0]}). Ask for the same evaluation again: "
        "what is scored is not scored again."
    )


def _split(evaluation: StoredEvaluation, pairs: int) -> pa.Array:
    if lost := lost_exposures(evaluation.path, evaluation.open):
        raise EvaluationError(lost)
    if not evaluation.has(EXPOSURES):
        return pa.nulls(pairs, pa.string())
    source = evaluation.open(SPLIT)
    if source is None:
        raise EvaluationError(not_measured(evaluation))
    parts = read_parts(source).combine_chunks()
    if len(parts) != pairs:
        raise EvaluationError(
            f"{evaluation.path}/{SPLIT} is of other pairs. Delete it and run `exposure report` on its evaluation."
        )
    return parts


def _refuse_unknown(parameter: str, noun: str, missing: set[str]) -> None:
    if missing:
        raise NotFoundError(
            f"query.{parameter}: no pair of the evaluation has the {noun} {min(missing)!r}. Ask without it for what "
            "there is."
        )
