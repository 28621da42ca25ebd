"""Pairs as one tokenizer and one way of scoring have them: made once, for every checkpoint of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evaluator.conventions import ScoringSpec
from evaluator.plain_rows import plain_rows
from evaluator.row_packing import packed_rows
from evaluator.rows import RowSet
from evaluator.sample import sample_sequences
from evaluator.sequences import Flags, Integers, TokenSequences
from evaluator.tries import SortedSequences, sort_sequences

NOT_SCORED = -1
"""The sequence of a side that the method does not apply to."""


@dataclass(frozen=True)
class SideTokens:
    """One side of all pairs: which sequence it is, and from which of its tokens on it is scored."""

    sequence: Integers  # [pair] place in the sequences; NOT_SCORED where the method does not apply
    first_target: Integers  # [pair] place in the sequence; at least 1
    n_bytes: Integers  # [pair] UTF-8 bytes of the scored text, without the space that leads it

    def take(self, places: Integers) -> SideTokens:
        """The pairs at `places`, in that order."""
        return SideTokens(self.sequence[places], self.first_target[places], self.n_bytes[places])

    def spans(self, sequences: TokenSequences) -> tuple[Integers, Integers]:
        """[pair], [pair] The half-open spans of scored tokens among all tokens; empty where nothing is scored."""
        is_scored = self.sequence != NOT_SCORED
        starts = sequences.starts[np.where(is_scored, self.sequence, 0)] + self.first_target
        ends = sequences.starts[np.where(is_scored, self.sequence, 0) + 1]
        return np.where(is_scored, starts, 0), np.where(is_scored, ends, 0)


@dataclass(frozen=True)
class TokenisedPairs:
    """What is scored, and how it is laid out in rows for a model; the layouts are made when first asked for."""

    names: tuple[str, ...]  # [pair] UID/PAIR
    spec: ScoringSpec
    sequences: TokenSequences
    good: SideTokens
    bad: SideTokens
    tokenizer_digest: str
    prefix_token: str | None
    """The token that stands before every sentence; None with `--prefix none`."""
    notes: tuple[str, ...] = ()
    """What a reader of the results should know of the tokenizer."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_scored(self) -> Flags:
        """[pair] Whether the method applies to the pair."""
        return np.asarray(self.good.sequence != NOT_SCORED)

    @cached_property
    def packed(self) -> RowSet:
        """The sequences as tries packed in rows: what many of them share is computed once."""
        return packed_rows(self.sequences, self._ordered)

    @cached_property
    def sample(self) -> TokenisedPairs:
        """A few dozen sequences without pairs, by which two ways of scoring are compared."""
        places = sample_sequences(self.sequences, self._ordered)
        return replace(self.take(np.zeros(0, np.int64)), sequences=self.sequences.take(places))

    @cached_property
    def _ordered(self) -> SortedSequences:
        return sort_sequences(self.sequences)

    @cached_property
    def plain(self) -> RowSet:
        """The sequences one a row, in buckets of equal length."""
        return plain_rows(self.sequences)

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
