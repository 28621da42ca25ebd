"""A data directory with a run, a phrase set, pairs and checkpoints of a tiny model: made once, copied for each test."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import tiny_models
import worlds
from training_runs import TrainingRun

from exposure.orders import DataOrder
from exposure.pair_files import load_pairs
from exposure.provenance import sha256_of_file
from service.data_directory import DataDirectory, open_data_directory
from service.sets.pair_set_making import make_pair_set

STEPS = (0, 2, 7)
SHARD_BYTES = 8_000_000


@dataclass(frozen=True)
class Place:
    """A data directory, and what its requests may name."""

    directory: DataDirectory
    phrase_set: str
    pair_set: str
    models: Path
    """A root of models, with the folder tiny of step-N."""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The data directory as it was made, never changed."""
    folder = tmp_path_factory.mktemp("made")
    directory = open_data_directory(folder / "data")
    (directory.runs / "small").mkdir()
    worlds.run(batch=8).manifest(directory.runs / "small")
    phrase_set = sha256_of_file(worlds.phrase_file())[:40]
    shutil.copyfile(worlds.phrase_file(), directory.phrase_set(phrase_set))
    pair_set, _ = make_pair_set(directory, load_pairs([worlds.small().pairs]))
    for step in STEPS:
        shutil.copytree(tiny_models.checkpoint("llama", seed=step), folder / "models" / "tiny" / f"step-{step}")
    return Place(directory, phrase_set, pair_set, folder / "models")


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Place:
    """A data directory of one's own, and models of one's own."""
    shutil.copytree(made.directory.path, tmp_path / "data")
    shutil.copytree(made.models, tmp_path / "models")
    return Place(DataDirectory(tmp_path / "data"), made.phrase_set, made.pair_set, tmp_path / "models")


@pytest.fixture(scope="session")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a run that takes seconds to index: 12 shards of many copies of the small world's documents."""
    folder = tmp_path_factory.mktemp("long")
    texts = tiny_models.texts()
    whole = "".join(json.dumps({"id": str(number), "text": text}) + "\n" for number, text in enumerate(texts))
    shards = tuple(folder / f"{number:02}.jsonl" for number in range(12))
    for shard in shards:
        shard.write_text(whole * (SHARD_BYTES // len(whole)))
    return TrainingRun(shards, batch=8).manifest(folder)


@pytest.fixture
def slow_place(place: Place, long_run: Path) -> Place:
    """A data directory whose run `small` is the long one."""
    DataOrder.load(long_run).save(place.directory.run_manifest("small"))
    return place
