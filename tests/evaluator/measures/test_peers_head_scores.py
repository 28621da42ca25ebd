"""Against TransformerLens: scores of heads by its detector and its patterns, eigenvalue positivity by its circuits.

Its detector gives the share of all of a head's attention that lies on a pattern of ones; the weights of each query sum
to 1, so all of it is the number of queries. Ours are means over the queries that can hold what is looked for: the same
times tokens / those queries. Attention differs by 2e-6 at most (test_peers_transformer_lens.py), and means of it less.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import planted_induction
import pytest
import tiny_models
import torch
from inside_models import VOCABULARY
from torch import Tensor

pytest.importorskip("transformer_lens", reason="TransformerLens is not installed (extra peers)")

from bridged_models import FOLDED, NAMES, bridge_around, bridged, folded, ours, positivity, seen, vocabulary_circuits
from transformer_lens.head_detector import (
    compute_head_attention_similarity_score,
    get_induction_head_detection_pattern,
    get_previous_token_head_detection_pattern,
)
from transformer_lens.model_bridge import TransformerBridge

from evaluator.inside.architecture import architecture_of
from evaluator.measures.induction.head_positivity import head_positivity
from evaluator.measures.induction.induction_heads import InductionSpec, attention_scores, induction_scores
from evaluator.measures.induction.repeated_sequences import RepeatedSequences, RepeatedSpec, repeated_sequences

IDS = np.arange(VOCABULARY)
SPEC = InductionSpec(RepeatedSpec(3, 16), RepeatedSpec(3, 9, 4))
CLOSE = 2e-6
PLANTED = InductionSpec(RepeatedSpec(2, 100), RepeatedSpec(2, 25, 4))
BOS = [None, 0]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


def detected(bridge: TransformerBridge, sequences: RepeatedSequences, is_looked_for: Tensor) -> np.ndarray:
    """[layer, head] By TransformerLens' detector: mean over `sequences` of its score for `is_looked_for` [query, key],
    as the mean over the queries that have a key in it.
    """
    patterns = seen(bridge, torch.from_numpy(sequences.token_ids)).patterns
    rows = patterns.flatten(0, 2)  # [layer × sequence × head, query, key]
    shares = [
        compute_head_attention_similarity_score(
            one, is_looked_for, exclude_bos=False, exclude_current_token=False, error_measure="mul"
        )
        for one in rows
    ]
    queries = int(is_looked_for.any(dim=1).sum())
    return np.array(shares).reshape(patterns.shape[:3]).mean(axis=1) * len(is_looked_for) / queries


def after_bos(is_looked_for: Tensor, sequences: RepeatedSequences) -> Tensor:
    """Without the first token after a BOS, which has the BOS alone before it."""
    is_looked_for[: sequences.first + 1] = 0
    return is_looked_for


@pytest.mark.parametrize("bos", BOS)
@pytest.mark.parametrize("name", NAMES)
def test_prefix_matching_is_that_of_the_detector(name: str, bos: int | None) -> None:
    """What a token gives to all that followed the same token before: the detector's induction head."""
    sequences = repeated_sequences(SPEC.standard, IDS, bos)
    scores = attention_scores(ours(name), IDS, bos, SPEC, where=name)
    patterns = [get_induction_head_detection_pattern(torch.from_numpy(row)[None]) for row in sequences.token_ids]
    assert all(torch.equal(one, patterns[0]) for one in patterns), "where tokens repeat does not depend on the tokens"
    np.testing.assert_allclose(scores.prefix_matching, detected(bridged(name), sequences, patterns[0]), atol=CLOSE)
    assert np.ptp(scores.prefix_matching) > 0.01, "equal scores everywhere would prove little"


@pytest.mark.parametrize("bos", BOS)
@pytest.mark.parametrize("name", NAMES)
def test_previous_token_is_that_of_the_detector(name: str, bos: int | None) -> None:
    """What a token gives to the one before."""
    sequences = repeated_sequences(SPEC.standard, IDS, bos)
    scores = attention_scores(ours(name), IDS, bos, SPEC, where=name)
    row = torch.from_numpy(sequences.token_ids[:1])
    pattern = after_bos(get_previous_token_head_detection_pattern(row), sequences)
    np.testing.assert_allclose(scores.previous_token, detected(bridged(name), sequences, pattern), atol=CLOSE)
    assert np.ptp(scores.previous_token) > 0.01


