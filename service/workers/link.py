"""What a worker and its service say to each other, over HTTP: claims, heartbeats, lines, outcomes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from exposure.api.jobs import Claim, Lease
from exposure.api.lines import Line
from exposure.api.requests import JobKind
from exposure.errors import ExposureError, UsageError
from service.errors import StaleAttemptError
from service.jobs.outcome import Outcome

ANSWER_SECONDS = 15.0
"""How long an answer may take, beyond what was asked to wait."""

Answer = TypeVar("Answer")
_CLAIM = TypeAdapter(Claim)
_LEASE = TypeAdapter(Lease)
_TRY_AGAIN = (408, 425, 429)


class UnreachableError(ExposureError):
    """The service does not answer, or cannot now: ask again later."""


class RefusedError(ExposureError):
    """The service will not have it, now or later, as `status` says."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Link:
    """The service at `url`, asked with `key`; each question on a connection of its own. Threads may share it.

    Every method raises UnreachableError and RefusedError; those about a job StaleAttemptError, once it is held no
    longer.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname or place.path not in ("", "/") or place.query:
            raise UsageError(f"--service {url} is not the address of a service. Write it as http://127.0.0.1:8000.")
        self.url = url.rstrip("/")
        self._place = place
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"

    def claim(self, worker: str, kind: JobKind, directory: str, wait_seconds: float) -> Claim | None:
        """The next job of `kind`, or None when there was none for that long."""
        asked = {"worker": worker, "kind": kind, "directory": directory, "wait_seconds": wait_seconds}
        return self._read(_CLAIM, self._post("/v1/worker/claims", asked, wait_seconds))

    def heartbeat(self, job: str, attempt: int) -> Lease:
        """A whole lease again, and whether the job was cancelled."""
        answer = self._post(f"/v1/worker/jobs/{job}/heartbeats", {"attempt": attempt, "progress": None})
        lease = self._read(_LEASE, answer)
        if lease is None:
            raise UnreachableError(f"{self.url} answered a heartbeat with nothing.")
        return lease

    def lines(self, job: str, attempt: int, lines: Sequence[Line], said_before: int) -> None:
        """Pass on what the child said, `said_before` being how many lines this attempt passed on before."""
        told = {"attempt": attempt, "lines": [asdict(line) for line in lines], "said_before": said_before}
        self._post(f"/v1/worker/jobs/{job}/lines", told)

    def outcome(self, job: str, attempt: int, outcome: Outcome) -> None:
        """Say what became of the job; the same may be said again."""
        self._post(f"/v1/worker/jobs/{job}/outcome", {"attempt": attempt, **asdict(outcome)})

    def _read(self, kind: TypeAdapter[Answer], answer: bytes) -> Answer | None:
        try:
            return kind.validate_json(answer) if answer else None
        except ValidationError as error:
            raise UnreachableError(f"{self.url} answered something else than a service does: {error}") from error

    def _post(self, path: str, body: Mapping[str, Any], wait_seconds: float = 0.0) -> bytes:
        content = json.dumps(body, allow_nan=False).encode()
        try:
            status, answer = self._exchange(path, content, wait_seconds + ANSWER_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"{self.url} does not answer ({error or type(error).__name__}).") from error
        if status < 300:
            return answer
        raise self._refusal(path, status, answer)

    def _exchange(self, path: str, content: bytes, seconds: float) -> tuple[int, bytes]:
        is_secure = self._place.scheme == "https"
        kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = kind(str(self._place.hostname), self._place.port, timeout=seconds)
        try:
            connection.request("POST", path, content, self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _refusal(self, path: str, status: int, answer: bytes) -> ExposureError:
        kind, detail = _problem(answer)
        sentence = f"{self.url} answered {status}: {detail}"
        is_of_job = path.startswith("/v1/worker/jobs/")
        if kind.endswith("/stale-attempt") or (is_of_job and status == 404):
            return StaleAttemptError(sentence)
        if status >= 500 or status in _TRY_AGAIN:
            return UnreachableError(sentence)
        return RefusedError(sentence, status)


def _problem(answer: bytes) -> tuple[str, str]:
    """(type, detail) of a problem; of an answer by somebody else, its beginning."""
    try:
        fields = json.loads(answer)
        return str(fields.get("type", "")), str(fields["detail"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", answer[:200].decode("utf-8", "replace")
