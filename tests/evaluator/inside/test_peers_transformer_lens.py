"""Against TransformerLens: attention, hidden states, logits and weights by head of the same small models.

The bridge attends eagerly and our models by sdpa, so sums over keys are taken in another order: in fp32, with states of
some tens, that leaves up to 2e-5 (rounding is 1e-7 of a number), and 2e-6 of a probability. Weights are the same
numbers, only laid out in another way, and are compared bit for bit.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from inside_models import token_ids
from torch import Tensor

pytest.importorskip("transformer_lens", reason="TransformerLens is not installed (extra peers)")

from bridged_models import FOLDED, NAMES, Seen, bridged, folded, ours, seen

from evaluator.inside.architecture import architecture_of
from evaluator.inside.attention_rows import attention_patterns, attention_rows
from evaluator.inside.hidden_states import hidden_states
from evaluator.inside.places import Places

ROWS, WIDTH = 3, 14
IDS = token_ids(ROWS, WIDTH, seed=3)
CLOSE = {"atol": 5e-5, "rtol": 1e-5}
"""For states and logits."""
CLOSE_SHARES = {"atol": 1e-5, "rtol": 0.0}
"""For probabilities; folded weights are rounded once more."""
EVERYWHERE = Places(*(one.reshape(-1) for one in np.indices((ROWS, WIDTH), dtype=np.int64)))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session", params=NAMES)
def both(request: pytest.FixtureRequest) -> tuple[str, Seen]:
    """A name, and what the bridge saw of it."""
    return request.param, seen(bridged(request.param), IDS)


def flat(states: Tensor) -> Tensor:
    """[..., place, d_model] of [..., row, token, d_model]."""
    return states.flatten(-3, -2)


def test_logits_are_the_same(both: tuple[str, Seen]) -> None:
    """The bridge computes the same model: everything below compares like with like."""
    name, theirs = both
    with torch.no_grad():
        torch.testing.assert_close(ours(name)(IDS).logits, theirs.logits, **CLOSE)


def test_patterns_are_the_same(both: tuple[str, Seen]) -> None:
    """Every weight of every head on every key, told layer after layer."""
    name, theirs = both
    found: list[Tensor] = []
    attention_patterns(ours(name), {"input_ids": IDS}, lambda _, pattern: found.append(pattern))
    torch.testing.assert_close(torch.stack(found), theirs.patterns, **CLOSE_SHARES)
    assert theirs.patterns.std() > 0.05, "equal weights everywhere would prove little"


def test_rows_of_chosen_queries_are_the_same(both: tuple[str, Seen]) -> None:
    """A few queries in any order, as attention to context reads them."""
    name, theirs = both
    queries = Places(np.array([2, 0, 1, 0]), np.array([13, 4, 7, 12]))
    found = attention_rows(ours(name), {"input_ids": IDS}, queries)  # [layer, query, head, key]
    torch.testing.assert_close(
        found, theirs.patterns[:, queries.rows, :, queries.tokens].transpose(0, 1), **CLOSE_SHARES
    )


def test_hidden_states_are_the_same_at_every_layer(both: tuple[str, Seen]) -> None:
    """Embeddings, what every block hands on, and what the final norm makes of the last."""
    name, theirs = both
    found = hidden_states(ours(name), {"input_ids": IDS}, EVERYWHERE)
    torch.testing.assert_close(found.layers, flat(theirs.residuals), **CLOSE)
    torch.testing.assert_close(found.final, flat(theirs.cache["ln_final.hook_out"]), **CLOSE)
    apart = [(one - other).abs().max() for one, other in zip(found.layers[1:], found.layers, strict=False)]
    assert min(*apart, (found.final - found.layers[-1]).abs().max()) > 0.1, (
        "states of two layers would be taken for one"
    )


def test_weights_by_head_are_the_same(name: str) -> None:
    """W_Q, W_K, W_V and W_O of every query head, with heads of keys and values repeated; bit for bit."""
    bridge, architecture = bridged(name), architecture_of(ours(name))
    queries_keys, values_outputs = bridge.QK, bridge.OV
    for layer in range(architecture.n_layers):
        heads = architecture.heads(layer)
        assert torch.equal(heads.W_Q, queries_keys.A[layer])
        assert torch.equal(heads.W_K, queries_keys.B[layer].transpose(1, 2))
        assert torch.equal(heads.W_V, values_outputs.A[layer])
        assert torch.equal(heads.W_O, values_outputs.B[layer])


@pytest.mark.parametrize("name", ["gpt_neox", "gpt2", "llama, biased, wide heads", "qwen2"])
def test_biases_by_head_are_the_same(name: str) -> None:
    """Of those that have some; Qwen2's output has none."""
    bridge, architecture = bridged(name), architecture_of(ours(name))
    groups = architecture.n_heads // architecture.n_kv_heads
    for layer in range(architecture.n_layers):
        heads = architecture.heads(layer)
        assert torch.equal(heads.b_q, bridge.b_Q[layer])
        assert torch.equal(heads.b_k, bridge.b_K[layer].repeat_interleave(groups, dim=0))
        assert torch.equal(heads.b_v, bridge.b_V[layer].repeat_interleave(groups, dim=0))
        assert heads.b_q.any()
        if name != "qwen2":
            assert torch.equal(heads.b_o, bridge.b_O[layer])


def test_embedding_and_unembedding_are_the_same(name: str) -> None:
    """W_E [V, d_model] and W_U [d_model, V], bit for bit."""
    bridge, architecture = bridged(name), architecture_of(ours(name))
    assert torch.equal(architecture.embedding(), bridge.W_E)
    assert torch.equal(architecture.unembedding(), bridge.W_U)


@pytest.mark.parametrize("name", FOLDED)
def test_folding_changes_weights_and_nothing_that_is_read(name: str) -> None:
    """TransformerLens' folded model is the same function: its patterns and logits are still ours."""
    theirs = seen(folded(name), IDS)
    with torch.no_grad():
        torch.testing.assert_close(ours(name)(IDS).logits, theirs.logits, **CLOSE)
    found: list[Tensor] = []
    attention_patterns(ours(name), {"input_ids": IDS}, lambda _, pattern: found.append(pattern))
    torch.testing.assert_close(torch.stack(found), theirs.patterns, **CLOSE_SHARES)
    assert not torch.allclose(folded(name).OV.AB, bridged(name).OV.AB)
