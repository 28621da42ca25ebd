"""Jobs: what was asked for that takes long, and how far it is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from exposure.api.jobs import Job
from service.answers.listing import Page, lists, paged
from service.answers.questions import no_parameters, once
from service.jobs.dependencies import CallerOf, DeskOf, JobId, JobsOf
from service.jobs.describing import OF_JOBS, gives, streams
from service.jobs.events import EventPage
from service.jobs.examples import CURSOR, QUEUED, RUNNING
from service.jobs.job_parameters import ONCE, EventsParameters, JobsParameters
from service.jobs.json_answers import revalidated, said
from service.jobs.streams import followed, present
from service.keys.access import Scope, needs, refuse_without
from service.problems import NOT_FOUND
from service.reference.openapi import Responses

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(needs("read"))])

_REVALIDATED: Responses = {
    304: {"description": "Nothing has changed since the answer whose ETag was sent as If-None-Match."},
}
_SCOPES: dict[str, Scope] = {"index": "index", "evaluate": "evaluate"}


@router.get(
    "",
    response_model=Page[Job],
    summary="The jobs",
    responses=lists("The newest first.", QUEUED, *OF_JOBS, following=CURSOR),
    dependencies=[Depends(once(*ONCE))],
)
def jobs(request: Request, asked: Annotated[JobsParameters, Query()], jobs: JobsOf) -> Response:
    """Jobs that fit all filters, a page at a time; jobs that come meanwhile shift nothing.

    Other forms than JSON have the way to the next page in the Link header, as JSON has too.
    """
    page = jobs.list(asked.filter, asked.cursor, asked.limit)
    return paged(request, Job, page.jobs, page.next)


@router.get(
    "/{job}",
    response_model=Job,
    summary="One job",
    responses={**gives("The job, as it is now.", asdict(RUNNING), NOT_FOUND), **_REVALIDATED},
    dependencies=[Depends(no_parameters)],
)
def job(request: Request, job: JobId, jobs: JobsOf) -> Response:
    """Its state, how far it is, and in the end its result or its problem; the ETag changes when any of it does."""
    return revalidated(request, jobs.get(job))


@router.get(
    "/{job}/events",
    response_class=Response,
    summary="What happens to a job",
    responses=streams(),
    dependencies=[Depends(once("wait"))],
)
async def events(
    job: JobId,
    asked: Annotated[EventsParameters, Query()],
    desk: DeskOf,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            pattern=r"^[0-9]{0,18}$",
            description="The id of the last event that was seen. Left out: from the first that is kept.",
            examples=["0"],
        ),
    ] = None,
) -> Response:
    """Server-sent events, until that of a final state; an ended job with nothing more to tell is answered with 204.

    With `wait=false`, what there is now as NDJSON.
    """
    after = int(last_event_id or 0)
    if not asked.wait:
        return await present(desk, job, after)
    page = await desk.read(lambda: desk.store.events_page(job, after, 1))
    return Response(status_code=204) if page == EventPage((), is_last=True) else followed(desk, job, after)


@router.delete(
    "/{job}",
    response_model=Job,
    summary="Cancel a job",
    responses=gives("The job: cancelled, being cancelled, or as it ended before.", asdict(QUEUED), NOT_FOUND),
    dependencies=[Depends(no_parameters)],
)
def cancel(job: JobId, jobs: JobsOf, caller: CallerOf) -> Response:
    """Cancelled at once when it is queued; its worker ends it within seconds when it runs. What is finished stays.

    Needs the scope of the job's kind.
    """
    refuse_without(_SCOPES[jobs.get(job).kind], caller)
    return said(jobs.cancel(job))
