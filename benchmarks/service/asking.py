"""Many clients at once, each in a process of its own, and how long each of their questions took."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

CLIENTS = 8
PING_SECONDS = 0.003
Milliseconds = npt.NDArray[np.float64]


def asked_at_once(url: str, paths: list[str], seconds: float) -> Milliseconds:
    """How long each took when CLIENTS ask one after the other for `seconds`, all at the same time."""
    plans = [{"paths": paths[number::CLIENTS] or paths, "seconds": seconds, "pause": 0} for number in range(CLIENTS)]
    return _ended(_begun(url, plans))


def pinged(url: str, during: Callable[[], object]) -> Milliseconds:
    """How long requests that need nothing took, in a process of their own, while `during` ran here."""
    clients = _begun(url, [{"paths": ["/v1/health"], "seconds": None, "pause": PING_SECONDS}])
    during()
    return _ended(clients)


def by_phrase(path: str, phrases: list[str]) -> list[str]:
    """A path for each phrase; `path` ends where the phrase begins."""
    return [path + quote(phrase) for phrase in phrases]


def _begun(url: str, plans: list[dict[str, object]]) -> list[subprocess.Popen[str]]:
    """Clients that all begin when the last of them is ready."""
    command = [sys.executable, "-m", "benchmarks.service.client", url]
    clients = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in plans]
    for client, plan in zip(clients, plans, strict=True):
        _say(client, json.dumps(plan))
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
    for client in clients:
        _say(client, "go")
    return clients


def _say(client: subprocess.Popen[str], line: str) -> None:
    assert client.stdin is not None
    client.stdin.write(line + "\n")
    client.stdin.flush()


def _ended(clients: list[subprocess.Popen[str]]) -> Milliseconds:
    """What all clients measured; ends those that ask until they are told."""
    return np.concatenate([np.array(json.loads(client.communicate()[0]))[:, 1] for client in clients])
