"""Attention probabilities of chosen queries, against those that eager transformers gives of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from inside_models import FAMILIES, made, packed_sentences, paths, token_ids
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, PreTrainedModel

from evaluator.inside.attention_rows import attention_patterns, attention_rows, watched_attention
from evaluator.inside.places import Places, path_places
from evaluator.model_inputs import model_inputs
from exposure.errors import EvaluationError

ROWS, WIDTH = 4, 9
LENGTHS = torch.tensor([9, 4, 7, 6])
QUERIES = Places(np.array([2, 0, 3, 0, 2, 0, 0]), np.array([6, 8, 5, 1, 2, 4, 8]))  # none in row 1, one twice


def eager_patterns(name: str, **inputs: Any) -> Tensor:
    """[layer, row, head, query, key], by transformers."""
    with torch.no_grad():
        found = made(name, "eager")(**inputs, use_cache=False, output_attentions=True).attentions
    return torch.stack(found)


def padded() -> dict[str, Tensor]:
    """A batch padded on the right, with its mask."""
    mask = (torch.arange(WIDTH) < LENGTHS[:, None]).long()
    return {"input_ids": token_ids(ROWS, WIDTH), "attention_mask": mask}


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", FAMILIES)
def test_rows_of_chosen_queries_are_those_of_eager_attention(name: str, attention: str) -> None:
    """In any order, several of one row and none of another, of a padded batch and of one without a mask."""
    for inputs in (padded(), {"input_ids": token_ids(ROWS, WIDTH)}):
        expected = eager_patterns(name, **inputs)[:, QUERIES.rows, :, QUERIES.tokens]  # [query, layer, head, key]
        found = attention_rows(made(name, attention), inputs, QUERIES)
        torch.testing.assert_close(found, expected.transpose(0, 1), atol=1e-6, rtol=1e-4)
        assert found.dtype == torch.float32


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", FAMILIES)
def test_full_patterns_are_those_of_eager_attention_layer_after_layer(name: str, attention: str) -> None:
    """All queries of short sequences, told one layer at a time."""
    inputs = {"input_ids": token_ids(ROWS, WIDTH, seed=1)}
    told: list[tuple[int, Tensor]] = []
    attention_patterns(made(name, attention), inputs, lambda layer, pattern: told.append((layer, pattern)))
    assert [layer for layer, _ in told] == [0, 1, 2]
    expected = eager_patterns(name, **inputs)
    torch.testing.assert_close(torch.stack([one for _, one in told]), expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", ["gpt_neox", "llama", "gpt2", "olmo2"])
def test_rows_of_a_padded_batch_are_those_of_each_sentence_alone(name: str) -> None:
    """Padding on the right, with its mask or without, changes nothing and gets no weight."""
    model, inputs = made(name), padded()
    queries = Places(np.arange(ROWS), LENGTHS.numpy() - 1)
    for given in (inputs, {"input_ids": inputs["input_ids"]}):
        found = attention_rows(model, given, queries)
        for row, length in enumerate(LENGTHS.tolist()):
            alone = attention_rows(
                model,
                {"input_ids": inputs["input_ids"][row : row + 1, :length]},
                Places(np.array([0]), np.array([length - 1])),
            )
            torch.testing.assert_close(found[:, row, :, :length], alone[:, 0], atol=1e-6, rtol=1e-4)
            assert not found[:, row, :, length:].any()


@pytest.mark.parametrize("name", ["gpt_neox", "llama", "gpt2", "olmo2"])
def test_rows_of_packed_tries_are_those_of_each_sentence_alone(name: str) -> None:
    """Read at path_places, the row of a sentence's token; everything else in the packed row gets exactly nothing."""
    model = made(name)
    sentences, rows = packed_sentences()
    assert rows.ancestry is not None
    for sentence in sentences:
        length = len(sentence) - 1
        last = Places(np.array([0]), np.array([length - 1]))
        alone = attention_rows(model, {"input_ids": sentence[None, :-1]}, last)[:, 0]
        places = paths(sentence, rows)
        assert places
        for row, path in places:
            assert path_places(rows.ancestry, row, path[-1]).tolist() == path
            found = attention_rows(model, model_inputs(model, rows), Places(np.array([row]), np.array([path[-1]])))[
                :, 0
            ]
            torch.testing.assert_close(found[..., path], alone, atol=1e-6, rtol=1e-4)
            assert not np.delete(found.numpy(), path, axis=-1).any()


