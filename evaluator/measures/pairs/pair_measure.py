"""What every measure of pairs is: told of one paradigm after another what a pass over its sentences has shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
from transformers import PreTrainedModel

from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences
from evaluator.measures.pairs.seen_inside import SeenInside
from evaluator.measures.pairs.wanted import Wanted
from exposure.measurement import Measurement


@dataclass(frozen=True)
class PairFound:
    """Of one checkpoint and one paradigm: rows of the long table, and what is kept pair by pair, if anything is."""

    rows: tuple[Measurement, ...] = ()
    items: pa.Table | None = None
    notes: tuple[str, ...] = ()
    """Of one paradigm: what there is none of and why, after "Of that paradigm there is" (`unmeasured.py`). Of all: the
    sentences."""

    @classmethod
    def join(cls, several: Iterable[PairFound]) -> PairFound:
        """Paradigm after paradigm; notes of single paradigms are left to `unmeasured.py`."""
        held = list(several)
        items = [one.items for one in held if one.items is not None]
        rows = tuple(row for one in held for row in one.rows)
        return cls(rows, pa.concat_tables(items) if items else None)


class PairMeasure(Protocol):
    """Measures the paradigms of an evaluation, of checkpoint after checkpoint of one series."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Everything that a value depends on beside weights, dtype and tokenizer: JSON values. It names the files."""

    @property
    def wanted(self) -> Wanted:
        """What it has to be shown."""

    def refuse(self, model: PreTrainedModel) -> None:
        """Raise EvaluationError, with what to do, where this model cannot show it."""

    def measure(self, seen: SeenInside, sentences: ParadigmSentences, step: int) -> PairFound:
        """What is found of one paradigm; raises EvaluationError where nothing can be concluded."""
