"""Attention dropout: it acts in training and nowhere else, and a run that goes on drops what it would have dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from lab.dropout import seeded_dropout
from lab.models import Vocabulary, config_of, initial_model
from lab.settings import TrainingSettings, settings_for
from lab.shapes import SHAPES, Shape
from lab.training_log import read_log

CPU = torch.device("cpu")
IDS = torch.arange(1, 25).reshape(2, 12)
FAMILIES = ["tiny", "tiny-neox", "tiny-gpt2"]


def _model(name: str, dropout: float) -> PreTrainedModel:
    shape = replace(SHAPES[name], width=32, mlp=48)
    return initial_model(config_of(shape, Vocabulary(40), 16, tie=False, attention_dropout=dropout), seed=1)


def _hidden(model: PreTrainedModel, seed: int) -> torch.Tensor:
    """[sequence, token, width] behind the last layer, by the model's own sdpa."""
    assert model.config._attn_implementation == "sdpa"
    torch.manual_seed(seed)
    with torch.no_grad():
        return torch.as_tensor(model.base_model(input_ids=IDS).last_hidden_state)


@pytest.mark.parametrize("name", FAMILIES)
def test_dropout_acts_in_training_alone(name: str) -> None:
    """In training two seeds give other hidden states; in evaluation they are those of the model without dropout."""
    model = _model(name, 0.5)
    plain = _hidden(_model(name, 0.0).eval(), 0)
    assert torch.equal(_hidden(model.eval(), 0), plain)
    assert torch.equal(_hidden(model.eval(), 1), plain)
    model.train()
    assert torch.equal(_hidden(model, 0), _hidden(model, 0))
    assert not torch.allclose(_hidden(model, 0), _hidden(model, 1), atol=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_but_attention_is_dropped(name: str) -> None:
    """A first token looks at itself alone: its weight is kept (× 1/(1−p)) or dropped, so it has few hidden states.

    Without other dropout, one layer of two heads leaves four of them, whatever is drawn; and with p = 0 training is
    what evaluation is.
    """
    shape = replace(SHAPES[name], layers=1, width=32, mlp=48)
    config = config_of(shape, Vocabulary(40), 16, tie=False, attention_dropout=0.5)
    model = initial_model(config, seed=1).train()
    first = torch.stack([_hidden(model, seed)[0, 0] for seed in range(40)])
    kinds = [one for at, one in enumerate(first) if not any(torch.allclose(one, other) for other in first[:at])]
    assert len(kinds) == 4
    off = _model(name, 0.0)
    assert torch.equal(_hidden(off.train(), 0), _hidden(off.eval(), 0))
    assert all(one.p == 0 for one in off.modules() if isinstance(one, nn.Dropout))


def _settings(**values: Any) -> TrainingSettings:
    model = {"layers": 1, "heads": 2, "width": 16, "mlp": 32}
    return TrainingSettings.model_validate({"model": model, "order": "x", "attention_dropout": 0.3, **values})


def _drawn(settings: TrainingSettings, step: int) -> list[float]:
    with seeded_dropout(settings, step, CPU):
        return torch.rand(4).tolist()


def test_what_is_drawn_is_of_seed_and_step_alone() -> None:
    """The same step draws the same whatever was drawn before; other steps and seeds draw other numbers."""
    first = _drawn(_settings(), 3)
    torch.manual_seed(99)
    assert _drawn(_settings(), 3) == first
    assert len({tuple(_drawn(_settings(init_seed=seed), step)) for seed in range(3) for step in range(1, 20)}) == 57


def test_random_state_outside_is_left_alone() -> None:
    """Neither with dropout nor without are others' random numbers touched, and without it none are seeded."""
    torch.manual_seed(5)
    expected = torch.rand(3).tolist()
    torch.manual_seed(5)
    _drawn(_settings(), 1)
    assert torch.rand(3).tolist() == expected
    torch.manual_seed(5)
    assert _drawn(_settings(attention_dropout=0.0), 1)[:3] == expected


@pytest.mark.parametrize("family", ["llama", "gpt-neox", "gpt2"])
def test_interrupted_run_drops_what_the_whole_one_drops(prepare: Any, tmp_path: Path, family: str) -> None:
    """Stopped between any two steps, with other random numbers drawn meanwhile, weights and log are bit for bit those
    of the run that was not; they are not those of a run without dropout.
    """
    run = prepare(seed=1)
    shape = Shape(1, 2, 16, 32, family)

    def train(name: str, stops: tuple[int, ...], dropout: float = 0.2) -> None:
        for steps in (*stops, 1 << 30):
            torch.manual_seed(steps % 1000)
            asked = iter(range(1 << 20))
            with run.trainer(tmp_path / name, shape=shape, attention_dropout=dropout) as trainer:
                trainer.train(lambda asked=asked, steps=steps: next(asked) == steps, state_seconds=0)

    train("whole", ())
    train("parts", (0, 3, 2))
    train("plain", (), dropout=0.0)
    whole, parts, plain = (_weights_and_losses(tmp_path / name) for name in ("whole", "parts", "plain"))
    assert whole == parts
    assert len(whole[0]) == len(run.order.checkpoint_steps)
    assert whole[1] != plain[1]
    assert whole[0]["step-00000000"] == plain[0]["step-00000000"]


def _weights_and_losses(folder: Path) -> tuple[dict[str, bytes], list[float]]:
    weights = {one.parent.name: one.read_bytes() for one in folder.glob("step-*/*.safetensors")}
    return weights, [one.loss for one in read_log(folder)]


def test_checkpoint_of_a_run_with_dropout_drops_nothing(prepare: Any, tmp_path: Path) -> None:
    """Its config says what was dropped; loaded as it is, for evaluation, it gives the same numbers every time."""
    run = prepare(seed=1)
    with run.trainer(tmp_path / "out", attention_dropout=0.4) as trainer:
        trainer.train(lambda: True)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out" / "step-00000000", attn_implementation="sdpa")
    assert model.config.attention_dropout == 0.4
    assert torch.equal(_hidden(model, 0), _hidden(model, 1))


def test_settings_name_a_share_that_cannot_be(prepare: Any) -> None:
    """All of attention cannot be dropped, nor less than nothing."""
    from exposure.errors import TrainingError

    run = prepare()
    for share in (1.0, -0.1):
        with pytest.raises(TrainingError, match=f"--attention-dropout {share}"):
            settings_for(run.order, SHAPES["tiny"], attention_dropout=share)
