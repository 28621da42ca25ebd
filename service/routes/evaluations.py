"""Evaluations, and what they measured."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from evaluator.report.lag_rows import LagRow
from evaluator.report.paradigm_rows import ParadigmRow
from evaluator.report.split_rows import SplitRow
from exposure.api.names import NAME
from exposure.api.resources import CheckpointFacts, EvaluationFacts, ItemScore
from exposure.measurement import Measurement
from service.access import needs
from service.answering import etag
from service.dependencies import SettingsOf
from service.evaluations import examples
from service.evaluations.answering import Made, many, one, unchanged
from service.evaluations.catalog import checkpoint_facts, evaluation_entries, evaluation_facts
from service.evaluations.item_rows import Items
from service.evaluations.measurement_rows import MeasurementFile
from service.evaluations.page_cursors import page_cursor, page_place
from service.evaluations.pages import Asked
from service.evaluations.questions import ItemParameters, MeasurementParameters, ReportParameters
from service.evaluations.report_page import HEADERS, report_page
from service.evaluations.report_rows import report_rows, report_table
from service.evaluations.stored import StoredEvaluation
from service.listing import Listing, Page, gives_one, listed, lists, pages
from service.openapi import problems
from service.problems import CONFLICT, LIMIT_EXCEEDED, NOT_FOUND, QUESTION, UNAVAILABLE
from service.questions import no_parameters, once

router = APIRouter(tags=["evaluations"], dependencies=[Depends(needs("read"))])

_BARE = [Depends(no_parameters)]
_STEPS = ("from_step", "to_step", "limit", "cursor")


# async, so that it takes no thread from the pool
async def _name(
    evaluation: Annotated[
        str,
        Path(
            description="The evaluation's name.",
            examples=[examples.EVALUATION],
            json_schema_extra={"pattern": f"^{NAME}$"},
        ),
    ],
) -> str:
    return evaluation


def _stored(settings: SettingsOf, name: Annotated[str, Depends(_name)]) -> StoredEvaluation:
    return StoredEvaluation(settings, name)


EvaluationOf = Annotated[StoredEvaluation, Depends(_stored)]


@router.get(
    "/evaluations",
    response_model=Listing[EvaluationFacts],
    summary="The evaluations",
    responses=lists("Every evaluation, by name.", examples.EVALUATION_FACTS, UNAVAILABLE),
    dependencies=_BARE,
)
def evaluations(request: Request, settings: SettingsOf) -> Response:
    """Every evaluation of the data directory, also while it is being made.

    One that has only begun or is damaged is listed with its problem; asking it is answered with 409.
    """
    return listed(request, EvaluationFacts, evaluation_entries(settings))


@router.get(
    "/evaluations/{evaluation}",
    response_model=EvaluationFacts,
    summary="One evaluation",
    responses=gives_one("What the evaluation is.", examples.EVALUATION_FACTS, NOT_FOUND, UNAVAILABLE),
    dependencies=_BARE,
)
def evaluation_of(request: Request, evaluation: EvaluationOf) -> Response:
    """Which series scored which pairs by which conventions, which steps have scores, and what was measured."""
    facts = evaluation_facts(evaluation)
    return one(request, EvaluationFacts, facts, evaluation.validator())


@router.get(
    "/evaluations/{evaluation}/checkpoints",
    response_model=Listing[CheckpointFacts],
    summary="What became of each checkpoint",
    responses=pages("One row a checkpoint, by step.", examples.CHECKPOINT, NOT_FOUND, UNAVAILABLE),
    dependencies=_BARE,
)
def checkpoints(request: Request, evaluation: EvaluationOf) -> Response:
    """Scored, a duplicate of an earlier step's weights, or broken, with the reason."""
    rows = checkpoint_facts(evaluation)
    return many(request, CheckpointFacts, evaluation.validator(), lambda: (rows, None))


@router.get(
    "/evaluations/{evaluation}/measurements",
    response_model=Page[Measurement],
    summary="What was measured",
    responses=pages(
        "One row a measure, step, group and part, in this order: measure, level, group, split, step.",
        examples.MEASUREMENT,
        *(NOT_FOUND, UNAVAILABLE, CONFLICT, LIMIT_EXCEEDED),
    ),
    dependencies=[Depends(once("level", "group", "phenomenon", "split", "convention", *_STEPS))],
)
def measurements(
    request: Request, evaluation: EvaluationOf, asked: Annotated[MeasurementParameters, Query()], settings: SettingsOf
) -> Response:
    """The long table of all measures. Parameters narrow it; a name that nothing has is answered with 404.

    Where it is more than one answer may hold, or with `limit`, it comes in pages, which are all of one state of the
    evaluation: when it is measured again meanwhile, the next page is refused with 409.
    """
    file = MeasurementFile(evaluation)
    validator = evaluation.validator()

    def make() -> Made:
        page = Asked(page_place(asked.cursor, asked.digest, validator), asked.limit, settings.limits.result_rows)
        planned = file.plan(asked, page)
        end = page.start + len(planned.places)
        following = page_cursor(end, asked.digest, validator) if planned.has_more else None
        return file.batches(planned), following

    return many(request, Measurement, validator, make)


