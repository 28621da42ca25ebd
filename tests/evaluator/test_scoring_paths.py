"""Fast ways of scoring are taken only by models that they are right for, and a wrong one is found out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from slow_scores import assert_close, slow_scores
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from evaluator import model_inputs
from evaluator.conventions import ScoringSpec
from evaluator.memory import TokenBudget
from evaluator.paths import PATHS, PLAIN, Path, proven_path
from evaluator.rows import Ancestry
from evaluator.scoring import score_pairs
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from evaluator.trie_support import why_not_tries

PAIRS = (*tiny_models.pairs()[::8], *tiny_models.pairs()[-9:])
PACKED, PACKED_WHOLE, APART = PATHS

_SMALL: dict[str, Any] = {"vocab_size": 512, "initializer_range": 0.06, "pad_token_id": None}
_OLD = {**_SMALL, "hidden_size": 48, "n_layer": 2, "n_head": 4}
_NEW = {**_SMALL, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
_NEW |= {"intermediate_size": 96, "max_position_embeddings": 64, "bos_token_id": 0, "eos_token_id": 1}

ODD: dict[str, tuple[str, dict[str, Any], Path, str]] = {
    "capped logits": ("gemma2", {**_NEW, "head_dim": 12, "final_logit_softcapping": 1.0}, PACKED_WHOLE, "differ by"),
    "scaled logits": ("granite", {**_NEW, "logits_scaling": 4.0}, PACKED_WHOLE, "differ by"),
    "experts": ("mixtral", {**_NEW, "num_local_experts": 4}, PACKED, ""),
    "ALiBi": ("bloom", _OLD, APART, "BloomForCausalLM cannot be told the positions of its tokens"),
    "ALiBi, with positions": ("falcon", {**_NEW, "alibi": True}, APART, "falls off with the distance in the row"),
    "short window": ("mistral", {**_NEW, "sliding_window": 4}, APART, "reaches over 4 tokens and the longest text has"),
    "wide window": ("mistral", {**_NEW, "sliding_window": 64}, PACKED, ""),
    "local layers": (
        "gpt_neo",
        {**_SMALL, "hidden_size": 48, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]}
        | {"window_size": 4, "max_position_embeddings": 64},
        APART,
        "reaches over 4 tokens",
    ),
    "changing rotations": (
        "llama",
        {**_NEW, "rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}},
        APART,
        "depends on the longest text of a batch",
    ),
}  # fmt: skip


def odd_model(name: str) -> PreTrainedModel:
    kind, fields, _, _ = ODD[name]
    torch.manual_seed(0)
    attention = "eager" if kind == "gemma2" else None  # sdpa cannot cap attention
    experts = "eager" if kind == "mixtral" else None  # for the oracle's float64
    made: PreTrainedModel = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(kind, **fields), attn_implementation=attention, experts_implementation=experts
    )
    return made.eval()


@pytest.fixture(scope="module")
def tokenised() -> TokenisedPairs:
    return tokenise_pairs(tiny_models.checkpoint("llama"), PAIRS, ScoringSpec())


def chosen(model: PreTrainedModel, tokenised: TokenisedPairs) -> tuple[Path, list[str]]:
    """The path of a model, and the notes on the way to it."""
    notes: list[str] = []
    with torch.inference_mode():
        return proven_path(model, tokenised, TokenBudget(2048), notes.append), notes


@pytest.mark.parametrize("name", ODD)
def test_odd_architectures(name: str, tokenised: TokenisedPairs) -> None:
    """Each takes the fastest way that is right for it, says why no faster one, and has the oracle's scores."""
    _, _, expected, reason = ODD[name]
    path, notes = chosen(odd_model(name), tokenised)
    assert path == expected
    assert bool(notes) == bool(reason)
    assert all(reason in note for note in notes)
    scores = slow_scores(odd_model(name), tiny_models.checkpoint("llama"), 0, PAIRS, ScoringSpec())
    assert_close(score_pairs(odd_model(name), tokenised, where="here"), scores, 2e-5)


