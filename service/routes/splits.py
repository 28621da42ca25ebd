"""Proxy-train and proxy-validation, of the phrase sets that a timeline keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from exposure.api.resources import PhraseSetFacts
from exposure.splits import PairSplit, ParadigmSplit, SplitRequest, by_paradigm, split_pairs
from exposure.timeline import Timeline
from service.answers.answering import answer
from service.answers.questions import SplitQuestion, no_parameters
from service.catalog import Catalog
from service.dependencies import CatalogOf, TimelineName
from service.keys.access import needs
from service.problems import BAD_REQUEST, QUESTION, UNSUPPORTED_MEDIA_TYPE
from service.reference.examples import PARADIGM_SPLIT, PHRASE_SET
from service.reference.openapi import answers
from service.threads import in_threads
from service.timeline_models import TimelineAnswers
from service.timeline_phrase_sets import TimelinePhraseSets, digest

router = APIRouter(
    prefix="/timelines/{timeline}", tags=["splits"], dependencies=[Depends(needs("read")), Depends(no_parameters)]
)

_OF_BODY = (BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE, QUESTION)


@router.get(
    "/phrase-sets",
    response_model=TimelineAnswers[PhraseSetFacts],
    summary="The phrase sets of a timeline",
    responses=answers("Every phrase set, and how many pairs each of its paradigms has.", PHRASE_SET),
)
def phrase_sets(request: Request, timeline: TimelineName, catalog: CatalogOf) -> Response:
    """The phrase files that the timeline was indexed with, under ids made from their content."""
    with catalog.open(timeline) as opened:
        # A phrase set can be added without a new generation, when its phrases are all there.
        validator = f"{opened.digest}-{digest(opened.timeline)}"
        return answer(request, opened, PhraseSetFacts, lambda: catalog.phrase_sets.listed(opened.timeline), validator)


@router.post(
    "/splits",
    response_model=TimelineAnswers[ParadigmSplit] | TimelineAnswers[PairSplit],
    summary="Which pairs had been exposed",
    responses=answers("Counts by paradigm, or every pair.", PARADIGM_SPLIT, *_OF_BODY, is_revalidated=False),
)
async def splits(request: Request, timeline: TimelineName, asked: SplitQuestion, catalog: CatalogOf) -> Response:
    """Split pairs into proxy-train (exposed) and proxy-validation (not exposed).

    A pair whose exposure is not known stands in neither. Where exposure on the bad side means nothing (flag
    bad_grammatical_elsewhere), only `sides` good is answered; the others are counted as refused.
    """
    return await in_threads("long", lambda: _splits(request, timeline, asked, catalog))


def _splits(request: Request, timeline: str, asked: SplitQuestion, catalog: Catalog) -> Response:
    kind = ParadigmSplit if asked.by == "paradigm" else PairSplit
    with catalog.open(timeline) as opened:
        return answer(request, opened, kind, lambda: _split(opened.timeline, catalog.phrase_sets, asked))


def _split(timeline: Timeline, phrase_sets: TimelinePhraseSets, asked: SplitQuestion) -> Sequence[Any]:
    request = SplitRequest(asked.policy, asked.at_step, asked.sides, asked.include_flagged)
    pairs = split_pairs(timeline, phrase_sets.chosen(timeline, asked.phrase_set, asked.uids), request)
    return by_paradigm(pairs) if asked.by == "paradigm" else pairs
