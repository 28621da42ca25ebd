"""Traces for OpenTelemetry: one span a request, with its template and never its path, query or body."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from exposure import __version__
from service.errors import ServiceError
from service.gates.exchange import Exchange

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

EXPORT_SECONDS = 5.0
"""How long one attempt to send spans may take; it happens on a thread of its own."""


class Tracing:
    """An observer of exchanges that makes spans of them. Spans that the collector does not take are dropped.

    A request that names its trace (the header traceparent) becomes part of that.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": "exposure", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("exposure.service", __version__)

    def observe(self, exchange: Exchange) -> None:
        """Make a span of one exchange that is over."""
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        end = time.time_ns()
        span = self._tracer.start_span(
            f"{exchange.method} {exchange.template}",
            TraceContextTextMapPropagator().extract({"traceparent": exchange.traceparent or ""}),
            SpanKind.SERVER,
            attributes=_attributes(exchange),
            start_time=end - int(exchange.seconds * 1e9),
        )
        if exchange.status is not None and exchange.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    def close(self) -> None:
        """Send what is left, for EXPORT_SECONDS at most."""
        self._provider.force_flush(int(EXPORT_SECONDS * 1000))
        self._provider.shutdown()


def tracing_to(url: str) -> Tracing:
    """Tracing to the collector at `url` (OTLP over HTTP: http://HOST:4318/v1/traces).

    Raises ServiceError where the extra `telemetry` is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ServiceError("--otlp needs the extra: pip install 'exposure[telemetry]'. Or leave it out.") from error
    return Tracing(OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS))


def _attributes(exchange: Exchange) -> dict[str, str | int]:
    found = {
        "http.request.method": exchange.method,
        "http.route": exchange.template,
        "http.response.status_code": exchange.status,
        "http.request.body.size": exchange.received_bytes,
        "http.response.body.size": exchange.sent_bytes,
        "exposure.request_id": exchange.request_id,
        "exposure.key": exchange.key,
        "exposure.job": exchange.job,
    }
    return {name: value for name, value in found.items() if value is not None}
