"""The data directory: what lies where, under which identity, in which version.

data.json        identity and version; a worker on another machine proves by it that it sees the same directory
service.lock     held by the one service
jobs.sqlite      jobs and their events
timelines/NAME/  evaluations/NAME/  runs/NAME/run.json
pair-sets/ID/    pairs.jsonl and set.json
phrase-sets/ID.parquet
locks/           one for each device that evaluates
removed/         what is being deleted
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from exposure.artefacts import atomic_write
from exposure.errors import UsageError
from service.errors import ServiceError

FOLDERS = ("timelines", "evaluations", "runs", "pair-sets", "phrase-sets", "locks", "removed")

FORMAT = "exposure.data"
VERSION = 1
BACKUP = "backup.json"
"""What makes a copy a backup (`exposure backup`)."""
UNFINISHED_BACKUP = "backup-unfinished"
"""Marks a backup that is being written, or whose writing was interrupted."""

_MIGRATED = (
    "{path} was written before data directories had an identity: its timelines are kept as they are, and it was given "
    "data.json and the folders of version 1. Older versions of `exposure` still serve it."
)
_RESTORED = (
    "{path} was a backup, and is a data directory of its own from now on, with a new identity, so that workers of the "
    "one that it was copied from do not mistake it. `exposure backup` no longer takes it as a target."
)
_NOT_MIGRATED = (
    "{path} was written before data directories had an identity, and is served as it is. Serve it once without "
    "--read-only to give it one."
)


@dataclass(frozen=True)
class DataDirectory:
    """Where everything is. Nothing is made or checked here: `open_data_directory` does.

    `notes` are sentences about what opening it did, for the operator.
    """

    path: Path
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def identity_file(self) -> Path:
        """data.json."""
        return self.path / "data.json"

    @property
    def identity(self) -> str:
        """What names this directory wherever it is mounted; raises ServiceError as `read_identity` does."""
        return read_identity(self.path)

    @property
    def timelines(self) -> Path:
        """A folder for each timeline."""
        return self.path / "timelines"

    @property
    def evaluations(self) -> Path:
        """A folder for each evaluation."""
        return self.path / "evaluations"

    @property
    def runs(self) -> Path:
        """A folder with a run.json for each run."""
        return self.path / "runs"

    @property
    def pair_sets(self) -> Path:
        """A folder for each pair set."""
        return self.path / "pair-sets"

    @property
    def phrase_sets(self) -> Path:
        """A phrase file for each phrase set."""
        return self.path / "phrase-sets"

    @property
    def locks(self) -> Path:
        """Files that are locked while a device is in use."""
        return self.path / "locks"

    @property
    def removed(self) -> Path:
        """Where things are moved to be deleted, so that nothing is ever half there."""
        return self.path / "removed"

    @property
    def jobs(self) -> Path:
        """The database of jobs."""
        return self.path / "jobs.sqlite"

    def run_manifest(self, name: str) -> Path:
        """The manifest of a run."""
        return self.runs / name / "run.json"

    def phrase_set(self, digest: str) -> Path:
        """The phrase file of a phrase set."""
        return self.phrase_sets / f"{digest}.parquet"

    def pairs(self, digest: str) -> Path:
        """The pairs of a pair set."""
        return self.pair_sets / digest / "pairs.jsonl"


def make_data_folder(path: Path, is_read_only: bool = False) -> tuple[str, ...]:
    """Make the folder of a new data directory where nothing is at `path`; what was done, for the operator.

    Raises ServiceError where that is no folder, where its parent is not there, and where nothing may be written.
    """
    if path.is_dir():
        return ()
    if is_read_only:
        raise ServiceError(f"--data {path} is no folder, and --read-only makes none. Name a data directory.")
    try:
        path.mkdir()
    except FileExistsError as error:
        raise ServiceError(f"--data {path} is no folder. Name a data directory, or one to be made.") from error
    except FileNotFoundError as error:
        raise ServiceError(
            f"--data {path} is no folder, nor is {path.parent} in which to make it. Make that."
        ) from error
    except OSError as error:
        raise ServiceError(
            f"--data {path} cannot be made ({error.strerror}). Name a folder in which you may write."
        ) from error
    return (f"{path} was not there: it was made, a new data directory.",)


def open_data_directory(path: Path, is_read_only: bool = False) -> DataDirectory:
    """The data directory at `path`, made whole: its folders and data.json; what was done is said in its `notes`.

    One that was written before there was a data.json holds `timelines/` alone; it is taken as it is and given the
    rest. Read-only, nothing is written and what is missing stays missing. Hold `service.lock.serving` around it: two
    services that open a new directory at once would give it two identities. Raises ServiceError for a directory of
    a newer version, one that is damaged, an unfinished backup, and (unless read-only) one that cannot be written.
    """
    directory = DataDirectory(path)
    is_old = directory.timelines.is_dir() and not directory.identity_file.exists()
    is_backup = (path / BACKUP).exists()
    if (path / UNFINISHED_BACKUP).exists():
        raise ServiceError(
            f"{path} is a backup that was interrupted, so that things are missing. Run `exposure backup` to it again; "
            f"to serve what there is, delete {UNFINISHED_BACKUP} in it."
        )
    if directory.identity_file.exists():
        read_identity(path)
    if is_read_only:
        return DataDirectory(path, notes=(_NOT_MIGRATED.format(path=path),) if is_old else ())
    _complete(directory, is_backup)
    told = {_MIGRATED: is_old, _RESTORED: is_backup}
    return DataDirectory(path, notes=tuple(note.format(path=path) for note, is_so in told.items() if is_so))


def read_identity(path: Path) -> str:
    """The id in data.json of the data directory at `path`: 32 hexadecimal digits.

    Raises ServiceError where there is none, where it is damaged, and where it is of a newer version.
    """
    place = path / "data.json"
    try:
        fields = json.loads(place.read_text(encoding="utf-8"))
        kind, version, identity = fields["format"], fields["version"], fields["id"]
    except FileNotFoundError as error:
        raise ServiceError(
            f"{path} is no data directory: it has no data.json. Name the folder that `exposure serve --data` was given."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ServiceError(f"{place} is damaged ({_reason(error)}). Run `exposure doctor --repair {path}`.") from error
    if kind == FORMAT and isinstance(version, int) and version > VERSION:
        raise ServiceError(
            f"{path} is of version {version}, this software knows {VERSION}. Use the version of `exposure` that made "
            "it, or a newer one."
        )
    if kind != FORMAT or version != VERSION or not re.fullmatch(r"[0-9a-f]{32}", str(identity)):
        raise ServiceError(
            f"{place} is damaged (not an identity of version {VERSION}). Run `exposure doctor --repair {path}`."
        )
    return str(identity)


def write_identity(directory: DataDirectory) -> None:
    """Give the directory a new random id, durably."""
    fields = {"format": FORMAT, "version": VERSION, "id": secrets.token_hex(16)}
    with atomic_write(directory.identity_file) as partial:
        partial.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def _complete(directory: DataDirectory, is_backup: bool) -> None:
    try:
        for name in FOLDERS:
            (directory.path / name).mkdir(parents=True, exist_ok=True)
        if is_backup or not directory.identity_file.exists():
            write_identity(directory)  # its fsync of the folder keeps the new folders too
        (directory.path / BACKUP).unlink(missing_ok=True)
    except (OSError, UsageError) as error:
        raise ServiceError(
            f"{directory.path} cannot be written ({_reason(error)}). Mend its permissions or its disk, or let the "
            "service answer only: exposure serve --read-only."
        ) from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
