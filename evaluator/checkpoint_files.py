"""The files of one checkpoint, before any of them is read: in a local folder, or in a repository of a hub."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from exposure.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Size in bytes, and an identity: equal ones mean equal bytes, different ones mean nothing."""

    size: int
    identity: str


class CheckpointFiles(Protocol):
    """What is known of a checkpoint's files, and how to get them."""

    @property
    def name(self) -> str:
        """The checkpoint's, for messages."""

    @property
    def files(self) -> Mapping[str, StoredFile]:
        """The files of its top folder, by name."""

    def fetch(self, names: Iterable[str]) -> Path:
        """The folder in which the files `names` are, fetched if need be; raises CheckpointError."""


@dataclass(frozen=True)
class LocalFiles:
    """A folder on this machine."""

    folder: Path
    files: Mapping[str, StoredFile]

    @classmethod
    def of(cls, folder: Path) -> LocalFiles:
        """The files of `folder`; raises CheckpointError where it is none."""
        try:
            files = {one.name: _stored(one) for one in sorted(folder.iterdir()) if one.is_file()}
        except (FileNotFoundError, NotADirectoryError) as error:
            raise CheckpointError(
                f"{folder} is no folder. A checkpoint is a folder that transformers wrote."
            ) from error
        except OSError as error:
            raise CheckpointError(f"{folder} cannot be read ({error.strerror}).") from error
        return cls(folder, files)

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    def fetch(self, names: Iterable[str]) -> Path:
        """The folder itself."""
        del names
        return self.folder


def identity_digest(stored: Iterable[StoredFile]) -> str:
    """sha256, in hex, over sizes and identities: equal digests mean equal bytes in the same order of files."""
    return hashlib.sha256(json.dumps([[one.size, one.identity] for one in stored]).encode()).hexdigest()


def _stored(path: Path) -> StoredFile:
    """A local file is itself as long as inode and times stay what they were; links to one file are one file."""
    status = path.stat()
    return StoredFile(status.st_size, f"{status.st_dev}:{status.st_ino}:{status.st_mtime_ns}:{status.st_ctime_ns}")
