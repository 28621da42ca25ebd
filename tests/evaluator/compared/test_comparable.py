"""Only runs that were measured alike stand side by side; the others are named, with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted_runs import COPY, STEPS, Planted, planted_run

from evaluator.compared.comparable import comparable
from evaluator.compared.compared_run import ComparedRun
from evaluator.compared.comparison import compare_runs
from evaluator.compared.curves import curve_of
from evaluator.compared.quantities import QUANTITIES
from evaluator.measurement_table import SCHEMA, rows_of, table_of

TOKENS, INDUCTION = QUANTITIES["copying-tokens"], QUANTITIES["induction"]


def test_curves_are_the_rows_that_were_measured() -> None:
    """The mean over positions with its interval, in whatever order the rows are; rows by position are not taken."""
    run = planted_run("a", Planted(1000))
    rows = rows_of(run.measured)
    shuffled = [rows[at] for at in np.random.default_rng(0).permutation(len(rows))]
    curve = curve_of(ComparedRun("a", table_of(shuffled), run.training), TOKENS, COPY)
    assert curve is not None
    expected = {row.step: row for row in rows if row.measure == "copying-tokens" and row.level == "overall"}
    assert curve.steps.tolist() == list(STEPS)
    for at, step in enumerate(STEPS):
        row = expected[step]
        assert (curve.values[at], curve.low[at], curve.high[at], curve.n[at]) == (row.value, row.low, row.high, row.n)
    assert curve.tokens is not None
    assert curve.tokens.tolist() == [step * 32 * 256 for step in STEPS]
    assert curve.strongest(0) is None


def test_the_strongest_head_is_not_of_layer_0() -> None:
    """The highest score from layer 1 on, and where it is; a head of layer 0 with a higher one does not count."""
    run = planted_run("a", Planted(1000))
    rows = [
        row.__class__(**{**_fields(row), "value": 0.99}) if row.layer == 0 and row.measure == "induction" else row
        for row in rows_of(run.measured)
    ]
    curve = curve_of(ComparedRun("a", table_of(rows)), INDUCTION, "Ā: planted")
    assert curve is not None
    assert curve.values.max() == 0.8
    assert curve.values[0] == 0.02
    assert curve.strongest(len(STEPS) - 1) == (1, 0)
    assert curve.tokens is None


def _fields(row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in SCHEMA.names}


def test_a_checkpoint_without_all_its_heads_has_no_strongest() -> None:
    """A score that is missing or null could have been the highest."""
    run = planted_run("a", Planted(1000))
    kept = [row for row in rows_of(run.measured) if not (row.step == 1000 and (row.layer, row.head) == (2, 1))]
    curve = curve_of(ComparedRun("a", table_of(kept)), INDUCTION, "Ā: planted")
    assert curve is not None
    assert curve.steps.tolist() == [step for step in STEPS if step != 1000]


def test_a_model_of_one_layer_has_no_induction_curve() -> None:
    """Layer 0 holds no induction head, so there is none to be the strongest."""
    run = planted_run("a", Planted(1000, layers=1))
    assert curve_of(run, INDUCTION, "Ā: planted") is None


def test_another_convention_is_left_out_and_named() -> None:
    """The most runs of one convention stand together; the odd one says by which it was measured."""
    runs = [planted_run(name, Planted(900)) for name in "ab"]
    odd = planted_run("odd", Planted(900), convention="copy test: fewer sequences")
    held = comparable([odd, *runs], TOKENS)
    assert held is not None
    assert held.names == ["a", "b"]
    assert held.left_out == (("odd", "it was measured otherwise: copy test: fewer sequences"),)


def test_another_tokenizer_is_left_out_and_named() -> None:
    """Random tokens of another vocabulary are another test, a tokenizer that is not known may be one; so is a dtype."""
    runs = [planted_run(name, Planted(900)) for name in "ab"]
    others = [planted_run("c", Planted(900), tokenizer="b" * 64), planted_run("d", Planted(900), tokenizer=None)]
    others.append(replace(planted_run("e", Planted(900)), dtype="bfloat16"))
    held = comparable([*runs, *others], TOKENS)
    assert held is not None
    assert held.names == ["a", "b"]
    why = dict(held.left_out)
    assert "its tokenizer is another one (bbbbbbbbbbbb…, not aaaaaaaaaaaa…)" in why["c"]
    assert why["d"] == "it is not known whether its tokenizer is the same"
    assert why["e"] == "it was measured in bfloat16, not in float32"


def test_a_run_measured_twice_stands_by_the_convention_that_others_have() -> None:
    """Rows of two specs in one run are never mixed in one curve."""
    both = [*rows_of(planted_run("a", Planted(600), convention="other").measured)]
    both += [row for row in rows_of(planted_run("a", Planted(900)).measured) if row.measure.startswith("copying")]
    runs = [ComparedRun("a", table_of(both), tokenizer_sha256="a" * 64), planted_run("b", Planted(900))]
    held = comparable(runs, TOKENS)
    assert held is not None
    assert held.names == ["a", "b"]
    assert held.curves[0].values.tolist() == held.curves[1].values.tolist()


def test_nothing_is_compared_of_one_run_or_of_none_measured() -> None:
    """One run, or runs without any of the measures, make no comparison; unlike runs make an empty one that says why."""
    assert compare_runs([planted_run("a", Planted(900))]) is None
    assert compare_runs([ComparedRun(name, SCHEMA.empty_table()) for name in "ab"]) is None
    unlike = compare_runs([planted_run("a", Planted(900)), planted_run("b", Planted(900), tokenizer="b" * 64)])
    assert unlike is not None
    assert unlike.held == unlike.first_steps == unlike.exponents == ()
    assert [one.left_out[0][0] for one in unlike.alone] == ["b"] * 3


@pytest.mark.parametrize("theta", TOKENS.thetas)
def test_first_steps_are_those_of_a_plain_loop(theta: float) -> None:
    """For every run and θ the first checkpoint at or above, and the one before it."""
    runs = [planted_run("a", Planted(700)), planted_run("never", Planted(9000)), planted_run("low", Planted(900, 0.25))]
    comparison = compare_runs(runs)
    assert comparison is not None
    held = comparison.of("copying-tokens")
    assert held is not None
    for curve in held.curves:
        above = [at for at, value in enumerate(curve.values) if value >= theta]
        found = next(one for one in comparison.first_steps if one.curve is curve and one.theta == theta)
        assert found.crossing.step == (STEPS[above[0]] if above else None)
        assert found.crossing.after == (STEPS[above[0] - 1] if above else STEPS[-1])
        assert found.event is not None
        assert found.event.tokens[1] == (STEPS[above[0]] * 8192 if above else np.inf)
