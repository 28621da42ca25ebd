"""When each pair was first exposed, and how many of a paradigm had been by each checkpoint: the bars of Figure 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from evaluator.exposures import StoredExposures
from evaluator.scored import Flags, Integers, PairTable
from evaluator.since_exposure import NEVER
from evaluator.split import Split
from exposure.phrase_facts import PhraseFacts
from exposure.positions import first_step
from exposure.splits import Sides

PairName = tuple[str, str]


@dataclass(frozen=True)
class FirstExposures:
    """Of each pair: the smallest checkpoint that has seen it, as `sides` asks, and whether that is exact."""

    step: Integers  # [pair] NEVER where it was not found
    is_exact: Flags  # [pair] False where the step is an upper bound, or NEVER only as far as is known

    def seen_by(self, steps: Integers, among: Flags) -> Integers:
        """[checkpoint] How many of the pairs `among` [pair] each checkpoint had seen."""
        held = np.sort(self.step[among & (self.step != NEVER)])
        return np.searchsorted(held, steps, side="right").astype(np.int64)


def first_exposures(exposures: StoredExposures, pairs: PairTable, sides: Sides) -> FirstExposures:
    """The first exposure of each of `pairs`: of the earlier side for `either`, of the later one for `both`."""
    facts: dict[PairName, dict[str, PhraseFacts]] = {}
    for one, known in zip(exposures.critical, exposures.facts, strict=True):
        if one.phrase is not None:
            facts.setdefault((one.uid, one.pair_id), {})[one.side] = known
    found = [_first(facts.get(name, {}), sides, exposures.steps) for name in _names(pairs)]
    steps = np.array([step for step, _ in found], dtype=np.int64)
    return FirstExposures(steps, np.array([is_exact for _, is_exact in found], dtype=bool))


def _first(facts: dict[str, PhraseFacts], sides: Sides, steps: int) -> tuple[int, bool]:
    asked = ("good", "bad") if sides in ("either", "both") else (sides,)
    held = [facts[side] for side in asked if side in facts]
    batches = [one.first_batch for one in held if one.first_batch is not None]
    if sides == "both" and len(held) == 2 and len(batches) < 2:
        unseen = [one for one in held if one.first_batch is None]
        return NEVER, any(one.is_indexed and one.covered_batches >= steps for one in unseen)
    if not batches or (sides == "both" and len(held) < 2):
        return NEVER, bool(held) and all(one.is_indexed and one.covered_batches >= steps for one in held)
    batch = max(batches) if sides == "both" else min(batches)
    return first_step(batch), all(_is_settled(one, batch) for one in held)


def _is_settled(facts: PhraseFacts, batch: int) -> bool:
    """Whether nothing that has not been scanned could move this phrase's first exposure to before `batch`."""
    return bool(facts.first_exact) or facts.covered_batches >= batch


def exposed_by(first: FirstExposures, split: Split, places: Integers, steps: Integers) -> Integers:
    """[checkpoint] How many of the proxy-train pairs at `places` each checkpoint had seen."""
    among = np.zeros(len(split), dtype=bool)
    among[places] = True
    return first.seen_by(steps, among & split.is_train)


def _names(pairs: PairTable) -> Iterable[PairName]:
    return zip(pairs.uid, pairs.pair_id, strict=True)
