"""Corpora, read back in child processes: what a step was trained on, and the text around exposures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from exposure.api.corpus import BatchRow, Context
from exposure.census import Census
from exposure.errors import CensusError, ExposureError, OrderError, TimelineError
from exposure.order_paths import shards_there
from exposure.orders import DataOrder
from exposure.timeline_folder import TimelineFolder
from service.children import Children
from service.data_directory import DataDirectory
from service.errors import RootError
from service.generations import OpenGeneration
from service.roots import operator_roots as roots
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

        The corpus is where it was when it was indexed, or else where a registered run of this order has it.
        """
        timeline = opened.timeline
        run = self._run_to_read(opened)
        manifest = None if run is None else str(DataDirectory(self.settings.data).run_manifest(run))
        asked = {
            "timeline": str(timeline.path),
            "generation": str(timeline.generation),
            "phrase": phrase,
            "width": width,
            "run": manifest,
        }
        return self._ask({"contexts": asked}, Context)

    def _run_to_read(self, opened: OpenGeneration) -> str | None:
        """The run that says where the corpus of a timeline is; None for the timeline itself, which comes first.

        It is that of which the most is there. Raises TimelineError where all say places beneath no root.
        """
        best, most, refused = None, -2, None
        for run, order in self._accounts(opened):
            try:
                self._refuse_outside(order, TimelineError)
            except TimelineError as error:
                refused = refused or error
                continue
            there = _readable(order)
            if there > most:
                best, most = run, there
            if there == len(order.shards):
                break
        if most == -2 and refused is not None:
            raise refused
        return best

    def _accounts(self, opened: OpenGeneration) -> Iterator[tuple[str | None, DataOrder]]:
        """What says where the corpus of a timeline is: the timeline, then runs of its order, by name."""
        own = TimelineFolder.open(opened.timeline.path).order
        yield None, own
        for run in self.runs.of_orders({opened.timeline.facts["order_digest"], own.digest}):
            yield run, self.runs.order(run)

    def _refuse_outside(self, order: DataOrder, kind: type[ExposureError]) -> None:
        try:
            roots.refuse_outside(self.settings, order)
        except RootError as error:
            # The request is as it should be: it is the artefact that cannot be used here.
            raise kind(str(error)) from error

    def _ask(self, question: Mapping[str, Any], kind: type[Row]) -> list[Row]:
        reply = self.children.ask(READING, {**question, "most_bytes": MOST_BYTES})
        return [kind(**row) for row in reply.rows]


def _readable(order: DataOrder) -> int:
    """How many shards can be read; -1 without a census, without which none can."""
    try:
        Census.open(order)
    except CensusError:
        return -1
    return shards_there(order)
