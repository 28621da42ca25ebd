"""Deny by default: nothing but what is public is answered before it is known who asks, and that they may."""

from __future__ import annotations

import base64
import binascii

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import AccessError, ScopeError
from service.gates.exchange import exchange_of
from service.gates.request_gate import refuse
from service.keys.access import EVERYBODY, refuse_without
from service.keys.key_ring import KeyRing
from service.problems import FORBIDDEN, UNAUTHORISED

READING = frozenset({"GET", "HEAD"})


class KeyGate:
    """ASGI middleware: finds the caller by the key in Authorization, and refuses what it may not do.

    `Bearer KEY` always; `Basic` with the key as password only to read, so that a browser can open /docs: a browser
    sends it along with whatever any page asks for, so nothing may be changed by it.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
        except ScopeError as error:
            await refuse(FORBIDDEN, str(error), scope, receive, send)
        except AccessError as error:
            headers = {"WWW-Authenticate": _challenge(scope)}
            await refuse(UNAUTHORISED, str(error), scope, receive, send, headers)
        else:
            await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Note who asks; raises AccessError and ScopeError."""
        exchange = exchange_of(scope)
        scope["state"]["caller"] = EVERYBODY
        if exchange.is_public:
            return
        caller = self._keys.caller(key_in(Headers(scope=scope), scope["method"]))
        scope["state"]["caller"] = caller
        exchange.key = caller.name
        for needed in sorted(exchange.route.scopes) if exchange.route else ():
            refuse_without(needed, caller)


def key_in(headers: Headers, method: str) -> str | None:
    """The key that was sent, if any was. Raises AccessError for an Authorization header that holds none."""
    given = headers.getlist("authorization")
    if not given:
        return None
    scheme, _, rest = given[0].strip().partition(" ")
    if len(given) == 1 and scheme.lower() == "bearer":
        return rest.strip()
    if len(given) == 1 and scheme.lower() == "basic" and method in READING:
        return _password(rest.strip())
    raise AccessError("The Authorization header holds no key. Send: Authorization: Bearer KEY.")


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, ValueError) as error:
        raise AccessError("The Authorization header is not right. Give the key as the password.") from error


def _challenge(scope: Scope) -> str:
    """Browsers that open a page are asked for a password; everybody else for a key."""
    headers = Headers(scope=scope)
    if scope["method"] in READING and "text/html" in headers.get("accept", ""):
        return 'Basic realm="exposure", charset="UTF-8"'
    return 'Bearer realm="exposure"' + (', error="invalid_token"' if "authorization" in headers else "")
