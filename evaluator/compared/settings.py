"""What runs differ in, of what is known of their training. A fact that is not known is alike only to itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evaluator.compared.compared_run import ComparedRun

Value = float | int | None

FACTS: dict[str, str] = {
    "batch_sequences": "batch",
    "sequence_length": "context",
    "learning_rate": "learning rate",
    "warmup_steps": "warm-up steps",
    "weight_decay": "weight decay",
    "attention_dropout": "attention dropout",
    "parameters": "parameters",
}
"""Name in TrainingFacts → what it is called. Runs alike in all of these are repetitions, whatever their seed."""

SIZE = ("batch_sequences", "sequence_length")
REGULARISERS = ("attention_dropout", "weight_decay")


@dataclass(frozen=True)
class Family:
    """Runs alike in all facts but those that may differ."""

    runs: tuple[ComparedRun, ...]
    free: frozenset[str]
    """Facts in which they may differ."""

    @property
    def fixed(self) -> dict[str, Value]:
        """What they share."""
        return {name: value_of(self.runs[0], name) for name in FACTS if name not in self.free}

    @property
    def unknown(self) -> tuple[str, ...]:
        """What of it is not known, so that they may differ in it after all."""
        return tuple(name for name, value in self.fixed.items() if value is None)

    @property
    def differ_in(self) -> tuple[str, ...]:
        """The facts in which they do differ."""
        return tuple(differing(self.runs, self.free))

    @property
    def names(self) -> tuple[str, ...]:
        """Of its runs."""
        return tuple(run.name for run in self.runs)


def value_of(run: ComparedRun, fact: str) -> Value:
    """One fact of a run; None where it is not known."""
    value: Value = getattr(run.training, fact)
    return value


def families(runs: Sequence[ComparedRun], free: Collection[str] = ()) -> list[Family]:
    """The runs by the facts that are not `free`, in the order in which they come."""
    found: dict[tuple[Value, ...], list[ComparedRun]] = {}
    for run in runs:
        key = tuple(value_of(run, name) for name in FACTS if name not in free)
        found.setdefault(key, []).append(run)
    return [Family(tuple(held), frozenset(free)) for held in found.values()]


def differing(runs: Sequence[ComparedRun], among: Collection[str] = tuple(FACTS)) -> list[str]:
    """The facts in which runs are not all alike, in their order."""
    return [name for name in FACTS if name in among and len({value_of(run, name) for run in runs}) > 1]


def setting_text(fact: str, value: Value) -> str:
    """ "batch 32", "attention dropout 0.1", "batch not known"."""
    if value is None:
        return f"{FACTS[fact]} not known"
    return f"{FACTS[fact]} {f'{value:,}' if isinstance(value, int) else f'{value:g}'}"


def settings_text(run: ComparedRun, facts: Sequence[str]) -> str:
    """Several of them with commas between."""
    return ", ".join(setting_text(name, value_of(run, name)) for name in facts)
