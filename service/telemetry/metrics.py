"""What the service counts, for Prometheus: a registry of its own for each application."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from service.gates.exchange import Exchange

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of latencies, in seconds."""

Reading = Callable[[], float]
JobCounts = Callable[[], dict[tuple[str, str], int]]


class Metrics:
    """Counts of exchanges; an observer of them. `jobs` and `readings` are asked whenever Prometheus asks."""

    def __init__(self, jobs: JobCounts, readings: dict[tuple[str, str], Reading]) -> None:
        """`readings`: (name, what it is) → its present value."""
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        registry = self._registry
        self._requests = Counter("exposure_requests", "Requests that were answered.", labels, registry=registry)
        self._seconds = Histogram(
            "exposure_request_seconds",
            "From the headers of a request to the end of its answer; event streams and long polls are left out.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )
        self._received = Counter("exposure_received_bytes", "Of bodies.", ("route",), registry=registry)
        self._sent = Counter("exposure_sent_bytes", "Of answers.", ("route",), registry=registry)
        registry.register(_Present(jobs, readings))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)

    def observe(self, exchange: Exchange) -> None:
        """Count one exchange that is over."""
        route, method = exchange.template, exchange.method
        self._requests.labels(method, route, str(exchange.status)).inc()
        self._received.labels(route).inc(exchange.received_bytes)
        self._sent.labels(route).inc(exchange.sent_bytes)
        if exchange.route is None or exchange.route.is_counted:
            self._seconds.labels(method, route).observe(exchange.seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it; may take a few milliseconds."""
        return generate_latest(self._registry)


class _Present:
    """What is so at this moment."""

    def __init__(self, jobs: JobCounts, readings: dict[tuple[str, str], Reading]) -> None:
        self._jobs = jobs
        self._readings = readings

    def collect(self) -> Iterable[Metric]:
        """Ask, and say."""
        jobs = GaugeMetricFamily("exposure_jobs", "Jobs by kind and state.", labels=("kind", "state"))
        for (kind, state), count in sorted(self._jobs().items()):
            jobs.add_metric((kind, state), count)
        yield jobs
        for (name, says), reading in self._readings.items():
            yield GaugeMetricFamily(name, says, value=reading())

    def describe(self) -> Iterable[Metric]:
        """Nothing is known before it is asked."""
        return ()