@pytest.mark.parametrize("name", ["ALiBi, with positions", "short window"])
def test_tries_would_be_wrong_there(name: str, tokenised: TokenisedPairs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were these models not known, their scores would give them away: no way with tries is taken."""
    monkeypatch.setattr("evaluator.paths.why_not_tries", lambda *_: None)
    path, notes = chosen(odd_model(name), tokenised)
    assert path == APART
    assert len(notes) == 2


def leaking(ancestry: Ancestry, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """A mask by which a node sees all before it in the row, other branches too."""
    rows, width = ancestry.depths.shape
    return torch.full((width, width), torch.finfo(dtype).min, dtype=dtype).triu(1).expand(rows, 1, width, width)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("is_trained", [False, True], ids=["random", "trained"])
@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_leaks_are_found_out(
    architecture: str, is_trained: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every dtype, a right mask passes the proof and one that lets branches see each other does not.

    The random model has the small weights that training begins with: there a leak moves log p by hundredths of a nat.
    """
    model = tiny_models.model(architecture, initializer_range=0.02)
    if is_trained:
        folder = tiny_models.trained_checkpoint(architecture)
        model = AutoModelForCausalLM.from_pretrained(folder)
    tokenised = tokenise_pairs(tiny_models.checkpoint(architecture), PAIRS, ScoringSpec())
    assert chosen(model.to(dtype), tokenised) == (PACKED, [])
    monkeypatch.setattr(model_inputs, "ancestor_mask", leaking)
    path, notes = chosen(model, tokenised)
    assert path == APART
    assert all("on a sample, log-probabilities differ by" in note for note in notes)


def test_model_that_refuses(tokenised: TokenisedPairs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that breaks over a mask is scored without one, and the note gives its words."""

    def broken(ancestry: Ancestry, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        return torch.zeros(3, 1, 5, 5)

    monkeypatch.setattr(model_inputs, "ancestor_mask", broken)
    path, notes = chosen(tiny_models.model("llama"), tokenised)
    assert path == APART
    assert [note.split(" (")[0] for note in notes] == [
        f"Not scored as {one.name}: the model refuses it" for one in PATHS[:2]
    ]


def test_nothing_is_proven_of_broken_weights(tokenised: TokenisedPairs) -> None:
    """Where the sample is not finite, the plain way is taken without a note: its error will say enough."""
    model = tiny_models.model("llama")
    with torch.no_grad():
        model.get_output_embeddings().weight[7] = float("nan")
    assert chosen(model, tokenised) == (PLAIN, [])


def test_implementations_of_attention() -> None:
    """Attention that takes no mask of its own is known by its name."""
    model = tiny_models.model("llama")
    assert why_not_tries(model, 30) is None
    model.config._attn_implementation = "flash_attention_2"
    assert why_not_tries(model, 30) == "flash_attention_2 attention takes no mask of its own"


def test_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that carry a state are known by their class."""
    model = tiny_models.model("llama")
    monkeypatch.setattr(type(model), "_is_stateful", True)
    assert why_not_tries(model, 30) == "it carries a state along the row"


def test_sample_branches_and_holds_the_longest() -> None:
    """The sample has the longest sequence, branches, has few lengths, and is small."""
    tokenised = tokenise_pairs(tiny_models.checkpoint("llama"), tiny_models.pairs(), ScoringSpec())
    sample = tokenised.sample.sequences
    assert sample.lengths.max() == tokenised.sequences.lengths.max()
    assert len(np.unique(sample.lengths)) <= 4
    assert 8 <= len(sample) <= 32
    assert tokenised.sample.packed.n_slots < 0.8 * tokenised.sample.plain.n_slots


def test_sample_of_little() -> None:
    """Two sequences are a sample too."""
    tokenised = tokenise_pairs(tiny_models.checkpoint("llama"), PAIRS[:1], ScoringSpec())
    assert len(tokenised.sample.sequences) == 2
