"""Heads chosen on half of the clusters: planted ones are found, the winner's curse is taken off, noise stays noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from evaluator.measures.attention.head_selection import select_heads, selected_by_both
from evaluator.measures.attention.held_out_heads import SelectionSpec
from exposure.errors import EvaluationError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
LAYERS, HEADS = 4, 6
SPEC = SelectionSpec(splits=15, draws=199)


def contrasts(seed: int, planted: float = 0.0, pairs: int = 240) -> tuple[Floats, Integers, Integers]:
    """[pair, layer, head] Noise by critical lemma, by context lemma and by pair; `planted` in head (2, 1)."""
    generator = np.random.default_rng(seed)
    clusters, context = generator.integers(0, 30, pairs), generator.integers(0, 30, pairs)
    made = sum(generator.normal(0, 0.05, (30, LAYERS, HEADS))[one] for one in (clusters, context))
    made = made + generator.normal(0, 0.1, (pairs, LAYERS, HEADS))
    made[:, 2, 1] += planted
    return np.asarray(made), clusters, context


def test_a_planted_head_is_chosen_and_confirmed() -> None:
    """Chosen in nearly every split, its held-out effect is the planted one, its p small; no other head has a p."""
    found = select_heads(*contrasts(1, 0.2), SPEC)
    assert found.frequency[2, 1] > 0.9
    assert found.held_out_effect[2, 1] == pytest.approx(0.2, abs=0.05)
    assert found.p[2, 1] < 0.05
    assert found.p_all[2, 1] < 0.02
    others = np.ones((LAYERS, HEADS), dtype=bool)
    others[2, 1] = False
    assert (found.p[others] > 0.05).all()
    assert (found.frequency[others] < 0.5).all()
    assert (found.pairs, found.clusters, found.reason) == (240, 30, None)


def test_the_effect_that_head_selection_promises_is_taken_off_where_there_is_none() -> None:
    """In noise the best of 24 heads looks strong where it was chosen, and is nothing on average where it was not."""
    found = [select_heads(*contrasts(seed), SPEC) for seed in range(100, 120)]
    chosen, held_out = (np.array([getattr(one, name) for one in found]) for name in ("best_chosen", "best_held_out"))
    assert chosen.min() > 0.02
    assert abs(held_out.mean()) < 3 * held_out.std() / np.sqrt(len(found))
    assert abs(held_out.mean()) < 0.2 * chosen.mean()
    assert sum((one.p <= 0.05).any() for one in found) <= 2


def test_what_luck_chose_the_held_out_half_does_not_confirm() -> None:
    """With every head chosen in noise, p of the held-out halves alone keeps all of them from being findings."""
    found = [select_heads(*contrasts(seed), SelectionSpec(15, 199, alpha=1)) for seed in range(5)]
    assert all((one.frequency == 1).all() for one in found)
    assert sum((one.p <= 0.05).any() for one in found) <= 1
    planted = select_heads(*contrasts(1, 0.2), SelectionSpec(15, 199, alpha=1))
    assert planted.p[2, 1] < 0.05


def test_halves_share_no_lemma_of_either_kind() -> None:
    """Effects of context lemmas alone: where halves share them the choice is confirmed by them, else it is not."""
    gaps = []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        clusters, context = generator.integers(0, 40, 300), generator.integers(0, 8, 300)
        made = generator.normal(0, 1, (8, 1, 20))[context]
        shared, apart = (select_heads(made, clusters, one, SPEC) for one in (None, context))
        gaps.append([shared.best_held_out / shared.best_chosen, apart.best_held_out / apart.best_chosen])
    assert np.mean(gaps, axis=0)[0] > 0.9
    assert np.mean(gaps, axis=0)[1] < 0.2


def test_a_head_that_falls_is_found_two_sided_only() -> None:
    """−0.2 planted: nothing to find upwards; two-sided it is chosen, and its effect keeps its sign."""
    contrast, clusters, context = contrasts(2, -0.2)
    upwards = select_heads(contrast, clusters, context, SPEC)
    both = select_heads(contrast, clusters, context, SelectionSpec(15, 199, alternative="two-sided"))
    assert upwards.frequency[2, 1] == 0
    assert np.isnan(upwards.held_out_effect[2, 1])
    assert upwards.p[2, 1] == 1
    assert both.p[2, 1] < 0.05
    assert both.held_out_effect[2, 1] == pytest.approx(-0.2, abs=0.05)
    assert both.best_held_out == pytest.approx(0.2, abs=0.05)


def test_pairs_without_a_contrast_are_left_out() -> None:
    """Unknown pairs change nothing: the same numbers as without them."""
    contrast, clusters, context = contrasts(3, 0.2)
    holed = contrast.copy()
    holed[200:] = np.nan
    found, expected = select_heads(holed, clusters, context, SPEC), select_heads(
        contrast[:200], clusters[:200], context[:200], SPEC
    )  # fmt: skip
    assert found.pairs == 200
    for name in ("effect", "p_all", "frequency", "held_out_effect", "p"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_the_same_seed_gives_the_same_bytes() -> None:
    """And another seed other splits; the effect of all pairs is no matter of seeds."""
    drawn = contrasts(4, 0.1)
    first, again = select_heads(*drawn, SPEC), select_heads(*drawn, SPEC)
    other = select_heads(*drawn, SelectionSpec(15, 199, seed=1))
    assert first.p.tobytes() == again.p.tobytes()
    assert first.held_out_effect.tobytes() == again.held_out_effect.tobytes()
    assert first.best_chosen != other.best_chosen
    np.testing.assert_array_equal(first.effect, other.effect)


def test_too_few_clusters_are_told_and_not_tested() -> None:
    """Three lemmas cannot be halved: no p, no head, and why; the effect is there all the same."""
    contrast = np.ones((30, 2, 2))
    found = select_heads(contrast, np.arange(30) % 3, spec=SPEC)
    assert found.reason is not None
    assert "3 clusters" in found.reason
    assert np.isnan(found.p).all()
    assert not found.frequency.any()
    assert (found.effect == 1).all()
    assert select_heads(np.full((5, 2, 2), np.nan), np.arange(5)).pairs == 0


def test_broken_contrasts_are_refused() -> None:
    """A pair known in some heads only, an infinite one, clusters for other pairs."""
    contrast, clusters, context = contrasts(5)
    for value in (np.nan, np.inf):
        broken = contrast.copy()
        broken[7, 1, 1] = value
        with pytest.raises(EvaluationError, match="contrast is infinite, or unknown in some"):
            select_heads(broken, clusters, context)
    with pytest.raises(EvaluationError, match="239 clusters"):
        select_heads(contrast, clusters[1:], context)


def test_a_head_that_turns_from_the_word_less_than_from_its_control_is_no_head_of_the_word() -> None:
    """Even attention gives a word of a longer row less than a control of a shorter one: losing both is a gain beyond
    the control's, and not chosen where the head must pay more than the control as well.
    """
    clusters = np.arange(240) % 30
    noise = np.random.default_rng(2).normal(0, 0.01, (240, LAYERS, HEADS))
    word_before, control_before = 1 / 6, 1 / 5
    gained = noise + np.zeros((240, LAYERS, HEADS))
    gained[:, 2, 1] += (0 - word_before) - (0 - control_before)  # it looks elsewhere now
    gained[:, 1, 4] += (0.8 - word_before) - (0 - control_before)  # it looks at the word now
    paid = noise.copy()
    paid[:, 1, 4] += 0.8
    alone = select_heads(gained, clusters, spec=SPEC)
    assert alone.p[2, 1] < 0.05
    both = selected_by_both(alone, select_heads(paid, clusters, spec=SPEC))
    assert both.p[2, 1] > 0.5
    assert both.p_all[2, 1] > 0.05
    assert both.frequency[2, 1] < 0.5
    assert both.p[1, 4] < 0.05
    assert both.frequency[1, 4] == 1
    assert both.held_out_effect[1, 4] == pytest.approx(0.8 - word_before + control_before, abs=0.01)
