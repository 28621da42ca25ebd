"""Which pairs are proxy-train and which proxy-validation, as statistics need it: a part for each pair, no timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluator.scored import Flags, Integers
from exposure.errors import EvaluationError

TRAIN = "proxy-train"
VALIDATION = "proxy-validation"
NEITHER = ("unknown", "not_indexed", "no_phrase", "refused")
"""Why a pair is in neither part: the words of exposure/splits.py, which needs a timeline and so is not imported."""


@dataclass(frozen=True)
class Split:
    """The part of every pair, in the order of the scored pairs. It is fixed: the same for every checkpoint."""

    parts: tuple[str, ...]  # [pair]

    def __post_init__(self) -> None:
        """Only the words that are known."""
        strange = sorted(set(self.parts) - {TRAIN, VALIDATION, *NEITHER})
        if strange:
            raise EvaluationError(
                f"{strange[0]!r} is no part of a split. Known are {', '.join((TRAIN, VALIDATION, *NEITHER))}."
            )

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def is_train(self) -> Flags:
        """[pair] Exposed."""
        return np.array([part == TRAIN for part in self.parts], dtype=bool)

    @property
    def is_validation(self) -> Flags:
        """[pair] Not exposed, and known not to be."""
        return np.array([part == VALIDATION for part in self.parts], dtype=bool)

    @property
    def counts(self) -> Mapping[str, int]:
        """Pairs in each part; all parts are named."""
        found = Counter(self.parts)
        return {part: found[part] for part in (TRAIN, VALIDATION, *NEITHER)}

    def take(self, places: Integers) -> Split:
        """The pairs at `places`, in that order."""
        return Split(tuple(self.parts[place] for place in places.tolist()))
