"""How every artefact reaches its place: whole, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exposure.errors import UsageError


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; after the block, what was written there is durably at `path`.

    The block must create the file under the exact name that it is given (`np.save` appends ".npy" to a name: hand it
    an open file). When the block raises, the temporary file is removed and `path` stays as it was. Raises UsageError
    when `path` cannot be a file.
    """
    target = Path(path)
    try:
        _refuse_impossible(target)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}. Choose another name.") from error
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        yield temporary
        _fsync(temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    # Until the folder itself is on disk, a power cut may forget the new name.
    _fsync(target.parent)


def _refuse_impossible(target: Path) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"{target} cannot be written: the folder {target.parent} does not exist. Make it first.")
    if target.is_dir():
        raise UsageError(f"{target} is a folder; a file was expected. Give the name of a file in it.")
    if target.exists() and not target.is_file():
        # A rename would put a plain file in the place of a device: of /dev/null, for the whole machine.
        raise UsageError(f"{target} is a device or a pipe; a file was expected. Give the name of a file.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{target} cannot be written: no permission in {target.parent}. Choose another folder.")


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
