"""Training: checkpoints at their steps, going on after an interruption, loss that falls, losses that are none."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer

from exposure.checkpoint_series import CheckpointSeries
from exposure.errors import TrainingError
from exposure.orders import Checkpoints, DataOrder
from indexer.batches import batch_rows
from lab.shapes import Shape
from lab.training_log import read_log

GPT2 = Shape(1, 2, 16, 32, "gpt2")


def _weights(folder: Path) -> dict[str, str]:
    """Checkpoint → sha256 of its weights."""
    return {
        one.parent.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.glob("step-*/*.safetensors")
    }


def _logged(folder: Path) -> list[tuple[object, ...]]:
    return [(one.step, one.loss, one.lr, one.grad_norm, one.tokens) for one in read_log(folder)]


def _stop_after(steps: int) -> Any:
    """Let so many steps be trained."""
    asked = iter(range(steps + 1))
    return lambda: next(asked) == steps


def _train(run: Any, folder: Path, steps: int = 1 << 30, state_seconds: float = 0.0, **settings: object) -> bool:
    with run.trainer(folder, **settings) as trainer:
        return bool(trainer.train(_stop_after(steps), state_seconds=state_seconds))


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.1, "tie": True}, {"precision": "bf16"}])
def test_interrupted_and_uninterrupted_runs_are_the_same(prepare: Any, tmp_path: Path, settings: Any) -> None:
    """Stopped between any two steps and gone on with, a run gives the same weights and the same log, bit for bit."""
    run = prepare(seed=1, packing="document-per-row", epochs=2)
    assert _train(run, tmp_path / "whole", **settings)
    for steps in (0, 3, 5, 2):
        assert not _train(run, tmp_path / "parts", steps, **settings)
    assert _train(run, tmp_path / "parts", **settings)
    assert _weights(tmp_path / "whole") == _weights(tmp_path / "parts")
    assert len(_weights(tmp_path / "whole")) == len(run.order.checkpoint_steps)
    assert _logged(tmp_path / "whole") == _logged(tmp_path / "parts")


def test_work_after_the_last_state_is_done_again(prepare: Any, tmp_path: Path) -> None:
    """Checkpoints and log lines that a crash left beyond the last state are dropped, trained again and the same."""
    run = prepare(seed=1)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    _train(run, whole)
    _train(run, parts, 7)
    shutil.copytree(parts / "resume", tmp_path / "state of step 7")
    _train(run, parts, 5)
    assert read_log(parts)[-1].step == 12
    shutil.rmtree(parts / "resume")
    (tmp_path / "state of step 7").rename(parts / "resume")
    with run.trainer(parts) as trainer:
        assert trainer.step == 7
        assert sorted(_weights(parts)) == ["step-00000000", "step-00000005"]
        assert [one.step for one in CheckpointSeries.load(parts / "series.json").checkpoints] == [0, 5]
        assert [one.step for one in read_log(parts)] == list(range(1, 8))
        trainer.train(lambda: False)
    assert _weights(parts) == _weights(whole)
    assert _logged(parts) == _logged(whole)


def test_damaged_newest_state_gives_way_to_the_one_before(prepare: Any, tmp_path: Path) -> None:
    """A state that cannot be read is passed over; with none that can, the run says so."""
    run = prepare(seed=1)
    _train(run, tmp_path / "whole")
    _train(run, tmp_path / "parts", 12)
    states = sorted((tmp_path / "parts" / "resume").iterdir())
    assert [one.name[5:13] for one in states] == ["00000010", "00000012"]
    states[1].write_bytes(states[1].read_bytes()[:100])
    with run.trainer(tmp_path / "parts") as trainer:
        assert trainer.step == 10
        trainer.train(lambda: False)
    assert _weights(tmp_path / "parts") == _weights(tmp_path / "whole")
    for state in (tmp_path / "parts" / "resume").iterdir():
        state.write_bytes(b"{")
    with pytest.raises(TrainingError, match="No state in"), run.trainer(tmp_path / "parts"):
        pass


@pytest.mark.parametrize("settings", [{}, {"tie": True, "shape": GPT2}])
def test_checkpoint_n_has_consumed_n_batches(prepare: Any, tmp_path: Path, settings: Any) -> None:
    """Loaded by transformers, checkpoint N has on batch N + 1 exactly the loss that was logged before that update."""
    run = prepare(seed=2, packing="document-per-row", prefix=("<s>",), suffix=("</row>",))
    _train(run, tmp_path / "out", **settings)
    losses = {one.step: one.loss for one in read_log(tmp_path / "out")}
    series = CheckpointSeries.load(tmp_path / "out" / "series.json")
    assert [one.step for one in series.checkpoints] == list(range(0, run.order.steps + 1, 5))
    assert series.run == str(tmp_path / "out" / "run.json")
    tokenizer = Tokenizer.from_file(run.order.tokenizer.path)
    for one in series.checkpoints:
        if one.step < run.order.steps:
            model = AutoModelForCausalLM.from_pretrained(one.path).eval()
            assert _loss(model, tokenizer, run, one.step + 1) == pytest.approx(losses[one.step + 1], rel=1e-5)


def _loss(model: Any, tokenizer: Tokenizer, run: Any, step: int) -> float:
    """Mean loss on the batch of a step, one row at a time, the rows being those that the index says."""
    total, targets = 0.0, 0
    for row in batch_rows(run.order, step):
        ids = run.rows.ids[row.row][: run.rows.lengths[row.row]].tolist()
        assert tokenizer.decode(ids, skip_special_tokens=False) == row.text or "\ufffd" in row.text
        with torch.no_grad():
            scores = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        total -= sum(float(scores[place, after]) for place, after in enumerate(ids[1:]))
        targets += len(ids) - 1
    return total / targets


def test_loss_falls_on_a_small_corpus(prepare: Any, tmp_path: Path) -> None:
    """A model that sees ten documents 25 times knows them better at the end than words by their frequency."""
    run = prepare(seed=1, documents=10, epochs=25, batch=16, checkpoints=Checkpoints(steps=(0,)))
    _train(run, tmp_path / "out", lr=2e-2, micro_batch=16)
    losses = [one.loss for one in read_log(tmp_path / "out")]
    _, counts = np.unique(run.rows.ids, return_counts=True)
    shares = counts / counts.sum()
    assert losses[0] == pytest.approx(math.log(run.rows.facts.vocabulary), rel=0.05)
    assert np.mean(losses[-10:]) < -(shares * np.log(shares)).sum() - 0.5


def test_loss_that_is_not_finite_ends_the_run(prepare: Any, tmp_path: Path) -> None:
    """The error names the step; nothing of it is logged or saved."""
    run = prepare(seed=1)
    with run.trainer(tmp_path / "out") as trainer:
        trainer.train(_stop_after(6), state_seconds=0)
        with torch.no_grad():
            next(trainer.model.parameters()).fill_(math.nan)
        with pytest.raises(TrainingError, match=r"Training step 7: the loss is nan"):
            trainer.train(lambda: False, state_seconds=0)
    assert sorted(_weights(tmp_path / "out")) == ["step-00000000", "step-00000005"]
    assert read_log(tmp_path / "out")[-1].step == 6
    with run.trainer(tmp_path / "out") as trainer:
        assert trainer.step == 6
        assert all(bool(one.isfinite().all()) for one in trainer.model.parameters())


def test_initial_weights_are_those_of_their_seed(prepare: Any, tmp_path: Path) -> None:
    """Checkpoint 0 depends on the init seed alone, and on no random state outside."""
    run = prepare(seed=1)
    hashes = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        torch.manual_seed(len(name) + seed + len(hashes))
        _train(run, tmp_path / name, 0, init_seed=seed)
        hashes.append(_weights(tmp_path / name)["step-00000000"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_checkpoint_says_its_tokens(prepare: Any, tmp_path: Path) -> None:
    """Tokenizer and config of a checkpoint name the tokens that began rows and ended documents, and tokenise alike."""
    run = prepare(seed=1, prefix=("<s>",))
    _train(run, tmp_path / "out", 0)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out" / "step-00000000")
    config = json.loads((tmp_path / "out" / "step-00000000" / "config.json").read_text())
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<s>", "<|endoftext|>")
    assert (config["bos_token_id"], config["eos_token_id"]) == (1, 0)
    assert config["dtype"] == "float32"
    text = "The naïve cats can't — 東京 e\u0301"
    expected = Tokenizer.from_file(run.order.tokenizer.path).encode(text, add_special_tokens=False).ids
    assert tokenizer(text, add_special_tokens=False).input_ids == expected


def test_run_without_a_prefix_has_no_begin_token(prepare: Any, tmp_path: Path) -> None:
    """What never began a row is not called BOS; the vocabulary can be padded."""
    run = prepare(seed=1)
    _train(run, tmp_path / "out", 0, vocabulary_multiple=64)
    config = json.loads((tmp_path / "out" / "step-00000000" / "config.json").read_text())
    assert config["bos_token_id"] is None
    assert config["vocab_size"] == 64 * math.ceil(run.rows.facts.vocabulary / 64) != run.rows.facts.vocabulary


def test_written_manifest_is_the_run_that_was_trained(prepare: Any, tmp_path: Path) -> None:
    """run.json beside the checkpoints loads anywhere, has the same digest and still finds corpus and census."""
    run = prepare(seed=1)
    _train(run, tmp_path / "out", 0)
    kept = DataOrder.load(tmp_path / "out" / "run.json")
    assert kept.digest == run.order.digest
    assert [row.text for row in batch_rows(kept, 2)] == [row.text for row in batch_rows(run.order, 2)]
