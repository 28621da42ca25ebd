"""How often a phrase had been seen, by checkpoint, and where it was seen first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from exposure.answers import ExposureAnswer, HistoryPoint
from exposure.timeline import Timeline
from service.answers.answering import answer
from service.answers.questions import HistoryParameters, PhraseParameters, once, refuse_excess
from service.catalog import Catalog
from service.dependencies import CatalogOf, SettingsOf, TimelineName
from service.errors import NotIndexedError
from service.keys.access import needs
from service.problems import LIMIT_EXCEEDED, NOT_INDEXED
from service.reference.examples import EXPOSURE, HISTORY_POINT
from service.reference.openapi import answers
from service.threads import in_threads
from service.timeline_models import TimelineAnswers

router = APIRouter(
    prefix="/timelines/{timeline}", tags=["questions"], dependencies=[Depends(needs("read")), Depends(once("phrase"))]
)


@router.get(
    "/history",
    response_model=TimelineAnswers[HistoryPoint],
    summary="How often a phrase had been seen, by checkpoint",
    responses=answers(
        "One point for each form of the phrase and each step, in the order of steps.",
        HISTORY_POINT,
        NOT_INDEXED,
        LIMIT_EXCEEDED,
    ),
)
async def history(
    request: Request,
    timeline: TimelineName,
    asked: Annotated[HistoryParameters, Query()],
    catalog: CatalogOf,
    settings: SettingsOf,
) -> Response:
    """How often a phrase had been seen by each checkpoint, or by each `at_step`.

    Counts are exact at the edges of the timeline's buckets; between them they are an interval, `count` to `count_high`.
    """
    refuse_excess([asked.phrase], settings)
    return await in_threads("short", lambda: _history(request, catalog, timeline, asked))


@router.get(
    "/exposures",
    response_model=TimelineAnswers[ExposureAnswer],
    summary="The first exposures of a phrase",
    responses=answers(
        "The first exposures, in order of training; none where it was not seen.", EXPOSURE, NOT_INDEXED, LIMIT_EXCEEDED
    ),
)
async def exposures(
    request: Request,
    timeline: TimelineName,
    asked: Annotated[PhraseParameters, Query()],
    catalog: CatalogOf,
    settings: SettingsOf,
) -> Response:
    """The first `keep_first` exposures of a phrase, exactly: where in the run, and where in the corpus."""
    refuse_excess([asked.phrase], settings)
    return await in_threads("short", lambda: _exposures(request, catalog, timeline, asked))


def _history(request: Request, catalog: Catalog, timeline: str, asked: HistoryParameters) -> Response:
    with catalog.open(timeline) as opened:

        def confirm() -> None:
            _refuse_not_indexed(opened.timeline, asked.phrase, timeline)

        def ask() -> list[HistoryPoint]:
            points = opened.timeline.history(asked.phrase, asked.at_step)
            if not points:
                confirm()
            return points

        return answer(request, opened, HistoryPoint, ask, confirm=confirm)


def _exposures(request: Request, catalog: Catalog, timeline: str, asked: PhraseParameters) -> Response:
    with catalog.open(timeline) as opened:

        def confirm() -> None:
            _refuse_not_indexed(opened.timeline, asked.phrase, timeline)

        def ask() -> list[ExposureAnswer]:
            found = opened.timeline.exposures(asked.phrase)
            if not found:
                confirm()
            return found

        return answer(request, opened, ExposureAnswer, ask, confirm=confirm)


def _refuse_not_indexed(timeline: Timeline, phrase: str, name: str) -> None:
    if not timeline.has_phrase(phrase):
        raise NotIndexedError(
            f"{phrase!r} is not indexed in {name}: it was never looked for. Index it there, with POST /v1/index-jobs."
        )
