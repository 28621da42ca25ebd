"""Which weights a sweep has met already: public suites hold wrong checkpoints, the same weights at several steps.

(Pythia-2.8b: 86 of 154 branches hold late weights.)
"""

from __future__ import annotations

from collections.abc import Iterable


class SeenWeights:
    """Weights hash → steps, and cheap digest → weights hash, as they arrive."""

    def __init__(self, earlier: Iterable[tuple[int, str]] = ()) -> None:
        """`earlier`: steps with their weights hash that were met before, in other sweeps over the same run."""
        self._steps: dict[str, list[int]] = {}
        for step, weights_hash in earlier:
            self._steps.setdefault(weights_hash, []).append(step)
        self._behind: dict[str, str] = {}

    def note(self, step: int, cheap_weights_digest: str, weights_hash: str) -> None:
        """Remember what a step's weights are."""
        self._steps.setdefault(weights_hash, []).append(step)
        self._behind[cheap_weights_digest] = weights_hash

    def steps_with(self, weights_hash: str) -> tuple[int, ...]:
        """The steps that had these weights, in ascending order."""
        return tuple(sorted(self._steps.get(weights_hash, ())))

    def hash_behind(self, cheap_weights_digest: str) -> str | None:
        """The hash of weights that were met under the same cheap digest; None where none were."""
        return self._behind.get(cheap_weights_digest)
