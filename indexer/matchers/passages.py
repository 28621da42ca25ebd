"""A matcher of single passages as an engine: run over whole blocks of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from indexer.blocks import Hits, TextBlock
from indexer.matchers.aho_corasick import Match


class PassageMatcher(Protocol):
    """Finds phrases in one passage, by characters."""

    def find(self, passage: str) -> Iterator[Match]:
        """Every occurrence, in no particular order."""


@dataclass(frozen=True)
class PassageEngine:
    """Finds phrases in blocks by finding them in each passage."""

    matcher: PassageMatcher

    def find(self, block: TextBlock) -> Hits:
        """Every match in a block, also in one that a changed file has made no UTF-8."""
        found: list[tuple[int, int, int]] = []
        for index, (first, end) in enumerate(zip(block.start.tolist(), block.end.tolist(), strict=True)):
            passage = block.text[first:end].tobytes().decode("utf-8", "surrogateescape")
            matches = sorted((start, phrase) for phrase, start, _ in self.matcher.find(passage))
            bytes_ = _bytes_before(passage, [start for start, _ in matches])
            found += [(phrase, index, first + byte) for (_, phrase), byte in zip(matches, bytes_, strict=True)]
        columns = np.array(found, dtype=np.int64).reshape(-1, 3)
        return Hits(columns[:, 0].astype(np.int32), columns[:, 1].astype(np.int32), columns[:, 2].copy())


def _bytes_before(text: str, places: list[int]) -> list[int]:
    """The bytes of UTF-8 before each of some rising places of a text."""
    if text.isascii():
        return places
    found: list[int] = []
    byte, last = 0, 0
    for place in places:
        byte += len(text[last:place].encode("utf-8", "surrogateescape"))
        last = place
        found.append(byte)
    return found