@router.get(
    "/evaluations/{evaluation}/items",
    response_model=Page[ItemScore],
    summary="What each checkpoint made of each pair",
    responses=pages(
        "One row a checkpoint and pair: by step, then in the order of the pairs.",
        examples.ITEM,
        *(NOT_FOUND, UNAVAILABLE, CONFLICT, LIMIT_EXCEEDED, QUESTION),
    ),
    dependencies=[Depends(once("phenomenon", "pair_id", "split", "convention", *_STEPS))],
)
def items(
    request: Request, evaluation: EvaluationOf, asked: Annotated[ItemParameters, Query()], settings: SettingsOf
) -> Response:
    """Scores of both sides, their difference, whether that is right, and the pair's part. Needs steps or paradigms.

    Scores are normed as the convention says: log-probabilities in nats, where it does not say else. A pair that the
    method does not apply to has none.
    """
    found = Items.of(evaluation, asked)
    state = evaluation.validator(found.state)
    # Of checkpoints.json only what is asked for counts: others may be scored while pages are read.
    kept = StoredEvaluation.names(evaluation.name, found.state, *map(evaluation.signature, ITEM_FILES))

    def make() -> Made:
        page = Asked(page_place(asked.cursor, asked.digest, kept), asked.limit, settings.limits.result_rows)
        rows = found.planned(page)
        following = page_cursor(rows.stop, asked.digest, kept) if rows.stop < len(found) else None
        return found.batches(rows), following

    return many(request, ItemScore, state, make)


ITEM_FILES = ("pairs.parquet", "split.parquet")


@router.get(
    "/evaluations/{evaluation}/lags",
    response_model=Listing[LagRow],
    summary="Lags of the report",
    responses=pages("One row a lag, as lags.csv of the report.", examples.LAG, NOT_FOUND, UNAVAILABLE),
)
def lags(request: Request, evaluation: EvaluationOf, asked: Annotated[ReportParameters, Query()]) -> Response:
    """How much later pairs that were not exposed are learnt, with intervals and nulls. In JSON infinite is null."""
    return _report_rows(request, evaluation, asked, "lags", LagRow)


@router.get(
    "/evaluations/{evaluation}/paradigms",
    response_model=Listing[ParadigmRow],
    summary="Paradigms of the report",
    responses=pages("One row a paradigm, as paradigms.csv of the report.", examples.PARADIGM, NOT_FOUND, UNAVAILABLE),
)
def paradigms(request: Request, evaluation: EvaluationOf, asked: Annotated[ReportParameters, Query()]) -> Response:
    """What can be asked about delay of each paradigm, its accuracies, its clusters, and whether proxy-train leads."""
    return _report_rows(request, evaluation, asked, "paradigms", ParadigmRow)


@router.get(
    "/evaluations/{evaluation}/splits",
    response_model=Listing[SplitRow],
    summary="The split of the report",
    responses=pages("One row a paradigm, as splits.csv of the report.", examples.SPLIT_ROW, NOT_FOUND, UNAVAILABLE),
)
def splits(request: Request, evaluation: EvaluationOf, asked: Annotated[ReportParameters, Query()]) -> Response:
    """How many pairs of each paradigm are in each part; none without a timeline."""
    return _report_rows(request, evaluation, asked, "splits", SplitRow)


@router.get(
    "/evaluations/{evaluation}/report",
    summary="The report as a page",
    responses={
        200: {
            "description": "One page without scripts, which needs nothing else.",
            "content": {"text/html": {"schema": {"type": "string"}}},
            "headers": {
                "Content-Security-Policy": {"description": "Nothing is run or fetched.", "schema": {"type": "string"}}
            },
        },
        304: {"description": "Nothing has changed since the answer whose ETag was sent as If-None-Match."},
        **problems(NOT_FOUND, UNAVAILABLE),
    },
    response_class=Response,
    dependencies=_BARE,
)
def report(request: Request, evaluation: EvaluationOf) -> Response:
    """What `exposure report` writes as report.html: the finding, lags among their nulls, curves, all paradigms."""
    page = report_page(evaluation)
    validator = evaluation.validator()
    headers = {**HEADERS, "ETag": etag(validator)}
    return unchanged(request, validator, headers) or Response(page, 200, headers, "text/html; charset=utf-8")


def _report_rows(
    request: Request, evaluation: StoredEvaluation, asked: ReportParameters, name: str, kind: type
) -> Response:
    file = report_table(evaluation, name, kind)
    return many(request, kind, evaluation.validator(), lambda: (report_rows(file, kind, asked.uid), None))


def document_example() -> dict[str, object]:
    """The list with an evaluation that cannot be used."""
    return {"answers": [asdict(examples.EVALUATION_FACTS), asdict(examples.BROKEN_FACTS)]}
