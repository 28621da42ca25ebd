"""The hand-built copier does what its description says, head by head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import tiny_models
import torch
from planted_induction import planted_induction


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


@pytest.mark.parametrize("seed", [0, 1])
def test_its_heads(seed: int) -> None:
    """Heads of layer 0 look one, two, three tokens back; the induction head at what followed; the others evenly."""
    planted = planted_induction(seed=seed)
    planted.model.set_attn_implementation("eager")
    half = np.random.default_rng(seed).permutation(256)[:100]
    row = torch.from_numpy(np.concatenate([half, half]))[None]
    with torch.no_grad():
        output = planted.model(row, output_attentions=True)
    patterns = torch.stack(output.attentions)[:, 0]  # [layer, head, query, key]
    queries = np.arange(5, 200)
    for distance, (layer, head) in enumerate(planted.previous_token_heads, start=1):
        assert patterns[layer, head, queries, queries - distance].min() > 0.999
    layer, head = planted.induction_head
    assert patterns[layer, head, np.arange(103, 199), np.arange(4, 100)].min() > 0.999
    for layer, head in planted.idle_heads:
        assert patterns[layer, head, queries].amax(dim=-1).numpy() == pytest.approx(1 / (queries + 1), rel=1e-4)
    assert len(planted.idle_heads) == 4
    assert (output.logits[0, 103:199].argmax(dim=-1) == row[0, 4:100]).all()


def test_its_far_memory() -> None:
    """Distance does not blur it: a sequence is recognised after a thousand other tokens."""
    planted = planted_induction(context=1100)
    tokens = np.random.default_rng(5).integers(0, 256, 1000)
    row = np.concatenate([tokens, tokens[:90]])
    with torch.no_grad():
        predicted = planted.model(torch.from_numpy(row)[None]).logits[0].argmax(dim=-1).numpy()
    assert (predicted[1003:1089] == tokens[4:90]).mean() > 0.97
