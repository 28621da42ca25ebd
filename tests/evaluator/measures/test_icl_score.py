"""The ICL score: losses at two tokens against the whole text's, the sign of a planted copier, the interval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import tiny_models
import torch
from planted_induction import planted_induction

from evaluator.measures.icl.icl_losses import icl_losses
from evaluator.measures.icl.icl_score import IclSpec, icl_score, student_quantile
from evaluator.memory import TokenBudget
from exposure.errors import EvaluationError

SPEC = IclSpec(early=5, late=40)


def rows(n: int = 6, width: int = 50) -> np.ndarray:
    return np.random.default_rng(0).integers(2, 200, size=(n, width)).astype(np.int32)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


@pytest.mark.parametrize("architecture", tiny_models.SHAPES)
@pytest.mark.parametrize("prefix_id", [None, 1])
def test_losses(architecture: str, prefix_id: int | None) -> None:
    """−log p of the 5th and of the 40th token, counted from 1 and without the prefix token, given all before it."""
    model = tiny_models.model(architecture)
    found = icl_losses(model, rows(), SPEC, prefix_id, where="here")
    for row, losses in zip(rows().tolist(), found, strict=True):
        for k, loss in zip((5, 40), losses, strict=True):
            before = ([] if prefix_id is None else [prefix_id]) + row[: k - 1]
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([before])).logits[0, -1]
            expected = torch.nn.functional.cross_entropy(logits, torch.tensor(row[k - 1]))
            assert loss == pytest.approx(float(expected), abs=1e-4)


def test_batches() -> None:
    """Batches of one row give what one batch of all gives."""
    model = tiny_models.model("llama")
    alone = icl_losses(model, rows(), SPEC, where="here", budget=TokenBudget(1))
    together = icl_losses(model, rows(), SPEC, where="here")
    assert alone == pytest.approx(together, abs=1e-5)


def test_a_planted_copier() -> None:
    """Where the second half repeats the first, a model that copies has a score far below 0; where nothing repeats,
    about 0.
    """
    model = planted_induction().model
    generator = np.random.default_rng(1)
    halves = np.array([generator.permutation(256)[:100] for _ in range(20)])
    repeated = icl_score(icl_losses(model, np.concatenate([halves, halves], axis=1), IclSpec(50, 150), where="here"))
    assert repeated.late_loss < 0.1
    assert repeated.high < -3
    new = np.array([generator.permutation(256)[:200] for _ in range(20)])
    score = icl_score(icl_losses(model, new, IclSpec(50, 150), where="here"))
    assert score.low < 0 < score.high


def test_the_score() -> None:
    """The mean of the paired differences, with scipy's Student interval, and the losses apart."""
    stats = pytest.importorskip("scipy.stats")
    losses = np.random.default_rng(2).gamma(2, size=(25, 2)) + np.array([3, 2.5])
    score = icl_score(losses)
    differences = losses[:, 1] - losses[:, 0]
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert score.value == pytest.approx(differences.mean())
    assert (score.low, score.high) == pytest.approx((expected.low, expected.high), abs=1e-4)
    assert score.late_loss - score.early_loss == pytest.approx(score.value)
    assert score.n_sequences == 25


def test_student_quantiles() -> None:
    """Within 0.5 % of scipy's from one degree of freedom on."""
    stats = pytest.importorskip("scipy.stats")
    for freedom in (1, 2, 3, 4, 7, 20, 499):
        assert student_quantile(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=5e-3)


def test_one_sequence() -> None:
    """It has a score and no interval."""
    score = icl_score(np.array([[3.0, 2.0]]))
    assert (score.value, score.low, score.high) == (-1, -np.inf, np.inf)
    row = score.measurement(200, IclSpec().convention("<s>", "float32"))
    assert (row.measure, row.step, row.value, row.n, row.low, row.high) == ("icl-score", 200, -1, 1, None, None)
    assert row.convention == "loss at token 500 minus loss at token 50, after <s>, float32"


def test_what_does_not_fit() -> None:
    """A context or rows too short for the late token, an unknown id, damaged weights: said, with what to do."""
    model = tiny_models.model("gpt_neox")  # context 64
    whole = IclSpec(5, 65)
    assert icl_losses(model, rows(width=65), whole, where="here").shape == (6, 2)  # the last is only predicted
    with pytest.raises(EvaluationError, match=r"here: the loss at token 65 takes 65 tokens before it, and .* holds 64"):
        icl_losses(model, rows(width=65), whole, 0, where="here")
    with pytest.raises(EvaluationError, match=r"rows of shape \(6, 64\) for a loss at token 65"):
        icl_losses(model, rows(width=64), whole, where="here")
    with pytest.raises(EvaluationError, match="the rows hold token 699"):
        icl_losses(model, rows() * 0 + 699, SPEC, where="here")
    with torch.no_grad():
        model.get_input_embeddings().weight[rows()[3, 20]] = torch.nan
    with pytest.raises(EvaluationError, match="have a loss that is not finite"):
        icl_losses(model, rows(), SPEC, where="here")
    for spec in ((1, 50), (50, 50)):
        with pytest.raises(EvaluationError, match="Give an early token from 2 on"):
            IclSpec(*spec)
    with pytest.raises(EvaluationError, match="two finite ones"):
        icl_score(np.array([[1.0, np.nan]]))
