"""Layer × head means with their bootstrap, and the rows of the long table that they give."""

from __future__ import annotations

import numpy as np
import pytest
from made_scores import table

from evaluator.lemma_weights import LemmaWeights, ResamplingUnits
from evaluator.measures.attention.attention_change import attention_change
from evaluator.measures.attention.attention_measurements import (
    Group,
    attention_means,
    rows_of_concentration,
    rows_of_means,
    rows_of_selection,
)
from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from evaluator.measures.attention.concentration_null import concentration_test
from evaluator.measures.attention.head_selection import select_heads
from evaluator.measures.attention.held_out_heads import SelectionSpec
from evaluator.measures.attention.resampled_means import HeadBootstrap, head_means

PAIRS, LAYERS, HEADS = 60, 2, 3
LEMMAS = [f"l{one % 12}" for one in range(PAIRS)]
CONTEXT = [f"c{one % 7}" for one in range(PAIRS)]
GROUP = Group(400, "paradigm", "made", "agreement", "proxy-train")


def weights(seed: int = 0) -> AttentionWeights:
    """Every fifth pair is unknown, every seventh has no control."""
    generator = np.random.default_rng(seed)
    weight, control, nearby, entropy = generator.random((4, PAIRS, LAYERS, HEADS))
    uniform = generator.random(PAIRS)
    for values in (weight, control, nearby, entropy, uniform):
        values[::5] = np.nan
    control[::7] = np.nan
    return AttentionWeights(weight, control, nearby, entropy, uniform, AttentionSpec())


def bootstrap(resamples: int = 200) -> HeadBootstrap:
    return HeadBootstrap.draw(ResamplingUnits.of(table(LEMMAS, CONTEXT)), resamples)


def test_resampled_means_equal_a_loop_over_resamples() -> None:
    """Each pair weighs the product of its lemmas' weights, drawn towards the sample by the scale."""
    units = ResamplingUnits.of(table(LEMMAS, CONTEXT))
    values = np.random.default_rng(1).normal(size=(PAIRS, 4))
    is_in = np.arange(PAIRS) % 3 > 0
    scale = np.array([1.0, 0.5, 0.7, 0.9])
    found = HeadBootstrap.draw(units, 20, seed=3).means(values, is_in, scale)
    drawn = np.concatenate(list(LemmaWeights.draw(units, 20, 3).of_pairs(is_in)))
    for resample in range(20):
        for column in range(4):
            weight = 1 - scale[column] + scale[column] * drawn[resample]
            expected = np.average(values[is_in][:, column], weights=weight)
            assert found[resample, column] == pytest.approx(expected)


def test_means_leave_out_what_is_unknown() -> None:
    """Over the pairs that have a value and are marked; intervals hold the mean and widen with the noise."""
    one, is_in = weights(), np.arange(PAIRS) < 40
    means = attention_means(one, bootstrap(), is_in)
    np.testing.assert_allclose(means.weight.mean, np.nanmean(one.weight[:40], axis=0))
    np.testing.assert_allclose(means.control.mean, np.nanmean(one.same_distance[:40], axis=0))
    assert means.uniform == pytest.approx(np.nanmean(one.uniform[:40]))
    assert (means.weight.pairs, means.control.pairs) == (32, 28)
    assert (means.weight.low < means.weight.mean).all()
    assert (means.weight.mean < means.weight.high).all()
    noisy = head_means(10 * one.weight, bootstrap(), is_in)
    np.testing.assert_allclose(noisy.high - noisy.low, 10 * (means.weight.high - means.weight.low))


def test_intervals_hold_the_true_mean_about_as_often_as_they_say() -> None:
    """Values that go by critical and by context lemma: 95 % intervals hold the truth in 88 to 100 % of 300 heads."""
    generator = np.random.default_rng(9)
    critical, context = np.arange(PAIRS) % 12, np.arange(PAIRS) % 7
    values = generator.normal(size=(12, 300, 1))[critical] + generator.normal(size=(7, 300, 1))[context]
    found = head_means(values + generator.normal(size=values.shape), bootstrap())
    assert 0.88 <= ((found.low <= 0) & (found.high >= 0)).mean() <= 1


def test_no_pair_gives_no_number() -> None:
    """NaN in the map, None in the rows, and n = 0."""
    means = attention_means(weights(), bootstrap(5), np.zeros(PAIRS, dtype=bool))
    assert np.isnan(means.weight.mean).all()
    rows = rows_of_means(means, GROUP, AttentionSpec().convention)
    assert {(row.value, row.low, row.n) for row in rows} == {(None, None, 0)}


def test_rows_of_means_are_the_maps() -> None:
    """One row a head and measure with its place and interval, one of the uniform query for the whole model."""
    spec, means = AttentionSpec(), attention_means(weights(), bootstrap())
    rows = rows_of_means(means, GROUP, spec.convention)
    assert len(rows) == 3 * LAYERS * HEADS + 1
    by_place = {(row.measure, row.layer, row.head): row for row in rows}
    one = by_place["attention-control", 1, 2]
    assert one.value == means.control.mean[1, 2]
    assert (one.low, one.high) == (means.control.low[1, 2], means.control.high[1, 2])
    assert (one.step, one.level, one.group, one.split) == (400, "paradigm", "made", "proxy-train")
    assert one.convention == spec.convention
    assert by_place["attention-uniform", None, None].value == means.uniform


def test_rows_of_a_change_say_what_was_tested() -> None:
    """Figures with control, difference and p; heads with frequency, held-out effect and both p; each name once."""
    change = attention_change(weights(1), weights(2))
    test = concentration_test(change, bootstrap(), draws=19)
    rows = rows_of_concentration(test, GROUP, change.spec.convention)
    values = {row.measure: row for row in rows}
    assert len(values) == len(rows) == 4 * len(test.figures)
    assert values["attention-change-gini-p"].value == test["gini"].p
    assert values["attention-change-gini"].low == test["gini"].word_low
    assert values["attention-change-effective-heads-difference"].value == test["effective_heads"].difference
    clusters = bootstrap().clusters
    selection = select_heads(change.contrast, clusters, spec=SelectionSpec(splits=3, draws=19))
    heads = rows_of_selection(selection, GROUP, change.spec.convention)
    found = {(row.measure, row.layer, row.head): row.value for row in heads}
    assert len(found) == len(heads) == 4 * LAYERS * HEADS
    assert found["attention-head-p-all", 1, 0] == selection.p_all[1, 0]
    assert selection.spec.convention in str(heads[0].convention)
