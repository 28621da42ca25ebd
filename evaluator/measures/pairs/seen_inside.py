"""What a pass over one paradigm has shown: hidden states at the places wanted, and attention to the context."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluator.measures.attention.attention_to_context import AttentionWeights
from evaluator.measures.concepts.pair_states import PairStates
from evaluator.measures.concepts.position import Position
from evaluator.scored import Integers

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PositionStates:
    """Of the pairs that have the position on both sides."""

    position: Position
    pairs: Integers  # [pair there] places among the paradigm's pairs
    good: Singles  # [layer, pair there, d_model] 0: embeddings, ℓ: after block ℓ
    bad: Singles  # [layer, pair there, d_model]

    def layer(self, layer: int) -> PairStates:
        """In fp64; raises EvaluationError where a state is not finite."""
        return PairStates.of(self.good[layer], self.bad[layer])

    @property
    def n_layers(self) -> int:
        """Blocks, and the embeddings."""
        return len(self.good)


@dataclass(frozen=True)
class SeenInside:
    """Of one checkpoint and one paradigm."""

    states: tuple[PositionStates, ...]
    attention: AttentionWeights | None  # [pair of the paradigm]
