"""Checkpoints in repositories of a hub: what files a revision has, and those files once they are needed."""

from __future__ import annotations

import glob
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import LocalEntryNotFoundError
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils.tqdm import tqdm

from evaluator.checkpoint_files import StoredFile
from evaluator.download_bound import Download, DownloadBound
from evaluator.hub_errors import REFUSALS, sentences, unreachable
from exposure.errors import CheckpointError


@dataclass(frozen=True)
class HubFiles:
    """One revision of a repository, at one commit."""

    hub: Hub
    repo: str
    revision: str
    commit: str
    files: Mapping[str, StoredFile]
    cached: Path | None = None
    """The folder of what is cached, where the hub could not be asked."""

    @property
    def name(self) -> str:
        """repo@revision."""
        return f"{self.repo}@{self.revision}"

    def fetch(self, names: Iterable[str]) -> Path:
        """The folder in which the files `names` are; raises CheckpointError."""
        return self.cached if self.cached is not None else self.hub.fetch(self, tuple(names))


_BIG = (".safetensors", ".bin")
"""Files that the bound is about; config and tokenizer stay."""


class Hub:
    """A hub and its cache on this disk.

    What this process fetched and has released is deleted, oldest first, once it is more than `bound_bytes`; what was
    in the cache before stays. Not for use by several threads at once.
    """

    def __init__(
        self, bound_bytes: int | None = None, cache_folder: Path | None = None, endpoint: str | None = None
    ) -> None:
        self._cache = cache_folder
        self._endpoint = endpoint
        self._bound = DownloadBound(bound_bytes)
        self._stopped = threading.Event()

    def files(self, repo: str, revision: str) -> HubFiles:
        """What files a revision has, from the hub, else from the cache; fetches none. Raises CheckpointError."""
        api = HfApi(endpoint=self._endpoint)
        with sentences(repo, revision, self._place):
            try:
                info = api.model_info(repo, revision=revision, files_metadata=True)
            except REFUSALS:
                raise
            except Exception as error:  # no connection, whichever HTTP library says so
                return self._cached_files(repo, revision, error)
        commit = info.sha or ""
        files = {one.rfilename: _stored(one, commit) for one in info.siblings or [] if "/" not in one.rfilename}
        return HubFiles(self, repo, revision, commit, files)

    def fetch(self, files: HubFiles, names: tuple[str, ...]) -> Path:
        """The snapshot folder with the files `names` of a revision; raises CheckpointError."""
        new = tuple(name for name in names if name.endswith(_BIG) and not self._is_cached(files, name))
        with sentences(files.repo, files.revision, self._place):
            folder = Path(
                snapshot_download(
                    files.repo,
                    revision=files.revision,
                    cache_dir=self._cache,
                    endpoint=self._endpoint,
                    allow_patterns=[glob.escape(name) for name in names],
                    tqdm_class=_silent_bar(self._stopped),
                )
            )
        if new:
            self._bound.add(Download(folder, new, sum(files.files[name].size for name in new)))
        if folder.name != files.commit or any(not (folder / name).is_file() for name in names):
            raise CheckpointError(f"{files.name} changed while it was being fetched. Run the same command again.")
        return folder

    def release(self, folder: Path) -> None:
        """Say that the weights in `folder` are no longer needed, and delete what is beyond the bound."""
        self._bound.release(folder)

    def stop(self) -> None:
        """End a download that is under way in another thread; it raises CheckpointError there. For good."""
        self._stopped.set()

    def _is_cached(self, files: HubFiles, name: str) -> bool:
        return isinstance(try_to_load_from_cache(files.repo, name, self._cache, revision=files.commit), str)

    def _cached_files(self, repo: str, revision: str, why: Exception) -> HubFiles:
        try:
            folder = Path(snapshot_download(repo, revision=revision, cache_dir=self._cache, local_files_only=True))
        except LocalEntryNotFoundError as error:
            partial = getattr(error, "snapshot_path", None)  # some of its files are there
            if partial is None:
                raise unreachable(repo, revision, self._place, why) from why
            folder = Path(partial)
        # A blob of the cache is named by its etag.
        files = {one.name: StoredFile(one.stat().st_size, one.resolve().name) for one in folder.iterdir()}
        return HubFiles(self, repo, revision, folder.name, files, cached=folder)

    @property
    def _place(self) -> str:
        return self._endpoint or constants.ENDPOINT


def _stored(sibling: RepoSibling, commit: str) -> StoredFile:
    """sha256 of a big file, the git digest of a small one; where the hub names none, a file is only itself."""
    etag = sibling.lfs.sha256 if sibling.lfs else sibling.blob_id
    return StoredFile(sibling.size or 0, etag or f"{commit}/{sibling.rfilename}")


def _silent_bar(stopped: threading.Event) -> type[tqdm]:
    """A progress bar that shows nothing, a sweep having one already, and that ends the download once `stopped`."""

    class SilentBar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> bool | None:
            if stopped.is_set():
                raise InterruptedError("stopped")
            return super().update(n)

    return SilentBar
