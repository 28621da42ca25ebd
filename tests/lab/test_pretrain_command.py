"""`exposure pretrain`: what it writes, what it refuses, and that it goes on after anything."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from shell import assert_sentence, command, environment, exposure

from exposure.checkpoint_series import CheckpointSeries
from exposure.orders import DataOrder
from lab.pretraining import _alone
from lab.training_log import read_log

TINY = ("--shape", "tiny", "--layers", 1, "--width", 16, "--mlp", 32, "--device", "cpu", "--threads", 1)
EVERY = ("--state-seconds", 0)


def _hashes(folder: Path) -> dict[str, str]:
    """Every file of every checkpoint → its sha256."""
    files = [one for one in folder.glob("step-*/*") if one.is_file()]
    return {f"{one.parent.name}/{one.name}": hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def test_run_killed_again_and_again_is_the_run_that_was_not(prepare: Any, tmp_path: Path) -> None:
    """After two SIGKILLs in the midst of training the same command gives the same checkpoints and losses."""
    run = prepare(seed=1, epochs=3)
    arguments = ("pretrain", run.manifest, *TINY, *EVERY, "--attention-dropout", 0.1)
    assert exposure(*arguments, "--out", tmp_path / "whole").status == 0
    killed = tmp_path / "killed"
    steps = []
    for more in (4, 6):
        process = subprocess.Popen(
            command(*arguments, "--out", killed), env=environment(OMP_NUM_THREADS="1"), stderr=subprocess.DEVNULL
        )
        aim = len(read_log(killed)) + more
        until = time.monotonic() + 300
        while len(read_log(killed)) < aim and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "the run was to be killed before its end"
        steps.append(len(read_log(killed)))
    assert 0 < steps[0] < steps[1] < run.order.steps
    answer = exposure(*arguments, "--out", killed)
    assert answer.status == 0
    assert "going on from step" in answer.err
    assert _hashes(killed) == _hashes(tmp_path / "whole")
    assert [(one.step, one.loss) for one in read_log(killed)] == [
        (o.step, o.loss) for o in read_log(tmp_path / "whole")
    ]
    assert not list(killed.glob(".*.partial"))


def test_time_limit_stops_between_steps_and_says_how_to_go_on(prepare: Any, tmp_path: Path) -> None:
    """A run that stopped at its time limit is complete as far as it goes."""
    run = prepare(seed=1)
    answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out", "--max-minutes", 1e-9)
    assert answer.status == 0
    assert "the same command goes on from there" in answer.err
    answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    assert f"step {run.order.steps:,} of {run.order.steps:,}" in answer.err
    again = _hashes(tmp_path / "out")
    assert exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out").status == 0
    assert _hashes(tmp_path / "out") == again, "a finished run is left as it is"


def test_finished_run_without_its_state_is_left_alone(prepare: Any, tmp_path: Path) -> None:
    """Where resume/ was deleted to save space, the same command does not train the checkpoints again."""
    run = prepare(seed=1)
    exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "resume")
    before = _hashes(tmp_path / "out")
    answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    assert_sentence(answer)
    assert "no state to go on from" in answer.err
    assert _hashes(tmp_path / "out") == before


def test_own_order_is_written_down(prepare: Any, tmp_path: Path) -> None:
    """--data-seed, --epochs, --batch-sequences and --checkpoint-steps make the manifest of the run that was trained."""
    run = prepare()
    out = tmp_path / "out"
    options = ("--data-seed", 5, "--epochs", 2, "--batch-sequences", 9, "--checkpoint-steps", "0,3,last")
    assert exposure("pretrain", run.manifest, *TINY, *options, "--out", out).status == 0
    kept = DataOrder.load(out / "run.json")
    assert (kept.order.rule, kept.epochs, kept.batch_sequences) == ("pcg64", 2, 9)
    assert kept.checkpoint_steps == (0, 3, kept.steps)
    assert [one.step for one in CheckpointSeries.load(out / "series.json").checkpoints] == [0, 3, kept.steps]
    assert len(list((run.manifest.parent / "token-rows").iterdir())) == 1, "rows are shared by all orders"
    batch = exposure("batch", out / "run.json", "--step", 2, "--format", "jsonl")
    assert batch.status == 0
    assert len(batch.out.splitlines()) == 9


def test_manifest_without_checkpoints_gets_the_usual_ones(prepare: Any, tmp_path: Path) -> None:
    """Start, powers of two and end, where nothing says otherwise."""
    from exposure.orders import Checkpoints

    run = prepare(checkpoints=Checkpoints())
    assert exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out").status == 0
    steps = DataOrder.load(tmp_path / "out" / "run.json").checkpoint_steps
    assert steps[:5] == (0, 1, 2, 4, 8)
    assert steps[-1] == run.order.steps


REFUSED = {
    ("--lr", 0.5): "lr was 0.001, now 0.5",
    ("--width", 32): "width was 16, now 32",
    ("--init-seed", 3): "init_seed was 0, now 3",
    ("--data-seed", 9): "order was pcg64 1, now pcg64 9",
    ("--batch-sequences", 8): "batch_sequences was 4, now 8",
    ("--precision", "bf16"): "precision was fp32, now bf16",
    ("--tie",): "tie was False, now True",
    ("--attention-dropout", 0.1): "attention_dropout was 0.0, now 0.1",
}


def test_other_settings_are_refused_by_name(prepare: Any, tmp_path: Path) -> None:
    """A run is never gone on with under other settings, and the sentence names them."""
    run = prepare(seed=1)
    arguments = ("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    exposure(*arguments, "--max-minutes", 1e-9)
    before = _hashes(tmp_path / "out")
    for options, said in REFUSED.items():
        answer = exposure(*arguments, *options)
        assert_sentence(answer)
        assert said in answer.err
    assert _hashes(tmp_path / "out") == before


def test_options_that_cannot_be_are_sentences(prepare: Any, tmp_path: Path) -> None:
    """Values out of range, a missing GPU, a step beyond the run, rows that are not there, another tokenizer."""
    run = prepare(seed=1)
    other = tmp_path / "other.json"
    other.write_text(Path(run.order.tokenizer.path).read_text() + "\n")
    for options, said in (
        (("--lr", -1), "--lr -1.0"),
        (("--warmup", 2), "--warmup 2.0"),
        (("--heads", 3), "does not divide into 3 heads"),
        (("--checkpoint-steps", "0,999999"), "names step 999,999"),
        (("--rows", tmp_path), "holds no token rows"),
        (("--tokenizer", other), "the manifest says"),
        (("--tokenizer", tmp_path / "none.json"), "cannot be read"),
    ):
        answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out", *options)
        assert_sentence(answer)
        assert said in answer.err
    no_tokens = tmp_path / "plain.json"
    plain = ("--packing", "document-per-row", "--batch-sequences", 2, "-o", no_tokens)
    exposure("run", "init", "--corpus", tmp_path / "a.jsonl.zst", *plain)
    answer = exposure("pretrain", no_tokens, *TINY, "--out", tmp_path / "out")
    assert_sentence(answer)
    assert "has no tokenizer" in answer.err


def test_loss_that_is_not_finite_is_a_sentence(prepare: Any, tmp_path: Path) -> None:
    """A learning rate out of all measure ends with the step at which it went wrong."""
    run = prepare(seed=1)
    answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out", "--lr", 1e30, "--clip", 0)
    assert_sentence(answer)
    assert "Training step" in answer.err


def test_second_process_is_refused(prepare: Any, tmp_path: Path) -> None:
    """Two trainings into one folder would write over each other."""
    run = prepare(seed=1)
    (tmp_path / "out").mkdir()
    with _alone(tmp_path / "out"):
        answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    assert_sentence(answer)
    assert "Another process is training" in answer.err


BARE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"indexer", "duckdb", "isal", "ahocorasick", "numba", "fastapi"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
sys.modules["zstandard"] = None
from exposure.cli import main
main()
"""


