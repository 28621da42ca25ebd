"""Evaluations with everything that scores can be: ties, pairs without scores, equal sides, several conventions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_pages import QUICK
from synthetic_evaluations import DELAYED, write_evaluation

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.conventions import PRESETS
from evaluator.exposures import ExposureSource, StoredExposures
from evaluator.folder import EvaluationFolder
from evaluator.items import ItemScores, SideScores
from evaluator.manifest import manifest_of
from evaluator.measurements import write_measurements
from exposure.pairs import MinimalPair
from exposure.phrase_facts import NOT_INDEXED, PhraseFacts
from exposure.phrases import CriticalPhrase, Phrase
from service.settings import Limits, Settings, Workers

STEPS = (0, 100, 200, 400)
PHENOMENA = {"agreement_1": "agreement", "agreement_2": "agreement", "selected": "s-selection", "plain": None}
PAIRS = 15
RUN_STEPS = 300
PLACE = "/elsewhere/models"


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with evaluations: nasty (measured), old (not measured), bare (without a timeline), begun."""
    data = tmp_path_factory.mktemp("evaluated") / "data"
    evaluations = data / "evaluations"
    evaluations.mkdir(parents=True)
    write_measurements(write_nasty(evaluations / "nasty"), QUICK)
    write_evaluation(evaluations / "old", (replace(DELAYED, train=20, validation=20),), steps=(0, 2000))
    write_evaluation(evaluations / "bare", (DELAYED,), steps=(0, 2000), with_exposures=False)
    (evaluations / "begun" / "scores").mkdir(parents=True)
    return data


@pytest.fixture
def own(evaluated: Path, tmp_path: Path) -> Path:
    """Such a data directory of one's own."""
    shutil.copytree(evaluated, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def asking(client_of: Callable[[Settings], Any]) -> Callable[..., Any]:
    """Clients of a service over a data directory, with limits."""
    return lambda data, **limits: client_of(Settings(data, workers=Workers(0, 0), limits=Limits(**limits)))


@pytest.fixture
def ask(asking: Callable[..., Any], evaluated: Path) -> Any:
    """A client of the evaluations that nobody changes."""
    return asking(evaluated)


def write_nasty(path: Path, seed: int = 0) -> EvaluationFolder:
    """Scores in quarters, so that ties are common, by all presets; a duplicate and a broken checkpoint."""
    random = np.random.default_rng(seed)
    pairs = list(_pairs())
    manifest = manifest_of(path.name, "nasty series", pairs, "float32", list(PRESETS.values()), PLACE)
    critical = list(_critical(pairs))
    folder = EvaluationFolder.make(path, manifest, pairs, critical)
    for step in STEPS:
        for spec in manifest.specs:
            folder.keep_items(spec, _hash(step), _items(len(pairs), random))
    folder.keep_checkpoints(_records())
    facts = tuple(_facts(one, random) for one in critical)
    source = ExposureSource("tiny", "d" * 64, "0" * 64, RUN_STEPS, "exact")
    folder.keep_exposures(StoredExposures(source, tuple(critical), facts))
    return folder


def _pairs() -> Iterator[MinimalPair]:
    for uid, phenomenon in PHENOMENA.items():
        for number in range(PAIRS):
            good = f"The {uid} {number}, “cats” sleep."
            bad = good if number == 3 else f"{good[:-1]}s."
            yield MinimalPair(uid, str(number), good, bad, "syntax", phenomenon)


def _critical(pairs: list[MinimalPair]) -> Iterator[CriticalPhrase]:
    for place, pair in enumerate(pairs):
        for side in ("good", "bad"):
            text = None if place % 11 == 0 else Phrase(f"{pair.uid} {pair.pair_id} {side}")
            yield CriticalPhrase(pair.uid, pair.pair_id, side, text, f"cat{place % 7}", None)  # type: ignore[arg-type]


def _facts(one: CriticalPhrase, random: np.random.Generator) -> PhraseFacts:
    drawn = random.random()
    if one.phrase is None or drawn < 0.05:
        return NOT_INDEXED
    if drawn < 0.15:
        return PhraseFacts(is_indexed=True, covered_batches=RUN_STEPS // 2)
    if drawn < 0.4:
        return PhraseFacts(True, int(random.integers(RUN_STEPS)), True, 2, RUN_STEPS)
    return PhraseFacts(is_indexed=True, covered_batches=RUN_STEPS)


def _items(pairs: int, random: np.random.Generator) -> ItemScores:
    applies = np.arange(pairs) % 13 != 5
    sides = []
    for _ in range(2):
        counts = np.where(applies, 1 + np.arange(pairs) % 3, 0)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        sides.append(SideScores((-random.integers(1, 6, starts[-1]) / 4).astype(np.float32), starts))
    return ItemScores(*sides, np.zeros(pairs, dtype=bool))


def _hash(step: int) -> str:
    return f"{step:064x}"[::-1]


def _records() -> list[CheckpointRecord]:
    scored = [
        CheckpointRecord(step=step, source=f"{PLACE}/step-{step}", status="scored", weights_sha256=_hash(step))
        for step in STEPS
    ]
    twin = CheckpointRecord(step=300, source=f"{PLACE}/step-300", status="duplicate", same_weights_as=(200,))
    reason = f"{PLACE}/step-500/model.safetensors ends too early."
    broken = CheckpointRecord(step=500, source=f"{PLACE}/step-500", status="broken", reason=reason)
    return [*scored, twin, broken]
