"""A server that misbehaves, and both clients of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from scripted_server import Scripted, scripted_server

from exposure.client import AsyncClient, Client, Retries


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A scripted server."""
    with scripted_server() as script:
        yield script


class Asking:
    """Asks by one of the two clients; whoever asks need not know by which."""

    def __init__(self, kind: type[Client] | type[AsyncClient], url: str) -> None:
        self.kind = kind
        self.url = url

    def __call__(self, what: Callable[[Any], Any], **options: Any) -> Any:
        """What `what`, given a client, returns, or a list of what it iterates over."""
        options = {"retries": Retries(first_seconds=0.001, most_seconds=0.002), "timeout": 5.0, **options}
        if self.kind is Client:
            with Client(self.url, **options) as client:
                result = what(client)
                return list(result) if isinstance(result, Iterator) else result
        return asyncio.run(self._awaited(what, options))

    async def _awaited(self, what: Callable[[Any], Any], options: dict[str, Any]) -> Any:
        async with AsyncClient(self.url, **options) as client:
            result = what(client)
            return [one async for one in result] if isinstance(result, AsyncIterator) else await result


@pytest.fixture(params=[Client, AsyncClient], ids=["waiting", "awaiting"])
def asking(request: pytest.FixtureRequest, server: Scripted) -> Asking:
    """Both clients, one after the other."""
    return Asking(request.param, server.url)
