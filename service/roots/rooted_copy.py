"""Files beneath a root, copied before they are read, so that nothing can be swapped while they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exposure.api.names import RootedPath
from exposure.errors import PairsError
from exposure.pair_files import AMBIGUOUS_IN_FOLDER, READERS
from service.data_directory import DataDirectory
from service.roots import operator_roots as roots
from service.settings import Settings


@dataclass(frozen=True)
class RootedCopy:
    """A copy of what `rooted` names, under its own name, in a folder that is soon gone."""

    rooted: RootedPath
    path: Path

    def as_named(self, sentence: str) -> str:
        """`sentence` with files as the request named them."""
        return sentence.replace(str(self.path), f"{self.rooted.root}:{self.rooted.path}")


@contextmanager
def copied(settings: Settings, rooted: RootedPath, most_bytes: int) -> Iterator[RootedCopy]:
    """A copy of a file, or of a folder's files of pairs and those that could be meant as such; for the block.

    Raises RootError as `roots.read` does, also for a file of the folder; LimitError above `most_bytes` in all.
    """
    removed = DataDirectory(settings.data).removed
    removed.mkdir(exist_ok=True)
    # What an end by force leaves there is cleared when the service starts.
    with tempfile.TemporaryDirectory(prefix="making-", dir=removed) as folder:
        path = Path(folder) / rooted.path.rpartition("/")[2]
        names = roots.names_in(settings, rooted)
        if names is None:
            path.write_bytes(roots.read(settings, rooted, most_bytes))
        else:
            path.mkdir()
            _copy_folder(settings, rooted, names, path, most_bytes)
        yield RootedCopy(rooted, path)


def _copy_folder(settings: Settings, rooted: RootedPath, names: list[str], into: Path, most_bytes: int) -> None:
    left = most_bytes
    for name in names:
        if Path(name).suffix.lower() not in READERS.keys() | AMBIGUOUS_IN_FOLDER:
            continue
        try:
            inside = RootedPath(root=rooted.root, path=f"{rooted.path}/{name}")
        except ValueError as error:
            raise PairsError(f"The folder {rooted.root}:{rooted.path} holds a file whose name is too long.") from error
        if roots.names_in(settings, inside) is not None:
            continue  # folders in it are not entered
        content = roots.read(settings, inside, left)
        left -= len(content)
        (into / name).write_bytes(content)
