"""When phrases were first seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from exposure.answers import FirstSeen
from exposure.phrase_lookup import FEW
from service.answers.answering import answer
from service.answers.questions import FirstSeenParameters, no_parameters, once, refuse_excess
from service.bodies.phrase_body import AskedPhrases, asked_phrases
from service.catalog import Catalog
from service.dependencies import CatalogOf, SettingsOf, TimelineName
from service.keys.access import needs
from service.problems import BAD_REQUEST, LIMIT_EXCEEDED, UNSUPPORTED_MEDIA_TYPE
from service.reference.examples import FIRST_SEEN
from service.reference.openapi import answers, phrase_body
from service.resources import ResourcesOf
from service.threads import Pool, in_threads
from service.timeline_models import TimelineAnswers

router = APIRouter(prefix="/timelines/{timeline}/first-seen", tags=["questions"], dependencies=[Depends(needs("read"))])

SHORT_BYTES = 256
"""A body that is no longer asks for a few phrases only."""

_OF_BODY = (BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE, LIMIT_EXCEEDED)


@router.get(
    "",
    response_model=TimelineAnswers[FirstSeen],
    summary="When a few phrases were first seen",
    responses=answers(
        "One answer for each form in which a phrase is indexed, in the order asked.", FIRST_SEEN, LIMIT_EXCEEDED
    ),
    dependencies=[Depends(once("at_step"))],
)
async def first_seen(
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
    pool: Pool = "short" if len(asked.phrase) <= FEW else "long"
    return await in_threads(pool, lambda: _few(request, catalog, timeline, asked))


@router.post(
    "",
    response_model=TimelineAnswers[FirstSeen],
    summary="When many phrases were first seen",
    responses=answers("As GET answers.", FIRST_SEEN, *_OF_BODY, is_revalidated=False),
    dependencies=[Depends(no_parameters)],
    openapi_extra=phrase_body(),
)
async def first_seen_of_many(
    request: Request, timeline: TimelineName, catalog: CatalogOf, settings: SettingsOf, resources: ResourcesOf
) -> Response:
    """As GET, for up to 100,000 phrases (unless the service was set to another limit)."""
    body, content_type = await request.body(), request.headers.get("content-type", "")
    ask = partial(asked_phrases, body, content_type, settings.limits, resources.body_readers)
    pool: Pool = "short" if len(body) <= SHORT_BYTES else "long"
    return await in_threads(pool, lambda: _many(request, catalog, timeline, ask))


def _few(request: Request, catalog: Catalog, timeline: str, asked: FirstSeenParameters) -> Response:
    with catalog.open(timeline) as opened:
        return answer(request, opened, FirstSeen, lambda: opened.timeline.first_seen(asked.phrase, asked.at_step))


def _many(request: Request, catalog: Catalog, timeline: str, ask: Callable[[], AskedPhrases]) -> Response:
    asked = ask()
    with catalog.open(timeline) as opened:
        return answer(
            request, opened, FirstSeen, lambda: opened.timeline.first_seen_table(asked.phrases, asked.at_step)
        )
