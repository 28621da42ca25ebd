"""One evaluation at a time on a device: two would share its memory, and each be slower than half."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exposure.waiting_lock import waiting_lock


@contextmanager
def device_lock(locks: Path, device: str) -> Iterator[None]:
    """Hold `device` ("cpu", "cuda:0") of this machine for the block; wait, and say so, while another process does.

    `locks` is the folder of locks that all evaluations share, and that machines may share too.
    """
    locks.mkdir(parents=True, exist_ok=True)
    machine = re.sub(r"[^\w.-]", "_", platform.node()) or "unnamed"
    with waiting_lock(locks / f"{machine}-{device}.lock", device):
        yield
