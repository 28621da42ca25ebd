"""Concept vectors with planted directions: found where they are, and not where only words are known."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from made_scores import split, table

from evaluator.measures.concepts.concept_measurements import ConceptGroup, concept_measurements
from evaluator.measures.concepts.concept_vectors import (
    FEWEST_CONTEXTS,
    ConceptLayer,
    ConceptPairs,
    ConceptSpec,
    concept_layer,
)
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.swap_test import swap_test
from exposure.errors import EvaluationError

PAIRS, WIDTH = 120, 16
SPEC = ConceptSpec(folds=4, draws=99, resamples=4, rank_pairs=60, seed=3)


def pairs_of(critical: np.ndarray, context: np.ndarray | None = None, seed: int = 0) -> ConceptPairs:
    is_train = np.random.default_rng(seed).random(len(critical)) < 0.6
    return ConceptPairs(is_train, ~is_train, critical, context)


def planted(direction: np.ndarray, seed: int = 1) -> PairStates:
    """[pair] Sentences of any level and noise; the good side lies `direction` [pair, d_model] from the bad one."""
    generator = np.random.default_rng(seed)
    level, *noise = generator.normal(size=(3, *direction.shape))
    return PairStates.of(level + 0.3 * noise[0] + direction, level + 0.3 * noise[1])


def unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=WIDTH)
    return np.asarray(vector / np.linalg.norm(vector))


def of_clusters(clusters: np.ndarray, length: float, seed: int) -> np.ndarray:
    """[pair, d_model] A direction of its own for every cluster, at right angles to all others."""
    vectors = np.linalg.qr(np.random.default_rng(seed).normal(size=(WIDTH, WIDTH)))[0]
    return np.asarray(length * vectors[clusters])


def measured(states: PairStates, pairs: ConceptPairs) -> ConceptLayer:
    return concept_layer(states, pairs, SPEC)


def test_the_direction_and_its_scores_are_the_formulas() -> None:
    """v̄ by a loop over proxy-train; AUROC and paired share of h·v̄ by double loops over proxy-validation."""
    pairs = pairs_of(np.arange(PAIRS) % 30)
    states = planted(np.tile(0.5 * unit(2), (PAIRS, 1)))
    found = measured(states, pairs)
    train = [place for place in range(PAIRS) if pairs.is_train[place]]
    mean = sum(states.good[place] - states.bad[place] for place in train) / len(train)
    assert found.direction is not None
    np.testing.assert_allclose(found.direction, mean, rtol=1e-12)
    validation = [place for place in range(PAIRS) if pairs.is_validation[place]]
    good, bad = ([float(side[place] @ mean) for place in validation] for side in (states.good, states.bad))
    comparisons = [(g > b) + 0.5 * (g == b) for g in good for b in bad]
    assert found.validation.pairs == len(validation)
    assert found.validation.auroc.value == pytest.approx(np.mean(comparisons), abs=1e-12)
    paired = [float((states.good[p] - states.bad[p]) @ mean > 0) for p in validation]
    assert found.validation.paired.value == pytest.approx(np.mean(paired), abs=1e-12)
    lengths = [np.sqrt(((states.good[p] - states.bad[p]) ** 2).sum()) for p in range(PAIRS)]
    assert found.mean_length == pytest.approx(np.mean(lengths))


def test_a_planted_concept_is_found_with_every_control() -> None:
    """A direction common to all lemmas: high in every way of testing, p the least there is, along what is planted."""
    generator = np.random.default_rng(4)
    pairs = pairs_of(np.arange(PAIRS) % 30, generator.permutation(PAIRS) % FEWEST_CONTEXTS)
    found = measured(planted(np.tile(3.0 * unit(5), (PAIRS, 1))), pairs)
    assert found.crossed is not None
    for one in (found.validation, found.disjoint, found.crossed, *found.probe.values()):
        assert one.auroc.value is not None
        assert one.auroc.value > 0.9
        assert one.paired.value == 1.0
        assert one.auroc.p_high == pytest.approx(0.01)
    assert found.probe["everything"].accuracy.value is not None
    assert found.probe["everything"].accuracy.value > 0.9
    assert found.direction is not None
    assert found.direction @ unit(5) / np.linalg.norm(found.direction) > 0.99


def test_nothing_planted_gives_nothing() -> None:
    """Noise: no test calls it a concept, and its AUROC lies within the null."""
    pairs = pairs_of(np.arange(PAIRS) % 30)
    found = measured(planted(np.zeros((PAIRS, WIDTH))), pairs)
    for one in (found.validation, found.disjoint, found.probe["everything"]):
        assert one.auroc.p_high is not None
        assert one.auroc.p_high > 0.05
    assert found.crossed is None


def test_words_known_by_heart_are_no_concept() -> None:
    """Every lemma differs its own way: EXP's AUROC is high, its null too; lemma-disjoint it is no more than chance."""
    critical = np.arange(PAIRS) % 5
    found = measured(planted(of_clusters(critical, 3.0, 6)), pairs_of(critical))
    assert found.validation.paired.value is not None
    assert found.validation.paired.value > 0.9
    assert found.validation.auroc.null_mean is not None
    assert found.validation.auroc.null_mean > 0.6
    assert found.disjoint.paired.value is not None
    assert found.disjoint.paired.value < 0.7
    assert found.probe["everything"].paired.value is not None
    assert found.probe["everything"].paired.value < 0.7


