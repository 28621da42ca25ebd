"""Reads and hashes the next checkpoint while the present one is scored.

with prefetched(series.checkpoints, is_finished=..., known_hash=..., pin=device.type == "cuda") as arrivals:
    for arrival in arrivals:                   # in order of steps
        if isinstance(arrival, CheckpointReport):
            ...                                # finished, duplicate or broken: record it and go on
        else:
            model = resident.load(arrival)     # CheckpointError: record it as broken and go on
            ...                                # score
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from evaluator.arrivals import Arrivals, Finished, LoadedWeights
from evaluator.checkpoint_report import CheckpointReport
from evaluator.checkpoints import ResolvedCheckpoint
from evaluator.hub import Hub
from evaluator.weights import HostBuffer
from exposure.checkpoint_series import CheckpointSource

__all__ = ["THREAD_NAME", "Arrival", "LoadedWeights", "prefetched"]

Arrival = LoadedWeights | CheckpointReport

THREAD_NAME = "next-checkpoint"


@contextmanager
def prefetched(
    sources: Sequence[CheckpointSource],
    *,
    known_hash: Callable[[ResolvedCheckpoint], str | None] = lambda _: None,
    is_finished: Callable[[ResolvedCheckpoint, str], bool] = lambda _, __: False,
    earlier: Sequence[tuple[int, str]] = (),
    keep_duplicates: bool = False,
    pin: bool = False,
    cache_bytes: int | None = None,
    hub: Hub | None = None,
) -> Iterator[Iterator[Arrival]]:
    """Arrivals of `sources`, one ahead.

    `known_hash` gives the weights hash that an earlier run noted for the cheap digest of a checkpoint; `is_finished`
    says whether scores for a checkpoint and its weights hash are on disk already, so that it arrives as a report
    `finished`, its weights not being fetched or read where their hash is known. Both are called in the thread that
    works ahead. `earlier` are steps of the same run that are scored already and not among `sources`, with their weights
    hashes: weights that come again are duplicates of them. `cache_bytes` bounds what this process downloads and keeps
    (None: no bound); `hub` is another than the usual one, and of no use afterwards.
    """
    hub = Hub(cache_bytes) if hub is None else hub
    arrivals = Arrivals(hub, Finished(known_hash, is_finished, earlier), keep_duplicates)
    ahead = _Ahead(sources, arrivals, pin)
    ahead.start()
    try:
        yield ahead.arrivals()
    finally:
        hub.stop()
        ahead.stop()


class _Ahead(threading.Thread):
    """Makes arrivals until both buffers hold weights that are not yet done with."""

    def __init__(self, sources: Sequence[CheckpointSource], arrivals: Arrivals, pin: bool) -> None:
        super().__init__(name=THREAD_NAME, daemon=True)
        self._sources = sources
        self._arrivals = arrivals
        self._ready: queue.SimpleQueue[tuple[Arrival, HostBuffer] | BaseException | None] = queue.SimpleQueue()
        self._free: queue.SimpleQueue[HostBuffer | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[ResolvedCheckpoint] = queue.SimpleQueue()
        self._stopped = False
        for _ in range(2):  # one with the present checkpoint, one for the next
            self._free.put(HostBuffer(pin))

    def run(self) -> None:
        """Work ahead; what goes wrong beyond one checkpoint is raised where arrivals are taken."""
        try:
            buffer = None
            for source in self._sources:
                buffer = self._free.get() if buffer is None else buffer
                self._release_done()
                if buffer is None or self._stopped:
                    return
                arrival = self._arrivals.arrival(source, buffer)
                self._ready.put((arrival, buffer))
                if isinstance(arrival, LoadedWeights):
                    buffer = None
            self._ready.put(None)
        except BaseException as error:
            self._ready.put(error)

    def arrivals(self) -> Iterator[Arrival]:
        """Taken by another thread; asking for the next one says that the last one is done with."""
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            arrival, buffer = item
            yield arrival
            if isinstance(arrival, LoadedWeights):
                self._done.put(arrival.checkpoint)
                self._free.put(buffer)

    def stop(self) -> None:
        """End the thread, and release what is still held."""
        self._stopped = True
        self._free.put(None)
        self.join()
        self._release_done()

    def _release_done(self) -> None:
        while not self._done.empty():
            self._arrivals.release(self._done.get())
