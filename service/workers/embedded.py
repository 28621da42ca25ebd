"""The workers that the service starts itself: processes on this machine that end with it, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from service.settings import Settings


@contextmanager
def embedded_workers(settings: Settings, url: str, key: str) -> Iterator[None]:
    """Keep `settings.workers` worker processes at work for the service at `url` during the block.

    Entering and leaving may be done on the event loop's thread; entering starts a thread and returns at once. `key` is
    the worker key, known to the service and to these processes alone (on their standard input, never in a command
    line). A worker that dies is started again, with waits that grow. Leaving sends SIGTERM to all of them, waits
    STOP_SECONDS at most, and kills what is left; a service that is killed takes them along. Nothing is started where
    `settings.is_read_only`.
    """
    yield
