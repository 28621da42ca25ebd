"""The training runs of the data directory: registered from a manifest under a root, read, listed."""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from exposure.api.names import NAME, RootedPath
from exposure.api.resources import RunFacts
from exposure.artefacts import sync_to_disk
from exposure.census import Census
from exposure.errors import CensusError, CorpusError, ExposureError, OrderError
from exposure.order_paths import is_there
from exposure.orders import DataOrder
from service.data_directory import DataDirectory
from service.errors import ConflictError, InputError, NotFoundError
from service.removal import delete
from service.roots import operator_roots as roots
from service.roots.beneath import beneath
from service.settings import Settings

MOST_BYTES = 256 << 20
"""Of a run manifest."""

TimelinesOf = Mapping[str, tuple[str, ...]]
"""Digest of an order → the timelines of it."""


@dataclass(frozen=True)
class RunStore:
    """The runs of one data directory. Threads may share it."""

    settings: Settings

    def names(self) -> list[str]:
        """What runs are called, in order."""
        folder = self._data.runs
        return sorted(one.name for one in folder.iterdir() if re.fullmatch(NAME, one.name)) if folder.is_dir() else []

    def listed(self, timelines: TimelinesOf) -> list[RunFacts]:
        """Every run, those that cannot be used with their problem."""
        return [self._entry(name, timelines) for name in self.names()]

    def facts(self, name: str, timelines: TimelinesOf) -> RunFacts:
        """What a run is; raises NotFoundError where there is none, OrderError where its manifest is damaged."""
        order = self.order(name)
        return RunFacts(
            name=name,
            order_digest=order.digest,
            steps=order.steps,
            batch_sequences=order.batch_sequences,
            sequence_length=order.sequence_length,
            packing=order.packing,
            epochs=order.epochs,
            exactness=order.exactness,
            shards=len(order.shards),
            checkpoints=order.checkpoint_steps,
            timelines=timelines.get(order.digest, ()),
        )

    def order(self, name: str) -> DataOrder:
        """The data order of a run; raises as `facts`."""
        path = self._data.run_manifest(name)
        if not re.fullmatch(NAME, name) or not path.parent.is_dir():
            raise NotFoundError(f"There is no run {name!r}. GET /v1/runs lists those that there are.")
        if not beneath(self._data.runs, path):
            raise OrderError(f"The run {name} leads out of the data directory. Register its manifest again.")
        try:
            stat = path.stat()
        except OSError as error:
            raise OrderError(
                f"The manifest of the run {name} cannot be read ({error.strerror}). Register it again."
            ) from error
        return _loaded(path, stat.st_mtime_ns, stat.st_ino)

    def of_orders(self, digests: Collection[str]) -> list[str]:
        """The runs of those very orders, by name."""
        return [name for name in self.names() if self._digest(name) in digests]

    def register(self, name: str, manifest: RootedPath) -> bool:
        """Keep the manifest as the run `name`, with absolute paths; whether it is new.

        The same order under the same name is the same run: what its manifest says of paths and checkpoints now is
        taken over. Raises RootError for what is not beneath a root, InputError for what is no manifest, where its
        census is not there, or a shard not or of another size, ConflictError where the name is another order's.
        """
        order = self._checked(manifest)
        place = self._data.run_manifest(name).parent
        making = self._data.removed / f"making-{name}-{secrets.token_hex(6)}"
        making.mkdir(parents=True)
        order.save(making / "run.json", is_sealed=True)
        try:
            return self._move(making, place, order)
        finally:
            delete(making)

    def _checked(self, manifest: RootedPath) -> DataOrder:
        content = roots.read(self.settings, manifest, MOST_BYTES)
        # Relative paths are from the folder in which it is found, as the shell has it; then all are looked at.
        try:
            order = DataOrder.parse(content, self.settings.roots[manifest.root] / manifest.path)
            roots.refuse_outside(self.settings, order)
            Census.open(order)
            _refuse_missing(order)
        except (OrderError, CensusError, CorpusError) as error:
            raise InputError(str(error)) from error
        return order

    def _move(self, making: Path, place: Path, order: DataOrder) -> bool:
        place.parent.mkdir(exist_ok=True)
        try:
            making.rename(place)
            sync_to_disk(place.parent)
            return True
        except OSError:
            self._refuse_other(place.name, order)
        (making / "run.json").replace(place / "run.json")
        sync_to_disk(place)
        return False

    def _refuse_other(self, name: str, order: DataOrder) -> None:
        """A damaged manifest is replaced; one of another order is not."""
        present = self._digest(name)
        if present is not None and present != order.digest:
            raise ConflictError(
                f"There is a run {name} already, of another order ({present[:12]}… instead of {order.digest[:12]}…). "
                f"Choose another name, or delete it first with DELETE /v1/runs/{name}."
            )

    def _digest(self, name: str) -> str | None:
        try:
            return self.order(name).digest
        except ExposureError:
            return None

    def _entry(self, name: str, timelines: TimelinesOf) -> RunFacts:
        try:
            return self.facts(name, timelines)
        except ExposureError as error:
            return RunFacts(name, problem=self.settings.public(str(error)))

    @property
    def _data(self) -> DataDirectory:
        return DataDirectory(self.settings.data)


def _refuse_missing(order: DataOrder) -> None:
    """Sizes only: what the text is, is held against the census whenever it is read."""
    lost = [(number, shard) for number, shard in enumerate(order.shards) if not is_there(shard)]
    if lost:
        number, shard = lost[0]
        raise CorpusError(
            f"Shard {number} of the run is no file of {shard.bytes:,} bytes at {shard.path}"
            f"{f', and {len(lost) - 1} more are amiss' if len(lost) > 1 else ''}. Put it there as it was, or make the "
            "manifest again with `exposure run init`."
        )


@functools.lru_cache(maxsize=64)
def _loaded(path: Path, changed: int, inode: int) -> DataOrder:
    """A manifest as it was at that time: large runs have long ones."""
    del changed, inode
    return DataOrder.load(path)
