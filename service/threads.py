"""Where work that blocks is done: in three small pools of threads, so that short questions never wait behind long ones.

More threads would not answer more: a processor each is all that they can use, and they would wait for each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Literal, TypeVar

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync

Pool = Literal["short", "long", "encoding"]
Result = TypeVar("Result")

PROCESSORS = os.cpu_count() or 1

THREADS: dict[Pool, int] = {"short": min(8, PROCESSORS + 1), "long": 2, "encoding": 2}
"""short: a few rows by key, one more than can run, for those that wait for the disk. long: many phrases, whole tables.
encoding: the next part of a long answer."""

_pools: RunVar[dict[Pool, CapacityLimiter]] = RunVar("pools")


async def in_threads(pool: Pool, work: Callable[[], Result]) -> Result:
    """What `work` gives, done in a thread of `pool` when one is free; the first come are the first."""
    return await run_sync(work, limiter=_limiter(pool))


def _limiter(pool: Pool) -> CapacityLimiter:
    """The limiter of this event loop."""
    pools = _pools.get(None)
    if pools is None:
        pools = {name: CapacityLimiter(threads) for name, threads in THREADS.items()}
        _pools.set(pools)
    return pools[pool]
