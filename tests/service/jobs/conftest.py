"""Job stores with clocks that stand still until they are moved."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from exposure.api.requests import IndexRequest
from service.app import create_app
from service.jobs.store import JobStore
from service.listening import listen, url_of
from service.server import uvicorn_config
from service.settings import Limits, Settings


@dataclass
class Clocks:
    """Seconds since 1970, and seconds since whenever."""

    wall: float = 1_790_000_000.0
    monotonic: float = 100.0


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def opened(tmp_path: Path, clocks: Clocks) -> Iterator[Callable[[], JobStore]]:
    """Opens the store of one file, as a service that starts does."""
    stores: list[JobStore] = []

    def open_again() -> JobStore:
        stores.append(JobStore(tmp_path / "jobs.sqlite", wall=lambda: clocks.wall, monotonic=lambda: clocks.monotonic))
        return stores[-1]

    yield open_again
    for one in stores:
        one.close()


@pytest.fixture
def store(opened: Callable[[], JobStore]) -> JobStore:
    return opened()


@pytest.fixture
def indexing() -> Callable[[str], IndexRequest]:
    """A request to index into a timeline."""
    return lambda timeline: IndexRequest(run="tiny", timeline=timeline, phrase_sets=["a" * 40])


@dataclass
class Served:
    """A service on a real socket; `stop` ends it as a signal does, but without workers of its own."""

    url: str
    port: int
    app: FastAPI
    stop: Callable[[], None]

    @property
    def store(self) -> JobStore:
        store: JobStore = self.app.state.jobs
        return store


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve one empty data directory, with other limits; again and again, one after the other."""
    folder = tmp_path / "data"
    folder.mkdir()
    with contextlib.ExitStack() as stack:

        def start(**limits: Any) -> Served:
            app = create_app(Settings(folder, limits=Limits(**limits)))
            listening = stack.enter_context(listen("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn_config(app, app.state.settings))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})

            def stop() -> None:
                if app.state.jobs is not None:
                    app.state.jobs.notifier.close()
                server.should_exit = True
                thread.join()

            thread.start()
            stack.callback(stop)
            while not server.started:
                thread.join(0.01)
                assert thread.is_alive()
            return Served(url_of(listening), listening.getsockname()[1], app, stop)

        yield start
