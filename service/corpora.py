"""Corpora, read back in child processes: what a step was trained on, and the text around exposures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from exposure.api.corpus import BatchRow, Context
from exposure.errors import ExposureError, OrderError, TimelineError
from exposure.orders import DataOrder
from exposure.timeline_folder import TimelineFolder
from service import roots
from service.children import Children
from service.data_directory import DataDirectory
from service.errors import RootError
from service.generations import OpenGeneration
from service.runs import RunStore
from service.settings import Settings

READING = "indexer.reading"
MOST_BYTES = 64 << 20
"""Of one answer."""

Row = TypeVar("Row", BatchRow, Context)


@dataclass(frozen=True)
class Corpora:
    """Reads the corpora of one data directory. Threads may share it."""

    settings: Settings
    runs: RunStore
    children: Children

    def batch(self, run: str, step: int, sequence: int | None) -> list[BatchRow]:
        """What training step `step` of a run consumed.

        Raises NotFoundError without such a run, QuestionError outside of it, CorpusError for a damaged shard,
        TooSlowError, BusyError; OrderError where a shard is no longer beneath a root.
        """
        self._refuse_outside(self.runs.order(run), OrderError)
        manifest = DataDirectory(self.settings.data).run_manifest(run)
        asked = {"run": str(manifest), "step": step, "sequence": sequence}
        return self._ask({"batch": asked}, BatchRow)

    def contexts(self, opened: OpenGeneration, phrase: str, width: int) -> list[Context]:
        """The kept exposures of a phrase in their text; raises as `batch`, TimelineError in place of OrderError.

        The corpus is where the registered run of this order says, or else where it was when it was indexed.
        """
        timeline = opened.timeline
        run = self.runs.of_order(timeline.facts["order_digest"])
        order = TimelineFolder.open(timeline.path).order if run is None else self.runs.order(run)
        self._refuse_outside(order, TimelineError)
        manifest = None if run is None else str(DataDirectory(self.settings.data).run_manifest(run))
        asked = {
            "timeline": str(timeline.path),
            "generation": str(timeline.generation),
            "phrase": phrase,
            "width": width,
            "run": manifest,
        }
        return self._ask({"contexts": asked}, Context)

    def _refuse_outside(self, order: DataOrder, kind: type[ExposureError]) -> None:
        try:
            roots.refuse_outside(self.settings, order)
        except RootError as error:
            # The request is as it should be: it is the artefact that cannot be used here.
            raise kind(str(error)) from error

    def _ask(self, question: Mapping[str, Any], kind: type[Row]) -> list[Row]:
        reply = self.children.ask(READING, {**question, "most_bytes": MOST_BYTES})
        return [kind(**row) for row in reply.rows]
