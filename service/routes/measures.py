"""What can be measured."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from evaluator.measure_specs import MEASURES
from exposure.api.resources import MeasureFacts
from service.answers.listing import Listing, listed, lists
from service.answers.questions import no_parameters
from service.keys.access import needs

router = APIRouter(tags=["evaluations"], dependencies=[Depends(needs("read")), Depends(no_parameters)])


@router.get(
    "/measures",
    response_model=Listing[MeasureFacts],
    summary="What can be measured",
    responses=lists("Every measure.", MEASURES["accuracy"]),
)
def measures(request: Request) -> Response:
    """The measures that evaluations write: what their values mean, and what a request names to have them."""
    return listed(request, MeasureFacts, list(MEASURES.values()))
