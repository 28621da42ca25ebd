"""The pairs that are scored: all of BLiMP, or the same share of every paradigm."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair


def blimp(folder: Path, pairs_per_paradigm: int | None = None) -> list[MinimalPair]:
    """Every pair of the folder's files, or of each paradigm evenly spaced ones, as many as asked for.

    Pairs with identical sides are always among them: ties are what conventions differ in.
    """
    pairs = load_pairs([folder])
    if pairs_per_paradigm is None:
        return pairs
    sizes, seen, chosen = Counter(pair.uid for pair in pairs), Counter[str](), []
    for pair in pairs:
        place, size = seen[pair.uid], sizes[pair.uid]
        seen[pair.uid] += 1
        is_next = place * pairs_per_paradigm // size != (place - 1) * pairs_per_paradigm // size
        if is_next or pair.has_identical_sides:
            chosen.append(pair)
    return chosen
