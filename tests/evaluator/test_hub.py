"""Checkpoints of a hub: found, fetched once, kept within a bound, refused by sentences; against a hub on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
import tiny_models
from fake_hub import FakeHub, fake_hub

from evaluator.checkpoint_report import CheckpointReport
from evaluator.hub import Hub
from evaluator.prefetch import LoadedWeights, prefetched
from evaluator.series import series_of
from evaluator.weight_digest import hash_of_files
from exposure.errors import CheckpointError

REPO = "lab/model"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with fake_hub() as running:
        for step, seed in ((0, 0), (100, 1), (200, 2)):
            running.add(REPO, f"step{step}", tiny_models.checkpoint("llama", seed))
        yield running


def arrivals(hub: FakeHub, cache: Path, steps: str, bound: int | None = None) -> list[LoadedWeights | CheckpointReport]:
    """What becomes of steps of the repository."""
    series = series_of(f"{REPO}@step{{step}}", steps)
    with prefetched(series.checkpoints, hub=Hub(bound, cache, hub.url)) as arriving:
        return list(arriving)


def weights_in(cache: Path) -> int:
    """Bytes of weights that a cache keeps."""
    return sum(one.stat().st_size for one in cache.glob("*/blobs/*") if one.stat().st_size > 100_000)


def test_revisions_are_what_was_published(hub: FakeHub, tmp_path: Path) -> None:
    """Each revision of a pattern arrives with the very tensors that were published under it."""
    for seed, arrival in enumerate(arrivals(hub, tmp_path, "0:200:100")):
        assert isinstance(arrival, LoadedWeights)
        assert arrival.checkpoint.name == f"{REPO}@step{100 * seed}"
        assert arrival.weights_hash == hash_of_files([tiny_models.checkpoint("llama", seed) / "model.safetensors"])


def test_nothing_is_fetched_twice(hub: FakeHub, tmp_path: Path) -> None:
    """A second sweep finds everything in the cache, and so does one without a hub."""
    before = [one.weights_hash for one in arrivals(hub, tmp_path, "0,100")]
    sent = list(hub.downloads)
    assert sorted(sent) == sorted(set(sent))
    assert [one.weights_hash for one in arrivals(hub, tmp_path, "0,100")] == before
    assert hub.downloads == sent
    hub.is_down = True
    assert [one.weights_hash for one in arrivals(hub, tmp_path, "0,100")] == before


def test_offline(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline, what is cached is evaluated, and of the rest a sentence says how to get it."""
    arrivals(hub, tmp_path, "0")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    first, second = arrivals(hub, tmp_path, "0,100")
    assert isinstance(first, LoadedWeights)
    assert isinstance(second, CheckpointReport)
    assert second.status == "broken"
    assert "hf download lab/model --revision step100" in second.reason


def test_missing_revision_is_reported_and_the_rest_goes_on(hub: FakeHub, tmp_path: Path) -> None:
    """A revision that is not there is broken, by name; those around it are scored."""
    first, missing, last = arrivals(hub, tmp_path, "0,50,100")
    assert isinstance(first, LoadedWeights)
    assert isinstance(last, LoadedWeights)
    assert isinstance(missing, CheckpointReport)
    assert (missing.step, missing.status) == (50, "broken")
    assert f"{REPO} has no revision step50" in missing.reason


def test_missing_repository(hub: FakeHub, tmp_path: Path) -> None:
    """A repository that is not there is refused by name."""
    with pytest.raises(CheckpointError, match="no repository lab/other on http"):
        Hub(None, tmp_path, hub.url).files("lab/other", "main")


def test_name_that_is_none(hub: FakeHub, tmp_path: Path) -> None:
    """What can be no repository is refused before anything is asked."""
    with pytest.raises(CheckpointError, match="expected owner/name"):
        Hub(None, tmp_path, hub.url).files("a/b/c", "main")


def test_hub_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection and nothing cached: a sentence."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(CheckpointError, match=r"is not in the cache, and http://127\.0\.0\.1:9 cannot be asked"):
        Hub(None, tmp_path, "http://127.0.0.1:9").files(REPO, "main")


