"""What is refused first of all: foreign host names, foreign pages that ask for changes, large headers."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.problems import FOREIGN_ORIGIN, HEADERS_TOO_LARGE, UNKNOWN_HOST, Kind, problem

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


class HostGate:
    """ASGI middleware: answers only where the Host header is one of `hosts`, and no page from elsewhere but to read.

    Browsers say where a page that sends something comes from (Sec-Fetch-Site, Origin); other clients say nothing.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], header_bytes: int) -> None:
        self._app = app
        self._header_bytes = header_bytes
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            refusal = self._too_large(scope) or self._refusal(scope["method"], Headers(scope=scope))
            if refusal is not None:
                await refuse(*refusal, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _too_large(self, scope: Scope) -> tuple[Kind, str] | None:
        """The connection measures them too, but only what it has to hold until the rest comes."""
        size = sum(len(name) + len(value) + 4 for name, value in scope["headers"]) + len(scope["query_string"])
        if size + len(scope["path"]) <= self._header_bytes:
            return None
        return HEADERS_TOO_LARGE, f"They are larger than {self._header_bytes:,} bytes. Send large questions as a body."

    def _refusal(self, method: str, headers: Headers) -> tuple[Kind, str] | None:
        given = headers.getlist("host")
        host = host_name(given[0]) if len(given) == 1 else ""
        if host not in self._hosts:
            known = " or ".join(sorted(self._hosts))
            return UNKNOWN_HOST, f"The Host header names {host!r}. Ask under {known}, or serve with --allow-host."
        if method not in READING and _is_foreign(headers, given[0]):
            return FOREIGN_ORIGIN, "A page of another site asked for this. Ask from the service's own pages, or a tool."
        return None


def _is_foreign(headers: Headers, host: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and _place(origin) != host.lower()


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def host_name(header: str) -> str:
    """The name or address in a Host header, without its port and brackets, in lower case."""
    name, bracket, _ = header.partition("]")
    return (name.removeprefix("[") if bracket else header.partition(":")[0]).lower()


async def refuse(
    kind: Kind, detail: str, scope: Scope, receive: Receive, send: Send, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with a problem, unread: the rest of the body stays where it is, so the connection is closed."""
    answer = problem(kind, detail, scope["state"]["request_id"], {"Connection": "close", **(headers or {})})
    await answer(scope, receive, send)
