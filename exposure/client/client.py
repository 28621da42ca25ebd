"""Client and AsyncClient: one service, and everything that can be asked of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic

from exposure.api.corpus import BatchRow
from exposure.client.calls import D, Group, ask
from exposure.client.core import Core, path_of
from exposure.client.drivers import AwaitedDriver, BlockingDriver
from exposure.client.evaluations import Evaluations
from exposure.client.exchanges import Plan
from exposure.client.jobs import Jobs
from exposure.client.models import Measures, Models
from exposure.client.pair_sets import PairSets
from exposure.client.phrase_sets import PhraseSets
from exposure.client.retries import Retries
from exposure.client.runs import Runs
from exposure.client.table import Table
from exposure.client.timelines import Timelines
from exposure.client.transports import Address, AwaitedTransport, BlockingTransport

KEY_VARIABLE = "EXPOSURE_KEY"


@dataclass(frozen=True, slots=True)
class Health:
    """The service is live, in this version."""

    status: str
    version: str


class Service(Group[D], Generic[D]):
    """Everything that can be asked, by whichever driver."""

    def __init__(self, core: Core, driver: D) -> None:
        super().__init__(core, driver)
        self.timelines: Timelines[D] = Timelines(core, driver)
        self.runs: Runs[D] = Runs(core, driver)
        self.pair_sets: PairSets[D] = PairSets(core, driver)
        self.phrase_sets: PhraseSets[D] = PhraseSets(core, driver)
        self.jobs: Jobs[D] = Jobs(core, driver)
        self.evaluations: Evaluations[D] = Evaluations(core, driver)
        self.models: Models[D] = Models(core, driver)
        self.measures: Measures[D] = Measures(core, driver)

    @ask
    def health(self) -> Plan[Health]:
        """That the service is live, and its version."""
        return self._core.get_one(Health, path_of("health"))

    @ask
    def batches(self, run: str, step: int, sequence: int | None = None) -> Plan[Table[BatchRow]]:
        """What training step `step` (1 and up) was trained on: all sequences of its batch, or one, with their text."""
        return self._core.get_table(BatchRow, path_of("runs", run, "batches", step), {"sequence": sequence})


class Client(Service[BlockingDriver]):
    """A client whose methods wait for their answers. Threads may share it; use it with `with`, or close it.

    `key` is the service's key for this caller; left out, it is what the environment holds in EXPOSURE_KEY, if anything.
    `timeout` is the longest silence, in seconds, after which an answer is given up. `transport` is one of httpx2, in
    the place of sockets. Raises UsageError where the URL or key is none, or httpx2 is not installed.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = 60.0,
        retries: Retries | None = None,
        transport: Any = None,
    ) -> None:
        address = Address(url, _key(key), timeout, transport=transport)
        super().__init__(Core(url, retries or Retries()), BlockingDriver(BlockingTransport(address)))

    def close(self) -> None:
        """Close all connections."""
        self._driver.transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(Service[AwaitedDriver]):
    """A client whose methods are awaited: the same methods as those of `Client`, with the same parameters."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        timeout: float = 60.0,
        retries: Retries | None = None,
        transport: Any = None,
    ) -> None:
        address = Address(url, _key(key), timeout, transport=transport)
        super().__init__(Core(url, retries or Retries()), AwaitedDriver(AwaitedTransport(address)))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._driver.transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _key(given: str | None) -> str | None:
    return given if given is not None else os.environ.get(KEY_VARIABLE) or None
