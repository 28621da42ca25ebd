"""A process that ends with the one that started it, however that ends: killed, crashed, or gone before we looked."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PARENT = "EXPOSURE_PARENT"
"""Environment variable with the id of the process that starts us, so that we know it even when it is gone already."""

CHECK_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Be killed by the kernel when our parent ends, where there is Linux; elsewhere end within CHECK_SECONDS.

    The kernel means the thread that started us: start processes that call this from threads that live as long.
    """
    parent = int(os.environ.get(PARENT) or os.getppid())
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
    os._exit(1)
