"""What an evaluation measured, and what each checkpoint made of each pair."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from exposure.api.resources import ItemScore
from exposure.measurement import Measurement
from service.answers.listing import Page, PageRows, paged_when_changed
from service.answers.questions import once
from service.dependencies import SettingsOf
from service.evaluations import examples
from service.evaluations.dependencies import EvaluationOf
from service.evaluations.item_rows import Items
from service.evaluations.measurement_rows import MeasurementFile
from service.evaluations.page_cursors import page_cursor, page_place
from service.evaluations.pages import Asked
from service.evaluations.row_parameters import ItemParameters, MeasurementParameters
from service.keys.access import needs
from service.problems import CONFLICT, INVALID_REQUEST, LIMIT_EXCEEDED, QUESTION

router = APIRouter(prefix="/evaluations/{evaluation}", dependencies=[Depends(needs("read"))])

_OF_PAGES = (CONFLICT, INVALID_REQUEST, LIMIT_EXCEEDED)
_ONCE = ("from_step", "to_step", "limit", "cursor", "phenomenon", "split", "convention")


@router.get(
    "/measurements",
    response_model=Page[Measurement],
    summary="What was measured",
    responses=examples.page_of_rows(
        "One row a measure, group, part and step, in this order: measure, level, group, split, step.",
        examples.MEASUREMENT,
        *_OF_PAGES,
    ),
    dependencies=[Depends(once(*_ONCE, "level", "group"))],
)
def measurements(
    request: Request, evaluation: EvaluationOf, asked: Annotated[MeasurementParameters, Query()], settings: SettingsOf
) -> Response:
    """The long table of all measures. Parameters narrow it; a name that nothing has is answered with 404.

    With `limit` it comes in pages, all of one state of the evaluation: when it is measured again meanwhile, the next
    page is refused with 409.
    """
    file = MeasurementFile(evaluation)
    state = evaluation.validator()

    def make() -> PageRows:
        page = Asked(page_place(asked.cursor, asked.digest, state), asked.limit, settings.limits.result_rows)
        planned = file.plan(asked, page)
        end = page.start + len(planned.places)
        return file.batches(planned), page_cursor(end, asked.digest, state) if planned.has_more else None

    return paged_when_changed(request, Measurement, state, make)


@router.get(
    "/items",
    response_model=Page[ItemScore],
    summary="What each checkpoint made of each pair",
    responses=examples.page_of_rows(
        "One row a checkpoint and pair: by step, then in the order of the pairs.",
        examples.ITEM,
        *(*_OF_PAGES, QUESTION),
    ),
    dependencies=[Depends(once(*_ONCE, "pair_id"))],
)
def items(
    request: Request, evaluation: EvaluationOf, asked: Annotated[ItemParameters, Query()], settings: SettingsOf
) -> Response:
    """Scores of both sides, their difference, whether that is right, and the pair's part. Needs steps or paradigms.

    Scores are log-probabilities in nats, normed as the convention says. A pair that the method does not apply to has
    none. Pages are refused with 409 once the checkpoints that are asked for are others.
    """
    found = Items.of(evaluation, asked)
    state = found.state

    def make() -> PageRows:
        page = Asked(page_place(asked.cursor, asked.digest, state), asked.limit, settings.limits.result_rows)
        rows = found.planned(page)
        return found.batches(rows), page_cursor(rows.stop, asked.digest, state) if rows.stop < len(found) else None

    return paged_when_changed(request, ItemScore, state, make)
