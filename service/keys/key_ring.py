"""The keys that a running service knows: those of the key file as it is now, and those that it made for itself."""

from __future__ import annotations

import hmac
import logging
import time
from pathlib import Path
from threading import Lock

from service.errors import AccessError, ServiceError
from service.keys.access import EVERYBODY, Caller, Scope, allowed_by
from service.keys.key_file import Key, digest_of, new_key, read_keys

LOOK_SECONDS = 1.0
"""The key file is looked at this often, at most: so long does a key that was removed still open."""

_log = logging.getLogger("exposure.service")

_State = tuple[int, int, int, int] | None


class KeyRing:
    """Finds the caller by the key that was sent. Threads may share it. `file` None: only keys of `grant`."""

    def __init__(self, file: Path | None) -> None:
        """Read the key file; raises ServiceError as `read_keys` does, and for a file without keys."""
        self._file = file
        self._lock = Lock()
        self._granted: tuple[Key, ...] = ()
        self._keys: tuple[Key, ...] = ()
        self._state: _State = None
        self._looked = time.monotonic()
        if file is not None:
            self._state, self._keys = _state_of(file), read_keys(file)
            if not self._keys:
                raise ServiceError(f"The key file {file} has no keys. Add one: exposure keys add --file {file} …")

    @property
    def is_configured(self) -> bool:
        """Whether there is a key file, so that nobody is answered without a key."""
        return self._file is not None

    def grant(self, name: str, scopes: tuple[Scope, ...]) -> str:
        """A new key that is known to this process alone."""
        key = new_key()
        with self._lock:
            self._granted = (*self._granted, Key(name, scopes, digest_of(key), ""))
        return key

    def caller(self, key: str | None) -> Caller:
        """Who sent `key`; None is nothing sent. Raises AccessError where a key is needed and this is none."""
        found = None if key is None else self._find(key)
        if found is not None:
            return Caller(found.name, allowed_by(found.scopes))
        if not self.is_configured:
            return EVERYBODY
        if key is None:
            raise AccessError("This service asks for a key. Send the header Authorization: Bearer KEY.")
        raise AccessError("The key that was sent is not known. Ask the operator for one (exposure keys add).")

    def _find(self, key: str) -> Key | None:
        """Every digest is compared, in constant time, so that the time taken tells nothing of where one matches."""
        digest = digest_of(key)
        found = None
        for one in (*self._current(), *self._granted):
            if hmac.compare_digest(one.sha256, digest):
                found = one
        return found

    def _current(self) -> tuple[Key, ...]:
        with self._lock:
            if self._file is not None and time.monotonic() - self._looked >= LOOK_SECONDS:
                self._looked = time.monotonic()
                self._look_again(self._file)
            return self._keys

    def _look_again(self, file: Path) -> None:
        state = _state_of(file)
        if state == self._state:
            return
        self._state = state
        try:
            self._keys = read_keys(file)
        except ServiceError as error:
            _log.error("the keys stay as they were: %s", error)
        else:
            _log.warning("the key file was read again: it has %d keys", len(self._keys))


def _state_of(file: Path) -> _State:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
