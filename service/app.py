"""create_app(): the whole service on one page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from exposure import __version__
from service import openapi, problems
from service.catalog import Catalog
from service.envelope import Envelope
from service.gates import BodyGate, HostGate
from service.routes import (
    batches,
    coverage,
    evaluation_jobs,
    evaluations,
    first_seen,
    health,
    history,
    index_jobs,
    jobs,
    measures,
    metrics,
    models,
    pair_sets,
    phrase_sets,
    reference,
    runs,
    splits,
    timelines,
    worker,
)
from service.settings import Settings

ROUTERS = (
    *(health.router, metrics.router),
    *(timelines.router, first_seen.router, history.router, coverage.router, splits.router),
    *(runs.router, batches.router, pair_sets.router, phrase_sets.router),
    *(jobs.router, index_jobs.router, evaluation_jobs.router, worker.router),
    *(evaluations.router, models.router, measures.router),
)
"""Every resource, under /v1."""

WEB = Path(__file__).parent / "web"

_DESCRIPTION = (
    "When was a phrase first seen in training, and how often by each checkpoint? Steps are counted from 0: the "
    "checkpoint `at_step` N has consumed the batches 0 … N − 1. What is not known is answered as unknown."
)


def create_app(settings: Settings) -> FastAPI:
    """The service over the published timelines in `settings.data`."""
    app = FastAPI(
        title="exposure",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.catalog = Catalog(settings)

    v1 = APIRouter(prefix="/v1")
    for router in ROUTERS:
        v1.include_router(router)
    app.include_router(v1)
    app.include_router(reference.router)
    app.mount("/static", StaticFiles(directory=WEB), name="static")

    problems.install(app)
    openapi.complete(app)
    # The last one added is the outermost.
    app.add_middleware(BodyGate, max_bytes=settings.limits.body_bytes)
    app.add_middleware(HostGate, hosts=settings.hosts)
    app.add_middleware(Envelope)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.catalog.close()
