"""`python -m evaluator`: the child process of an evaluation job."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import signal
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny_models
import worlds
from child_processes import Said, done, finished, start, until
from shell import exposure
from synthetic_evaluations import DELAYED, write_evaluation

from evaluator.folder import EvaluationFolder
from evaluator.job import evaluate_and_measure
from evaluator.job_spec import EvaluationSpec
from evaluator.measurement_file import MEASUREMENTS, read_measurements
from exposure.api.lines import Line
from exposure.api.requests import EvaluationRequest
from exposure.child_lines import ChildLines
from exposure.errors import ExposureError
from exposure.progress import told

MODULE = "evaluator"
STEPS = (0, 2, 7)


def spec(place: Any, **changes: Any) -> EvaluationSpec:
    """The spec that a worker makes of a request for the evaluation `e`."""
    asked = {
        "name": "e",
        "checkpoints": {"root": "models", "path": "tiny"},
        "pair_set": place.pair_set,
        "device": "cpu",
        "permutations": 50,
        "bootstrap": 50,
        **changes,
    }
    request = EvaluationRequest.model_validate_json(json.dumps(asked))
    directory = place.directory
    return EvaluationSpec(
        request=request,
        checkpoints=str(place.models / "tiny"),
        pairs=directory.pairs(place.pair_set),
        timeline=None if request.timeline is None else directory.timelines / request.timeline,
        phrases=None if request.phrase_set is None else directory.phrase_set(request.phrase_set),
        out=directory.evaluations / "e",
        text=tuple(place.models.parent / one.path for one in request.text),
        locks=directory.locks,
    )


def worked(spec: EvaluationSpec, folder: Path) -> Said:
    """What a child says to `spec`, done in this process, which has loaded PyTorch."""
    kept = folder / f"lines-{len(list(folder.iterdir()))}"
    lines = ChildLines(os.open(kept, os.O_WRONLY | os.O_CREAT))
    with contextlib.closing(lines), told(lines.progress):
        lines.outcome({"state": "succeeded", "result": evaluate_and_measure(spec, lines)})
    return Said(0, [line for text in kept.read_text().splitlines() if (line := Line.read(text))])


def deltas(folder: Path) -> np.ndarray[Any, Any]:
    """[checkpoint, pair] of an evaluation."""
    return EvaluationFolder.open(folder).series().delta


def test_it_scores_and_measures_what_the_shell_does(place: Any, tmp_path: Path) -> None:
    """Scores, exposures and every table of the report are those of `exposure evaluate` and `exposure report`."""
    shutil.copytree(worlds.timeline(), place.directory.timelines / "t")
    said = worked(spec(place, timeline="t", phrase_set=place.phrase_set, seed=3), tmp_path)
    assert said.outcome == {
        "state": "succeeded",
        "result": {"evaluation": "e", "scored": 3, "duplicates": 0, "broken": [], "asked_measures": ["minimal-pairs"]},
    }
    answer = exposure(
        "evaluate", place.models / "tiny", "--pairs", place.directory.pairs(place.pair_set), "--out", tmp_path / "e",
        "--timeline", place.directory.timelines / "t", "--device", "cpu",
        "--phrases", place.directory.phrase_set(place.phrase_set),
    )  # fmt: skip
    assert answer.status == 0, answer.err
    answer = exposure("report", tmp_path / "e", "--permutations", 50, "--bootstrap", 50, "--seed", 3)
    assert answer.status == 0, answer.err
    mine, shell = place.directory.evaluations / "e", tmp_path / "e"
    np.testing.assert_array_equal(deltas(mine), deltas(shell))
    assert EvaluationFolder.open(mine).exposures == EvaluationFolder.open(shell).exposures
    tables = sorted(path.name for path in (shell / "report").glob("*.csv"))
    assert tables
    for name in tables:
        assert (mine / "report" / name).read_bytes() == (shell / "report" / name).read_bytes(), name


def test_each_checkpoint_is_told_with_what_it_measured(place: Any, tmp_path: Path) -> None:
    """A line for each checkpoint as it is done, its measurements after it, and progress that names the step."""
    shutil.copytree(worlds.timeline(), place.directory.timelines / "t")
    said = worked(spec(place, timeline="t"), tmp_path)
    assert [one["step"] for one in said.of("checkpoint")] == list(STEPS)
    assert {one["status"] for one in said.of("checkpoint")} == {"scored"}
    measured = said.of("measurement")
    assert {one["step"] for one in measured} == set(STEPS)
    assert {one["split"] for one in measured} >= {"everything"}
    order = [line.type for line in said.lines if line.type in ("checkpoint", "measurement")]
    assert order[0] == "checkpoint"
    assert order[1] == "measurement"
    series = EvaluationFolder.open(place.directory.evaluations / "e").series()
    overall = {one["step"]: one["value"] for one in measured if one["split"] == "everything"}
    for row, step in enumerate(STEPS):
        delta = series.delta[row]
        delta = delta[~np.isnan(delta)]
        assert overall[step] == pytest.approx((delta > 0).mean(), abs=1e-9)
    stages = [one["stage"] for one in said.of("progress")]
    assert "step 2 (2/3)" in stages
    assert stages[-1] == "measuring"


def test_measures_are_told_with_their_progress(place: Any, tmp_path: Path) -> None:
    """Half of a checkpoint is its scoring, half its one measure, which progress names; its values come as they are."""
    texts = tiny_models.texts()[:40]
    (place.models.parent / "t.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    asked = {"measures": ["minimal-pairs", "icl"], "icl_tokens": [5, 40], "icl_rows": 8, "batch_tokens": 160}
    progress: list[tuple[str, float]] = []  # lines leave out what comes too soon after another
    with told(lambda stage, done, _total, unit: progress.append((stage, done)) if unit == "checkpoints" else None):
        said = worked(spec(place, **asked, text=[{"root": "tmp", "path": "t.jsonl"}]), tmp_path)
    assert said.outcome["result"]["asked_measures"] == ["minimal-pairs", "icl"]
    assert [done for _, done in progress] == sorted(done for _, done in progress)
    for number, step in enumerate(STEPS):
        scoring = [done - number for stage, done in progress if stage == f"step {step} ({number + 1}/3)"]
        measuring = [done - number for stage, done in progress if stage == f"step {step} ({number + 1}/3), icl"]
        assert max(one for one in scoring if one < 1) <= 0.5
        assert measuring == pytest.approx([0.5, 0.75, 1, 1])  # two batches of four rows, and the checkpoint
    events = {(one["step"], one["measure"]): one for one in said.of("measurement")}
    folder = EvaluationFolder.open(place.directory.evaluations / "e")
    stored = [row for row in read_measurements(folder.path / MEASUREMENTS) if row.measure.startswith("icl")]
    assert len(stored) == 9
    assert all(events[(row.step, row.measure)] == asdict(row) for row in stored)


def test_what_libraries_print_is_no_line(place: Any, tmp_path: Path) -> None:
    """Python and native code that write to standard output land on standard error; the lines stay whole."""
    (tmp_path / "sitecustomize.py").write_text(NOISE)
    said = done(MODULE, spec(place), env=with_path(tmp_path))
    assert said.outcome["state"] == "succeeded"
    assert said.noise == []
    for word in ("printed", "written natively"):
        assert word in said.err


NOISE = """
import atexit, os, sys
class Loud:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("transformers"):
            print("printed")
            os.write(1, b"written natively\\n")
