"""Clients that do harm to a service: bodies that are too large or too slow, and readers that do not read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass

MEBIBYTE = 1 << 20
PATIENCE_SECONDS = 120.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Place:
    """Where a service is, and the key that it is asked with."""

    port: int
    key: str

    async def connect(self) -> Connection:
        """A connection whose buffers take little, so that what is not read stays with the service."""
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 12)

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """The beginning of a request."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.key}",
                 "Content-Type: application/json", *headers]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        """(status, answer) of one question."""
        content = b"" if body is None else json.dumps(body).encode()
        reader, writer = await self.connect()
        writer.write(self.head(method, path, f"Content-Length: {len(content)}", "Connection: close") + content)
        head, _, answer = (await reader.read(-1)).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), json.loads(answer) if answer else None


async def _status(connection: Connection, sending: Coroutine[None, None, None]) -> int:
    """The status that comes while `sending` goes on, which it ends; 0 where the service closed without one."""
    reader, writer = connection
    reading = asyncio.create_task(reader.readline())
    sender = asyncio.create_task(sending)
    line = b""
    with contextlib.suppress(OSError, TimeoutError):
        line = await asyncio.wait_for(reading, PATIENCE_SECONDS)
    sender.cancel()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await sender
    writer.close()
    return int(line.split()[1]) if line else 0


async def declared(place: Place, path: str, size: int) -> int:
    """A body whose length says how large it is, sent as fast as it is taken."""
    return await _sent(place, path, f"Content-Length: {size}", b" " * MEBIBYTE, size // MEBIBYTE)


async def endless(place: Place, path: str, mebibytes: int) -> int:
    """A body without a length that is sent until it is refused."""
    chunk = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
    return await _sent(place, path, "Transfer-Encoding: chunked", chunk, mebibytes)


async def whole(place: Place, path: str, body: bytes) -> int:
    """A body as it should be."""
    return await _sent(place, path, f"Content-Length: {len(body)}", body, 1)


async def slow(place: Place, path: str, size: int) -> int:
    """A body of which half comes at once, and the rest a byte a second."""
    reader, writer = await place.connect()

    async def send() -> None:
        writer.write(place.head("POST", path, f"Content-Length: {size}") + b" " * (size // 2))
        while True:
            await asyncio.sleep(1.0)
            writer.write(b" ")

    return await _status((reader, writer), send())


async def _sent(place: Place, path: str, header: str, piece: bytes, pieces: int) -> int:
    reader, writer = await place.connect()

    async def send() -> None:
        writer.write(place.head("POST", path, header))
        for _ in range(pieces):
            writer.write(piece)
            await writer.drain()

    return await _status((reader, writer), send())


async def unread(place: Place, path: str) -> tuple[int, asyncio.StreamWriter]:
    """A reader of events that reads the status and no more; the connection stays open."""
    reader, writer = await place.connect()
    writer.write(place.head("GET", path))
    line = await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return int(line.split()[1]), writer


def counted(statuses: list[int]) -> str:
    """ "200 × 3, 429 × 197"."""
    return ", ".join(f"{status} × {count}" for status, count in sorted(Counter(statuses).items()))
