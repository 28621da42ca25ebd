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

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from evaluator.checkpoint_report import CheckpointReport
from evaluator.checkpoints import ResolvedCheckpoint
from exposure.checkpoint_series import CheckpointSource


@dataclass(frozen=True)
class LoadedWeights:
    """One checkpoint in host memory. Its tensors are valid until the next arrival is asked for; never change them."""

    checkpoint: ResolvedCheckpoint
    weights_hash: str
    tensors: Mapping[str, torch.Tensor]
    same_weights_as: tuple[int, ...] = ()
    """Earlier steps of the sweep with the same weights; never any unless duplicates are kept."""

    @property
    def step(self) -> int:
        """The training step."""
        return self.checkpoint.step


@contextmanager
def prefetched(
    sources: Sequence[CheckpointSource],
    *,
    known_hash: Callable[[ResolvedCheckpoint], str | None] = lambda checkpoint: None,
    is_finished: Callable[[ResolvedCheckpoint, str], bool] = lambda checkpoint, weights_hash: False,
    keep_duplicates: bool = False,
    pin: bool = False,
    cache_bytes: int | None = None,
) -> Iterator[Iterator[LoadedWeights | CheckpointReport]]:
    """Arrivals of `sources`, one ahead.

    `known_hash` gives the weights hash that an earlier run noted for the checkpoint's cheap digest; `is_finished` says
    whether scores for checkpoint and weights hash are on disk already, so that it arrives as a report `finished`,
    without its weights being fetched or read where the hash is known. `cache_bytes` bounds what this process downloads and keeps (None: no bound).
    """
    raise NotImplementedError
    yield
