"""The residual stream at chosen tokens, against what transformers gives of all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from inside_models import FAMILIES, made, packed_sentences, paths, token_ids
from torch import Tensor
from torch.nn import Identity, ModuleList
from transformers import AutoConfig, AutoModelForCausalLM

from evaluator.inside.attention_rows import attention_rows, watched_attention
from evaluator.inside.hidden_states import HiddenStates, hidden_states, watched_hidden_states
from evaluator.inside.places import Places
from evaluator.inside.running import blocks_of
from evaluator.model_inputs import model_inputs
from exposure.errors import EvaluationError

ROWS, WIDTH = 4, 9
PLACES = Places(np.array([2, 0, 3, 0, 0]), np.array([6, 8, 5, 1, 1]))


def batch() -> dict[str, Tensor]:
    return {"input_ids": token_ids(ROWS, WIDTH)}


@pytest.mark.parametrize("name", FAMILIES)
def test_states_are_those_of_transformers_with_the_last_before_and_after_the_norm(name: str) -> None:
    """Embeddings, every block, and after the norm; transformers gives the last block's only after the norm."""
    model = made(name)
    with torch.no_grad():
        output = model(**batch(), output_hidden_states=True, use_cache=False)
        expected = torch.stack(output.hidden_states)[:, PLACES.rows, PLACES.tokens]  # [layer, place, d_model]
        found = hidden_states(model, batch(), PLACES)
        unembedded = model.get_output_embeddings()(found.final)
        base = model.base_model
        norm = next(getattr(base, one) for one in ("final_layer_norm", "ln_f", "norm") if hasattr(base, one))
        normed = norm(found.layers[-1])
    assert torch.equal(found.layers[:-1], expected[:-1])
    assert torch.equal(found.final, expected[-1])
    torch.testing.assert_close(normed, found.final, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found.layers[-1], found.final)
    torch.testing.assert_close(unembedded, output.logits[PLACES.rows, PLACES.tokens], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt_neox", "llama", "gpt2", "olmo2"])
def test_states_of_packed_tries_are_those_of_each_sentence_alone(name: str) -> None:
    """Wherever in a packed row its tokens stand."""
    model = made(name)
    sentences, rows = packed_sentences()
    for sentence in sentences:
        tokens = np.arange(len(sentence) - 1)
        alone = hidden_states(model, {"input_ids": sentence[None, :-1]}, Places(np.zeros_like(tokens), tokens))
        for row, path in paths(sentence, rows):
            places = Places(np.full(len(path), row), np.array(path))
            found = hidden_states(model, model_inputs(model, rows), places)
            torch.testing.assert_close(found.layers, alone.layers, atol=2e-5, rtol=1e-4)
            torch.testing.assert_close(found.final, alone.final, atol=2e-5, rtol=1e-4)


def test_one_pass_gives_logits_states_and_rows_of_attention() -> None:
    """Both contexts entered together for one ordinary pass give what each gives alone, and the logits stay."""
    model, states, rows = made("gpt_neox"), [], []
    with torch.no_grad():
        plain = model(**batch()).logits
        with (
            watched_hidden_states(model, PLACES, states.append),
            watched_attention(model, lambda _, one: rows.append(one), PLACES),
        ):
            logits = model(**batch()).logits
    assert torch.equal(logits, plain)
    assert torch.equal(states[0].layers, hidden_states(model, batch(), PLACES).layers)
    assert torch.equal(torch.stack(rows), attention_rows(model, batch(), PLACES))


def test_every_pass_is_told_once_and_none_afterwards() -> None:
    """A pass that broke off leaves nothing behind; after the context the model has no hooks left."""
    model, told = made("gpt2"), list[HiddenStates]()
    blocks = model.transformer.h

    def fail(*_: object) -> None:
        raise MemoryError

    with torch.no_grad(), watched_hidden_states(model, PLACES, told.append):
        failing = blocks[1].register_forward_pre_hook(fail)
        with pytest.raises(MemoryError):
            model(**batch())
        failing.remove()
        model(**batch())
        model.base_model(**batch())
    model(**batch())
    assert [one.layers.shape for one in told] == [(4, 5, 24)] * 2
    assert torch.equal(told[0].layers, told[1].layers)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_states_are_copies_in_fp32() -> None:
    """Of a 16-bit model too; nothing that is kept holds the batch or a gradient."""
    model, told = made("llama").to(torch.bfloat16), list[HiddenStates]()
    with watched_hidden_states(model, PLACES, told.append):
        model(**batch())
    for one in (told[0].layers, told[0].final):
        assert one.dtype == torch.float32
        assert not one.requires_grad
        assert one.untyped_storage().nbytes() == one.numel() * 4


def test_a_model_in_train_mode_and_places_outside_the_batch_are_refused() -> None:
    """Each with what to do."""
    with pytest.raises(EvaluationError, match=r"model\.eval"):
        hidden_states(made("llama").train(), batch(), PLACES)
    with pytest.raises(EvaluationError, match="token 9 was asked for"):
        hidden_states(made("llama"), batch(), Places(np.array([0]), np.array([9])))


def test_a_family_whose_weights_are_not_known_has_hidden_states_all_the_same() -> None:
    """BLOOM's are those of transformers; what has no list of blocks is refused by name."""
    config = AutoConfig.for_model("bloom", vocab_size=60, hidden_size=8, n_layer=2, n_head=2)
    model = AutoModelForCausalLM.from_config(config).eval()
    found = hidden_states(model, batch(), PLACES)
    with torch.no_grad():
        expected = torch.stack(model(**batch(), output_hidden_states=True).hidden_states)
    assert torch.equal(found.layers[:-1], expected[:-1, PLACES.rows, PLACES.tokens])
    model.config.num_hidden_layers = 5
    with pytest.raises(EvaluationError, match="bloom model has 0 lists of 5 blocks"):
        hidden_states(model, batch(), PLACES)


def test_blocks_that_lie_deeper_are_found() -> None:
    """OPT keeps them in its decoder: embeddings, block 1 and what is after the final norm are those of transformers."""
    shape = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 16}
    config = AutoConfig.for_model("opt", vocab_size=60, word_embed_proj_dim=8, **shape)
    model = AutoModelForCausalLM.from_config(config).eval()
    found = hidden_states(model, batch(), PLACES)
    with torch.no_grad():
        expected = torch.stack(model(**batch(), output_hidden_states=True).hidden_states)
        normed = model.model.decoder.final_layer_norm(found.layers[-1])
    assert torch.equal(found.layers[:-1], expected[:-1, PLACES.rows, PLACES.tokens])
    assert torch.equal(found.final, expected[-1, PLACES.rows, PLACES.tokens])
    torch.testing.assert_close(normed, found.final, atol=1e-5, rtol=1e-5)


def test_lists_within_blocks_are_none_and_two_that_lie_deeper_are_refused() -> None:
    """As many experts as there are blocks do not hide the blocks."""
    config = AutoConfig.for_model("opt", vocab_size=60, hidden_size=8, num_hidden_layers=2, num_attention_heads=2)
    model = AutoModelForCausalLM.from_config(config)
    layers = model.model.decoder.layers
    for block in layers:
        block.experts = ModuleList([Identity(), Identity()])
    assert blocks_of(model) == list(layers)
    model.model.decoder.others = ModuleList([Identity(), Identity()])
    with pytest.raises(EvaluationError, match="opt model has 2 lists of 2 blocks"):
        blocks_of(model)
