"""Which training steps are meant: `0,100,500:1000:100`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exposure.errors import CheckpointError

_RANGE = re.compile(r"(\d*):(\d*)(?::(\d+))?")

MOST_STEPS = 1_000_000
"""A range of more steps than this is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class StepRange:
    """`start:stop:every`, both ends inclusive; without `every`, whatever steps there are between them."""

    start: int | None
    stop: int | None
    every: int | None

    @classmethod
    def parse(cls, text: str) -> StepRange:
        """A number or a range; raises CheckpointError."""
        if text.isdecimal():
            return cls(int(text), int(text), 1)
        match = _RANGE.fullmatch(text)
        if match is None or match[3] == "0":
            raise CheckpointError(
                f"{text!r} is no step and no range of steps. Give numbers and ranges START:STOP:EVERY (both ends "
                "count) with commas between, such as 0,1,2,4:512:4,1000:."
            )
        start, stop, every = (int(number) if number else None for number in match.groups())
        return cls(start, stop, every)

    @property
    def is_spelled_out(self) -> bool:
        """Whether it names its steps without knowing which there are."""
        return None not in (self.start, self.stop, self.every)

    def __str__(self) -> str:
        if self.start == self.stop and self.start is not None:
            return str(self.start)
        parts = (self.start, self.stop, *([self.every] if self.every else []))
        return ":".join("" if part is None else str(part) for part in parts)

    def named(self) -> range:
        """The steps of a range that is spelled out; raises CheckpointError where it holds none, or far too many."""
        assert self.start is not None
        assert self.stop is not None
        assert self.every is not None
        steps = range(self.start, self.stop + 1, self.every)
        if not 0 < len(steps) <= MOST_STEPS:
            raise CheckpointError(f"The range {self} holds {len(steps):,} steps. Write it START:STOP:EVERY.")
        return steps

    def among(self, there: Sequence[int]) -> list[int]:
        """The steps meant, of those `there` are (ascending); raises CheckpointError naming one that is not there."""
        if self.is_spelled_out:
            known = set(there)
            for step in self.named():
                if step not in known:
                    raise CheckpointError(f"There is no step {step:,}; {nearest(step, there)}.")
            return list(self.named())
        start = there[0] if self.start is None else self.start
        stop = there[-1] if self.stop is None else self.stop
        chosen = [step for step in there if start <= step <= stop and (step - start) % (self.every or 1) == 0]
        if not chosen:
            raise CheckpointError(f"No step lies in {self}; there are {listed(there)}.")
        return chosen


def parsed_steps(steps: str) -> list[StepRange]:
    """The parts between commas; raises CheckpointError."""
    return [StepRange.parse(part.strip()) for part in steps.split(",")]


def chosen_steps(steps: str, there: Sequence[int]) -> list[int]:
    """Ascending steps of those `there` are (ascending), each once; raises CheckpointError."""
    return sorted({step for part in parsed_steps(steps) for step in part.among(there)})


def named_steps(steps: str) -> list[int]:
    """Ascending steps that are spelled out, each once; raises CheckpointError where a range leaves an end open."""
    ranges = parsed_steps(steps)
    for one in ranges:
        if not one.is_spelled_out:
            raise CheckpointError(
                f"The range {one} leaves steps open, and a pattern cannot know which there are. Write "
                "START:STOP:EVERY, or list the steps."
            )
    return sorted({step for one in ranges for step in one.named()})


def nearest(step: int, there: Sequence[int]) -> str:
    """For messages: the steps on both sides of one that is not there."""
    below = [one for one in there if one < step][-1:]
    above = [one for one in there if one > step][:1]
    return "the nearest " + ("are " if below and above else "is ") + " and ".join(f"{one:,}" for one in below + above)


def listed(steps: Iterable[int]) -> str:
    """For messages: all steps where they are few, else the first and last ones."""
    names = [f"{step:,}" for step in steps]
    return ", ".join(names if len(names) <= 8 else [*names[:3], "…", *names[-2:]])
