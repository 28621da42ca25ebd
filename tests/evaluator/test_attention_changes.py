"""What attention gained between two checkpoints, from files alone: the right files, pairs and steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from synthetic_evaluations import Plant, weights_sha256, write_evaluation

from evaluator.attention_changes import attention_changes
from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, items_path, measured_path, write_items, write_measured
from evaluator.measurement_table import rows_of, table_of
from evaluator.measures.attention.attention_items import items_table, weights_of
from evaluator.measures.attention.attention_to_context import AttentionSpec, AttentionWeights
from exposure.errors import EvaluationError
from exposure.measurement import Measurement

STEPS = (0, 100, 200, 400)
HEADS = (2, 3)
GAINS = {"one": (0, 1), "two": (1, 2)}
"""Paradigm → the head that gains, as much as its number of pairs and steps says."""

PLANTS = (Plant("one", 20, 20, lemmas=10), Plant("two", 30, 15, lemmas=12))


def weights_at(step: int, folder: EvaluationFolder) -> AttentionWeights:
    """[pair] Noise of its own for every pair, the same at every step, and what its paradigm's head has gained; of every
    seventh pair nothing is known, and every ninth has no control."""
    n_pairs = len(folder.pairs)
    weight, control = np.random.default_rng(5).uniform(0.1, 0.2, (2, n_pairs, *HEADS))
    for number, uid in enumerate(folder.pairs.uid):
        weight[number, *GAINS[uid]] += step / 1000 * (1 + number / n_pairs)
    uniform = np.full(n_pairs, 0.125)
    for values in (weight, control, uniform):
        values[::7] = np.nan
    control[::9] = np.nan
    return AttentionWeights(weight, control, np.full_like(control, np.nan), 0 * weight + 1, uniform, AttentionSpec())


def keep(folder: EvaluationFolder, step: int, weights: AttentionWeights | None, spec: str = "spec") -> Path:
    """As the measurer does; None is a checkpoint of whose pairs no words were known."""
    path = measured_path(folder.path, f"attention/{spec}", weights_sha256(folder.path.name, step))
    # In two pieces, the second paradigm first: items say themselves which pair they are of.
    places = [folder.pairs.places_of[uid] for uid in ("two", "one")]
    items = None
    if weights is not None:
        items = write_items(path, pa.concat_tables([items_table(weights.take(one), one) for one in places]))
    row = Measurement("attention-uniform", step, "paradigm", "one", None, "everything", None, None, 0.1, 9, 0, 1, spec)
    spec_made = {"side": "good", "tokens": "sum", "control": "same-distance"}
    made_of = {"measure": "attention", "spec": spec_made, "weights_sha256": weights_sha256(folder.path.name, step)}
    write_measured(path, Measured(table_of([row] if weights else []), (), made_of, items))
    return path


def named(folder: EvaluationFolder, *names: str) -> EvaluationFolder:
    """With these measured of every checkpoint."""
    folder.keep_checkpoints([one.model_copy(update={"measured": names}) for one in folder.checkpoints])
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> EvaluationFolder:
    made = named(write_evaluation(tmp_path / "e", PLANTS, STEPS), "attention/spec", "copying/other")
    for step in STEPS:
        keep(made, step, weights_at(step, made))
    return made


def test_gains_are_those_of_the_steps_and_pairs_of_each_paradigm(folder: EvaluationFolder) -> None:
    """Of each its own span, over the pairs that have a control, by hand."""
    spans = {"one": (100, 400), "two": (0, 200)}
    asked: list[tuple[tuple[int, ...], str]] = []

    def span_of(steps: Sequence[int], uid: str) -> tuple[int, int]:
        asked.append((tuple(steps), uid))
        return spans[uid]

    rows = {(row.measure, row.group, row.layer, row.head): row for row in rows_of(attention_changes(folder, span_of))}
    assert asked == [(STEPS, "one"), (STEPS, "two")]
    for uid, (before, after) in spans.items():
        places = folder.pairs.places_of[uid]
        used = [one for one in places.tolist() if one % 7 and one % 9]
        gain = float(np.mean([(after - before) / 1000 * (1 + one / len(folder.pairs)) for one in used]))
        total = rows["attention-change-positive-total", uid, None, None]
        assert total.value == pytest.approx(gain, abs=1e-6)
        assert (total.n, total.step, total.split) == (len(used), after, "everything")
        assert total.convention == f"spec; from step {before} to {after}"
        assert rows["attention-change-top1-share", uid, None, None].value == pytest.approx(1, abs=1e-5)
        assert rows["attention-change-positive-total-control", uid, None, None].value == pytest.approx(0, abs=1e-6)
        for head in np.ndindex(HEADS):
            frequency = rows["attention-head-frequency", uid, *head].value
            assert (frequency is not None and frequency > 0.9) == (head == GAINS[uid])


def test_a_span_without_two_steps_and_a_paradigm_that_is_not_asked_for_give_nothing(folder: EvaluationFolder) -> None:
    assert not len(attention_changes(folder, lambda _, __: (400, 400)))
    only = attention_changes(folder, lambda steps, _: (steps[0], steps[-1]), ["two"])
    assert set(only["group"].to_pylist()) == {"two"}


def test_several_ways_of_reading_are_compared_each_with_itself(folder: EvaluationFolder) -> None:
    """And told apart by their conventions."""
    for step in STEPS[1:]:
        keep(folder, step, weights_at(step // 2, folder), "slower")
    records = [
        one.model_copy(update={"measured": ("attention/slower", "attention/spec") if one.step else ("attention/spec",)})
        for one in folder.checkpoints
    ]
    folder.keep_checkpoints(records)
    rows = rows_of(attention_changes(folder, lambda steps, _: (steps[0], steps[-1]), ["one"]))
    totals = {row.convention: row.value for row in rows if row.measure == "attention-change-positive-total"}
    assert set(totals) == {"slower; from step 100 to 400", "spec; from step 0 to 400"}
    assert totals["spec; from step 0 to 400"] == pytest.approx(totals["slower; from step 100 to 400"] * 8 / 3, rel=1e-4)


def test_checkpoints_of_the_same_weights_and_others_that_are_not_measured(folder: EvaluationFolder) -> None:
    """The file is found by weights, the step by the list of checkpoints; what was not measured is no step."""
    first, second, third, fourth = folder.checkpoints
    twin = fourth.model_copy(update={"step": 900})
    broken = fourth.model_copy(update={"step": 950, "status": "broken"})
    folder.keep_checkpoints([first, second.model_copy(update={"measured": ()}), third, fourth, twin, broken])
    seen: list[Sequence[int]] = []

    def span_of(steps: Sequence[int], uid: str) -> tuple[int, int]:
        seen.append(steps)
        return steps[0], steps[-1]

    rows = rows_of(attention_changes(folder, span_of, ["one"]))
    assert list(seen[0]) == [0, 200, 400, 900]
    assert {row.step for row in rows} == {900}


def test_nothing_known_of_any_pair_gives_no_change_and_damage_is_told(folder: EvaluationFolder) -> None:
    for step in STEPS:
        keep(folder, step, None, "unknown")
    named(folder, "attention/unknown")
    assert not len(attention_changes(folder, lambda steps, _: (steps[0], steps[-1])))
    named(folder, "attention/spec")
    path = measured_path(folder.path, "attention/spec", weights_sha256(folder.path.name, 400))
    items_path(path).unlink()
    with pytest.raises(EvaluationError, match="evaluate the same again"):
        attention_changes(folder, lambda steps, _: (steps[0], steps[-1]))


def test_a_paradigm_with_one_known_pair_says_what_it_can(tmp_path: Path) -> None:
    """One cluster: no p, no head, and no error."""
    folder = named(write_evaluation(tmp_path / "e", PLANTS, STEPS), "attention/spec")
    for step in STEPS:
        weights = weights_at(step, folder)
        known = np.flatnonzero(weights.is_known & ~np.isnan(weights.control).any(axis=(1, 2)))[:1]
        keep(folder, step, weights.take(known).spread(known, len(folder.pairs)))
    rows = rows_of(attention_changes(folder, lambda steps, _: (steps[0], steps[-1])))
    assert {row.group for row in rows} == {"one"}
    of = {row.measure: row.value for row in rows if row.layer is None}
    assert of["attention-change-positive-total-p"] is None
    assert of["attention-change-positive-total"] == pytest.approx(0.4 * (1 + 1 / len(folder.pairs)), rel=1e-3)
    assert {row.value for row in rows if row.measure == "attention-head-p-all"} == {None}


def test_items_of_nothing_have_no_weights() -> None:
    """A table without a row, and pairs of which none is in it."""
    unknown = np.full((2, *HEADS), np.nan)
    nothing = AttentionWeights(unknown, unknown, unknown, unknown, np.full(2, np.nan), AttentionSpec())
    found = weights_of(items_table(nothing, np.arange(2)), np.arange(2), AttentionSpec())
    assert found.is_known.tolist() == [False, False]
