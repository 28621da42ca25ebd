"""How every artefact reaches its place: whole, or not at all."""

from __future__ import annotations

import filecmp
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exposure.errors import UsageError


@contextmanager
def atomic_write(path: str | os.PathLike[str], keeps_same: bool = False) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; after the block, what was written there is durably at `path`.

    The block must create the file under the exact name that it is given (`np.save` appends ".npy" to a name: hand it
    an open file). When the block raises, the temporary file is removed and `path` stays as it was; with
    `keeps_same` also when the very same bytes are there already, so that nobody takes it for another file. Raises
    UsageError when `path` cannot be a file.
    """
    target = Path(path)
    try:
        _refuse_impossible(target)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}. Choose another name.") from error
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        yield temporary
        if keeps_same and target.exists() and filecmp.cmp(temporary, target, shallow=False):
            temporary.unlink()
            return
        sync_to_disk(temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_to_disk(target.parent)


def sync_to_disk(path: Path) -> None:
    """Return when the file or folder `path` is on disk: before a folder is, a power cut may forget its new names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
