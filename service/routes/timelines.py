"""Which timelines there are, and what each is."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from exposure.api.timelines import TimelineEntry, TimelineFacts
from service.answers.answering import answer_one
from service.answers.listing import listed, lists
from service.answers.questions import no_parameters
from service.dependencies import CatalogOf, TimelineName
from service.keys.access import needs
from service.problems import CONFLICT, NOT_FOUND, READ_ONLY, UNAVAILABLE
from service.reference.examples import DAMAGED_ENTRY, ENTRY, FACTS
from service.reference.openapi import one_answer, problems
from service.resources import ResourcesOf, changes
from service.timeline_models import TimelineList, facts_of

router = APIRouter(tags=["timelines"], dependencies=[Depends(needs("read")), Depends(no_parameters)])


@router.get(
    "/timelines",
    response_model=TimelineList,
    summary="The timelines",
    responses=lists("Every timeline, by name.", ENTRY, UNAVAILABLE, others=[DAMAGED_ENTRY]),
)
def timelines(request: Request, catalog: CatalogOf) -> Response:
    """Every timeline of the data directory.

    One that is half published or damaged is listed with its problem; asking it is answered with 409.
    """
    return listed(request, TimelineEntry, catalog.entries())


@router.get(
    "/timelines/{timeline}",
    response_model=TimelineFacts,
    summary="One timeline",
    responses=one_answer("What the timeline is.", FACTS),
)
def timeline(request: Request, timeline: TimelineName, catalog: CatalogOf) -> Response:
    """The run, the match rule, the checkpoints, and how far the timeline is covered."""
    with catalog.open(timeline) as opened:
        return answer_one(request, opened, TimelineFacts, lambda: facts_of(timeline, opened))


@router.delete(
    "/timelines/{timeline}",
    status_code=204,
    response_class=Response,
    response_description="It is gone.",
    summary="Delete a timeline",
    responses=problems(NOT_FOUND, CONFLICT, READ_ONLY),
    dependencies=[Depends(needs("admin")), Depends(changes)],
)
def delete(timeline: TimelineName, resources: ResourcesOf) -> Response:
    """Delete a timeline with all its generations. Requests that run are answered; the corpus stays.

    Refused while a job uses it, and while a command writes into it.
    """
    resources.delete("timelines", timeline)
    return Response(status_code=204)
