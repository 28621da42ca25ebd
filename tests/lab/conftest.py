"""Corpora, runs and trainers small enough for tests: a model of one layer, a corpus of a few dozen short documents."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
import vocabularies
from corpora import write_shard
from training_runs import TrainingRun

from exposure.orders import Checkpoints, DataOrder
from lab.row_making import made_rows
from lab.settings import TrainingSettings, settings_for
from lab.shapes import Shape
from lab.token_rows import TokenRows, rows_folder
from lab.trainer import RunFolder, Trainer

SMALL = Shape(1, 2, 16, 32)
WORDS = (
    *("the", "cat", "cats", "sat", "can't", "—", "“Really?”", "naïve", "café", "東京タワー", "ภาษาไทย", "😀"),
    *("these", "tables\n\n", "mats,", "e\u0301"),
)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def texts(documents: int, seed: int = 0) -> list[tuple[str, str]]:
    """Documents of 0 to 40 words, an empty one among them, and one of 300."""
    draw = random.Random(seed)
    sizes = [draw.randrange(0, 40) for _ in range(documents)]
    sizes[1], sizes[documents // 2] = 0, 300
    return [(f"d{i}", " ".join(draw.choices(WORDS, k=size))) for i, size in enumerate(sizes)]


@dataclass
class PreparedRun:
    """A run's manifest and its rows."""

    manifest: Path
    order: DataOrder
    rows: TokenRows = field(repr=False)

    def settings(self, shape: Shape = SMALL, **values: object) -> TrainingSettings:
        """Settings for training it; a micro-batch that does not divide a batch."""
        return settings_for(self.order, shape, **{"micro_batch": 3, "lr": 1e-2, **values})

    @contextmanager
    def trainer(self, folder: Path, **values: object) -> Iterator[Trainer]:
        """A trainer into `folder`."""
        folder.mkdir(exist_ok=True)
        assert self.order.tokenizer is not None
        self.order.save(folder / "run.json")
        run = RunFolder(folder, Path(self.order.tokenizer.path))
        trainer = Trainer(self.order, self.rows, self.settings(**values), run, CPU)
        try:
            yield trainer
        finally:
            trainer.close()


Prepare = Callable[..., PreparedRun]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """prepare(documents=…, tokenizer=…, **fields of TrainingRun) → PreparedRun."""

    def made(documents: int = 24, tokenizer: str | None = None, **options: object) -> PreparedRun:
        written = texts(documents)
        half = documents // 3
        shards = (
            write_shard(tmp_path / "a.jsonl.zst", written[:half]),
            write_shard(tmp_path / "b.parquet", written[half:]),
        )
        # One usual end-of-document token is left, so that manifests need not be told which it is.
        content = (tokenizer or vocabularies.byte_level()).replace('"</s>"', '"</row>"')
        path = vocabularies.saved(tmp_path, content)
        defaults = {"length": 16, "packing": "concatenate", "batch": 4, "checkpoints": Checkpoints(every=5)}
        run = TrainingRun(shards, path, **{**defaults, **options})  # type: ignore[arg-type]
        manifest = run.manifest(tmp_path / "run")
        order = DataOrder.load(manifest)
        return PreparedRun(manifest, order, made_rows(order, rows_folder(manifest, order)))

    return made
