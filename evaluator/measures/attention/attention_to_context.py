"""Attention from the later to the earlier of (critical, context) by layer and head: from recorded rows to weights.

EXP (Muckatira et al. 2026, arXiv 2606.00230), attention to context; method.md of the project, section 4. Beside each
weight stand what it is compared with: two controls (control_positions.py) and the weight of a uniform query, 1/(k+1) a
key for k tokens before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evaluator.measures.attention.attention_sums import row_entropy, rows_along, span_sums
from evaluator.measures.attention.word_places import WordPlaces
from evaluator.scored import Flags, Floats, Integers
from exposure.phrases import Side

TargetTokens = Literal["sum", "mean"]
"""How the weights on the tokens of a word become one."""

Control = Literal["same-distance", "same-query"]
"""Another query exactly as far from its keys, or the nearest other keys of the same query."""


@dataclass(frozen=True, slots=True)
class AttentionSpec:
    """What is read, and what it is compared with."""

    side: Side = "good"
    tokens: TargetTokens = "sum"
    control: Control = "same-distance"

    @property
    def convention(self) -> str:
        """For stored values and people."""
        return f"attention later→earlier, {self.side} side, {self.tokens} over target, control {self.control}"


@dataclass(frozen=True)
class AttentionQueries:
    """Of which tokens rows of attention are wanted: the source of every known pair, then the controls' queries."""

    pair: Integers  # [query]
    token: Integers  # [query] place in the pair's sequence
    n_sources: int

    @classmethod
    def of(cls, places: WordPlaces) -> AttentionQueries:
        """Those that `attention_weights` takes the rows of, in that order."""
        known, shifted = np.flatnonzero(places.is_known), np.flatnonzero(places.has_shifted)
        tokens = np.concatenate([places.source[known], places.shifted_source[shifted]])
        return cls(np.concatenate([known, shifted]), tokens, len(known))

    def __len__(self) -> int:
        return len(self.pair)


@dataclass(frozen=True)
class AttentionWeights:
    """What one checkpoint pays to the earlier word; NaN where a pair's words are unknown, or it has no control."""

    weight: Floats  # [pair, layer, head] in [0, 1]
    same_distance: Floats  # [pair, layer, head] of the equally distant query and keys
    same_query: Floats  # [pair, layer, head] of the nearest other keys of the same query
    entropy: Floats  # [pair, layer, head] nats; −Σ α ln α of the source's row
    uniform: Floats  # [pair] what a source that looks alike at all k + 1 keys would pay
    spec: AttentionSpec

    @property
    def is_known(self) -> Flags:
        """[pair] Whether there is a weight."""
        return np.asarray(~np.isnan(self.uniform))

    @property
    def control(self) -> Floats:
        """[pair, layer, head] The control that the spec names."""
        return self.same_distance if self.spec.control == "same-distance" else self.same_query

    @classmethod
    def join(cls, parts: Sequence[AttentionWeights]) -> AttentionWeights:
        """Of several batches of pairs, end to end; at least one, all by one spec."""
        return cls(
            weight=np.concatenate([part.weight for part in parts]),
            same_distance=np.concatenate([part.same_distance for part in parts]),
            same_query=np.concatenate([part.same_query for part in parts]),
            entropy=np.concatenate([part.entropy for part in parts]),
            uniform=np.concatenate([part.uniform for part in parts]),
            spec=parts[0].spec,
        )

    def spread(self, places: Integers, n_pairs: int) -> AttentionWeights:
        """Of `n_pairs` pairs, these being at `places`; the others are unknown."""

        def whole(values: Floats) -> Floats:
            found = np.full((n_pairs, *values.shape[1:]), np.nan)
            found[places] = values
            return found

        return AttentionWeights(
            whole(self.weight),
            whole(self.same_distance),
            whole(self.same_query),
            whole(self.entropy),
            whole(self.uniform),
            self.spec,
        )

    def take(self, places: Integers) -> AttentionWeights:
        """The pairs at `places`, in that order."""
        return AttentionWeights(
            self.weight[places],
            self.same_distance[places],
            self.same_query[places],
            self.entropy[places],
            self.uniform[places],
            self.spec,
        )


def attention_weights(
    rows: npt.NDArray[np.floating],
    places: WordPlaces,
    spec: AttentionSpec | None = None,
    paths: Sequence[Integers] | None = None,
) -> AttentionWeights:
    """Recorded rows → weights. rows [layer, query, head, key], one row a query of AttentionQueries.of(places).

    Keys are tokens of the pair's sequence from 0, the prefix token first; with `paths` [query] they are places in a
    packed row, of which paths[query] are those of the sequence's tokens up to the query (path_places). Keys that the
    query may not see are 0. Raises EvaluationError where rows are not probabilities, or are not of these queries.
    """
    spec = spec or AttentionSpec()
    queries = AttentionQueries.of(places)
    ordered = rows_along(np.asarray(rows, dtype=np.float64), queries.token, paths)
    known, shifted = queries.pair[: queries.n_sources], queries.pair[queries.n_sources :]
    of_sources, of_shifted = ordered[:, : len(known)], ordered[:, len(known) :]
    has_nearby = places.nearby_start[known] >= 0
    n_layers, _, n_heads, _ = ordered.shape

    def spread(values: Floats, pairs: Integers) -> Floats:
        whole = np.full((len(places), n_layers, n_heads), np.nan)
        whole[pairs] = values.transpose(1, 0, 2)
        return whole

    def on_keys(of: Floats, starts: Integers, pairs: Integers) -> Floats:
        sizes = places.target_tokens[pairs]
        sums = span_sums(of, starts[pairs], starts[pairs] + sizes)
        return spread(sums / sizes[None, :, None] if spec.tokens == "mean" else sums, pairs)

    return AttentionWeights(
        weight=on_keys(of_sources, places.target_start, known),
        same_distance=on_keys(of_shifted, places.shifted_start, shifted),
        same_query=on_keys(of_sources[:, has_nearby], places.nearby_start, known[has_nearby]),
        entropy=spread(row_entropy(of_sources), known),
        uniform=_uniform(places, spec),
        spec=spec,
    )


def _uniform(places: WordPlaces, spec: AttentionSpec) -> Floats:
    keys = places.target_tokens if spec.tokens == "sum" else np.ones(len(places), dtype=np.int64)
    visible = np.where(places.is_known, places.source + 1.0, np.nan)
    return np.asarray(keys / visible)
