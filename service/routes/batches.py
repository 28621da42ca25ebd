"""What a training step was trained on, and the text around exposures: read back from corpora."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from exposure.api.corpus import BatchRow, Context
from service.answers.answering import answer
from service.answers.questions import MAX_STEP, PhraseParameters, once, refuse_excess
from service.answers.rendering import negotiate, render
from service.answers.revalidation import HEADERS
from service.dependencies import CatalogOf, SettingsOf, TimelineName
from service.errors import NotIndexedError
from service.keys.access import needs
from service.problems import (
    BUSY,
    LIMIT_EXCEEDED,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_INDEXED,
    QUESTION,
    TOO_SLOW,
    UNAVAILABLE,
)
from service.reference.examples import BATCH_ROW, CONTEXT
from service.reference.openapi import answers, forms, problems
from service.resources import ResourcesOf
from service.routes.runs import RunName
from service.timeline_models import TimelineAnswers

router = APIRouter(tags=["runs"], dependencies=[Depends(needs("read"))])

_OF_READING = (QUESTION, BUSY, TOO_SLOW)
_BATCH = {"run": "tiny", "answers": [asdict(BATCH_ROW)]}
MAX_WIDTH = 10_000
"""Characters on each side of an exposure."""


class RunAnswers(BaseModel):
    """The rows of one batch."""

    run: str = Field(description="The run that was asked.")
    answers: list[BatchRow]


class BatchParameters(BaseModel):
    """One sequence, or all."""

    model_config = ConfigDict(extra="forbid")

    sequence: Annotated[int, Field(ge=0, le=MAX_STEP)] | None = Field(
        default=None, description="Only this sequence of the batch, from 0. Left out: all.", examples=[0]
    )


class ContextParameters(PhraseParameters):
    """One phrase, and how much text."""

    width: Annotated[int, Field(ge=0, le=MAX_WIDTH)] = Field(
        default=60, description="Characters on each side of the exposure.", examples=[60]
    )


@router.get(
    "/runs/{run}/batches/{step}",
    response_model=RunAnswers,
    summary="What a training step was trained on",
    responses={
        200: {"description": "The sequences of the batch, in order.", "content": forms(_BATCH)},
        **problems(NOT_FOUND, NOT_ACCEPTABLE, UNAVAILABLE, *_OF_READING),
    },
    dependencies=[Depends(once("sequence"))],
)
def batch(
    request: Request,
    run: RunName,
    step: Annotated[int, Path(ge=1, le=MAX_STEP, description="Step N consumed batch N − 1.", examples=[2])],
    asked: Annotated[BatchParameters, Query()],
    resources: ResourcesOf,
) -> Response:
    """The text that training step `step` consumed, as the run packed it; read back from the corpus."""
    media = negotiate(request.headers.get("accept"))
    return render(BatchRow, resources.corpora.batch(run, step, asked.sequence), media, {"run": run}, HEADERS)


@router.get(
    "/timelines/{timeline}/contexts",
    response_model=TimelineAnswers[Context],
    summary="The first exposures of a phrase, in their text",
    responses=answers("The first exposures, in order of training.", CONTEXT, NOT_INDEXED, LIMIT_EXCEEDED, *_OF_READING),
    dependencies=[Depends(once("phrase", "width"))],
)
def contexts(
    request: Request,
    timeline: TimelineName,
    asked: Annotated[ContextParameters, Query()],
    catalog: CatalogOf,
    settings: SettingsOf,
    resources: ResourcesOf,
) -> Response:
    """The exposures that the timeline keeps, with `width` characters around each; read back from the corpus.

    The corpus must lie beneath a root of the service: where the registered run of this order says, or else where it was
    when it was indexed.
    """
    refuse_excess([asked.phrase], settings)
    with catalog.open(timeline) as opened:
        if not opened.timeline.has_phrase(asked.phrase):
            raise NotIndexedError(
                f"{asked.phrase!r} is not indexed in {timeline}: it was never looked for. Index it first."
            )
        return answer(request, opened, Context, lambda: resources.corpora.contexts(opened, asked.phrase, asked.width))