def test_context_lemmas_known_by_heart_are_caught_by_crossed_folds() -> None:
    """The direction goes by the context lemma: folds of critical lemmas alone do not see it, crossed ones do."""
    context = (np.arange(PAIRS) * 11 // 30) % FEWEST_CONTEXTS
    own = np.stack([3.0 * unit(100 + number) for number in range(FEWEST_CONTEXTS)])
    found = measured(planted(own[context]), pairs_of(np.arange(PAIRS) % 30, context))
    assert found.disjoint.paired.value is not None
    assert found.disjoint.paired.value > 0.7
    assert found.disjoint.paired.p_high == pytest.approx(0.01)
    assert found.crossed is not None
    assert found.crossed.paired.value is not None
    assert found.crossed.paired.value < 0.6


def test_there_are_no_crossed_folds_of_few_context_lemmas() -> None:
    """Without one of four the rest is unlike it: their direction would point the wrong way."""
    pairs = pairs_of(np.arange(PAIRS) % 30, np.arange(PAIRS) % (FEWEST_CONTEXTS - 1))
    assert measured(planted(np.tile(3.0 * unit(5), (PAIRS, 1))), pairs).crossed is None


def test_the_swap_test_tells_word_form_from_grammaticality() -> None:
    """Where the good side of one paradigm has the form of the other's bad side: below ½ for form, above for concept."""
    verbs, adjectives = np.tile(2.0 * unit(8), (60, 1)), np.tile(-2.0 * unit(8), (50, 1))
    critical = np.concatenate([np.arange(60), np.arange(50)]) % 15
    for lemma_disjoint in (False, True):
        form = swap_test(planted(verbs), planted(adjectives, 2), critical, SPEC, lemma_disjoint=lemma_disjoint)
        assert form.pairs == 50
        assert form.auroc.value is not None
        assert form.auroc.value < 0.15
        assert form.auroc.p_low == pytest.approx(0.01)
        concept = swap_test(planted(verbs), planted(-adjectives, 2), critical, SPEC, lemma_disjoint=lemma_disjoint)
        assert concept.auroc.value is not None
        assert concept.auroc.value > 0.85
    with pytest.raises(EvaluationError, match="number those of both paradigms together"):
        swap_test(planted(verbs), planted(adjectives, 2), critical[:60], SPEC)


def test_the_same_word_on_both_sides_is_exactly_chance() -> None:
    """The embedding layer at an equal word: all states are ties, nothing is called a direction, ranks are None."""
    vocabulary = np.random.default_rng(9).normal(size=(7, WIDTH)).astype(np.float32)
    words = vocabulary[np.random.default_rng(10).integers(0, 7, PAIRS)]
    found = measured(PairStates.of(words, words), pairs_of(np.arange(PAIRS) % 30))
    assert found.identical == PAIRS
    assert found.validation.auroc.value == found.validation.paired.value == 0.5
    assert found.probe["everything"].auroc.value == 0.5
    assert found.label_ranks is not None
    assert found.label_ranks.effective.value is None


def test_directions_that_cancel_are_no_direction() -> None:
    """this/these as often as these/this: v̄ is rounding, and no AUROC is made of it; words that tie do so exactly."""
    this, these = np.random.default_rng(11).normal(size=(2, WIDTH)).astype(np.float32)
    is_plural = (np.arange(PAIRS) % 2 == 0)[:, None]
    states = PairStates.of(np.where(is_plural, these, this), np.where(is_plural, this, these))
    is_train = np.arange(PAIRS) < 60
    found = measured(states, ConceptPairs(is_train, ~is_train, np.arange(PAIRS), None))
    assert found.validation.auroc.value == found.validation.paired.value == 0.5
    uneven = measured(states, ConceptPairs(np.arange(PAIRS) < 61, np.arange(PAIRS) >= 61, np.arange(PAIRS), None))
    plural = float(is_plural[61:].mean())
    assert uneven.validation.paired.value == pytest.approx(plural)
    # good and bad are these/this in `plural` of pairs: comparisons of equal words are halves
    expected = plural**2 + plural * (1 - plural)
    assert uneven.validation.auroc.value == pytest.approx(expected, abs=1e-12)


def test_parts_without_pairs_have_no_value() -> None:
    """No proxy-train pair: no direction, no AUROC; the probe of the rest is there. One lemma: no null."""
    states = planted(np.tile(unit(12), (PAIRS, 1)))
    nothing, everything = np.zeros(PAIRS, dtype=bool), np.ones(PAIRS, dtype=bool)
    found = measured(states, ConceptPairs(nothing, everything, np.arange(PAIRS) % 30, None))
    assert found.direction is None
    assert (found.validation.pairs, found.validation.auroc.value, found.validation.auroc.p_high) == (0, None, None)
    assert found.probe["proxy-train"].auroc.value is None
    assert found.probe["proxy-validation"].auroc.value is not None
    one_lemma = measured(states, pairs_of(np.zeros(PAIRS, dtype=np.int64)))
    assert one_lemma.validation.auroc.value is not None
    assert one_lemma.validation.auroc.p_high is None
    assert one_lemma.disjoint.auroc.value is None


def test_states_that_cannot_be_compared_are_refused() -> None:
    """Other shapes, numbers that are not finite, another number of pairs, too few for the ranks asked for."""
    with pytest.raises(EvaluationError, match=r"\(3, 2\) \(good\) and \(2, 2\)"):
        PairStates.of(np.zeros((3, 2)), np.zeros((2, 2)))
    with pytest.raises(EvaluationError, match="not finite"):
        PairStates.of(np.full((3, 2), np.nan), np.zeros((3, 2)))
    with pytest.raises(EvaluationError, match="not of the same model"):
        PairStates.of(np.zeros((3, 2)), np.zeros((3, 2))).join(PairStates.of(np.zeros((3, 4)), np.zeros((3, 4))))
    states = planted(np.zeros((PAIRS, WIDTH)))
    with pytest.raises(EvaluationError, match="States of 120 pairs for 20 pairs"):
        measured(states, pairs_of(np.arange(20)))
    with pytest.raises(EvaluationError, match="Ranks at 500 pairs were asked for and there are 120"):
        concept_layer(states, pairs_of(np.arange(PAIRS)), replace(SPEC, rank_pairs=500))


def test_pairs_of_a_table_bring_their_lemmas_and_parts() -> None:
    """Critical contrasts and context lemmas are numbered; pairs in neither part are in neither mask."""
    pairs = ConceptPairs.of(table(["a", "a", "", ""], ["x", "y", "x", ""]), split([1, 0, 1, 0]))
    assert pairs.critical[0] == pairs.critical[1]
    assert len(set(pairs.critical.tolist())) == 3
    assert pairs.context is not None
    assert pairs.context[0] == pairs.context[2] != pairs.context[1]
    assert pairs.context[3] == -1
    assert (pairs.is_train.tolist(), pairs.is_validation.tolist()) == ([True, False] * 2, [False, True] * 2)
    assert ConceptPairs.of(table(["a", "b"]), split([1, 0])).context is None


def test_rows_of_the_long_table_name_what_they_are() -> None:
    """Each value with its null and p at its layer; ranks of the split everything; the convention in each."""
    pairs = pairs_of(np.arange(PAIRS) % 30)
    found = measured(planted(np.tile(unit(13), (PAIRS, 1))), pairs)
    rows = concept_measurements(found, ConceptGroup(400, "u", "agreement", 2, SPEC.convention))
    assert {(row.step, row.level, row.group, row.layer, row.head) for row in rows} == {(400, "paradigm", "u", 2, None)}
    assert {row.convention for row in rows} == {SPEC.convention}
    by_name = {(row.measure, row.split): row for row in rows}
    assert len(by_name) == len(rows)
    auroc = by_name["concept-auroc", "proxy-validation"]
    assert (auroc.value, auroc.n) == (found.validation.auroc.value, int(pairs.is_validation.sum()))
    null = by_name["concept-auroc-null", "proxy-validation"]
    assert (null.value, null.low, null.high) == (
        found.validation.auroc.null_mean, found.validation.auroc.null_low, found.validation.auroc.null_high,
    )  # fmt: skip
    assert by_name["probe-accuracy", "everything"].n == 2 * PAIRS
    assert found.mismatch_ranks is not None
    mismatch = by_name["concept-rank-mismatch-p", "everything"]
    assert (mismatch.value, mismatch.n) == (found.mismatch_ranks.effective.p_low, 60)


def test_the_same_is_measured_again() -> None:
    """Same states, same seed: the same rows; another seed: other nulls, the same values."""
    pairs, states = pairs_of(np.arange(PAIRS) % 30), planted(np.tile(0.3 * unit(14), (PAIRS, 1)))
    first, second = measured(states, pairs), measured(states, pairs)
    assert first.validation == second.validation
    assert first.probe == second.probe
    assert first.label_ranks == second.label_ranks
    other = concept_layer(states, pairs, replace(SPEC, seed=4))
    assert other.validation.auroc.value == first.validation.auroc.value
    assert other.validation.auroc.null_mean != first.validation.auroc.null_mean


def test_the_statistics_need_no_torch() -> None:
    """Importing them loads neither torch nor transformers, nor a tokenizer."""
    modules = "evaluator.measures.concepts.concept_measurements, evaluator.measures.concepts.swap_test"
    check = f"import {modules}, sys; print([n for n in ('torch', 'transformers', 'tokenizers', 'scipy') if n in sys.modules])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
