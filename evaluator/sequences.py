"""Token sequences end to end in one array: what scoring makes of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

TokenIds = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TokenSequences:
    """Distinct sequences of token ids; those of sequence i are ids[starts[i]:starts[i + 1]].

    `is_target` says which tokens are to be scored. A first token never is: nothing precedes it.
    """

    ids: TokenIds  # [token]
    starts: Integers  # [sequence + 1]
    is_target: Flags  # [token]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, sequence: int) -> TokenIds:
        return self.ids[self.starts[sequence] : self.starts[sequence + 1]]

    @property
    def lengths(self) -> Integers:
        """[sequence] Tokens, the prefix token among them."""
        return np.diff(self.starts)

    @property
    def places(self) -> Integers:
        """[token] Where a token stands in its sequence."""
        return np.arange(len(self.ids)) - np.repeat(self.starts[:-1], self.lengths)

    @classmethod
    def of(cls, sequences: Sequence[TokenIds], first_targets: Integers) -> TokenSequences:
        """Those sequences; of each, the tokens from its first target on are scored."""
        starts = np.cumsum([0, *map(len, sequences)], dtype=np.int64)
        ids = np.concatenate([np.zeros(0, np.int32), *sequences]).astype(np.int32)
        unmarked = cls(ids, starts, np.zeros(len(ids), bool))
        return cls(ids, starts, unmarked.places >= np.repeat(np.maximum(first_targets, 1), unmarked.lengths))

    def take(self, places: Integers) -> TokenSequences:
        """The sequences at `places`, in that order."""
        tokens = np.concatenate([np.zeros(0, np.int64), *(np.arange(*self.starts[p : p + 2]) for p in places.tolist())])
        starts = np.concatenate([[0], np.cumsum(self.lengths[places])])
        return TokenSequences(self.ids[tokens], starts, self.is_target[tokens])
