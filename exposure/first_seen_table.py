"""The answers `FirstSeen` as one Arrow table, worked out a column at a time: the definition of them, for one phrase as
for 100,000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from exposure.answer_schema import answer_schema
from exposure.answers import FirstSeen
from exposure.phrases import SENTENCE_END
from exposure.positions import first_step, seen_by
from exposure.status import ExposureStatus

SCHEMA = answer_schema(FirstSeen)
_STATUSES = pa.array([str(status) for status in ExposureStatus])
_CODE = {status: number for number, status in enumerate(ExposureStatus)}

Numbers = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class GroupFacts:
    """What is known of one phrase group's coverage."""

    fingerprint: str
    phrases: int
    covered_batches: int
    first_missing_slot: int | None
    missing_shards: tuple[int, ...]


@dataclass(frozen=True)
class RunFacts:
    """What of a run decides what may be said of its phrases."""

    steps: int
    batch_sequences: int
    exactness: str
    groups: tuple[GroupFacts, ...]

    def covered(self, found: pa.Table) -> Numbers:
        """How many batches from the first on were scanned for the group of each row."""
        batches: Numbers = np.array([group.covered_batches for group in self.groups], np.int64)
        return np.asarray(batches[found["group_id"].to_numpy()], np.int64)

    def first_missing(self, found: pa.Table) -> Numbers:
        """The first slot that was not scanned for the group of each row; beyond all slots where all were."""
        beyond = np.iinfo(np.int64).max
        missing = [beyond if group.first_missing_slot is None else group.first_missing_slot for group in self.groups]
        slots: Numbers = np.array(missing, np.int64)
        return np.asarray(slots[found["group_id"].to_numpy()], np.int64)


def first_seen_table(
    found: pa.Table, texts: pa.StringArray, at_step: int | None, counts: tuple[Numbers, Numbers] | None, run: RunFacts
) -> pa.Table:
    """Answers for `texts`, in their order, from the rows that were `found` of them (as `look_up` gives them).

    `counts` are the bounds (low, high) by `at_step` of each row found; None asks for the whole run.
    """
    found = found.combine_chunks()
    answers = pa.table(_columns(found, at_step, counts, run), schema=SCHEMA)
    place = found["place"].to_numpy()
    is_missing = np.ones(len(texts), dtype=bool)
    is_missing[place] = False
    missing = np.flatnonzero(is_missing)
    if not len(missing):
        return answers
    order = np.argsort(np.concatenate([place, missing]), kind="stable")
    both = pa.concat_tables([answers, not_indexed(texts.take(pa.array(missing)), run.exactness)])
    return both.combine_chunks().take(pa.array(order))


def not_indexed(texts: pa.StringArray, exactness: str) -> pa.Table:
    """The answers for phrases that the timeline was never asked to look for."""
    columns = {name: pa.nulls(len(texts), SCHEMA.field(name).type) for name in SCHEMA.names}
    columns["phrase"] = texts
    columns["status"] = _repeated(str(ExposureStatus.NOT_INDEXED), len(texts))
    columns["exactness"] = _repeated(exactness, len(texts))
    return pa.table(columns, schema=SCHEMA)


def statuses_of(first_batch: Numbers, is_found: Truth, at_step: int | None, covered: Numbers, steps: int) -> Any:
    """`status_at` of many indexed phrases; `first_batch` counts only where `is_found`."""
    if at_step is None:
        seen, unseen, known = is_found, ExposureStatus.NEVER, covered >= steps
    else:
        seen = is_found & seen_by(first_batch, at_step)
        unseen, known = ExposureStatus.UNSEEN_SO_FAR, at_step <= covered
    otherwise = np.where(known, _CODE[unseen], _CODE[ExposureStatus.UNKNOWN])
    return _STATUSES.take(pa.array(np.where(seen, _CODE[ExposureStatus.SEEN], otherwise)))


def _columns(
    found: pa.Table, at_step: int | None, counts: tuple[Numbers, Numbers] | None, run: RunFacts
) -> dict[str, Any]:
    is_found = np.asarray(found["first_batch"].is_valid())
    first_batch, sequence = (_filled(found[name]) for name in ("first_batch", "first_sequence"))
    covered = run.covered(found)
    is_exact = first_batch * run.batch_sequences + sequence < run.first_missing(found)
    low, high = (found["count"].to_numpy(),) * 2 if counts is None else counts
    is_bounded = covered >= (run.steps if at_step is None else at_step)
    return {
        "phrase": found["phrase"],
        "status": statuses_of(first_batch, is_found, at_step, covered, run.steps),
        "first_batch": found["first_batch"],
        "first_step": _where(is_found, first_step(first_batch)),
        "first_exact": _where(is_found, is_exact),
        "sequence": found["first_sequence"],
        "token": found["first_token"],
        "document": found["first_document"],
        "count": pa.array(low, pa.int64()),
        "count_high": _where(is_bounded, high),
        "offset": found["first_offset"],
        "document_offset": found["first_document_offset"],
        "last_step": _where(is_found, first_step(_filled(found["last_batch"]))),
        "gap": pc.cast(found["gap"], pa.int64()),
        "anchor": pc.if_else(found["sentence_end"], SENTENCE_END, pa.scalar(None, pa.string())),
        "exactness": _repeated(run.exactness, found.num_rows),
    }


def _filled(column: pa.ChunkedArray) -> Numbers:
    return np.asarray(column.fill_null(0).to_numpy(), np.int64)


def _where(is_known: Truth, values: Any) -> pa.Array:
    return pa.array(values, mask=~is_known)


def _repeated(text: str, times: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), times)


def answers_of(table: pa.Table) -> list[FirstSeen]:
    """The rows of such a table as dataclasses."""
    columns = table.to_pydict()
    columns["status"] = [ExposureStatus(status) for status in columns["status"]]
    return [FirstSeen(*row) for row in zip(*columns.values(), strict=True)]
