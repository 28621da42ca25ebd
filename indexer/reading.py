"""Corpora read for somebody else: `python -m indexer.reading` answers one question, on standard input in JSON.

{"batch": {"run": manifest, "step": N, "sequence": I or null}} gives BatchRows;
{"contexts": {"timeline": folder, "generation": file, "phrase": …, "width": N, "run": manifest or null}} gives Contexts.
Beside them `most_bytes`, the size of the largest answer. A run is an absolute path, and so are the others.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exposure.answering_child import answer_question
from exposure.api.corpus import BatchRow, Context
from exposure.orders import DataOrder


def answer(question: dict[str, Any]) -> tuple[Sequence[Any], None]:
    """The rows that `question` asks for; raises what the readers raise."""
    if "batch" in question:
        return _batch(**question["batch"]), None
    return _contexts(**question["contexts"]), None


def _batch(run: str, step: int, sequence: int | None) -> list[BatchRow]:
    from indexer.batches import batch_rows

    return batch_rows(DataOrder.load(Path(run)), step, sequence)


def _contexts(timeline: str, generation: str, phrase: str, width: int, run: str | None) -> list[Context]:
    import duckdb

    from exposure.errors import TimelineError
    from exposure.timeline import Timeline
    from indexer.context import contexts

    try:
        with Timeline(Path(timeline), Path(generation)) as opened:
            return contexts(opened, phrase, width, DataOrder.load(Path(run)) if run else None)
    except duckdb.Error as error:
        raise TimelineError(
            f"The generation {generation} cannot be read ({error}). Publish the timeline again."
        ) from error


if __name__ == "__main__":
    sys.exit(answer_question(answer))
