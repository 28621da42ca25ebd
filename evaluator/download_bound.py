"""How much of what this process downloaded stays on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Download:
    """Files of one snapshot that this process fetched into the cache, and so may delete again."""

    folder: Path
    names: tuple[str, ...]
    size: int  # bytes

    def delete(self) -> None:
        """Unlink the files, and their blobs where no other snapshot of the repository links them."""
        for name in self.names:
            link = self.folder / name
            blob = link.resolve()
            link.unlink(missing_ok=True)
            others = (one.resolve() for one in self.folder.parent.glob("*/*"))
            if blob.parent.name == "blobs" and blob not in others:
                blob.unlink(missing_ok=True)


class DownloadBound:
    """Deletes downloads that are no longer needed, oldest first, once all are more than `bytes_` (None: never).

    Not for use by several threads at once.
    """

    def __init__(self, bytes_: int | None) -> None:
        self._bytes = bytes_
        self._downloads: list[Download] = []
        self._released: set[Path] = set()

    def add(self, download: Download) -> None:
        """Count what was fetched; it is needed until it is released."""
        self._released.discard(download.folder)
        self._downloads.append(download)

    def release(self, folder: Path) -> None:
        """Say that what was fetched into `folder` is no longer needed."""
        self._released.add(folder)
        while self._bytes is not None and sum(one.size for one in self._downloads) > self._bytes:
            oldest = next((one for one in self._downloads if one.folder in self._released), None)
            if oldest is None:
                return
            self._downloads.remove(oldest)
            oldest.delete()
