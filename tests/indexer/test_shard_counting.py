"""Counting many shards by any number of workers: the same sidecars, entries and progress."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import vocabularies
from corpora import json_line, write_shard

from exposure.errors import CorpusError, ExposureError, TokenizerError
from exposure.orders import Shard, TokenizerSpec
from indexer import counting, shard_counting
from indexer.readers.text import Fields
from indexer.shard_counting import CensusInputs, count_shards
from indexer.tokens import TextTokenizer


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three shards, the last of many batches' worth of documents, and a tokenizer beside them."""
    folder = tmp_path_factory.mktemp("corpus")
    vocabularies.saved(folder, vocabularies.byte_level())
    texts = [(str(number), f"the cats {number} sat on café mats " * (number % 7)) for number in range(60)]
    names = ["a.jsonl", "b.jsonl.zst", "c.parquet"]
    return [write_shard(folder / name, texts * (1 + 9 * (name[0] == "c"))) for name in names]


def inputs_of(corpus: list[Path], folder: Path, **changes: Any) -> tuple[CensusInputs, TextTokenizer]:
    """Inputs with the corpus's tokenizer, for a stream."""
    tokenizer = TextTokenizer.load(corpus[0].parent / "tokenizer.json")
    spec = TokenizerSpec(path=str(tokenizer.path), sha256=tokenizer.sha256)
    options: dict[str, Any] = {"fields": Fields(), "tokenizer": spec, "row_tokens": None, "skip_bad": False} | changes
    return CensusInputs(folder=folder, **options), tokenizer


def counted(corpus: list[Path], folder: Path, workers: int, **changes: Any) -> tuple[tuple[Shard, ...], int]:
    """(the entries of all shards, bytes that were told)."""
    told: list[int] = []
    entries = count_shards(*inputs_of(corpus, folder, **changes), corpus, workers, told.append)
    return entries, sum(told)


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {one.name: one.read_bytes() for one in folder.iterdir()}


@pytest.mark.parametrize("row_tokens", [None, 40])
@pytest.mark.parametrize("shard", [0, 1, 2])
def test_any_number_of_threads(
    corpus: list[Path], shard: int, row_tokens: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One shard by one thread and by several: the same entry, the same bytes, all of the file told."""
    monkeypatch.setattr(counting, "BATCH_CHARACTERS", 500)
    paths = corpus[shard : shard + 1]
    found = [counted(paths, tmp_path / str(workers), workers, row_tokens=row_tokens) for workers in (1, 2, 5)]
    assert found[0][1] == paths[0].stat().st_size
    assert found[0] == found[1] == found[2]
    written = [files(tmp_path / str(workers)) for workers in (1, 2, 5)]
    assert written[0] == written[1] == written[2]
    assert len(written[0]) == 2


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many processes as there are workers and shards, however little there is to read."""
    monkeypatch.setattr(shard_counting, "PROCESS_BYTES", 1)


def test_small_corpus_starts_no_process(corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is little to read the workers are threads of this process."""
    monkeypatch.setattr(shard_counting, "_count_in_pool", None)
    assert counted(corpus, tmp_path / "one", 1) == counted(corpus, tmp_path / "four", 4)
    assert files(tmp_path / "one") == files(tmp_path / "four")


@pytest.mark.usefixtures("eager")
def test_processes_write_what_one_writes(corpus: list[Path], tmp_path: Path) -> None:
    """Two shards by two processes, one of them with two threads: byte for byte as by one, and as much is told."""
    assert counted(corpus[1:], tmp_path / "one", 1) == counted(corpus[1:], tmp_path / "two", 3)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("workers", [1, 2])
def test_bad_shard_ends_the_work(corpus: list[Path], tmp_path: Path, workers: int) -> None:
    """A shard that is refused is named, in whatever process it was read, and nothing half done is left."""
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(json_line("a", "the cats") + b"{\n")
    with pytest.raises(CorpusError, match=r"bad\.jsonl has 1 bad line"):
        counted([corpus[0], bad], tmp_path / "census", workers)
    assert not [name for name in files(tmp_path / "census") if "partial" in name]
    good, _ = counted(corpus, tmp_path / "census", 1)
    assert [one.documents for one in good] == [60, 60, 600]


@pytest.mark.usefixtures("eager")
def test_tokenizer_that_changes_meanwhile(corpus: list[Path], tmp_path: Path) -> None:
    """A process that finds another tokenizer than the run's refuses it."""
    inputs, tokenizer = inputs_of(corpus, tmp_path / "census")
    path = vocabularies.saved(tmp_path, vocabularies.byte_level(None))
    assert inputs.tokenizer is not None
    other = CensusInputs(inputs.fields, inputs.tokenizer.model_copy(update={"path": str(path)}), None, tmp_path, False)
    with pytest.raises(TokenizerError, match="Put the original file back"):
        count_shards(other, tokenizer, corpus[:2], 2, lambda _: None)


@pytest.mark.usefixtures("eager")
def test_worker_that_is_killed(corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies is one sentence; what it had not finished is removed, other workers are ended."""
    pipe = tmp_path / "endless.jsonl"
    os.mkfifo(pipe)
    killed: list[int] = []
    waited = shard_counting._wait

    def kill_one(*arguments: Any) -> None:
        worker = next(one for one in shard_counting.multiprocessing.active_children() if one.pid is not None)
        time.sleep(0.5)
        assert worker.pid is not None
        killed.append(worker.pid)
        os.kill(worker.pid, signal.SIGKILL)
        waited(*arguments)

    monkeypatch.setattr(shard_counting, "_wait", kill_one)
    with pytest.raises(ExposureError, match="A worker process died"):
        counted([corpus[0], pipe], tmp_path / "census", 2)
    assert killed
    if (tmp_path / "census").exists():
        assert not [name for name in files(tmp_path / "census") if "partial" in name]


@pytest.mark.parametrize("before", [None, "true"])
def test_setting_of_the_tokenizers_library_is_put_back(
    before: str | None, corpus: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own threads are off while shards are counted, and as they were afterwards."""
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    if before is not None:
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", before)
    seen: list[str | None] = []
    counted_one = shard_counting.count_shard

    def look(*arguments: Any) -> Shard:
        seen.append(os.environ.get("TOKENIZERS_PARALLELISM"))
        return counted_one(*arguments)

    monkeypatch.setattr(shard_counting, "count_shard", look)
    counted(corpus[:1], tmp_path / "census", 1)
    assert seen == ["false"]
    assert os.environ.get("TOKENIZERS_PARALLELISM") == before
