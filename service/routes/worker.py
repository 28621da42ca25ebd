"""What workers say: claims, heartbeats, lines, outcomes. Never on the threads that questions wait for."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from exposure.api.jobs import Claim, Job, Lease
from service.answers.questions import no_parameters
from service.data_directory import read_identity
from service.dependencies import SettingsOf
from service.errors import ConflictError, JobStoreError
from service.jobs.dependencies import CallerOf, DeskOf, JobId
from service.jobs.describing import OF_BODY, OF_WORKERS, gives
from service.jobs.desk import Desk
from service.jobs.examples import CLAIM, LEASE, QUEUED
from service.jobs.json_answers import said
from service.jobs.worker_words import ClaimRequest, Heartbeat, LinesRequest, OutcomeRequest
from service.keys.access import Caller, needs
from service.problems import CONFLICT, UNAVAILABLE
from service.reference.openapi import Responses, problems
from service.settings import Settings

router = APIRouter(prefix="/worker", tags=["workers"], dependencies=[Depends(needs("worker")), Depends(no_parameters)])

_NOTHING: Responses = {204: {"description": "There was no job for so long."}}


@router.post(
    "/claims",
    response_model=Claim,
    summary="Take up a job",
    responses={
        **gives("The job, and the attempt that holds it now.", asdict(CLAIM), *OF_BODY, CONFLICT, UNAVAILABLE),
        **_NOTHING,
    },
)
async def claim(
    request: Request, asked: ClaimRequest, desk: DeskOf, settings: SettingsOf, caller: CallerOf
) -> Response:
    """The oldest job that can be begun, for a worker that sees the same data directory; 204 where none came in time."""
    await desk.ask(lambda: _refuse_other_directory(settings, asked.directory))
    given = await _claimed(request, asked, desk, caller)
    return Response(status_code=204) if given is None else said(given)


@router.post(
    "/jobs/{job}/heartbeats",
    response_model=Lease,
    summary="Go on holding a job",
    responses=gives(
        "The lease: whether the job was cancelled, and for how long it is held.", asdict(LEASE), *OF_WORKERS
    ),
)
async def heartbeat(job: JobId, told: Heartbeat, desk: DeskOf) -> Response:
    """A whole lease again, from now on."""
    progress = None if told.progress is None else told.progress.progress
    return said(await desk.ask(lambda: desk.store.heartbeat(job, told.attempt, progress)))


@router.post(
    "/jobs/{job}/lines",
    status_code=204,
    response_class=Response,
    summary="Pass on what a job's process said",
    responses={204: {"description": "They are kept."}, **problems(*OF_WORKERS)},
)
async def lines(job: JobId, told: LinesRequest, desk: DeskOf) -> Response:
    """Checkpoints, measurements and notes become events; of progress the newest is kept."""
    kept = [words.line for words in told.lines]
    await desk.ask(lambda: desk.store.add_lines(job, told.attempt, kept, told.said_before))
    return Response(status_code=204)


@router.post(
    "/jobs/{job}/outcome",
    response_model=Job,
    summary="Say how an attempt ended",
    responses=gives("The job, as it is then.", asdict(QUEUED), *OF_WORKERS),
)
async def outcome(job: JobId, told: OutcomeRequest, desk: DeskOf) -> Response:
    """Once for each attempt; said again in the same words it is answered the same."""
    return said(await desk.ask(lambda: desk.store.finish(job, told.attempt, told.outcome)))


def _refuse_other_directory(settings: Settings, directory: str) -> None:
    if directory != read_identity(settings.data):
        raise ConflictError(
            "The worker sees another data directory than the service: the id in its data.json is another. Mount the "
            "service's data directory, and name it with --data."
        )


async def _claimed(request: Request, asked: ClaimRequest, desk: Desk, caller: Caller) -> Claim | None:
    """A claim as soon as there is one; None when the time is over, or the worker has gone.

    Raises JobStoreError once the service is being stopped, so that workers wait before they ask again.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + asked.wait_seconds
    notifier = desk.store.notifier
    with notifier.waiting(asked.kind) as waiter:
        while not notifier.is_closed:
            waiter.rearm()
            if await request.is_disconnected():
                return None
            given = await desk.ask(lambda: desk.store.claim(asked.kind, asked.worker, caller.is_embedded))
            if given is not None or loop.time() >= end:
                return given
            await waiter.wait(end - loop.time())
    raise JobStoreError("The service is being stopped. Ask again when it is back.")
