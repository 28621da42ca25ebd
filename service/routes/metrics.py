"""What the service counts, for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import PlainTextResponse, Response

from service.answers.questions import no_parameters
from service.keys.access import needs
from service.reference.openapi import problems
from service.telemetry.metrics import Metrics

router = APIRouter(tags=["service"], dependencies=[Depends(needs("read")), Depends(no_parameters)])


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    summary="What the service counts",
    responses={
        200: {
            "description": "Metrics in Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "exposure_open_streams 0.0\n"}},
        },
        **problems(),
    },
)
def metrics(request: Request) -> Response:
    """Requests by route and status, their latencies, jobs, event streams, and the process itself.

    Not under /v1, as Prometheus looks for it here.
    """
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
