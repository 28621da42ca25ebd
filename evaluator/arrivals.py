"""From one source of a sweep to weights in memory, or to a report why there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from evaluator.checkpoint_files import CheckpointFiles
from evaluator.checkpoint_report import CheckpointReport
from evaluator.checkpoints import ResolvedCheckpoint, fetch_weights, files_of, resolve
from evaluator.hub import Hub
from evaluator.seen_weights import SeenWeights
from evaluator.weight_digest import weights_hash
from evaluator.weights import HostBuffer
from exposure.checkpoint_series import CheckpointSource
from exposure.errors import CheckpointError


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


@dataclass(frozen=True)
class Finished:
    """What earlier runs left."""

    known_hash: Callable[[ResolvedCheckpoint], str | None]
    """The weights hash that an earlier run noted for the cheap digest of a checkpoint."""
    is_finished: Callable[[ResolvedCheckpoint, str], bool]
    """Whether everything about a checkpoint, with its weights hash, is on disk."""
    earlier: Sequence[tuple[int, str]] = ()
    """Steps beside those of the sweep that are scored, with their weights hashes."""


class Arrivals:
    """Makes arrivals of sources, in order of their steps. Holds what a sweep has met so far."""

    def __init__(self, hub: Hub, finished: Finished, keep_duplicates: bool) -> None:
        self._hub = hub
        self._finished = finished
        self._keep_duplicates = keep_duplicates
        self._seen = SeenWeights(finished.earlier)
        self._first: ResolvedCheckpoint | None = None

    def arrival(self, source: CheckpointSource, buffer: HostBuffer) -> LoadedWeights | CheckpointReport:
        """What becomes of `source`; its weights are read into `buffer`. Never raises an Exception."""
        try:
            return self._arrival(source, buffer)
        except CheckpointError as error:
            return CheckpointReport(source.step, source.name, "broken", reason=str(error))
        except Exception as error:  # one checkpoint never ends a sweep
            reason = f"{source.name} could not be read ({type(error).__name__}: {error})."
            return CheckpointReport(source.step, source.name, "broken", reason=reason)

    def release(self, checkpoint: ResolvedCheckpoint) -> None:
        """Say that the files of `checkpoint` are no longer needed."""
        self._hub.release(checkpoint.folder)

    def _arrival(self, source: CheckpointSource, buffer: HostBuffer) -> LoadedWeights | CheckpointReport:
        files = files_of(source, self._hub)
        checkpoint = resolve(source, files)
        self._first = self._first or checkpoint
        checkpoint.refuse_other_model(self._first)
        known = self._known_hash(checkpoint)
        if known is not None and (report := self._report(checkpoint, known)) is not None:
            return report
        try:
            return self._read(checkpoint, files, buffer)
        except BaseException:
            self.release(checkpoint)
            raise

    def _known_hash(self, checkpoint: ResolvedCheckpoint) -> str | None:
        behind = self._seen.hash_behind(checkpoint.cheap_weights_digest)
        return behind if behind is not None else self._finished.known_hash(checkpoint)

    def _read(
        self, checkpoint: ResolvedCheckpoint, files: CheckpointFiles, buffer: HostBuffer
    ) -> LoadedWeights | CheckpointReport:
        weights = buffer.read(fetch_weights(checkpoint, files))
        digest = weights_hash(weights.stored)
        report = self._report(checkpoint, digest)
        if report is not None:
            self.release(checkpoint)
            return report
        same = self._seen.steps_with(digest)
        self._seen.note(checkpoint.step, checkpoint.cheap_weights_digest, digest)
        return LoadedWeights(checkpoint, digest, weights.tensors, same)

    def _report(self, checkpoint: ResolvedCheckpoint, digest: str) -> CheckpointReport | None:
        """The report of a checkpoint that need not be scored, or None."""
        same = self._seen.steps_with(digest)
        is_duplicate = bool(same) and not self._keep_duplicates
        if not is_duplicate and not self._finished.is_finished(checkpoint, digest):
            return None
        self._seen.note(checkpoint.step, checkpoint.cheap_weights_digest, digest)
        return CheckpointReport(
            step=checkpoint.step,
            source=checkpoint.name,
            status="duplicate" if is_duplicate else "finished",
            weights_hash=digest,
            reason=_duplicate_reason(checkpoint, same) if is_duplicate else "",
            same_weights_as=same,
            cheap_digest=checkpoint.cheap_digest,
        )


def _duplicate_reason(checkpoint: ResolvedCheckpoint, same: tuple[int, ...]) -> str:
    steps = ", ".join(f"{step:,}" for step in same)
    return (
        f"{checkpoint.name} has the very weights of step {steps}, so at most one of them is what it says. Find out "
        "which, or ask that duplicates be kept."
    )
