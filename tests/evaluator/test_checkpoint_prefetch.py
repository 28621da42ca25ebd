"""Working one checkpoint ahead: the right arrivals in order, no more than one ahead, and nothing left behind."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file

from evaluator.arrivals import Arrivals
from evaluator.checkpoint_report import CheckpointReport
from evaluator.checkpoints import ResolvedCheckpoint
from evaluator.prefetch import THREAD_NAME, Arrival, LoadedWeights, prefetched
from evaluator.weight_digest import hash_of_files
from evaluator.weights import HostBuffer
from exposure.checkpoint_series import CheckpointSource

LLAMA = [tiny_models.checkpoint("llama", seed) for seed in range(3)]


def sources(*folders: Path) -> list[CheckpointSource]:
    return [CheckpointSource(step=100 * place, path=str(folder)) for place, folder in enumerate(folders)]


def hash_of(folder: Path) -> str:
    return hash_of_files([folder / "model.safetensors"])


def kinds(arrivals: list[Arrival]) -> list[str]:
    """What becomes of each, in a word."""
    return [one.status if isinstance(one, CheckpointReport) else "loaded" for one in arrivals]


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == THREAD_NAME]


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    assert not threads()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders whose weights were read, as they are."""
    folders: list[Path] = []
    original = HostBuffer.read

    def noting(self: HostBuffer, files: object) -> object:
        folders.append(files[0].path.parent)  # type: ignore[index]
        return original(self, files)  # type: ignore[arg-type]

    monkeypatch.setattr(HostBuffer, "read", noting)
    return folders


def test_arrivals_in_order() -> None:
    """Every checkpoint arrives once, in order, with its tensors as they are on disk until the next is asked for."""
    taken = []
    with prefetched(sources(*LLAMA)) as arrivals:
        for arrival, folder in zip(arrivals, LLAMA, strict=True):
            assert isinstance(arrival, LoadedWeights)
            taken.append(arrival.step)
            assert arrival.weights_hash == hash_of(folder)
            for name, tensor in load_file(folder / "model.safetensors").items():
                assert torch.equal(arrival.tensors[name], tensor)
    assert taken == [0, 100, 200]


def test_one_ahead(read: list[Path]) -> None:
    """While one checkpoint is in use the next is read, and no further one."""
    folders = [LLAMA[place % 3] for place in range(6)]
    with prefetched(sources(*folders), keep_duplicates=True) as arrivals:
        for place, _ in enumerate(arrivals):
            ahead = min(place + 2, len(folders))
            deadline = time.monotonic() + 20
            while len(read) < ahead and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(0.02)
            assert len(read) == ahead


def broken_copy(folder: Path) -> Path:
    """A checkpoint that was cut short."""
    copy = Path(shutil.copytree(LLAMA[1], folder))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    return copy


def test_one_broken_checkpoint_is_one_report(tmp_path: Path) -> None:
    """What is broken, missing or of another model is reported by name, and everything else arrives."""
    other_vocabulary = Path(shutil.copytree(LLAMA[1], tmp_path / "other"))
    config = json.loads((other_vocabulary / "config.json").read_text())
    (other_vocabulary / "config.json").write_text(json.dumps({**config, "vocab_size": 600}))
    folders = [broken_copy(tmp_path / "broken"), LLAMA[0], tmp_path / "gone", other_vocabulary, LLAMA[1]]
    with prefetched(sources(*folders)) as arrivals:
        taken = list(arrivals)
    assert kinds(taken) == ["broken", "loaded", "broken", "broken", "loaded"]
    reasons = [one.reason for one in taken if isinstance(one, CheckpointReport)]
    assert [one.source for one in taken if isinstance(one, CheckpointReport)] == [
        str(folders[place]) for place in (0, 2, 3)
    ]
    assert "it was cut short" in reasons[0]
    assert "is no folder" in reasons[1]
    assert "another vocabulary: 600, the series has 512" in reasons[2]


@pytest.mark.parametrize("error", [ValueError("odd"), MemoryError(), OSError(5, "Input/output error")])
def test_any_error_in_the_thread_is_a_report(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever reading a checkpoint raises becomes its report; the sweep goes on."""
    original = HostBuffer.read

    def failing(self: HostBuffer, files: object) -> object:
        if files[0].path.parent == LLAMA[1]:  # type: ignore[index]
            raise error
        return original(self, files)  # type: ignore[arg-type]

    monkeypatch.setattr(HostBuffer, "read", failing)
    with prefetched(sources(*LLAMA)) as arrivals:
        taken = list(arrivals)
    assert kinds(taken) == ["loaded", "broken", "loaded"]
    assert isinstance(taken[1], CheckpointReport)
    assert type(error).__name__ in taken[1].reason


def test_what_ends_the_thread_reaches_the_consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt in the thread is raised where arrivals are taken, not lost."""

    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Arrivals, "arrival", interrupted)
    with pytest.raises(KeyboardInterrupt), prefetched(sources(*LLAMA)) as arrivals:
        list(arrivals)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("taken", [0, 1, 3])
