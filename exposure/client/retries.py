"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from exposure.client.arrow_wire import whole
from exposure.client.exchanges import Broken, Plan, Request, Response, Wait, exchange
from exposure.client.problems import NotFound, ServiceUnreachable, UnexpectedAnswer, problem_of

AGAIN = (429, 503)
"""Busy, or not there for a moment."""

TOO_SLOW = b'"/problems/too-slow"'


@dataclass(frozen=True)
class Retries:
    """Up to `times` more attempts, after pauses that double from `first_seconds` to `most_seconds`, with full jitter.

    Where the service says `Retry-After`, that is kept to instead; more than `longest_seconds` is not waited for. Only
    requests are repeated that do no more when they are sent twice. `random` is for tests.
    """

    times: int = 4
    first_seconds: float = 0.25
    most_seconds: float = 8.0
    longest_seconds: float = 60.0
    random: Callable[[], float] = random.random
    stream_times: int = 20
    """Attempts in a row to take up a broken stream of events: about a minute, so that a restart goes unnoticed."""

    def pause(self, attempt: int, asked: float | None = None) -> float:
        """Seconds to wait after attempt `attempt` (0, 1 …), when the answer asked for `asked` seconds.

        Full jitter between nothing and twice the mean, so that clients that failed together do not come back together;
        never sooner than the service asked.
        """
        most = min(self.first_seconds * 2.0**attempt, self.most_seconds)
        return most * self.random() if asked is None else asked + self.first_seconds * self.random()


def answered(request: Request, retries: Retries, url: str) -> Plan[Response]:
    """A plan for the answer to `request`, sent again as `retries` allows.

    Raises ServiceProblem for what the service refuses, UnexpectedAnswer for what is not its answer, and
    ServiceUnreachable where none came.
    """
    attempt, was_broken = 0, False
    while True:
        reply = whole((yield from exchange(request)))
        pause = _pause(request, reply, retries, attempt)
        if pause is None:
            return _checked(request, reply, url, attempt, was_broken)
        was_broken = was_broken or isinstance(reply, Broken)
        attempt += 1
        yield Wait(pause)


def _pause(request: Request, reply: Response | Broken, retries: Retries, attempt: int) -> float | None:
    """How long to wait before the next attempt; None where there is to be none."""
    if attempt >= retries.times or not request.is_repeatable:
        return None
    if isinstance(reply, Broken):
        return retries.pause(attempt)
    if reply.status not in AGAIN:
        return None
    if TOO_SLOW in reply.content:
        return None  # it would be as slow again, and keep others waiting again
    asked = retry_after(reply.headers)
    return None if (asked or 0) > retries.longest_seconds else retries.pause(attempt, asked)


def _checked(request: Request, reply: Response | Broken, url: str, attempt: int, was_broken: bool) -> Response:
    if isinstance(reply, Broken):
        raise unreachable(url, reply, attempt + 1)
    try:
        return checked(reply)
    except NotFound:
        if request.is_removal and was_broken:
            return Response(204, reply.headers, b"")  # an attempt whose answer was lost has removed it
        raise


def checked(reply: Response) -> Response:
    """The answer, if it is none of an error; else its exception is raised."""
    if 200 <= reply.status < 300:
        return reply
    if reply.status < 400:
        raise UnexpectedAnswer(
            f"The service answered with status {reply.status}, to {reply.headers.get('location', 'nowhere')!r}. "
            "Redirects are not followed, for the key would go along: give the URL that it leads to."
        )
    request_id = reply.headers.get("x-request-id")
    raise problem_of(reply.status, reply.media, reply.content, request_id, retry_after(reply.headers))


def unreachable(url: str, reply: Broken, attempts: int) -> ServiceUnreachable:
    """The error when the last of `attempts` broke."""
    times = "" if attempts == 1 else f", asked {attempts} times"
    return ServiceUnreachable(
        f"No whole answer from {url}{times}: {reply.reason}. Check that the service runs (exposure serve) and that the "
        "URL is its own."
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a Retry-After header in either of its forms; None where there is none, or one that is neither."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
