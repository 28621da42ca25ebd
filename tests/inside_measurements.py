"""Rows of measures that look inside, with planted shapes: what models would have, had they learnt just so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

import numpy as np
import pyarrow as pa
from synthetic_evaluations import DELAYED, NEVER, TOGETHER, Plant

from evaluator.folder import EvaluationFolder
from evaluator.intervals import wilson
from evaluator.measured_file import Measured, measured_path, write_measured
from evaluator.measurement_table import SCHEMA
from evaluator.measures.attention.concentration import concentration

ALL = ("overall", "all", None, "everything")
Rows = list[tuple[object, ...]]
"""In the order of SCHEMA."""


@dataclass(frozen=True)
class Inside:
    """What is planted; steps of formation, ∞ for never."""

    layers: int = 4
    heads: int = 4
    copies_at: Mapping[str, float] = field(default_factory=lambda: {"tokens": 900.0, "hex": 1300.0})
    forms_at: Mapping[tuple[int, int], float] = field(
        default_factory=lambda: {(1, 2): 500.0, (2, 0): 900.0, (3, 1): 1500.0}
    )
    previous: tuple[int, int] = (0, 3)
    concepts: Mapping[str, float] = field(default_factory=dict)
    """Paradigm → step at which its direction separates; ∞ for never."""
    word_form: Sequence[str] = ()
    """Paradigms whose embeddings separate as well."""
    attends: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Paradigm → the one head that gains attention to the context word."""
    attends_at: float = 600.0


FEW = Plant("few_exposed", 20, 400)
PLANTED = (DELAYED, TOGETHER, NEVER, FEW)
STEPS = (0, 50, 100, 200, 400, 600, 800, 1000, 1200, 1600, 2000)
PLANT = Inside(
    concepts={DELAYED.uid: 700.0, TOGETHER.uid: 500.0, NEVER.uid: float("inf"), FEW.uid: 400.0},
    word_form=(TOGETHER.uid,),
    attends={DELAYED.uid: (2, 1), NEVER.uid: (1, 3)},
)
"""For PLANTED: one paradigm that separates late, one whose embeddings do as well, one that never does."""


def risen(step: float, at: float, width: float = 80.0) -> float:
    """0 at first, 1 in the end, half-way at `at`."""
    return 0.0 if at == float("inf") else 1 / (1 + exp(max(-60.0, min(60.0, (at - step) / width))))


def copying_rows(plant: Inside, step: int) -> Rows:
    """Wilson's intervals of 500 samples; late positions are copied a little better."""
    rows: Rows = []
    for generator, at in plant.copies_at.items():
        share = 0.9 * risen(step, at)
        places = [(number, share * (0.8 + 0.2 * number / 50)) for number in range(5, 51, 5)]
        mean = float(np.mean([value for _, value in places]))
        named = f"copy test: {generator}, 500 samples of 50 sequences of 12 + 6 tokens"
        rows.append(_row(f"copying-{generator}", step, ALL, mean, 5000, *_wilson(mean, 1800), named))
        for number, value in places:
            where = ("position", str(number), None, "everything")
            rows.append(_row(f"copying-{generator}", step, where, value, 500, *_wilson(value, 500), named))
    return rows


def icl_rows(plant: Inside, step: int) -> Rows:
    """Falls as heads form."""
    value = -0.05 - 0.5 * risen(step, min(plant.forms_at.values(), default=500.0))
    return [
        _row("icl-score", step, ALL, value, 200, value - 0.04, value + 0.04, "loss at token 500 minus loss at token 50")
    ]