def test_rows_of_sentences_packed_by_their_positions_are_those_of_each_alone() -> None:
    """Where positions begin again at 0, transformers keeps sentences of a row apart, and so do their rows."""
    model, ids = made("llama"), token_ids(1, 7)
    inputs = {"input_ids": ids, "position_ids": torch.tensor([[0, 1, 2, 0, 1, 2, 3]])}
    found = attention_rows(model, inputs, Places(np.array([0, 0]), np.array([2, 6])))
    first = attention_rows(model, {"input_ids": ids[:, :3]}, Places(np.array([0]), np.array([2])))
    second = attention_rows(model, {"input_ids": ids[:, 3:]}, Places(np.array([0]), np.array([3])))
    torch.testing.assert_close(found[:, :1, :, :3], first, atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(found[:, 1:, :, 3:], second, atol=1e-6, rtol=1e-4)
    assert not found[:, 0, :, 3:].any()
    assert not found[:, 1, :, :3].any()


def test_a_window_of_attention_is_kept() -> None:
    """Mistral looks back over its window only."""
    model = made("mistral", sliding_window=4)
    found = attention_rows(model, {"input_ids": token_ids(1, WIDTH)}, Places(np.array([0]), np.array([8])))
    assert not found[..., :5].any()
    assert bool((found[..., 5:] > 0).all())
    torch.testing.assert_close(found.sum(-1), torch.ones(3, 1, 4))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", FAMILIES)
def test_what_the_model_gives_is_the_same_bit_by_bit_while_it_is_watched(name: str, attention: str) -> None:
    """And its configuration names its own implementation again afterwards, and nothing is told any more."""
    model, inputs, told = made(name, attention), padded(), []
    with torch.no_grad():
        before = model(**inputs, use_cache=False).logits
        with watched_attention(model, lambda layer, _: told.append(layer), QUERIES):
            during = model(**inputs, use_cache=False).logits
        assert told == [0, 1, 2]
        after = model(**inputs, use_cache=False).logits
    assert torch.equal(before, during)
    assert torch.equal(before, after)
    assert told == [0, 1, 2]
    assert model.config._attn_implementation == attention


class Largest(TorchDispatchMode):
    """Elements of the largest tensor that any operation gives."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = func(*args, **(kwargs or {}))
        for one in given if isinstance(given, tuple | list) else [given]:
            if isinstance(one, Tensor):
                self.elements = max(self.elements, one.numel())
        return given


def test_no_tensor_of_all_queries_and_keys_is_ever_made() -> None:
    """One query of each row of 64 tokens: nothing as large as [row, head, query, key] comes into being."""
    model, ids = made("llama"), token_ids(8, 64)
    size = 8 * 4 * 64 * 64
    with Largest() as rows:
        attention_rows(model, {"input_ids": ids, "use_cache": False}, Places(np.arange(8), np.full(8, 63)))
    with Largest() as patterns:
        attention_patterns(model, {"input_ids": ids, "use_cache": False}, lambda *_: None)
    assert 0 < rows.elements < size
    assert patterns.elements >= size


def test_probabilities_of_a_16_bit_model_are_made_in_fp32() -> None:
    """They add up to 1 as fp32 does, near the ones of fp32 weights."""
    model = made("gpt_neox").to(torch.bfloat16)
    found = attention_rows(model, {"input_ids": token_ids(ROWS, WIDTH)}, QUERIES)
    expected = attention_rows(model.float(), {"input_ids": token_ids(ROWS, WIDTH)}, QUERIES)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]), atol=1e-6, rtol=0)
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0)
    assert not torch.equal(found, expected)


def test_no_query_gives_no_row() -> None:
    """An empty choice is an empty answer of the right shape."""
    none = np.zeros(0, np.int64)
    assert attention_rows(made("llama"), padded(), Places(none, none)).shape == (3, 0, 4, WIDTH)


def test_a_pass_that_broke_off_leaves_no_trace() -> None:
    """After an error in the first pass, the second tells every layer once; the model can then be watched again."""
    model, inputs, told = made("gpt2"), padded(), []

    def keep(layer: int, _: Tensor) -> None:
        told.append(layer)
        if len(told) == 2:
            raise MemoryError

    with torch.no_grad(), watched_attention(model, keep, QUERIES):
        with pytest.raises(MemoryError):
            model(**inputs)
        model(**inputs)
    assert told == [0, 1, 0, 1, 2]
    with pytest.raises(KeyError), watched_attention(model, keep, QUERIES):
        raise KeyError
    assert attention_rows(model, inputs, QUERIES).shape[0] == 3


def test_two_models_can_be_watched_at_once_and_one_not_twice() -> None:
    """Each hears of its own; a second watcher of the same model is refused."""
    one, other = made("llama"), made("gpt2")
    inputs, told = padded(), []
    with torch.no_grad(), watched_attention(one, lambda layer, _: told.append(("one", layer)), QUERIES):
        with watched_attention(other, lambda layer, _: told.append(("other", layer)), QUERIES):
            one(**inputs)
            other(**inputs)
        with pytest.raises(EvaluationError, match="watched already"), watched_attention(one, lambda *_: None):
            pass
        one(**inputs)
    names = [name for name, _ in told]
    assert names == ["one"] * 3 + ["other"] * 3 + ["one"] * 3


def test_a_model_that_shares_the_configuration_of_a_watched_one_is_not_heard() -> None:
    """It attends as ever, and nothing is told of it."""
    watched, other, told = made("llama"), made("llama"), []
    with torch.no_grad():
        before = other(**padded()).logits
        shared = type(other)(watched.config).eval()
        shared.load_state_dict(other.state_dict())
        with watched_attention(watched, lambda layer, _: told.append(layer)):
            assert torch.equal(shared(**padded()).logits, before)
    assert told == []


@pytest.mark.parametrize(("rows", "tokens"), [([4], [0]), ([0], [9]), ([0, -1], [0, 0])])
def test_a_query_outside_the_batch_is_refused(rows: list[int], tokens: list[int]) -> None:
    """Rows and tokens are counted from 0, and none from the end."""
    with pytest.raises(EvaluationError, match="4 rows of 9 tokens"):
        attention_rows(made("llama"), padded(), Places(np.array(rows), np.array(tokens)))


def test_a_model_in_train_mode_is_refused() -> None:
    """Dropout would be on."""
    with pytest.raises(EvaluationError, match=r"model\.eval"):
        attention_rows(made("llama").train(), padded(), QUERIES)


def unwatchable(model_type: str, **fields: Any) -> PreTrainedModel:
    config = AutoConfig.for_model(model_type, vocab_size=60, hidden_size=8, **fields)
    return AutoModelForCausalLM.from_config(config).eval()


def test_a_model_that_attends_in_its_own_way_is_refused_by_name() -> None:
    """BLOOM does not go through the attention interface of transformers."""
    with pytest.raises(EvaluationError, match="bloom model cannot be watched"):
        attention_rows(unwatchable("bloom", n_layer=1, n_head=2), padded(), QUERIES)


def test_an_implementation_that_is_not_known_is_refused() -> None:
    """Attention that was chosen for the model otherwise is named."""
    model = made("llama")
    model.config._attn_implementation = "flex_attention"
    with pytest.raises(EvaluationError, match="loaded with flex_attention"):
        attention_rows(model, padded(), QUERIES)


class Skipped(torch.nn.Module):
    """A block that hands on what it reads."""

    def forward(self, hidden_states: Tensor, **_: Any) -> Tensor:
        return hidden_states


def test_layers_that_go_another_way_are_noticed() -> None:
    """Where not every layer was told, the pass is refused instead of answered in part."""
    model = made("llama")
    model.model.layers[1] = Skipped()
    with pytest.raises(EvaluationError, match="Of the 3 layers of this llama model, the attention of 2 goes"):
        attention_rows(model, padded(), QUERIES)


def test_keys_of_a_cache_without_a_mask_are_refused() -> None:
    """Places would be other than those of the row that is fed."""
    model, cache = made("llama"), DynamicCache()
    with torch.no_grad():
        model(input_ids=token_ids(1, 3), past_key_values=cache)
        given = {"input_ids": token_ids(1, 1), "past_key_values": cache}
        with pytest.raises(EvaluationError, match="use_cache=False"):
            attention_rows(model, given, Places(np.array([0]), np.array([0])))
