"""Whether the service is live."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from fastapi import APIRouter, Depends

from exposure import __version__
from service.answers.questions import no_parameters
from service.reference.openapi import problems

router = APIRouter(tags=["service"])


@dataclass(frozen=True, slots=True)
class Health:
    """The service is live."""

    status: Literal["live"]
    version: str


@router.get(
    "/health",
    response_model=Health,
    summary="Whether the service is live",
    response_description="It is live.",
    responses=problems(),
    dependencies=[Depends(no_parameters)],
)
async def health() -> dict[str, Any]:
    """Answers as long as the process takes requests, whatever the state of the timelines."""
    return asdict(Health("live", __version__))
