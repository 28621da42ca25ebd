"""Minimal pairs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from exposure.api.names import DIGEST
from exposure.api.pairs import PairRow
from exposure.api.resources import PairSetFacts
from exposure.api.uploads import PairSetRequest
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
from service.problems import (
    BAD_REQUEST,
    BUSY,
    CONFLICT,
    LIMIT_EXCEEDED,
    NO_SUCH_ROOT,
    NOT_FOUND,
    READ_ONLY,
    TOO_SLOW,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    UNUSABLE_INPUT,
)
from service.reference.examples import PAIR_ROW, PAIR_SET
from service.reference.openapi import json_body, problems
from service.resources import ResourcesOf, changes
from service.sets.pair_sets import RowFilter

router = APIRouter(prefix="/pair-sets", tags=["pairs"])

SetId = Annotated[
    str,
    Path(
        alias="id",
        description="The id of the set.",
        examples=[PAIR_SET.id],
        json_schema_extra={"pattern": f"^{DIGEST}$"},
    ),
]

OF_UPLOAD = (
    BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE, LIMIT_EXCEEDED, NO_SUCH_ROOT, UNUSABLE_INPUT, READ_ONLY, UNAVAILABLE,
    BUSY, TOO_SLOW,
)  # fmt: skip
"""What can be wrong with making a set."""


class PairParameters(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    uid: list[Text] = Field(default=[], description="Only these paradigms. Repeatable.", examples=[["dna"]])
    phenomenon: list[Text] = Field(
        default=[], description="Only these phenomena. Repeatable.", examples=[["agreement"]]
    )
    limit: Limit = Field(default=1000, description=LIMIT, examples=[1000])
    cursor: Cursor | None = Field(default=None, description=CURSOR, examples=["eyJhdCI6IDF9"])


@router.post(
    "",
    response_model=PairSetFacts,
    summary="Send minimal pairs",
    responses=makes_one(PAIR_SET, *OF_UPLOAD),
    dependencies=[Depends(needs("evaluate")), Depends(changes), Depends(no_parameters)],
    openapi_extra=json_body(PairSetRequest),
)
def make(request: Request, body: JsonBodyOf, resources: ResourcesOf) -> Response:
    """Keep minimal pairs under an id made from them: exactly the same pairs in the same order have the same id.

    Their critical phrases by the default rules become a phrase set (`phrase_set`); where a paradigm has no rule and
    names no phrases, `no_phrases` says so.
    """
    name, is_new = resources.sets.make("pair_set", body)
    return made(request, PairSetFacts, resources.pair_sets.facts(name), f"/v1/pair-sets/{name}", is_new)


@router.get(
    "",
    response_model=Listing[PairSetFacts],
    summary="The pair sets",
    responses=lists("Every pair set, by id.", PAIR_SET),
    dependencies=[Depends(needs("read")), Depends(no_parameters)],
)
def pair_sets(request: Request, resources: ResourcesOf) -> Response:
    """Every pair set; one that is damaged is listed with its problem."""
    return listed(request, PairSetFacts, resources.pair_sets.listed())


@router.get(
    "/{id}",
    response_model=PairSetFacts,
    summary="One pair set",
    responses=gives_one("What the pair set is.", PAIR_SET, NOT_FOUND, UNAVAILABLE),
    dependencies=[Depends(needs("read")), Depends(no_parameters)],
)
def pair_set(request: Request, name: SetId, resources: ResourcesOf) -> Response:
    """How many pairs each of its paradigms has, and the phrase set of its critical phrases."""
    return single(request, PairSetFacts, resources.pair_sets.facts(name))


@router.get(
    "/{id}/pairs",
    response_model=Page[PairRow],
    summary="The pairs of a pair set",
    responses=pages("A page of rows, in the order of the set.", PAIR_ROW, NOT_FOUND, UNAVAILABLE),
    dependencies=[Depends(needs("read")), Depends(once("limit", "cursor"))],
)
def pairs(request: Request, name: SetId, asked: Annotated[PairParameters, Query()], resources: ResourcesOf) -> Response:
    """Rows as they were sent; sent again, they make the same set."""
    wanted = RowFilter(frozenset(asked.uid), frozenset(asked.phenomenon))
    rows, following = resources.pair_sets.rows(name, wanted, asked.cursor, asked.limit)
    return paged_when_changed(request, PairRow, name, lambda: (rows, following))


@router.delete(
    "/{id}",
    status_code=204,
    response_class=Response,
    response_description="It is gone.",
    summary="Delete a pair set",
    responses=problems(NOT_FOUND, CONFLICT, READ_ONLY),
    dependencies=[Depends(needs("admin")), Depends(changes), Depends(no_parameters)],
)
def delete(name: SetId, resources: ResourcesOf) -> Response:
    """Delete minimal pairs; their phrase set stays, and evaluations keep the pairs that they scored.

    Refused while a job uses it.
    """
    resources.delete("pair-sets", name)
    return Response(status_code=204)
