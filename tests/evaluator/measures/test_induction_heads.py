"""Induction heads of whole models: a planted one, and small ones against transformers' attention and plain loops."""

from functools import cache

import numpy as np
import planted_induction
import pytest
import tiny_models
import torch
from transformers import PreTrainedModel

from evaluator.inside.architecture import UnsupportedArchitectureError, architecture_of
from evaluator.measures.induction.head_positivity import head_positivity
from evaluator.measures.induction.induction_heads import (
    InductionScores,
    InductionSpec,
    attention_scores,
    induction_scores,
)
from evaluator.measures.induction.repeated_sequences import RepeatedSpec, repeated_sequences
from evaluator.memory import TokenBudget
from exposure.errors import EvaluationError

VOCABULARY = np.arange(2, 256)
PLANTED = InductionSpec(RepeatedSpec(4, 100), RepeatedSpec(4, 25, 4))
SMALL = InductionSpec(RepeatedSpec(6, 20), RepeatedSpec(6, 8, 4))


@pytest.fixture(autouse=True)
def _one_thread():
    with tiny_models.one_thread():
        yield


@cache
def planted(**changes: object) -> tuple[planted_induction.PlantedInduction, InductionScores]:
    """The model with a known circuit, and its scores."""
    made = planted_induction.planted_induction(**changes)
    return made, induction_scores(made.model, VOCABULARY, 0, PLANTED, where="planted")


@pytest.mark.parametrize("name", ["raw", "folded"])
def test_the_planted_induction_head_has_1_and_all_others_0(name):
    """I of the head that was built to look at what followed, and to copy it; near 0 for every other."""
    made, scores = planted()
    found = getattr(scores, name)
    assert found[made.induction_head] > 0.9
    assert scores.attention.induction[made.induction_head] > 0.95
    assert scores.attention.prefix_matching[made.induction_head] > 0.95
    others = [place for place in np.ndindex(found.shape) if place != made.induction_head]
    assert max(abs(found[place]) for place in others) < 0.03


def test_planted_previous_token_heads_are_found():
    """The head that attends one back has previous-token score 1; those of two and three back, and all others, 0."""
    made, scores = planted()
    found = scores.attention.previous_token
    previous = made.previous_token_heads[0]
    assert found[previous] > 0.95
    assert max(found[place] for place in np.ndindex(found.shape) if place != previous) < 0.1


def test_without_its_induction_head_the_model_has_none():
    """The same model with that head idle: no score above a few hundredths."""
    _, scores = planted(is_broken=True)
    assert np.abs(scores.raw).max() < 0.03
    assert scores.attention.prefix_matching.max() < 0.2


def test_a_head_that_looks_but_suppresses_has_minus_1():
    """With W_O negated, Ā stays and I turns round: attention alone does not make an induction head."""
    made = planted_induction.planted_induction()
    layer, head = made.induction_head
    mine = slice(head * planted_induction.D_HEAD, (head + 1) * planted_induction.D_HEAD)
    with torch.no_grad():
        made.model.model.layers[layer].self_attn.o_proj.weight[:, mine] *= -1
    scores = induction_scores(made.model, VOCABULARY, 0, SMALL, where="negated")
    assert scores.attention.induction[layer, head] > 0.9
    assert scores.raw[layer, head] < -0.9


