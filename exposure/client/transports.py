"""httpx2, which is imported when a client is made: requests out, answers in, and what broke told in one way."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exposure import __version__
from exposure.client.exchanges import Broken, Request, Response
from exposure.errors import UsageError

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True)
class Address:
    """Where a service is, who asks, and how long a connection and silence on it may last."""

    url: str
    key: str | None
    seconds: float
    connect_seconds: float = 10.0
    transport: Any = None
    """An httpx2 transport in the place of sockets, for tests and programs that hold the service themselves."""

    def __post_init__(self) -> None:
        """Refuse what is no address of a service, with a sentence."""
        try:
            parts = urlsplit(self.url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or parts.query or parts.fragment:
            shown = "What was given" if "@" in self.url else repr(self.url)  # a password is not repeated
            raise UsageError(f"{shown} is no URL of a service. Give one such as http://127.0.0.1:8000.")
        if parts.username or parts.password:
            raise UsageError("The URL holds a user name or password. Give the key as key=…, or in EXPOSURE_KEY.")
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and self.key.strip()):
            raise UsageError("The key is empty, or has characters that no key has. Check key=… and EXPOSURE_KEY.")

    def settings(self) -> dict[str, Any]:
        """What a client of httpx2 is made with. Redirects are not followed: the key would go along."""
        key = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        return {
            "base_url": self.url.rstrip("/") + "/",
            "headers": {"User-Agent": f"exposure/{__version__}", **key},
            "timeout": self._timeouts(self.seconds),
            "trust_env": not self._is_loopback,
            "transport": self.transport,
            "follow_redirects": False,
        }

    def _timeouts(self, read_seconds: float) -> Any:
        return _library().Timeout(self.seconds, connect=min(self.connect_seconds, self.seconds), read=read_seconds)

    def options(self, request: Request) -> dict[str, Any]:
        """How `request` is written."""
        return {
            "method": request.method,
            "url": request.path.lstrip("/"),
            "params": list(request.parameters) or None,
            "headers": dict(request.headers),
            "content": request.content,
            "timeout": self._timeouts(request.read_seconds or self.seconds),
        }

    @property
    def _is_loopback(self) -> bool:
        """Whether it is this very machine, which no proxy of the environment leads to."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def _library() -> Any:
    try:
        import httpx2
    except ImportError as error:
        raise UsageError("The client needs httpx2, which is not installed: pip install 'exposure[client]'.") from error
    return httpx2


class BlockingTransport:
    """Sends requests and waits for their answers. Threads may share it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._errors = _errors()
        self._http: httpx2.Client = _library().Client(**address.settings())

    def exchange(self, request: Request) -> Response | Broken:
        """The whole answer."""
        try:
            return _response(answer := self._http.request(**self._address.options(request)), answer.content)
        except self._errors as error:
            return _broken(error)

    def stream(self) -> BlockingStream:
        """Room for one answer that is left open."""
        return BlockingStream(self._http, self._address)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()


class BlockingStream:
    """At most one open answer at a time."""

    def __init__(self, http: httpx2.Client, address: Address) -> None:
        self._http, self._address, self._errors = http, address, _errors()
        self._held = ExitStack()
        self._parts: Iterator[bytes] = iter(())

    def open(self, request: Request) -> Response | Broken:
        """Begin an answer; one of an error is read whole."""
        self.close()
        try:
            answer = self._held.enter_context(self._http.stream(**self._address.options(request)))
            if answer.status_code != 200:
                return _response(answer, answer.read())
            self._parts = answer.iter_bytes()
            return _response(answer, b"")
        except self._errors as error:
            return _broken(error)

    def read(self) -> bytes | Broken | None:
        """More of it; None at its end."""
        try:
            return next(self._parts, None)
        except self._errors as error:
            return _broken(error)

    def close(self) -> None:
        """Close the answer, read or not."""
        self._parts = iter(())
        self._held.close()


class AwaitedTransport:
    """As BlockingTransport, awaited."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._errors = _errors()
        self._http: httpx2.AsyncClient = _library().AsyncClient(**address.settings())

    async def exchange(self, request: Request) -> Response | Broken:
        """The whole answer."""
        try:
            answer = await self._http.request(**self._address.options(request))
            return _response(answer, answer.content)
        except self._errors as error:
            return _broken(error)

    def stream(self) -> AwaitedStream:
        """Room for one answer that is left open."""
        return AwaitedStream(self._http, self._address)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()


class AwaitedStream:
    """As BlockingStream, awaited."""

    def __init__(self, http: httpx2.AsyncClient, address: Address) -> None:
        self._http, self._address, self._errors = http, address, _errors()
        self._held = AsyncExitStack()
        self._parts: AsyncIterator[bytes] | None = None

    async def open(self, request: Request) -> Response | Broken:
        """Begin an answer; one of an error is read whole."""
        await self.close()
        try:
            answer = await self._held.enter_async_context(self._http.stream(**self._address.options(request)))
            if answer.status_code != 200:
                return _response(answer, await answer.aread())
            self._parts = answer.aiter_bytes()
            return _response(answer, b"")
        except self._errors as error:
            return _broken(error)

    async def read(self) -> bytes | Broken | None:
        """More of it; None at its end."""
        try:
            return None if self._parts is None else await anext(self._parts, None)
        except self._errors as error:
            return _broken(error)

    async def close(self) -> None:
        """Close the answer, read or not."""
        self._parts = None
        await self._held.aclose()


def _errors() -> tuple[type[Exception], ...]:
    library = _library()
    return (library.TransportError, library.DecodingError)


def _response(answer: httpx2.Response, content: bytes) -> Response:
    return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, content)


def _broken(error: Exception) -> Broken:
    library = _library()
    is_silence = isinstance(error, library.ReadTimeout)
    said = "it was silent for too long" if is_silence else str(error) or type(error).__name__
    return Broken(said, is_silence)
