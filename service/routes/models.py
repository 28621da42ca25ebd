"""The series of checkpoints that requests may name."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from exposure.api.resources import ModelFacts
from service.answers.listing import Listing, listed, lists
from service.answers.questions import no_parameters
from service.dependencies import SettingsOf
from service.keys.access import needs
from service.reference.examples import MODEL
from service.settings import Settings

router = APIRouter(tags=["evaluations"], dependencies=[Depends(needs("read")), Depends(no_parameters)])

LOCAL = "a folder of the service's machine"
"""What stands for a path that clients need not know."""


@router.get(
    "/models",
    response_model=Listing[ModelFacts],
    summary="The models",
    responses=lists("Every series of checkpoints that a request may name, by name.", MODEL),
)
def models(request: Request, settings: SettingsOf) -> Response:
    """The operator's list of models, and where each comes from."""
    rows = [ModelFacts(name, source_of(settings, source)) for name, source in sorted(settings.models.items())]
    return listed(request, ModelFacts, rows)


def source_of(settings: Settings, source: str) -> str:
    """A source as clients may know it: a hub's name as it is, a path from its root on, no other path."""
    shown = settings.public(source)
    is_path = source.startswith(("/", ".", "~")) or ("@" not in source and Path(source).exists())
    return LOCAL if is_path and shown == source else shown
