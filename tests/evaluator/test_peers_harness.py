"""Against lm-evaluation-harness, with the settings of its own BLiMP tasks: the same scores and the same decisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from stored_scores import stored

from evaluator.conventions import PRESETS

pytest.importorskip("lm_eval", reason="lm-eval is not installed (extra peers)")

from benchmarks.scoring.harness import Harness
from benchmarks.scoring.scores import PairScores

CLOSE = 1e-4
IDENTICAL = [place for place, pair in enumerate(tiny_models.pairs()) if pair.has_identical_sides]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


@pytest.fixture(scope="module", params=tiny_models.ARCHITECTURES)
def checkpoint(request: pytest.FixtureRequest) -> Path:
    return tiny_models.trained_checkpoint(request.param)


@pytest.fixture(scope="module")
def harness(checkpoint: Path) -> Harness:
    return Harness(checkpoint, batch_size=32)


@pytest.fixture(scope="module")
def theirs(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> PairScores:
    return harness.evaluate(tiny_models.pairs(), tmp_path_factory.mktemp("tasks"))


def test_preset_lm_eval_gives_the_harness_scores(checkpoint: Path, theirs: PairScores) -> None:
    """Every sentence's score by the preset `lm-eval` is what the harness logs for it."""
    ours = stored(checkpoint, PRESETS["lm-eval"])
    np.testing.assert_allclose(ours.good, theirs.good, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs.bad, rtol=0, atol=CLOSE)


def test_preset_lm_eval_decides_as_the_harness(checkpoint: Path, theirs: PairScores) -> None:
    """Every pair counts as the harness counts it, those with identical sides as correct."""
    ours = stored(checkpoint, PRESETS["lm-eval"])
    np.testing.assert_array_equal(ours.credit, theirs.is_right)
    assert IDENTICAL
    assert theirs.is_right[IDENTICAL].all()
    assert 0.2 < theirs.is_right.mean() < 0.8, "decisions of one kind only would prove little"


def test_space_before_the_sentence_is_what_the_presets_differ_in(
    checkpoint: Path, harness: Harness, tmp_path: Path
) -> None:
    """Told to put nothing before a sentence, the harness gives the scores of `exposure`, which counts no tie."""
    ours = stored(checkpoint, PRESETS["exposure"])
    theirs = harness.evaluate(tiny_models.pairs(), tmp_path, target_delimiter="")
    np.testing.assert_allclose(ours.good, theirs.good, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs.bad, rtol=0, atol=CLOSE)
    np.testing.assert_array_equal(np.flatnonzero(ours.credit != theirs.is_right), IDENTICAL)


def test_space_changes_decisions(checkpoint: Path, theirs: PairScores) -> None:
    """The two presets are not the same on these pairs, so the agreements above mean something."""
    ours = stored(checkpoint, PRESETS["exposure"])
    assert np.abs(ours.good - theirs.good).max() > 1
    assert (ours.credit != theirs.is_right).sum() > len(IDENTICAL)
