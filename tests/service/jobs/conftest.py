"""Job stores with clocks that stand still until they are moved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exposure.api.requests import IndexRequest
from service.jobs.store import JobStore


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