@pytest.mark.parametrize("bos", BOS)
@pytest.mark.parametrize("name", NAMES)
def test_induction_attention_is_that_of_the_detector_without_the_last_token(name: str, bos: int | None) -> None:
    """Ā of two halves leaves out the last token, after which nothing stood twice; the detector's pattern has it."""
    sequences = repeated_sequences(SPEC.halves, IDS, bos)
    scores = attention_scores(ours(name), IDS, bos, SPEC, where=name)
    pattern = get_induction_head_detection_pattern(torch.from_numpy(sequences.token_ids[:1]))
    pattern[-1] = 0
    assert int(pattern.sum()) == SPEC.halves.period - 1
    np.testing.assert_allclose(scores.induction, detected(bridged(name), sequences, pattern), atol=CLOSE)
    assert np.ptp(scores.induction) > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_positivity_is_that_of_the_circuits_over_the_vocabulary(name: str) -> None:
    """Raw: all V eigenvalues of W_E W_V W_O W_U, and the few that FactoredMatrix reduces them to, in fp64 both."""
    found = head_positivity(architecture_of(ours(name))).raw
    circuits = vocabulary_circuits(bridged(name))
    assert circuits.shape[-2:] == (VOCABULARY, VOCABULARY)
    np.testing.assert_allclose(found, positivity(circuits.eigenvalues), atol=1e-12)
    # zeros of a defective V × V matrix come out as large as the root of rounding
    np.testing.assert_allclose(found, positivity(torch.linalg.eigvals(circuits.AB)), atol=1e-6)
    assert found.std() > 0.05


@pytest.mark.parametrize("name", FOLDED)
def test_folded_positivity_is_that_of_weights_that_it_folds(name: str) -> None:
    """fold_ln of TransformerLens, in fp32 weights: 1e-7 of each number is rounding."""
    both = head_positivity(architecture_of(ours(name)))
    np.testing.assert_allclose(both.folded, positivity(vocabulary_circuits(folded(name)).eigenvalues), atol=1e-6)
    assert np.abs(both.folded - both.raw).max() > 0.1, "folding that changes nothing would prove little"


def test_folded_positivity_of_olmo2_has_the_gains_that_the_bridge_holds() -> None:
    """TransformerLens folds no norm that comes after; with its gains of those, W_O and W_U are read through them."""
    bridge, both = bridged("olmo2"), head_positivity(architecture_of(ours("olmo2")))
    heads, final = bridge.OV, bridge.ln_final.weight.double()
    for layer, block in enumerate(bridge.blocks):
        led = heads.B[layer].double() * block.ln1_post.weight.double()
        circuits = bridge.W_E.double() @ heads.A[layer].double() @ led @ (final[:, None] * bridge.W_U.double())
        np.testing.assert_allclose(both.folded[layer], positivity(torch.linalg.eigvals(circuits)), atol=1e-6)
    assert np.abs(both.folded - both.raw).max() > 0.1


def test_both_find_the_planted_heads() -> None:
    """Of a model built by hand, TransformerLens gives the same scores, and 1 to the same heads."""
    made = planted_induction.planted_induction()
    vocabulary = np.arange(2, 256)
    scores = induction_scores(made.model, vocabulary, 0, PLANTED, where="planted")
    bridge = bridge_around(planted_induction.planted_induction().model)
    sequences = repeated_sequences(PLANTED.standard, vocabulary, 0)
    row = torch.from_numpy(sequences.token_ids[:1])
    matching = detected(bridge, sequences, get_induction_head_detection_pattern(row))
    previous = after_bos(get_previous_token_head_detection_pattern(row), sequences)
    np.testing.assert_allclose(scores.attention.prefix_matching, matching, atol=1e-5)
    np.testing.assert_allclose(scores.attention.previous_token, detected(bridge, sequences, previous), atol=1e-5)
    assert np.unravel_index(matching.argmax(), matching.shape) == made.induction_head
    shares = positivity(vocabulary_circuits(bridge).eigenvalues)
    assert shares[made.induction_head] == pytest.approx(scores.positivity.raw[made.induction_head], abs=1e-6)
    assert shares[made.induction_head] > 0.95
