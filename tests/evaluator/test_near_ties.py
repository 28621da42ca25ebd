"""Near ties of 16-bit models are settled in fp32, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from evaluator.conventions import ScoringSpec
from evaluator.devices import dtype_name
from evaluator.items import ItemScores, SideScores
from evaluator.near_ties import FIRST_EPSILON, settle_near_ties
from evaluator.scoring import score_pairs
from evaluator.sequences import Integers
from evaluator.tokenising import tokenise_pairs


def model_of(folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("architecture", tiny_models.ARCHITECTURES)
def test_decisions_are_those_of_fp32(architecture: str, dtype: torch.dtype) -> None:
    """A 16-bit model with its fp32 twin decides as the twin alone; only settled pairs have the twin's scores."""
    folder = tiny_models.trained_checkpoint(architecture)
    pairs = tiny_models.pairs()
    exact = score_pairs(model_of(folder, torch.float32), tokenise_pairs(folder, pairs, ScoringSpec()), where="here")
    tokenised = tokenise_pairs(folder, pairs, ScoringSpec(dtype=dtype_name(dtype)))
    coarse = score_pairs(model_of(folder, dtype), tokenised, where="here")
    twins, notes = list[PreTrainedModel](), list[str]()

    def twin() -> PreTrainedModel:
        twins.append(model_of(folder, torch.float32))
        return twins[-1]

    found = score_pairs(model_of(folder, dtype), tokenised, where="here", fp32_model=twin, on_note=notes.append)
    assert len(twins) == len(notes) == 1
    np.testing.assert_array_equal(np.sign(found.delta), np.sign(exact.delta))
    np.testing.assert_array_equal(found.delta[~found.rescored], coarse.delta[~found.rescored])
    np.testing.assert_allclose(found.delta[found.rescored], exact.delta[found.rescored], atol=2e-5)
    assert found.rescored[np.abs(coarse.delta) < FIRST_EPSILON[dtype_name(dtype)]].all()
    assert 0 < found.rescored.sum() < len(pairs) / 2
    assert not coarse.rescored.any()
    errors = np.abs(coarse.delta - exact.delta)
    assert errors[found.rescored].max() <= np.abs(coarse.delta[~found.rescored]).min()
    assert notes[0].startswith(f"{found.rescored.sum()} pairs with |Δ| < ")


def scores(deltas: list[float]) -> ItemScores:
    """Pairs of two tokens and one, of which the good side's score is the difference."""
    starts = np.arange(len(deltas) + 1, dtype=np.int64)
    good = np.array([[delta / 2, delta / 2] for delta in deltas], dtype=np.float32).ravel()
    bad = np.zeros(len(deltas), dtype=np.float32)
    return ItemScores(SideScores(good, 2 * starts), SideScores(bad, starts), np.zeros(len(deltas), dtype=bool))


def test_epsilon_grows_with_the_errors_that_are_seen() -> None:
    """An error of 1.5 met among near ties makes 1.5 the bound, and so on until no pair is left below it."""
    coarse = [0.05, -0.05, 1.0, -1.4, 1.8, 2.5, -3.0]
    exact = [-1.45, -0.05, 1.2, 0.6, 1.0, 9.0, 9.0]  # errors 1.5, 0, 0.2, 2.0, 0.8
    asked: list[list[int]] = []

    def again(places: Integers) -> ItemScores:
        asked.append(places.tolist())
        return scores([exact[place] for place in places])

    notes: list[str] = []
    settled = settle_near_ties(scores(coarse), "bfloat16", again, notes.append)
    assert asked == [[0, 1], [2, 3], [4]]
    np.testing.assert_allclose(settled.delta, [*exact[:5], *coarse[5:]], rtol=1e-6)
    assert settled.rescored.tolist() == [True] * 5 + [False] * 2
    assert notes == ["5 pairs with |Δ| < 2 in bfloat16 were scored again in float32 (Δ moved by up to 2)."]


def test_nothing_near() -> None:
    """Without near ties nothing is asked for and nothing noted."""
    coarse = scores([5.0, -5.0, float("nan")])
    notes: list[str] = []
    settled = settle_near_ties(coarse, "float16", lambda _: pytest.fail("nothing is near"), notes.append)
    assert notes == []
    np.testing.assert_array_equal(settled.delta, coarse.delta)
