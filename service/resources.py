"""What routes ask of the data directory beside timelines and jobs, opened once for an application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from exposure.api.jobs import Job
from service.catalog import Catalog
from service.children import Children
from service.corpora import Corpora
from service.data_directory import DataDirectory
from service.deleting import Deleter
from service.errors import ReadOnlyError
from service.removal import Removal
from service.runs import RunStore
from service.sets.pair_sets import PairSetStore
from service.sets.phrase_sets import PhraseSetStore
from service.sets.set_maker import SetMaker
from service.settings import Settings
from service.uses import Kind

MAKING_TAKES = 10
"""How many times `limits.query_seconds` making a set may take: all of BLiMP takes some 10 seconds on one core."""

BODY_READERS = 1
"""Processes that read long bodies that are not quite as they should be; `limits.makers` read those that make sets."""


class Resources:
    """Runs, pair sets, phrase sets, and the corpora behind them. Threads may share it; `close` ends it."""

    def __init__(self, app: FastAPI, settings: Settings, catalog: Catalog) -> None:
        self._app, self._settings, self._catalog = app, settings, catalog
        data, limits = DataDirectory(settings.data), settings.limits
        seconds = limits.query_seconds
        self.runs = RunStore(settings)
        self.pair_sets = PairSetStore(settings)
        self.phrase_sets = PhraseSetStore(settings, catalog.phrase_files)
        self.corpora = Corpora(settings, self.runs, Children(limits.readers, seconds, seconds))
        self.sets = SetMaker(settings, Children(limits.makers, MAKING_TAKES * seconds, seconds))
        self.body_readers = Children(BODY_READERS, seconds, seconds)
        self.removal = Removal(data)
        self._deleter = Deleter(data, self._active)

    def start(self) -> None:
        """Begin to free what was deleted; a service that only answers frees nothing."""
        if not self._settings.is_read_only:
            self.removal.start()

    def close(self) -> None:
        """End."""
        self.removal.close()

    def delete(self, kind: Kind, name: str) -> None:
        """Delete a thing: gone when this returns, its bytes freed in the background. Raises as `Deleter.set_aside`."""
        aside: Path = self._deleter.set_aside(kind, name)
        if kind == "timelines":
            self._catalog.forget(name)
        if kind == "phrase-sets":
            self._catalog.phrase_files.forget(DataDirectory(self._settings.data).phrase_set(name))
        self.removal.delete(aside)

    def _active(self) -> list[Job]:
        jobs = getattr(self._app.state, "jobs", None)
        return [] if jobs is None else list(jobs.active())


async def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


async def changes(request: Request) -> None:
    """A dependency of routes that change something: raises ReadOnlyError where the service only answers."""
    if request.app.state.settings.is_read_only:
        raise ReadOnlyError("This service only answers (--read-only). Ask one that may write.")


ResourcesOf = Annotated[Resources, Depends(_resources)]
