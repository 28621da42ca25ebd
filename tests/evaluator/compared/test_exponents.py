"""Updates or tokens, from whole curves: planted laws are found with their intervals, unlike runs never mixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from planted_runs import Planted, planted_run

from evaluator.compared.comparable import comparable
from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.exponents import FamilyExponent, exponents
from evaluator.compared.first_steps import first_steps
from evaluator.compared.quantities import QUANTITIES, Quantity

TOKENS = replace(QUANTITIES["copying-tokens"], thetas=(0.3,))
HEADS = replace(QUANTITIES["induction"], thetas=(0.3,))
BATCHES = (16, 32, 64)


def law(alpha: float, batch: int, noise: float = 0.0, middle: float = 1000) -> Planted:
    """Tokens until copying follow batch^α, and so updates batch^(α − 1): 1000 at a batch of 32."""
    return Planted(middle * (batch / 32) ** (alpha - 1) * float(np.exp(noise)))


def found_of(runs: Sequence[ComparedRun], quantity: Quantity = TOKENS) -> list[FamilyExponent]:
    """By family."""
    held = comparable(runs, quantity)
    assert held is not None
    return exponents(quantity, first_steps(held))


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("quantity", [TOKENS, HEADS], ids=["copying", "heads"])
def test_a_planted_law_is_found_from_curves(alpha: float, quantity: Quantity) -> None:
    """The estimate is α within what the checkpoints leave open, that α is not excluded, and the two others are."""
    steps = range(0, 4001, 10)
    runs = [
        planted_run(
            f"{batch}-{seed}", law(alpha, batch, 0.02 * (seed - 1)), steps, batch_sequences=batch, init_seed=seed
        )
        for batch in BATCHES
        for seed in range(3)
    ]
    (found,) = found_of(runs, quantity)
    assert found.found is not None
    assert found.found.estimate == pytest.approx(alpha, abs=0.03)
    assert [found.excludes(other) for other in (0.0, 0.5, 1.0)] == [other != alpha for other in (0.0, 0.5, 1.0)]


@pytest.mark.parametrize(("alpha", "last"), [(0.5, 3000), (1.0, 1200)], ids=["half", "updates-censored"])
def test_intervals_cover_the_truth_as_often_as_they_say(alpha: float, last: int) -> None:
    """25 experiments of three seeds and batches, noise of 20 %, checkpoints every 100 steps, up to 1,200 steps a sixth
    of the runs never copying: α is inside nearly always, and the interval is narrow enough to tell 0 from 1 often.
    """
    generator = np.random.default_rng(last)
    inside, telling, censored = 0, 0, 0
    for _ in range(25):
        runs = [
            planted_run(
                f"{batch}-{seed}",
                law(alpha, batch, 0.2 * generator.standard_normal()),
                range(0, last + 1, 100),
                batch_sequences=batch,
                init_seed=seed,
            )
            for batch in BATCHES
            for seed in range(3)
        ]
        (found,) = found_of(runs)
        assert found.found is not None
        censored += found.found.runs - found.found.seen
        inside += found.excludes(alpha) is False
        telling += found.excludes(0.0) is True or found.excludes(1.0) is True
    assert inside >= 22
    assert telling >= 15
    assert (censored > 20) == (last == 1200)


def test_a_run_that_never_copies_counts_as_late() -> None:
    """Small batches, which need more updates under "tokens decide", end first: leaving them out would raise α."""
    steps = range(0, 2001, 50)
    runs = [
        planted_run(f"{batch}-{seed}", law(0.0, batch, 0.3 * (seed - 1)), steps, batch_sequences=batch)
        for batch in BATCHES
        for seed in range(3)
    ]
    (found,) = found_of(runs)
    assert found.found is not None
    assert found.found.seen < found.found.runs == 9
    kept = [one.run for one in found.events if one.crossing.step is not None]
    (without,) = found_of(kept)
    assert without.found is not None
    assert abs(found.found.estimate) < abs(without.found.estimate) - 0.05


def test_runs_that_differ_in_more_are_kept_apart_and_named() -> None:
    """A learning rate scaled with the batch leaves no two runs alike: no α, and what they differ in is said."""
    runs = [
        planted_run(f"b{batch}", law(1.0, batch), batch_sequences=batch, learning_rate=1e-3 * batch / 32)
        for batch in BATCHES
    ]
    found = found_of(runs)
    assert [one.family.names for one in found] == [("b16",), ("b32",), ("b64",)]
    assert all(one.found is None for one in found)
    assert found[0].reason == (
        "two sizes (batch × context) at least are needed, known here: 1; the other runs differ in more than that: "
        "b32 (learning rate 0.001); b64 (learning rate 0.002)"
    )


def test_warm_ups_of_another_length_are_said() -> None:
    """A warm-up of equal tokens is another one in updates: α is fitted, and says what it is of as well."""
    runs = [
        planted_run(f"b{batch}", law(1.0, batch), batch_sequences=batch, warmup_steps=3200 // batch)
        for batch in BATCHES
    ]  # fmt: skip
    (found,) = found_of(runs)
    assert found.found is not None
    assert found.differ_in == ("warmup_steps",)
    assert found_of(runs[:1] + runs[2:])[0].family.names == ("b16", "b64")


def test_a_regularised_run_does_not_move_the_exponent() -> None:
    """Runs with dropout are a family of their own, and α over the others is what it is without them."""
    plain = [planted_run(f"b{batch}", law(1.0, batch), batch_sequences=batch) for batch in BATCHES]
    late = planted_run("dropout", Planted(1900), batch_sequences=64, attention_dropout=0.1)
    alone, (first, second) = found_of(plain), found_of([*plain, late])
    assert first.found == alone[0].found
    assert second.family.names == ("dropout",)
    assert second.reason == "two sizes (batch × context) at least are needed, known here: 1"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ([{}, {"init_seed": 1}], "known here: 1"),
        ([{"batch_sequences": None}, {}], "known here: 1; batch or context of r0 is not known"),
        (
            [{"batch_sequences": None}, {"sequence_length": None}],
            "known here: 0; batch or context of r0, r1 is not known",
        ),
    ],
    ids=["one-size", "one-unknown", "all-unknown"],
)
def test_fewer_than_two_known_sizes_are_refused(facts: list[dict[str, int | None]], words: str) -> None:
    """Sizes are never taken from a name: unknown ones are none, and are named."""
    (found,) = found_of([planted_run(f"r{at}", Planted(900), **one) for at, one in enumerate(facts)])
    assert found.found is None
    assert found.reason == f"two sizes (batch × context) at least are needed, {words}"


def test_events_that_say_nothing_are_refused() -> None:
    """All censored, and an event at step 0, before any training."""
    never = [planted_run(f"b{batch}", Planted(9000), batch_sequences=batch) for batch in BATCHES]
    assert found_of(never)[0].reason == "no run reached θ = .30: all are censored"
    at_once = planted_run("b8", Planted(-1000), batch_sequences=8)
    plain = [planted_run(f"b{batch}", law(1.0, batch), batch_sequences=batch) for batch in BATCHES]
    (found,) = found_of([*plain, at_once])
    assert found.found is None
    assert found.reason == "a run is at or above θ = .30 at step 0, before any training"


def test_what_is_not_known_of_alike_runs_is_said() -> None:
    """Runs of which nobody knows the learning rate may be alike: they are fitted together, and it is said."""
    runs = [planted_run(f"b{batch}", law(1.0, batch), batch_sequences=batch, learning_rate=None) for batch in BATCHES]
    (found,) = found_of(runs)
    assert found.found is not None
    assert found.family.unknown == ("learning_rate",)
