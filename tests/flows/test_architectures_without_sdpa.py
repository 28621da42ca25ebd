"""Architectures without sdpa or known weights are evaluated: what needs their outputs is measured, the rest refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from shell import Answer, exposure
from transformers import AutoModelForCausalLM, PreTrainedModel

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
PAIRS = tiny_models.pairs()[:6]
CONVENTION = PRESETS["sum"]
MEASURES = "copying,induction,concept-vectors,attention"


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """Other shapes, and few samples."""
    short = InductionSpec(replace(HALVES, sequences=2), replace(OLSSON, sequences=2))
    with pytest.MonkeyPatch.context() as patch, tiny_models.one_thread():
        for name, shape in OTHERS.items():
            patch.setitem(tiny_models.SHAPES, name, shape)
        patch.setitem(registry.CHECKPOINT_MEASURES, "copying", lambda _: CopyingMeasure((CopySpec(n_samples=2),)))
        patch.setitem(registry.CHECKPOINT_MEASURES, "induction", lambda _: InductionMeasure(short))
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
    assert answer.status == 0, answer.err
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
    files = list((out / "measured" / measure).rglob("*.parquet"))
    return {str(one) for file in files for one in read_measured(file).rows["measure"].to_pylist()}


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
def test_what_needs_outputs_alone_is_measured(name: str, folder: Path) -> None:
    """Copying; and concept vectors, whose blocks are found."""
    out, answer = evaluated(folder, name)
    assert "copying-tokens" in measured(out, "copying")
    assert "concept-vectors: not measured" not in answer.out + answer.err
