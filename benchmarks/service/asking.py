"""Many clients at once, each in a process of its own, and how long each of their questions took."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

CLIENTS = 8
PING_SECONDS = 0.003
TURN_SECONDS = 0.5
Milliseconds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """Questions of one kind: `when` each was asked, in seconds since the go, and how long it `took`."""

    when: Milliseconds
    took: Milliseconds

    def parts(self, number: int, seconds: float) -> list[Milliseconds]:
        """How long they took in each of `number` equal parts of the time."""
        return [self.took[(self.when * number // seconds).clip(max=number - 1) == part] for part in range(number)]


def asked_in_turn(url: str, kinds: dict[str, list[str]], seconds: float) -> dict[str, Asked]:
    """How long each took when CLIENTS ask one after the other, all at once, for `seconds`: each kind in its turn.

    Turns are short, so that what else the machine does at times falls on all kinds alike.
    """
    plans: list[dict[str, object]] = [
        {"kinds": {name: paths[number::CLIENTS] or paths for name, paths in kinds.items()}, "seconds": seconds,
         "turn": TURN_SECONDS, "pause": 0}
        for number in range(CLIENTS)
    ]  # fmt: skip
    return _ended(_begun(url, plans))


def pinged(url: str, during: Callable[[], object]) -> Milliseconds:
    """How long requests that need nothing took, in a process of their own, while `during` ran here."""
    plan: dict[str, object] = {"kinds": {"no-op": ["/v1/health"]}, "seconds": None, "turn": 1, "pause": PING_SECONDS}
    clients = _begun(url, [plan])
    during()
    return _ended(clients)["no-op"].took


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


def _ended(clients: list[subprocess.Popen[str]]) -> dict[str, Asked]:
    """What all clients measured; ends those that ask until they are told."""
    said = [json.loads(client.communicate()[0]) for client in clients]
    joined = {name: np.array([one for each in said for one in each[name]]).reshape(-1, 2) for name in said[0]}
    return {name: Asked(rows[:, 0], rows[:, 1]) for name, rows in joined.items()}
