"""Regularised against not: the planted effect is found at equal steps, with seeds as the unit, all else equal."""

from __future__ import annotations

import numpy as np
import pytest
from planted_runs import Planted, planted_run

from evaluator.compared.comparable import comparable
from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.quantities import QUANTITIES
from evaluator.compared.regularisation import Regularisation, regularisation

TOKENS = QUANTITIES["copying-tokens"]


def found_of(runs: list[ComparedRun]) -> Regularisation:
    held = comparable(runs, TOKENS)
    assert held is not None
    return regularisation(held)


def seeds(name: str, plateaus: list[float], **facts: float) -> list[ComparedRun]:
    """A run a seed, with these shares in the end."""
    return [
        planted_run(f"{name}-{seed}", Planted(800, plateau), init_seed=seed, **facts)
        for seed, plateau in enumerate(plateaus)
    ]


PLAIN, DROPPED = [0.20, 0.24, 0.19], [0.55, 0.60, 0.53]


def test_the_interval_over_seeds_is_welchs() -> None:
    """Mean, difference and interval at the last common step are those of SciPy, seeds as the unit."""
    stats = pytest.importorskip("scipy.stats")
    runs = [*seeds("plain", PLAIN), *seeds("dropout", DROPPED, attention_dropout=0.1)]
    (found,) = found_of(runs).contrasts
    assert (found.factor, found.amount) == ("attention_dropout", 0.1)
    step = int(found.steps[-1])
    assert found.difference(step) == pytest.approx(np.mean(DROPPED) - np.mean(PLAIN), abs=1e-3)
    test = stats.ttest_ind(DROPPED, PLAIN, equal_var=False).confidence_interval()
    low, high, unit = found.difference_ends(step)
    assert unit == "seeds"
    assert (low, high) == pytest.approx((test.low, test.high), abs=2e-3)
    low, high, unit = found.plain.ends(step)
    expected = stats.t.interval(0.95, 2, np.mean(PLAIN), stats.sem(PLAIN))
    assert unit == "seeds"
    assert (low, high) == pytest.approx(expected, abs=2e-3)


def test_each_regulariser_stands_against_its_own_plain_runs() -> None:
    """Dropout and decay each against neither; a run with both against those with one of them."""
    runs = [
        *seeds("plain", [0.2]),
        *seeds("decay", [0.5], weight_decay=0.1),
        *seeds("dropout", [0.56], attention_dropout=0.1),
        *seeds("both", [0.7], attention_dropout=0.1, weight_decay=0.1),
    ]
    held = {(one.factor, *one.plain.names, *one.treated.names) for one in found_of(runs).contrasts}
    assert held == {
        ("attention_dropout", "plain-0", "dropout-0"),
        ("attention_dropout", "decay-0", "both-0"),
        ("weight_decay", "plain-0", "decay-0"),
        ("weight_decay", "dropout-0", "both-0"),
    }


def test_one_run_each_has_no_interval_over_seeds() -> None:
    """What is given instead is over queries, contains the difference, and says so; the arms have the measure's own."""
    runs = [*seeds("plain", [0.2]), *seeds("dropout", [0.25], attention_dropout=0.1)]
    (found,) = found_of(runs).contrasts
    step = int(found.steps[-1])
    low, high, unit = found.difference_ends(step)
    assert unit == "queries"
    # two shares of 5000 queries: the plain normal interval is nearly Newcombe's
    half = 1.96 * np.sqrt(0.2 * 0.8 / 5000 + 0.25 * 0.75 / 5000)
    assert (low, high) == pytest.approx((0.05 - half, 0.05 + half), abs=2e-3)
    ends = found.plain.ends(step)
    curve = found.plain.curves[0]
    assert ends == (curve.low[-1], curve.high[-1], "queries")


def test_several_against_one_and_seeds_all_alike_have_no_interval() -> None:
    """One run says nothing of the spread between its seeds, and two that never copied do not either."""
    several, one = seeds("plain", PLAIN), seeds("dropout", [0.5], attention_dropout=0.1)
    (found,) = found_of([*several, *one]).contrasts
    assert found.difference_ends(int(found.steps[-1])) is None
    for share in (0.0, 0.8):
        alike = [*seeds("plain", [share] * 3), *seeds("dropout", [share] * 2, attention_dropout=0.1)]
        (found,) = found_of(alike).contrasts
        assert found.difference_ends(int(found.steps[-1])) is None
        assert found.plain.ends(int(found.steps[-1])) is None


def test_only_equal_steps_are_compared() -> None:
    """At the checkpoints that all runs have; runs without one in common are not compared."""
    plain = planted_run("plain", Planted(800), steps=range(0, 1501, 100))
    dropped = planted_run("dropout", Planted(800), steps=range(0, 2001, 250), attention_dropout=0.1)
    (found,) = found_of([plain, dropped]).contrasts
    assert found.steps.tolist() == [0, 500, 1000, 1500]
    apart = planted_run("apart", Planted(800), steps=[1, 251], attention_dropout=0.1)
    assert "a checkpoint in common" in (found_of([plain, apart]).reason or "")


@pytest.mark.parametrize(
    "facts",
    [
        {"learning_rate": 5e-4},
        {"batch_sequences": 64},
        {"warmup_steps": 50},
        {"parameters": 11_000_000},
        {"weight_decay": 0.1},
    ],
)
def test_runs_unlike_in_anything_else_are_not_compared(facts: dict[str, float]) -> None:
    """A run with dropout and something else stands against nothing, and the reason says what must be the same."""
    found = found_of([*seeds("plain", [0.2]), *seeds("dropout", [0.5], attention_dropout=0.1, **facts)])
    assert found.contrasts == ()
    assert "learning rate" in (found.reason or "")


def test_what_is_not_known_is_not_taken_for_0() -> None:
    """Runs of which nobody says whether they had dropout are named, and not compared."""
    plain, dropped = seeds("plain", [0.2]), seeds("dropout", [0.5], attention_dropout=0.1)
    unknown = planted_run("older", Planted(800, 0.2), attention_dropout=None)
    found = found_of([unknown, *dropped])
    assert found.contrasts == ()
    assert "of older is not known" in (found.reason or "")
    assert [one.plain.names for one in found_of([unknown, *plain, *dropped]).contrasts] == [["plain-0"]]


def test_heads_are_contrasted_without_an_interval_over_queries() -> None:
    """Induction scores of one run each have a difference and no interval, as the measure gives them none."""
    induction = QUANTITIES["induction"]
    assert induction.is_contrasted
    held = comparable([*seeds("plain", [0.2]), *seeds("dropout", [0.3], attention_dropout=0.1)], induction)
    assert held is not None
    (found,) = regularisation(held).contrasts
    step = int(found.steps[-1])
    assert (found.difference(step), found.difference_ends(step), found.plain.ends(step)) == (0.0, None, None)
