"""The process that serves: uvicorn on a socket that listens already, with its own workers, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from exposure.errors import ExposureError
from service.app import create_app
from service.gates.connections import connection_kind
from service.keys.access import EMBEDDED_WORKERS, Scope
from service.listening import own_url
from service.settings import Settings
from service.workers.embedded import embedded_workers

GRACE_SECONDS = 10
"""How long requests that run may take to end, once the service was told to stop."""

_WORKER_SCOPES: tuple[Scope, ...] = ("worker",)


class Server(uvicorn.Server):
    """uvicorn's server, which says when it answers, keeps workers meanwhile, and takes a signal at any time."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, greet: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._greet = greet
        self._workers = contextlib.ExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, say so, and set the workers to work."""
        await super().startup(sockets)
        self._greet()
        (listening,) = sockets or []
        key = self._app.state.keys.grant(EMBEDDED_WORKERS, _WORKER_SCOPES)
        self._workers.enter_context(embedded_workers(self._app.state.settings, own_url(listening), key))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End event streams and the workers, which may still say what became of their jobs; then the rest."""
        if self._app.state.jobs is not None:
            self._app.state.jobs.notifier.close()
        await asyncio.to_thread(self._workers.close)
        await super().shutdown(sockets)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: end once the requests that run are answered."""
        del number, frame
        self.should_exit = True


def run(settings: Settings, listening: socket.socket, greet: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then return; `greet` is called when requests are answered.

    Raises ExposureError where the service cannot start.
    """
    _allow_many_files()
    app = create_app(settings)
    server = Server(uvicorn_config(app, settings), app, greet)
    # uvicorn handles these itself while it runs, and raises what stopped it once more when it is done: with Python's
    # own handlers that would end in a traceback or in an exit status of an error.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.stop)
    quiet = _QuietStart(app)
    logging.getLogger("uvicorn.error").addFilter(quiet)
    try:
        server.run(sockets=[listening])
    except SystemExit as error:
        raise quiet.failure or error from error
    finally:
        logging.getLogger("uvicorn.error").removeFilter(quiet)


def uvicorn_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves `app`."""
    return uvicorn.Config(
        app,
        http=connection_kind(settings.limits),
        h11_max_incomplete_event_size=settings.limits.header_bytes,
        timeout_keep_alive=settings.limits.idle_seconds,
        access_log=False,  # it would hold every phrase that is asked for
        log_config=None,  # service.telemetry.logs
        lifespan="on",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _QuietStart(logging.Filter):
    """Leaves out the traceback of a start that failed with a sentence, which is said elsewhere."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__()
        self._app = app

    @property
    def failure(self) -> ExposureError | None:
        """Why the service did not start."""
        failure: ExposureError | None = getattr(self._app.state, "failure", None)
        return failure

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is written."""
        del record
        return self.failure is None


def _allow_many_files() -> None:
    """Every connection is an open file, and so is every generation: take as many as this process may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
