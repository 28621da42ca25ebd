"""What the routes of jobs are given: the store, who asks, and the names and headers that they share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from service.errors import ParameterError, ReadOnlyError
from service.jobs.desk import Desk
from service.jobs.store import JobStore
from service.keys.access import Caller


async def _desk(request: Request) -> Desk:
    desk: Desk | None = request.app.state.desk
    if desk is None:
        raise ReadOnlyError("This service only answers: it has no jobs. Ask one that was started without --read-only.")
    return desk


async def _jobs(request: Request) -> JobStore:
    return (await _desk(request)).store


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _idempotency_key(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            pattern=r"^[!-~]{1,200}$",
            description="The same key with the same request is the same job, for ever. 1 to 200 printable ASCII "
            "characters, no spaces.",
            examples=["5c0f8a52-9b4e-4a57-8a0f-2f3b8f3b9a11"],
        ),
    ] = None,
) -> str | None:
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise ParameterError("The header Idempotency-Key was given more than once. Give one.")
    return key


DeskOf = Annotated[Desk, Depends(_desk)]
JobsOf = Annotated[JobStore, Depends(_jobs)]
CallerOf = Annotated[Caller, Depends(_caller)]
IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
JobId = Annotated[
    str,
    Path(description="The job's id.", examples=["6f0c2d9a51b84e77"], json_schema_extra={"pattern": "^[0-9a-f]{16}$"}),
]