def test_training_needs_neither_corpus_nor_indexer(prepare: Any, tmp_path: Path) -> None:
    """With rows, manifest and tokenizer alone, where nothing of the indexer is installed, the weights are the same."""
    run = prepare(seed=1)
    assert exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "here").status == 0
    there = tmp_path / "there"
    shutil.copytree(next((run.manifest.parent / "token-rows").iterdir()), there / "rows")
    shutil.copy(run.manifest, there / "run.json")
    shutil.copy(run.order.tokenizer.path, there / "tok.json")
    (there / "out").mkdir()
    shutil.copy(tmp_path / "here" / "run.json", there / "out")
    kept = (there / "out" / "run.json").read_bytes()
    for path in (tmp_path / "a.jsonl.zst", tmp_path / "b.parquet", tmp_path / "tokenizer.json"):
        path.unlink()
    shutil.rmtree(run.manifest.parent)
    options = ["pretrain", "run.json", "--rows", "rows", "--tokenizer", "tok.json", "--out", "out", *map(str, TINY)]
    done = subprocess.run(
        [sys.executable, "-c", BARE, *options], cwd=there, env=environment(OMP_NUM_THREADS="1"), capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert _hashes(there / "out") == _hashes(tmp_path / "here")
    assert (there / "out" / "run.json").read_bytes() == kept, "its paths are those of the machine with the corpus"


def test_prepared_rows_are_all_that_is_made(prepare: Any, tmp_path: Path) -> None:
    """--prepare makes the rows, and neither trains nor writes into the run's folder."""
    run = prepare()
    shutil.rmtree(run.manifest.parent / "token-rows")
    answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out", "--prepare")
    assert answer.status == 0
    assert not (tmp_path / "out").exists()
    (folder,) = (run.manifest.parent / "token-rows").iterdir()
    assert json.loads((folder / "rows.json").read_text())["rows"] == run.order.rows


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_between_steps(prepare: Any, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step at work is finished, its state saved, and the handlers are back where they were."""
    run = prepare(seed=1)
    before = signal.getsignal(number)
    taken = []

    def note(*_: object) -> None:
        taken.append(1)
        if len(taken) == 3:
            signal.raise_signal(number)

    monkeypatch.setattr("lab.commands.pretrain._Shown.step", note)
    answer = exposure("pretrain", run.manifest, *TINY, "--out", tmp_path / "out")
    assert answer.status == 0
    assert f"step 3 of {run.order.steps}" in answer.err
    assert signal.getsignal(number) is before
    assert (tmp_path / "out" / "resume" / "step-00000003.safetensors").exists()