def induction_rows(plant: Inside, step: int, generator: np.random.Generator) -> Rows:
    """I of planted heads rises to .8; of others it is noise about 0."""
    shape = (plant.layers, plant.heads)
    attention = np.abs(generator.normal(0, 0.01, shape))
    positivity = generator.uniform(-0.3, 0.3, shape)
    previous = np.abs(generator.normal(0.02, 0.02, shape))
    previous[plant.previous] = 0.95 * risen(step, 300.0)
    for head, at in plant.forms_at.items():
        attention[head] = 0.9 * risen(step, at)
        positivity[head] = 0.89
    maps = {
        "induction": attention * positivity,
        "induction-folded": attention * positivity * 0.98,
        "induction-attention": attention,
        "eigenvalue-positivity": positivity,
        "eigenvalue-positivity-folded": positivity * 0.98,
        "prefix-matching": attention,
        "previous-token": previous,
    }
    return [row for name, values in maps.items() for row in _map(name, step, ALL, values, 50, "Ā: 50 sequences")]


def concept_rows(plant: Inside, step: int, generator: np.random.Generator, layers: int | None = None) -> Rows:
    """AUROC by layer rises with depth to .95, its null stays about .5; ranks fall from 40 to 15 beside a null of 40."""
    rows: Rows = []
    named = "last-word, 5 lemma folds, ridge 0.1, 200 permutations, ranks at 100 pairs × 20, seed 0"
    n_layers = plant.layers if layers is None else layers
    for uid, at in plant.concepts.items():
        validation, everything = (("paradigm", uid, "agreement", split) for split in ("proxy-validation", "everything"))
        for layer in range(n_layers + 1):
            depth = 1.0 if uid in plant.word_form else layer / n_layers
            level = risen(step, at, 150.0) * depth
            for name, ceiling in (
                ("concept", 0.97),
                ("concept-disjoint", 0.92),
                ("concept-crossed", 0.9),
                ("probe", 0.95),
            ):
                auroc = 0.5 + (ceiling - 0.5) * level + float(generator.normal(0, 0.01))
                rows += _nulled(f"{name}-auroc", step, validation, layer, auroc, (0.5, 0.42, 0.58), 300, named)
                rows += _nulled(f"{name}-paired", step, validation, layer, auroc, (0.5, 0.42, 0.58), 300, named)
            for name in ("concept-rank", "concept-participation", "concept-rank-mismatch"):
                rank = 40.0 - 25.0 * level
                rows += _nulled(name, step, everything, layer, rank, (41.0, 38.0, 44.0), 100, named, is_low=True)
    return rows


def attention_rows(plant: Inside, step: int) -> Rows:
    """The planted head gains .5 of weight; its control and the other heads stay at a uniform .2."""
    rows: Rows = []
    named = "attention later→earlier, good side, sum over target, control same-distance"
    for uid, head in plant.attends.items():
        group = ("paradigm", uid, "agreement", "everything")
        weight = np.full((plant.layers, plant.heads), 0.2)
        control = weight.copy()
        weight[head] += 0.5 * risen(step, plant.attends_at)
        rows += _map("attention-to-context", step, group, weight, 300, named, spread=0.02)
        rows += _map("attention-control", step, group, control, 280, named, spread=0.02)
        rows += _map("attention-entropy", step, group, np.full_like(weight, 1.2), 300, named, spread=0.05)
        rows.append(_row("attention-uniform", step, group, 0.2, 300, None, None, named))
        if step > 100:
            rows += _change(plant, group, head, step, named)
    return rows


def _change(plant: Inside, group: tuple[object, ...], head: tuple[int, int], step: int, named: str) -> Rows:
    delta = np.full((plant.layers, plant.heads), 0.001)
    delta[head] = 0.5
    word, control = concentration(delta.ravel()), concentration(np.full_like(delta, 0.001).ravel())
    rows: Rows = []
    for name, value in word.items():
        called = f"attention-change-{name.replace('_', '-')}"
        gap = float(value - control[name])
        rows.append(_row(called, step, group, float(value), 280, float(value) * 0.9, float(value) * 1.1, named))
        rows.append(_row(f"{called}-control", step, group, float(control[name]), 280, None, None, named))
        rows.append(_row(f"{called}-difference", step, group, gap, 280, gap - 0.1, gap + 0.1, named))
        rows.append(_row(f"{called}-p", step, group, 0.001, 280, None, None, named))
    chosen = np.zeros((plant.layers, plant.heads))
    chosen[head] = 1.0
    held_out, p = np.where(chosen > 0, 0.48, np.nan), np.where(chosen > 0, 0.012, 1.0)
    for name, values in (("frequency", chosen), ("held-out", held_out), ("p", p), ("p-all", p)):
        rows += _map(f"attention-head-{name}", step, group, values, 280, f"{named}; max-T sign flips of clusters")
    return rows


