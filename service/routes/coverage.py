"""What has been scanned."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from exposure.answers import CoverageAnswer
from service.answers.answering import answer
from service.answers.questions import no_parameters
from service.dependencies import CatalogOf, TimelineName
from service.keys.access import needs
from service.reference.examples import COVERAGE
from service.reference.openapi import answers
from service.timeline_models import TimelineAnswers

router = APIRouter(
    prefix="/timelines/{timeline}", tags=["timelines"], dependencies=[Depends(needs("read")), Depends(no_parameters)]
)


@router.get(
    "/coverage",
    response_model=TimelineAnswers[CoverageAnswer],
    summary="What has been scanned",
    responses=answers("One answer for each group of phrases that was indexed together.", COVERAGE),
)
def coverage(request: Request, timeline: TimelineName, catalog: CatalogOf) -> Response:
    """Up to `covered_through`, "not seen" can be said; beyond it, a phrase that was not found is unknown."""
    with catalog.open(timeline) as opened:
        return answer(request, opened, CoverageAnswer, opened.timeline.coverage)
