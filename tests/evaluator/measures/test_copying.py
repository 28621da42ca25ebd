"""The copy test by models: a planted copier, random models, and greedy decoding as the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from planted_induction import planted_induction
from slow_copying import greedily_copied
from transformers import PreTrainedModel

from evaluator.measures.copying import shared_context
from evaluator.measures.copying.copy_samples import CopySamples, CopySpec, random_token_samples
from evaluator.measures.copying.copy_scoring import copy_outcomes, decisions
from evaluator.measures.copying.copying import CopyTest, copy_test, copying
from evaluator.measures.copying.shared_context import recomputed_logits, shared_logits, why_not_shared
from evaluator.memory import TokenBudget
from evaluator.text_tokenizer import TextTokenizer
from exposure.errors import EvaluationError

SMALL = CopySpec(n_samples=3, n_sequences=10)
LONG = {"max_position_embeddings": 256}
OTHER: dict[str, dict[str, Any]] = {
    "bloom": {"vocab_size": 512, "hidden_size": 48, "n_layer": 2, "n_head": 4},
    "mistral": {**tiny_models.SHAPES["llama"], **LONG, "sliding_window": 40, "head_dim": 12},
}
"""Models that cannot share a context: positions by distance, and a window that is shorter than the text."""


def samples(spec: CopySpec = SMALL, vocabulary: int = 256) -> CopySamples:
    return random_token_samples(spec, np.arange(2, vocabulary))


def long_model(architecture: str, seed: int = 0) -> PreTrainedModel:
    """Of tiny_models, with a context of 256 tokens, and weights that make attention matter."""
    longer = {"n_positions": 256} if architecture == "gpt2" else LONG
    return tiny_models.model(architecture, seed, **{**OTHER.get(architecture, {}), "initializer_range": 0.3, **longer})


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


@pytest.fixture(autouse=True)
def _other_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    for architecture, shape in OTHER.items():
        monkeypatch.setitem(tiny_models.SHAPES, architecture, shape)


def tensors(one: CopySamples) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(one.contexts).long(), torch.from_numpy(np.ascontiguousarray(one.queries)).long()


def test_a_planted_copier() -> None:
    """A model built to copy copies every suffix of COPY's test, at every position; without its induction head, none."""
    whole = samples(CopySpec(n_samples=1))
    outcomes = copy_outcomes(planted_induction().model, whole, 0, where="here")
    assert outcomes.is_exact.shape == (1, 10)
    assert outcomes.is_exact.all()
    broken = copy_outcomes(planted_induction(is_broken=True).model, samples(), 0, where="here")
    assert not broken.is_exact.any()
    assert broken.is_right.mean() < 0.05


@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_random_models(architecture: str) -> None:
    """A model with random weights copies nothing."""
    outcomes = copy_outcomes(long_model(architecture), samples(), 0, where="here")
    assert not outcomes.is_exact.any()
    assert outcomes.is_right.mean() < 0.05


def test_greedy_decoding() -> None:
    """Teacher forcing decides every query as six greedy steps do, for a model that copies some and misses others."""
    # few different tokens: three of them often stand in several places
    confusing = samples(CopySpec(n_samples=2, n_sequences=8, every=1), vocabulary=10)
    model = planted_induction(vocabulary=10).model
    found = copy_outcomes(model, confusing, 0, where="here").is_exact
    assert 0.1 < found.mean() < 0.9
    assert found.tolist() == greedily_copied(model, confusing, 0).tolist()


