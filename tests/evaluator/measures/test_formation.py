"""When heads form, on planted curves."""

import numpy as np
import pytest

from evaluator.measures.onset.formation import centre_of_mass, first_formation, formation_of, formation_sweep
from exposure.errors import EvaluationError

STEPS = np.array([0, 10, 30, 60, 100])


def planted(times: np.ndarray, height: float = 0.8) -> np.ndarray:
    """[checkpoint, layer, head] 0 before times [layer, head], `height` from then on."""
    return height * (STEPS[:, None, None] >= times)


def test_planted_heads_form_when_they_do():
    """t* is the first checkpoint at or after the planted time, the one before it bounds it, never is ∞."""
    times = np.array([[0, 0], [5, 30], [31, 101]])
    found = formation_of(planted(times), STEPS, 0.5)
    np.testing.assert_array_equal(found.steps, [[10, 30], [60, np.inf]])
    np.testing.assert_array_equal(found.after, [[0, 10], [30, 100]])
    np.testing.assert_array_equal(found.formed_by_layer, [2, 1])
    np.testing.assert_array_equal(found.layers, [1, 2])


def test_layer_0_is_left_out_unless_asked_for():
    """For previous-token heads it counts; formed at the first checkpoint has nothing before it."""
    times = np.array([[0, 20], [20, 20]])
    found = formation_of(planted(times), STEPS, 0.5, first_layer=0)
    np.testing.assert_array_equal(found.steps, [[0, 30], [30, 30]])
    assert found.after[0, 0] == -np.inf
    assert formation_of(planted(times), STEPS, 0.5).steps.shape == (1, 2)


def test_a_higher_threshold_is_never_reached_earlier():
    """Over a sweep of θ, of curves that rise and fall, against a plain loop."""
    scores = np.random.default_rng(0).uniform(-1, 1, (5, 4, 6))
    sweep = formation_sweep(scores, STEPS, (0.1, 0.4, 0.9))
    for found in sweep:
        for layer in range(1, 4):
            for head in range(6):
                reached = [step for step, at in zip(STEPS, scores[:, layer, head], strict=True) if at >= found.theta]
                assert found.steps[layer - 1, head] == (reached[0] if reached else np.inf)
    assert (sweep[0].steps <= sweep[1].steps).all()
    assert (sweep[1].steps <= sweep[2].steps).all()


def test_a_model_forms_with_its_first_head():
    """The event of a run is the earliest head's, as an interval between checkpoints; layer 0 does not count."""
    crossing = first_formation(planted(np.array([[0, 0], [70, 45]])), STEPS, 0.5)
    assert (crossing.after, crossing.step) == (30, 60)
    never = first_formation(planted(np.array([[0, 0], [200, 200]])), STEPS, 0.5)
    assert (never.after, never.step, never.censoring) == (100, None, "right")


def test_the_centre_of_mass_moves_as_planted():
    """Σ L I⁺ / Σ I⁺ over layers from 1 on; negative scores do not pull; no mass, no centre."""
    scores = np.zeros((5, 4, 2))
    scores[1, 1, 0] = 0.4
    scores[2, 1:3, 0] = 0.4
    scores[3, 3, :] = 0.4
    scores[3, 1, :] = -5
    scores[:, 0] = 1
    found = centre_of_mass(scores)
    np.testing.assert_allclose(found.layer, [np.nan, 1, 1.5, 3, np.nan])
    np.testing.assert_allclose(found.mass, [0, 0.4, 0.8, 0.8, 0])
    assert found.even == 2


def test_what_cannot_be_read_is_refused():
    """Shapes, orders of steps, too few layers and broken scores are named."""
    scores = np.zeros((5, 2, 2))
    with pytest.raises(EvaluationError, match=r"\[checkpoint, layer, head\]"):
        formation_of(scores[0], STEPS, 0.5)
    with pytest.raises(EvaluationError, match="rising order"):
        formation_of(scores, STEPS[::-1], 0.5)
    with pytest.raises(EvaluationError, match="has 1 layers and none from layer 1"):
        formation_of(scores[:, :1], STEPS, 0.5)
    with pytest.raises(EvaluationError, match="not finite"):
        centre_of_mass(np.full((5, 2, 2), np.nan))
