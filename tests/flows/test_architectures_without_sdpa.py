"""Architectures without sdpa or known weights are evaluated: what needs their outputs is measured, the rest refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import tiny_models
import torch
from loaded_checkpoints import delivered
from shell import Answer, exposure
from transformers import AutoModelForCausalLM, PreTrainedModel

from evaluator import resident as resident_module
from evaluator.conventions import PRESETS
from evaluator.folder import EvaluationFolder
from evaluator.items import read_items
from evaluator.measured_file import read_measured
from evaluator.measures import registry
from evaluator.measures.copying.copy_samples import CopySpec
from evaluator.measures.copying.copying_measure import CopyingMeasure
from evaluator.measures.induction.induction_heads import InductionSpec
from evaluator.measures.induction.induction_measure import InductionMeasure
from evaluator.measures.induction.repeated_sequences import HALVES, OLSSON
from evaluator.resident import ResidentModel

CONTEXT = 640
_SMALL = {"vocab_size": 512, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
OTHERS: dict[str, dict[str, Any]] = {
    "bloom": {"vocab_size": 512, "hidden_size": 32, "n_layer": 2, "n_head": 4},
    "mpt": {"vocab_size": 512, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": CONTEXT},
    "gptj": {"vocab_size": 512, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT, "rotary_dim": 4},
    "gemma2": {
        **_SMALL, "intermediate_size": 64, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": CONTEXT,
    },
    "opt": {**_SMALL, "ffn_dim": 64, "word_embed_proj_dim": 32, "max_position_embeddings": CONTEXT},
}  # fmt: skip
UNWATCHED = ("bloom", "mpt", "gptj", "gemma2")
"""They have no sdpa either."""
PAIRS = tiny_models.pairs()[:6]
CONVENTION = PRESETS["exposure"]
MEASURES = "copying,induction,concept-vectors,attention"


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Other shapes, and few samples."""
    short = InductionSpec(replace(HALVES, sequences=2), replace(OLSSON, sequences=2))
    with pytest.MonkeyPatch.context() as patched, tiny_models.one_thread():
        for name, shape in OTHERS.items():
            patched.setitem(tiny_models.SHAPES, name, shape)
        patched.setitem(registry.CHECKPOINT_MEASURES, "copying", lambda _: CopyingMeasure((CopySpec(n_samples=2),)))
        patched.setitem(registry.CHECKPOINT_MEASURES, "induction", lambda _: InductionMeasure(short))
        yield


@cache
def evaluated(folder: Path, name: str) -> tuple[Path, Answer]:
    """A series of one checkpoint and its evaluation with all of MEASURES, only to be read."""
    pairs = folder / "pairs.jsonl"
    keys = ("uid", "pair_id", "sentence_good", "sentence_bad")
    pairs.write_text("".join(json.dumps({key: getattr(one, key) for key in keys}) + "\n" for one in PAIRS))
    special = tiny_models.tokenizer_of(name)
    tiny_models.saved(folder / name / "step-1", tiny_models.model(name), special)
    out = folder / f"{name}-evaluation"
    asked = ("--device", "cpu", "--threads", 1, "--measures", MEASURES)
    answer = exposure("evaluate", folder / name, "--pairs", pairs, "--out", out, *asked)
    assert answer.status == (3 if name in UNWATCHED else 0), answer.out + answer.err
    return out, answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("others")


def plain(folder: Path, name: str) -> PreTrainedModel:
    """What anybody would load, with eager attention."""
    made: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
        folder / name / "step-1", dtype=torch.float32, attn_implementation="eager"
    )
    return made


def log_p(model: PreTrainedModel, name: str, sentence: str) -> float:
    """Of a sentence after the token that texts begin with, alone in its pass."""
    special = tiny_models.tokenizer_of(name)
    ids = torch.tensor([[special.bos_token_id, *special.encode(sentence, add_special_tokens=False)]])
    with torch.no_grad():
        log_probs = model(input_ids=ids).logits[0, :-1].double().log_softmax(-1)
    return float(log_probs.gather(1, ids[0, 1:, None]).sum())


def measured(out: Path, measure: str) -> set[str]:
    """Names of the rows that are stored of a measure; empty where nothing is."""
    files = [one for one in (out / "measured" / measure).rglob("*.parquet") if ".items." not in one.name]
    return {str(one) for file in files for one in read_measured(file).table["measure"].to_pylist()}


@pytest.mark.parametrize("name", OTHERS)
def test_scores_are_those_of_a_plain_eager_run(name: str, folder: Path) -> None:
    """One sentence at a time, by what transformers loads."""
    evaluation = EvaluationFolder.open(evaluated(folder, name)[0])
    weights = evaluation.checkpoints[0].weights_sha256
    assert weights is not None
    items = read_items(evaluation.items_path(evaluation.manifest.spec(CONVENTION), weights))
    model = plain(folder, name)
    for side in ("good", "bad"):
        expected = [log_p(model, name, getattr(one, f"sentence_{side}")) for one in PAIRS]
        np.testing.assert_allclose(items[f"score_{side}"], expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("name", OTHERS)
def test_what_needs_neither_attention_nor_weights_by_head_is_measured(name: str, folder: Path) -> None:
    """Copying, and concept vectors: blocks are found."""
    out, _ = evaluated(folder, name)
    assert "copying-tokens" in measured(out, "copying")
    assert "concept-auroc" in measured(out, "concept-vectors")


@pytest.mark.parametrize("name", UNWATCHED)
def test_attention_that_cannot_be_watched_is_refused_by_name(name: str, folder: Path) -> None:
    """And nothing is stored; Gemma 2 goes through transformers' interface, and caps its scores."""
    out, answer = evaluated(folder, name)
    for measure in ("induction", "attention"):
        refused = [line for line in answer.out.splitlines() if f"{measure}: not measured. The attention" in line]
        assert [f"of this {name} model" in line for line in refused] == [True]
        assert measured(out, measure) == set()


def test_opt_has_scores_of_attention_and_no_eigenvalues(folder: Path) -> None:
    """Its attention can be watched; how its weights lie by head is not known."""
    out, answer = evaluated(folder, "opt")
    assert "Only the scores of attention are measured: The weights of this opt model" in answer.out
    assert measured(out, "induction") == {"previous-token", "prefix-matching", "induction-attention"}
    assert "attention-to-context" in measured(out, "attention")


@pytest.mark.parametrize("name", OTHERS)
def test_weights_are_overwritten_in_place_too(name: str, folder: Path) -> None:
    """The second checkpoint of a series is loaded without from_pretrained; sdpa stays where there is one."""
    evaluated(folder, name)
    other = tiny_models.saved(folder / f"{name}-other", tiny_models.model(name, 1), tiny_models.tokenizer_of(name))
    first, second = delivered(folder / name / "step-1", other)
    resident = ResidentModel(torch.device("cpu"), torch.float32)
    resident.load(first)
    with patch.object(resident_module, "reference_model", side_effect=AssertionError("loaded by from_pretrained")):
        model = resident.load(second)
    assert not resident.notes
    assert model.config._attn_implementation == ("eager" if name in UNWATCHED else "sdpa")
    ids = torch.arange(40).reshape(2, 20)
    expected = AutoModelForCausalLM.from_pretrained(other, attn_implementation="eager", dtype=torch.float32)
    with torch.no_grad():
        torch.testing.assert_close(model(input_ids=ids).logits, expected(input_ids=ids).logits, atol=2e-5, rtol=1e-4)
