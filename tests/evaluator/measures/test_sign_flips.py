"""Sign flips and max-T against every arrangement counted by hand, and their error rates."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from evaluator.measures.attention.sign_flips import cluster_sums, max_t, two_way_inflation
from evaluator.two_way_variance import resampling_scale

Floats = npt.NDArray[np.float64]


def every_arrangement(sums: Floats, two_sided: bool) -> Floats:
    """[head] Share of all 2^clusters sign patterns whose largest statistic reaches the head's own."""
    size = np.sqrt((sums**2).sum(axis=0))

    def statistic(signs: tuple[int, ...]) -> Floats:
        found = np.array(signs) @ sums / size
        return np.abs(found) if two_sided else found

    observed = statistic((1,) * len(sums))
    largest = [statistic(signs).max() for signs in product((-1, 1), repeat=len(sums))]
    return np.array([np.mean([one >= own - 1e-9 for one in largest]) for own in observed])


def test_cluster_sums_equal_a_loop() -> None:
    """Numbers need not be in order, nor without gaps."""
    values, clusters = np.random.default_rng(0).normal(size=(30, 4)), np.random.default_rng(1).choice([9, 2, 5, 70], 30)
    expected = [sum(values[i] for i in range(30) if clusters[i] == one) for one in sorted(set(clusters.tolist()))]
    np.testing.assert_allclose(cluster_sums(values, clusters), expected)
    assert cluster_sums(values[:0], clusters[:0]).shape == (0, 4)


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_p_equals_the_count_of_every_arrangement(alternative: str) -> None:
    """Of 2^8 sign patterns, drawn many times: p of each head is the share that all of them give."""
    generator = np.random.default_rng(3)
    values = generator.normal(0.2, 1, (40, 6)) + np.array([0, 0, 1.5, 0, -1, 0])
    clusters = np.arange(40) % 8
    _, p = max_t(values, clusters, 20_000, generator, alternative)  # type: ignore[arg-type]
    expected = every_arrangement(cluster_sums(values, clusters), alternative == "two-sided")
    np.testing.assert_allclose(p, expected, atol=0.012)
    assert expected.min() < 0.05
    assert expected.max() > 0.5


def test_the_best_of_many_heads_is_rarely_called_a_finding_without_one() -> None:
    """40 heads of noise in correlated clusters: some head has p ≤ 0.1 in about a tenth of 200 samples, not in most."""
    found = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        clusters = generator.integers(0, 15, 60)
        values = generator.normal(size=(15, 40))[clusters] + generator.normal(size=(60, 40))
        found += bool((max_t(values, clusters, 99, generator)[1] <= 0.1).any())
    assert 6 <= found <= 36


def test_context_lemmas_that_pairs_share_are_reckoned_with() -> None:
    """Noise by context lemma across all clusters: flips of clusters alone find too much, their inflation does not."""
    found = np.zeros(2)
    for seed in range(100):
        generator = np.random.default_rng(seed)
        clusters, context = generator.integers(0, 20, 200), generator.integers(0, 10, 200)
        values = generator.normal(size=(10, 8))[context] + generator.normal(size=(200, 8))
        for place, second in enumerate((None, context)):
            p = max_t(values, clusters, 99, np.random.default_rng(seed), context=second)[1]
            found[place] += bool((p <= 0.1).any())
    assert found[0] > 50
    assert found[1] <= 30


def test_the_two_way_inflation_is_that_of_the_two_way_variance() -> None:
    """Against the scale that lemma resamples are drawn by: what context adds there, with its C / (C − 1), is added here
    to the size of the statistic."""
    generator = np.random.default_rng(5)
    values = generator.normal(size=(50, 3)) + 0.3
    clusters, context = generator.integers(0, 7, 50), generator.integers(-1, 4, 50)
    has_context = context >= 0
    centred = values - values.mean(axis=0)
    cells = clusters * 10 + context
    parts = [
        (cluster_sums(centred, clusters) ** 2).sum(axis=0),
        (cluster_sums(centred[has_context], context[has_context]) ** 2).sum(axis=0),
        (cluster_sums(centred[has_context], cells[has_context]) ** 2).sum(axis=0),
    ]
    found = two_way_inflation(values, clusters, context)
    sizes = (cluster_sums(values, clusters) ** 2).sum(axis=0)
    for head in range(3):
        first, second, both = (float(part[head]) for part in parts)
        variance = resampling_scale(centred[:, head], clusters, context) ** 2 * (first + second + both)
        assert variance == pytest.approx(max(first + second - both, first, second))
        corrected = max(first + second * 4 / 3 - both, first, second * 4 / 3)
        assert found[head] == pytest.approx(np.sqrt(1 + (corrected - first) / sizes[head]))


def test_a_large_effect_is_found_whatever_context_adds() -> None:
    """Ten times what lemmas of either kind make it vary by, and clusters among which it does not vary at all: found.
    Divided by √(V₁ + V₂ − V₁₂) / √V₁ it was not, since V₁ is small or only rounding."""
    generator = np.random.default_rng(2)
    context = np.arange(200) % 10
    for clusters in (generator.integers(0, 20, 200), np.arange(200) // 10):
        values = generator.normal(size=(200, 3)) * 1e-3
        values[:, 0] += 1 + 0.1 * generator.normal(size=10)[context]
        _, p = max_t(values, clusters, 999, generator, context=context)
        assert p[0] == 0.001
        assert p[1:].min() > 0.01


def test_a_head_that_never_changes_has_statistic_zero() -> None:
    """All zeros divide by nothing and are never found."""
    statistic, p = max_t(np.zeros((6, 2)), np.arange(6), 19, np.random.default_rng(0))
    assert statistic.tolist() == [0, 0]
    assert p.tolist() == [1, 1]