def table_of(rows: Rows) -> pa.Table:
    """In the schema of the long table."""
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    return pa.table(dict(zip(SCHEMA.names, map(list, columns), strict=True)), schema=SCHEMA)


def all_rows(plant: Inside, steps: Sequence[int], seed: int = 0) -> dict[str, dict[int, Rows]]:
    """What is asked for by name → step → rows."""
    generator = np.random.default_rng(seed)
    found: dict[str, dict[int, Rows]] = {name: {} for name in ("copying", "icl", "induction", "concepts", "attention")}
    for step in steps:
        found["copying"][step] = copying_rows(plant, step)
        found["icl"][step] = icl_rows(plant, step)
        found["induction"][step] = induction_rows(plant, step, generator)
        found["concepts"][step] = concept_rows(plant, step, generator)
        found["attention"][step] = attention_rows(plant, step)
    return {name: held for name, held in found.items() if any(held.values())}


def keep_measured(folder: EvaluationFolder, plant: Inside, seed: int = 0) -> None:
    """Store them with an evaluation, as `exposure evaluate --measures` would."""
    records = [one for one in folder.checkpoints if one.status == "scored"]
    found = all_rows(plant, [one.step for one in records], seed)
    found["planted-attention"] = found.pop("attention", {})  # changes are made of what `attention` keeps of each pair
    for measure, by_step in found.items():
        for one in records if by_step else ():
            assert one.weights_sha256 is not None
            made_of = {"measure": measure, "weights_sha256": one.weights_sha256}
            path = measured_path(folder.path, f"{measure}/spec", one.weights_sha256)
            write_measured(path, Measured(table_of(by_step[one.step]), (), made_of))
    names = tuple(f"{measure}/spec" for measure, by_step in sorted(found.items()) if by_step)
    others = [one for one in folder.checkpoints if one.status != "scored"]
    folder.keep_checkpoints([*(one.model_copy(update={"measured": names}) for one in records), *others])


def _row(
    measure: str,
    step: int,
    where: tuple[object, ...],
    value: float | None,
    n: int | None,
    low: float | None,
    high: float | None,
    convention: str,
    layer: int | None = None,
    head: int | None = None,
) -> tuple[object, ...]:
    level, group, phenomenon, split = where
    known = None if value is None or np.isnan(value) else float(value)
    return measure, step, level, group, phenomenon, split, layer, head, known, n, low, high, convention


def _map(
    measure: str,
    step: int,
    where: tuple[object, ...],
    values: np.ndarray,
    n: int,
    named: str,
    spread: float | None = None,
) -> Rows:
    return [
        _row(
            measure, step, where, float(value), n,
            None if spread is None else float(value) - spread,
            None if spread is None else float(value) + spread,
            named, layer, head,
        )
        for layer, of_layer in enumerate(values.tolist())
        for head, value in enumerate(of_layer)
    ]  # fmt: skip


def _nulled(
    measure: str,
    step: int,
    where: tuple[object, ...],
    layer: int,
    value: float,
    null: tuple[float, float, float],
    n: int,
    named: str,
    is_low: bool = False,
) -> Rows:
    mean, low, high = null
    is_beyond = value < low if is_low else value > high
    p = 0.005 if is_beyond else 0.4
    return [
        _row(measure, step, where, value, n, None, None, named, layer),
        _row(f"{measure}-null", step, where, mean, n, low, high, named, layer),
        _row(f"{measure}-p", step, where, p, n, None, None, named, layer),
    ]


def _wilson(share: float, n: int) -> tuple[float, float]:
    low, high = wilson(np.array(share * n), np.array(float(n)))
    return float(low), float(high)
