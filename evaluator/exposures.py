"""exposures.parquet of an evaluation: what a timeline knew of the critical phrases of its pairs.

Kept beside the scores, so that every split can be made again wherever the evaluation is, without the timeline.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError
from exposure.phrase_facts import NOT_INDEXED, PhraseFacts
from exposure.phrases import CriticalPhrase, Phrase
from exposure.status import ExposureStatus

METADATA_KEY = b"exposure"

SCHEMA = pa.schema([
    pa.field("uid", pa.string(), nullable=False),
    pa.field("pair_id", pa.string(), nullable=False),
    pa.field("side", pa.string(), nullable=False),
    pa.field("phrase", pa.string()),
    pa.field("gap", pa.int32(), nullable=False),
    pa.field("sentence_end", pa.bool_(), nullable=False),
    pa.field("critical_word", pa.string()),
    pa.field("context_word", pa.string()),
    pa.field("phrase_class", pa.string()),
    pa.field("flags", pa.list_(pa.field("element", pa.string())), nullable=False),
    pa.field("reason", pa.string()),
    pa.field("is_indexed", pa.bool_(), nullable=False),
    pa.field("first_batch", pa.int64()),
    pa.field("first_exact", pa.bool_()),
    pa.field("count", pa.int64(), nullable=False),
    pa.field("covered_batches", pa.int64(), nullable=False),
])  # fmt: skip


@dataclass(frozen=True)
class ExposureSource:
    """Which timeline was asked: its name, the generation's logical digest, and the run that it indexes."""

    timeline: str
    logical_digest: str
    order_digest: str
    steps: int
    exactness: str


@dataclass(frozen=True)
class StoredExposures:
    """The critical phrases of pairs, good before bad, and what was known of each; answers splits as a Timeline does."""

    source: ExposureSource
    critical: tuple[CriticalPhrase, ...]
    facts: tuple[PhraseFacts, ...]  # one for each of `critical`; NOT_INDEXED where there is no phrase

    @property
    def exactness(self) -> str:
        """Either "exact", or "approximate" for a run without a tokenizer."""
        return self.source.exactness

    @property
    def steps(self) -> int:
        """Training steps of the run that was indexed."""
        return self.source.steps

    def statuses(self, phrases: Sequence[Phrase], at_step: int | None = None) -> list[ExposureStatus]:
        """The status of each phrase at a checkpoint, or over the whole run."""
        return [self._by_phrase.get(phrase, NOT_INDEXED).status(at_step, self.steps) for phrase in phrases]

    @cached_property
    def _by_phrase(self) -> dict[Phrase, PhraseFacts]:
        return {
            one.phrase: facts for one, facts in zip(self.critical, self.facts, strict=True) if one.phrase is not None
        }


def write_exposures(path: Path, exposures: StoredExposures) -> None:
    """Write durably: same arguments, same bytes."""
    rows = [_row(one, facts) for one, facts in zip(exposures.critical, exposures.facts, strict=True)]
    metadata = {METADATA_KEY: json.dumps(asdict(exposures.source), sort_keys=True).encode()}
    with atomic_write(path, keeps_same=True) as partial:
        pq.write_table(
            pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(metadata)),
            partial,
            compression="zstd",
            write_page_checksum=True,
        )


def _row(one: CriticalPhrase, facts: PhraseFacts) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "pair_id": one.pair_id,
        "side": one.side,
        "phrase": None if one.phrase is None else one.phrase.text,
        "gap": 0 if one.phrase is None else one.phrase.gap,
        "sentence_end": one.phrase is not None and one.phrase.sentence_end,
        "critical_word": one.critical_word,
        "context_word": one.context_word,
        "phrase_class": one.phrase_class,
        "flags": list(one.flags),
        "reason": one.reason,
        **asdict(facts),
    }


def exposure_source(source: Path | pa.NativeFile) -> ExposureSource:
    """Which timeline an exposures.parquet is of, and nothing more; raises EvaluationError where it is damaged."""
    try:
        return ExposureSource(**json.loads((pq.read_metadata(source).metadata or {})[METADATA_KEY]))
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise _damaged(source, error) from error


def needs_timeline(evaluation: str, source: ExposureSource) -> str:
    """Why an evaluation that has exposures is not gone on with by a request that names no timeline: the sentence.

    Such a request asks for no split, and the evaluation would keep the one that it has.
    """
    return (
        f"The evaluation {evaluation} is split by the timeline {source.timeline}, and this request names none. Name a "
        "timeline again, or ask for an evaluation of another name."
    )


def read_exposures(path: Path) -> StoredExposures:
    """Read an exposures.parquet; raises EvaluationError where it is none or damaged."""
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        source = ExposureSource(**json.loads((table.schema.metadata or {})[METADATA_KEY]))
        rows = table.to_pylist()
        return StoredExposures(source, tuple(map(_critical, rows)), tuple(map(_facts, rows)))
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(source: object, error: Exception) -> EvaluationError:
    name = source if isinstance(source, Path) else "exposures.parquet"
    return EvaluationError(
        f"{name} cannot be read as exposures ({str(error).splitlines()[0]}). Delete it and evaluate the same "
        "with the timeline again: nothing is scored twice."
    )


def _critical(row: dict[str, Any]) -> CriticalPhrase:
    text = row["phrase"]
    return CriticalPhrase(
        uid=row["uid"],
        pair_id=row["pair_id"],
        side=row["side"],
        phrase=None if text is None else Phrase(text, row["gap"], row["sentence_end"]),
        critical_word=row["critical_word"],
        context_word=row["context_word"],
        phrase_class=row["phrase_class"],
        flags=tuple(row["flags"]),
        reason=row["reason"],
    )


def _facts(row: dict[str, Any]) -> PhraseFacts:
    return PhraseFacts(row["is_indexed"], row["first_batch"], row["first_exact"], row["count"], row["covered_batches"])
