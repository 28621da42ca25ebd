"""Asking for indexing."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from exposure.api.jobs import Job
from exposure.api.requests import IndexRequest
from service.answers.questions import no_parameters
from service.dependencies import SettingsOf
from service.jobs.dependencies import CallerOf, IdempotencyKey, JobsOf
from service.jobs.describing import asks
from service.jobs.index_inputs import refuse_impossible_indexing
from service.jobs.json_answers import accepted
from service.keys.access import needs

router = APIRouter(tags=["jobs"], dependencies=[Depends(needs("index")), Depends(no_parameters)])


@router.post("/index-jobs", response_model=Job, status_code=202, summary="Index the corpus of a run", responses=asks())
def index(
    asked: IndexRequest, jobs: JobsOf, settings: SettingsOf, caller: CallerOf, idempotency_key: IdempotencyKey
) -> Response:
    """Scan the corpus of a run for phrases, and publish the timeline; what was scanned before is not scanned again.

    The same request is the same job while that one is queued or running.
    """
    refuse_impossible_indexing(settings, asked)
    job, _ = jobs.submit("index", asked, caller.name or "", idempotency_key, settings.limits.active_jobs)
    return accepted(job)
