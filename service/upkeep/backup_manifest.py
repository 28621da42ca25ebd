"""backup.json: what a backup holds, file by file; and the mark of one that is being written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from exposure import __version__
from exposure.artefacts import atomic_write
from service.data_directory import BACKUP
from service.errors import ServiceError

FORMAT = "exposure.backup"
VERSION = 1


@dataclass(frozen=True, slots=True)
class BackedUp:
    """One file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class BackupManifest:
    """Which data directory a backup is of (its id), when it was made (seconds since 1970), and its files."""

    identity: str
    made: float
    files: dict[str, BackedUp]

    def write(self, target: Path) -> None:
        """Write it durably."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "exposure": __version__,
            "id": self.identity,
            "made": self.made,
            "files": {name: asdict(one) for name, one in sorted(self.files.items())},
        }
        with atomic_write(target / BACKUP) as partial:
            partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, target: Path) -> BackupManifest | None:
        """The manifest of the backup in `target`; None where there is none. Raises ServiceError where it is damaged."""
        try:
            document = json.loads((target / BACKUP).read_text(encoding="utf-8"))
            if document["format"] != FORMAT or document["version"] != VERSION:
                raise ValueError(f"it is of the format {document['format']} {document['version']}")
            files = {str(name): BackedUp(**one) for name, one in document["files"].items()}
            return cls(str(document["id"]), float(document["made"]), files)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ServiceError(
                f"{target / BACKUP} is damaged ({error}). Make a new backup in another folder."
            ) from error
