"""Everything that a run of the benchmarks found, kept as one JSON file so that it can be printed again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.agreement import Agreement
from benchmarks.corpus import CorpusFacts
from benchmarks.memory import Memory
from benchmarks.resume import Resume
from benchmarks.rounds import Timings
from benchmarks.tasks import Outcome, Task


@dataclass
class Results:
    """`parts` are the names of what was measured; None stands for what was not. Tasks of `timings` name no corpus.

    `stages` are milliseconds for a megabyte, by list and step.
    """

    date: str
    machine: str
    versions: dict[str, str]
    corpus: CorpusFacts
    repeat: int
    parts: list[str]
    timings: Timings = field(default_factory=Timings)
    agreements: list[Agreement] = field(default_factory=list)
    memory: Memory | None = None
    resume: Resume | None = None
    compile_seconds: float | None = None
    stages: dict[str, dict[str, float]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write it to `path`."""
        timings = {
            "outcomes": [[asdict(task), list(map(asdict, some))] for task, some in self.timings.outcomes.items()],
            "failures": [[asdict(task), reason] for task, reason in self.timings.failures.items()],
        }
        path.write_text(json.dumps({**asdict(_without_timings(self)), "timings": timings}, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` wrote."""
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        timings = fields["timings"]
        fields["timings"] = Timings(
            {Task(**task): [Outcome(**one) for one in some] for task, some in timings["outcomes"]},
            {Task(**task): reason for task, reason in timings["failures"]},
        )
        fields["corpus"] = CorpusFacts(**fields["corpus"])
        fields["agreements"] = [Agreement(**one) for one in fields["agreements"]]
        fields["memory"] = fields["memory"] and Memory(**fields["memory"])
        fields["resume"] = fields["resume"] and Resume(**fields["resume"])
        return cls(**fields)


def _without_timings(results: Results) -> Results:
    return Results(**{**vars(results), "timings": Timings()})
