"""The weights of a model by layer and head, against its own forward pass."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from inside_models import FAMILIES, VOCABULARY, WIDTH, causal_mask, made, token_ids
from torch import Tensor
from torch.nn import Linear, Module
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from evaluator.inside.architecture import LAYOUTS, Architecture, UnsupportedArchitectureError, architecture_of

TOKENS = 6


class Seen:
    """What a module read and gave in its last pass."""

    def __init__(self, module: Module) -> None:
        self.read = self.gave = torch.empty(0)
        module.register_forward_hook(self._keep, with_kwargs=True)

    def _keep(self, _module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        self.read = args[0] if args else kwargs["hidden_states"]
        self.gave = output[0] if isinstance(output, tuple) else output


def attention_of(block: Any) -> Any:
    return next(getattr(block, name) for name in ("attention", "self_attn", "attn") if hasattr(block, name))


def first_norm(block: Any) -> Any:
    return next((getattr(block, name) for name in ("input_layernorm", "ln_1") if hasattr(block, name)), None)


def final_norm(model: Any) -> Any:
    base = model.base_model
    return next(getattr(base, name) for name in ("final_layer_norm", "ln_f", "norm") if hasattr(base, name))


def patterns(model: PreTrainedModel, ids: Tensor, **inputs: Any) -> tuple[Tensor, ...]:
    """[row, head, query, key] of each layer, by eager transformers."""
    with torch.no_grad():
        return tuple(model(input_ids=ids, output_attentions=True, use_cache=False, **inputs).attentions)


@pytest.mark.parametrize("name", FAMILIES)
def test_values_and_outputs_by_head_add_up_to_what_the_attention_of_each_layer_gives(name: str) -> None:
    """Σ_h a_h (y W_V + b_V) W_O + b_O, token by token and head by head, is the attention module's output."""
    model = made(name, "eager")
    architecture = architecture_of(model)
    seen = [Seen(attention_of(block)) for block in architecture.blocks]
    attentions = patterns(model, token_ids(1, TOKENS))
    for layer, (layer_seen, attention) in enumerate(zip(seen, attentions, strict=True)):
        heads = architecture.heads(layer, torch.float64)
        read = layer_seen.read[0].double()  # [token, d_model]
        expected = torch.zeros_like(read)
        for query in range(TOKENS):
            expected[query] += heads.b_o
            for head in range(architecture.n_heads):
                for key in range(query + 1):
                    value = read[key] @ heads.W_V[head] + heads.b_v[head]
                    expected[query] += attention[0, head, query, key] * (value @ heads.W_O[head])
        torch.testing.assert_close(layer_seen.gave[0].double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_queries_and_keys_by_head_give_the_attention_of_tokens_that_all_stand_at_one_place(name: str) -> None:
    """Where every position is 0 nothing is rotated, and softmax of q·k / √d_head is the pattern of each layer."""
    model = made(name, "eager")
    architecture = architecture_of(model)
    seen = [Seen(attention_of(block)) for block in architecture.blocks]
    places = torch.zeros((1, TOKENS), dtype=torch.int64)
    attentions = patterns(model, token_ids(1, TOKENS), position_ids=places, attention_mask=causal_mask(TOKENS))
    for layer, (layer_seen, attention) in enumerate(zip(seen, attentions, strict=True)):
        heads = architecture.heads(layer)
        module = attention_of(architecture.blocks[layer])
        queries, keys = (
            torch.stack([layer_seen.read[0] @ weight[head] + bias[head] for head in range(architecture.n_heads)])
            for weight, bias in ((heads.W_Q, heads.b_q), (heads.W_K, heads.b_k))
        )  # [head, token, d_head]
        if hasattr(module, "q_norm"):
            groups = architecture.n_heads // architecture.n_kv_heads
            queries = normed(module.q_norm, queries)
            keys = normed(module.k_norm, keys[::groups]).repeat_interleave(groups, dim=0)
        for query in range(TOKENS):
            scores = (queries[:, query, None] * keys[:, : query + 1]).sum(-1) / architecture.d_head**0.5
            torch.testing.assert_close(attention[0, :, query, : query + 1], scores.softmax(-1), atol=1e-5, rtol=1e-4)


def normed(norm: Any, states: Tensor) -> Tensor:
    """[head, token, d_head], normed over all heads at once, as OLMo 2 does."""
    heads, tokens, _ = states.shape
    with torch.no_grad():
        return torch.as_tensor(norm(states.transpose(0, 1).flatten(1)).view(tokens, heads, -1).transpose(0, 1))


def by_formula(states: Tensor, architecture: Architecture, gain: Tensor | None, norm: Any) -> Tensor:
    """LayerNorm or RMSNorm, as centres_norm says, spelt out."""
    if architecture.centres_norm:
        states = states - states.mean(-1, keepdim=True)
    scaled = states / (states.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    scaled = scaled if gain is None else scaled * gain
    bias = getattr(norm, "bias", None)
    return scaled if bias is None else scaled + bias


@pytest.mark.parametrize("name", FAMILIES)
def test_gains_and_centring_are_those_of_the_norms_before_attention_and_unembedding(name: str) -> None:
    """What attention reads, and what is unembedded, is the residual stream centred, scaled and multiplied as said."""
    model = made(name)
    architecture = architecture_of(model)
    blocks = [Seen(block) for block in architecture.blocks]
    attentions = [Seen(attention_of(block)) for block in architecture.blocks]
    last = Seen(final_norm(model))
    with torch.no_grad():
        model(input_ids=token_ids(2, TOKENS), use_cache=False)
        for layer, (block, attention) in enumerate(zip(blocks, attentions, strict=True)):
            gain, norm = architecture.attention_norm_gain(layer), first_norm(architecture.blocks[layer])
            expected = block.read if norm is None else by_formula(block.read, architecture, gain, norm)
            torch.testing.assert_close(attention.read, expected, atol=2e-4, rtol=2e-4)
        expected = by_formula(last.read, architecture, architecture.final_norm_gain(), final_norm(model))
        torch.testing.assert_close(last.gave, expected, atol=2e-4, rtol=2e-4)


def test_families_whose_norms_have_no_gain_or_that_have_no_norm_say_so() -> None:
    """OLMo's norms have no gain; OLMo 2 norms what attention gives instead of what it reads."""
    olmo, olmo2, llama = (architecture_of(made(name)) for name in ("olmo", "olmo2", "llama"))
    assert olmo.attention_norm_gain(0) is None
    assert olmo.final_norm_gain() is None
    assert olmo2.attention_norm_gain(0) is None
    assert llama.attention_norm_gain(0) is not None
    assert llama.attention_output_gain(0) is None


def test_the_gain_after_attention_is_what_olmo2_adds_attention_with() -> None:
    """Attention's output, scaled to unit mean square and multiplied by the gain, is what the norm after it gives."""
    model = made("olmo2")
    architecture = architecture_of(model)
    attention, after = Seen(attention_of(architecture.blocks[1])), Seen(model.model.layers[1].post_attention_layernorm)
    with torch.no_grad():
        model(input_ids=token_ids(2, TOKENS), use_cache=False)
    expected = by_formula(attention.gave, architecture, architecture.attention_output_gain(1), None)
    torch.testing.assert_close(after.gave, expected, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_embedding_and_unembedding_stand_at_both_ends_of_the_residual_stream(name: str) -> None:
    """Rows of W_E are what the first block reads (positions apart), and states times W_U are the logits."""
    model = made(name)
    architecture = architecture_of(model)
    first, last = Seen(architecture.blocks[0]), Seen(final_norm(model))
    ids = token_ids(2, TOKENS)
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits
        read = first.read - (model.base_model.wpe.weight[:TOKENS] if name == "gpt2" else 0)
    torch.testing.assert_close(read, architecture.embedding()[ids], atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(logits, last.gave @ architecture.unembedding(), atol=1e-4, rtol=1e-4)


def test_sizes_are_told_with_grouped_heads_and_heads_wider_than_their_share() -> None:
    """Four heads of ten dimensions in a stream of 24, with two heads of keys and values, each repeated for two."""
    architecture = architecture_of(made("llama, biased, wide heads"))
    found = architecture.n_layers, architecture.n_heads, architecture.n_kv_heads, architecture.d_head
    assert (*found, architecture.d_model) == (3, 4, 2, 10, WIDTH)
    heads = architecture.heads(0)
    assert heads.W_Q.shape == heads.W_K.shape == heads.W_V.shape == (4, WIDTH, 10)
    assert heads.W_O.shape == (4, 10, WIDTH)
    assert torch.equal(heads.W_V[0], heads.W_V[1])
    assert not torch.equal(heads.W_V[1], heads.W_V[2])
    assert architecture.embedding().shape == architecture.unembedding().T.shape == (VOCABULARY, WIDTH)


@pytest.mark.parametrize("name", ["gpt_neox", "llama", "gpt2"])
def test_what_was_given_stays_when_the_next_checkpoint_is_loaded_in_place(name: str) -> None:
    """Tensors are copies; what is asked for after the weights were overwritten is of the new weights."""
    model = made(name)
    architecture = architecture_of(model)

    def asked() -> list[Tensor]:
        heads = vars(architecture.heads(1)).values()
        gains = architecture.attention_norm_gain(1), architecture.final_norm_gain()
        return [
            *heads,
            *(gain for gain in gains if gain is not None),
            architecture.embedding(),
            architecture.unembedding(),
        ]

    given = asked()
    before = [one.clone() for one in given]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    assert all(torch.equal(one, other) for one, other in zip(given, before, strict=True))
    changed = [not torch.equal(one, other) for one, other in zip(asked(), before, strict=True)]
    assert all(changed) or name == "llama"  # whose zeros stand for biases that it has not
    assert all(changed[:4])


def test_weights_of_a_16_bit_model_come_in_the_dtype_asked_for() -> None:
    """fp32 unless fp64 is asked for, whatever the model holds."""
    architecture = architecture_of(made("llama").to(torch.bfloat16))
    assert architecture.heads(0).W_O.dtype == architecture.embedding().dtype == torch.float32
    assert {one.dtype for one in vars(architecture.heads(0, torch.float64)).values()} == {torch.float64}
    assert architecture.unembedding(torch.float64).dtype == torch.float64


def test_a_family_that_is_not_known_is_refused_by_name_with_those_that_are() -> None:
    """The message names the model's type and every supported one."""
    config = AutoConfig.for_model("opt", vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2)
    config.ffn_dim = config.word_embed_proj_dim = 8
    with pytest.raises(UnsupportedArchitectureError, match="opt model") as refused:
        architecture_of(AutoModelForCausalLM.from_config(config))
    assert all(name in str(refused.value) for name in LAYOUTS)
    assert {model_type for model_type, _ in FAMILIES.values()} == set(LAYOUTS)  # and every one of them is tested here


def test_projections_that_are_not_plain_matrices_are_refused() -> None:
    """A quantised or adapted layer keeps its weights otherwise: its class is named."""

    class Adapted(Linear):
        pass

    model = made("llama")
    model.model.layers[2].self_attn.v_proj = Adapted(WIDTH, 12, bias=False)
    with pytest.raises(UnsupportedArchitectureError, match="Adapted"):
        architecture_of(model)


def test_a_model_without_unembedding_is_refused() -> None:
    """The base model alone is no causal language model."""
    with pytest.raises(UnsupportedArchitectureError, match="no unembedding"):
        architecture_of(made("gpt_neox").base_model)