def test_consumer_that_raises(error: type[BaseException], taken: int) -> None:
    """When the consumer raises, at any point, the thread is gone at once and the error is the consumer's."""
    with pytest.raises(error), prefetched(sources(*LLAMA, LLAMA[0])) as arrivals:  # noqa: PT012
        for _ in range(taken):
            next(arrivals)
        raise error


def test_consumer_that_stops_early() -> None:
    """Leaving the block with arrivals untaken is no error."""
    with prefetched(sources(*LLAMA)) as arrivals:
        next(arrivals)


def resharded(folder: Path) -> Path:
    """The first checkpoint, in several files."""
    tiny_models.model("llama", 0).save_pretrained(folder, max_shard_size="50KB")
    tiny_models.tokenizer_of("llama").save_pretrained(folder)
    return folder


def test_duplicates(tmp_path: Path, read: list[Path]) -> None:
    """Weights that came before are reported with the steps that had them: links unread, other files by their hash."""
    link = tmp_path / "link"
    link.symlink_to(LLAMA[1])
    folders = [LLAMA[0], LLAMA[1], link, resharded(tmp_path / "shards"), LLAMA[0], LLAMA[2]]
    with prefetched(sources(*folders)) as arrivals:
        taken = list(arrivals)
    assert kinds(taken) == ["loaded", "loaded", "duplicate", "duplicate", "duplicate", "loaded"]
    reports = [one for one in taken if isinstance(one, CheckpointReport)]
    assert [one.same_weights_as for one in reports] == [(100,), (0,), (0, 300)]
    assert [one.weights_hash for one in reports] == [hash_of(LLAMA[1]), hash_of(LLAMA[0]), hash_of(LLAMA[0])]
    assert "has the very weights of step 0, 300" in reports[2].reason
    assert read == [LLAMA[0], LLAMA[1], tmp_path / "shards", LLAMA[2]]


def test_duplicates_that_are_kept() -> None:
    """Told to keep duplicates, each arrives, with the steps that had its weights before."""
    with prefetched(sources(LLAMA[0], LLAMA[1], LLAMA[0]), keep_duplicates=True) as arrivals:
        taken = [(one.step, one.same_weights_as) for one in arrivals]
    assert taken == [(0, ()), (100, ()), (200, (0,))]


def test_a_broken_twin_makes_no_duplicate(tmp_path: Path) -> None:
    """A checkpoint that links to a broken one is broken too, not a duplicate of something that was scored."""
    broken = broken_copy(tmp_path / "broken")
    (tmp_path / "twin").symlink_to(broken)
    with prefetched(sources(broken, tmp_path / "twin")) as arrivals:
        assert kinds(list(arrivals)) == ["broken", "broken"]


def finished(*folders: Path) -> Callable[[ResolvedCheckpoint, str], bool]:
    hashes = {hash_of(folder) for folder in folders}
    return lambda _, weights_hash: weights_hash in hashes


def test_finished_ones_are_not_read_again(read: list[Path]) -> None:
    """What is scored already, and known by its cheap digest, is neither read nor scored; its twin is a duplicate."""
    with prefetched(sources(*LLAMA)) as arrivals:
        known = {one.checkpoint.cheap_digest: one.weights_hash for one in arrivals if isinstance(one, LoadedWeights)}
    read.clear()
    folders = [*LLAMA, LLAMA[0]]
    with prefetched(
        sources(*folders),
        known_hash=lambda checkpoint: known.get(checkpoint.cheap_digest),
        is_finished=finished(LLAMA[0], LLAMA[2]),
    ) as arrivals:
        taken = list(arrivals)
    assert kinds(taken) == ["finished", "loaded", "finished", "duplicate"]
    assert read == [LLAMA[1]]
    assert isinstance(taken[0], CheckpointReport)
    assert (taken[0].weights_hash, taken[0].cheap_digest in known) == (hash_of(LLAMA[0]), True)


def test_finished_ones_that_have_moved(tmp_path: Path, read: list[Path]) -> None:
    """Weights whose cheap digest is new are read once, found to be scored already, and not scored."""
    moved = Path(shutil.copytree(LLAMA[0], tmp_path / "moved"))
    with prefetched(sources(moved), is_finished=finished(LLAMA[0])) as arrivals:
        assert kinds(list(arrivals)) == ["finished"]
    assert read == [moved]


def test_wrong_memory_of_a_hash(tmp_path: Path) -> None:
    """A hash that an earlier run noted is only believed for weights that are finished: else the weights are read."""
    with prefetched(sources(LLAMA[0]), known_hash=lambda _: "0" * 64) as arrivals:
        (arrival,) = arrivals
        assert isinstance(arrival, LoadedWeights)
        assert arrival.weights_hash == hash_of(LLAMA[0])


def test_nan_weights_are_loaded(tmp_path: Path) -> None:
    """Weights that are not numbers are weights: it is the scores that are refused."""
    folder = Path(shutil.copytree(LLAMA[0], tmp_path / "nan"))
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][:] = torch.nan
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with prefetched(sources(folder)) as arrivals:
        assert kinds(list(arrivals)) == ["loaded"]