def test_duplicates_are_known_without_fetching(hub: FakeHub, tmp_path: Path) -> None:
    """A branch that holds another one's weights is a duplicate by its etag, and its weights are never fetched."""
    hub.add(REPO, "step300", tiny_models.checkpoint("llama", 1))
    *_, twin = arrivals(hub, tmp_path, "0,100,300")
    assert isinstance(twin, CheckpointReport)
    assert (twin.status, twin.same_weights_as) == ("duplicate", (100,))
    assert "step300/model.safetensors" not in hub.downloads


def test_equal_names_are_not_equal_weights(hub: FakeHub, tmp_path: Path) -> None:
    """Cheap digests tell apart revisions whose files have the same names and sizes."""
    asked = Hub(None, tmp_path, hub.url)
    listings = [asked.files(REPO, f"step{step}").files["model.safetensors"] for step in (0, 100)]
    assert listings[0].size == listings[1].size
    assert listings[0].identity != listings[1].identity
    assert hub.downloads == []


def test_pickles_are_refused_before_they_are_fetched(hub: FakeHub, tmp_path: Path) -> None:
    """A revision with pickles only is refused with the command that converts it; no weights are fetched."""
    files = dict(hub.repositories[REPO]["step0"])
    files["pytorch_model.bin"] = files.pop("model.safetensors")
    hub.repositories[REPO]["step0"] = files
    (report,) = arrivals(hub, tmp_path, "0")
    assert isinstance(report, CheckpointReport)
    assert "exposure convert-checkpoint lab/model@step0" in report.reason
    assert not any(name.endswith(".bin") for name in hub.downloads)


def test_cache_stays_within_its_bound(hub: FakeHub, tmp_path: Path) -> None:
    """Beyond the bound what this process fetched is deleted, oldest first; what was cached before stays."""
    size = (tiny_models.checkpoint("llama") / "model.safetensors").stat().st_size
    arrivals(hub, tmp_path, "0")
    arrivals(hub, tmp_path, "0,100,200", bound=0)
    assert weights_in(tmp_path) == size
    arrivals(hub, tmp_path, "100,200", bound=size)
    assert weights_in(tmp_path) == 2 * size
    (snapshots,) = tmp_path.glob("*/snapshots")
    kept = {one.parent.name for one in snapshots.glob("*/model.safetensors") if one.exists()}
    assert kept == {hub.commit(REPO, "step0"), hub.commit(REPO, "step200")}


def test_what_was_deleted_is_fetched_again(hub: FakeHub, tmp_path: Path) -> None:
    """A sweep within a bound leaves a cache that another sweep can use."""
    first = [one.weights_hash for one in arrivals(hub, tmp_path, "0,100", bound=0)]
    assert weights_in(tmp_path) == 0
    assert [one.weights_hash for one in arrivals(hub, tmp_path, "0,100")] == first
    assert weights_in(tmp_path) > 0


def test_shared_blobs_stay(hub: FakeHub, tmp_path: Path) -> None:
    """Weights that another revision in the cache links to are not deleted with the one that is."""
    hub.add(REPO, "copy", tiny_models.checkpoint("llama", 0))
    series = series_of(f"{REPO}@copy", "0")
    with prefetched(series.checkpoints, hub=Hub(None, tmp_path, hub.url)) as arriving:
        assert isinstance(next(arriving), LoadedWeights)
    bounded = Hub(0, tmp_path, hub.url)
    there = bounded.files(REPO, "step0")
    bounded.release(there.fetch(["config.json", "model.safetensors"]))
    assert len(list(tmp_path.glob("*/snapshots/*/model.safetensors"))) == 1
    assert weights_in(tmp_path) > 0


def test_stopping_ends_a_download(hub: FakeHub, tmp_path: Path) -> None:
    """A hub that was told to stop downloads no further."""
    stopped = Hub(None, tmp_path, hub.url)
    there = stopped.files(REPO, "step0")
    stopped.stop()
    with pytest.raises(CheckpointError, match="stopped"):
        there.fetch(["model.safetensors"])
