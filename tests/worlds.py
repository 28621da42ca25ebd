"""One small generated world for many tests: made once, never changed; copy what a test wants to harm."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from training_runs import TrainingRun

from exposure.blimp import PARADIGMS
from exposure.extraction import extract
from exposure.orders import Checkpoints
from exposure.pair_files import load_pairs
from exposure.phrase_file import write_phrases
from exposure.phrases import CriticalPhrase, Phrase, PhraseSet
from exposure.world import World, WorldFiles, write_world
from indexer.run import IndexOptions, index_corpus

LENGTH = 64
"""Tokens of a row: within what the world's truth holds for."""


@cache
def scratch() -> Path:
    """A folder that goes when the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="exposure-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def small() -> WorldFiles:
    """400 documents in 4 shards; 36 pairs."""
    return write_world(World(seed=3, documents=400, shards=4, pairs_per_paradigm=6), scratch() / "world")


@cache
def truth() -> list[dict[str, Any]]:
    """The known answers."""
    return [json.loads(line) for line in small().truth.read_text(encoding="utf-8").splitlines()]


@cache
def critical() -> list[CriticalPhrase]:
    """Both sides of every pair, by the project's rules."""
    return extract(load_pairs([small().pairs]), PARADIGMS)


@cache
def phrases() -> PhraseSet:
    """Every phrase of the pairs."""
    return PhraseSet.of(one.phrase for one in critical() if one.phrase is not None)


@cache
def phrase_file() -> Path:
    """The phrase file of the pairs."""
    path = scratch() / "phrases.parquet"
    write_phrases(path, critical(), {})
    return path


def phrase_of(record: dict[str, Any]) -> Phrase:
    """The phrase of one known answer."""
    return Phrase(record["phrase"], record["gap"] or 0, record["anchor"] == "sentence_end")


@cache
def run(batch: int = 8, every: int | None = 7, **changes: Any) -> TrainingRun:
    """One document a row, cut at LENGTH; `changes` are fields of TrainingRun."""
    fields: dict[str, Any] = {
        "shards": small().corpus,
        "tokenizer": small().tokenizer,
        "length": LENGTH,
        "batch": batch,
        "checkpoints": Checkpoints(every=every),
    }
    return TrainingRun(**{**fields, **changes})


@cache
def manifest(batch: int = 8, every: int | None = 7, **changes: Any) -> Path:
    """The manifest of `run`, made once."""
    folder = Path(tempfile.mkdtemp(dir=scratch()))
    return run(batch, every, **changes).manifest(folder)


@cache
def timeline() -> Path:
    """The whole run of `run()` indexed for all phrases, with a grid of 3 steps; only to be read."""
    folder = scratch() / "timeline"
    index_corpus(manifest(), phrases(), folder, IndexOptions(grid_every=3))
    return folder
