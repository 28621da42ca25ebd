"""A sweep from the command line: checkpoints on disk → stored scores; what is broken is said, what is done is kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file
from shell import assert_sentence, command, environment, exposure
from slow_scores import slow_scores
from training_runs import TrainingRun
from transformers import AutoModelForCausalLM

from evaluator.conventions import PRESETS
from evaluator.exposures import StoredExposures
from evaluator.folder import EvaluationFolder
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource
from exposure.pair_files import load_pairs
from exposure.splits import SplitRequest, split_pairs
from exposure.timeline import Timeline
from exposure.world import World, write_world

STEPS = (0, 2, 4, 7)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generated world, its run in 4-row batches, and a timeline of its phrases."""
    folder = tmp_path_factory.mktemp("world")
    files = write_world(World(seed=4, documents=420, pairs_per_paradigm=8), folder / "world")
    run = TrainingRun(files.corpus, files.tokenizer, 64, batch=4)
    run.manifest(folder)
    assert exposure("phrases", files.pairs, "-o", folder / "phrases.parquet").status == 0
    index = ("index", "--run", folder / "run.json", "--phrases", folder / "phrases.parquet")
    assert exposure(*index, "--out", folder / "timeline").status == 0
    return folder


@pytest.fixture(scope="module")
def pairs(world: Path) -> Path:
    """48 pairs of six paradigms."""
    return world / "world" / "pairs.jsonl"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints at STEPS, only to be read."""
    folder = tmp_path_factory.mktemp("models")
    for step in STEPS:
        shutil.copytree(tiny_models.checkpoint("llama", seed=step), folder / f"step-{step}")
    return folder


@pytest.fixture
def own_models(models: Path, tmp_path: Path) -> Path:
    """The same checkpoints, to be harmed."""
    shutil.copytree(models, tmp_path / "models")
    return tmp_path / "models"


def records(folder: Path) -> dict[int, dict[str, object]]:
    """checkpoints.json by step."""
    return {one["step"]: one for one in json.loads((folder / "checkpoints.json").read_text())}


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every file of scores."""
    files = sorted((folder / "scores").rglob("*.parquet"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_stored_scores_are_those_of_a_loop_over_sentences(models: Path, pairs: Path, tmp_path: Path) -> None:
    """Every step's differences are what the whole model says in float64, one sentence at a time."""
    answer = exposure("evaluate", models, "--pairs", pairs, "--out", tmp_path / "evaluation", "--threads", 1)
    assert answer.status == 0, answer.err
    folder = EvaluationFolder.open(tmp_path / "evaluation")
    series = folder.series()
    assert series.steps.tolist() == list(STEPS)
    for number, step in enumerate(STEPS):
        where = models / f"step-{step}"
        model = AutoModelForCausalLM.from_pretrained(where)
        good, bad = slow_scores(
            model, where, model.config.bos_token_id, tuple(load_pairs([pairs])), folder.manifest.specs[0]
        )
        expected = [a.sum() - b.sum() for a, b in zip(good, bad, strict=True) if a is not None and b is not None]
        np.testing.assert_allclose(series.delta[number], expected, atol=1e-4)


def test_presets_are_read_from_the_same_sweep(models: Path, pairs: Path, tmp_path: Path) -> None:
    """Three conventions in one go: each has its own scores, and norms are applied to what was stored."""
    presets = [option for name in PRESETS for option in ("--preset", name)]
    out = tmp_path / "evaluation"
    assert exposure("evaluate", models, "--pairs", pairs, "--out", out, "--threads", 1, *presets).status == 0
    folder = EvaluationFolder.open(out)
    assert [convention.name for convention in folder.manifest.conventions] == list(PRESETS)
    assert len(digests(out)) == len(STEPS)
    assert len(list((out / "scores").iterdir())) == 3
    mean = folder.series(PRESETS["minicons"])
    table = pq.read_table(next((out / "scores" / "full-none-float32").glob("*.parquet")))
    good, bad = (table[f"token_log_probs_{side}"].to_pylist() for side in ("good", "bad"))
    means = [np.mean(a) - np.mean(b) for a, b in zip(good, bad, strict=True)]
    assert min(np.abs(mean.delta - means).max(axis=1)) < 1e-6


def test_what_cannot_be_scored_is_said_and_the_rest_is_scored(own_models: Path, pairs: Path, tmp_path: Path) -> None:
    """NaN weights, pickles, remote code, another vocabulary, a copy, a truncated file: each by name, status 3."""
    for step in range(10, 16):
        shutil.copytree(own_models / "step-7", own_models / f"step-{step}")
    spoil_weights(own_models / "step-10")
    (own_models / "step-11" / "model.safetensors").rename(own_models / "step-11" / "pytorch_model.bin")
    change_config(own_models / "step-12", auto_map={"AutoModel": "modeling.Own"})
    other = tiny_models.model("llama", seed=3, vocab_size=640)
    tiny_models.saved(own_models / "step-13", other, tiny_models.tokenizer_of("llama"))
    weights = own_models / "step-15" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    answer = exposure("evaluate", own_models, "--pairs", pairs, "--out", tmp_path / "evaluation", "--threads", 1)
    assert answer.status == 3, answer.err
    found = records(tmp_path / "evaluation")
    assert {step: found[step]["status"] for step in found} == {
        **dict.fromkeys(STEPS, "scored"), 10: "broken", 11: "broken", 12: "broken", 13: "broken", 14: "duplicate",
        15: "broken",
    }  # fmt: skip
    words = {10: "finite", 11: "convert-checkpoint", 12: "auto_map", 13: "640", 15: "safetensors"}
    for step, word in words.items():
        assert word in str(found[step]["reason"]), found[step]
    assert found[14]["same_weights_as"] == [7]
    assert found[7]["same_weights_as"] == [14]
    assert "/" in str(found[10]["reason"]), "the first pair is named"
    assert EvaluationFolder.open(tmp_path / "evaluation").series().steps.tolist() == list(STEPS)


def spoil_weights(folder: Path) -> None:
    """One NaN in the last norm."""
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][0] = torch.nan
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def change_config(folder: Path, **changes: object) -> None:
    """Keys of config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_sweep_in_which_nothing_can_be_scored_fails(own_models: Path, pairs: Path, tmp_path: Path) -> None:
    """One sentence with the first reason, and status 1."""
    for step in STEPS:
        spoil_weights(own_models / f"step-{step}")
    answer = exposure("evaluate", own_models, "--pairs", pairs, "--out", tmp_path / "evaluation", "--threads", 1)
    assert_sentence(answer)
    assert "finite" in answer.err


def test_finished_checkpoints_are_not_scored_again(own_models: Path, pairs: Path, tmp_path: Path) -> None:
    """More steps cost only what is new; new weights under an old step are new scores."""
    out = tmp_path / "evaluation"
    asked = ("evaluate", own_models, "--pairs", pairs, "--out", out, "--threads", 1)
    assert exposure(*asked, "--steps", "0,2").status == 0
    first = {path: path.stat().st_mtime_ns for path in (out / "scores").rglob("*.parquet")}
    assert exposure(*asked).status == 0
    now = {path: path.stat().st_mtime_ns for path in (out / "scores").rglob("*.parquet")}
    assert len(first) == 2
    assert len(now) == 4
    assert first.items() <= now.items()
    before = EvaluationFolder.open(out).series().delta
    shutil.copyfile(
        tiny_models.checkpoint("llama", seed=9) / "model.safetensors", own_models / "step-2/model.safetensors"
    )
    assert exposure(*asked).status == 0
    after = EvaluationFolder.open(out).series().delta
    assert [bool((a == b).all()) for a, b in zip(before, after, strict=True)] == [True, False, True, True]


def test_a_killed_sweep_goes_on_to_the_same_bytes(models: Path, pairs: Path, tmp_path: Path) -> None:
    """kill -9 after the first checkpoint: at most one is lost, nothing finished is touched, the end is the same."""
    asked = ("evaluate", models, "--pairs", pairs, "--threads", 1, "--out")
    assert exposure(*asked, tmp_path / "whole").status == 0
    out = tmp_path / "killed"
    kills = 0
    for _ in range(3):
        sweep = subprocess.Popen(
            command(*asked, out),
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        had = len(list((out / "scores").rglob("*.parquet")))
        end = time.monotonic() + 60
        while sweep.poll() is None and len(list((out / "scores").rglob("[!.]*.parquet"))) <= had:
            assert time.monotonic() < end
            time.sleep(0.001)
        kills += sweep.poll() is None
        os.killpg(sweep.pid, signal.SIGKILL)
        sweep.wait()
    assert kills, "at least once it was still running"
    kept = {path: path.stat().st_mtime_ns for path in (out / "scores").rglob("[!.]*.parquet")}
    assert kept
    assert exposure(*asked, out).status == 0
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert digests(out) == digests(tmp_path / "whole")
    whole, killed = (EvaluationFolder.open(path).series() for path in (tmp_path / "whole", out))
    np.testing.assert_array_equal(whole.delta, killed.delta)


def test_a_model_without_any_prefix_token_needs_a_convention_without(pairs: Path, tmp_path: Path) -> None:
    """No BOS and no EOS: a sentence that names the way out, which works."""
    folder = tmp_path / "models" / "step-5"
    model = tiny_models.model("llama", seed=1)
    model.config.bos_token_id = model.config.eos_token_id = None
    model.generation_config.bos_token_id = model.generation_config.eos_token_id = None
    tiny_models.saved(folder, model, tiny_models.tokenizer())
    asked = ("evaluate", tmp_path / "models", "--pairs", pairs, "--threads", 1, "--out")
    answer = exposure(*asked, tmp_path / "with")
    assert_sentence(answer)
    assert "minicons" in answer.err or "prefix" in answer.err
    assert exposure(*asked, tmp_path / "without", "--preset", "minicons").status == 0


def test_a_sentence_longer_than_the_context_is_named(models: Path, tmp_path: Path) -> None:
    """It is never cut: the pair is named, and how long it is."""
    long = {"UID": "long_ones", "pairID": "7", "sentence_good": "dog " * 200, "sentence_bad": "dogs " * 200}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(long))
    asked = ("evaluate", models, "--pairs", tmp_path / "pairs.jsonl", "--out", tmp_path / "evaluation", "--threads", 1)
    answer = exposure(*asked)
    assert_sentence(answer)
    assert "long_ones/7" in answer.err
    assert str(tiny_models.CONTEXT) in answer.err


def test_splits_of_an_evaluation_are_those_of_its_timeline(
    world: Path, models: Path, pairs: Path, tmp_path: Path
) -> None:
    """What was kept of a timeline answers every policy and side as the timeline does; it can be added later."""
    out = tmp_path / "evaluation"
    asked = ("evaluate", models, "--pairs", pairs, "--out", out, "--threads", 1)
    assert exposure(*asked).status == 0
    assert EvaluationFolder.open(out).exposures is None
    assert exposure(*asked, "--timeline", world / "timeline").status == 0
    stored = EvaluationFolder.open(out).exposures
    assert isinstance(stored, StoredExposures)
    with Timeline.open(world / "timeline") as timeline:
        for policy, step in (("window", None), ("window", 50), ("seen-by", 0), ("seen-by", 33), ("seen-by", 999)):
            for sides in ("either", "good", "bad", "both"):
                request = SplitRequest(policy, step, sides)  # type: ignore[arg-type]
                assert split_pairs(stored, stored.critical, request) == split_pairs(timeline, stored.critical, request)


def test_what_is_evaluated_again_or_refused_keeps_every_file(
    world: Path, models: Path, pairs: Path, tmp_path: Path
) -> None:
    """Pages over REST that are under way go on: the same again, other pairs, a timeline of another order."""
    out, bad = tmp_path / "evaluation", tmp_path / "other.jsonl"
    bad.write_text("".join(pairs.read_text().splitlines(keepends=True)[:-1]))
    tokenizer = world / "world" / "tokenizer.json"
    files = sorted((world / "world" / "corpus").iterdir())
    manifest = TrainingRun(tuple(files), tokenizer, 64, batch=4, seed=12).manifest(tmp_path, "shuffled.json")
    sources = tuple(CheckpointSource(step=step, path=str(models / f"step-{step}")) for step in STEPS[:1])
    for name, run in (("own", world / "run.json"), ("shuffled", manifest)):
        CheckpointSeries(name="s", run=str(run), checkpoints=sources).save(tmp_path / f"{name}.json")

    def evaluate(series: str, asked: Path) -> int:
        words = (tmp_path / f"{series}.json", "--pairs", asked, "--out", out, "--timeline", world / "timeline")
        return exposure("evaluate", *words, "--threads", 1).status

    assert evaluate("own", pairs) == 0
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.glob("*.*")}
    assert len(before) >= 4
    assert [evaluate("own", pairs), evaluate("own", bad), evaluate("shuffled", pairs)] == [0, 1, 1]
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.glob("*.*")} == before


def test_a_timeline_of_another_order_is_refused(world: Path, models: Path, pairs: Path, tmp_path: Path) -> None:
    """Where the series names its run, exposure must be counted in that run's order."""
    files = sorted((world / "world" / "corpus").iterdir())
    tokenizer = world / "world" / "tokenizer.json"
    other = TrainingRun(tuple(files), tokenizer, 64, batch=4, seed=11).manifest(tmp_path, "shuffled.json")
    sources = tuple(CheckpointSource(step=step, path=str(models / f"step-{step}")) for step in STEPS)
    CheckpointSeries(name="shuffled", run=str(other), checkpoints=sources).save(tmp_path / "series.json")
    answer = exposure(
        "evaluate", tmp_path / "series.json", "--pairs", pairs, "--out", tmp_path / "evaluation", "--timeline",
        world / "timeline", "--threads", 1,
    )  # fmt: skip
    assert_sentence(answer)
    assert "another data order" in answer.err
    assert "--" not in answer.err  # who asks over REST has no options
    assert {one.name for one in (tmp_path / "evaluation").iterdir()} <= {"lock"}


def test_a_run_without_a_prefix_is_scored_without_one_beside(
    world: Path, models: Path, pairs: Path, tmp_path: Path
) -> None:
    """One document a row and no token before it: both conventions are stored, the one with BOS first."""
    sources = tuple(CheckpointSource(step=step, path=str(models / f"step-{step}")) for step in STEPS[:2])
    CheckpointSeries(name="bare", run=str(world / "run.json"), checkpoints=sources).save(tmp_path / "series.json")
    out = tmp_path / "evaluation"
    assert exposure("evaluate", tmp_path / "series.json", "--pairs", pairs, "--out", out, "--threads", 1).status == 0
    folder = EvaluationFolder.open(out)
    assert [one.name for one in folder.manifest.conventions] == ["exposure", "exposure-no-prefix"]
    with_prefix, without = (folder.series(one).delta for one in folder.manifest.conventions)
    assert with_prefix.shape == without.shape
    assert (with_prefix != without).any()


def test_a_folder_of_another_evaluation_is_refused(models: Path, pairs: Path, tmp_path: Path) -> None:
    """Other pairs into the same folder: a sentence, and what was there stays."""
    out = tmp_path / "evaluation"
    assert exposure("evaluate", models, "--pairs", pairs, "--out", out, "--threads", 1).status == 0
    before = digests(out)
    uid = load_pairs([pairs])[0].uid
    answer = exposure("evaluate", models, "--pairs", pairs, "--out", out, "--uid", uid)
    assert_sentence(answer)
    assert "other pairs" in answer.err
    assert digests(out) == before


def test_more_steps_are_held_against_those_that_are_there(own_models: Path, pairs: Path, tmp_path: Path) -> None:
    """A copy of an earlier step is a duplicate also when it is asked for in a later run; both are flagged."""
    shutil.copytree(own_models / "step-0", own_models / "step-9")
    asked = ("evaluate", own_models, "--pairs", pairs, "--out", tmp_path / "evaluation", "--threads", 1, "--steps")
    assert exposure(*asked, "0").status == 0
    assert exposure(*asked, "4,9").status == 0
    found = records(tmp_path / "evaluation")
    assert [found[step]["status"] for step in (0, 4, 9)] == ["scored", "scored", "duplicate"]
    assert found[0]["same_weights_as"] == [9]
    assert found[9]["same_weights_as"] == [0]


def test_two_runs_never_share_a_curve(models: Path, own_models: Path, pairs: Path, tmp_path: Path) -> None:
    """Checkpoints of the same name from elsewhere are refused; after the first were moved, they are the same run."""
    (tmp_path / "first").mkdir()
    shutil.copytree(models, tmp_path / "first" / "models")
    out = tmp_path / "evaluation"
    asked = ("--pairs", pairs, "--out", out, "--threads", 1, "--steps")
    assert exposure("evaluate", tmp_path / "first" / "models", *asked, "0,2").status == 0
    answer = exposure("evaluate", own_models, *asked, "4,7")
    assert_sentence(answer)
    assert "checkpoints from elsewhere" in answer.err
    assert sorted(records(out)) == [0, 2]
    shutil.rmtree(tmp_path / "first")
    assert exposure("evaluate", own_models, *asked, "4,7").status == 0
    assert sorted(records(out)) == list(STEPS)


def test_a_whole_run_forgets_steps_that_are_gone(own_models: Path, pairs: Path, tmp_path: Path) -> None:
    """A run trained again with fewer steps leaves nothing of the longer one in its curve."""
    out = tmp_path / "evaluation"
    asked = ("evaluate", own_models, "--pairs", pairs, "--out", out, "--threads", 1)
    assert exposure(*asked).status == 0
    shutil.rmtree(own_models / "step-7")
    assert exposure(*asked).status == 0
    assert EvaluationFolder.open(out).series().steps.tolist() == [0, 2, 4]


def test_other_phrases_bring_their_own_clusters(world: Path, models: Path, pairs: Path, tmp_path: Path) -> None:
    """Clusters are of the phrases that exposures are of: both change together, or it is refused."""
    words = load_pairs([pairs])
    own = tmp_path / "own.jsonl"
    rows = [
        {"uid": pair.uid, "pair_id": pair.pair_id, "sentence_good": pair.sentence_good,
         "sentence_bad": pair.sentence_bad, "phrase_good": pair.sentence_good.split()[0], "phrase_bad": "the"}
        for pair in words
    ]  # fmt: skip
    own.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert exposure("phrases", own, "-o", tmp_path / "own.parquet").status == 0
    out, fresh = tmp_path / "evaluation", tmp_path / "fresh"
    asked = ("evaluate", models, "--pairs", pairs, "--threads", 1, "--steps", "0", "--out")
    timeline = ("--timeline", world / "timeline")
    by_rules = ("--phrases", world / "phrases.parquet")
    assert exposure(*asked, out, "--phrases", tmp_path / "own.parquet").status == 0
    assert not any(EvaluationFolder.open(out).pairs.critical_lemma)
    assert exposure(*asked, out, *by_rules, *timeline).status == 0
    assert exposure(*asked, fresh, *by_rules, *timeline).status == 0
    assert EvaluationFolder.open(out).pairs.critical_lemma == EvaluationFolder.open(fresh).pairs.critical_lemma
    assert all(EvaluationFolder.open(out).pairs.critical_lemma)
    answer = exposure(*asked, out, "--phrases", tmp_path / "own.parquet")
    assert_sentence(answer)
    assert "holds exposures of other critical phrases than these" in answer.err
    assert all(EvaluationFolder.open(out).pairs.critical_lemma)
