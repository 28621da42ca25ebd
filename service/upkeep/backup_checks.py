"""A backup against its manifest."""

from __future__ import annotations

from collections.abc import Iterator

from exposure.provenance import sha256_of_file
from service.data_directory import BACKUP, UNFINISHED_BACKUP, DataDirectory
from service.errors import ServiceError
from service.upkeep.backup_manifest import BackedUp, BackupManifest
from service.upkeep.finding import Finding

_AGAIN = "Run `exposure backup` to this folder again."


def check_backup(data: DataDirectory) -> Iterator[Finding]:
    """Whether every file of a backup is as it was copied; nothing for a data directory that is no backup."""
    try:
        manifest = BackupManifest.read(data.path)
    except ServiceError as error:
        yield Finding(data.path / BACKUP, str(error), "Make a new backup in another folder.")
        return
    if (data.path / UNFINISHED_BACKUP).exists():
        yield Finding(data.path / UNFINISHED_BACKUP, "says that the backup was interrupted", _AGAIN)
        return
    if manifest is None:
        return
    for name, file in manifest.files.items():
        place = data.path / name
        if not place.is_file():
            yield Finding(place, "is in the backup's manifest, and missing", _AGAIN)
        elif BackedUp(place.stat().st_size, sha256_of_file(place)) != file:
            yield Finding(place, "is not what was copied", _AGAIN)