@pytest.mark.parametrize("architecture", tiny_models.SHAPES)
def test_shared_context(architecture: str) -> None:
    """Queries that share a context get the logits that each would get after a context of its own."""
    model, inputs = long_model(architecture), tensors(samples())
    with torch.inference_mode():
        assert why_not_shared(model, *inputs, 6) is None
        shared, recomputed = shared_logits(model, *inputs, 6), recomputed_logits(model, *inputs, 6)
    assert shared.shape == (3, 2, 6, 512)
    assert float(recomputed.std()) > 1
    torch.testing.assert_close(shared, recomputed, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_sixteen_bits(architecture: str, attention: str) -> None:
    """A bf16 model's queries share their context too: what rounding does is not taken for a fault."""
    model = long_model(architecture).to(torch.bfloat16)
    model.set_attn_implementation(attention)
    with torch.inference_mode():
        assert why_not_shared(model, *tensors(samples()), 6) is None


@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_recomputation(architecture: str) -> None:
    """The logits of recomputation are those of the whole text, given alone and in full, at the six last tokens."""
    model, one = long_model(architecture), samples()
    found = recomputed_logits(model, *tensors(one), 6)
    row = np.concatenate([one.contexts[2], one.queries[2, 1]])
    with torch.no_grad():
        whole = model(input_ids=torch.from_numpy(row).long()[None]).logits[0]
    torch.testing.assert_close(found[2, 1], whole[-6:], rtol=1e-4, atol=1e-3)


def test_queries_that_see_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that did not keep to the mask would be found out on the first sample, and each context computed anew."""

    def blind(length: int, n_queries: int, width: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        places = torch.arange(n_queries * width)
        later = places[:, None] < places
        mask = torch.cat([torch.zeros(len(places), length), later * torch.finfo(dtype).min], dim=1)
        return mask[None, None]

    model, whole = planted_induction().model, samples()
    monkeypatch.setattr(shared_context, "_query_mask", blind)
    notes: list[str] = []
    outcomes = copy_outcomes(model, whole, None, where="here", on_note=notes.append)
    assert outcomes.is_exact.all()
    assert len(notes) == 1
    assert "computed anew, which is slower: on the first sample, logits differ by" in notes[0]


@pytest.mark.parametrize("architecture", OTHER)
def test_models_that_cannot_share(architecture: str) -> None:
    """They get each context computed anew, say so, and decide as the whole text does."""
    model, one, notes = long_model(architecture), samples(), list[str]()
    found = copy_outcomes(model, one, 0, where="here", on_note=notes.append)
    assert len(notes) == 1
    assert "computed anew" in notes[0]
    row = np.concatenate([[0], one.contexts[1], one.queries[1, 0]])
    with torch.no_grad():
        decided = model(input_ids=torch.from_numpy(row).long()[None]).logits[0, -6:].argmax(dim=-1)
    assert found.is_right[1, 0].tolist() == (decided.numpy() == one.suffixes[1, 0]).tolist()


def test_short_context() -> None:
    """A model with a shorter context gets as many sequences as fit, and its result says how many."""
    whole = samples(CopySpec(n_samples=1))
    result = copying(planted_induction(context=512).model, CopyTest(whole, ("<s>", 0)), where="here")
    assert result.curve.positions.tolist() == [5, 10, 15, 20, 25]
    assert result.curve.accuracy.tolist() == [1] * 5
    assert result.notes == (
        "The model's context holds 512 tokens: copy samples have 25 of 50 sequences. Accuracies are of this shorter "
        "test, not of COPY's.",
    )
    assert "1 samples of 25 of 50 sequences" in result.convention
    with pytest.raises(EvaluationError, match=r"step 3: The model's context holds 64 tokens, and the smallest"):
        copy_outcomes(tiny_models.model("llama"), whole, 0, where="step 3")


def test_batches() -> None:
    """Decisions are the same in batches of one sample as in one batch of all, and progress counts samples."""
    model, one, heard = planted_induction(vocabulary=10).model, samples(vocabulary=10), list[tuple[int, int]]()
    together = copy_outcomes(model, one, None, where="here", budget=TokenBudget(10_000))
    alone = copy_outcomes(
        model, one, None, where="here", budget=TokenBudget(1), on_progress=lambda *now: heard.append(now)
    )
    assert 0 < together.is_right.mean() < 1
    assert together.is_right.tolist() == alone.is_right.tolist()
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_training_mode() -> None:
    """Dropout stays off, and the model is left in the mode that it came in."""
    model, one = planted_induction().model, samples()
    model.train()
    for block in model.model.layers:
        block.self_attn.attention_dropout = 0.9
    assert copy_outcomes(model, one, None, where="here").is_exact.all()
    assert model.training


def test_ties_are_wrong() -> None:
    """A model with all logits equal copies nothing, and every query is counted as undecided."""
    model = long_model("llama")
    with torch.no_grad():
        model.get_output_embeddings().weight.zero_()
    found = copy_outcomes(model, samples(), 0, where="here")
    assert not found.is_right.any()
    assert found.is_undecided.all()


def test_decisions() -> None:
    """The target must have the highest logit alone; a highest that is not finite is told."""
    nan, inf = float("nan"), float("inf")
    logits = torch.tensor([[0.0, 2.0, 1.0], [2.0, 2.0, 1.0], [0.0, 1.0, 2.0], [nan, 1.0, 0.0], [0.0, inf, -inf]])
    right, tied, finite = decisions(logits, torch.tensor([1, 1, 1, 1, 1]))
    assert right[:3].tolist() == [True, False, False]
    assert tied[:3].tolist() == [False, True, False]
    assert finite.tolist() == [True, True, True, False, False]


def test_broken_weights() -> None:
    """Logits that are not finite are an error that names the checkpoint and the sample."""
    model = long_model("llama")
    with torch.no_grad():
        model.get_input_embeddings().weight[int(samples().tokens[1, 9, 0])] = torch.nan
    with pytest.raises(EvaluationError, match=r"step 7: copy sample \d has logits that are not finite"):
        copy_outcomes(model, samples(), 0, where="step 7")


def test_another_vocabulary() -> None:
    """Samples with tokens that the model has not are refused."""
    with pytest.raises(EvaluationError, match=r"here: the copy test has token 5\d\d, and the model has embeddings"):
        copy_outcomes(planted_induction().model, samples(vocabulary=600), None, where="here")


@pytest.mark.parametrize("generator", ["tokens", "hex"])
def test_from_a_tokenizer(generator: str) -> None:
    """The test is drawn by the checkpoint's tokenizer; a model runs it, and rows carry how."""
    folder, model = tiny_models.checkpoint("llama"), long_model("llama")
    test = copy_test(TextTokenizer.open(folder), model, replace(SMALL, generator=generator))
    assert test.prefix == ("<s>", 0)
    assert 2 <= test.samples.tokens.min() <= test.samples.tokens.max() < 500
    result = copying(model, test, where="here")
    rows = result.measurements(100)
    assert [row.group for row in rows] == ["all", "5", "10"]
    assert {row.measure for row in rows} == {f"copying-{generator}"}
    assert f"copy test: {generator}, 3 samples of 10 sequences" in result.convention
    assert result.convention.endswith("after <s>, exact match, ties wrong, float32, seed 0")
    bare = copy_test(TextTokenizer.open(folder), model, replace(SMALL, generator=generator), prefix="none")
    assert bare.prefix is None
    assert "no prefix token" in copying(model, bare, where="here").convention
