"""The process that serves: uvicorn on a socket that listens already, until a signal."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from service.app import create_app
from service.settings import Settings

GRACE_SECONDS = 10
"""How long requests that run may take to end, once the service was told to stop."""


class Server(uvicorn.Server):
    """uvicorn's server, which says when it answers, and takes a signal to stop at any time."""

    def __init__(self, config: uvicorn.Config, greet: Callable[[], None]) -> None:
        super().__init__(config)
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._greet()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: end once the requests that run are answered."""
        del number, frame
        self.should_exit = True


def run(settings: Settings, listening: socket.socket, greet: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then return; `greet` is called when requests are answered."""
    config = uvicorn.Config(
        create_app(settings),
        access_log=False,  # it would hold every phrase that is asked for
        log_level="warning",
        lifespan="on",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config, greet)
    # uvicorn handles these itself while it runs, and raises what stopped it once more when it is done: with Python's
    # own handlers that would end in a traceback or in an exit status of an error.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.stop)
    server.run(sockets=[listening])
