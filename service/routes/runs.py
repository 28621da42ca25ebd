"""Training runs: their data orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from exposure.api.names import NAME, RootedPath
from exposure.api.resources import RunFacts
from exposure.api.uploads import RunRequest
from service.answers.listing import Listing, gives_one, listed, lists, made, makes_one, single
from service.answers.questions import no_parameters
from service.dependencies import CatalogOf
from service.keys.access import needs
from service.problems import (
    BAD_REQUEST,
    CONFLICT,
    NO_SUCH_ROOT,
    NOT_FOUND,
    READ_ONLY,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    UNUSABLE_INPUT,
)
from service.reference.examples import RUN
from service.reference.openapi import problems
from service.resources import ResourcesOf, changes

router = APIRouter(prefix="/runs", tags=["runs"], dependencies=[Depends(no_parameters)])

RunName = Annotated[
    str, Path(description="The run's name.", examples=["tiny"], json_schema_extra={"pattern": f"^{NAME}$"})
]

_OF_BODY = (BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE, CONFLICT, NO_SUCH_ROOT, UNUSABLE_INPUT, READ_ONLY, UNAVAILABLE)


@router.post(
    "",
    response_model=RunFacts,
    summary="Register a run",
    responses=makes_one(RUN, *_OF_BODY),
    dependencies=[Depends(needs("index")), Depends(changes)],
)
def register(request: Request, asked: RunRequest, resources: ResourcesOf, catalog: CatalogOf) -> Response:
    """Make a run manifest that lies under a root known by a name: `exposure run init` writes them.

    Its census must be there, and everything that it names must lie beneath a root. The same order under the same name
    is the same run: where its shards lie now, and its checkpoints, are taken from the manifest. Another order under a
    name that is taken is refused.
    """
    is_new = resources.runs.register(asked.name, RootedPath(root=asked.root, path=asked.path))
    facts = resources.runs.facts(asked.name, catalog.timelines_of_orders())
    return made(request, RunFacts, facts, f"/v1/runs/{asked.name}", is_new)


@router.get(
    "",
    response_model=Listing[RunFacts],
    summary="The runs",
    responses=lists("Every run, by name.", RUN, UNAVAILABLE),
    dependencies=[Depends(needs("read"))],
)
def runs(request: Request, resources: ResourcesOf, catalog: CatalogOf) -> Response:
    """Every run that was registered; one whose manifest cannot be used is listed with its problem."""
    return listed(request, RunFacts, resources.runs.listed(catalog.timelines_of_orders()))


@router.get(
    "/{run}",
    response_model=RunFacts,
    summary="One run",
    responses=gives_one("What the run is.", RUN, NOT_FOUND, UNAVAILABLE),
    dependencies=[Depends(needs("read"))],
)
def run(request: Request, run: RunName, resources: ResourcesOf, catalog: CatalogOf) -> Response:
    """Steps, sequences of a batch, packing, checkpoints, and the timelines of this very order."""
    return single(request, RunFacts, resources.runs.facts(run, catalog.timelines_of_orders()))


@router.delete(
    "/{run}",
    status_code=204,
    response_class=Response,
    response_description="It is gone.",
    summary="Delete a run",
    responses=problems(NOT_FOUND, CONFLICT, READ_ONLY),
    dependencies=[Depends(needs("admin")), Depends(changes)],
)
def delete(run: RunName, resources: ResourcesOf) -> Response:
    """Forget a run; corpus, census and manifest under the root stay.

    Timelines keep the manifest that they were indexed with. Refused while a job uses it.
    """
    resources.delete("runs", run)
    return Response(status_code=204)
