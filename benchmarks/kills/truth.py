"""The oracle: what must be so, by plain SQL and NumPy on the files, against what was made without interruption."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.kills.inputs import Inputs, texts
from exposure.generation_reader import connect
from service.upkeep.doctor import examine

HARMLESS = (
    *("covers less than", "CURRENT is missing", "is half written"),
    *("was removed, and is not deleted yet", "older version"),
)
"""What a kill may leave for the doctor to find: a generation that is whole and not named yet, half-written files, a
directory that was not given its data.json yet. `wrong_timeline` knows what CURRENT has named already."""

_FACTS = (
    "SELECT phrase, gap, sentence_end, count, first_batch, first_sequence, first_token, first_offset, first_document, "
    "last_batch, last_sequence, last_token, last_offset, last_document FROM phrases"
)
_COUNTS = (
    "SELECT phrase, start_batch, end_batch, c.count, c.first_batch, c.last_batch FROM counts c "
    "JOIN phrases USING (phrase_id)"
)
_EXPOSURES = (
    'SELECT phrase, rank, batch, sequence, token, "offset", document FROM exposures JOIN phrases USING (phrase_id)'
)


def wrong_timeline(inputs: Inputs, timeline: Path, sets: Iterable[int]) -> list[str]:
    """What is not as without interruption in a timeline that must hold the phrase sets `sets`."""
    if not (timeline / "CURRENT").exists():
        return [f"{timeline.name}: published, and CURRENT is gone"] if list(sets) else []
    wanted = {text for number in sets for text in texts(number)}
    found, expected = _rows(timeline, wanted), _rows(inputs.timeline, wanted)
    problems = []
    for name, mine, theirs in zip(("phrases", "counts", "exposures"), found, expected, strict=True):
        if mine != theirs:
            problems.append(f"{timeline.name}: other {name} than without interruption")
    if wanted & _half_known(timeline):
        problems.append(f"{timeline.name}: its coverage has holes")
    return problems


def _half_known(timeline: Path) -> set[str]:
    """Phrases for which not all shards are scanned: of an indexing that was killed."""
    sql = "SELECT phrase FROM phrases JOIN phrase_groups USING (group_id) WHERE len(missing_shards) > 0"
    with contextlib.closing(connect(_current(timeline))) as connection:
        return {phrase for (phrase,) in connection.execute(sql).fetchall()}


def _current(timeline: Path) -> Path:
    return timeline / "generations" / (timeline / "CURRENT").read_text().strip()


def _rows(timeline: Path, wanted: set[str]) -> list[list[tuple[Any, ...]]]:
    with contextlib.closing(connect(_current(timeline))) as connection:
        tables = [connection.execute(sql).fetchall() for sql in (_FACTS, _COUNTS, _EXPOSURES)]
    return [sorted((row for row in rows if row[0] in wanted), key=repr) for rows in tables]


def wrong_evaluation(inputs: Inputs, evaluation: Path) -> list[str]:
    """What is not as without interruption in an evaluation that has ended."""
    mine, theirs = (_scores(folder) for folder in (evaluation, inputs.evaluation))
    if mine.keys() != theirs.keys():
        return [f"{evaluation.name}: scores of the steps {sorted(mine)} instead of {sorted(theirs)}"]
    same = all(np.array_equal(mine[step], theirs[step]) for step in theirs)
    return [] if same else [f"{evaluation.name}: other scores than without interruption"]


def _scores(folder: Path) -> dict[int, Any]:
    """Step → delta of each pair."""
    records = json.loads((folder / "checkpoints.json").read_text())
    paths = {one["step"]: list(folder.glob(f"scores/*/{one['weights_sha256'][:16]}.parquet")) for one in records}
    return {step: np.array(pq.read_table(found[0])["delta"]) for step, found in paths.items()}


def wrong_directory(data: Path) -> list[str]:
    """Findings of the doctor that no kill explains."""
    return [
        f"doctor: {finding.place.relative_to(data)} {finding.problem}"
        for finding in examine(data)
        if not any(harmless in f"{finding.place.name} {finding.problem}" for harmless in HARMLESS)
    ]


def wrong_jobs(store: Path) -> list[str]:
    """Jobs that have two effects: more than one end."""
    if not store.exists():
        return []
    with contextlib.closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT job, data FROM events WHERE type = 'state'").fetchall()
    ends = [job for job, data in rows if json.loads(data)["state"] in ("succeeded", "failed", "cancelled")]
    return [f"job number {job} ended {ends.count(job)} times" for job in set(ends) if ends.count(job) > 1]
