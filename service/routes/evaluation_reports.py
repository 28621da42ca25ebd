"""The report on an evaluation: its tables, and its page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from evaluator.report.lag_rows import LagRow
from evaluator.report.paradigm_rows import ParadigmRow
from evaluator.report.split_rows import SplitRow
from service.answers.listing import Listing, paged_when_changed
from service.answers.questions import no_parameters
from service.answers.revalidation import etag, unchanged
from service.evaluations import examples
from service.evaluations.dependencies import EvaluationOf
from service.evaluations.report_page import HEADERS, report_page
from service.evaluations.report_rows import report_rows, report_table
from service.evaluations.row_parameters import ReportParameters
from service.evaluations.stored import StoredEvaluation
from service.keys.access import needs
from service.problems import NOT_FOUND, UNAVAILABLE
from service.reference.openapi import problems

router = APIRouter(prefix="/evaluations/{evaluation}", dependencies=[Depends(needs("read"))])

_TEXT = {"type": "string"}


@router.get(
    "/lags",
    response_model=Listing[LagRow],
    summary="Lags of the report",
    responses=examples.rows("One row a lag, as lags.csv of the report.", examples.LAG),
)
def lags(request: Request, evaluation: EvaluationOf, asked: Annotated[ReportParameters, Query()]) -> Response:
    """How much later pairs that were not exposed are learnt, with intervals and nulls.

    A lag may be infinite; JSON has no word for that, so it is null there. CSV, Arrow and Parquet have it.
    """
    return _rows(request, evaluation, asked, "lags", LagRow)


@router.get(
    "/paradigms",
    response_model=Listing[ParadigmRow],
    summary="Paradigms of the report",
    responses=examples.rows("One row a paradigm, as paradigms.csv of the report.", examples.PARADIGM),
)
def paradigms(request: Request, evaluation: EvaluationOf, asked: Annotated[ReportParameters, Query()]) -> Response:
    """What can be asked about delay of each paradigm, its accuracies, its clusters, and whether proxy-train leads."""
    return _rows(request, evaluation, asked, "paradigms", ParadigmRow)


@router.get(
    "/splits",
    response_model=Listing[SplitRow],
    summary="The split of the report",
    responses=examples.rows("One row a paradigm, as splits.csv of the report.", examples.SPLIT_ROW),
)
def splits(request: Request, evaluation: EvaluationOf, asked: Annotated[ReportParameters, Query()]) -> Response:
    """How many pairs of each paradigm are in each part; no row without a timeline."""
    return _rows(request, evaluation, asked, "splits", SplitRow)


@router.get(
    "/report",
    summary="The report as a page",
    responses={
        200: {
            "description": "One page without scripts, which fetches nothing.",
            "content": {"text/html": {"schema": _TEXT}},
            "headers": {
                "Content-Security-Policy": {"description": "Nothing is run or fetched.", "schema": _TEXT},
                "ETag": {"description": "Send it as If-None-Match to be told that nothing changed.", "schema": _TEXT},
            },
        },
        304: {"description": "Nothing has changed since the answer whose ETag was sent as If-None-Match."},
        **problems(NOT_FOUND, UNAVAILABLE),
    },
    response_class=Response,
    dependencies=[Depends(no_parameters)],
)
def report(request: Request, evaluation: EvaluationOf) -> Response:
    """What `exposure report` writes as report.html: the finding, lags among their nulls, curves, all paradigms."""
    page = report_page(evaluation)
    headers = {**HEADERS, "ETag": etag(evaluation.validator())}
    return unchanged(request, headers) or Response(page, 200, headers, "text/html; charset=utf-8")


def _rows(request: Request, evaluation: StoredEvaluation, asked: ReportParameters, name: str, kind: type) -> Response:
    table = report_table(evaluation, name, kind)
    state = evaluation.validator()
    return paged_when_changed(request, kind, state, lambda: (report_rows(table, kind, asked.uid), None))