def eager_patterns(model: PreTrainedModel, token_ids: np.ndarray) -> np.ndarray:
    """[layer, row, head, query, key] by transformers' own eager attention, in another copy of the model."""
    model.set_attn_implementation("eager")
    with torch.no_grad():
        found = model(torch.from_numpy(token_ids), output_attentions=True).attentions
    model.set_attn_implementation("sdpa")
    return torch.stack(found).numpy()


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "gpt2", "olmo2"])
def test_attention_scores_are_those_of_eager_patterns(architecture):
    """Every head of every layer, from full patterns and loops over tokens."""
    model = tiny_models.model(architecture)
    found = attention_scores(model, VOCABULARY, 1, SMALL, where="tiny")
    halves, standard = (repeated_sequences(spec, VOCABULARY, 1) for spec in (SMALL.halves, SMALL.standard))
    patterns = eager_patterns(model, halves.token_ids)[..., 1:, 1:]
    slow = np.mean([patterns[..., 20 + i - 1, i] for i in range(1, 20)], axis=(0, 2))
    np.testing.assert_allclose(found.induction, slow, atol=1e-6)
    patterns = eager_patterns(model, standard.token_ids)[..., 1:, 1:]
    back = np.mean([patterns[..., i, i - 1] for i in range(1, 32)], axis=(0, 2))
    np.testing.assert_allclose(found.previous_token, back, atol=1e-6)
    matching = [
        sum(patterns[..., query, key] for key in range(query % 8 + 1, query + 1, 8)) for query in range(8, 32)
    ]  # fmt: skip
    np.testing.assert_allclose(found.prefix_matching, np.mean(matching, axis=(0, 2)), atol=1e-6)


def test_batches_do_not_change_scores():
    """One sequence at a time gives what all at once give."""
    model = tiny_models.model("llama")
    at_once, alone = (
        attention_scores(model, VOCABULARY, 1, SMALL, where="tiny", budget=TokenBudget(tokens)) for tokens in (9999, 1)
    )
    np.testing.assert_allclose(at_once.induction, alone.induction, atol=1e-7)
    np.testing.assert_allclose(at_once.prefix_matching, alone.prefix_matching, atol=1e-7)


def stored_weights(model: PreTrainedModel, layer: int, head: int) -> tuple[torch.Tensor, torch.Tensor]:
    """W_V [d_model, d_head] and W_O [d_head, d_model] of one head, straight from where the family keeps them."""
    if model.config.model_type == "gpt_neox":  # one matrix: for each head its query, its key, its value
        attention = model.gpt_neox.layers[layer].attention
        return attention.query_key_value.weight.view(4, 3, 12, 48)[head, 2].T, attention.dense.weight[
            :, 12 * head : 12 * head + 12
        ].T
    if model.config.model_type == "gpt2":
        attention = model.transformer.h[layer].attn
        return attention.c_attn.weight[:, 96 + 12 * head :][:, :12], attention.c_proj.weight[12 * head :][:12]
    attention, group = model.model.layers[layer].self_attn, head // 2  # two query heads for each of keys and values
    return attention.v_proj.weight[12 * group :][:12].T, attention.o_proj.weight[:, 12 * head :][:, :12].T


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "gpt2", "olmo2"])
def test_ep_is_that_of_the_matrix_over_all_tokens(architecture):
    """Σ Re λ / Σ |λ| of W_E W_V W_O W_U [V, V], taken from the model's own modules, for every head."""
    model = tiny_models.model(architecture, vocab_size=96).double()
    found = head_positivity(architecture_of(model)).raw
    embedding, unembedding = (
        of.weight.detach().numpy() for of in (model.get_input_embeddings(), model.get_output_embeddings())
    )
    for layer, head in np.ndindex(found.shape):
        values, outputs = (weight.detach().numpy() for weight in stored_weights(model, layer, head))
        eigenvalues = torch.linalg.eigvals(torch.from_numpy(embedding @ values @ outputs @ unembedding.T)).numpy()
        slow = eigenvalues.real.sum() / np.abs(eigenvalues).sum()
        assert found[layer, head] == pytest.approx(slow, abs=1e-5)
    assert np.ptp(found) > 0.02


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "gpt2", "olmo2"])
def test_folded_ep_is_that_of_tokens_led_through_the_models_norms(architecture):
    """The norms' gains, drawn at random, and their centring, by the norm modules themselves, divided by their scale."""
    model = tiny_models.model(architecture, vocab_size=96)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ("norm" in name or "ln_" in name) and name.endswith("weight"):
                weight.copy_(torch.randn(weight.shape, generator=generator))
    model = model.double()
    found = head_positivity(architecture_of(model))
    embedding = model.get_input_embeddings().weight.detach()
    for layer, head in np.ndindex(found.folded.shape):
        before, after, final = norms(model, layer)
        values, outputs = (weight.detach() for weight in stored_weights(model, layer, head))
        written = linear_part(after, linear_part(before, embedding) @ values @ outputs)
        circuit = linear_part(final, written) @ model.get_output_embeddings().weight.detach().T
        eigenvalues = torch.linalg.eigvals(circuit).numpy()
        slow = eigenvalues.real.sum() / np.abs(eigenvalues).sum()
        assert found.folded[layer, head] == pytest.approx(slow, abs=1e-4)
    assert np.abs(found.folded - found.raw).max() > 0.02


