"""SQLite's errors as sentences."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk of {path} is full. Nothing was changed; make room, and ask again.",
    sqlite3.SQLITE_READONLY: "{path} cannot be written: its disk or the file is read-only. Nothing was changed; mend "
    "that, or let the service answer only: exposure serve --read-only.",
    sqlite3.SQLITE_PERM: "{path} may not be written by this user. Mend its permissions.",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened. Does its folder exist, and may it be written?",
    sqlite3.SQLITE_BUSY: "{path} is kept busy by another process. Nothing was changed; ask again, and leave the file "
    "to the service.",
    sqlite3.SQLITE_LOCKED: "{path} is kept busy by another process. Nothing was changed; ask again, and leave the file "
    "to the service.",
    sqlite3.SQLITE_IOERR: "The disk of {path} gives errors, or is full ({reason}). Mend it, and ask again.",
    sqlite3.SQLITE_CORRUPT: "{path} is damaged ({reason}). Stop the service, and restore it from a backup or run "
    "exposure doctor.",
    sqlite3.SQLITE_NOTADB: "{path} is no database of jobs, or its beginning is damaged. Restore it from a backup, or "
    "move it away: jobs are lost then, what they made is not.",
}
_OTHER = "{path} cannot be used ({reason}). Run exposure doctor."


def problem_of(error: sqlite3.Error, path: Path) -> str:
    """What failed, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return _SENTENCES.get(code, _OTHER).format(path=path, reason=error)
