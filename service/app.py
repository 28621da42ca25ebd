"""create_app(): the whole service on one page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from exposure import __version__
from exposure.errors import ExposureError
from service import problems
from service.catalog import Catalog
from service.data_directory import open_data_directory
from service.gates.body_gate import Bodies, BodyGate
from service.gates.envelope import Envelope
from service.gates.exchange import Traffic
from service.gates.json_gate import JsonGate
from service.gates.key_gate import KeyGate
from service.gates.query_gate import QueryGate
from service.gates.question_gate import QuestionGate, Questions
from service.gates.request_gate import HostGate
from service.jobs.keeper import jobs_kept
from service.keys.key_ring import KeyRing
from service.reference import openapi
from service.resources import Resources
from service.route_table import RouteTable
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
from service.telemetry.logs import request_log
from service.telemetry.metrics import Metrics
from service.telemetry.tracing import tracing_to

ROUTERS = (
    health.router,
    *(timelines.router, first_seen.router, history.router, coverage.router, splits.router),
    *(runs.router, batches.router, pair_sets.router, phrase_sets.router),
    *(jobs.router, index_jobs.router, evaluation_jobs.router, worker.router),
    *(evaluations.router, models.router, measures.router),
)
"""Every resource, under /v1."""

SPARE_THREADS = 32

WEB = Path(__file__).parent / "web"

_DESCRIPTION = (
    "When was a phrase first seen in training, and how often by each checkpoint? Steps are counted from 0: the "
    "checkpoint `at_step` N has consumed the batches 0 … N − 1. What is not known is answered as unknown. HEAD "
    "is answered wherever GET is, without a body."
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
    app.state.resources = Resources(app, settings, app.state.catalog)
    app.state.keys = KeyRing(settings.keys)

    v1 = APIRouter(prefix="/v1")
    for router in ROUTERS:
        v1.include_router(router)
    app.include_router(v1)
    app.include_router(metrics.router)
    app.include_router(reference.router)
    app.mount("/static", StaticFiles(directory=WEB), name="static")

    problems.install(app)
    table = RouteTable(app.routes)
    openapi.complete(app, table)
    _watch_and_guard(app, settings, table)
    return app


def _watch_and_guard(app: FastAPI, settings: Settings, table: RouteTable) -> None:
    """Put the gates before the routes, and the envelope, which counts and logs, around all."""
    traffic, bodies = Traffic(), Bodies(settings.limits.bodies_bytes)
    questions = Questions(settings.limits.questions)
    app.state.metrics = Metrics(
        jobs=lambda: {} if app.state.jobs is None else app.state.jobs.counts(),
        readings={
            ("exposure_open_requests", "Requests that are being answered."): lambda: traffic.requests,
            ("exposure_open_streams", "Open event streams."): lambda: traffic.streams,
            ("exposure_questions", "Questions that are being worked on."): lambda: questions.count,
            ("exposure_open_bodies", "Bodies that were not answered yet."): lambda: bodies.count,
            ("exposure_open_body_bytes", "What these take of limits.bodies_bytes."): lambda: bodies.bytes,
            ("exposure_open_generations", "Open generations of timelines."): app.state.catalog.open_generations,
        },
    )
    app.state.tracing = None if settings.otlp is None else tracing_to(settings.otlp)
    observers = [app.state.metrics.observe, request_log(settings.logs_phrases)]
    if app.state.tracing is not None:
        observers.append(app.state.tracing.observe)
    # The last one added is the outermost.
    app.add_middleware(JsonGate)
    app.add_middleware(QueryGate)
    app.add_middleware(QuestionGate, questions=questions)
    app.add_middleware(BodyGate, limits=settings.limits, bodies=bodies)
    app.add_middleware(KeyGate, keys=app.state.keys)
    app.add_middleware(HostGate, hosts=settings.hosts, header_bytes=settings.limits.header_bytes)
    app.add_middleware(Envelope, table=table, traffic=traffic, observers=observers)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What is open while the service runs. Sentences of a start that fails are kept for whoever started it."""
    settings = app.state.settings
    # Questions may wait for DuckDB in as many threads; workers, and those who ask for metrics, find one all the same.
    to_thread.current_default_thread_limiter().total_tokens = settings.limits.questions + SPARE_THREADS
    try:
        app.state.directory = open_data_directory(settings.data, settings.is_read_only)
        app.state.resources.start()
        async with jobs_kept(app):
            yield
    except ExposureError as error:
        app.state.failure = error
        raise
    finally:
        app.state.resources.close()
        app.state.catalog.close()
        if app.state.tracing is not None:
            await to_thread.run_sync(app.state.tracing.close)
