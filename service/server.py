"""The process that serves: uvicorn on a socket that listens already, until a signal."""

from __future__ import annotations

import signal
import socket
from types import FrameType

import uvicorn

from service.app import create_app
from service.settings import Settings

GRACE_SECONDS = 10
"""How long requests that run may take to end, once the service was told to stop."""


def run(settings: Settings, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then return."""
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
    server = uvicorn.Server(config)

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        server.should_exit = True

    # uvicorn raises the signal that stopped it once more when it is done; with Python's own handlers that would be a
    # traceback, or an exit status of an error.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server.run(sockets=[listening])
