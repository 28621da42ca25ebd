"""Files on their way into a backup: copied whole, hashed as they are read, and not copied again when they are there."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from pathlib import Path

from exposure.artefacts import atomic_write
from exposure.provenance import sha256_of_file
from service.upkeep.backup_manifest import BackedUp

STAGED = "removed/staged"
CHUNK = 1 << 20


class BackupCopier:
    """Copies from `source` to `target`, where an earlier backup has the files `earlier`.

    What never changes is copied into its place at once; what may change is staged, and takes its place only in
    `settle`, when all that it refers to is there. So an interrupted backup leaves the earlier one usable.
    """

    def __init__(self, source: Path, target: Path, earlier: dict[str, BackedUp]) -> None:
        self._source = source
        self._target = target
        self._earlier = earlier
        self._staged: dict[str, Path] = {}
        self._numbers = itertools.count()
        self.files: dict[str, BackedUp] = {}
        self.copied_bytes = 0
        shutil.rmtree(target / STAGED, ignore_errors=True)
        (target / STAGED).mkdir(parents=True)

    def copy(self, name: str) -> None:
        """Copy a file that never changes; raises FileNotFoundError where there is none."""
        if not self._is_there(name):
            place = self._target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            self.files[name] = self._copied(self._source / name, place)

    def stage(self, name: str, read_from: Path | None = None) -> None:
        """Copy a file that may be replaced, to be put in its place by `settle`; raises FileNotFoundError."""
        if read_from is not None or not self._is_there(name):
            staged = self._target / STAGED / str(next(self._numbers))
            self.files[name] = self._copied(read_from or self._source / name, staged)
            self._staged[name] = staged

    def forget(self, beneath: str) -> None:
        """Leave out all that was taken beneath a folder, which is gone."""
        for name in [name for name in self.files if name.startswith(f"{beneath}/")]:
            del self.files[name]
            self._staged.pop(name, None)

    def settle(self) -> None:
        """Put what was staged in its place, what refers to other things after them; then drop what is no longer."""
        for name, staged in reversed(self._staged.items()):
            place = self._target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(place) as partial:
                staged.rename(partial)
        shutil.rmtree(self._target / STAGED)

    def _is_there(self, name: str) -> bool:
        """Whether the earlier backup has this very file; it is then not copied again."""
        earlier, source, target = self._earlier.get(name), self._source / name, self._target / name
        sizes = {source.stat().st_size, target.stat().st_size if target.is_file() else -1}
        if earlier is None or sizes != {earlier.bytes} or sha256_of_file(source) != earlier.sha256:
            return False
        self.files[name] = earlier
        return True

    def _copied(self, source: Path, place: Path) -> BackedUp:
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as reading, atomic_write(place) as partial, partial.open("wb") as writing:
            while chunk := reading.read(CHUNK):
                digest.update(chunk)
                size += writing.write(chunk)
        self.copied_bytes += size
        return BackedUp(size, digest.hexdigest())
