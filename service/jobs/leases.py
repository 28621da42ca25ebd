"""Who holds which job, and until when: in memory and on the monotonic clock, which no one can set."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

LEASE_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0


class Leases:
    """(job's number, attempt) → when its worker counts as silent. Threads may share it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._ends: dict[tuple[int, int], float] = {}
        self._unheard: set[tuple[int, int]] = set()

    def give(self, number: int, attempt: int) -> None:
        """A whole lease from now on."""
        with self._lock:
            self._ends[number, attempt] = self._monotonic() + LEASE_SECONDS
            self._unheard.discard((number, attempt))

    def inherit(self, number: int, attempt: int, is_over: bool) -> None:
        """One that an earlier start of the service gave: a whole lease for a worker that may live, else none."""
        with self._lock:
            self._ends[number, attempt] = self._monotonic() + (0.0 if is_over else LEASE_SECONDS)
            self._unheard.add((number, attempt))

    def is_unheard(self, number: int, attempt: int) -> bool:
        """Whether it was inherited, and its worker has said nothing since."""
        with self._lock:
            return (number, attempt) in self._unheard

    def end(self, number: int, attempt: int) -> None:
        """No more lease; none need be there."""
        with self._lock:
            self._ends.pop((number, attempt), None)
            self._unheard.discard((number, attempt))

    def over(self) -> list[tuple[int, int]]:
        """Those that have run out, in the order of jobs."""
        now = self._monotonic()
        with self._lock:
            return sorted(lease for lease, end in self._ends.items() if end <= now)

    def is_over(self, number: int, attempt: int) -> bool:
        """Whether it has run out; one that was never given has not."""
        with self._lock:
            return self._ends.get((number, attempt), float("inf")) <= self._monotonic()

    def renew(self) -> None:
        """A whole lease from now on for all that there are."""
        end = self._monotonic() + LEASE_SECONDS
        with self._lock:
            self._ends = dict.fromkeys(self._ends, end)
