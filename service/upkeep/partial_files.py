"""Half-written files of writers that were killed, told from those that are being written now."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

LEFT_AFTER_SECONDS = 3600.0
"""A file that nobody has written to for so long, and whose writer is gone, is left over. Whether a writer on another
machine runs cannot be asked, hence the time; a clock that jumps harms no writer of this machine, hence the process."""

_NAME = re.compile(r"\..+\.(\d+)-[0-9a-f]+\.partial(\.wal)?")


def is_partial(name: str) -> bool:
    """Whether a file of this name is half written (`exposure.artefacts`)."""
    return _NAME.fullmatch(name) is not None


def is_left_over(path: Path) -> bool:
    """Whether a half-written file is nobody's any more."""
    named = _NAME.fullmatch(path.name)
    return named is not None and is_old(path) and not is_running(int(named[1]))


def is_old(path: Path) -> bool:
    """Whether nothing was written to `path` for LEFT_AFTER_SECONDS; False for one that is gone."""
    try:
        return time.time() - path.stat().st_mtime > LEFT_AFTER_SECONDS
    except OSError:
        return False


def is_running(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def left_over(folder: Path) -> Iterator[Path]:
    """The half-written files of writers that were killed, anywhere in `folder`."""
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            if is_partial(name) and is_left_over(Path(place, name)):
                yield Path(place, name)
