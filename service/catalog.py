"""Which timelines exist under the data directory, and the generation of each that answers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from exposure.api.names import NAME
from exposure.api.timelines import TimelineEntry
from exposure.errors import ExposureError, TimelineError
from exposure.generation_reader import ReaderLimits
from service.errors import NotFoundError
from service.generations import CurrentGeneration, OpenGeneration
from service.roots.beneath import beneath
from service.sets.phrase_files import PhraseFiles
from service.settings import Settings
from service.telemetry.watchdog import Watchdog
from service.timeline_models import entry_of
from service.timeline_phrase_sets import TimelinePhraseSets


class Catalog:
    """The timelines of one data directory. Threads may share it; `close` ends it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._generations: dict[str, CurrentGeneration] = {}
        limits = settings.limits
        self._reader_limits = ReaderLimits(limits.duckdb_memory, limits.duckdb_threads)
        self._watchdog = Watchdog(limits.query_seconds)
        self.phrase_files = PhraseFiles()
        self.phrase_sets = TimelinePhraseSets(self.phrase_files)

    def names(self) -> list[str]:
        """The names of the folders that may be asked for, in order."""
        return sorted(path.name for path in self._folders() if re.fullmatch(NAME, path.name))

    def unnameable(self) -> list[str]:
        """The folders whose names nobody can ask for, hidden ones left out."""
        names = (path.name for path in self._folders())
        return sorted(name for name in names if not re.fullmatch(NAME, name) and not name.startswith("."))

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[OpenGeneration]:
        """The current generation of the timeline `name`, kept open for the block.

        Raises NotFoundError where there is no timeline of that name, TimelineError where it cannot be used, and
        TooSlowError where what the block asks of it takes longer than limits.query_seconds.
        """
        try:
            with self._generation(name).lease() as opened, self._watchdog.watching():
                yield opened
        except TimelineError:
            if self._path(name) is None:  # deleted meanwhile
                raise _no_timeline(name) from None
            raise

    def entries(self) -> list[TimelineEntry]:
        """Every timeline, those that cannot be used with their problem."""
        return [self._entry(name) for name in self.names()]

    def open_generations(self) -> int:
        """How many generations are open, those that only older requests still use left out."""
        with self._lock:
            return sum(generation.is_open for generation in self._generations.values())

    def timelines_of_orders(self) -> dict[str, tuple[str, ...]]:
        """Digest of a data order → the timelines of it that can be used."""
        found: dict[str, tuple[str, ...]] = {}
        for name in self.names():
            with contextlib.suppress(ExposureError), self.open(name) as opened:
                digest = opened.timeline.facts["order_digest"]
                found[digest] = (*found.get(digest, ()), name)
        return found

    def forget(self, name: str) -> None:
        """Close what is open of a timeline that was removed, as soon as no request uses it."""
        with self._lock:
            self._forget(name)

    def close(self) -> None:
        """Close every open generation as soon as no request uses it."""
        with self._lock:
            for generation in self._generations.values():
                generation.close()
            self._generations.clear()
        self._watchdog.close()

    def _entry(self, name: str) -> TimelineEntry:
        try:
            with self.open(name) as opened:
                return entry_of(name, opened)
        except ExposureError as error:
            return TimelineEntry(name, problem=self._settings.public(str(error)))

    def _generation(self, name: str) -> CurrentGeneration:
        path = self._path(name)
        with self._lock:
            if path is None:
                self._forget(name)
                raise _no_timeline(name)
            if path.is_symlink() and not beneath(self._settings.timelines, path):
                raise TimelineError(f"{path} leads out of {self._settings.timelines}. Put the timeline itself there.")
            return self._generations.setdefault(name, CurrentGeneration(path, self._reader_limits))

    def _path(self, name: str) -> Path | None:
        if not re.fullmatch(NAME, name):
            return None
        path = self._settings.timelines / name
        return path if path.is_dir() else None

    def _forget(self, name: str) -> None:
        """Close what is open of a timeline whose folder is gone: an open file keeps its disk space."""
        if name in self._generations:
            self._generations.pop(name).close()

    def _folders(self) -> list[Path]:
        folder = self._settings.timelines
        try:
            return [path for path in folder.iterdir() if path.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TimelineError(
                f"{folder} cannot be read ({error.strerror}). It should be a folder of timelines."
            ) from error


def _no_timeline(name: str) -> NotFoundError:
    return NotFoundError(f"There is no timeline {name!r}. GET /v1/timelines lists those that there are.")
