"""Many timings: every task once a round, so that what disturbs the machine disturbs all sides alike."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.tasks import Outcome, SideFailedError, Task, run

TIMEOUT = 300.0


@dataclass
class Timings:
    """The outcomes of each task, a round each; or why it has none."""

    outcomes: dict[Task, list[Outcome]] = field(default_factory=dict)
    failures: dict[Task, str] = field(default_factory=dict)

    def measure(self, tasks: Sequence[Task], repeat: int) -> None:
        """`repeat` rounds over all tasks; a task that failed is not tried again."""
        for number in range(1, repeat + 1):
            for task in tasks:
                if task not in self.failures:
                    self._measure(task, f"round {number} of {repeat}")

    def _measure(self, task: Task, where: str) -> None:
        said = f"{where}: {task.side} {task.variant} {task.phrases} {task.kind}, {task.cpus} CPU"
        try:
            outcome = run(task, TIMEOUT)
        except SideFailedError as error:
            self.failures[task] = str(error)
            print(f"{said}: {error}", file=sys.stderr, flush=True)
            return
        self.outcomes.setdefault(task, []).append(outcome)
        took = f"{outcome.rate:.0f} MB/s in {outcome.seconds:.2f} s ({outcome.cpu_seconds:.2f} s of CPU)"
        more = f"setup {outcome.setup_seconds:.1f} s, peak {outcome.peak_bytes / 1e6:.0f} MB"
        print(f"{said}: {took}, {more}", file=sys.stderr, flush=True)

    def rate(self, task: Task) -> float | None:
        """The median of a task, in MB/s; None where it failed."""
        return median(one.rate for one in self.outcomes[task]) if task in self.outcomes else None

    def setup(self, task: Task) -> float | None:
        """The median of what went before, in seconds."""
        return median(one.setup_seconds for one in self.outcomes[task]) if task in self.outcomes else None

    def ratios(self, task: Task, peer: Task) -> list[float]:
        """How many times as fast as `peer`, round by round; empty where one of the two failed."""
        pairs = zip(self.outcomes.get(task, []), self.outcomes.get(peer, []), strict=False)
        return [one.rate / other.rate for one, other in pairs]
