"""From a job's request, which names things, to the spec of its child process, which has their paths on this machine."""

from __future__ import annotations

import json

from evaluator.job_spec import EvaluationSpec
from exposure.api.jobs import Job
from exposure.api.names import RootedPath
from exposure.api.requests import REQUEST_OF, EvaluationRequest, IndexRequest
from exposure.errors import UsageError
from indexer.job_spec import IndexSpec
from service.data_directory import DataDirectory
from service.roots.operator_roots import resolve
from service.settings import Settings

Spec = IndexSpec | EvaluationSpec


def spec_of(settings: Settings, job: Job) -> Spec:
    """The spec of `job`; raises ExposureError where this worker's settings lack a root or model that it names."""
    request = REQUEST_OF[job.kind].model_validate_json(json.dumps(job.request))
    if isinstance(request, IndexRequest):
        return _index_spec(settings, request)
    return _evaluation_spec(settings, request)


def _index_spec(settings: Settings, request: IndexRequest) -> IndexSpec:
    data = DataDirectory(settings.data.absolute())
    return IndexSpec(
        request=request,
        run=data.run_manifest(request.run),
        phrases=tuple(data.phrase_set(digest) for digest in request.phrase_sets),
        timeline=data.timelines / request.timeline,
        cores=settings.workers.cores,
    )


def _evaluation_spec(settings: Settings, request: EvaluationRequest) -> EvaluationSpec:
    data = DataDirectory(settings.data.absolute())
    return EvaluationSpec(
        request=request,
        checkpoints=_checkpoints(settings, request),
        pairs=data.pairs(request.pair_set),
        timeline=None if request.timeline is None else data.timelines / request.timeline,
        phrases=None if request.phrase_set is None else data.phrase_set(request.phrase_set),
        text=tuple(resolve(settings, one) for one in request.text),
        out=data.evaluations / request.name,
        locks=data.locks,
    )


def _checkpoints(settings: Settings, request: EvaluationRequest) -> str:
    """A path, or a hub pattern of the operator's list."""
    asked = request.checkpoints
    if isinstance(asked, RootedPath):
        return str(resolve(settings, asked, is_model=True))
    if asked.model not in settings.models:
        known = ", ".join(sorted(settings.models)) or "none"
        raise UsageError(
            f"This worker knows no model {asked.model!r}; it knows {known}. Give it the configuration of the service: "
            "exposure worker --config FILE."
        )
    return settings.models[asked.model]
