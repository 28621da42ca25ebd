"""Asking for evaluations."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from exposure.api.jobs import Job
from exposure.api.requests import EvaluationRequest
from service.answers.questions import no_parameters
from service.dependencies import CatalogOf, SettingsOf
from service.jobs.dependencies import CallerOf, IdempotencyKey, JobsOf
from service.jobs.describing import asks
from service.jobs.evaluation_inputs import refuse_impossible_evaluation
from service.jobs.json_answers import accepted
from service.keys.access import needs

router = APIRouter(tags=["jobs"], dependencies=[Depends(needs("evaluate")), Depends(no_parameters)])


@router.post("/evaluations", response_model=Job, status_code=202, summary="Evaluate checkpoints", responses=asks())
def evaluate(
    asked: EvaluationRequest,
    jobs: JobsOf,
    settings: SettingsOf,
    catalog: CatalogOf,
    caller: CallerOf,
    idempotency_key: IdempotencyKey,
) -> Response:
    """Score minimal pairs by every checkpoint of a series, and measure; what is scored is not scored again.

    The same request is the same job while that one is queued or running.
    """
    refuse_impossible_evaluation(settings, catalog, asked)
    job, _ = jobs.submit("evaluate", asked, caller.name or "", idempotency_key, settings.limits.active_jobs)
    return accepted(job)
