"""Eigenvalue positivity: the small product has the eigenvalues of the V × V one."""

import numpy as np
import pytest

from evaluator.measures.induction import eigenvalue_positivity as module
from evaluator.measures.induction.eigenvalue_positivity import (
    NormGains,
    eigenvalue_positivity,
    folded_token_map,
    token_map,
)

HEADS, MODEL, HEAD, VOCABULARY = 3, 12, 4, 40


@pytest.fixture
def weights():
    """W_V, W_O, W_E, W_U as rows are multiplied."""
    draw = np.random.default_rng(3).standard_normal
    return draw((HEADS, MODEL, HEAD)), draw((HEADS, HEAD, MODEL)), draw((VOCABULARY, MODEL)), draw((MODEL, VOCABULARY))


def positivity_of_whole(circuit: np.ndarray) -> float:
    """Σ Re λ / Σ |λ| of a V × V matrix."""
    eigenvalues = np.linalg.eigvals(circuit)
    return float(eigenvalues.real.sum() / np.abs(eigenvalues).sum())


def test_ep_equals_that_of_all_pairs_of_tokens(weights):
    """Raw EP is that of W_E W_V W_O W_U [V, V], though that has V − d_head eigenvalues more, all 0."""
    values, outputs, embedding, unembedding = weights
    found = eigenvalue_positivity(values, outputs, token_map(embedding, unembedding))
    whole = [positivity_of_whole(embedding @ v @ o @ unembedding) for v, o in zip(values, outputs, strict=True)]
    np.testing.assert_allclose(found, whole, atol=1e-7)
    assert np.ptp(found) > 0.1


@pytest.mark.parametrize("centre", [False, True])
def test_folded_ep_is_that_of_tokens_led_through_the_norms(weights, centre):
    """Token by token: mean away, gain, head, mean away, gain, unembedding gives the matrix whose EP is meant."""
    values, outputs, embedding, unembedding = weights
    draw = np.random.default_rng(4).standard_normal
    first, last = draw(MODEL), draw(MODEL)
    gains = NormGains(first, last, centre)
    found = eigenvalue_positivity(values, outputs, folded_token_map(token_map(embedding, unembedding), gains))
    for head in range(HEADS):
        rows = []
        for token in embedding:
            read = (token - token.mean() * centre) * first
            written = read @ values[head] @ outputs[head]
            rows.append(((written - written.mean() * centre) * last) @ unembedding)
        assert found[head] == pytest.approx(positivity_of_whole(np.array(rows)), abs=1e-7)


def test_norms_without_gains_leave_the_map_as_it_is(weights):
    """Nothing to fold gives raw EP."""
    tokens = token_map(*weights[2:])
    np.testing.assert_array_equal(folded_token_map(tokens, NormGains(None, None, False)), tokens)


def test_copying_is_1_its_opposite_is_minus_1_and_a_shift_0(weights):
    """W_U W_O W_V W_E = identity copies; minus it never does; a cyclic shift of tokens is neither."""
    identity = np.eye(VOCABULARY)
    shift = np.roll(identity, 1, axis=0)
    found = eigenvalue_positivity(np.stack([identity, -identity, shift]), np.stack([identity] * 3), identity)
    np.testing.assert_allclose(found, [1, -1, 0], atol=1e-12)


def test_a_head_that_writes_nothing_has_0():
    """Exactly 0, where eigenvalues are 0 and where they are rounding only; never NaN."""
    generator = np.random.default_rng(0)
    basis = np.linalg.qr(generator.standard_normal((8, 8)))[0]
    reads, writes = basis[:, :3], basis[:, 3:6].T  # what it writes, it does not read
    found = eigenvalue_positivity(np.stack([reads, np.zeros((8, 3))]), np.stack([writes, writes]), np.eye(8))
    np.testing.assert_array_equal(found, 0)


def test_blocks_of_tokens_do_not_change_the_map(weights, monkeypatch):
    """However many embeddings are held at once, and in what precision they are stored."""
    embedding, unembedding = (weight.astype(np.float32) for weight in weights[2:])
    whole = unembedding.astype(np.float64) @ embedding.astype(np.float64)
    monkeypatch.setattr(module, "BLOCK", 7)
    np.testing.assert_allclose(token_map(embedding, unembedding), whole, atol=1e-13)
