"""Evaluations: which there are, what each is, what became of its checkpoints; and their end."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from exposure.api.resources import CheckpointFacts, EvaluationFacts
from service.answers.listing import Listing, listed, lists, paged_when_changed, single
from service.answers.questions import no_parameters
from service.dependencies import SettingsOf
from service.evaluations import examples
from service.evaluations.catalog import checkpoint_facts, evaluation_entries, evaluation_facts
from service.evaluations.dependencies import EvaluationName, EvaluationOf
from service.keys.access import needs
from service.problems import CONFLICT, NOT_FOUND, READ_ONLY, UNAVAILABLE
from service.reference.openapi import problems
from service.resources import ResourcesOf, changes
from service.routes import evaluation_reports, evaluation_results

router = APIRouter(tags=["evaluations"])

_READS = [Depends(needs("read")), Depends(no_parameters)]


@router.get(
    "/evaluations",
    response_model=Listing[EvaluationFacts],
    summary="The evaluations",
    responses=lists(
        "Every evaluation, by name.", examples.EVALUATION_FACTS, UNAVAILABLE, others=[examples.BROKEN_FACTS]
    ),
    dependencies=_READS,
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
    responses=examples.one_row("What the evaluation is.", examples.EVALUATION_FACTS),
    dependencies=_READS,
)
def evaluation(request: Request, evaluation: EvaluationOf) -> Response:
    """Which series scored which pairs by which conventions, which steps have scores, and what was measured."""
    facts = evaluation_facts(evaluation)
    return single(request, EvaluationFacts, facts, evaluation.validator())


@router.get(
    "/evaluations/{evaluation}/checkpoints",
    response_model=Listing[CheckpointFacts],
    summary="What became of each checkpoint",
    responses=examples.rows("One row a checkpoint, by step.", examples.CHECKPOINT),
    dependencies=_READS,
)
def checkpoints(request: Request, evaluation: EvaluationOf) -> Response:
    """Scored, a duplicate of an earlier step's weights, or broken, with the reason."""
    found = checkpoint_facts(evaluation)
    return paged_when_changed(request, CheckpointFacts, evaluation.validator(), lambda: (found, None))


@router.delete(
    "/evaluations/{evaluation}",
    status_code=204,
    summary="Delete an evaluation",
    responses={204: {"description": "It is gone."}, **problems(NOT_FOUND, CONFLICT, READ_ONLY)},
    dependencies=[Depends(needs("admin")), Depends(no_parameters), Depends(changes)],
)
def remove(evaluation: EvaluationName, resources: ResourcesOf) -> Response:
    """Its scores, its measurements and its report; refused while a job or a command works on it.

    What had been asked before is answered to its end where it was read already.
    """
    resources.delete("evaluations", evaluation)
    return Response(status_code=204)


router.include_router(evaluation_results.router)
router.include_router(evaluation_reports.router)
