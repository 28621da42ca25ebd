"""A timeline on disk: its phrase groups, segments and generations, and which generation is current.

timeline.json        match rule, K, grid of steps; the checkpoints that part buckets, to which a longer run adds
order.json           the data order that is indexed
phrase_sets/         the phrase files that were given, whole
groups/              the phrases of each group: what one indexing added
segments/            one for each group and shard, and compacted ones
generations/         published DuckDB files, named by digest
CURRENT              the name of the newest generation
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.errors import OrderError, PairsError, TimelineError, UsageError
from exposure.order_paths import with_working_paths
from exposure.orders import DataOrder
from exposure.phrases import Phrase, PhraseSet
from exposure.segments import SegmentFolder
from exposure.timeline_settings import TIMELINE_VERSION, TimelineSettings

FOLDERS = ("phrase_sets", "groups", "segments", "generations")
_NAME = re.compile(r"\w+\.duckdb")
GROUP_SCHEMA = pa.schema([("phrase", pa.string()), ("gap", pa.int32()), ("sentence_end", pa.bool_())])


@dataclass(frozen=True)
class TimelineFolder:
    """The folder of one timeline."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> TimelineFolder:
        """A timeline that exists; raises TimelineError where there is none."""
        if not (path / "timeline.json").exists():
            raise TimelineError(f"There is no timeline at {path}. Make one with `exposure index --out {path}`.")
        return cls(path)

    @classmethod
    def create(cls, path: Path, settings: TimelineSettings) -> TimelineFolder:
        """Make a timeline, or open the one that is there; raises UsageError when its settings differ."""
        folder = cls(path)
        if not (path / "timeline.json").exists():
            if path.exists() and not is_unfinished(path):
                raise UsageError(f"{path} exists and is no timeline. Index into a new folder, under another name.")
            for name in FOLDERS:
                (path / name).mkdir(parents=True, exist_ok=True)
            folder._write_settings(settings)
        elif not folder.settings.is_compatible(settings):
            raise UsageError(
                f"{path} was made with {folder.settings.words}; asked for now: {settings.words}. "
                "Ask for the same, or index into another timeline."
            )
        return folder

    @cached_property
    def settings(self) -> TimelineSettings:
        """Read from timeline.json."""
        fields = self._json("timeline.json")
        if fields.get("version") != TIMELINE_VERSION:
            raise TimelineError(
                f"{self.path} is of version {fields.get('version')}, this software reads {TIMELINE_VERSION}. "
                "Use the version of `exposure` that made it, or index again."
            )
        try:
            return TimelineSettings.from_fields(fields)
        except (KeyError, TypeError, ValueError) as error:
            raise TimelineError(
                f"{self.path / 'timeline.json'} is damaged ({error!r}). Restore it, or index into a new folder."
            ) from error

    def _write_settings(self, settings: TimelineSettings) -> None:
        with atomic_write(self.path / "timeline.json") as partial:
            partial.write_text(settings.to_json(), encoding="utf-8")
        self.__dict__.pop("settings", None)  # read anew

    @property
    def segments(self) -> SegmentFolder:
        """The folder of segments."""
        return SegmentFolder(self.path / "segments")

    @property
    def generations(self) -> Path:
        """The folder of published generations."""
        return self.path / "generations"

    @property
    def order(self) -> DataOrder:
        """The data order that is indexed."""
        try:
            return DataOrder.load(self.path / "order.json")
        except OrderError as error:
            raise TimelineError(
                f"The data order of the timeline {self.path} (order.json) is missing or damaged. Restore it, or "
                "delete it and index the same again: finished work is kept."
            ) from error

    def set_order(self, order: DataOrder) -> None:
        """Record the order; raises OrderError unless it is the one that is there or extends it.

        A file that is not where `order` says, and is where the recorded order says, stays recorded there.
        """
        place = self.path / "order.json"
        if place.exists():
            present = self.order
            if not order.extends(present):
                raise OrderError(
                    f"{self.path} holds the data order {present.digest[:12]}…, the run is {order.digest[:12]}…, "
                    "which neither is that order nor appends shards to it. Index into another timeline."
                )
            order = with_working_paths(order, present)
        order.save(place, is_sealed=True)
        grown = self.settings.grown(order)
        if grown != self.settings:
            self._write_settings(grown)

    def groups(self) -> dict[str, PhraseSet]:
        """Fingerprint → phrases, of every group, in the order of fingerprints."""
        return {path.stem: self.group(path.stem) for path in sorted((self.path / "groups").glob("*.parquet"))}

    def group(self, fingerprint: str) -> PhraseSet:
        """The phrases of one group."""
        path = self.path / "groups" / f"{fingerprint}.parquet"
        try:
            columns = pq.read_table(path, schema=GROUP_SCHEMA).to_pydict().values()
            phrases = PhraseSet(tuple(Phrase(*row) for row in zip(*columns, strict=True)))
        except (OSError, pa.ArrowException, PairsError, AttributeError) as error:
            raise TimelineError(
                f"The phrase group {path} cannot be read ({error}). Restore it, or index into a new folder."
            ) from error
        if phrases.fingerprint != fingerprint:
            raise TimelineError(
                f"The phrase group {path} does not hold the phrases that it is named for. "
                "Restore it, or index into a new folder."
            )
        return phrases

    def admit(self, wanted: PhraseSet) -> list[str]:
        """The groups that hold `wanted`, those phrases that no group had yet being made a group of their own."""
        with self.locked():
            groups = self.groups()
            known = {phrase: fingerprint for fingerprint, phrases in groups.items() for phrase in phrases}
            new = PhraseSet.of(phrase for phrase in wanted if phrase not in known)
            needed = {known[phrase] for phrase in wanted if phrase in known}
            if len(new):
                self.write_group(new)
                needed.add(new.fingerprint)
            return sorted(needed)

    def write_group(self, phrases: PhraseSet) -> None:
        """Keep the phrases of a group, under their fingerprint."""
        columns = [[getattr(phrase, name) for phrase in phrases] for name in ("text", "gap", "sentence_end")]
        with atomic_write(self.path / "groups" / f"{phrases.fingerprint}.parquet") as partial:
            pq.write_table(pa.table(columns, schema=GROUP_SCHEMA), partial)

    @property
    def named(self) -> Path | None:
        """The file that CURRENT names, be it there or not; None where CURRENT is missing or damaged."""
        try:
            name = (self.path / "CURRENT").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return self.generations / name if _NAME.fullmatch(name) else None

    @property
    def current(self) -> Path:
        """The current generation's file; raises TimelineError where nothing whole is published."""
        generation = self.named
        if generation is None and (self.path / "CURRENT").exists():
            raise TimelineError(
                f"The timeline {self.path} has a damaged CURRENT, which names no generation. "
                f"Run `exposure publish {self.path}` to write it again."
            )
        if generation is None:
            raise TimelineError(
                f"The timeline {self.path} has no published generation: indexing has not finished. "
                "Index the same again: finished work is kept. (What was scanned, if anything was, is published by "
                "`exposure publish` too.)"
            )
        if not generation.is_file():
            raise TimelineError(
                f"The timeline {self.path} names the generation {generation.name}, which is not there. "
                f"Run `exposure publish {self.path}` to build it again from the segments."
            )
        return generation

    def set_current(self, generation: Path) -> None:
        """Make a published file the current generation."""
        with atomic_write(self.path / "CURRENT") as partial:
            partial.write_text(generation.name + "\n", encoding="utf-8")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to add phrase groups and to publish; another process that wants it waits."""
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _json(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads((self.path / name).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise TimelineError(f"{self.path / name} cannot be read: {error}. Is {self.path} a timeline?") from error


def is_unfinished(path: Path) -> bool:
    """Whether a folder holds no more than a timeline does whose making was interrupted."""
    return path.is_dir() and all(
        one.name in FOLDERS or (one.name.startswith(".") and one.name.endswith(".partial")) for one in path.iterdir()
    )
