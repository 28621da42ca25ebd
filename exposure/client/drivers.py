"""Carrying out plans: by waiting, or by awaiting. All that is done in two ways is here and in transports.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any, TypeVar

from exposure.client.exchanges import Command, Emit, Exchange, Open, Plan, Read, Wait
from exposure.client.transports import AwaitedStream, AwaitedTransport, BlockingStream, BlockingTransport

T = TypeVar("T")


class BlockingDriver:
    """Carries out plans in the calling thread."""

    def __init__(self, transport: BlockingTransport) -> None:
        self.transport = transport

    def run(self, plan: Plan[T]) -> T:
        """What the plan returns."""
        reply: Any = None
        with closing(plan), closing(self.transport.stream()) as stream:
            while True:
                try:
                    command = plan.send(reply)
                except StopIteration as end:
                    result: T = end.value
                    return result
                reply = self._reply(command, stream)

    def each(self, plan: Plan[None]) -> Iterator[Any]:
        """What the plan emits."""
        reply: Any = None
        with closing(plan), closing(self.transport.stream()) as stream:
            while True:
                try:
                    command = plan.send(reply)
                except StopIteration:
                    return
                if isinstance(command, Emit):
                    yield command.value
                reply = self._reply(command, stream)

    def _reply(self, command: Command, stream: BlockingStream) -> Any:
        match command:
            case Exchange(request):
                return self.transport.exchange(request)
            case Open(request):
                return stream.open(request)
            case Read():
                return stream.read()
            case Wait(seconds):
                time.sleep(seconds)
        return None


class AwaitedDriver:
    """Carries out plans on the event loop."""

    def __init__(self, transport: AwaitedTransport) -> None:
        self.transport = transport

    async def run(self, plan: Plan[T]) -> T:
        """What the plan returns."""
        reply: Any = None
        with closing(plan):
            async with aclosing(_Open(self.transport.stream())) as held:
                while True:
                    try:
                        command = plan.send(reply)
                    except StopIteration as end:
                        result: T = end.value
                        return result
                    reply = await self._reply(command, held.stream)

    async def each(self, plan: Plan[None]) -> AsyncIterator[Any]:
        """What the plan emits."""
        reply: Any = None
        with closing(plan):
            async with aclosing(_Open(self.transport.stream())) as held:
                while True:
                    try:
                        command = plan.send(reply)
                    except StopIteration:
                        return
                    if isinstance(command, Emit):
                        yield command.value
                    reply = await self._reply(command, held.stream)

    async def _reply(self, command: Command, stream: AwaitedStream) -> Any:
        match command:
            case Exchange(request):
                return await self.transport.exchange(request)
            case Open(request):
                return await stream.open(request)
            case Read():
                return await stream.read()
            case Wait(seconds):
                await asyncio.sleep(seconds)
        return None


class _Open:
    """A stream as `aclosing` wants it."""

    def __init__(self, stream: AwaitedStream) -> None:
        self.stream = stream

    async def aclose(self) -> None:
        await self.stream.close()
