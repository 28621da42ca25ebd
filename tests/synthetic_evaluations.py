"""Real evaluation folders with planted curves: what a model would have scored, had it learnt just so.

A pair has a difficulty that stays with it, and counts as right once the planted ability exceeds it: so the accuracy
of a part follows its planted curve up to chance, as items that persist do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.conventions import PRESETS
from evaluator.exposures import ExposureSource, StoredExposures
from evaluator.folder import EvaluationFolder
from evaluator.items import ItemScores, SideScores
from evaluator.manifest import manifest_of
from exposure.pairs import MinimalPair
from exposure.phrase_facts import NOT_INDEXED, PhraseFacts
from exposure.phrases import CriticalPhrase, Phrase

STEPS = (0, 50, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800, 2000)


@dataclass(frozen=True)
class Curve:
    """Accuracy .5 at first, `plateau` in the end, half-way at step `half`."""

    half: float
    plateau: float = 0.93
    width: float = 60.0

    def accuracy(self, step: float) -> float:
        """At a step; .5 exactly at step 0."""
        if step <= 0:
            return 0.5
        return 0.5 + (self.plateau - 0.5) / (1 + exp((self.half - step) / self.width))


@dataclass(frozen=True)
class Plant:
    """One paradigm: how many pairs are in each part, and how each part is learnt."""

    uid: str
    train: int = 300
    validation: int = 300
    curve_train: Curve = Curve(500)
    curve_validation: Curve = Curve(500)
    unknown: int = 0
    no_phrase: int = 0
    lemmas: int = 60
    phenomenon: str = "agreement"
    field: str = "morphology"
    flags: tuple[str, ...] = ()
    sentence: str = "These cars {number} stop."

    @property
    def parts(self) -> list[str]:
        """Of each pair, in order."""
        sizes = {"train": self.train, "validation": self.validation, "unknown": self.unknown, "none": self.no_phrase}
        return [part for part, size in sizes.items() for _ in range(size)]


DELAYED = Plant("delayed_agreement", curve_train=Curve(400), curve_validation=Curve(900))
TOGETHER = Plant("prompt_agreement", 350, 250)
NEVER = Plant("island_never", 300, 300, Curve(500, 0.62), Curve(500, 0.62), phenomenon="islands", field="syntax")
PLANTS = (DELAYED, TOGETHER, NEVER)


def write_evaluation(
    path: Path,
    plants: Sequence[Plant] = PLANTS,
    steps: Sequence[int] = STEPS,
    seed: int = 0,
    data_seed: int = 0,
    with_exposures: bool = True,
    others: Sequence[CheckpointRecord] = (),
    presets: Sequence[str] = ("exposure",),
) -> EvaluationFolder:
    """An evaluation of `plants`; `others` are checkpoints that were not scored.

    `seed` draws what a model finds difficult, `data_seed` when pairs are exposed.
    """
    generator, data_order = np.random.default_rng(seed), np.random.default_rng(data_seed)
    pairs = [pair for plant in plants for pair in _pairs(plant)]
    critical = [one for plant in plants for one in _critical(plant)]
    conventions = [PRESETS[name] for name in presets]
    manifest = manifest_of(path.name, "synthetic series", pairs, "float32", conventions)
    folder = EvaluationFolder.make(path, manifest, pairs, critical)
    difficulty = generator.standard_normal(len(pairs))
    for step in steps:
        ability = np.concatenate([_ability(plant, step) for plant in plants])
        for spec in manifest.specs:
            folder.keep_items(spec, weights_sha256(path.name, step), _items(ability - difficulty))
    folder.keep_checkpoints([*(_scored(path.name, step) for step in steps), *others])
    if with_exposures:
        folder.keep_exposures(_exposures(plants, critical, max(steps), data_order))
    return folder


def weights_sha256(name: str, step: int) -> str:
    """A hash for weights that never were."""
    return hashlib.sha256(f"{name} at {step}".encode()).hexdigest()


def _scored(name: str, step: int) -> CheckpointRecord:
    return CheckpointRecord(
        step=step, source=f"step-{step}", status="scored", weights_sha256=weights_sha256(name, step)
    )


def _pairs(plant: Plant) -> Iterator[MinimalPair]:
    for number, _ in enumerate(plant.parts):
        good = plant.sentence.format(number=number)
        yield MinimalPair(plant.uid, str(number), good, f"{good[:-1]}s.", plant.field, plant.phenomenon)


def _critical(plant: Plant) -> Iterator[CriticalPhrase]:
    for number, part in enumerate(plant.parts):
        lemma = number % plant.lemmas
        for side, form in (("good", f"car{lemma}"), ("bad", f"car{lemma}s")):
            yield CriticalPhrase(
                uid=plant.uid,
                pair_id=str(number),
                side=side,  # type: ignore[arg-type]
                phrase=None if part == "none" else Phrase(f"{plant.uid} {number} {form}"),
                critical_word=form,
                context_word=None,
                flags=plant.flags,
                reason="the dependency needs the clause" if part == "none" else None,
            )


def _ability(plant: Plant, step: int) -> npt.NDArray[np.float64]:
    """[pair] The difficulty below which a pair is right at `step`."""
    curves = {"train": plant.curve_train, "validation": plant.curve_validation}
    quantile = NormalDist().inv_cdf
    return np.array([quantile(curves.get(part, plant.curve_train).accuracy(step)) for part in plant.parts])


def _items(delta: npt.NDArray[np.float64]) -> ItemScores:
    starts = np.arange(len(delta) + 1, dtype=np.int64)
    good, bad = ((-10 + sign * delta / 2).astype(np.float32) for sign in (1, -1))
    return ItemScores(SideScores(good, starts), SideScores(bad, starts), np.zeros(len(delta), dtype=bool))


def _exposures(
    plants: Sequence[Plant], critical: Sequence[CriticalPhrase], steps: int, generator: np.random.Generator
) -> StoredExposures:
    parts = [part for plant in plants for part in plant.parts for _ in range(2)]
    source = ExposureSource("synthetic", "d" * 64, "0" * 64, steps, "exact")
    facts = tuple(
        _facts(part, one.side, steps, generator) for part, one in zip(parts, critical, strict=True)
    )  # fmt: skip
    return StoredExposures(source, tuple(critical), facts)


def _facts(part: str, side: str, steps: int, generator: np.random.Generator) -> PhraseFacts:
    """The good side of a proxy-train pair is exposed at a time that is early rather than late."""
    first = int(steps * generator.random() ** 2)
    if part == "none":
        return NOT_INDEXED
    if part == "unknown":
        return PhraseFacts(is_indexed=True, covered_batches=steps // 2)
    if part == "train" and side == "good":
        return PhraseFacts(True, min(first, steps - 1), True, 3, steps)
    return PhraseFacts(is_indexed=True, covered_batches=steps)
