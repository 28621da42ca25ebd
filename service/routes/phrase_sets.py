"""Critical phrases."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from exposure.api.resources import PhraseRow, PhraseSetFacts
from exposure.api.uploads import PhraseSetRequest
from service.answers.cursors import CURSOR, LIMIT, Cursor, Limit
from service.answers.listing import (
    Listing,
    Page,
    gives_one,
    listed,
    lists,
    made,
    makes_one,
    paged_when_changed,
    pages,
    single,
)
from service.answers.questions import Text, no_parameters, once
from service.dependencies import JsonBodyOf
from service.keys.access import needs
from service.problems import CONFLICT, NOT_FOUND, READ_ONLY, UNAVAILABLE
from service.reference.examples import PHRASE_ROW, PHRASE_SET
from service.reference.openapi import json_body, problems
from service.resources import ResourcesOf, changes
from service.routes.pair_sets import OF_UPLOAD, SetId

router = APIRouter(prefix="/phrase-sets", tags=["pairs"])


class RowParameters(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    uid: list[Text] = Field(default=[], description="Only these paradigms. Repeatable.", examples=[["dna"]])
    phenomenon: list[Text] = Field(
        default=[], description="Only these phenomena. Repeatable.", examples=[["agreement"]]
    )
    side: Literal["good", "bad"] | None = Field(default=None, description="Only this side.", examples=["good"])
    limit: Limit = Field(default=1000, description=LIMIT, examples=[1000])
    cursor: Cursor | None = Field(default=None, description=CURSOR, examples=["eyJhdCI6IDF9"])


@router.post(
    "",
    response_model=PhraseSetFacts,
    summary="Send phrases",
    responses=makes_one(PHRASE_SET, NOT_FOUND, *OF_UPLOAD),
    dependencies=[Depends(needs("index")), Depends(changes), Depends(no_parameters)],
    openapi_extra=json_body(PhraseSetRequest),
)
def make(request: Request, body: JsonBodyOf, resources: ResourcesOf) -> Response:
    """Keep phrases to look for: a list, the critical phrases of a pair set, or a phrase file under a root.

    The id is made from the phrase file, as that of the phrase sets that a timeline keeps: the same file has the same id
    in both places. Own `rules` come before the default ones.
    """
    name, is_new = resources.sets.make("phrase_set", body)
    return made(request, PhraseSetFacts, resources.phrase_sets.facts(name), f"/v1/phrase-sets/{name}", is_new)


@router.get(
    "",
    response_model=Listing[PhraseSetFacts],
    summary="The phrase sets",
    responses=lists("Every phrase set, by id.", PHRASE_SET),
    dependencies=[Depends(needs("read")), Depends(no_parameters)],
)
def phrase_sets(request: Request, resources: ResourcesOf) -> Response:
    """Every phrase set that jobs may name; one that is damaged is listed with its problem."""
    return listed(request, PhraseSetFacts, resources.phrase_sets.listed())


@router.get(
    "/{id}",
    response_model=PhraseSetFacts,
    summary="One phrase set",
    responses=gives_one("What the phrase set is.", PHRASE_SET, NOT_FOUND, UNAVAILABLE),
    dependencies=[Depends(needs("read")), Depends(no_parameters)],
)
def phrase_set(request: Request, name: SetId, resources: ResourcesOf) -> Response:
    """How many rows and different phrases it has, and the pairs of its paradigms."""
    return single(request, PhraseSetFacts, resources.phrase_sets.facts(name))


@router.get(
    "/{id}/phrases",
    response_model=Page[PhraseRow],
    summary="The rows of a phrase set",
    responses=pages("A page of rows, in the order of the file.", PHRASE_ROW, NOT_FOUND, UNAVAILABLE),
    dependencies=[Depends(needs("read")), Depends(once("side", "limit", "cursor"))],
)
def phrases(
    request: Request, name: SetId, asked: Annotated[RowParameters, Query()], resources: ResourcesOf
) -> Response:
    """One row for each side of each pair: its critical phrase, or the reason why there is none."""
    wanted: dict[str, list[str]] = {
        "uid": asked.uid,
        "phenomenon": asked.phenomenon,
        "side": [asked.side] if asked.side else [],
    }
    rows, following = resources.phrase_sets.rows(name, wanted, asked.cursor, asked.limit)
    return paged_when_changed(request, PhraseRow, name, lambda: (rows, following))


@router.delete(
    "/{id}",
    status_code=204,
    response_class=Response,
    response_description="It is gone.",
    summary="Delete a phrase set",
    responses=problems(NOT_FOUND, CONFLICT, READ_ONLY),
    dependencies=[Depends(needs("admin")), Depends(changes), Depends(no_parameters)],
)
def delete(name: SetId, resources: ResourcesOf) -> Response:
    """Delete phrases; timelines keep those that they were indexed with.

    Refused while a job uses it, and while it holds the critical phrases of a pair set.
    """
    resources.delete("phrase-sets", name)
    return Response(status_code=204)
