"""Which generation of a timeline is open: the one that CURRENT names, and older ones while requests use them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import duckdb

from exposure.errors import TimelineError
from exposure.generation_reader import ReaderLimits
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from service.roots.beneath import beneath

_DAMAGE = (duckdb.IOException, duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException)


class OpenGeneration:
    """An open generation and the number of requests that use it."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.users = 0
        self.is_retired = False

    @property
    def digest(self) -> str:
        """What names the generation."""
        return self.timeline.generation.stem


class CurrentGeneration:
    """One timeline's current generation, opened once and followed when CURRENT moves. Threads may share it."""

    def __init__(self, path: Path, limits: ReaderLimits | None = None) -> None:
        self._path = path
        self._limits = limits
        self._lock = Lock()
        self._open: OpenGeneration | None = None

    @contextlib.contextmanager
    def lease(self) -> Iterator[OpenGeneration]:
        """The generation that is current now, kept open for the block.

        Raises TimelineError where nothing whole is published, and where a question in the block finds it damaged.
        """
        held = self._take()
        damage = None
        try:
            yield held
        except duckdb.Error as error:
            if not is_damage(error):
                raise
            damage = _sentence(held.timeline.generation, error)
        finally:
            self._give_back(held, retire=damage is not None)
        if damage:
            raise TimelineError(damage)

    @property
    def is_open(self) -> bool:
        """Whether a generation is open to be asked."""
        return self._open is not None

    def close(self) -> None:
        """Close what is open as soon as nobody uses it."""
        with self._lock:
            self._retire()

    def _take(self) -> OpenGeneration:
        with self._lock:
            # Read under the lock: a thread that read it before a switch would go back to the older generation.
            current = _current(self._path)
            if self._open is None or self._open.timeline.generation != current:
                opened = OpenGeneration(open_timeline(self._path, current, self._limits))
                self._retire()
                self._open = opened
            self._open.users += 1
            return self._open

    def _give_back(self, held: OpenGeneration, retire: bool) -> None:
        with self._lock:
            held.users -= 1
            if retire and held is self._open:
                self._retire()
            _close_if_unused(held)

    def _retire(self) -> None:
        retired, self._open = self._open, None
        if retired is not None:
            retired.is_retired = True
            _close_if_unused(retired)


def _current(path: Path) -> Path:
    try:
        return TimelineFolder.open(path).current
    except OSError as error:
        raise TimelineError(f"The timeline {path} cannot be read ({error.strerror}). Mend its permissions.") from error


def open_timeline(path: Path, generation: Path, limits: ReaderLimits | None = None) -> Timeline:
    """`generation` of the timeline in `path`; raises TimelineError where it is damaged or lies elsewhere."""
    if not beneath(path, generation):
        raise TimelineError(f"CURRENT of {path} leads out of its folder. Run `exposure publish {path}`.")
    try:
        return Timeline(path, generation, limits)
    except TimelineError as error:
        sentence = str(error)
    except (duckdb.Error, KeyError, TypeError, ValueError, OSError) as error:
        sentence = _sentence(generation, error)
    # Raised only here, where the first error is forgotten: its traceback would keep the half-opened file open.
    raise TimelineError(sentence)


def is_damage(error: duckdb.Error) -> bool:
    """Whether DuckDB says that the file is not what was written; wrong checksums come as the base class itself."""
    return isinstance(error, _DAMAGE) or type(error) is duckdb.Error


def _close_if_unused(one: OpenGeneration) -> None:
    if one.is_retired and one.users == 0:
        one.timeline.close()


def _sentence(generation: Path, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"The generation {generation} is damaged ({reason}). Delete it and run `exposure publish` on its timeline."
