"""One measurement from beginning to end: what is asked, in which turn, and what came out."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.service.asking import Asked, Milliseconds, asked_in_turn, by_phrase, pinged
from benchmarks.service.client import Client
from benchmarks.service.joins import BareJoins
from benchmarks.service.serving import Publisher, publishing, serving
from benchmarks.service.world import Size, phrases_of, timeline_of
from exposure.encoding import ARROW, MEDIA
from exposure.timeline_folder import TimelineFolder

NO_OP, FIRST_SEEN, HISTORY = "no-op", "first seen", "history"
BULK = 100_000
QUIET_SECONDS = 5


@dataclass(frozen=True)
class Plan:
    """What is measured. `work` keeps the timelines; questions by key are asked for `seconds`, all kinds together."""

    work: Path
    phrases: int
    published: int
    seconds: float
    bulk: int


@dataclass
class Measured:
    """Milliseconds of every question, by kind; bulk by form, and no-op questions while that form was asked for."""

    plan: Plan
    points: dict[str, Asked] = field(default_factory=dict)
    quiet: Milliseconds = field(default_factory=lambda: np.empty(0))
    join_by_id: list[float] = field(default_factory=list)
    join_by_text: list[float] = field(default_factory=list)
    bulk: dict[str, list[float]] = field(default_factory=dict)
    stalls: dict[str, Milliseconds] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)
    published: int = 0
    load: float = 0.0
    """The load average before: what else the machine did."""


def measure(plan: Plan) -> Measured:
    """Everything, while another process publishes all the time."""
    served, other = timeline_of(plan.work, Size(plan.phrases)), timeline_of(plan.work, Size(plan.published))
    found = Measured(plan, load=os.getloadavg()[0])
    with (
        serving(plan.work, plan.work / "service.log") as url,
        publishing(other.path, plan.work / "publisher.log") as publisher,
    ):
        _points(found, url, served.path.name)
        _bulk(found, url, served, publisher)
    return found


def _points(found: Measured, url: str, name: str) -> None:
    plan = found.plan
    phrases = phrases_of(Size(plan.phrases))
    chosen = [phrases[place] for place in np.random.default_rng(1).integers(0, len(phrases), 20_000)]
    kinds = {
        NO_OP: ["/v1/health"],
        FIRST_SEEN: by_phrase(f"/v1/timelines/{name}/first-seen?phrase=", chosen),
        HISTORY: by_phrase(f"/v1/timelines/{name}/history?phrase=", chosen),
    }
    found.points = asked_in_turn(url, kinds, plan.seconds)


def _bulk(found: Measured, url: str, served: TimelineFolder, publisher: Publisher) -> None:
    plan = found.plan
    phrases = phrases_of(Size(plan.phrases))
    places = np.random.default_rng(2).permutation(len(phrases))[:BULK]
    asked = [phrases[place] for place in places]
    joins, client = BareJoins(served.current, asked), Client(url)
    for form, question in _bulk_questions(served.path.name, asked).items():
        found.megabytes[form] = len(client.ask(**question)[1]) / 1e6
        took = found.bulk.setdefault(form, [])
        for _ in range(plan.bulk):
            found.join_by_id.append(joins.by_id())
            found.join_by_text.append(joins.by_text())
            took.append(client.ask(**question)[0])
        found.stalls[form] = pinged(url, lambda: [client.ask(**question) for _ in range(plan.bulk)])  # noqa: B023
    found.quiet = pinged(url, lambda: time.sleep(QUIET_SECONDS))
    joins.close()
    found.published = publisher.published


def _bulk_questions(name: str, phrases: list[str]) -> dict[str, dict[str, Any]]:
    """Form → what a client asks."""
    path = f"/v1/timelines/{name}/first-seen"
    as_json = json.dumps({"phrases": phrases}).encode()
    table = pa.table({"phrase": phrases})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    as_arrow = sink.getvalue().to_pybytes()
    questions = {f"JSON → {media}": {"path": path, "body": as_json, "accept": media} for media in MEDIA}
    both = {"path": path, "body": as_arrow, "media": ARROW, "accept": ARROW}
    return {**questions, f"Arrow → {ARROW}": both}
