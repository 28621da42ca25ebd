"""Against minicons, as it comes and with its BOS and the sum: the same scores and the same decisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from stored_scores import stored

from evaluator.conventions import PRESETS

pytest.importorskip("minicons", reason="minicons is not installed (extra peers)")

from benchmarks.scoring.library import AS_IT_COMES, SUM, WITH_BOS, Minicons

CLOSE = 1e-4


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


@pytest.fixture(scope="module", params=tiny_models.ARCHITECTURES)
def checkpoint(request: pytest.FixtureRequest) -> Path:
    return tiny_models.trained_checkpoint(request.param)


@pytest.fixture(scope="module")
def library(checkpoint: Path) -> Minicons:
    return Minicons(checkpoint, batch_size=32)


def test_preset_exposure_is_minicons_with_bos_and_sum(checkpoint: Path, library: Minicons) -> None:
    """Scores and decisions by the preset `exposure` are those of bos_token=True and the sum."""
    ours, theirs = stored(checkpoint, PRESETS["exposure"]), library.score(tiny_models.pairs(), WITH_BOS)
    np.testing.assert_allclose(ours.good, theirs.good, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs.bad, rtol=0, atol=CLOSE)
    np.testing.assert_array_equal(ours.credit, theirs.is_right)


def test_preset_minicons_is_minicons_as_it_comes(checkpoint: Path, library: Minicons) -> None:
    """The difference of means without a BOS, and what follows from it, are those of `sequence_score` as it comes."""
    ours, theirs = stored(checkpoint, PRESETS["minicons"]), library.score(tiny_models.pairs(), AS_IT_COMES)
    assert np.isfinite(theirs.good).all()
    np.testing.assert_allclose(ours.delta, theirs.good - theirs.bad, rtol=0, atol=CLOSE)
    np.testing.assert_array_equal(ours.credit, theirs.is_right)
    assert 0.2 < theirs.is_right.mean() < 0.8, "decisions of one kind only would prove little"


def test_sums_without_bos_begin_with_the_second_token(checkpoint: Path, library: Minicons) -> None:
    """What is stored for the preset `minicons` are its sums, from which means are made later."""
    ours, theirs = stored(checkpoint, PRESETS["minicons"]), library.score(tiny_models.pairs(), SUM)
    np.testing.assert_allclose(ours.good, theirs.good, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs.bad, rtol=0, atol=CLOSE)


def test_means_and_sums_decide_differently(checkpoint: Path) -> None:
    """The two presets are not the same on these pairs, so the agreements above mean something."""
    assert (stored(checkpoint, PRESETS["exposure"]).credit != stored(checkpoint, PRESETS["minicons"]).credit).any()


def test_tokenizer_that_adds_its_bos_adds_it_once(tmp_path: Path) -> None:
    """Where the tokenizer puts a BOS before every text by itself, as Llama's does, ours is still the only one."""
    special = tiny_models.tokenizer(tiny_models.BEGIN, tiny_models.END, adds_bos=True)
    checkpoint = tiny_models.saved(tmp_path / "llama", tiny_models.model("llama"), special)
    ours = stored(checkpoint, PRESETS["exposure"])
    theirs = Minicons(checkpoint).score(tiny_models.pairs(), SUM)
    np.testing.assert_allclose(ours.good, theirs.good, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(ours.bad, theirs.bad, rtol=0, atol=CLOSE)
