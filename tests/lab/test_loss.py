"""Loss and gradient of a batch against torch's own, one sequence at a time and without padding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from transformers import PreTrainedModel

from lab import head_loss
from lab.loss import Batch, backward, places_of_targets
from lab.models import Vocabulary, config_of, initial_model
from lab.shapes import SHAPES

TOKENS = 300
LENGTHS = (20, 7, 1, 0, 20, 2)


def _model(name: str, tie: bool) -> PreTrainedModel:
    return initial_model(config_of(replace(SHAPES[name], width=32, mlp=48), Vocabulary(TOKENS), 20, tie), seed=1)


def _batch() -> Batch:
    ids = np.random.default_rng(0).integers(0, TOKENS, (len(LENGTHS), 20))
    return Batch(ids, np.array(LENGTHS, dtype=np.int64))


def _slow(model: PreTrainedModel, batch: Batch) -> float:
    """The mean loss, one sequence at a time; gradients are left in the model."""
    total = torch.zeros(())
    for ids, length in zip(batch.ids, batch.lengths, strict=True):
        if length > 1:
            own = torch.from_numpy(ids[:length])
            logits = model(input_ids=own[None]).logits[0]
            total = total + F.cross_entropy(logits[:-1], own[1:], reduction="sum")
    mean = total / sum(max(length - 1, 0) for length in batch.lengths)
    mean.backward()  # type: ignore[no-untyped-call]
    return float(mean.detach())


def _gradients(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    found = {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}
    model.zero_grad()
    return found


@pytest.mark.parametrize("tie", [False, True])
@pytest.mark.parametrize("name", ["tiny", "tiny-neox", "tiny-gpt2"])
def test_loss_and_gradient_are_those_of_single_sequences(name: str, tie: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Padding, micro-batches and chunks of logits change nothing but rounding."""
    monkeypatch.setattr(head_loss, "CHUNK_NUMBERS", 5 * TOKENS)
    model, batch = _model(name, tie), _batch()
    expected = _slow(model, batch)
    gradients = _gradients(model)
    for micro_batch in (1, 4, 6):
        assert float(backward(model, batch, micro_batch, is_bf16=False)) == pytest.approx(expected, rel=1e-6)
        found = _gradients(model)
        assert found.keys() == gradients.keys()
        for parameter, gradient in gradients.items():
            assert torch.allclose(found[parameter], gradient, rtol=1e-4, atol=1e-7), (micro_batch, parameter)


def test_mixed_precision_is_near() -> None:
    """bf16 loses digits, and no more than that: weights, and so gradients, stay fp32."""
    model, batch = _model("tiny", tie=False), _batch()
    expected = _slow(model, batch)
    gradients = _gradients(model)
    assert float(backward(model, batch, 4, is_bf16=True)) == pytest.approx(expected, rel=1e-2)
    for name, found in _gradients(model).items():
        assert found.dtype == torch.float32
        assert torch.cosine_similarity(found.ravel(), gradients[name].ravel(), dim=0) > 0.98


def test_padding_is_no_target() -> None:
    """Every token that has one before it in its own sequence is predicted once, and nothing else."""
    batch = _batch()
    expected = [row * 20 + place for row, length in enumerate(LENGTHS) for place in range(length - 1)]
    assert places_of_targets(batch).tolist() == expected
    assert batch.targets == len(expected)
    assert batch.tokens == sum(LENGTHS)


def test_batch_without_targets_has_no_gradient() -> None:
    """Sequences of one token predict nothing: the loss is 0 and the gradient zero, not NaN."""
    model = _model("tiny", tie=False)
    assert float(backward(model, Batch(np.ones((2, 4), dtype=np.int64), np.array([1, 0])), 2, is_bf16=False)) == 0.0
    assert all(float(gradient.abs().max()) == 0.0 for gradient in _gradients(model).values())


def test_large_logits_do_not_overflow() -> None:
    """Log-sum-exp is taken from the greatest logit: scores of thousands give a finite loss."""
    hidden, weight = torch.full((3, 4), 50.0, requires_grad=True), torch.full((7, 4), 50.0, requires_grad=True)
    loss = head_loss.summed_cross_entropy(hidden, weight, torch.tensor([0, 3, 6]), is_bf16=False)
    assert float(loss.detach()) == pytest.approx(3 * np.log(7), rel=1e-4)
