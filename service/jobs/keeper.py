"""The job store while the service runs: opened, leases that ran out collected, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI

from exposure.errors import ExposureError
from service.data_directory import DataDirectory
from service.jobs.desk import Desk
from service.jobs.leases import HEARTBEAT_SECONDS
from service.jobs.store import JobStore

_log = logging.getLogger("exposure.service.jobs")


@contextlib.asynccontextmanager
async def jobs_kept(app: FastAPI) -> AsyncIterator[None]:
    """Have `app.state.jobs` be the open JobStore during the block, and `app.state.desk` what routes use it through.

    Both are None for a service that only answers. Raises JobStoreError where the store cannot be opened.
    """
    settings = app.state.settings
    app.state.jobs = app.state.desk = None
    if settings.is_read_only:
        yield
        return
    store = await asyncio.to_thread(JobStore, DataDirectory(settings.data).jobs)
    app.state.jobs = store
    app.state.desk = Desk(store, settings.limits.streams)
    await _expire(store)  # jobs of our own workers of the last start, which ended with it
    collecting = asyncio.create_task(_collect(store))
    try:
        yield
    finally:
        store.notifier.close()
        collecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await collecting
        await asyncio.to_thread(store.close)


async def _collect(store: JobStore) -> None:
    """Give jobs of silent workers to others, for as long as the service runs; a full disk does not end it.

    A service that was itself held up (stopped by a signal, starved) heard nobody: then every worker may speak again.
    """
    while True:
        before = time.monotonic()
        await asyncio.sleep(HEARTBEAT_SECONDS)
        if time.monotonic() - before > 2 * HEARTBEAT_SECONDS:
            store.renew_leases()
        await _expire(store)


async def _expire(store: JobStore) -> None:
    try:
        for job in await asyncio.to_thread(store.expire):
            _log.warning("job %s is %s now: %s", job.id, job.state, job.problem)
    except ExposureError as error:
        _log.error("leases cannot be collected: %s", error)