sys.meta_path.insert(0, Loud())
"""


def with_path(folder: Path) -> dict[str, str]:
    """An environment in which `folder` is looked in first."""
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_broken_checkpoints_are_named_and_the_rest_is_scored(place: Any, tmp_path: Path) -> None:
    """A truncated file, a copy: the result says which step and why, and how many are duplicates."""
    shutil.copytree(place.models / "tiny" / "step-7", place.models / "tiny" / "step-8")
    shutil.copytree(place.models / "tiny" / "step-7", place.models / "tiny" / "step-9")
    weights = place.models / "tiny" / "step-9" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    result = worked(spec(place), tmp_path).outcome["result"]
    assert (result["scored"], result["duplicates"]) == (3, 1)
    ((broken),) = result["broken"]
    assert broken["step"] == 9
    assert broken["reason"]


def test_nothing_to_score_is_a_sentence(place: Any, tmp_path: Path) -> None:
    """A paradigm that is not there, a folder without checkpoints: refused, with what was expected."""
    with pytest.raises(ExposureError, match="paradigm"):
        worked(spec(place, uids=["none_such"]), tmp_path)
    shutil.rmtree(place.models / "tiny")
    (place.models / "tiny").mkdir()
    with pytest.raises(ExposureError, match=r"series\.json"):
        worked(spec(place), tmp_path)


def test_sigterm_keeps_the_scores_that_are_finished(place: Any, tmp_path: Path) -> None:
    """Told to end in the middle: cancelled; asked again it goes on, to the same scores as without."""
    worked(spec(place), tmp_path)
    expected = deltas(place.directory.evaluations / "e")
    shutil.rmtree(place.directory.evaluations / "e")
    process = start(MODULE, spec(place).model_dump_json())
    scores = place.directory.evaluations / "e" / "scores"
    until(lambda: list(scores.rglob("*.parquet")) or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    said = finished(process)
    assert time.monotonic() - told < 10
    assert said.outcome["state"] == "cancelled", said.err
    assert "Traceback" not in said.err
    assert list(scores.rglob("*.parquet"))
    worked(spec(place), tmp_path)
    np.testing.assert_array_equal(deltas(place.directory.evaluations / "e"), expected)


def test_one_evaluation_at_a_time_on_a_device(place: Any, tmp_path: Path) -> None:
    """While another process holds the device, it waits, and says for what; it can be told to end meanwhile."""
    lock = place.directory.locks / f"{platform.node()}-cpu.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = start(MODULE, spec(place).model_dump_json())
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert line["data"]["stage"] == "waiting for cpu"
        time.sleep(0.5)
        assert process.poll() is None
        assert not list((place.directory.evaluations / "e").glob("evaluation.json"))
        process.send_signal(signal.SIGTERM)
        assert finished(process).outcome == {"state": "cancelled"}
    assert worked(spec(place), tmp_path).outcome["state"] == "succeeded"


def test_two_processes_never_work_on_one_evaluation(place: Any) -> None:
    """Two at once, with two folders of locks, as on two machines: one waits, and both come to the same."""
    first = start(MODULE, spec(place).model_dump_json())
    other = spec(place).model_copy(update={"locks": place.directory.locks / "elsewhere"})
    second = start(MODULE, other.model_dump_json())
    ends = [finished(first), finished(second)]
    assert [one.outcome["state"] for one in ends] == ["succeeded", "succeeded"], [one.err for one in ends]
    stages = [{one["stage"] for one in said.of("progress")} for said in ends]
    assert sum("waiting for evaluation e" in one for one in stages) == 1
    assert len(pq.read_table(place.directory.evaluations / "e" / "pairs.parquet")) > 0


def test_an_evaluation_with_a_split_is_not_gone_on_with_without_a_timeline(place: Any) -> None:
    """Also where the job that gave it one ran after this one was asked for: the old split would pass for no split."""
    folder = place.directory.evaluations / "e"
    write_evaluation(folder, (replace(DELAYED, train=4, validation=4),), steps=(0, 100))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    with (
        contextlib.closing(ChildLines(os.open(os.devnull, os.O_WRONLY))) as lines,
        pytest.raises(ExposureError, match=r"evaluation e is split by the timeline .* Name a timeline"),
    ):
        evaluate_and_measure(spec(place), lines)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_what_was_killed_while_it_was_made_is_gone_on_with(place: Any, tmp_path: Path) -> None:
    """A folder with no more than the beginnings of an evaluation is no stranger's."""
    folder = place.directory.evaluations / "e"
    (folder / "scores").mkdir(parents=True)
    (folder / "lock").touch()
    (folder / ".pairs.parquet.1-abc.partial").write_bytes(b"half")
    assert worked(spec(place), tmp_path).outcome["state"] == "succeeded"
