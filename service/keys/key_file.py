"""Keys: what they look like, and the file in which only their hashes stand."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exposure.api.names import NAME
from exposure.artefacts import atomic_write
from service.errors import ServiceError
from service.keys.access import SCOPES, Scope

PREFIX = "exp_"
RANDOM_BYTES = 32
MAX_KEY_FILE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it is called, what it may do, the SHA-256 of its text, and when it was made (UTC, ISO 8601)."""

    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created: str


class _KeyEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(pattern=f"^{NAME}$")
    scopes: list[Scope] = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    created: str


class _KeyFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    keys: list[_KeyEntry]


def new_key() -> str:
    """A key nobody can guess: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def digest_of(key: str) -> str:
    """What is kept of a key. It is random, so that a plain hash tells nothing of it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys in the file `path`.

    Raises ServiceError where it cannot be read, is not a file of keys, or may be written by others than its owner.
    """
    try:
        with path.open("rb") as file:
            _refuse_writable(path, os.fstat(file.fileno()))
            content = file.read(MAX_KEY_FILE_BYTES + 1)
    except OSError as error:
        raise ServiceError(
            f"The key file {path} cannot be read ({error.strerror}). Make it with: exposure keys add --file {path} …"
        ) from error
    return _parsed(path, content)


def add_key(path: Path, name: str, scopes: tuple[Scope, ...]) -> str:
    """Add a key to the file `path`, which is made where there is none; returns the key, which is kept nowhere.

    Raises ServiceError for a name that is taken or is no name, and as `read_keys` does.
    """
    if not re.fullmatch(NAME, name):
        raise ServiceError(f"{name!r} is no name for a key. Use letters, digits, '.', '_' and '-', at most 100.")
    key = new_key()
    created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    with _alone(path):
        found = read_keys(path) if path.exists() else ()
        if any(one.name == name for one in found):
            raise ServiceError(f"{path} has a key {name!r} already. Remove it first, or take another name.")
        _write(path, (*found, Key(name, ordered, digest_of(key), created)))
    return key


def remove_key(path: Path, name: str) -> None:
    """Take a key out of the file `path`; raises ServiceError where there is none of that name."""
    with _alone(path):
        found = read_keys(path)
        kept = tuple(one for one in found if one.name != name)
        if len(kept) == len(found):
            known = ", ".join(one.name for one in found) or "none"
            raise ServiceError(f"{path} has no key {name!r}. It has: {known}.")
        _write(path, kept)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else changes keys in that folder during the block: of two that did at once, one would be lost."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ServiceError(f"The folder {path.parent} cannot be opened ({error.strerror}). Make it first.") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=2) + "\n"
    with atomic_write(path) as partial:
        partial.touch(mode=0o600)
        partial.chmod(0o600)
        partial.write_text(text, encoding="utf-8")


def _refuse_writable(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ServiceError(f"The key file {path} is no file. Make one with: exposure keys add --file …")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ServiceError(f"Others may write the key file {path}, and so give themselves keys. Run: chmod 600 {path}")
    if found.st_uid not in (0, os.geteuid()):
        raise ServiceError(
            f"The key file {path} belongs to user {found.st_uid}, who could give out keys. Have it owned by root or by "
            "the user who serves."
        )


def _parsed(path: Path, content: bytes) -> tuple[Key, ...]:
    advice = f"Mend it, or make a new one with: exposure keys add --file {path} …"
    if len(content) > MAX_KEY_FILE_BYTES:
        raise ServiceError(f"The key file {path} is larger than {MAX_KEY_FILE_BYTES:,} bytes. {advice}")
    try:
        entries = _KeyFile.model_validate_json(content).keys
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "its text"
        raise ServiceError(f"The key file {path} is damaged: {where}: {first['msg']}. {advice}") from error
    names = [one.name for one in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ServiceError(f"The key file {path} names {', '.join(twice)} more than once. {advice}")
    return tuple(Key(one.name, tuple(one.scopes), one.sha256, one.created) for one in entries)
