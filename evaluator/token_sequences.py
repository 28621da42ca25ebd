"""Token sequences, and which of their tokens are a pair's: what scoring needs of sentences, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evaluator.conventions import ScoringSpec

TokenIds = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]

NOT_SCORED = -1
"""The sequence of a side that the method does not apply to."""


@dataclass(frozen=True)
class TokenSequences:
    """Distinct sequences of token ids, end to end: those of sequence i are ids[starts[i]:starts[i + 1]]."""

    ids: TokenIds  # [token]
    starts: Integers  # [sequence + 1]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, sequence: int) -> TokenIds:
        return self.ids[self.starts[sequence] : self.starts[sequence + 1]]

    @property
    def lengths(self) -> Integers:
        """[sequence] Tokens, the prefix token among them."""
        return np.diff(self.starts)

    @classmethod
    def of(cls, sequences: list[TokenIds]) -> TokenSequences:
        """Those sequences, in that order."""
        starts = np.cumsum([0, *map(len, sequences)], dtype=np.int64)
        return cls(np.concatenate([np.zeros(0, np.int32), *sequences]).astype(np.int32), starts)

    def take(self, places: Integers) -> TokenSequences:
        """The sequences at `places`, in that order."""
        return TokenSequences.of([self[place] for place in places.tolist()])


@dataclass(frozen=True)
class SideTokens:
    """One side of all pairs: which sequence it is, and from which of its tokens on it is scored."""

    sequence: Integers  # [pair] place in the sequences; NOT_SCORED where the method does not apply
    first_target: Integers  # [pair] place in the sequence; at least 1: a first token has no probability
    n_bytes: Integers  # [pair] UTF-8 bytes of the scored text

    def take(self, places: Integers) -> SideTokens:
        """The pairs at `places`, in that order."""
        return SideTokens(self.sequence[places], self.first_target[places], self.n_bytes[places])


@dataclass(frozen=True)
class TokenisedPairs:
    """All pairs as one tokenizer and one way of scoring have it: made once, for every checkpoint of a sweep."""

    names: tuple[str, ...]  # [pair] UID/PAIR
    spec: ScoringSpec
    sequences: TokenSequences
    good: SideTokens
    bad: SideTokens
    tokenizer_digest: str
    prefix_token: str | None
    """The token that stands before every sentence; None with `--prefix none`."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_scored(self) -> npt.NDArray[np.bool_]:
        """[pair] Whether the method applies to the pair."""
        return np.asarray(self.good.sequence != NOT_SCORED)

    def take(self, places: Integers) -> TokenisedPairs:
        """The pairs at `places` and only the sequences that they need, in the order in which they were."""
        good, bad = self.good.take(places), self.bad.take(places)
        both = np.concatenate([good.sequence, bad.sequence])
        kept = np.unique(both[both != NOT_SCORED])
        return replace(
            self,
            names=tuple(self.names[place] for place in places.tolist()),
            sequences=self.sequences.take(kept),
            good=_renumbered(good, kept),
            bad=_renumbered(bad, kept),
        )


def _renumbered(side: SideTokens, kept: Integers) -> SideTokens:
    is_scored = side.sequence != NOT_SCORED
    return replace(side, sequence=np.where(is_scored, np.searchsorted(kept, side.sequence), NOT_SCORED))
