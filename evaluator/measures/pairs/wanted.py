"""What measures want to see of a paradigm's sentences, put together so that one pass serves them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evaluator.measures.attention.attention_to_context import AttentionSpec
from evaluator.measures.concepts.position import Position


@dataclass(frozen=True)
class Wanted:
    """Hidden states at `positions` of both sides, and attention to the context by `attention`, if any is wanted."""

    positions: tuple[Position, ...] = ()
    raw_states: bool = False
    """The last layer before the final norm, not after it."""
    attention: AttentionSpec | None = None

    @classmethod
    def join(cls, several: Iterable[Wanted]) -> Wanted:
        """All that is wanted; of two that differ in `raw_states` or `attention` the last one counts."""
        found = cls()
        for one in several:
            found = cls(
                tuple(dict.fromkeys([*found.positions, *one.positions])),
                one.raw_states if one.positions else found.raw_states,
                one.attention or found.attention,
            )
        return found