def norms(model: PreTrainedModel, layer: int) -> tuple[torch.nn.Module | None, ...]:
    """Before attention, between attention and the residual stream, and before the unembedding."""
    if model.config.model_type == "gpt_neox":
        return model.gpt_neox.layers[layer].input_layernorm, None, model.gpt_neox.final_layer_norm
    if model.config.model_type == "gpt2":
        return model.transformer.h[layer].ln_1, None, model.transformer.ln_f
    block = model.model.layers[layer]
    if model.config.model_type == "olmo2":
        return None, block.post_attention_layernorm, model.model.norm
    return block.input_layernorm, None, model.model.norm


def linear_part(norm: torch.nn.Module | None, rows: torch.Tensor) -> torch.Tensor:
    """What the norm makes of rows [row, d_model], times what it divided each by, less its bias."""
    if norm is None:
        return rows
    with torch.no_grad():
        made = norm(rows) - getattr(norm, "bias", torch.zeros(1))
    is_centring = isinstance(norm, torch.nn.LayerNorm)
    epsilon = norm.eps if is_centring else norm.variance_epsilon
    spread = rows.var(dim=1, correction=0) if is_centring else (rows**2).mean(dim=1)
    return made * (spread + epsilon).sqrt()[:, None]


def test_rows_of_the_long_table_are_one_a_head_and_measure():
    """Seven measures of eight heads, with what they were taken over."""
    _, scores = planted()
    rows = scores.measurements(300, PLANTED, 0)
    assert len(rows) == 7 * 8
    assert {row.step for row in rows} == {300}
    chosen = next(row for row in rows if (row.measure, row.layer, row.head) == ("induction", 1, 2))
    assert chosen.value == scores.raw[1, 2]
    assert chosen.n == 4
    assert "4x100x2 random tokens, seed 0" in chosen.convention


def test_a_family_that_is_not_known_is_refused_for_i_but_not_for_attention(monkeypatch):
    """Its name is in the sentence; what needs no weights is still measured."""
    model = tiny_models.model("llama")
    monkeypatch.setattr(model.config, "model_type", "unheard-of")
    with pytest.raises(UnsupportedArchitectureError, match="unheard-of"):
        induction_scores(model, VOCABULARY, 1, SMALL, where="tiny")
    assert attention_scores(model, VOCABULARY, 1, SMALL, where="tiny").induction.shape == (2, 4)


def test_sequences_that_the_model_cannot_read_are_refused():
    """Too long for its context, ids beyond its embeddings, more than two halves, weights that are damaged."""
    model = tiny_models.model("llama")
    with pytest.raises(EvaluationError, match=r"step 3: sequences of 201 tokens .* context is 64"):
        attention_scores(model, VOCABULARY, 1, where="step 3")
    with pytest.raises(EvaluationError, match="embeddings for tokens below 512"):
        attention_scores(model, VOCABULARY + 500, 1, SMALL, where="step 3")
    with pytest.raises(EvaluationError, match="two identical halves"):
        InductionSpec(RepeatedSpec(6, 20, 3))
    with torch.no_grad():
        model.model.layers[1].self_attn.q_proj.weight.fill_(float("nan"))
    with pytest.raises(EvaluationError, match="attention is not finite"):
        attention_scores(model, VOCABULARY, 1, SMALL, where="step 3")
