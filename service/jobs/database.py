"""The connections to the file of jobs: one that writes, one that reads, each used by one thread at a time.

In WAL mode readers see what is committed and never wait for the disk; with synchronous=FULL a COMMIT that has
returned is on disk.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from exposure.artefacts import sync_to_disk
from service.errors import JobStoreError
from service.jobs.schema import migrate
from service.jobs.storage_problems import problem_of

WAIT_SECONDS = 5.0
"""How long another process, such as a backup, may keep the file from us."""


class Database:
    """The file at `path`, made when there is none. Raises JobStoreError for one that cannot be used.

    A connection on which something failed is replaced at its next use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = Connection(path)
        self._reading = Connection(path)
        try:
            with self._writing.used() as connection:
                migrate(connection, path)
                _refuse_damaged(connection, path)
            sync_to_disk(path.parent)  # its name, which SQLite leaves to the file system
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on disk when the block ends, undone when it raises. Raises JobStoreError."""
        with self._writing.used() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection whose block sees one state. Raises JobStoreError."""
        with self._reading.used() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._reading.close()
        self._writing.close()


class Connection:
    """One connection, for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._open: sqlite3.Connection | None = None
        self._is_closed = False

    @contextlib.contextmanager
    def used(self) -> Iterator[sqlite3.Connection]:
        """Have it for the block; its errors are raised as JobStoreError, after which it is opened anew."""
        with self._lock:
            if self._is_closed:
                raise JobStoreError("The service is being stopped. Ask again when it is there.")
            try:
                if self._open is None:
                    self._open = _connected(self._path)
                yield self._open
            except sqlite3.Error as error:
                self._drop()
                if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                    raise  # a defect of this software, not of the disk
                raise JobStoreError(problem_of(error, self._path)) from error

    def close(self) -> None:
        """For good, once nobody uses it."""
        with self._lock:
            self._is_closed = True
            self._drop()

    def _drop(self) -> None:
        if self._open is not None:
            with contextlib.suppress(sqlite3.Error):
                self._open.close()
        self._open = None


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise JobStoreError(f"{path} lies on a file system without shared memory. Put the data on a local disk.")
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_damaged(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise JobStoreError(
            f"{path} is damaged ({found}). Restore it from a backup, or move it away: jobs are lost then, what they "
            "made is not."
        )
