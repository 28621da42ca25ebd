"""What was planted inside a model is what is found there."""

from __future__ import annotations

import numpy as np
from inside_measurements import PLANT, STEPS, concept_rows, table_of
from synthetic_evaluations import DELAYED, NEVER, TOGETHER

from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.found import inside_of


def run_of(report: Report) -> EvaluatedRun:
    return report.runs[0]


def test_copying_comes_when_it_was_planted(report: Report) -> None:
    """The checkpoints on both sides of the surge of each generator, and positions in their order."""
    found = run_of(report).inside.copying
    assert found is not None
    assert [(one.generator, one.first_copying.after, one.first_copying.step) for one in found.results] == [
        ("tokens", 800, 1000),
        ("hex", 1200, 1600),
    ]
    tokens = found.results[0]
    assert tokens.positions.tolist() == list(range(5, 51, 5))
    assert (np.diff(tokens.accuracy[-1]) > 0).all()
    assert tokens.chosen_steps == (0, 800, 1000, 2000)


def test_heads_form_when_they_were_planted(report: Report) -> None:
    """At the first checkpoint with I ≥ .3; all others never, and previous-token heads apart from them."""
    found = run_of(report).inside.induction
    assert found is not None
    assert found.named is not None
    assert found.by == "induction"
    formed = {
        (int(layer), int(head)): found.named.steps[layer - 1, head]
        for layer, head in np.argwhere(found.named.has_formed) + np.array([1, 0])
    }
    assert formed == {(1, 2): 600, (2, 0): 1000, (3, 1): 1600}
    assert [np.argwhere(one.has_formed).tolist() for one in found.previous] == [[list(PLANT.previous)]] * 5
    order = found.named_order
    assert order is not None
    assert order.formed == (3,)
    assert order.p_shallow_first is not None


def test_concepts_are_compared_before_and_after(report: Report) -> None:
    """After is the checkpoint of t_val(0.80) of each paradigm, and the last of one that never gets there."""
    run = run_of(report)
    found = run.inside.concepts
    assert found is not None
    assert run.delay is not None
    for uid in (DELAYED.uid, TOGETHER.uid):
        delay = run.delay_of(uid)
        assert delay is not None
        lag = delay.lag_at(0.8)
        assert lag is not None
        assert (found.spans[uid].before, found.spans[uid].after) == (100, lag.validation.step)
        assert found.spans[uid].is_crossing
    assert found.spans[NEVER.uid].after == STEPS[-1]
    assert not found.spans[NEVER.uid].is_crossing
    last = found.at("concept-auroc", DELAYED.uid, STEPS[-1], PLANT.layers)
    assert last is not None
    assert abs(last.value - 0.97) < 0.05
    assert (last.null_mean, last.null_low, last.null_high, last.p, last.n) == (0.5, 0.42, 0.58, 0.005, 300)


def test_attention_gains_in_the_planted_head(report: Report) -> None:
    """Δ is .5 there and 0 elsewhere, in the control everywhere; the head that stands is that one."""
    found = run_of(report).inside.attention
    assert found is not None
    for uid, head in PLANT.attends.items():
        group = found.of_paradigms[uid]
        change, control = group.change, group.change_of_control
        assert change is not None
        assert control is not None
        assert np.unravel_index(int(change.argmax()), change.shape) == head
        assert abs(change[head] - 0.5) < 0.01
        assert np.abs(np.delete(change.ravel(), int(change.argmax()))).max() < 1e-9
        assert np.abs(control).max() < 1e-9
        assert [(one.layer, one.head, one.is_selected) for one in group.selected] == [(*head, True)]
        assert [one.name for one in group.figures][:3] == ["mean", "positive-total", "top1-share"]


def test_conventions_of_one_reading_stand_together() -> None:
    """Paradigms whose ranks are at other numbers of pairs are one reading; another position is not shown."""

    rows = [row for step in (100, 200) for row in concept_rows(PLANT, step, np.random.default_rng(0))]
    few = [(*row[:-1], str(row[-1]).replace("100 pairs", "60 pairs")) if row[3] == NEVER.uid else row for row in rows]
    critical = [(*row[:-1], str(row[-1]).replace("last-word", "critical")) for row in rows * 2]
    found = inside_of(table_of([*few, *critical]), None).concepts
    assert found is not None
    assert set(found.uids) == set(PLANT.concepts)
    assert "ranks at N pairs" in found.convention
    assert found.convention.startswith("last-word")
    assert [one.partition(",")[0] for one in found.other_conventions] == ["critical"]
