"""What a service is started with: passed in, never read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Limits:
    """How much one request, one key and all of them together may ask for."""

    phrases: int = 100_000
    """Phrases of one request."""
    phrase_characters: int = 1_000
    body_bytes: int = 16 << 20
    """Of one request that sends phrases, pairs or the like."""
    small_body_bytes: int = 1 << 20
    """Of any other request."""
    bodies_bytes: int = 256 << 20
    """Of all requests that have not been answered yet; more is answered with 429."""
    body_seconds: float = 30.0
    """A body that takes longer to arrive is refused."""
    result_rows: int = 1_000_000
    """Rows of one answer."""
    query_seconds: float = 30.0
    """A question to DuckDB that takes longer is interrupted."""
    questions: int = 64
    """Questions that are worked on at once; more are answered with 429."""
    readers: int = 4
    """Processes that read corpora at once; who waits for one longer than `query_seconds` is answered with 429."""
    makers: int = 2
    """The same of those that make pair sets and phrase sets of what is sent."""
    streams: int = 256
    """Open event streams."""
    active_jobs: int = 100
    """Jobs that are queued or running."""
    connections: int = 2_000
    """Open connections; more are answered with 503 and closed."""
    header_bytes: int = 32 << 10
    """Of one request: its first line and its headers."""
    header_seconds: float = 10.0
    """A connection whose request has not begun to arrive whole by then is closed."""
    idle_seconds: int = 75
    """A connection over which nothing was asked for so long is closed."""
    unread_seconds: float = 60.0
    """A connection whose reader takes none of its answer for so long is closed."""
    duckdb_memory: str = "2GB"
    duckdb_threads: int = 2


@dataclass(frozen=True)
class Workers:
    """The workers that the service starts itself, on this machine."""

    index: int = 1
    evaluate: int = 1
    cores: int = 1
    """Cores that one indexing job may use."""


@dataclass(frozen=True)
class Settings:
    """The data directory, what requests may name beside it, and how much they may ask for.

    `hosts` are the names under which the service may be addressed (the Host header): a page in somebody's browser that
    points its own name at 127.0.0.1 must not be answered. `roots` and `model_roots` are the folders under which
    requests may name files; `models` the series of checkpoints that they may name (a path, or owner/name@step{step}).
    """

    data: Path
    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    roots: Mapping[str, Path] = field(default_factory=dict)
    model_roots: Mapping[str, Path] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    keys: Path | None = None
    """The file of hashed keys; without one, everybody on this machine may do everything."""
    is_online: bool = False
    """Whether models may be fetched from a hub."""
    is_read_only: bool = False
    """Answer only: no jobs, no uploads, no deletions. So that a data directory on a read-only disk can be served."""
    logs_phrases: bool = False
    """Write questions (what stands behind the ? of an address) into the log as they are; else their hashes."""
    log_format: Literal["text", "json"] = "text"
    otlp: str | None = None
    """Where traces are sent: the URL of an OpenTelemetry collector (OTLP over HTTP). Needs the extra `telemetry`."""
    limits: Limits = field(default_factory=Limits)
    workers: Workers = field(default_factory=Workers)

    @property
    def timelines(self) -> Path:
        """The folder of timelines; it need not exist yet."""
        return self.data / "timelines"

    def public(self, text: str) -> str:
        """`text` with files named from the data directory or a root on: clients need not know where those lie."""
        text = text.replace(f"{self.data}/", "").replace(str(self.data), "the data directory")
        for name, folder in {**self.roots, **self.model_roots}.items():
            text = text.replace(f"{folder}/", f"{name}:").replace(str(folder), f"the root {name}")
        return text
