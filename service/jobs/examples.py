"""What answers about jobs look like, for the documentation."""

from __future__ import annotations

from exposure.api.jobs import Claim, Job, JobProgress, Lease
from exposure.api.requests import EvaluationRequest, IndexRequest, ModelName
from service.jobs.leases import HEARTBEAT_SECONDS, LEASE_SECONDS

_INDEX = IndexRequest(run="tiny", timeline="tiny", phrase_sets=["5e83fc89cd81d7c4710f6519e64747e04858d712"])
_EVALUATION = EvaluationRequest(
    name="pythia-70m",
    checkpoints=ModelName(model="pythia-70m"),
    steps="0,1000:143000:1000",
    pair_set="0214a811cd3a76851b53f9d7e1d2b17da00708f7",
    timeline="tiny",
)

QUEUED = Job("6f0c2d9a51b84e77", "index", "queued", _INDEX.model_dump(mode="json"), 1793000000.25)

RUNNING = Job(
    id="90a1be0c7dd1473f",
    kind="evaluate",
    state="running",
    request=_EVALUATION.model_dump(mode="json"),
    created=1793000000.25,
    started=1793000001.5,
    attempt=1,
    worker="gpu-1",
    progress=JobProgress("step 1000 (2/144)", 2.0, 144.0, "checkpoints"),
)

CLAIM = Claim(RUNNING, 1, LEASE_SECONDS, HEARTBEAT_SECONDS)
LEASE = Lease(False, LEASE_SECONDS)
CURSOR = "ajE6MTI"
