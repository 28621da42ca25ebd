"""A small data directory with one of everything, and all that it answers, for tests that harm and copy it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import synthetic_evaluations

from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, measured_path, write_measured
from evaluator.measured_rows import stored_measures
from evaluator.measurement_table import table_of
from exposure.api.requests import INDEX_EXAMPLE, IndexRequest
from exposure.errors import EvaluationError, ExposureError
from exposure.measurement import Measurement
from exposure.orders import DataOrder
from exposure.pair_files import load_pairs
from exposure.phrase_file import read_phrases
from exposure.timeline import Timeline
from exposure.timeline_folder import TimelineFolder
from service.data_directory import DataDirectory, open_data_directory
from service.jobs.store import JobStore
from service.sets.pair_set_making import make_pair_set

PLANTS = (synthetic_evaluations.Plant("planted", 6, 6, lemmas=3),)
UNAVAILABLE = "unavailable"


def fill(data: Path, run: Path, pairs: Path) -> DataDirectory:
    """Give a folder with timelines a run, sets, an evaluation and two jobs."""
    directory = open_data_directory(data)
    (directory.runs / "tiny").mkdir()
    DataOrder.load(run).save(directory.run_manifest("tiny"), is_sealed=True)
    make_pair_set(directory, load_pairs([pairs]))
    synthetic_evaluations.write_evaluation(directory.evaluations / "planted", PLANTS, steps=(0, 100, 1000))
    _measure(directory.evaluations / "planted")
    with JobStore(directory.jobs) as store:
        request = IndexRequest.model_validate(INDEX_EXAMPLE)
        store.submit("index", request, "tests", "a key", 10)
        store.submit("index", request.model_copy(update={"timeline": "another"}), "tests", None, 10)
    return directory


def _measure(evaluation: Path) -> None:
    """Give its checkpoints something that was measured beside minimal pairs."""
    folder, records = EvaluationFolder.open(evaluation), []
    for record in folder.checkpoints:
        assert record.weights_sha256 is not None
        row = Measurement("x", record.step, "overall", "all", None, "everything", 1, 2, 0.5, 3, None, None, "plain")
        made_of = {"measure": "x", "weights_sha256": record.weights_sha256}
        write_measured(
            measured_path(evaluation, "x/spec", record.weights_sha256), Measured(table_of([row]), (), made_of)
        )
        records.append(record.model_copy(update={"measured": ("x/spec",)}))
    folder.keep_checkpoints(records)


def answers(data: DataDirectory) -> dict[str, str]:
    """Everything that can be asked, by what was asked; what cannot be answered is `UNAVAILABLE`."""
    found: dict[str, str] = {}
    for path in sorted(data.timelines.iterdir()):
        found |= _timeline(path)
    for path in sorted(data.evaluations.iterdir()):
        found |= _evaluation(path)
    for path in sorted(data.pair_sets.iterdir()):
        found[f"pairs {path.name}"] = _said(lambda path=path: load_pairs([path / "pairs.jsonl"]))
        found[f"set {path.name}"] = _said(lambda path=path: json.loads((path / "set.json").read_bytes()))
    for path in sorted(data.phrase_sets.glob("*.parquet")):
        found[f"phrases {path.stem}"] = _said(lambda path=path: read_phrases(path))
    found["run"] = _said(lambda: (DataOrder.load(data.run_manifest("tiny")).digest,))
    found["jobs"] = _said(lambda: _jobs(data))
    return found


def _said(ask: Callable[[], object]) -> str:
    try:
        return repr(ask())
    except (ExposureError, duckdb.Error, OSError, ValueError, KeyError):
        return UNAVAILABLE


def _timeline(path: Path) -> dict[str, str]:
    name = path.name
    found = {
        f"{name} rows": _said(lambda: _rows(path)),
        f"{name} coverage": _said(lambda: _coverage(path)),
        f"{name} history": _said(lambda: _history(path)),
    }
    for file in sorted((path / "phrase_sets").glob("*.parquet")):
        found[f"{name} {file.stem}"] = _said(lambda file=file: read_phrases(file))
    return found


def _rows(path: Path) -> object:
    with Timeline.open(path) as timeline:
        tables = ("phrases", "counts", "exposures", "phrase_groups", "checkpoints", "buckets")
        return [timeline.cursor().execute(f"FROM {table}").fetchall() for table in tables]


def _coverage(path: Path) -> object:
    with Timeline.open(path) as timeline:
        return timeline.coverage(), timeline.steps, timeline.rule


def _history(path: Path) -> object:
    with Timeline.open(path) as timeline:
        return timeline.history("cats sleep")


def _evaluation(path: Path) -> dict[str, str]:
    name = path.name
    return {
        f"{name} series": _said(lambda: _series(path)),
        f"{name} checkpoints": _said(lambda: _checkpoints(path)),
        f"{name} pairs": _said(lambda: EvaluationFolder.open(path).pairs),
        f"{name} exposures": _said(lambda: EvaluationFolder.open(path).exposures),
        f"{name} manifest": _said(lambda: EvaluationFolder.open(path).manifest),
        f"{name} measured": _said(lambda: _measured(path)),
    }


def _checkpoints(path: Path) -> object:
    records = EvaluationFolder.open(path).checkpoints
    if not records:
        raise EvaluationError("Nothing is scored yet.")
    return records


def _measured(path: Path) -> object:
    _checkpoints(path)  # without which nothing is measured
    return list(stored_measures(EvaluationFolder.open(path)))


def _series(path: Path) -> object:
    series = EvaluationFolder.open(path).series()
    return series.steps.tolist(), np.asarray(series.delta).tolist()


def _jobs(data: DataDirectory) -> object:
    try:
        with contextlib.closing(sqlite3.connect(f"{data.jobs.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT id, kind, state, request, digest FROM jobs ORDER BY number").fetchall()
    except sqlite3.Error as error:
        raise OSError(str(error)) from error


def logical_digest(timeline: Path) -> str:
    """What names the answers of a timeline's current generation."""
    with Timeline.open(timeline) as opened:
        return str(opened.facts["logical_digest"])


def current(timeline: Path) -> str:
    """The name of the current generation."""
    return TimelineFolder(timeline).current.name
