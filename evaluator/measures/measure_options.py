"""What the measures of a request are told beside their names. Importable without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from evaluator.measures.attention.attention_to_context import AttentionSpec
from evaluator.measures.concepts.position import Position
from exposure.splits import SplitRequest


@dataclass(frozen=True)
class MeasureOptions:
    """Options of all measures; each measure reads its own, and names in its spec what its values depend on."""

    text: tuple[Path, ...] = ()
    """`icl`: files or folders of text whose losses are compared (icl/text_files.py)."""
    icl_rows: int = 200
    """`icl`: rows of text, at least 1."""
    icl_tokens: tuple[int, int] = (50, 500)
    """`icl`: the early and the late token, from 1, the early one from 2 on."""
    positions: tuple[Position, ...] = ("last-word",)
    """`concept-vectors`: where states are read."""
    raw_states: bool = False
    """`concept-vectors`: the last layer before the final norm, not after it."""
    attention: AttentionSpec = field(default_factory=AttentionSpec)
    """`attention`: side, tokens, control."""
    split: SplitRequest = field(default_factory=SplitRequest)
    """`concept-vectors`, `attention`: what counts as exposed."""
