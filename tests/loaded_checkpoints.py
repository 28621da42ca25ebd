"""Weights of checkpoints in memory, as a sweep delivers them."""

from __future__ import annotations

from pathlib import Path

from evaluator.arrivals import Arrivals, Finished, LoadedWeights
from evaluator.checkpoint_report import CheckpointReport
from evaluator.hub import Hub
from evaluator.weights import HostBuffer
from exposure.checkpoint_series import CheckpointSource


def delivered(*folders: Path) -> list[LoadedWeights]:
    """One checkpoint after another, steps 0, 1, 2 …; each keeps its memory. All have to be loadable."""
    arrivals = Arrivals(Hub(), Finished(lambda _: None, lambda _, __: False), keep_duplicates=True)
    loaded = []
    for step, folder in enumerate(folders):
        arrival = arrivals.arrival(CheckpointSource(step=step, path=str(folder)), HostBuffer(pin=False))
        assert not isinstance(arrival, CheckpointReport), arrival.reason
        loaded.append(arrival)
    return loaded
