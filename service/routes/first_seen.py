"""When phrases were first seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from exposure.answers import FirstSeen
from service.access import needs
from service.answering import answer
from service.answers import Answers
from service.catalog import Catalog
from service.dependencies import CatalogOf, SettingsOf, TimelineName
from service.examples import FIRST_SEEN
from service.openapi import answers
from service.problems import BAD_REQUEST, LIMIT_EXCEEDED, UNSUPPORTED_MEDIA_TYPE
from service.questions import FirstSeenParameters, FirstSeenQuestion, no_parameters, once, refuse_excess

router = APIRouter(prefix="/timelines/{timeline}/first-seen", tags=["questions"], dependencies=[Depends(needs("read"))])

_OF_BODY = (BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE, LIMIT_EXCEEDED)


@router.get(
    "",
    response_model=Answers[FirstSeen],
    summary="When a few phrases were first seen",
    responses=answers(
        "One answer for each form in which a phrase is indexed, in the order asked.", FIRST_SEEN, LIMIT_EXCEEDED
    ),
    dependencies=[Depends(once("at_step"))],
)
def first_seen(
    request: Request,
    timeline: TimelineName,
    asked: Annotated[FirstSeenParameters, Query()],
    catalog: CatalogOf,
    settings: SettingsOf,
) -> Response:
    """When each phrase was first seen, and how often; with `at_step`, as that checkpoint had it.

    A phrase that was never looked for is `not_indexed`, which is not the same as never seen.
    """
    refuse_excess(asked.phrase, settings)
    return _answer(request, catalog, timeline, asked.phrase, asked.at_step)


@router.post(
    "",
    response_model=Answers[FirstSeen],
    summary="When many phrases were first seen",
    responses=answers("As GET answers.", FIRST_SEEN, *_OF_BODY, is_revalidated=False),
    dependencies=[Depends(no_parameters)],
)
def first_seen_of_many(
    request: Request, timeline: TimelineName, asked: FirstSeenQuestion, catalog: CatalogOf, settings: SettingsOf
) -> Response:
    """As GET, for up to 100,000 phrases (unless the service was set to another limit)."""
    refuse_excess(asked.phrases, settings)
    return _answer(request, catalog, timeline, asked.phrases, asked.at_step)


def _answer(request: Request, catalog: Catalog, timeline: str, phrases: Sequence[str], at_step: int | None) -> Response:
    with catalog.open(timeline) as opened:
        return answer(request, opened, FirstSeen, lambda: opened.timeline.first_seen(phrases, at_step))
